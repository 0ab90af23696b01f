package dealer

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// naiveRoster is what roster does, as a plain list in the order of joining.
type naiveRoster struct {
	members []*registration
	after   *registration // picked last; nil: nobody yet, or it has left
	gap     int           // where after was when it left
}

// fromCursor returns the members in the order of a round.
func (n *naiveRoster) fromCursor() []*registration {
	begin := n.gap
	if i := slices.Index(n.members, n.after); i >= 0 {
		begin = i + 1
	}
	return append(slices.Clone(n.members[begin:]), n.members[:begin]...)
}

func (n *naiveRoster) remove(r *registration) {
	i := slices.Index(n.members, r)
	switch {
	case r == n.after:
		n.after, n.gap = nil, i
	case n.after == nil && i < n.gap:
		n.gap--
	}
	n.members = slices.Delete(n.members, i, i+1)
	if len(n.members) == 0 {
		n.after, n.gap = nil, 0
	}
}

func withRoom(members []*registration) (some []*registration) {
	for _, r := range members {
		if r.hasRoom() {
			some = append(some, r)
		}
	}
	return some
}

// anybody is a callee of whom a roster needs to know nothing.
var anybody = new(callee)

// TestRosterAgainstList compares each query of a roster with a plain list,
// over random joins, leaves, dispatches and answers.
func TestRosterAgainstList(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var ro roster
		var naive naiveRoster
		most := 1 + rng.IntN(40) // members
		noLimits := rng.IntN(4) == 0
		for range 1500 {
			switch pick := rng.IntN(10); {
			case pick < 3 && len(naive.members) < most:
				r := &registration{callee: anybody, active: true, limit: 1 + rng.IntN(4), inFlight: rng.IntN(3)}
				if noLimits && rng.IntN(3) == 0 {
					r.limit = 0
				}
				ro.add(r)
				naive.members = append(naive.members, r)
			case pick < 5 && len(naive.members) > 0:
				r := naive.members[rng.IntN(len(naive.members))]
				r.active = false
				ro.remove(r)
				naive.remove(r)
			case pick < 7 && len(naive.members) > 0:
				if r := naive.members[rng.IntN(len(naive.members))]; r.inFlight > 0 {
					r.inFlight--
					ro.refresh(r)
				}
			default:
				if able := withRoom(naive.fromCursor()); len(able) > 0 {
					r := able[0]
					r.inFlight++
					ro.cursor = r.position
					naive.after = r
					ro.refresh(r)
				}
			}
			compareRoster(t, rng, &ro, &naive)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func compareRoster(t *testing.T, rng *rand.Rand, ro *roster, naive *naiveRoster) {
	t.Helper()
	able := withRoom(naive.members)
	if ro.size != len(naive.members) || ro.withRoom() != len(able) {
		t.Errorf("%d members, %d with room, instead of %d and %d", ro.size, ro.withRoom(), len(naive.members), len(able))
		return
	}
	if len(able) == 0 {
		if len(ro.members) > 0 && ro.next(0) != -1 {
			t.Errorf("nobody has room, and next is %d", ro.next(0))
		}
		return
	}
	expect := func(query string, position int, want *registration) {
		t.Helper()
		if position < 0 || ro.members[position] != want {
			t.Errorf("%s is at %d instead of %d", query, position, want.position)
		}
	}
	expect("the first", ro.next(0), able[0])
	expect("the last", ro.previous(), able[len(able)-1])
	n := rng.IntN(len(able))
	expect("the n-th", ro.nth(n), able[n])

	round := withRoom(naive.fromCursor())
	next := ro.next(ro.cursor + 1)
	if next < 0 {
		next = ro.next(0)
	}
	expect("the next of the round", next, round[0])

	unlimited := slices.ContainsFunc(naive.members, func(r *registration) bool { return r.limit == 0 })
	least := round[0]
	for _, r := range round {
		if unlimited && r.inFlight < least.inFlight || !unlimited && r.inFlight*least.limit < least.inFlight*r.limit {
			least = r
		}
	}
	expect("the least loaded", ro.leastAfter(ro.cursor), least)
}

// TestRosterChurn holds the tree to the size of its members, however many have
// come and gone.
func TestRosterChurn(t *testing.T) {
	var ro roster
	for range 10_000 {
		r := &registration{callee: anybody, active: true, limit: 1}
		ro.add(r)
		r.active = false
		ro.remove(r)
	}
	if len(ro.members) > 8 {
		t.Errorf("a roster of nobody has %d positions", len(ro.members))
	}
}
