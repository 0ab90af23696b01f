package losses

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// When a pod or a machine goes, its callee and its wampool stop in some order.
// These are the orders, with 2 calls that run and 10 that wait.
const shutdownRules = `
  policy      = "roundrobin"
  concurrency = 2

  queue {
    limit   = 1000
    timeout = "1m"
  }`

const shutdownCalls, shutdownSlots = 12, 2

// endingPool is a pool of one callee whose calls wait.
func endingPool(t *testing.T, procedure string) (w *harness.Wampool, callee *harness.Client, calls []*harness.Answer) {
	t.Helper()
	c := harness.SharedCrossbar(t)
	w = harness.Launch(t, c.URL(), harness.Pooled(procedure, shutdownRules), "30s")
	w.Process.Await(t, "pool session up")
	callee = harness.Library(t, "asyncio").Join(t, w.URL, nil)
	callee.Register(procedure, "hold", nil).OK(t)
	caller := harness.Library(t, "twisted").Join(t, c.URL(), nil)
	for i := range shutdownCalls {
		calls = append(calls, caller.Call(procedure, i))
	}
	callee.Invoked(shutdownSlots)
	harness.Settled(t, caller)
	harness.AtWampool(w, c).Arrived(t) // all of them wait or run now
	return w, callee, calls
}

// wampool first: all that it has taken is answered before it goes.
func TestWampoolStopsBeforeItsCallee(t *testing.T) {
	w, callee, calls := endingPool(t, "com.example.stop.wampool")
	printed := w.Process.Printed()
	if err := w.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.Process.AwaitFrom(t, printed, "stopping")
	for range shutdownCalls - shutdownSlots {
		callee.Release("com.example.stop.wampool", 1)
		callee.Invoked(1)
	}
	callee.Release("com.example.stop.wampool", shutdownSlots)
	for i, call := range calls {
		if got := string(call.OK(t)); got != fmt.Sprint(i) {
			t.Errorf("call %d returns %s", i, got)
		}
	}
	if peak := callee.Peak("com.example.stop.wampool"); peak > shutdownSlots {
		t.Errorf("%d calls ran at once at a callee that takes %d", peak, shutdownSlots)
	}
}

// The callee first, as a careful one does it: it unregisters, finishes what it
// has, and leaves. What waits is refused at once, for nobody is left to take it.
func TestCalleeStopsCarefullyBeforeWampool(t *testing.T) {
	_, callee, calls := endingPool(t, "com.example.stop.callee")
	callee.Do("unregister", harness.Args{"procedure": "com.example.stop.callee"}).OK(t)
	for _, call := range calls[shutdownSlots:] {
		call.Fails(t, "wamp.error.no_available_callee")
	}
	callee.Release("com.example.stop.callee", shutdownSlots)
	for i, call := range calls[:shutdownSlots] {
		if got := string(call.OK(t)); got != fmt.Sprint(i) {
			t.Errorf("call %d returns %s", i, got)
		}
	}
	callee.Leave()
	if peak := callee.Peak("com.example.stop.callee"); peak > shutdownSlots {
		t.Errorf("%d calls ran at once at a callee that takes %d", peak, shutdownSlots)
	}
}

// The callee first, by GOODBYE with calls in flight: what it has is lost, and
// nothing that waits is handed to it any more.
func TestCalleeLeavesBeforeWampool(t *testing.T) {
	_, callee, calls := endingPool(t, "com.example.stop.goodbye")
	callee.Leave()
	for _, call := range calls[:shutdownSlots] {
		call.Fails(t, "wamp.error.canceled")
	}
	for _, call := range calls[shutdownSlots:] {
		call.Fails(t, "wamp.error.no_available_callee")
	}
}
