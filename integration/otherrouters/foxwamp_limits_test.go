package otherrouters

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Told both at fox-wamp itself and at wampool in front of it, as those of package
// crossbar are. fox-wamp has a concurrency limit of its own, with a queue that
// has no bound.

// foxCaller joins a caller there. Autobahn|Python would not do: it closes its
// connection on a RESULT whose keyword arguments are null, as fox-wamp sends it.
func foxCaller(t *testing.T, s harness.Side) *harness.Client {
	t.Helper()
	return harness.Library(t, "autobahn").Join(t, s.URL, s.Joining)
}

// foxFails waits for an error that a caller at fox-wamp gets in place of the
// one that a callee gave.
func foxFails(t *testing.T, a *harness.Answer, uri string) {
	t.Helper()
	if got := a.Fails(t, "wamp.error.callee_failure"); harness.Normal(t, []byte(got)) != `["`+uri+`"]` {
		t.Errorf("got %s, want %s", got, uri)
	}
}

func TestFoxWampCalleesNeverExceedTheirLimit(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	const procedure = "com.example.fox.limit"
	harness.AtBoth(t, f, harness.Anybody(procedure, ""), func(t *testing.T, s harness.Side) {
		a, b := s.Callee(t, procedure, "roundrobin", 2), s.Callee(t, procedure, "roundrobin", 1)
		caller := foxCaller(t, s)
		var calls []*harness.Answer
		for i := range 8 {
			calls = append(calls, caller.Call(procedure, i))
		}
		a.Invoked(2)
		b.Invoked(1)
		harness.Settled(t, caller)
		if s.Wampool {
			for _, call := range calls[3:] {
				foxFails(t, call, harness.MaxConcurrency)
			}
			calls = calls[:3]
		}
		for _, call := range calls {
			if !call.Open() {
				t.Error("a call was answered while its callee holds it, or while it waits")
			}
		}
		for range len(calls) - 3 { // fox-wamp lets them wait
			a.Release(procedure, 1)
			a.Invoked(1)
		}
		a.Release(procedure, 2)
		b.Release(procedure, 1)
		for i, call := range calls {
			if got := string(call.OK(t)); got != fmt.Sprint(i) {
				t.Errorf("call %d returns %s", i, got)
			}
		}
		if a.Peak(procedure) != 2 || b.Peak(procedure) != 1 {
			t.Errorf("%d and %d calls ran at once at callees of 2 and 1", a.Peak(procedure), b.Peak(procedure))
		}
	})
}

func TestFoxWampQueueIsBoundedAndInOrder(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	const procedure = "com.example.fox.queue"
	harness.AtBoth(t, f, harness.Anybody(procedure, "queue {\n limit = 3\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := foxCaller(t, s)
		var calls []*harness.Answer
		for i := range 10 {
			calls = append(calls, caller.Call(procedure, i))
		}
		served := 10 // fox-wamp's own queue has no limit
		if s.Wampool {
			served = 4 // one runs, three wait
			for _, call := range calls[served:] {
				foxFails(t, call, harness.MaxConcurrency)
			}
		}
		for i := range served {
			if got := harness.Argument(t, callee, procedure); got != i {
				t.Errorf("call %d came in the place of call %d", got, i)
			}
			callee.Release(procedure, 1)
			calls[i].OK(t)
		}
		if peak := callee.Peak(procedure); peak != 1 {
			t.Errorf("%d calls ran at once at a callee of 1", peak)
		}
	})
}

func TestFoxWampCallOfALostCalleeIsAnswered(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	const procedure = "com.example.fox.lost"
	harness.AtBoth(t, f, harness.Anybody(procedure, "policy = \"first\"\nqueue {\n}"), func(t *testing.T, s harness.Side) {
		victim, survivor := s.Callee(t, procedure, "first", 1), s.Callee(t, procedure, "first", 1)
		caller := foxCaller(t, s)
		lost, kept, waiting := caller.Call(procedure, 0), caller.Call(procedure, 1), caller.Call(procedure, 2)
		victim.Invoked(1)
		survivor.Invoked(1)
		victim.Do("drop", nil).OK(t)
		victim.Next("disconnected")
		if s.Wampool {
			foxFails(t, lost, "wamp.error.canceled")
		}
		for i, call := range []*harness.Answer{kept, waiting} {
			survivor.Release(procedure, 1)
			if got := string(call.OK(t)); got != fmt.Sprint(i+1) {
				t.Errorf("call %d returns %s", i+1, got)
			}
			if i == 0 {
				survivor.Invoked(1)
			}
		}
		if !s.Wampool {
			harness.Settled(t, caller)
			if !lost.Open() {
				t.Error("the call was answered: fox-wamp does not forget it")
			}
		}
	})
}

func TestFoxWampWaitingCallIsAnsweredWhenTheLastCalleeGoes(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	const procedure = "com.example.fox.last"
	harness.AtBoth(t, f, harness.Anybody(procedure, "queue {\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := foxCaller(t, s)
		running, waiting := caller.Call(procedure, 0), caller.Call(procedure, 1)
		callee.Invoked(1)
		harness.Settled(t, caller)
		if s.Wampool {
			s.ArrivedAt(t, harness.Library(t, "autobahn"))
		}
		callee.Do("drop", nil).OK(t)
		callee.Next("disconnected")
		if s.Wampool {
			foxFails(t, running, "wamp.error.canceled")
			foxFails(t, waiting, "wamp.error.no_available_callee")
			caller.Call(procedure, 2).Fails(t, "wamp.error.no_such_procedure")
			return
		}
		harness.Settled(t, caller)
		if !running.Open() || !waiting.Open() {
			t.Error("a call was answered: fox-wamp does not forget them")
		}
	})
}
