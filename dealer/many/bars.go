package main

import (
	"fmt"
	"time"
)

// reading is what one run shows of one thing.
type reading struct {
	what  string
	unit  string
	value float64
	most  float64 // the bar; below 0: there is none
}

// noBar marks what is told only.
const noBar = -1

// trial is something that is tried with each seed.
type trial struct {
	name string
	run  func(seed uint64) ([]reading, []string)
}

// maxMessages is how many messages a call may cost.
const maxMessages = 6

// trials are all that must be shown.
func trials() []trial {
	near := 200 * time.Microsecond
	all := []trial{
		steady("100 × 1 slot", setting{slots: alike(100, 1), lasts: 60 * time.Second, delay: near}, 10, 1.5),
		steady("100 × 4 slots", setting{slots: alike(100, 4), lasts: 20 * time.Second, delay: near}, 5, 1),
		steady("100 × 8 slots", setting{slots: alike(100, 8), lasts: 12 * time.Second, delay: near}, 2, 0.5),
		steady("100 × 14, 2, … slots, weighted", unequal(setting{lasts: 12 * time.Second, delay: near}), 2, 0.5),
		steady("1000 × 1 slot", setting{slots: alike(1000, 1), lasts: 6 * time.Second, delay: near}, 3, noBar),
	}
	for _, slots := range []int{4, 8} {
		most := map[int]float64{4: 5, 8: 2}[slots]
		with := setting{slots: alike(100, slots), lasts: 15 * time.Second, delay: near}
		all = append(all,
			outage(fmt.Sprintf("100 × %d slots, matchmaker hangs", slots), with, false, most),
			outage(fmt.Sprintf("100 × %d slots, matchmaker killed", slots), with, true, most),
		)
	}
	far := 20 * time.Millisecond
	for _, slots := range []int{1, 4, 8} {
		all = append(all, distant(fmt.Sprintf("100 × %d slots, 20 ms", slots), setting{slots: alike(100, slots), lasts: 15 * time.Second, delay: far}))
	}
	return append(all,
		distant("100 × 14, 2, … slots, weighted, 20 ms", unequal(setting{lasts: 15 * time.Second, delay: far})),
		trial{"100 × 1000 idle pools", idlePools},
		stormy("30 × 4 slots, storm", setting{slots: alike(30, 4), lasts: 20 * time.Second, delay: near}),
		stormy("30 × 4 slots, storm, 20 ms", setting{slots: alike(30, 4), lasts: 20 * time.Second, delay: far}),
		told("100 × 4 slots, one lies", func(s setting) setting {
			s.slots, s.faults = alike(100, 4), []fault{{0, func(w *world) { w.sidecars[0].lies = true }}}
			return s
		}, near),
		told("100 × 14, 2, … slots, weighted, sessions in a row", func(s setting) setting { s = unequal(s); s.blocks = true; return s }, near),
		told("100 × 1 slot, 1 ms", func(s setting) setting { s.slots = alike(100, 1); return s }, time.Millisecond),
		told("100 × 8 slots, 1 ms", func(s setting) setting { s.slots = alike(100, 8); return s }, time.Millisecond),
		told("2 × 8, 1 slots", func(s setting) setting { s.slots, s.queue = []int{8, 1}, 45; s.load = 0.8; return s }, near),
	)
}

// alike returns the slots of n sidecars that have as many.
func alike(n, slots int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = slots
	}
	return all
}

// unequal has every second of 100 sidecars have 14 slots, and the others 2. Each is
// registered at the router once for every two.
func unequal(s setting) setting {
	for range 50 {
		s.slots = append(s.slots, 14, 2)
		s.weights = append(s.weights, 7, 1)
	}
	return s
}

// with returns a setting completed.
func (s setting) with(seed uint64, cluster bool) setting {
	s.seed, s.cluster = seed, cluster
	if s.load == 0 {
		s.load = 0.9
	}
	if s.queue == 0 {
		s.queue = 1 << 20
	}
	return s
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// steady is a trial in which nothing goes wrong.
func steady(name string, s setting, above, wasted float64) trial {
	return trial{name, func(seed uint64) ([]reading, []string) {
		best, got := serveIdeally(s.with(seed, false)), serve(s.with(seed, true))
		return []reading{
			{"p99 wait above the ideal's", "ms", milliseconds(got.p99(settled, s.lasts) - best.p99(settled, s.lasts)), above},
			{"capacity idle while calls wait", "%", 100 * got.idle, wasted},
			{"messages for a call", "", got.messages, maxMessages},
		}, got.found
	}}
}

// distant is one where links are slow.
func distant(name string, s setting) trial {
	return trial{name, func(seed uint64) ([]reading, []string) {
		none, got := serve(s.with(seed, false)), serve(s.with(seed, true))
		return []reading{
			{"p99 wait ÷ no cluster's", "", milliseconds(got.p99(settled, s.lasts)) / milliseconds(none.p99(settled, s.lasts)), 1.1},
			{"messages for a call", "", got.messages, maxMessages},
		}, append(none.found, got.found...)
	}}
}

// An outage begins, is noticed and mended at these times; a killed one is noticed at once.
const (
	outageBegins = 3 * time.Second
	hangNoticed  = 3 * time.Second
	afterwards   = 100 * time.Millisecond
	window       = time.Second // in less of it, chance decides which sidecar is in trouble
)

// outage is one whose matchmaker is gone. While it is, waits are held against those
// without a cluster, in each window; from a moment afterwards on against an ideal queue
// that takes over at the same time, with all that waits then.
func outage(name string, s setting, killed bool, above float64) trial {
	return trial{name, func(seed uint64) ([]reading, []string) {
		s, mended, slots := s, outageBegins, sum(s.slots)
		s.faults = []fault{{outageBegins, func(w *world) { w.hang(hangNoticed) }}}
		if killed {
			maker := newWorld(s.with(seed, true)).maker()
			s.faults = []fault{{outageBegins, func(w *world) { w.kill(w.sidecars[maker]) }}}
			slots -= s.slots[maker]
		} else {
			mended += hangNoticed
		}
		none, got := serve(s.with(seed, false)), serve(s.with(seed, true))
		worst := 0.0
		for at := outageBegins; at < max(mended, outageBegins+1); at += window {
			have, without := got.p99(at, at+window), none.p99(at, at+window)
			worst = max(worst, float64(have)/float64(max(without, 1)))
		}
		before := none
		if killed {
			before = serveIdeally(s.with(seed, false))
		}
		best := figures{calls: takeOver(before.calls, slots, mended)}
		from, until := mended+afterwards, s.lasts
		return []reading{
			{"p99 wait ÷ no cluster's, worst second", "", worst, 1.1},
			{"p99 wait above the ideal's, from 100 ms after on", "ms", milliseconds(got.p99(from, until) - best.p99(from, until)), above},
		}, append(none.found, got.found...)
	}}
}

// stormy is one in which links are lost, nodes killed, and views split.
func stormy(name string, s setting) trial {
	return trial{name, func(seed uint64) ([]reading, []string) {
		s := s
		s.faults = storm(s.lasts)
		got := serve(s.with(seed, true))
		return []reading{
			{"calls unanswered", "", float64(got.ends[open]), 0},
			{"calls lost with what had them", "%", 100 * float64(got.ends[lost]) / float64(len(got.calls)), noBar},
		}, got.found
	}}
}

// told is one that has no bar.
func told(name string, of func(setting) setting, delay time.Duration) trial {
	return trial{name, func(seed uint64) ([]reading, []string) {
		s := of(setting{lasts: 15 * time.Second, delay: delay})
		best, none, got := serveIdeally(s.with(seed, false)), serve(s.with(seed, false)), serve(s.with(seed, true))
		return []reading{
			{"p99 wait above the ideal's", "ms", milliseconds(got.p99(settled, s.lasts) - best.p99(settled, s.lasts)), noBar},
			{"the same without a cluster", "ms", milliseconds(none.p99(settled, s.lasts) - best.p99(settled, s.lasts)), noBar},
			{"capacity idle while calls wait", "%", 100 * got.idle, noBar},
			{"refused", "%", 100 * float64(got.ends[refused]) / float64(len(got.calls)), noBar},
			{"messages for a call", "", got.messages, maxMessages},
		}, append(none.found, got.found...)
	}}
}
