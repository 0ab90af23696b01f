package dealer

import (
	"math"
	"math/bits"
)

// roster holds a pool's registrations in the order in which they were made,
// and finds one with room in O(log n).
//
// Each registration has a position that it keeps until it leaves, so a cursor
// over positions points at an identity and a leaver shifts nobody. Above the
// positions stands a binary tree, as an array: node i has the children 2i and
// 2i+1, the leaves begin at len(members). A node knows how many below it have
// room, and the least load among those.
type roster struct {
	members []*registration // by position; nil: left. A power of two long.
	room    []int32
	load    []uint64
	end     int // first position never used
	size    int // registrations
	cursor  int // position that was picked last, -1 before the first pick

	unlimited int   // registrations without a limit, which make load absolute
	capacity  int64 // sum of the limits of the others, as far as they are counted
	serving   int64 // of those among them that do not drain
	free      int64 // slots that may be taken, as far as follows
	follows   bool  // somebody follows the pool's load
}

const noRoom = math.MaxUint64

func (ro *roster) withRoom() int {
	if len(ro.room) == 0 {
		return 0
	}
	return int(ro.room[1])
}

// maxSlots of one registration are counted: sums of limits that callees choose
// must not overflow.
const maxSlots = 1 << 40

func (r *registration) slots() int64 { return min(int64(r.bound()), maxSlots) }

// serving returns those slots unless the callee drains.
func (r *registration) serving() int64 {
	if r.callee.draining {
		return 0
	}
	return r.slots()
}

// slots returns the sum of all limits, as far as it can be counted.
func (ro *roster) slots() int { return int(min(ro.capacity, math.MaxInt)) }

// add appends r behind all others.
func (ro *roster) add(r *registration) {
	if ro.size == 0 {
		ro.cursor = -1
	}
	if ro.end == len(ro.members) {
		ro.rebuild()
	}
	r.position = ro.end
	ro.members[ro.end] = r
	ro.end++
	ro.size++
	ro.capacity += r.slots()
	ro.serving += r.serving()
	if r.bound() == 0 {
		if ro.unlimited++; ro.unlimited == 1 {
			ro.refreshAll()
		}
	}
	ro.refresh(r)
}

// remove takes r out; the others keep their positions.
func (ro *roster) remove(r *registration) {
	ro.members[r.position] = nil
	ro.set(r.position, 0, noRoom)
	ro.size--
	ro.capacity -= r.slots()
	ro.serving -= r.serving()
	if ro.free -= r.free; ro.follows {
		r.free = 0
		r.pool.mark()
	}
	if r.bound() == 0 {
		if ro.unlimited--; ro.unlimited == 0 {
			ro.refreshAll()
		}
	}
}

// rebuild closes the gaps of those who left and makes the tree at least twice
// as large as what it holds, so that its cost is spread over many joins.
func (ro *roster) rebuild() {
	size := 4
	for size < 2*(ro.size+1) {
		size *= 2
	}
	old, cursor := ro.members, -1
	ro.members = make([]*registration, size)
	ro.room = make([]int32, 2*size)
	ro.load = make([]uint64, 2*size)
	for i := range ro.load {
		ro.load[i] = noRoom
	}
	ro.end = 0
	for position, r := range old {
		if r != nil {
			r.position = ro.end
			ro.members[ro.end] = r
			ro.end++
		}
		if position == ro.cursor {
			cursor = ro.end - 1
		}
	}
	ro.cursor = cursor
	ro.refreshAll()
}

// recount takes up that limits have changed.
func (ro *roster) recount() {
	ro.capacity, ro.serving, ro.unlimited = 0, 0, 0
	for _, r := range ro.members[:ro.end] {
		if r == nil {
			continue
		}
		ro.capacity += r.slots()
		ro.serving += r.serving()
		if r.bound() == 0 {
			ro.unlimited++
		}
	}
	ro.refreshAll()
}

func (ro *roster) refreshAll() {
	for _, r := range ro.members[:ro.end] {
		if r != nil {
			ro.refresh(r)
		}
	}
}

// refresh takes up what changed of r: its calls in flight or its limit.
func (ro *roster) refresh(r *registration) {
	if ro.follows {
		ro.countFree(r)
	}
	if !r.hasRoom() {
		ro.set(r.position, 0, noRoom)
		return
	}
	ro.set(r.position, 1, ro.loadOf(r))
}

// loadOf is the share of its limit that r has in flight, so that unequal
// limits fill evenly; in a pool where some have no limit, the calls in flight.
// Where the callee has one limit over several pools, all its calls count.
func (ro *roster) loadOf(r *registration) uint64 {
	inFlight, shared := r.inFlight, r.shared()
	if ro.unlimited > 0 {
		if shared > 0 {
			inFlight = r.share.inFlight
		}
		return uint64(inFlight) //nolint:gosec // not negative, and below 2^31
	}
	load := uint64(0)
	if r.limit > 0 {
		load = fraction(inFlight, r.limit)
	}
	if shared > 0 {
		load = max(load, fraction(r.share.inFlight, shared))
	}
	return load
}

// fraction returns n/of as a fraction of 2^64. Who has room has less than all.
func fraction(n, of int) uint64 {
	if n >= of {
		return noRoom
	}
	quotient, _ := bits.Div64(uint64(n), 0, uint64(of)) //nolint:gosec // neither is negative
	return quotient
}

func (ro *roster) set(position int, room int32, load uint64) {
	i := position + len(ro.members)
	if ro.room[i] == room && ro.load[i] == load {
		return
	}
	ro.room[i], ro.load[i] = room, load
	for i /= 2; i > 0; i /= 2 {
		ro.room[i] = ro.room[2*i] + ro.room[2*i+1]
		ro.load[i] = min(ro.load[2*i], ro.load[2*i+1])
	}
}

// next returns the first position at or after from that has room, -1 if none.
func (ro *roster) next(from int) int {
	if from >= len(ro.members) {
		return -1
	}
	i := from + len(ro.members)
	// Climb until a subtree to the right, or this leaf, has room.
	for ro.room[i] == 0 {
		for i&1 == 1 {
			if i /= 2; i == 0 {
				return -1
			}
		}
		i++ // it is even, and so not the root
	}
	for i < len(ro.members) {
		if i *= 2; ro.room[i] == 0 {
			i++
		}
	}
	return i - len(ro.members)
}

// previous returns the last position that has room; there must be one.
func (ro *roster) previous() int {
	i := 1
	for i < len(ro.members) {
		if i = 2*i + 1; ro.room[i] == 0 {
			i--
		}
	}
	return i - len(ro.members)
}

// nth returns the n-th position, from 0, of those that have room.
func (ro *roster) nth(n int) int {
	i := 1
	for i < len(ro.members) {
		i *= 2
		if left := int(ro.room[i]); n >= left {
			n -= left
			i++
		}
	}
	return i - len(ro.members)
}

// leastAfter returns the first position with the least load, going round from
// the one behind cursor; somebody must have room.
func (ro *roster) leastAfter(cursor int) int {
	least := ro.load[1]
	if position := ro.loadFrom(cursor+1, least); position >= 0 {
		return position
	}
	return ro.loadFrom(0, least)
}

// loadFrom returns the first position at or after from with that least load.
func (ro *roster) loadFrom(from int, least uint64) int {
	if from >= len(ro.members) {
		return -1
	}
	i := from + len(ro.members)
	for ro.load[i] != least {
		for i&1 == 1 {
			i /= 2
		}
		if i == 0 {
			return -1
		}
		i++
	}
	for i < len(ro.members) {
		if i *= 2; ro.load[i] != least {
			i++
		}
	}
	return i - len(ro.members)
}
