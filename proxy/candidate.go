package proxy

import "github.com/wampool/wampool/dealer/admission"

// candidacy is what a session has with the realm's registrar, from its first
// REGISTER for a pool on. realm.mu guards it.
type candidacy struct {
	candidate   admission.SessionID   // 0: the registrar does not know it
	memberships map[uint64]membership // its places in pools, by the registration that the client knows
	departed    bool                  // the session has left its realm, for good

	numbered uint64        // request ID of the last REGISTER whose own ID had its turn at the router
	probes   table[probed] // requests of our own in the session at the router, by their IDs there
	resumed  chan struct{} // has room for one: what waited has gone on
}

func newCandidacy(of *upkeep) candidacy {
	return candidacy{
		memberships: make(map[uint64]membership),
		probes:      newTable[probed](of, probeBytes),
		resumed:     make(chan struct{}, 1),
	}
}

// membership is a callee's place in a pool.
type membership struct {
	key       string // of the pool
	discloses bool   // the callee wants its callers named
}

// waits tells whether the session has REGISTERs without an answer.
func (s *session) waits() bool { return s.upkeep.waiting > 0 }

// keep takes note of what the registrar keeps for the session. The client's reader
// may go on when less of it waits.
func (s *session) keep(waiting, lasting int64) {
	less := waiting < s.upkeep.waiting
	s.upkeep.keep(waiting, lasting)
	if !s.waits() {
		s.concerns.remove(ofRegisters)
	}
	if less {
		select {
		case s.resumed <- struct{}{}:
		default:
		}
	}
}
