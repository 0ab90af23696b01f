package admission_test

import (
	"strings"
	"time"

	"github.com/wampool/wampool/dealer/admission"
)

// The moves of the router, of pool sessions and of time.

// connOf returns the session in which the router answers.
func (p *position) connOf(m move) *conn {
	if strings.HasPrefix(m.kind, "link-") || m.kind == "same" {
		return p.w.links[admission.LinkID(m.of)].conn
	}
	return p.w.clients[m.of].conn
}

func (p *position) answer(m move) { p.w.do(p.w.router.next(p.connOf(m))) }

// deny has the router refuse what it would have granted, or for another reason.
func (p *position) deny(m move) {
	c := p.connOf(m)
	e := p.w.router.next(c)
	switch e.kind {
	case registered, probeGranted:
		p.w.router.drop(func(g *grant) bool { return g.conn == c && g.id == e.registration })
		e.kind, e.registration = e.kind.denied(), 0
	}
	if e.why = admission.OtherError; strings.HasSuffix(m.kind, "other") {
		e.why = admission.OtherPolicy
	}
	p.w.do(e)
}

// denied returns what is told instead of that something is granted.
func (k eventKind) denied() eventKind {
	if k == registered {
		return refused
	}
	return probeRefused
}

func (p *position) lose(m move) {
	p.faults++
	c := p.connOf(m)
	c.answers = c.answers[1:]
}

func (p *position) twice(m move) {
	p.faults++
	p.w.do(p.connOf(m).answers[0])
}

// same has the router grant what it has granted already.
func (p *position) same(m move) {
	p.faults++
	c := p.connOf(m)
	e := p.w.router.next(c)
	p.w.router.drop(func(g *grant) bool { return g.conn == c && g.id == e.registration })
	for registration := range p.w.b.links[c.link].owed {
		e.registration = registration
	}
	p.w.do(e)
}

// strays are answers to what never was asked, or was answered.
var strays = [...]event{
	{kind: registered}, {kind: refused, why: admission.Exists}, {kind: refused}, {kind: unregistered},
	{kind: probeRefused, why: admission.Exists}, {kind: probeGranted}, {kind: probeUndone},
}

// stray brings one: of the latest request of the first link, and of a REGISTER that
// is under way.
func (p *position) stray(m move) {
	p.faults++
	e := strays[m.n]
	e.request, e.registration = p.w.b.links[0].last, uint64(p.faults)
	if asked := p.w.b.inOrder(); len(asked) > 0 {
		e.pending = asked[len(asked)-1].pending
	}
	p.w.do(e)
}

func (p *position) revoke(m move) {
	for _, g := range p.w.router.procedures[keyOf(m.of)] {
		if g.conn.isLink {
			p.w.router.drop(func(other *grant) bool { return other == g })
			p.w.router.answer(g.conn, event{kind: revoked, link: g.conn.link, registration: g.id})
			return
		}
	}
}

func (p *position) take(m move) {
	key := keyOf(m.of)
	p.w.router.procedures[key] = append(p.w.router.procedures[key], &grant{id: 100, key: key, conn: p.others, shared: p.w.isShared(key)})
}

func (p *position) free(m move) {
	p.w.router.drop(func(g *grant) bool { return g.conn == p.others && g.key == keyOf(m.of) })
}

// reconfigure changes between the rules.
func (p *position) reconfigure(move) {
	if p.reformed = !p.reformed; p.reformed {
		p.w.blocks = p.s.rules
	} else {
		p.w.blocks = p.s.blocks
	}
	p.w.do(event{kind: reconfigure, blocks: p.w.blocks})
}

func (p *position) role(move) {
	if p.w.role == p.s.role {
		p.w.role = "other"
	} else {
		p.w.role = p.s.role
	}
}

func (p *position) up(m move) {
	id := admission.LinkID(m.of)
	p.w.do(p.w.joinLink(id))
	if p.s.crowded {
		p.w.b.links[id].pace.crowd(p.w.r.CrowdLink(id))
	}
}

func (p *position) cut(m move) { p.w.do(p.w.cutLink(admission.LinkID(m.of))) }

func (p *position) leaves(m move) {
	p.w.do(event{kind: linkLeaves, link: admission.LinkID(m.of)})
}

func (p *position) turnedAway(m move) {
	id := admission.LinkID(m.of)
	if out := p.w.do(event{kind: linkTurnedAway, link: id}); out.away {
		p.w.links[id].turnedAway = true
	}
}

func (p *position) retire(m move) {
	p.w.do(event{kind: retire, link: admission.LinkID(m.of)})
}

// deadline is when the registrar or the dealer is to be told that time has passed.
func (p *position) deadline() (at time.Duration, timed bool) {
	at, timed = p.w.r.Deadline()
	if its, lingers := p.w.d.Deadline(); lingers && (!timed || its < at) {
		return its, true
	}
	return at, timed
}

// time goes on to the next deadline, as a driver does.
func (p *position) time(move) {
	at, _ := p.deadline()
	p.w.now = max(p.w.now, at)
	p.w.tickDealer()
	for range 2 * mostTicks { // as long as it is told to come back at once
		p.w.do(event{kind: tick})
		if at, timed := p.w.r.Deadline(); !timed || at > p.w.now {
			break
		}
	}
}

// late is a driver that was kept from its work until after the next deadline.
func (p *position) late(move) {
	at, _ := p.deadline()
	p.w.now = max(p.w.now, at+step/2)
}

func (p *position) drain(move) { p.w.do(event{kind: drain}) }

func (p *position) undrain(move) { p.w.do(event{kind: undrain}) }

func (p *position) drainPool(m move) { p.w.do(event{kind: drainPool, key: keyOf(m.of)}) }

func (p *position) undrainPool(m move) { p.w.do(event{kind: undrainPool, key: keyOf(m.of)}) }
