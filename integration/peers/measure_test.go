package peers

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
	"github.com/wampool/wampool/proxy/tryout/client"
)

var measured = flag.Bool("measure", false, "measure several sidecars, on a machine that does nothing else")

// table is what has been measured, as Markdown.
type table struct{ strings.Builder }

// row adds a case, and whether its bar is met.
func (m *table) row(what, bar string, met bool, format string, args ...any) {
	verdict := "met"
	if !met {
		verdict = "**missed**"
	}
	fmt.Fprintf(m, "| %s | %s | %s | %s |\n", what, bar, fmt.Sprintf(format, args...), verdict)
}

// TestMeasure is run by `make hosts`, and holds nothing to its bars by itself.
func TestMeasure(t *testing.T) {
	if !*measured {
		t.Skip("run by make hosts")
	}
	var m table
	t.Run("unequal", func(t *testing.T) { measureUnequal(t, &m) })
	t.Run("router", func(t *testing.T) { measureRouter(t, &m) })
	t.Run("forwarded", func(t *testing.T) { measureForwarded(t, &m) })
	fmt.Printf("\n| case | bar | measured | |\n|---|---|---|---|\n%s\n", &m)
}

const work = 50 * time.Millisecond

// measureUnequal holds sidecars of eight slots and one against one sidecar of nine.
func measureUnequal(t *testing.T, m *table) {
	router := harness.SharedCrossbar(t)
	one, both := make(map[float64]*books), make(map[float64]*books)
	for _, side := range []struct {
		slots []int
		queue int
		of    map[float64]*books
	}{{[]int{9}, 90, one}, {[]int{8, 1}, 45, both}} {
		t.Run(fmt.Sprint(side.slots), func(t *testing.T) {
			f := gather(t, router, fmt.Sprintf("slots_per_share = 1\nqueue { limit = %d }", side.queue), work, side.slots...)
			caller := f.caller()
			newBooks(t).openLoop(caller, 0.5*9/work.Seconds(), 5*time.Second) // weights take their time
			for _, load := range []float64{0.8, 1.2} {
				side.of[load] = newBooks(t)
				side.of[load].openLoop(caller, load*9/work.Seconds(), 20*time.Second)
			}
		})
	}
	refused, above := len(both[0.8].failed), both[0.8].percentile(0.99)-one[0.8].percentile(0.99)
	m.row("slots 8 + 1, 80 %: failed calls", "0", refused == 0, "%s", both[0.8])
	m.row("the same: p99 above that of one sidecar with 9", "≤ 30 ms", above <= 30*time.Millisecond, "%v (one: %s)", above.Round(time.Millisecond/10), one[0.8])
	share := float64(len(both[1.2].took)) / float64(len(one[1.2].took))
	m.row("the same, 120 %: answered ÷ one sidecar's", "≥ 0.98", share >= 0.98, "%.3f (%d ÷ %d)", share, len(both[1.2].took), len(one[1.2].took))
}

// gather has sidecars with so many slots each meet, once the router deals by them.
func gather(t *testing.T, router harness.Router, pool string, work time.Duration, slots ...int) *fleet {
	t.Helper()
	f := &fleet{t: t, router: router}
	for range slots {
		f.start(pool)
	}
	for i, n := range slots {
		f.register(f.sides[i], n, work)
	}
	f.meet()
	return f
}

// measureRouter is what calls cost the router where some go on to a peer, and where none
// does. It takes turns, for the machine may be faster at one time than at another.
func measureRouter(t *testing.T, m *table) {
	const work, rounds = 10 * time.Millisecond, 3
	router := harness.OwnCrossbar(t)
	var spent [2]time.Duration
	var calls [2]int
	var forwarded int
	for range rounds {
		for i, overflow := range []bool{true, false} {
			t.Run(fmt.Sprint("overflow ", overflow), func(t *testing.T) {
				f := gather(t, router, fmt.Sprintf("slots_per_share = 1\noverflow = %t\nqueue { limit = 1000 }", overflow), work, 8, 1)
				caller := f.caller()
				newBooks(t).openLoop(caller, 0.5*9/work.Seconds(), 2*time.Second)
				before, b := router.CPU(t), newBooks(t)
				b.openLoop(caller, 0.8*9/work.Seconds(), 5*time.Second)
				spent[i] += router.CPU(t) - before
				calls[i] += len(b.took)
				for _, s := range f.sides {
					forwarded += s.given(t)
				}
			})
		}
	}
	with, without := spent[0]/time.Duration(calls[0]), spent[1]/time.Duration(calls[1])
	m.row("Crossbar.io's CPU for a call with overflow ÷ without", "≤ 1.05", float64(with) <= 1.05*float64(without),
		"%.3f (%v ÷ %v, %d of %d forwarded)", float64(with)/float64(without), with.Round(time.Microsecond), without.Round(time.Microsecond), forwarded, calls[0])
}

// measureForwarded has direct calls come where the one callee is busy for good, so that
// all of them go to a peer, as many at once as it takes.
func measureForwarded(t *testing.T, m *table) {
	f := &fleet{t: t, router: harness.SharedCrossbar(t)}
	const inFlight, lasting = 256, 10 * time.Second
	for range 2 {
		f.start("direct = [\"anonymous\"]\nqueue { limit = 1000 }")
	}
	taker, supplier := f.sides[0], f.sides[1]
	f.register(taker, 1, time.Hour)
	f.register(supplier, 2*inFlight, 0)
	f.meet()
	at := func(s *side) *client.Client {
		c, err := client.Dial(within(t), s.URL, client.Options{Realm: "realm1"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	at(taker).Go(t.Context(), &client.Call{Procedure: procedure, Arguments: client.Args(int64(0))})
	taker.await(t, "wampool_calls_running{", " 1")
	spend := func(caller *client.Client) (each time.Duration, calls int) {
		closedLoop(t, caller, inFlight, time.Second)
		before := taker.Process.CPU(t) + supplier.Process.CPU(t)
		calls = closedLoop(t, caller, inFlight, lasting)
		return (taker.Process.CPU(t) + supplier.Process.CPU(t) - before) / time.Duration(calls), calls
	}
	given := taker.given(t)
	each, calls := spend(at(taker))
	given = taker.given(t) - given
	own, _ := spend(at(supplier))
	m.row("a forwarded call, 256 at once: CPU at both sidecars", "≤ 6 µs", each <= 6*time.Microsecond,
		"%v (%d calls, %d forwarded; one that is not takes %v)", each.Round(100*time.Nanosecond), calls, given, own.Round(100*time.Nanosecond))
}

// closedLoop keeps so many calls in flight for as long.
func closedLoop(t *testing.T, caller *client.Client, inFlight int, lasting time.Duration) (calls int) {
	t.Helper()
	var mu sync.Mutex
	var going sync.WaitGroup
	until := time.Now().Add(lasting)
	for range inFlight {
		going.Go(func() {
			for n := 0; ; n++ {
				if time.Now().After(until) {
					mu.Lock()
					defer mu.Unlock()
					calls += n
					return
				}
				if _, err := caller.Call(context.Background(), procedure, nil, client.Args(int64(n))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	going.Wait()
	return calls
}
