package dealer_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/dealer"
)

var (
	simSeed  = flag.Uint64("sim.seed", 0, "seed of the simulation; 0: a fresh one from the clock")
	simSteps = flag.Int("sim.steps", defaultSteps, "steps of the simulation, over all its worlds")
)

// TestSimulation lives through many short random worlds. Checkers that know
// only events and actions watch each of them, see books. A seed replays its
// worlds exactly: go test ./dealer -run TestSimulation -sim.seed=N.
func TestSimulation(t *testing.T) {
	seed := *simSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	fmt.Printf("simulation: %d steps, -sim.seed=%d\n", *simSteps, seed)
	worlds, steps := 0, 0
	var seen tally
	for steps < *simSteps {
		worlds++
		w, n := worldOf(seed, worlds)
		lived, found := w.run(n)
		steps += lived
		seen.add(&w.seen)
		if found != nil {
			t.Fatalf("checker %s: %s\nseed %d, world %d, step %d (%d of all); the last events and their actions:\n%s",
				found.checker, found.text, seed, worlds, lived, steps, w.history())
		}
	}
	t.Logf("%d worlds, %d steps: %s", worlds, steps, &seen)
	if missed := seen.missed(); *simSteps >= defaultSteps && len(missed) > 0 {
		t.Errorf("the worlds are too tame, nothing of this came up: %s", missed)
	}
}

// worldOf returns a world of that seed and its length in steps.
func worldOf(seed uint64, number int) (*world, int) {
	rng := rand.New(rand.NewPCG(seed, uint64(number)))
	return newWorld(rng), 20 + rng.IntN(1500)
}

// tally counts what happened, to show that the worlds are wild enough.
type tally struct {
	events  [len(eventNames)]int
	actions [len(actionNames)]int
	reasons [dealer.ReasonFull + 1]int
}

func (t *tally) count(e event, actions []dealer.Action) {
	t.events[e.kind]++
	for _, a := range actions {
		t.actions[a.Kind]++
		if a.Kind == dealer.Refuse {
			t.reasons[a.Refusal.Reason]++
		}
	}
}

func (t *tally) add(other *tally) {
	for i, n := range other.events {
		t.events[i] += n
	}
	for i, n := range other.actions {
		t.actions[i] += n
	}
	for i, n := range other.reasons {
		t.reasons[i] += n
	}
}

// each calls f with the name and number of everything that is counted.
func (t *tally) each(f func(name string, n int)) {
	for i, n := range t.events[1:] {
		f(eventNames[i+1], n)
	}
	for i, n := range t.actions[1:] {
		f("-> "+actionNames[i+1], n)
	}
	for i, n := range t.reasons[1:] {
		f("-> refuse "+dealer.Reason(i+1).String(), n)
	}
}

func (t *tally) missed() (names []string) {
	t.each(func(name string, n int) {
		if n == 0 {
			names = append(names, name)
		}
	})
	return names
}

func (t *tally) String() string {
	var b strings.Builder
	t.each(func(name string, n int) { fmt.Fprintf(&b, "\n%9d %s", n, name) })
	return b.String()
}
