package admission_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/dealer/admission"
)

var (
	simSeed  = flag.Uint64("sim.seed", 0, "seed of the simulation; 0: a fresh one from the clock")
	simAudit = flag.Bool("sim.audit", true, "have the registrar audit its own books too")
	simSteps = flag.Int("sim.steps", 0, "steps of the simulation, over all its worlds; 0: some")
)

// TestSimulation lives through many short random worlds. Checkers that know
// only events and actions watch each of them, see books. A seed replays its
// worlds exactly: go test ./dealer/admission -run TestSimulation -sim.seed=N.
func TestSimulation(t *testing.T) {
	seed, most := *simSeed, *simSteps
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	if most == 0 {
		most = defaultSteps
	}
	fmt.Printf("simulation of admission: %d steps, -sim.seed=%d\n", most, seed)
	worlds, steps := 0, 0
	var seen tally
	for steps < most {
		worlds++
		rng := rand.New(rand.NewPCG(seed, uint64(worlds)))
		w, n := newWorld(rng), 50+rng.IntN(1500)
		lived, found := w.run(n)
		steps += lived
		seen.add(&w.seen)
		if found != nil {
			t.Fatalf("checker %s: %s\nseed %d, world %d, step %d (%d of all); the last events and their actions:\n%s",
				found.checker, found.text, seed, worlds, lived, steps, w.history())
		}
	}
	t.Logf("%d worlds, %d steps: %s", worlds, steps, &seen)
	if missed := slices.DeleteFunc(seen.missed(), rarely); most >= 300_000 && len(missed) > 0 {
		t.Errorf("the worlds are too tame, nothing of this came up: %s", missed)
	}
}

// tally counts what happened, to show that the worlds are wild enough.
type tally struct {
	events  [len(eventNames)]int
	actions [admission.Renew + 1]int
	reasons [admission.NoUndo + 1]int
}

func (t *tally) count(e event, actions []admission.Action) {
	t.events[e.kind]++
	for _, a := range actions {
		t.actions[a.Kind]++
		if a.Kind == admission.Deny {
			t.reasons[a.Denial.Reason]++
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
		f("-> "+simActionNames[i+1], n)
	}
	for i, n := range t.reasons[1:] {
		f("-> deny "+admission.Reason(i+1).String(), n)
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

// rarely is what takes more than a small part of all worlds: REGISTERs that outlive
// their patience before it was the turn of their probe.
func rarely(name string) bool {
	return name == "-> deny "+admission.NoTurn.String() || name == "-> deny "+admission.Unsteady.String()
}

func (t *tally) String() string {
	var b strings.Builder
	t.each(func(name string, n int) { fmt.Fprintf(&b, "\n%9d %s", n, name) })
	return b.String()
}
