package proxy

import (
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// callee is what a session is as a callee of pools, from its first REGISTER for
// one on. realm.mu guards it.
type callee struct {
	id         dealer.CalleeID
	share      transport.Share // of a link's send buffer
	invoked    uint64          // the highest ID of a pool's INVOCATION sent to the client
	dispatched uint64          // how many calls were sent to it
}

// enrol makes a session known to the dealer as a callee. From then on the
// router's own INVOCATIONs to it are numbered together with the pool's.
func (r *realm) enrol(s *session) {
	if s.callee != nil {
		return
	}
	s.invocations.mu.Lock()
	defer s.invocations.mu.Unlock()
	s.callee = &callee{id: r.dealer.AddCallee(s.features, s.invocations.highest)}
	for int(s.callee.id) >= len(r.callees) {
		r.callees = append(r.callees, nil)
	}
	r.callees[s.callee.id] = s
	s.concerns.add(ofCallee)
}

// hasCallee tells whether the dealer knows a session as a callee. realm.mu is held.
func (r *realm) hasCallee(s *session) bool {
	return s.callee != nil && !s.hasLeft() && r.callees[s.callee.id] == s
}

// partCallee ends what a session that leaves has as a callee.
func (r *realm) partCallee(out *transport.Outbox, s *session) {
	if s.callee == nil {
		return
	}
	actions := r.dealer.Lose(r.now(), s.callee.id)
	r.callees[s.callee.id] = nil
	r.perform(out, actions, hand{})
	for _, m := range s.pools.registered.byID {
		s.upkeep.last(-membershipCost(procedureOf(m.key)))
		r.logLeft(s, m.key)
	}
	s.pools.registered.clear()
}
