package main

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// small is a world that a test can afford.
func small(seed uint64) setting {
	return setting{slots: alike(12, 3), lasts: 6 * time.Second, delay: 200 * time.Microsecond}.with(seed, true)
}

// expectNothing fails the test if a checker has found something, or a call has no
// answer.
func expectNothing(t *testing.T, f figures) {
	t.Helper()
	for _, found := range f.found {
		t.Error(found)
	}
	if f.ends[open] > 0 {
		t.Errorf("%d calls were not answered", f.ends[open])
	}
}

// Twelve sidecars are nearly as one queue, for few messages.
func TestManyAreNearlyOne(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		with := small(seed)
		got, best := serve(with), serveIdeally(with)
		with.cluster = false
		none := serve(with)
		expectNothing(t, got)
		expectNothing(t, none)
		p99 := func(f figures) time.Duration { return f.p99(settled, with.lasts) }
		if p99(none) < 2*p99(best) {
			t.Fatalf("seed %d: there is nothing to gain: p99 is %v at best, and %v", seed, p99(best), p99(none))
		}
		if p99(got)-p99(best) > (p99(none)-p99(best))/4 || got.idle > none.idle/5 {
			t.Errorf("seed %d: p99 is %v, at best %v, without a cluster %v; idle %.4f and %.4f", seed, p99(got), p99(best), p99(none), got.idle, none.idle)
		}
		if got.messages > maxMessages {
			t.Errorf("seed %d: %.2f messages for a call", seed, got.messages)
		}
		if got.ends[answered] != len(got.calls) || none.messages != 0 {
			t.Errorf("seed %d: %d of %d calls were served, %v messages without a cluster", seed, got.ends[answered], len(got.calls), none.messages)
		}
	}
}

// Whatever is lost, each call is answered, and run once at most.
func TestStorm(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		for _, delay := range []time.Duration{200 * time.Microsecond, 20 * time.Millisecond} {
			with := small(seed)
			with.delay, with.faults = delay, storm(with.lasts)
			f := serve(with)
			expectNothing(t, f)
			if f.ends[lost] == 0 || f.ends[answered] < len(f.calls)*9/10 {
				t.Errorf("seed %d: %d of %d calls were served, %d lost", seed, f.ends[answered], len(f.calls), f.ends[lost])
			}
		}
	}
}

// Each matchmaker in turn is lost, and all goes on as before.
func TestSuccessorsKnowNothing(t *testing.T) {
	with := small(1)
	with.lasts = 10 * time.Second
	for at := time.Second; at < 9*time.Second; at += 2 * time.Second {
		with.faults = append(with.faults, fault{at, func(w *world) { w.hang(100 * time.Millisecond) }})
	}
	f := serve(with)
	expectNothing(t, f)
	with.faults = nil
	if whole := serve(with); f.idle > 2*whole.idle+0.01 {
		t.Errorf("idle %.4f, and %.4f with one matchmaker", f.idle, whole.idle)
	}
}

// Who says that it has room and has none costs the others refusals, and no more than
// they gain.
func TestOneLies(t *testing.T) {
	with := small(1)
	with.faults = []fault{{0, func(w *world) { w.sidecars[0].lies = true }}}
	f := serve(with)
	expectNothing(t, f)
	with.cluster = false
	if none := serve(with); f.idle > none.idle/2 || f.messages > 2*maxMessages {
		t.Errorf("idle %.4f, and %.4f without a cluster; %.2f messages for a call", f.idle, none.idle, f.messages)
	}
}

// A run depends on its seed alone.
func TestRunsRepeat(t *testing.T) {
	tell := func(seed uint64) string {
		with := small(seed)
		with.lasts, with.faults = 3*time.Second, storm(3*time.Second)
		f := serve(with)
		return fmt.Sprint(len(f.calls), f.ends, f.idle, f.messages, f.p99(0, with.lasts))
	}
	if a, b := tell(7), tell(7); a != b {
		t.Errorf("the same seed gives %s and %s", a, b)
	}
	if tell(7) == tell(8) {
		t.Error("two seeds give the same")
	}
}

// The ideal queue is held against one that looks at each slot.
func TestIdeal(t *testing.T) {
	with := setting{seed: 3, slots: []int{5}, load: 0.95, lasts: 20 * time.Second}
	f := serveIdeally(with)
	free := make([]time.Duration, 5)
	for _, c := range f.calls {
		slices.Sort(free)
		if begins := max(c.arrives, free[0]); c.begun != begins {
			t.Fatalf("a call that comes at %v begins at %v, not at %v", c.arrives, c.begun, begins)
		}
		free[0] = c.begun + c.work
	}
	for i, c := range takeOver(f.calls, 5, 10*time.Second) {
		if c.begun != f.calls[i].begun {
			t.Fatalf("call %d begins at %v after an ideal queue took over from one, at %v before", i, c.begun, f.calls[i].begun)
		}
	}
}

// Calls come as often, and take as long, as they should.
func TestTraffic(t *testing.T) {
	calls, work := traffic(1, 100, 0.9, 20*time.Second), time.Duration(0)
	for _, c := range calls {
		work += c.work
	}
	if used := work.Seconds() / 20 / 100; used < 0.88 || used > 0.92 {
		t.Errorf("%d calls use %.3f of the slots", len(calls), used)
	}
	if mean := work / time.Duration(len(calls)); mean < 49*time.Millisecond || mean > 51*time.Millisecond {
		t.Errorf("a call takes %v on average", mean)
	}
}

// Loads of pools that are idle take less than a node may send.
func TestIdlePools(t *testing.T) {
	readings, found := idlePools(1)
	if len(found) > 0 || readings[0].value > readings[0].most || readings[0].value < 1 {
		t.Errorf("%+v %v", readings, found)
	}
}

// The checkers find what a sidecar does that it must not.
func TestCheckersCanFail(t *testing.T) {
	for name, wrong := range map[string]func(*world){
		"one-answer":    func(w *world) { w.ends(w.calls[0], answered) },
		"one-execution": func(w *world) { w.begins(w.sidecars[0], w.calls[0]) },
		"one-hop":       func(w *world) { w.travels(w.sidecars[1], &call{home: w.sidecars[0]}) },
		"limits":        func(w *world) { w.sidecars[0].running = 9; w.begins(w.sidecars[0], &call{home: w.sidecars[0]}) },
		"rest":          func(w *world) { w.sidecars[0].running = 1; w.rests(nil, w.sidecars) },
	} {
		with := small(1)
		with.lasts = time.Second
		w := newWorld(with)
		if w.run(); len(w.found) > 0 {
			t.Fatal(w.found)
		}
		if wrong(w); len(w.found) == 0 {
			t.Errorf("checker %s finds nothing", name)
		}
	}
}
