package proxy

import (
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
	if block := governing(&r.blocks, procedure); block != nil {
		overload = block.OverloadError
	}
	return refusalURI(a.Refusal.Reason, overload), refusalPayload(s, dst, a.Refusal, procedure)
}

// TimeoutUnit is what the router counts call timeouts in.
func (r *realm) TimeoutUnit() time.Duration { return r.unit() }

// Release has the registration of a pool given up that the dealer has closed. The
// pool's ID may be another's from now on.
func (r *realm) Release(pool dealer.PoolID) {
	up := r.uplinkOf(pool)
	if up == nil {
		return
	}
	r.byPool[pool] = nil
	r.driver.After(func(out *transport.Outbox) { r.releaseUplink(out, up) })
}

// Carried counts what becomes of calls, and logs those that are refused.
func (r *realm) Carried(a *dealer.Action, _ int, uri string) {
	up := r.uplinkOf(a.Pool)
	if a.Kind == dealer.Invoke {
		r.calleeOf(a.Callee).callee.dispatched++
	}
	switch {
	case up == nil:
	case a.Kind == dealer.Invoke:
		up.dispatched++
	case a.Kind == dealer.Refuse:
		up.refused++
		up.logRefusal(r, a.Refusal, uri)
	case a.Final:
		up.answered++
	}
}

// calleeOf returns the session of a callee.
func (r *realm) calleeOf(id dealer.CalleeID) *session { return r.driver.Callee(id).Session.(*session) }

// Discloses tells whether a registration's callee wants its callers named.
func (s *session) Discloses(registration uint64) bool {
	m, _ := s.pools.registered.get(registration)
	return m.discloses
}

// Revoke tells a callee that it has lost its place in a pool, if it announced
// that it can be told ("Registration Revocation", #name-registration-revocation).
func (s *session) Revoke(out *transport.Outbox, registration uint64) {
	s.logNoMember(s.leavePool(registration), "revoked") // the pool itself may be gone by now
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
		Bytes: int(min(int64(conn.MaxSend()), p.config.Router.MessageBytes)),
		By:    "router.message_bytes, or what its RawSocket announces",
	}
}

// clientTakes is the longest message of a pool that may be sent to a client: as
// long as its own may be.
func (p *Proxy) clientTakes(conn *transport.Conn) driver.Bound {
	return driver.Bound{
		Bytes: int(min(int64(conn.MaxSend()), p.config.Limits.MessageBytes)),
		By:    "limits.message_bytes, or what its RawSocket announces",
	}
}
