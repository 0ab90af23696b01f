package dealer

import "time"

// PoolState is what a pool looks like at one moment.
type PoolState struct {
	ID      PoolID
	Key     string
	Policy  Policy
	Open    bool
	Lingers bool // without a callee
	Paused  bool
	Waiting int
	Limit   int  // of the queue
	Bytes   int  // held by those that wait
	Oldest  Time // how long the one has waited that waits longest
	Kept    int  // bytes of calls in flight
	Calls   int  // waiting, running and defunct
	Away    int  // of these, at peers
	Callees []CalleeState
	Peers   []PeerState // that have credits, the nearest first
}

// CalleeState is what one callee of a pool looks like at one moment.
type CalleeState struct {
	Callee       CalleeID
	Registration uint64
	InFlight     int
	Limit        int // 0: none
	Draining     bool
}

// PeerState is what one peer looks like in a pool at one moment.
type PeerState struct {
	Peer     CalleeID
	Credits  int
	InFlight int // calls that it has
	OneWay   time.Duration
}

// Pools describes all pools, in the order of their IDs; callees in the order
// in which they registered. It is for people and tests: it takes O(n) and
// allocates.
func (d *Dealer) Pools() []PoolState {
	var states []PoolState
	for _, p := range d.pools {
		if p != nil {
			states = append(states, d.stateOf(p, d.now))
		}
	}
	return states
}

// Pool describes one pool at a time.
func (d *Dealer) Pool(now Time, id PoolID) PoolState { return d.stateOf(d.pool(id), now) }

func (d *Dealer) stateOf(p *pool, now Time) PoolState {
	s := PoolState{
		ID: p.id, Key: p.key, Policy: p.config.Policy, Open: p.open, Lingers: p.lingers, Paused: p.paused,
		Waiting: p.queue.length, Limit: p.config.QueueLimit, Bytes: p.queue.bytes, Oldest: p.queue.oldest(&d.calls, now),
		Kept: p.kept, Calls: p.calls, Away: p.away,
	}
	if p.roster.size > 0 {
		s.Callees = make([]CalleeState, 0, p.roster.size)
	}
	for _, r := range p.roster.members {
		if r != nil {
			s.Callees = append(s.Callees, CalleeState{
				Callee: r.callee.id, Registration: r.id, InFlight: r.inFlight, Limit: r.bound(), Draining: r.callee.draining,
			})
		}
	}
	for _, r := range p.peers {
		s.Peers = append(s.Peers, PeerState{Peer: r.callee.id, Credits: r.credits, InFlight: r.inFlight, OneWay: r.callee.oneWay})
	}
	return s
}

// Load returns how many calls wait, and how many are in flight and still
// awaited by their callers, over all pools.
func (d *Dealer) Load() (waiting, running int) {
	for _, p := range d.pools {
		if p != nil {
			waiting += p.queue.length
		}
	}
	for _, o := range d.origins {
		if o != nil {
			running += o.calls.len()
		}
	}
	return waiting, running - waiting
}

// Outstanding returns how many calls of an origin wait or run.
func (d *Dealer) Outstanding(id OriginID) int { return d.origin(id).calls.len() }

// InFlight returns how many invocations a callee has not answered, the router's own
// included.
func (d *Dealer) InFlight(id CalleeID) int { return d.callee(id).requests.open.len() }

// Waiting returns how many calls wait in a pool.
func (d *Dealer) Waiting(id PoolID) int { return d.pool(id).queue.length }

// Members returns how many callees a pool has.
func (d *Dealer) Members(id PoolID) int { return d.pool(id).roster.size }

// Callees returns the callees of a pool, in the order in which they registered.
func (d *Dealer) Callees(id PoolID) []CalleeID {
	ro := &d.pool(id).roster
	callees := make([]CalleeID, 0, ro.size)
	for _, r := range ro.members {
		if r != nil {
			callees = append(callees, r.callee.id)
		}
	}
	return callees
}

// CalleeIDs returns all callees, whether they are in a pool or not.
func (d *Dealer) CalleeIDs() (ids []CalleeID) {
	for id, c := range d.callees {
		if c != nil {
			ids = append(ids, CalleeID(id))
		}
	}
	return ids
}

// Registrations returns the IDs of a callee's registrations, in no order.
func (d *Dealer) Registrations(at CalleeID) (ids []uint64) {
	for _, r := range d.callee(at).registrations {
		if r.active {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// CallState says whether a request is one of a call's.
type CallState uint8

const (
	// Unknown is a request that no call has; a CALL would be a new one.
	Unknown CallState = iota
	// Open is a progressive call that waits or runs; a CALL would be a further
	// part of it.
	Open
	// Complete is a call that waits or runs, and all of it has come: a CALL with
	// its request ID means nothing.
	Complete
	// Over is a call that was answered before its last part came.
	Over
)

// CallState tells what an origin's request stands for, and the pool of one
// that waits or runs.
func (d *Dealer) CallState(from OriginID, request uint64) (CallState, PoolID) {
	o := d.origin(from)
	if i := o.call(request); i != noCall {
		c := d.calls.at(i)
		if c.open {
			return Open, c.pool.id
		}
		return Complete, c.pool.id
	}
	if o.ended.has(request) {
		return Over, 0
	}
	return Unknown, 0
}
