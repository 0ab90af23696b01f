package dealer

import (
	"maps"
	"math/bits"
	"slices"
)

// index finds what stands behind an ID: the calls of an origin, or the
// invocations of a callee. IDs come ascending, mostly without large gaps, and go
// again in about that order. So they are held in a window, a ring over
// consecutive IDs, where neighbors in time are neighbors in memory. An ID that
// would make the window much larger than what it holds, such as one that is
// never answered, or those of a router that draws them at random, is held in a
// map instead. Nobody is bound to count upward, so IDs may come in any order,
// again after they went, and from the beginning: a window that reaches IDs of
// the map takes them in. No ID is ever in both, nor is one in the map that the
// window covers.
//
// Zero means that there is nothing behind an ID. The zero index is empty.
type index struct {
	window []int32 // by ID modulo its length, which is a power of two
	first  uint64  // the window's IDs are first to first+span-1
	span   uint64
	inside int // held in the window
	rest   map[uint64]int32
	most   int // that rest has held since it was made
}

const (
	smallWindow = 64   // IDs that a window may always span
	sparse      = 8    // how many times more a larger one may span than it holds
	largeWindow = 4096 // memory beyond this is given back when it is empty
)

func (x *index) len() int { return x.inside + len(x.rest) }

func (x *index) covers(id uint64) bool { return id-x.first < x.span } // below first it wraps around

func (x *index) at(id uint64) *int32 { return &x.window[id&uint64(len(x.window)-1)] } //nolint:gosec // a window has 8 places at least

// get returns what stands behind an ID, 0 for nothing.
func (x *index) get(id uint64) int32 {
	if x.covers(id) {
		return *x.at(id)
	}
	return x.rest[id]
}

// put sets what stands behind an ID that is not held yet.
func (x *index) put(id uint64, value int32) {
	if x.inside == 0 {
		x.first, x.span = id, 0
	}
	if id < x.first {
		x.setAside(id, value)
		return
	}
	x.reach(id)
	*x.at(id) = value
	x.inside++
}

// reach extends the window to an ID behind it: by growing, or where it is
// sparse by putting its oldest IDs aside. What the map holds of the IDs in
// between counts from then on in the window.
func (x *index) reach(id uint64) {
	if id-x.first < x.span {
		return
	}
	for id-x.first >= max(smallWindow, sparse*uint64(x.inside+1)) { //nolint:gosec // not negative
		x.putAside()
		if x.inside == 0 {
			x.first, x.span = id, 0
		}
	}
	span := id - x.first + 1
	if span > uint64(len(x.window)) {
		x.grow(span)
	}
	from := x.first + x.span
	x.span = span
	if len(x.rest) > 0 {
		x.takeIn(from, id)
	}
}

// takeIn moves the IDs from one up to another, which is held nowhere yet, from
// the map into the window.
func (x *index) takeIn(from, to uint64) {
	if to-from <= uint64(len(x.rest)) {
		for id := from; id < to; id++ {
			if value, held := x.rest[id]; held {
				x.takeInOne(id, value)
			}
		}
		return
	}
	for id, value := range x.rest {
		if id >= from && id < to {
			x.takeInOne(id, value)
		}
	}
}

func (x *index) takeInOne(id uint64, value int32) {
	x.forget(id)
	*x.at(id) = value
	x.inside++
}

// putAside moves the oldest ID of the window into the map.
func (x *index) putAside() {
	id, value := x.first, x.at(x.first)
	x.setAside(id, *value)
	*value = 0
	x.inside--
	x.advance()
}

func (x *index) setAside(id uint64, value int32) {
	if x.rest == nil {
		x.rest = make(map[uint64]int32)
	}
	x.rest[id] = value
	x.most = max(x.most, len(x.rest))
}

// forget takes an ID out of the map, whose memory is given back when it is
// empty and has been large.
func (x *index) forget(id uint64) {
	if delete(x.rest, id); len(x.rest) == 0 && x.most > largeWindow {
		x.rest, x.most = nil, 0
	}
}

// advance lets the window begin at the first ID that it holds.
func (x *index) advance() {
	for x.span > 0 && *x.at(x.first) == 0 {
		x.first++
		x.span--
	}
}

func (x *index) grow(span uint64) {
	old := x.window
	x.window = make([]int32, max(8, 1<<bits.Len64(span-1)))
	for id := x.first; id-x.first < x.span; id++ {
		*x.at(id) = old[id&uint64(len(old)-1)] //nolint:gosec // an empty one holds no ID
	}
}

// remove forgets an ID, which may not be held.
func (x *index) remove(id uint64) {
	if !x.covers(id) {
		x.forget(id)
		return
	}
	value := x.at(id)
	if *value == 0 {
		return
	}
	*value = 0
	x.inside--
	if x.inside == 0 {
		x.span = 0
		if len(x.window) > largeWindow {
			x.window = nil
		}
		return
	}
	if id == x.first {
		x.advance()
	}
}

// ids returns all IDs, ascending.
func (x *index) ids() []uint64 {
	ids := slices.AppendSeq(make([]uint64, 0, x.len()), maps.Keys(x.rest))
	for id := x.first; id-x.first < x.span; id++ {
		if *x.at(id) != 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
