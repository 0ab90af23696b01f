package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// call is one call, and what has become of it.
type call struct {
	arrives time.Duration
	work    time.Duration

	home    *sidecar // where the router dealt it to
	away    int      // journeys that have not been answered by "full"
	begun   time.Duration
	runs    int // how often it was begun
	answers int
	outcome outcome
}

// outcome is how a call ended.
type outcome uint8

const (
	open     outcome = iota
	answered         // by its callee
	refused
	lost // with the sidecar that had it, or its link
)

// Work lasts 50 ms on average, lognormal with a coefficient of variation of 0.5.
const (
	meanWork  = 50 * time.Millisecond
	variation = 0.5
)

// traffic draws the calls of a run, a Poisson process, for so many slots at such a
// load. They are the same whoever serves them.
func traffic(seed uint64, slots int, load float64, lasts time.Duration) (calls []*call) {
	random := rand.New(rand.NewPCG(seed, 1))
	every := float64(meanWork) / (load * float64(slots))
	sigma := math.Sqrt(math.Log(1 + variation*variation))
	mu := math.Log(float64(meanWork)) - sigma*sigma/2
	for at := time.Duration(0); ; {
		at += time.Duration(random.ExpFloat64() * every)
		if at >= lasts {
			return calls
		}
		calls = append(calls, &call{arrives: at, work: time.Duration(math.Exp(mu + sigma*random.NormFloat64()))})
	}
}

// ideal serves calls by one queue for all slots: nobody waits while any slot is free,
// and who has waited longest is next.
func ideal(calls []*call, slots int) {
	free := make(times, slots) // when each slot is free, the first in front
	for _, c := range calls {
		c.begun = max(c.arrives, free[0])
		c.outcome, c.runs, c.answers = answered, 1, 1
		free[0] = c.begun + c.work
		free.settle()
	}
}

// takeOver returns the calls as an ideal queue serves them from a time on, which takes
// over those that run then, and those that wait.
func takeOver(calls []*call, slots int, at time.Duration) []*call {
	free, all := make(times, 0, slots), make([]*call, 0, len(calls))
	for _, c := range calls {
		if c.runs > 0 && c.begun < at && c.begun+c.work > at && len(free) < slots {
			free = append(free, c.begun+c.work)
		}
	}
	for len(free) < slots {
		free = append(free, at)
	}
	slices.Sort(free)
	for _, before := range calls {
		c := *before
		if c.begun >= at || c.runs == 0 {
			c.begun, c.runs = max(c.arrives, free[0]), 1
			free[0] = c.begun + c.work
			free.settle()
		}
		all = append(all, &c)
	}
	return all
}

// times is a heap, the first in front.
type times []time.Duration

// settle takes it up that the one in front has become later.
func (t times) settle() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t); child++ {
			if t[child] < t[least] {
				least = child
			}
		}
		if least == i {
			return
		}
		t[i], t[least] = t[least], t[i]
		i = least
	}
}
