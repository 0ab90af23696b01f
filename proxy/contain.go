package proxy

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// What becomes of a panic, which is always a fault of wampool's own, stands in
// the package's doc. Whoever handles messages recovers in one of two places:
// unlock, where the realm's lock is held, and contain around all the rest.

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

// unlock gives the realm's lock back, whatever has happened under it. It is to
// be deferred behind Lock by whoever handles a message of a client's session, or
// of none.
func (r *realm) unlock(out *transport.Outbox, s *session) {
	if x := recover(); x != nil {
		r.mend(out, s, x)
	}
	r.mu.Unlock()
}

// unlock is the same for a message of the router on a pool session. If that was
// a call of which nothing is known, it is answered.
func (l *link) unlock(message []byte) {
	r := l.realm
	if x := recover(); x != nil {
		r.mend(&l.out, nil, x)
		l.answerFor(message)
	}
	r.mu.Unlock()
}

func (l *link) answerFor(message []byte) {
	if t, err := codec.PeekType(l.serializer, message); err != nil || t != codec.TypeInvocation || l.conn == nil {
		return
	}
	if id, err := codec.ID(l.serializer, message, 1); err == nil && !slices.Contains(l.realm.answered, dealer.Owed{Origin: l.origin, Request: id}) {
		l.realm.answerFault(&l.out, dealer.Owed{Origin: l.origin, Request: id})
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
	undone := slices.Clone(r.undone())
	r.doing, r.failed, r.blocked, r.answered = nil, nil, transport.Room{}, nil
	if err := r.dealer.Audit(); err != nil || len(undone) > 0 || s == nil {
		r.restart(out, undone)
		r.log.Error().AnErr("books", err).Int("calls", len(r.answered)).
			Msg("realm began anew after an internal error: its calls were answered by an error")
	}
	if s != nil {
		r.part(out, s)
		s.fail()
	}
	r.sweep(out)
	if err := r.dealer.Audit(); err != nil {
		panic(err)
	}
}

// undone returns what the dealer has decided and nobody has carried out.
func (r *realm) undone() []dealer.Action {
	if r.doing != nil {
		return r.doing[r.step:]
	}
	return r.dealer.Undone()
}

// restart lets the dealer begin anew.
func (r *realm) restart(out *transport.Outbox, undone []dealer.Action) {
	r.answered = r.dealer.Restart(undone)
	for _, a := range undone {
		owed := dealer.Owed{Origin: a.Origin, Request: a.Request}
		if (a.Kind == dealer.Refuse || a.Kind == dealer.Forward && a.Final) && !slices.Contains(r.answered, owed) {
			r.answered = append(r.answered, owed)
		}
	}
	for _, owed := range r.answered {
		r.answerFault(out, owed)
	}
	for i := range undone {
		switch a := &undone[i]; a.Kind {
		case dealer.Release:
			r.releaseUplink(out, a.Pool)
		case dealer.Revoke:
			r.revoke(out, a)
		case dealer.Violate:
			r.abort(out, r.callees[a.Callee], "answer to an invocation that was never sent")
		}
	}
}

// answerFault answers a call by the error that wampool has made.
func (r *realm) answerFault(out *transport.Outbox, owed dealer.Owed) {
	to := &r.origins[owed.Origin]
	if to.conn == nil {
		return
	}
	r.message = r.errorMessage(to, owed.Request, uriCanceled,
		codec.TextPayload(to.serializer, nil, "the call was lost by an internal error of the proxy", nil))
	out.Send(to.conn, r.message)
}

// sweep ends what was about to end: sessions that have left in part, and pools
// without a callee.
func (r *realm) sweep(out *transport.Outbox) {
	for id, s := range r.callees {
		if s == nil || s.hasLeft() {
			if !r.dealer.HasCallee(dealer.CalleeID(id)) {
				continue
			}
			r.callees[id] = nil
			r.perform(out, r.dealer.Lose(r.now(), dealer.CalleeID(id)), hand{})
		} else if !r.knowsItsPools(s) {
			r.part(out, s)
			s.fail()
		}
	}
	for id := range r.origins {
		if s := r.origins[id].caller; s != nil && s.hasLeft() {
			r.partCaller(out, s)
		}
	}
	for _, up := range r.uplinks {
		r.closeIfUnused(out, up)
	}
}

// knowsItsPools tells whether a callee was told of each registration that the
// dealer has of it.
func (r *realm) knowsItsPools(s *session) bool {
	for _, id := range r.dealer.Registrations(s.callee.id) {
		if _, told := s.pools.registered.get(id); !told {
			return false
		}
	}
	return true
}
