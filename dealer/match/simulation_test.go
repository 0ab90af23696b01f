package match_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var (
	simSeed  = flag.Uint64("sim.seed", 0, "seed of the simulation; 0: a fresh one from the clock")
	simSteps = flag.Int("sim.steps", defaultSteps, "steps of the simulation, over all its worlds")
)

// TestSimulation lives through many short random worlds, before checkers and beside a
// model that is slow and obvious. A seed replays its worlds exactly.
func TestSimulation(t *testing.T) {
	seed := *simSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	fmt.Printf("simulation: %d steps, -sim.seed=%d\n", *simSteps, seed)
	matches, expired := 0, 0
	for worlds, steps := 1, 0; steps < *simSteps; worlds++ {
		random := rand.New(rand.NewPCG(seed, uint64(worlds)))
		w := newWorld(random)
		steps += w.run(20 + random.IntN(600))
		matches += w.matches
		expired += w.expired
		if w.found != nil {
			t.Fatalf("checker %s: %s\nseed %d, world %d; limits %+v; the last events:\n%s", w.found.checker, w.found.text, seed, worlds, w.limits, strings.Join(w.events, "\n"))
		}
	}
	if *simSteps >= defaultSteps && (matches < *simSteps/20 || expired < *simSteps/1000) {
		t.Errorf("the worlds are too tame: %d matches, %d times something on its way was lost", matches, expired)
	}
}

// bytesAsDice are dice as the fuzzer throws them.
type bytesAsDice struct{ rest []byte }

func (b *bytesAsDice) IntN(n int) int {
	if len(b.rest) == 0 {
		return 0
	}
	v := int(b.rest[0])
	b.rest = b.rest[1:]
	if n > 256 && len(b.rest) > 0 {
		v = v<<8 | int(b.rest[0])
		b.rest = b.rest[1:]
	}
	return v % n
}

func FuzzMatchmaker(f *testing.F) {
	f.Add([]byte("a matchmaker"))
	f.Add([]byte{9, 9, 9, 9, 20, 1, 1, 1, 2, 2, 20, 2, 1, 1, 0, 3, 5, 1})
	f.Fuzz(func(t *testing.T, thrown []byte) {
		d := &bytesAsDice{thrown}
		w := newWorld(d)
		for range len(thrown) {
			if w.run(1); w.found != nil {
				t.Fatalf("checker %s: %s\n%s", w.found.checker, w.found.text, strings.Join(w.events, "\n"))
			}
			if len(d.rest) == 0 {
				return
			}
		}
	})
}
