package main

import (
	"fmt"
	"time"
)

// checks look on, knowing nothing of dealers, and count what is idle.
type checks struct {
	clock *clock
	until time.Duration

	waiting, free int           // calls that nobody has begun, slots in which nothing runs
	idle          float64       // slots in which nothing ran while a call waited, times nanoseconds
	since         time.Duration // counted until then

	found []string
}

// maxFound is how much is told at most.
const maxFound = 20

func (k *checks) finds(what, format string, arguments ...any) {
	if len(k.found) < maxFound {
		k.found = append(k.found, fmt.Sprintf("%v: checker %s: ", k.clock.now, what)+fmt.Sprintf(format, arguments...))
	}
}

// count counts until now.
func (k *checks) count() {
	now := min(k.clock.now, k.until)
	if now > k.since {
		k.idle += float64(min(k.waiting, k.free)) * float64(now-k.since)
		k.since = now
	}
}

func (k *checks) arrives(*call) {
	k.count()
	k.waiting++
}

// begins: a call is run once at most, and no callee has more of them than slots.
func (k *checks) begins(s *sidecar, c *call) {
	k.count()
	k.free--
	if c.runs++; c.runs > 1 {
		k.finds("one-execution", "a call runs a second time")
	}
	if s.running++; s.running > s.slots {
		k.finds("limits", "%d calls run in %d slots", s.running, s.slots)
	}
	if c.home != s && c.away == 0 {
		k.finds("one-hop", "a call runs where it was not sent to")
	}
	if c.outcome == open {
		k.waiting--
	}
	if c.begun == 0 {
		c.begun = k.clock.now
	}
}

func (k *checks) frees(s *sidecar) {
	k.count()
	k.free++
	s.running--
}

// travels: a call leaves its home alone, and is in one place.
func (k *checks) travels(s *sidecar, c *call) {
	if c.home != s {
		k.finds("one-hop", "a call travels on")
	}
	if c.away++; c.away > 1 {
		k.finds("one-hop", "a call is in two places")
	}
}

func (k *checks) comesBack(c *call) {
	if c.away--; c.runs > 0 {
		k.finds("one-execution", "a call was refused that has run")
	}
}

// ends: a call is answered once.
func (k *checks) ends(c *call, how outcome) {
	if c.answers++; c.answers > 1 {
		k.finds("one-answer", "a call is answered a second time")
		return
	}
	if how == answered && c.runs == 0 {
		k.finds("one-answer", "a call is answered that has not run")
	}
	k.count()
	if c.outcome = how; c.runs == 0 {
		k.waiting--
	}
}

// dies takes the slots of a sidecar that is gone.
func (k *checks) dies(s *sidecar) {
	k.count()
	k.free -= s.slots - s.running
}

// rests: in the end all are answered, and no slot is taken.
func (k *checks) rests(calls []*call, sidecars []*sidecar) {
	open := 0
	for _, c := range calls {
		if c.answers == 0 {
			open++
		}
	}
	if open > 0 || k.waiting != 0 {
		k.finds("one-answer", "%d calls have no answer, %d wait", open, k.waiting)
	}
	for _, s := range sidecars {
		if !s.alive {
			continue
		}
		waiting, running := s.dealer.Load()
		if s.running != 0 || waiting != 0 || running != 0 || s.dealer.InFlight(s.callee) != 0 {
			k.finds("rest", "sidecar %d is not at rest: %d run, %d wait, %d are awaited", s.n, s.running, waiting, running)
		}
		if err := s.dealer.Audit(); err != nil {
			k.finds("audit", "sidecar %d: %v", s.n, err)
		}
	}
}
