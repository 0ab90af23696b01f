package integration

import (
	"fmt"
	"testing"
)

// Told both at fox-wamp itself and at wampool in front of it, as in
// faults_test.go. fox-wamp has a concurrency limit of its own, with a queue that
// has no bound.

// foxCaller joins a caller there. Autobahn|Python would not do: it closes its
// connection on a RESULT whose keyword arguments are null, as fox-wamp sends it.
func foxCaller(t *testing.T, s side) *client {
	t.Helper()
	return library(t, "autobahn").join(t, s.url, s.joining)
}

func TestFoxWampCalleesNeverExceedTheirLimit(t *testing.T) {
	f := foxRouter(t)
	const procedure = "com.example.fox.limit"
	atBoth(t, f, anybody(procedure, ""), func(t *testing.T, s side) {
		a, b := s.callee(t, procedure, "roundrobin", 2), s.callee(t, procedure, "roundrobin", 1)
		caller := foxCaller(t, s)
		var calls []*answer
		for i := range 8 {
			calls = append(calls, caller.call(procedure, i))
		}
		a.invoked(2)
		b.invoked(1)
		settled(t, caller)
		if s.wampool {
			for _, call := range calls[3:] {
				f.failsWith(t, call, maxConcurrency)
			}
			calls = calls[:3]
		}
		for _, call := range calls {
			if !call.open() {
				t.Error("a call was answered while its callee holds it, or while it waits")
			}
		}
		for range len(calls) - 3 { // fox-wamp lets them wait
			a.release(procedure, 1)
			a.invoked(1)
		}
		a.release(procedure, 2)
		b.release(procedure, 1)
		for i, call := range calls {
			if got := string(call.ok(t)); got != fmt.Sprint(i) {
				t.Errorf("call %d returns %s", i, got)
			}
		}
		if a.peak(procedure) != 2 || b.peak(procedure) != 1 {
			t.Errorf("%d and %d calls ran at once at callees of 2 and 1", a.peak(procedure), b.peak(procedure))
		}
	})
}

func TestFoxWampQueueIsBoundedAndInOrder(t *testing.T) {
	f := foxRouter(t)
	const procedure = "com.example.fox.queue"
	atBoth(t, f, anybody(procedure, "queue {\n limit = 3\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := foxCaller(t, s)
		var calls []*answer
		for i := range 10 {
			calls = append(calls, caller.call(procedure, i))
		}
		served := 10 // fox-wamp's own queue has no limit
		if s.wampool {
			served = 4 // one runs, three wait
			for _, call := range calls[served:] {
				f.failsWith(t, call, maxConcurrency)
			}
		}
		for i := range served {
			if got := argument(t, callee, procedure); got != i {
				t.Errorf("call %d came in the place of call %d", got, i)
			}
			callee.release(procedure, 1)
			calls[i].ok(t)
		}
		if peak := callee.peak(procedure); peak != 1 {
			t.Errorf("%d calls ran at once at a callee of 1", peak)
		}
	})
}

func TestFoxWampCallOfALostCalleeIsAnswered(t *testing.T) {
	f := foxRouter(t)
	const procedure = "com.example.fox.lost"
	atBoth(t, f, anybody(procedure, "policy = \"first\"\nqueue {\n}"), func(t *testing.T, s side) {
		victim, survivor := s.callee(t, procedure, "first", 1), s.callee(t, procedure, "first", 1)
		caller := foxCaller(t, s)
		lost, kept, waiting := caller.call(procedure, 0), caller.call(procedure, 1), caller.call(procedure, 2)
		victim.invoked(1)
		survivor.invoked(1)
		victim.do("drop", nil).ok(t)
		victim.next("disconnected")
		if s.wampool {
			f.failsWith(t, lost, "wamp.error.canceled")
		}
		for i, call := range []*answer{kept, waiting} {
			survivor.release(procedure, 1)
			if got := string(call.ok(t)); got != fmt.Sprint(i+1) {
				t.Errorf("call %d returns %s", i+1, got)
			}
			if i == 0 {
				survivor.invoked(1)
			}
		}
		if !s.wampool {
			settled(t, caller)
			if !lost.open() {
				t.Error("the call was answered: fox-wamp does not forget it")
			}
		}
	})
}

func TestFoxWampWaitingCallIsAnsweredWhenTheLastCalleeGoes(t *testing.T) {
	f := foxRouter(t)
	const procedure = "com.example.fox.last"
	atBoth(t, f, anybody(procedure, "queue {\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := foxCaller(t, s)
		running, waiting := caller.call(procedure, 0), caller.call(procedure, 1)
		callee.invoked(1)
		settled(t, caller)
		if s.wampool {
			s.arrivedAt(t, library(t, "autobahn"))
		}
		callee.do("drop", nil).ok(t)
		callee.next("disconnected")
		if s.wampool {
			f.failsWith(t, running, "wamp.error.canceled")
			f.failsWith(t, waiting, "wamp.error.no_available_callee")
			caller.call(procedure, 2).fails(t, "wamp.error.no_such_procedure")
			return
		}
		settled(t, caller)
		if !running.open() || !waiting.open() {
			t.Error("a call was answered: fox-wamp does not forget them")
		}
	})
}
