package proxy

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// What becomes of a panic, which is always a fault of wampool's own, stands in
// the package's doc. Whoever handles messages recovers in one of two places:
// where the realm's lock is held, as it is given back (unlock, follow), and in
// contain around all the rest.

// errPanic is why a session ends in whose course something panicked.
var errPanic = errors.New("internal error")

// final is a panic that nobody may contain: the books of a realm can't be
// brought to agree, so the process ends, and whoever supervises it starts another.
type final struct{ cause any }

func (f final) String() string {
	return fmt.Sprintf("the realm can't be brought in order: %v", f.cause)
}

// report says once a second at most that something panicked: where, and nothing
// of what was being handled but what a panic of our own says.
func (p *Proxy) report(x any) {
	if f, isFinal := x.(final); isFinal {
		panic(f)
	}
	if more, say := p.panics.now(); say {
		p.log.Error().Str("panic", fmt.Sprintf("%.300v", x)).Bytes("stack", debug.Stack()).Int("more_since_last_line", more).
			Msg("internal error: please report this")
	}
}

// contain ends a client whose reader has panicked. It is to be deferred.
func (c *client) contain(out *transport.Outbox, side string) {
	x := recover()
	if x == nil {
		return
	}
	c.proxy.report(x)
	c.fail()
	c.end(out, side, errPanic)
}

// fail closes both connections of a client for a fault of wampool's own.
func (c *client) fail() {
	c.conn.Close(1011, errPanic.Error(), closeLinger)
	c.router.Close(1011, errPanic.Error(), closeLinger)
}

// contain turns a panic into the end of the pool session. It is to be deferred.
func (l *link) contain(err *error) {
	if x := recover(); x != nil {
		l.realm.proxy.report(x)
		*err = errPanic
	}
}

// unlock gives the realm's lock back, whatever has happened under it, and writes
// what is left to be written then. It is to be deferred behind Lock by whoever
// handles a message of a client's session, or of none.
func (r *realm) unlock(out *transport.Outbox, s *session) {
	if x := recover(); x != nil {
		r.mend(out, s, x)
	}
	r.write(out)
}

// unlock is the same for a message of the router on a pool session. If that was
// a call of which nothing is known, it is answered.
func (l *link) unlock(m *message) {
	r := l.realm
	if x := recover(); x != nil {
		r.mend(&l.out, nil, x)
		l.answerFor(m)
	}
	r.write(&l.out)
}

// write gives the realm's lock back and writes the messages that take long to
// make. It goes on until nothing follows from them.
func (r *realm) write(out *transport.Outbox) {
	r.noteLoads()
	unwritten := r.driver.Unwritten()
	r.mu.Unlock()
	for unwritten != nil && unwritten.Write(r.proxy.report) {
		unwritten = r.follow(out, unwritten)
	}
}

// follow takes what follows from messages that could not be written, and returns
// what is to be written next.
func (r *realm) follow(out *transport.Outbox, failed *driver.Unwritten) (next *driver.Unwritten) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if x := recover(); x != nil {
			r.mend(out, nil, x)
		}
		next = r.driver.Unwritten()
	}()
	r.driver.Follow(out, failed)
	r.arm()
	return nil
}

func (l *link) answerFor(m *message) {
	if m.Type != codec.TypeInvocation || m.Request == 0 || l.conn == nil {
		return
	}
	if !slices.Contains(l.realm.answered, dealer.Owed{Origin: l.origin, Request: m.Request}) {
		l.realm.driver.SendError(&l.out, l.origin, m.Request, uriCanceled, codec.TextPayload(l.serializer, nil, faultText, nil))
	}
}

// mend brings the realm in order after a panic under its lock. The session whose
// message it was ends. If an event was left half way, in the dealer or in what it
// had decided, the dealer begins anew: callees and their registrations stay, and
// all calls are answered by an error. What can't be mended ends the process.
func (r *realm) mend(out *transport.Outbox, s *session, x any) {
	defer func() {
		if y := recover(); y != nil {
			panic(final{y})
		}
	}()
	r.proxy.report(x)
	r.blocked, r.answered = transport.Room{}, nil
	if err := r.dealer.Audit(); !r.driver.Resume() || err != nil || s == nil {
		r.answered = r.driver.Restart(out, uriCanceled, faultText)
		clear(r.parents) // the dealer tells of none of them
		r.log.Error().AnErr("books", err).Int("calls", len(r.answered)).
			Msg("realm began anew after an internal error: its calls were answered by an error")
	}
	r.mendAdmission(out)
	if s != nil {
		r.part(out, s)
		s.fail()
	}
	r.sweep(out)
	if err := errors.Join(r.dealer.Audit(), r.registrar.Audit()); err != nil {
		panic(err)
	}
	if r.armed > r.now()+clockPause { // else the clock looks soon, and no sooner at what has failed
		r.arm()
	}
	r.lookAtAwaited() // within clockPause again
}

// mendAdmission goes on where the registrar's event was left, behind the action that
// has failed. If its books disagree, or it was left in the midst of deciding, it
// begins anew: who is in which pool stays, and sessions that were under way to one
// end. Then each pool session is begun anew too.
func (r *realm) mendAdmission(out *transport.Outbox) {
	at := &r.admitting
	if err := r.registrar.Audit(); err != nil || at.isOpen && at.actions == nil {
		r.log.Error().AnErr("books", err).Msg("realm began anew with its registrations at the router after an internal error")
		restart := admissionEvent{bring: func() []admission.Action { return r.registrar.Restart(r.now()) }}
		r.admitting = admitting{queue: append([]admissionEvent{restart}, at.queue...)}
	}
	if at.isOpen {
		at.step++
	}
	r.open()
	r.carryOn(out)
}

// open opens what the registrar takes for open, and is not: pools in the dealer, and
// links.
func (r *realm) open() {
	for _, state := range r.registrar.Pools() {
		if p := r.pools[state.Key]; p == nil || state.IsOpen && !r.isOpen(p) {
			config := r.rulesOf(governing(r.blocks(), procedureOf(state.Key))).Config
			config.Policy = state.Policy
			r.openPool(&admission.Action{Pool: state.Key, Config: config})
		}
	}
	for _, state := range r.registrar.Links() {
		if r.linkBy(state.ID) == nil {
			r.newLink(state.ID, state.Serializer, state.Index)
		}
	}
}

// faultText is what a call is told that was lost by an error of wampool's own.
const faultText = "the call was lost by an internal error of the proxy"

// sweep ends what was about to end: sessions that have left in part, and pools
// without a callee.
func (r *realm) sweep(out *transport.Outbox) {
	for _, id := range r.dealer.CalleeIDs() {
		c := r.driver.Callee(id)
		if c == nil {
			r.driver.Lose(out, r.now(), id)
			continue
		}
		switch s := c.Session.(type) {
		case *session:
			if s.hasLeft() {
				r.driver.Lose(out, r.now(), id)
			} else if !r.knowsItsPools(s) {
				r.part(out, s)
				s.fail()
			}
		case *supplier:
			if s.gone {
				r.driver.Lose(out, r.now(), id)
			}
		}
	}
	for _, caller := range r.driver.Callers() {
		if s := caller.(*session); s.hasLeft() {
			r.partCaller(out, s)
		}
	}
	for id, s := range r.candidates {
		if !s.hasLeft() && !r.isMember(s) {
			r.part(out, s)
			s.fail()
		}
		if s.hasLeft() {
			r.bring(out, func() []admission.Action { return r.registrar.Part(r.now(), id) })
		}
	}
	for _, p := range slices.Clone(r.byPool) {
		if p == nil {
			continue
		}
		p.isClosing = false
		if state, _ := r.registrar.Pool(p.key); state.Pending+len(state.Members) == 0 {
			r.driver.Perform(out, r.dealer.ClosePool(r.now(), p.id), driver.Hand{})
		}
	}
}

// knowsItsPools tells whether a callee was told of each registration that the
// dealer has of it.
func (r *realm) knowsItsPools(s *session) bool {
	for _, id := range r.dealer.Registrations(s.callee.id) {
		if _, told := s.memberships[id]; !told {
			return false
		}
	}
	return true
}

// isMember tells whether a session is in the pools that the registrar says, for the
// dealer too, and in no other.
func (r *realm) isMember(s *session) bool {
	state, known := r.registrar.Session(s.candidate)
	if !known || len(state.Memberships) != len(s.memberships) {
		return false
	}
	if s.callee == nil {
		return len(s.memberships) == 0
	}
	registered := r.dealer.Registrations(s.callee.id)
	return len(registered) == len(s.memberships) && !slices.ContainsFunc(state.Memberships, func(id uint64) bool {
		_, told := s.memberships[id]
		return !told || !slices.Contains(registered, id)
	})
}
