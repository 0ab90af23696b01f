package admission

import (
	"maps"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// ClaimState is a pool's registration at the router at one moment.
type ClaimState struct {
	Link         LinkID
	State        string // its name in the package's doc
	IsHeld       bool   // the router has granted it, and it is wanted
	Registration uint64 // at the router; 0: it has none
}

// PoolState is a pool at one moment.
type PoolState struct {
	Key      string
	IsOpen   bool
	Lingers  bool // without a callee
	Policy   dealer.Policy
	Members  []SessionID  // in no order
	Pending  int          // REGISTERs under way
	Claims   []ClaimState // the one first by which it counts as registered
	Weight   int          // how many of them are wanted
	IsWanted bool         // its registration
}

// Pool describes a pool. It is false for one that is not known.
func (r *Registrar) Pool(key string) (PoolState, bool) {
	p := r.pools[key]
	if p == nil {
		return PoolState{}, false
	}
	s := PoolState{
		Key: key, IsOpen: p.isOpen, Lingers: p.lingers, Policy: p.policy, Members: slices.Collect(maps.Keys(p.members)),
		Pending: p.pending, Weight: p.weight(), IsWanted: p.claim.state.isWanted(),
	}
	for _, g := range p.claims() {
		c := ClaimState{Link: -1, State: g.state.String(), IsHeld: g.state == held, Registration: g.registration}
		if g.link != nil {
			c.Link = g.link.id
		}
		s.Claims = append(s.Claims, c)
	}
	return s, true
}

// Pools describes all pools, in the order in which they came.
func (r *Registrar) Pools() (states []PoolState) {
	for _, p := range r.poolsNow.all() {
		s, _ := r.Pool(p.key)
		states = append(states, s)
	}
	return states
}

// Granted returns the pool that a session asked for by a probe to which the router
// gave this registration, until that is given back.
func (r *Registrar) Granted(id SessionID, registration uint64) (key string, known bool) {
	if s := r.sessions[id]; s != nil {
		if p, granted := s.granted.get(registration); granted {
			return p.pool.key, true
		}
	}
	return "", false
}

// SessionState is a client's session at one moment.
type SessionState struct {
	Departed         bool
	Pending          int // REGISTERs without an answer
	Late             int // probes whose REGISTERs have their answer
	Held             int // messages
	Turns            int // of pending, those whose probe waits for its turn
	Memberships      []uint64
	Waiting, Lasting int64
}

// Session describes a session. It is false for one that is not known.
func (r *Registrar) Session(id SessionID) (SessionState, bool) {
	s := r.sessions[id]
	if s == nil {
		return SessionState{}, false
	}
	return SessionState{
		Departed: s.departed, Pending: s.pendings.length, Late: s.lates.length, Held: len(s.held), Turns: s.turns.length,
		Memberships: slices.Sorted(maps.Keys(s.members.of)), Waiting: s.waiting, Lasting: s.lasting,
	}, true
}

// LinkState is a pool session at one moment.
type LinkState struct {
	ID            LinkID
	Serializer    codec.Serializer // 0: not known yet
	Index         int
	State         string // down, up or ending
	TurnedAway    bool
	Claims        int // registrations of pools that it has, or is to have
	Open          int // requests whose answer is awaited
	Late          int // requests whose answer was taken as lost
	Registrations int // that the router has given
}

// Links describes all pool sessions, the first one first.
func (r *Registrar) Links() (states []LinkState) {
	for _, l := range r.links {
		states = append(states, LinkState{
			ID: l.id, Serializer: l.speaks, Index: l.index, State: [...]string{"down", "up", "ending"}[l.state], TurnedAway: l.turnedAway,
			Claims: l.claims.length, Open: l.open, Late: l.late, Registrations: len(l.registrations),
		})
	}
	return states
}

// Waiting returns how many REGISTERs have no answer.
func (r *Registrar) Waiting() int { return r.waiting.length }
