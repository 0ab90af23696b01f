package main

import (
	"slices"
	"time"
)

// percentile returns the value below which so many thousandths lie; 0 of none.
func percentile(sorted []time.Duration, thousandths int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*thousandths/1000, len(sorted)-1)]
}

// figures is what a run came to.
type figures struct {
	calls    []*call
	idle     float64 // share of the slots' time
	messages float64 // for a call
	ends     [lost + 1]int
	found    []string
}

// serve runs calls through sidecars.
func serve(with setting) figures {
	w := newWorld(with)
	w.run()
	total := sum(with.slots)
	f := figures{calls: w.calls, found: w.found}
	f.idle = w.idle / float64(total) / float64(with.lasts)
	f.messages = float64(w.messages()) / float64(len(w.calls))
	for _, c := range w.calls {
		f.ends[c.outcome]++
	}
	return f
}

// serveIdeally runs the same calls through one queue.
func serveIdeally(with setting) figures {
	total := sum(with.slots)
	calls := traffic(with.seed, total, with.load, with.lasts)
	ideal(calls, total)
	return figures{calls: calls}
}

// settled is when the first calls have ended.
const settled = time.Second

// p99 returns what 99 % of the calls have waited at most that came within a time and
// were run.
func (f figures) p99(from, until time.Duration) time.Duration {
	var all []time.Duration
	for _, c := range f.calls {
		if c.arrives >= from && c.arrives < until && c.runs > 0 {
			all = append(all, c.begun-c.arrives)
		}
	}
	slices.Sort(all)
	return percentile(all, 990)
}

func sum(all []int) (n int) {
	for _, one := range all {
		n += one
	}
	return n
}
