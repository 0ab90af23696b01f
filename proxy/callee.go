package proxy

import (
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// callee is what a session is as a callee of pools, from its first probe for one on.
// realm.mu guards it.
type callee struct {
	id         dealer.CalleeID
	dispatched uint64 // how many calls were sent to it
}

// enrol makes a session known to the dealer as a callee. From then on the
// router's own INVOCATIONs to it are numbered together with the pool's ("IDs",
// #name-ids).
func (r *realm) enrol(s *session) {
	if s.callee != nil {
		return
	}
	s.invocations.mu.Lock()
	defer s.invocations.mu.Unlock()
	s.callee = &callee{id: r.driver.AddCallee(driver.Callee{
		Session: s, Conn: s.conn, Router: s.router, Serializer: s.serializer,
		Most: r.proxy.clientTakes(s.conn), Identity: s.identity(),
	}, s.features, s.invocations.highest)}
	s.concerns.add(ofCallee)
}

// hasCallee tells whether the dealer knows a session as a callee. realm.mu is held.
func (r *realm) hasCallee(s *session) bool {
	if s.callee == nil || s.hasLeft() {
		return false
	}
	c := r.driver.Callee(s.callee.id)
	return c != nil && c.Session == s
}

// partCallee ends what a session that leaves has as a callee.
func (r *realm) partCallee(out *transport.Outbox, s *session) {
	if s.callee == nil {
		return
	}
	r.following.parting = s
	r.driver.Lose(out, r.now(), s.callee.id)
	r.following.parting = nil
	for _, m := range s.memberships {
		r.logLeft(s, m.key)
	}
	clear(s.memberships)
}
