package dealer

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestIndex holds the index against a map, for IDs of every kind of origin.
func TestIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, next := range map[string]func(last uint64) uint64{
		"consecutive": func(last uint64) uint64 { return last + 1 },
		"with gaps":   func(last uint64) uint64 { return last + 1 + rng.Uint64N(40) },
		"far apart":   func(last uint64) uint64 { return last + 1 + rng.Uint64N(3000)*rng.Uint64N(2) },
		"at random":   func(uint64) uint64 { return 1 + rng.Uint64N(maxID) },
		"wrapping":    func(last uint64) uint64 { return (last+maxID/3)%maxID + 1 },
		"descending":  func(last uint64) uint64 { return (last+maxID-2)%maxID + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			var x index
			want := make(map[uint64]int32)
			var ids []uint64
			last, most := uint64(maxID-5000), 0
			for step := range 30_000 {
				grows := step%9000 < 5000
				switch id := next(last); {
				case want[id] != 0, len(ids) > 0 && rng.IntN(3) == 0 == grows:
					i := rng.IntN(min(len(ids), 20)) * rng.IntN(2) // old ones go first, mostly
					x.remove(ids[i])
					delete(want, ids[i])
					ids = slices.Delete(ids, i, i+1)
				default:
					last = id
					value := rng.Int32N(1000) - 1500
					x.put(id, value)
					want[id] = value
					ids = append(ids, id)
				}
				if most = max(most, len(want)); len(x.window) > 16*max(most, smallWindow) {
					t.Fatalf("step %d: a window of %d for %d", step, len(x.window), most)
				}
				if x.len() != len(want) {
					t.Fatalf("step %d: %d held instead of %d", step, x.len(), len(want))
				}
				if probe := 1 + rng.Uint64N(maxID); x.get(probe) != want[probe] || x.get(last) != want[last] {
					t.Fatalf("step %d: got %d and %d", step, x.get(probe), x.get(last))
				}
				if step%500 == 0 && !slices.Equal(x.ids(), slices.Sorted(maps.Keys(want))) {
					t.Fatalf("step %d: other IDs", step)
				}
			}
			for _, id := range ids {
				if x.get(id) != want[id] {
					t.Fatalf("%d is %d instead of %d", id, x.get(id), want[id])
				}
				x.remove(id)
				x.remove(id)
			}
			if x.len() != 0 || len(x.ids()) != 0 || len(x.window) > largeWindow {
				t.Fatalf("left: %d, a window of %d", x.len(), len(x.window))
			}
		})
	}
}

// One that is never answered does not let the window grow for ever.
func TestIndexPutsStragglersAside(t *testing.T) {
	var x index
	x.put(1, 7)
	for id := uint64(2); id < 100_000; id++ {
		x.put(id, 1)
		x.remove(id)
	}
	if x.get(1) != 7 || len(x.window) > smallWindow {
		t.Errorf("1 is %d, the window spans %d", x.get(1), len(x.window))
	}
}
