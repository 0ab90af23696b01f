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
		"here and there": func(uint64) uint64 {
			return []uint64{1, 900, 40_000, 5_000_000, maxID - 800}[rng.IntN(5)] + rng.Uint64N(100)*(1+rng.Uint64N(8))
		},
		"to and fro": func(last uint64) uint64 {
			return (last+maxID+rng.Uint64N(200)*rng.Uint64N(30)-rng.Uint64N(200)*rng.Uint64N(30)-1)%maxID + 1
		},
		"in any order": func(uint64) uint64 { return 1 + rng.Uint64N(3000) },
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
				if step%50 == 0 {
					checkDisjoint(t, &x)
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

// checkDisjoint finds each ID in the window or in the map, and no other one in
// the ring.
func checkDisjoint(t *testing.T, x *index) {
	t.Helper()
	for id := range x.rest {
		if x.covers(id) {
			t.Fatalf("%d is in the map, and the window is %d to %d", id, x.first, x.first+x.span-1)
		}
	}
	inside := 0
	for _, value := range x.window {
		if value != 0 {
			inside++
		}
	}
	covered := 0
	for id := x.first; id-x.first < x.span; id++ {
		if *x.at(id) != 0 {
			covered++
		}
	}
	if inside != x.inside || covered != inside {
		t.Fatalf("%d in the ring, %d of them within the window, %d counted", inside, covered, x.inside)
	}
}

// The window restarts below IDs that lie in the map, and grows over them.
func TestIndexTakesInWhatItReaches(t *testing.T) {
	var x index
	x.put(1000, 1)
	x.put(5_000_000, 2) // 1000 is put aside
	x.remove(5_000_000)
	x.put(960, 3)
	x.put(1010, 4)
	if got := [...]int32{x.get(960), x.get(1000), x.get(1010)}; got != [...]int32{3, 1, 4} {
		t.Errorf("960, 1000 and 1010 are %v", got)
	}
	x.remove(1000)
	if ids := x.ids(); x.len() != 2 || !slices.Equal(ids, []uint64{960, 1010}) {
		t.Errorf("%d held: %d", x.len(), ids)
	}
}

// FuzzIndex holds the index against a map, for IDs near each other and far away,
// in every order. Each two bytes put, or take away, the ID they stand for.
func FuzzIndex(f *testing.F) {
	f.Add([]byte{0, 40, 3, 0, 3, 0, 0, 0, 0, 50, 0, 40})
	f.Add([]byte{5, 255, 2, 1, 5, 255, 1, 9, 9, 9, 4, 4, 12, 200, 5, 255})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var x index
		want := make(map[uint64]int32)
		for i := 0; i+1 < len(steps); i += 2 {
			bases := [...]uint64{1, 256, 900, 5_000_000, maxID - 5000, maxID - 255, 100_000, 101_000}
			id := bases[steps[i]%8] + uint64(steps[i+1])*(1+uint64(steps[i]/64))
			if want[id] != 0 {
				x.remove(id)
				delete(want, id)
			} else {
				want[id] = int32(i + 1)
				x.put(id, want[id])
			}
			checkDisjoint(t, &x)
			if ids := x.ids(); x.len() != len(want) || !slices.Equal(ids, slices.Sorted(maps.Keys(want))) {
				t.Fatalf("step %d: %d instead of %v", i/2, ids, want)
			}
			for id, value := range want {
				if x.get(id) != value {
					t.Fatalf("step %d: %d is %d instead of %d", i/2, id, x.get(id), value)
				}
			}
		}
	})
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
