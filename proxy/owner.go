package proxy

import (
	"cmp"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// What the driver of a realm's dealer asks: the realm and its sessions are its
// owner ([driver.Owner], [driver.Session]). realm.mu is held.

// Refusal returns the ERROR of a call that the dealer refuses.
func (r *realm) Refusal(a *dealer.Action, s codec.Serializer, dst []byte) (uri string, payload codec.Payload) {
	procedure, overload := procedureOf(a.Refusal.Pool), configs.DefaultOverloadError
	if block := governing(r.blocks(), procedure); block != nil {
		overload = block.OverloadError
	}
	return refusalURI(a.Refusal.Reason, overload), refusalPayload(s, dst, a.Refusal, procedure)
}

// TimeoutUnit is what the router counts call timeouts in.
func (r *realm) TimeoutUnit() time.Duration { return r.unit() }

// Carried counts what becomes of calls, and logs those that are refused.
func (r *realm) Carried(a *dealer.Action, bytes int, uri string) {
	if r.following.which != dealer.FollowNone {
		r.following.note(a, bytes, cmp.Or(uri, string(r.driver.AnswerURI())))
	}
	p := r.poolOf(a.Pool)
	if a.Kind == dealer.Invoke {
		r.dispatchedTo(r.driver.Callee(a.Callee).Session)
	}
	switch {
	case p == nil:
	case a.Kind == dealer.Invoke:
		p.dispatched++
	case a.Kind == dealer.Refuse && a.Refusal.Reason == dealer.ReasonFull: // the call waits where it came from
		r.sharing.owe(p)
	case a.Kind == dealer.Refuse:
		p.refused++
		p.logRefusal(r, a.Refusal, uri)
	case a.Final:
		p.answered++
	}
}

// calleeOf returns the session of a callee that is no peer.
func (r *realm) calleeOf(id dealer.CalleeID) *session { return r.driver.Callee(id).Session.(*session) }

// dispatchedTo counts a call that a callee, or a peer, has got.
func (r *realm) dispatchedTo(s driver.Session) {
	switch s := s.(type) {
	case *session:
		s.callee.dispatched++
	case *supplier:
		s.forwarded++
		r.sharing.forwarded++
	}
}

// Discloses tells whether a registration's callee wants its callers named.
func (s *session) Discloses(registration uint64) bool {
	return s.memberships[registration].discloses
}

// Revoke tells a callee that it has lost its place in a pool, if it announced
// that it can be told ("Registration Revocation", #name-registration-revocation).
func (s *session) Revoke(out *transport.Outbox, registration uint64) {
	s.logNoMember(s.memberships[registration].key, "revoked")
	delete(s.memberships, registration)
	if !s.features.RegistrationRevocation {
		return
	}
	m := codec.Unregistered{Details: codec.NewDict(s.serializer,
		codec.Field{Key: "registration", Value: codec.FieldUint(registration)},
		codec.Field{Key: "reason", Value: codec.FieldString(uriUnregistered)},
	)}
	out.Send(s.conn, m.Append(nil, s.serializer))
}

// OwnAnswered counts a call that was not the pool's as answered.
func (s *session) OwnAnswered() {
	s.realm.countOwn(s)
	s.rest()
}

// Violate ends a client that broke the protocol.
func (s *session) Violate(out *transport.Outbox, text string) { s.realm.abort(out, s, text) }

// identity is who the client is.
func (s *session) identity() driver.Identity {
	return driver.Identity{Session: s.id, AuthID: s.authID, AuthRole: s.authRole}
}

// routerTakes is the longest message that may be sent to the router.
func (p *Proxy) routerTakes(conn *transport.Conn) driver.Bound {
	return driver.Bound{
		Bytes: int(min(int64(conn.MaxSend()), p.config().Router.MessageBytes)),
		By:    "router.message_bytes, or what its RawSocket announces",
	}
}

// clientTakes is the longest message of a pool that may be sent to a client: as
// long as its own may be.
func (p *Proxy) clientTakes(conn *transport.Conn) driver.Bound {
	return driver.Bound{
		Bytes: int(min(int64(conn.MaxSend()), p.config().Limits.MessageBytes)),
		By:    "limits.message_bytes, or what its RawSocket announces",
	}
}
