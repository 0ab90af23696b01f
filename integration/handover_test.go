package integration

import (
	"fmt"
	"strings"
	"testing"
)

// Calls that go from one callee to another: refused with wamp.error.unavailable,
// or lost with their callee; and the limit that a callee has over all procedures.

// At Crossbar.io the caller gets the callee's wamp.error.unavailable.
func TestCallOfABusyCalleeGoesToAnother(t *testing.T) {
	const procedure = "com.example.reroute"
	atBoth(t, router(t), auto, func(t *testing.T, s side) {
		var busy []*client
		for _, name := range []string{"asyncio", "autobahn", "wampy"} {
			callee := library(t, name).join(t, s.url, nil)
			callee.register(procedure, "busy", args{"invoke": "first"}).ok(t)
			busy = append(busy, callee)
		}
		caller := s.caller(t)
		if !s.wampool {
			caller.call(procedure).fails(t, "wamp.error.unavailable")
			return
		}
		refused(t, caller.call(procedure), "wamp.error.no_available_callee", refusal{Pool: procedure, Reason: "no_callee", Queued: 1})
		for _, callee := range busy {
			callee.invoked(1) // each has refused it, once
		}
		willing := library(t, "twisted").join(t, s.url, nil)
		willing.register(procedure, "name", args{"invoke": "first"}).ok(t)
		for range 2 { // who has refused is asked again for the next call: it is not full
			if got := string(caller.call(procedure).ok(t)); got != fmt.Sprintf("%q", willing.name) {
				t.Errorf("the call went to %s", got)
			}
			for _, callee := range busy {
				callee.invoked(1)
			}
		}
		for _, callee := range busy {
			if len(callee.events) != 0 {
				t.Errorf("%s was asked twice for one call", callee.program.process.name)
			}
		}
	})
}

func TestCallOfALostCalleeGoesToAnother(t *testing.T) {
	c := router(t)
	const procedure = "com.example.retry"
	w := startWampool(t, c.url(), pooled(procedure, "policy = \"first\"\nconcurrency = 2\nretry_lost = true\nretries = 1\nqueue {\n}"))
	eachSide(t, w, c, func(t *testing.T, callers string) {
		first := library(t, "asyncio").join(t, w.url, nil)
		first.register(procedure, "hold", nil).ok(t)
		caller := library(t, "autobahn").join(t, callers, nil)
		calls := []*answer{
			caller.call(procedure, 0),
			caller.do("call", args{"procedure": procedure, "args": []any{1}, "progress": true}),
			caller.call(procedure, 2), // waits
		}
		first.invoked(2)
		second := library(t, "autobahn").join(t, w.url, nil)
		second.register(procedure, "hold", args{"concurrency": 1}).ok(t)
		if got := argument(t, second, procedure); got != 2 {
			t.Errorf("the new callee got call %d", got)
		}
		first.do("drop", nil).ok(t)
		third := library(t, "twisted").join(t, w.url, nil)
		third.register(procedure, "hold", nil).ok(t)
		for want := range 2 { // at the head of the queue, in their order
			if got := argument(t, third, procedure); got != want {
				t.Errorf("the call handed on is call %d, want %d", got, want)
			}
		}
		third.do("drop", nil).ok(t) // once more is more than retries
		for _, call := range calls[:2] {
			call.fails(t, "wamp.error.canceled")
		}
		second.release(procedure, 1)
		calls[2].ok(t)
		second.do("unregister", args{"procedure": procedure}).ok(t)
	})
}

// What a caller has seen a part of is not begun again.
func TestCallThatHasShownProgressIsNotHandedOn(t *testing.T) {
	c := router(t)
	const procedure = "com.example.retry.progress"
	w := startWampool(t, c.url(), pooled(procedure, "policy = \"first\"\nretry_lost = true\nqueue {\n}"))
	victim := library(t, "asyncio").join(t, w.url, nil)
	victim.register(procedure, "hold", nil).ok(t)
	other := library(t, "asyncio").join(t, w.url, nil)
	other.register(procedure, "hold", nil).ok(t)
	caller := library(t, "autobahn").join(t, c.url(), nil)
	call := caller.do("call", args{"procedure": procedure, "progress": true})
	victim.invoked(1)
	victim.progress(procedure, "part")
	caller.next("progress")
	victim.do("drop", nil).ok(t)
	refused(t, call, "wamp.error.canceled", refusal{Pool: procedure, Reason: "callee_lost"})
	if len(other.events) != 0 {
		t.Error("the call was begun again")
	}
}

func TestOneLimitForACalleeOverAllProcedures(t *testing.T) {
	c := router(t)
	const prefix = "com.example.worker."
	w := startWampool(t, c.url(), pooled(prefix, "match = \"prefix\"\nscope = \"callee\"\nconcurrency = 2\nqueue {\n}"))
	callee := library(t, "asyncio").join(t, w.url, nil)
	var procedures []string
	for i := range 5 {
		procedures = append(procedures, fmt.Sprint(prefix, "p", i))
		callee.register(procedures[i], "hold", nil).ok(t)
	}
	caller := library(t, "twisted").join(t, c.url(), nil)
	var calls []*answer
	for i, procedure := range procedures {
		calls = append(calls, caller.call(procedure, i))
	}
	callee.invoked(2)
	settled(t, caller)
	settled(t, callee)
	if len(callee.events) != 0 {
		t.Errorf("a callee of 2 got a third call: %+v", <-callee.events)
	}
	for i, procedure := range procedures { // the oldest first, of whichever procedure
		callee.release(procedure, 1)
		calls[i].ok(t)
		if i+2 < len(procedures) {
			if got := callee.next("invoked").Procedure; !strings.HasSuffix(got, fmt.Sprint("p", i+2)) {
				t.Errorf("the slot went to %s, want p%d", got, i+2)
			}
		}
	}
}
