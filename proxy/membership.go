package proxy

import "math/rand/v2"

// memberships are the places that a session has in pools of its realm. realm.mu
// guards them.
type memberships struct {
	registered table[membership] // by the registration that the client knows
	left       table[struct{}]   // registrations that were in registered
	over       bool              // the session has left its realm, for good
}

func newMemberships(of *upkeep) memberships {
	return memberships{registered: newTable[membership](of, registeredBytes), left: newTable[struct{}](of, leftBytes)}
}

// membership is a callee's place in a pool.
type membership struct {
	key       string // of the pool
	discloses bool   // the callee wants its callers named
}

// What an entry takes of the tables of memberships, and of those that are over.
const (
	registeredBytes = 88
	leftBytes       = 40
)

// maxLeft bounds the registrations of which a session is known to have had them.
const maxLeft = 1024

// leavePool forgets a registration of the client's that a pool knows, and
// returns the pool's key.
func (s *session) leavePool(registration uint64) (key string) {
	m, _ := s.pools.registered.get(registration)
	s.pools.registered.drop(registration)
	s.upkeep.last(-membershipCost(procedureOf(m.key)))
	if s.pools.left.len() >= maxLeft {
		s.pools.left.clear()
	}
	s.pools.left.put(registration, struct{}{})
	return m.key
}

// newRegistrationID draws an ID that the router knows as nobody's.
func newRegistrationID(taken *table[membership]) uint64 {
	for {
		id := rand.Uint64N(maxID) + 1
		if _, used := taken.get(id); !used {
			return id
		}
	}
}
