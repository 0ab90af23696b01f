package proxy

import (
	"math/rand/v2"
	"testing"
)

// TestRequestShift compares with the obvious: a list of what the router sees.
func TestRequestShift(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var shift requestShift
		var wire []uint64 // by router ID-1: the client's ID, 0 for a request of our own
		client := uint64(0)
		for range 100 {
			client++
			switch rng.IntN(8) {
			case 0: // answered here
				shift.swallow(client)
				continue
			case 1: // ours goes behind it, perhaps more than one
				wire = append(wire, client)
				for range 1 + rng.IntN(3) {
					if id := shift.up(client + 1); id != uint64(len(wire))+1 {
						t.Fatalf("seed %d: inserted request gets ID %d, and the router expects %d", seed, id, len(wire)+1)
					}
					shift.insert(client)
					wire = append(wire, 0)
				}
			default:
				wire = append(wire, client)
			}
		}
		for i, want := range wire {
			id := uint64(i) + 1
			down, known := shift.down(id)
			if known != (want != 0) || known && down != want {
				t.Fatalf("seed %d: router's request %d is the client's %d (known: %t), want %d", seed, id, down, known, want)
			}
			if want != 0 && shift.up(want) != id {
				t.Fatalf("seed %d: client's request %d is the router's %d, want %d", seed, want, shift.up(want), id)
			}
		}
	}
}

func TestRequestShiftWraps(t *testing.T) {
	var shift requestShift
	shift.insert(5)
	if got := shift.up(maxID); got != 1 {
		t.Errorf("the ID behind 2^53 is %d, want 1", got)
	}
	if got := shift.up(5); got != 5 {
		t.Errorf("an ID before the shift becomes %d, want 5", got)
	}
}
