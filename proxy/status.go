package proxy

import "fmt"

// CalleeStatus is one callee of a pool at one moment.
type CalleeStatus struct {
	Session    uint64 // its WAMP session ID
	InFlight   int
	Limit      int    // 0: none
	Dispatched uint64 // calls sent to it, of all its pools
}

// PoolStatus is one pool at one moment.
type PoolStatus struct {
	Realm, Procedure, Policy      string
	Waiting, QueueLimit           int
	Callees                       []CalleeStatus // in the order in which they joined
	Dispatched, Answered, Refused uint64
}

// Pools describes all pools of all realms.
func (p *Proxy) Pools() []PoolStatus {
	var pools []PoolStatus
	for _, r := range p.inOrder() {
		pools = append(pools, r.status()...)
	}
	return pools
}

func (r *realm) status() []PoolStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	var pools []PoolStatus
	for _, state := range r.dealer.Pools() {
		p := r.poolOf(state.ID)
		if p == nil {
			continue
		}
		status := PoolStatus{
			Realm: r.name, Procedure: p.procedure, Policy: state.Policy.String(),
			Waiting: state.Waiting, QueueLimit: state.Limit,
			Dispatched: p.dispatched, Answered: p.answered, Refused: p.refused,
		}
		for _, c := range state.Callees {
			s := r.calleeOf(c.Callee)
			status.Callees = append(status.Callees, CalleeStatus{
				Session: s.id, InFlight: c.InFlight, Limit: c.Limit, Dispatched: s.callee.dispatched,
			})
		}
		pools = append(pools, status)
	}
	return pools
}

// Summary tells in a line how wampool is. It needs the lock of each realm, so where
// one is stuck it does not come back.
func (p *Proxy) Summary() string {
	reasons := p.unready()
	pools, waiting := 0, 0
	for _, pool := range p.Pools() {
		pools++
		waiting += pool.Waiting
	}
	state := "ready"
	if len(reasons) > 0 {
		state = "not ready: " + reasons[0]
	}
	return fmt.Sprintf("%s; %d sessions, %d pools, %d calls wait", state, len(p.sessions()), pools, waiting)
}
