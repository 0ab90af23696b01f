package main

import (
	"math/rand/v2"
	"time"

	"github.com/wampool/wampool/dealer/match"
)

// setting is what a run is like.
type setting struct {
	seed    uint64
	slots   []int // of each sidecar
	weights []int // its sessions at the router; nil: one for each
	blocks  bool  // those of a sidecar stand in a row at the router; else they are mixed
	load    float64
	queue   int
	delay   time.Duration // of a message, one way
	lasts   time.Duration // so long calls come
	cluster bool          // there are links
	faults  []fault
}

// world is a router, its sidecars and what is between them.
type world struct {
	setting
	wire
	checks
	clock    clock
	sidecars []*sidecar
	byID     map[match.Node]*sidecar
	sessions []*sidecar // the router's, in the order in which they registered
	turn     int
	calls    []*call
}

func newWorld(with setting) *world {
	w := &world{setting: with, byID: make(map[match.Node]*sidecar)}
	w.wire = wire{
		clock: &w.clock, random: rand.New(rand.NewPCG(with.seed, 2)), oneWay: with.delay,
		last: make(map[direction]time.Duration), cut: make(map[link]bool), era: make(map[link]int),
	}
	total := 0
	for n, slots := range with.slots {
		s := newSidecar(w, n, slots)
		w.sidecars = append(w.sidecars, s)
		w.byID[s.id] = s
		total += slots
		weight := 1
		if with.weights != nil {
			weight = with.weights[n]
		}
		for range weight {
			w.sessions = append(w.sessions, s)
		}
	}
	if !with.blocks {
		w.random.Shuffle(len(w.sessions), func(i, j int) { w.sessions[i], w.sessions[j] = w.sessions[j], w.sessions[i] })
	}
	w.calls = traffic(with.seed, total, with.load, with.lasts)
	w.checks = checks{clock: &w.clock, until: with.lasts, free: total}
	return w
}

// quiet is how long after its last call a world may take to come to rest.
const quiet = 5 * time.Minute

// run brings all calls, and what else happens, until nothing is left to happen.
func (w *world) run() {
	if w.cluster {
		w.chooseAll()
		w.repeat()
	}
	for _, f := range w.faults {
		w.clock.at(f.at, func() { f.happens(w) })
	}
	w.next(0)
	w.clock.run(w.lasts + quiet)
	w.rests(w.calls, w.sidecars)
}

// maker returns the number of who will be the matchmaker.
func (w *world) maker() int {
	w.chooseAll()
	return w.sidecars[0].maker.n
}

func (w *world) chooseAll() {
	for _, s := range w.sidecars {
		if s.alive && w.cluster {
			s.choose()
		}
	}
}

// next has the router deal the nth call, to the next of its sessions.
func (w *world) next(n int) {
	if n == len(w.calls) {
		return
	}
	c := w.calls[n]
	w.clock.at(c.arrives, func() {
		w.arrives(c)
		w.turn = (w.turn + 1) % len(w.sessions)
		w.sessions[w.turn].take(uint64(n+1), c) //nolint:gosec // not negative
		w.next(n + 1)
	})
}
