package proxy

import (
	"math/rand/v2"
	"testing"
)

// TestRenumbering compares with the obvious: lists of what each side sees.
func TestRenumbering(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		begin := []uint64{0, rng.Uint64N(1000), maxID - rng.Uint64N(60)}[seed%3]
		n, client, router := newRenumbering(begin, nil), begin, begin
		follow := func(id uint64) uint64 { return id%maxID + 1 }
		atRouter := make(map[uint64]uint64) // without an answer: the client's ID by the router's
		calls := make(map[uint64]bool)      // by the router's ID
		for range 200 {
			switch rng.IntN(8) {
			case 0: // answered here
				client = follow(client)
				n.swallow(client)
			case 1:
				router = follow(router)
				if got := n.insert(); got != router {
					t.Fatalf("seed %d: inserted request gets ID %d, and the router expects %d", seed, got, router)
				}
				if _, known := n.answer(router, true); known {
					t.Fatalf("seed %d: the answer to our own request %d goes to the client", seed, router)
				}
			case 2:
				client, router = follow(client), follow(router)
				if up := n.request(client, false); up != router {
					t.Fatalf("seed %d: client's request %d gets ID %d, and the router expects %d", seed, client, up, router)
				}
			case 3, 4:
				client, router = follow(client), follow(router)
				call := rng.IntN(2) == 0
				up, known := uint64(0), true
				if call {
					up, known = n.call(client, false)
				} else {
					up = n.request(client, true)
				}
				if up != router || !known {
					t.Fatalf("seed %d: client's request %d gets ID %d, and the router expects %d", seed, client, up, router)
				}
				atRouter[router], calls[router] = client, call
			default:
				for up, down := range atRouter {
					if calls[up] {
						if got, known := n.cancel(down); got != up || !known {
							t.Fatalf("seed %d: CANCEL of %d goes to %d (%t), want %d", seed, down, got, known, up)
						}
					}
					final := rng.IntN(3) > 0
					got, known := n.answer(up, final)
					if !known || got != down {
						t.Fatalf("seed %d: router's request %d is the client's %d (known: %t), want %d", seed, up, got, known, down)
					}
					if final {
						delete(atRouter, up)
					}
					break
				}
			}
		}
		if n.open.len() != len(atRouter) {
			t.Fatalf("seed %d: remembers %d requests, and %d have no answer", seed, n.open.len(), len(atRouter))
		}
	}
}

func TestRenumberingOfPartsAndLateAnswers(t *testing.T) {
	n := newRenumbering(4, nil)
	n.swallow(5)
	for range 2 { // further parts keep their ID, whatever came between
		if up, known := n.call(6, true); up != 5 || !known {
			t.Fatalf("call 6 is %d (%t) at the router, want 5", up, known)
		}
		n.request(n.client+1, false)
	}
	for id, want := range map[uint64]bool{3: true, 4: true, 6: false, 7: false, 100: true} {
		if got, known := n.answer(id, true); known != want || known && got != id {
			t.Errorf("an answer to %d goes to %d (%t), want %t", id, got, known, want)
		}
	}
	if id, known := n.answer(5, true); id != 6 || !known {
		t.Errorf("the answer to 5 goes to %d (%t), want 6", id, known)
	}
	if _, known := n.call(6, false); known {
		t.Error("a part that comes behind the call's answer is taken for a new call")
	}
	if _, known := n.cancel(6); known {
		t.Error("a CANCEL of a call that is over passes")
	}
	if up, known := n.cancel(2); up != 2 || !known {
		t.Error("a CANCEL of a call of before does not pass as it is")
	}
}

// What the client itself leaves out or repeats, the router sees just so.
func TestRenumberingKeepsTheClientsGaps(t *testing.T) {
	n := newRenumbering(0, nil)
	n.swallow(1)
	for _, step := range []struct{ client, router uint64 }{
		{2, 1}, {4, 3}, {4, 3}, {3, 2}, {maxID, maxID - 1}, {1, maxID}, {2, 1},
	} {
		if up := n.request(step.client, false); up != step.router {
			t.Fatalf("client's request %d is %d at the router, want %d", step.client, up, step.router)
		}
	}
	n.swallow(4) // 3 is left out
	if up := n.request(5, false); up != 3 {
		t.Fatalf("client's request 5 is %d at the router, want 3", up)
	}
}

// A progressive call that began before renumbering keeps its ID, and so does what
// else a client repeats of then.
func TestRenumberingOfRequestsFromBefore(t *testing.T) {
	n := newRenumbering(5, nil)
	n.swallow(6)
	for _, more := range []bool{true, true, false} {
		if id, passes := n.call(3, more); id != 3 || !passes {
			t.Errorf("a part of call 3 gets ID %d (passes: %t)", id, passes)
		}
	}
	if id, known := n.answer(3, true); id != 3 || !known {
		t.Errorf("the answer to call 3 is for %d (known: %t)", id, known)
	}
	if id := n.request(5, true); id != 5 {
		t.Errorf("request 5, repeated, gets ID %d", id)
	}
	if id := n.request(7, true); id != 6 {
		t.Errorf("request 7 gets ID %d, want 6", id)
	}
}
