package integration

import (
	"fmt"
	"syscall"
	"testing"
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
func endingPool(t *testing.T, procedure string) (w *wampool, callee *client, calls []*answer) {
	t.Helper()
	c := router(t)
	w = launch(t, c.url(), pooled(procedure, shutdownRules), "30s")
	if _, err := w.process.waitLine(0, "pool session up"); err != nil {
		t.Fatal(err)
	}
	callee = library(t, "asyncio").join(t, w.url, nil)
	callee.register(procedure, "hold", nil).ok(t)
	caller := library(t, "twisted").join(t, c.url(), nil)
	for i := range shutdownCalls {
		calls = append(calls, caller.call(procedure, i))
	}
	callee.invoked(shutdownSlots)
	settled(t, caller)
	side{wampool: true, url: w.url}.arrived(t) // all of them wait or run now
	return w, callee, calls
}

// wampool first: all that it has taken is answered before it goes.
func TestWampoolStopsBeforeItsCallee(t *testing.T) {
	w, callee, calls := endingPool(t, "com.example.stop.wampool")
	printed := w.process.printed()
	if err := w.process.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := w.process.waitLine(printed, "stopping"); err != nil {
		t.Fatal(err)
	}
	for range shutdownCalls - shutdownSlots {
		callee.release("com.example.stop.wampool", 1)
		callee.invoked(1)
	}
	callee.release("com.example.stop.wampool", shutdownSlots)
	for i, call := range calls {
		if got := string(call.ok(t)); got != fmt.Sprint(i) {
			t.Errorf("call %d returns %s", i, got)
		}
	}
	if peak := callee.peak("com.example.stop.wampool"); peak > shutdownSlots {
		t.Errorf("%d calls ran at once at a callee that takes %d", peak, shutdownSlots)
	}
}

// The callee first, as a careful one does it: it unregisters, finishes what it
// has, and leaves. What waits is refused at once, for nobody is left to take it.
func TestCalleeStopsCarefullyBeforeWampool(t *testing.T) {
	_, callee, calls := endingPool(t, "com.example.stop.callee")
	callee.do("unregister", args{"procedure": "com.example.stop.callee"}).ok(t)
	for _, call := range calls[shutdownSlots:] {
		call.fails(t, "wamp.error.no_available_callee")
	}
	callee.release("com.example.stop.callee", shutdownSlots)
	for i, call := range calls[:shutdownSlots] {
		if got := string(call.ok(t)); got != fmt.Sprint(i) {
			t.Errorf("call %d returns %s", i, got)
		}
	}
	callee.leave()
	if peak := callee.peak("com.example.stop.callee"); peak > shutdownSlots {
		t.Errorf("%d calls ran at once at a callee that takes %d", peak, shutdownSlots)
	}
}

// The callee first, by GOODBYE with calls in flight: what it has is lost, and
// nothing that waits is handed to it any more.
func TestCalleeLeavesBeforeWampool(t *testing.T) {
	_, callee, calls := endingPool(t, "com.example.stop.goodbye")
	callee.leave()
	for _, call := range calls[:shutdownSlots] {
		call.fails(t, "wamp.error.canceled")
	}
	for _, call := range calls[shutdownSlots:] {
		call.fails(t, "wamp.error.no_available_callee")
	}
}
