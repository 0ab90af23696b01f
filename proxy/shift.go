package proxy

import (
	"slices"
	"sort"
)

// maxID is the highest request ID; the next one is 1 (basic profile, "IDs").
const maxID = 1 << 53

// requestShift maps the request IDs that a client gives to those that the
// router sees, and back. They differ once wampool has inserted a request of its
// own into the client's session at the router, or has answered one of the
// client's requests itself: from that ID on they are shifted, by ID and not by
// time, so that a late CANCEL or a further part of a progressive CALL keeps the
// ID of its call. The zero requestShift changes nothing.
type requestShift struct {
	steps []shiftStep // ascending
}

// shiftStep is the sum of all shifts from one client ID on.
type shiftStep struct {
	from  uint64 // first client ID
	delta int64
}

// maxShifts bounds what one session can make wampool remember and search.
const maxShifts = 4096

// full tells whether the session has used up its shifts.
func (s *requestShift) full() bool { return len(s.steps) >= maxShifts }

func (s *requestShift) none() bool { return len(s.steps) == 0 }

// insert makes room for one request of our own behind the client's request id.
func (s *requestShift) insert(id uint64) { s.add(id+1, 1) }

// swallow closes the gap of the client's request id, which the router never sees.
func (s *requestShift) swallow(id uint64) { s.add(id+1, -1) }

// add relies on IDs that grow: from is never below that of an earlier step.
func (s *requestShift) add(from uint64, delta int64) {
	if n := len(s.steps); n > 0 {
		last := s.steps[n-1]
		delta += last.delta
		if last.from == from {
			s.steps = s.steps[:n-1]
		}
	}
	if delta == 0 && len(s.steps) == 0 {
		return
	}
	s.steps = append(s.steps, shiftStep{from, delta})
}

// up returns the router's ID of a client's request.
func (s *requestShift) up(id uint64) uint64 {
	i := sort.Search(len(s.steps), func(i int) bool { return s.steps[i].from > id })
	if i == 0 {
		return id
	}
	return wrap(id, s.steps[i-1].delta)
}

// down returns the client's ID of a request at the router. It is false for a
// request of our own.
func (s *requestShift) down(id uint64) (uint64, bool) {
	for _, step := range slices.Backward(s.steps) {
		if client := int64(id) - step.delta; client >= int64(step.from) && client <= maxID {
			return uint64(client), s.up(uint64(client)) == id
		}
	}
	return id, s.up(id) == id
}

// wrap adds delta to an ID within 1 to 2^53.
func wrap(id uint64, delta int64) uint64 {
	return uint64((int64(id)-1+delta+maxID)%maxID) + 1
}
