package admission_test

import (
	"maps"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
)

// move is one thing that can happen in a small world: of the callee, link or
// procedure of that number.
type move struct {
	kind string
	of   int
	n    int // which procedure, registration, answer or ID, where there are several
}

// makes are the moves, by what they are of.
//
// A callee registers, as it is usual or in another way; sends a CALL while
// something of it waits, or GOODBYE; unregisters what it has, or had (again);
// parts; its session is closed, and another one opened. A router answers, in a
// session of a callee (answer) or in a pool session (link-answer); denies what it
// would have granted, or says that another policy has it (other); loses an answer, or gives it twice; errs (same: grants what
// it has granted already; stray: answers what never was asked). A pool session
// comes up, is cut, leaves, is turned away, or retires. The router revokes;
// others take a procedure, and give it back. The pool session gets another role,
// and pools get other rules.
// People drain a pool, or all, and undrain them.
// Time goes on to the next deadline, or beyond it (late).
var makes = map[string]func(*position, move){
	"register": (*position).register, "single": (*position).register, "last": (*position).register, "force": (*position).register,
	"limited": (*position).register, "many": (*position).register, "invalid": (*position).register, "repeat": (*position).register,
	"call": (*position).send, "goodbye": (*position).send, "unregister": (*position).unregister, "again": (*position).unregister,
	"part": (*position).part, "close": (*position).close, "open": (*position).open, "beside": (*position).beside,
	"answer": (*position).answer, "deny": (*position).deny, "lose": (*position).lose, "twice": (*position).twice, "same": (*position).same,
	"other": (*position).deny, "link-other": (*position).deny,
	"link-answer": (*position).answer, "link-deny": (*position).deny, "link-lose": (*position).lose, "link-twice": (*position).twice,
	"up": (*position).up, "cut": (*position).cut, "leaves": (*position).leaves, "turned-away": (*position).turnedAway, "retire": (*position).retire,
	"revoke": (*position).revoke, "take": (*position).take, "free": (*position).free, "stray": (*position).stray, "role": (*position).role,
	"time": (*position).time, "late": (*position).late, "drain": (*position).drain, "undrain": (*position).undrain,
	"drain-pool": (*position).drainPool, "undrain-pool": (*position).undrainPool,
	"rules": (*position).reconfigure,
}

// Events returns all that can happen next.
func (p *position) Events() []move {
	p.moves = p.moves[:0]
	for i, c := range p.w.clients {
		p.ofCallee(i, c)
		p.ofConn("", i, c.conn)
	}
	for _, id := range slices.Sorted(maps.Keys(p.w.links)) {
		p.ofLink(int(id), p.w.links[id])
	}
	for key := range p.s.blocks {
		held := p.w.router.procedures[keyOf(key)]
		p.add(slices.ContainsFunc(held, func(g *grant) bool { return g.conn.isLink }), "revoke", key, 0)
		p.add(len(held) == 0, "take", key, 0)
		p.add(!p.w.b.drained[keyOf(key)], "drain-pool", key, 0)
		p.add(p.w.b.drained[keyOf(key)], "undrain-pool", key, 0)
		p.add(slices.ContainsFunc(held, func(g *grant) bool { return g.conn == p.others }), "free", key, 0)
	}
	for n := range strays {
		p.add(p.faults < p.s.faults, "stray", 0, n)
	}
	_, timed := p.deadline()
	p.add(timed && p.mayAsk(), "time", 0, 0)
	p.add(timed && p.mayAsk(), "late", 0, 0)
	p.add(true, "role", 0, 0)
	p.add(true, "rules", 0, 0)
	p.add(!p.w.b.draining, "drain", 0, 0)
	p.add(p.w.b.draining, "undrain", 0, 0)
	return p.moves
}

// mayAsk tells whether the router may be asked for more before it answers.
func (p *position) mayAsk() bool {
	answers := 0
	for _, c := range p.w.conns() {
		answers += len(c.answers)
	}
	return answers < p.s.answers
}

// add takes a move up if it can be, and the world has it.
func (p *position) add(can bool, kind string, of, n int) {
	if can && p.s.kinds[kind] {
		p.moves = append(p.moves, move{kind, of, n})
	}
}

func (p *position) ofCallee(i int, c *client) {
	if c.id == 0 {
		p.add(true, "open", i, 0)
		return
	}
	p.add(true, "close", i, 0)
	if c.gone {
		return
	}
	s := p.w.b.sessions[c.id]
	calls := 0
	for _, m := range s.unsent {
		if m.kind != register {
			calls++
		}
	}
	for key := range p.s.blocks {
		for _, kind := range [...]string{"register", "single", "last", "force", "limited", "many", "invalid", "repeat"} {
			p.add(len(s.waiting) < p.s.registers && p.mayAsk(), kind, i, key)
		}
	}
	p.add(len(s.waiting) > 0 && calls == 0, "call", i, 0)
	p.add(calls == 0, "goodbye", i, 0)
	for n := range len(s.members) {
		p.add(calls == 0, "unregister", i, n)
	}
	p.add(calls == 0 && len(s.had) > 0, "again", i, 0)
	p.add(true, "part", i, 0)
	p.add(true, "beside", i, 0)
}

// ofConn are the moves of the router in one session.
func (p *position) ofConn(prefix string, i int, c *conn) {
	if c == nil || len(c.answers) == 0 {
		return
	}
	may := p.faults < p.s.faults
	p.add(true, prefix+"answer", i, 0)
	p.add(canDeny(c.answers[0]), prefix+"deny", i, 0)
	p.add(c.answers[0].why == admission.Exists, prefix+"other", i, 0)
	p.add(may, prefix+"lose", i, 0)
	p.add(may, prefix+"twice", i, 0)
	if c.isLink && c.answers[0].kind == registered && len(p.w.b.links[c.link].owed) > 0 {
		p.add(may, "same", i, 0)
	}
}

func canDeny(e event) bool {
	return e.kind == registered || e.kind == probeGranted || (e.kind == refused || e.kind == probeRefused) && e.why != admission.OtherError
}

func (p *position) ofLink(id int, l *pole) {
	p.add(id != 0, "retire", id, 0)
	if l.conn == nil {
		p.add(true, "up", id, 0)
		p.add(id != 0 && !l.turnedAway, "turned-away", id, 0)
		return
	}
	p.add(true, "cut", id, 0)
	p.add(!p.w.b.links[admission.LinkID(id)].ending, "leaves", id, 0)
	p.ofConn("link-", id, l.conn)
}

// The moves of callees.

func (p *position) register(m move) {
	c := p.w.clients[m.of]
	if m.kind != "repeat" || c.last == 0 {
		c.last++
	}
	a := codec.Register{Request: c.last, Procedure: keyOf(m.n)[len("exact "):], Invoke: "roundrobin"}
	switch m.kind {
	case "single":
		a.Invoke = ""
	case "last":
		a.Invoke = "last"
	case "force":
		a.ForceReregister = true
	case "limited":
		a.HasConcurrency, a.Concurrency = true, 1
	case "many":
		a.HasConcurrency, a.Concurrency = true, 3
	case "invalid":
		a.HasConcurrency = true
	}
	of := &sent{kind: register, of: codec.TypeRegister, request: c.last, asks: a, block: p.w.blocks[m.n]}
	p.w.do(event{kind: register, session: c.id, message: of})
}

func (p *position) send(m move) {
	c := p.w.clients[m.of]
	of := &sent{kind: send, of: codec.TypeGoodbye}
	if m.kind == "call" {
		c.last++
		of.of, of.request = codec.TypeCall, c.last
	}
	p.w.do(event{kind: send, session: c.id, message: of})
}

func (p *position) unregister(m move) {
	c := p.w.clients[m.of]
	c.last++
	of := &sent{kind: unregister, of: codec.TypeUnregister, request: c.last}
	s := p.w.b.sessions[c.id]
	n := 0
	for _, registration := range slices.Backward(c.joined) {
		if _, has := s.members[registration]; has == (m.kind == "unregister") {
			if of.registration = registration; n == m.n {
				break
			}
			n++
		}
	}
	p.w.do(event{kind: unregister, session: c.id, message: of})
}

func (p *position) part(m move) {
	c := p.w.clients[m.of]
	c.gone = true
	p.w.do(event{kind: part, session: c.id})
	p.w.lose(c)
	p.w.doFollowing()
}

// close ends a callee's session at the router. Nobody is in its place then.
func (p *position) close(m move) {
	c := p.w.clients[m.of]
	p.w.router.hangUp(c.conn)
	p.w.clients[m.of] = &client{conn: &conn{closed: true}, gone: true}
	p.w.do(event{kind: closeSession, session: c.id})
	p.w.lose(c)
	p.w.doFollowing()
}

func (p *position) open(m move) {
	of := p.s.callees[m.of]
	out := p.w.do(event{kind: openSession, opens: of})
	p.w.clients[m.of] = &client{id: out.session, conn: &conn{session: out.session, role: of.Role}, honest: true}
	if p.s.crowded {
		p.w.b.sessions[out.session].pace.crowd(p.w.r.CrowdSession(out.session))
	}
}

// crowd takes note that one more request may be asked.
func (p *paceBook) crowd(last time.Duration) { p.open, p.last = mostAtOnce-1, last }

// beside has the driver keep much for a session.
func (p *position) beside(m move) { p.w.r.Beside(p.w.clients[m.of].id, p.s.config.HeldBytes) }
