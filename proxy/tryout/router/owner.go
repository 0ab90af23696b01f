package router

import (
	"fmt"
	"maps"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// What the driver of the realm's dealer asks: a realm and its sessions are its
// owner ([driver.Owner], [driver.Session]). realm.mu is held.

// dealing makes a session one that calls and is called.
func (r *realm) dealing(s *session, features codec.CalleeFeatures) {
	most := driver.Bound{Bytes: s.conn.MaxSend(), By: "what its transport announces"}
	s.origin = r.driver.AddOrigin(driver.Origin{Conn: s.conn, Serializer: s.serializer, Most: most, Session: s})
	s.callee = r.driver.AddCallee(driver.Callee{Session: s, Conn: s.conn, Serializer: s.serializer, Most: most}, features, 0)
}

// silence lets nothing more be sent to a session: it has said or got GOODBYE or ABORT.
func (r *realm) silence(s *session) {
	s.silent = true
	r.driver.Origin(s.origin).Conn, r.driver.Callee(s.callee).Conn = nil, nil
}

// unlock gives the realm's lock back, and writes what was left to be written then.
// It is to be deferred behind Lock by who has the dealer's actions carried out.
func (r *realm) unlock(out *transport.Outbox) {
	unwritten := r.driver.Unwritten()
	r.mu.Unlock()
	for unwritten != nil && unwritten.Write(func(x any) { panic(x) }) {
		r.mu.Lock()
		r.driver.Follow(out, unwritten)
		unwritten = r.driver.Unwritten()
		r.mu.Unlock()
	}
}

// Refusal returns the ERROR of a call that the dealer refuses.
func (r *realm) Refusal(a *dealer.Action, s codec.Serializer, dst []byte) (uri string, payload codec.Payload) {
	uri, text := uriCanceled, ""
	switch a.Refusal.Reason {
	case dealer.ReasonCanceled:
		text = "the call was canceled"
	case dealer.ReasonFeature:
		uri, text = uriFeature, fmt.Sprintf("the callee of %s does not support what the call needs", a.Refusal.Pool)
	case dealer.ReasonCalleeLost:
		text = fmt.Sprintf("the callee of %s left before it answered", a.Refusal.Pool)
	default:
		panic("router: a pool without limits must not refuse a call for " + a.Refusal.Reason.String())
	}
	return uri, codec.TextPayload(s, dst, text, nil)
}

// TimeoutUnit is the specification's; this router times no call.
func (r *realm) TimeoutUnit() time.Duration { return time.Millisecond }

// Release forgets a procedure that nobody has registered any more.
func (r *realm) Release(pool dealer.PoolID) {
	maps.DeleteFunc(r.procedures, func(_ string, of procedure) bool { return of.pool == pool })
}

// Ended does nothing: this router follows no call.
func (r *realm) Ended([]dealer.End) {}

// Carried does nothing: this router keeps no count.
func (r *realm) Carried(*dealer.Action, int, string) {}

// Discloses is never asked for here: only callers say that they want it told.
func (s *session) Discloses(uint64) bool { return false }

// Revoke never comes: nobody takes a registration from a callee.
func (s *session) Revoke(*transport.Outbox, uint64) {
	panic("router: a registration that nobody takes away must not be revoked")
}

// OwnAnswered never comes: there is no other router behind this one.
func (s *session) OwnAnswered() {
	panic("router: there must be no INVOCATION of another router")
}

// Violate takes note for the session's reader, which ends it.
func (s *session) Violate(_ *transport.Outbox, text string) { s.violation = text }
