package crossbar

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Calls that go from one callee to another: refused with wamp.error.unavailable,
// or lost with their callee; and the limit that a callee has over all procedures.

// At Crossbar.io the caller gets the callee's wamp.error.unavailable.
func TestCallOfABusyCalleeGoesToAnother(t *testing.T) {
	const procedure = "com.example.reroute"
	harness.AtBoth(t, harness.SharedCrossbar(t), harness.Auto, func(t *testing.T, s harness.Side) {
		var busy []*harness.Client
		for _, name := range []string{"asyncio", "autobahn", "wampy"} {
			callee := harness.Library(t, name).Join(t, s.URL, nil)
			callee.Register(procedure, "busy", harness.Args{"invoke": "first"}).OK(t)
			busy = append(busy, callee)
		}
		caller := s.Caller(t)
		if !s.Wampool {
			caller.Call(procedure).Fails(t, "wamp.error.unavailable")
			return
		}
		refused(t, caller.Call(procedure), "wamp.error.no_available_callee", refusal{Pool: procedure, Reason: "no_callee", Queued: 1})
		for _, callee := range busy {
			callee.Invoked(1) // each has refused it, once
		}
		willing := harness.Library(t, "twisted").Join(t, s.URL, nil)
		willing.Register(procedure, "name", harness.Args{"invoke": "first"}).OK(t)
		for range 2 { // who has refused is asked again for the next call: it is not full
			if got := string(caller.Call(procedure).OK(t)); got != fmt.Sprintf("%q", willing.Name) {
				t.Errorf("the call went to %s", got)
			}
			for _, callee := range busy {
				callee.Invoked(1)
			}
		}
		for _, callee := range busy {
			if len(callee.Events) != 0 {
				t.Errorf("%s was asked twice for one call", callee.Program.Process.Name)
			}
		}
	})
}

func TestCallOfALostCalleeGoesToAnother(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.retry"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, "policy = \"first\"\nconcurrency = 2\nretry_lost = true\nretries = 1\nqueue {\n}"))
	harness.EachSide(t, w, c, func(t *testing.T, callers string) {
		first := harness.Library(t, "asyncio").Join(t, w.URL, nil)
		first.Register(procedure, "hold", nil).OK(t)
		caller := harness.Library(t, "autobahn").Join(t, callers, nil)
		calls := []*harness.Answer{
			caller.Call(procedure, 0),
			caller.Do("call", harness.Args{"procedure": procedure, "args": []any{1}, "progress": true}),
			caller.Call(procedure, 2), // waits
		}
		first.Invoked(2)
		second := harness.Library(t, "autobahn").Join(t, w.URL, nil)
		second.Register(procedure, "hold", harness.Args{"concurrency": 1}).OK(t)
		if got := harness.Argument(t, second, procedure); got != 2 {
			t.Errorf("the new callee got call %d", got)
		}
		first.Do("drop", nil).OK(t)
		third := harness.Library(t, "twisted").Join(t, w.URL, nil)
		third.Register(procedure, "hold", nil).OK(t)
		for want := range 2 { // at the head of the queue, in their order
			if got := harness.Argument(t, third, procedure); got != want {
				t.Errorf("the call handed on is call %d, want %d", got, want)
			}
		}
		third.Do("drop", nil).OK(t) // once more is more than retries
		for _, call := range calls[:2] {
			call.Fails(t, "wamp.error.canceled")
		}
		second.Release(procedure, 1)
		calls[2].OK(t)
		second.Do("unregister", harness.Args{"procedure": procedure}).OK(t)
	})
}

// What a caller has seen a part of is not begun again.
func TestCallThatHasShownProgressIsNotHandedOn(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.retry.progress"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, "policy = \"first\"\nretry_lost = true\nqueue {\n}"))
	victim := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	victim.Register(procedure, "hold", nil).OK(t)
	other := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	other.Register(procedure, "hold", nil).OK(t)
	caller := harness.Library(t, "autobahn").Join(t, c.URL(), nil)
	call := caller.Do("call", harness.Args{"procedure": procedure, "progress": true})
	victim.Invoked(1)
	victim.Progress(procedure, "part")
	caller.Next("progress")
	victim.Do("drop", nil).OK(t)
	refused(t, call, "wamp.error.canceled", refusal{Pool: procedure, Reason: "callee_lost"})
	if len(other.Events) != 0 {
		t.Error("the call was begun again")
	}
}

func TestOneLimitForACalleeOverAllProcedures(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const prefix = "com.example.worker."
	w := harness.StartWampool(t, c.URL(), harness.Pooled(prefix, "match = \"prefix\"\nscope = \"callee\"\nconcurrency = 2\nqueue {\n}"))
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	var procedures []string
	for i := range 5 {
		procedures = append(procedures, fmt.Sprint(prefix, "p", i))
		callee.Register(procedures[i], "hold", nil).OK(t)
	}
	caller := harness.Library(t, "twisted").Join(t, c.URL(), nil)
	var calls []*harness.Answer
	for i, procedure := range procedures {
		calls = append(calls, caller.Call(procedure, i))
	}
	callee.Invoked(2)
	harness.Settled(t, caller)
	harness.Settled(t, callee)
	if len(callee.Events) != 0 {
		t.Errorf("a callee of 2 got a third call: %+v", <-callee.Events)
	}
	for i, procedure := range procedures { // the oldest first, of whichever procedure
		callee.Release(procedure, 1)
		calls[i].OK(t)
		if i+2 < len(procedures) {
			if got := callee.Next("invoked").Procedure; !strings.HasSuffix(got, fmt.Sprint("p", i+2)) {
				t.Errorf("the slot went to %s, want p%d", got, i+2)
			}
		}
	}
}
