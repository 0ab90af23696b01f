package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/wampool/wampool/integration/wire"
)

// weather is what happens to the programs and the links between them.
type weather struct {
	random  *rand.Rand
	wire    *wire.Wire
	hosts   []*wire.Host
	kept    []*program // that may be stopped, killed and started again
	sidecar *sidecar
	ledger  *ledger
	clock   *clock // wampool's; nil: it has that of the machine

	mu       sync.Mutex
	busy     map[string]bool           // what is in some weather now
	happened map[string]map[string]int // how often, to what, by the event's name
	undone   sync.WaitGroup
}

// event is one thing that may happen.
type event struct {
	name   string
	weight int
	begin  func(w *weather) (what string, length time.Duration, begin, end func())
}

func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)))
}

var events = []event{
	{"delay", 6, func(w *weather) (string, time.Duration, func(), func()) {
		c := wire.Condition{Delay: between(w.random, time.Millisecond, 150*time.Millisecond), Jitter: between(w.random, 1, 50*time.Millisecond)}
		return w.onLink(c, between(w.random, time.Second, 20*time.Second))
	}},
	{"loss", 4, func(w *weather) (string, time.Duration, func(), func()) {
		return w.onLink(wire.Condition{Delay: time.Millisecond, Loss: 0.002 + 0.05*w.random.Float64()}, between(w.random, time.Second, 20*time.Second))
	}},
	{"reordering", 3, func(w *weather) (string, time.Duration, func(), func()) {
		c := wire.Condition{Delay: between(w.random, time.Millisecond, 20*time.Millisecond), Reorder: 0.2 * w.random.Float64()}
		return w.onLink(c, between(w.random, time.Second, 20*time.Second))
	}},
	{"partition", 4, func(w *weather) (string, time.Duration, func(), func()) {
		return w.onLink(wire.Condition{Down: true}, between(w.random, time.Second, 25*time.Second))
	}},
	{"one way", 3, func(w *weather) (string, time.Duration, func(), func()) {
		a, b, what := w.link()
		if w.random.IntN(2) == 0 {
			a, b = b, a
		}
		return what, between(w.random, time.Second, 20*time.Second),
			func() { w.wire.Set(a.Address, b.Address, wire.Condition{}, wire.Condition{Down: true}) },
			func() { w.wire.Set(a.Address, b.Address, wire.Condition{}, wire.Condition{}) }
	}},
	{"slow link", 3, func(w *weather) (string, time.Duration, func(), func()) {
		c := wire.Condition{Delay: time.Millisecond, Rate: 50_000 + w.random.IntN(500_000)}
		return w.onLink(c, between(w.random, time.Second, 15*time.Second))
	}},
	{"stopped", 5, func(w *weather) (string, time.Duration, func(), func()) {
		p := w.anybody()
		return p.name, between(w.random, 200*time.Millisecond, 8*time.Second),
			func() { p.signal(syscall.SIGSTOP) }, func() { p.signal(syscall.SIGCONT) }
	}},
	{"killed", 3, func(w *weather) (string, time.Duration, func(), func()) {
		p := w.anybody()
		return p.name, 5 * time.Second, func() { w.kill(p, syscall.SIGKILL) }, func() {}
	}},
	{"restarted", 3, func(w *weather) (string, time.Duration, func(), func()) {
		p, run := w.anybody(), 0
		return p.name, 8 * time.Second, func() {
				run = p.starts()
				w.kill(p, syscall.SIGTERM)
			}, func() {
				if p != &w.sidecar.program && p.starts() == run { // wampool must stop by itself
					w.kill(p, syscall.SIGKILL)
				}
			}
	}},
	{"disk full", 2, func(w *weather) (string, time.Duration, func(), func()) {
		if w.sidecar.disk == nil {
			return "", 0, nil, nil
		}
		return "disk", between(w.random, 2*time.Second, 15*time.Second), w.sidecar.fill, w.sidecar.free
	}},
	{"no descriptor left", 2, func(w *weather) (string, time.Duration, func(), func()) {
		var pid int
		var before uint64
		return "descriptors", between(w.random, time.Second, 8*time.Second), func() {
				if pid = w.sidecar.pid(); pid == 0 {
					return
				}
				now, _ := resourcesOf(pid)
				before, _ = limitFiles(pid, uint64(max(now.files, 8)))
			}, func() {
				if before > 0 && pid == w.sidecar.pid() {
					_, _ = limitFiles(pid, before)
				}
			}
	}},
	{"reloaded", 2, func(w *weather) (string, time.Duration, func(), func()) {
		rules := poolRules{slots: 1 + w.random.IntN(mostSlots), queue: 5 + w.random.IntN(500), direct: w.random.IntN(3) > 0}
		return "configuration", between(w.random, time.Second, 15*time.Second),
			func() { w.sidecar.reload(rules) }, func() { w.sidecar.reload(usualRules) }
	}},
	{"clock stepped", 2, func(w *weather) (string, time.Duration, func(), func()) {
		if w.clock == nil {
			return "", 0, nil, nil
		}
		by := between(w.random, -400*24*time.Hour, 400*24*time.Hour)
		if w.random.IntN(2) == 0 {
			by = between(w.random, -time.Minute, time.Minute)
		}
		return "clock", between(w.random, time.Second, 15*time.Second), func() { w.clock.set(by) }, func() { w.clock.set(0) }
	}},
}

// link draws one of the sidecar's links, or that between callers and router.
func (w *weather) link() (a, b *wire.Host, name string) {
	a, b = w.hosts[0], w.hosts[1+w.random.IntN(len(w.hosts)-1)]
	if w.random.IntN(4) == 0 {
		a, b = w.hosts[1], w.hosts[3]
	}
	return a, b, min(a.Name, b.Name) + "–" + max(a.Name, b.Name)
}

// onLink is weather on a link, both ways.
func (w *weather) onLink(c wire.Condition, length time.Duration) (string, time.Duration, func(), func()) {
	a, b, what := w.link()
	return what, length, func() { w.wire.Set(a.Address, b.Address, c, c) }, func() { w.wire.Set(a.Address, b.Address, wire.Condition{}, wire.Condition{}) }
}

func (w *weather) anybody() *program {
	if w.random.IntN(3) == 0 {
		return &w.sidecar.program
	}
	return w.kept[w.random.IntN(len(w.kept))]
}

// kill ends a program, which is then started again.
func (w *weather) kill(p *program, s syscall.Signal) {
	p.mu.Lock()
	p.asked = s
	p.mu.Unlock()
	p.signal(s)
}

// blow lets things happen for so long, and returns once all of them are over.
func (w *weather) blow(length time.Duration, say func(string)) {
	w.busy, w.happened = make(map[string]bool), make(map[string]map[string]int)
	var bag []event
	for _, e := range events {
		for range e.weight {
			bag = append(bag, e)
		}
	}
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(between(w.random, 500*time.Millisecond, 4*time.Second)) {
		e := bag[w.random.IntN(len(bag))]
		what, lasts, begin, over := e.begin(w)
		w.mu.Lock()
		if begin == nil || w.busy[what] {
			w.mu.Unlock()
			continue
		}
		w.busy[what] = true
		if w.happened[e.name] == nil {
			w.happened[e.name] = make(map[string]int)
		}
		w.happened[e.name][what]++
		w.mu.Unlock()
		say(fmt.Sprintf("%s: %s for %s", e.name, what, lasts.Round(100*time.Millisecond)))
		begin()
		w.undone.Go(func() {
			time.Sleep(lasts)
			over()
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.busy, what)
		})
	}
	w.undone.Wait()
}

// String tells how often what has happened to whom.
func (w *weather) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.happened)) {
		times, to := 0, []string(nil)
		for _, what := range slices.Sorted(maps.Keys(w.happened[name])) {
			times += w.happened[name][what]
			to = append(to, fmt.Sprintf("%s %d", what, w.happened[name][what]))
		}
		fmt.Fprintf(&b, "%-18s %5d times: %s\n", name, times, strings.Join(to, ", "))
	}
	return b.String()
}
