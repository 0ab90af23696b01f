package crossbar

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Each of these stories is told twice: at Crossbar.io's own shared registrations
// and call queue, where it shows what they lack (seen on 26.10.1), and at
// wampool in front of a Crossbar.io. The table in dealer/README.md is made of them.

func TestFullFirstCalleeSpillsOver(t *testing.T) {
	for _, policy := range []string{"first", "last"} {
		procedure := "com.example.spill." + policy
		harness.AtBoth(t, harness.SharedCrossbar(t), harness.Auto, func(t *testing.T, s harness.Side) {
			a, b := s.Callee(t, procedure, policy, 1), s.Callee(t, procedure, policy, 1)
			if policy == "last" {
				a, b = b, a
			}
			caller := s.Caller(t)
			calls := []*harness.Answer{caller.Call(procedure, 1)}
			harness.Argument(t, a, procedure)
			calls = append(calls, caller.Call(procedure, 2))
			if !s.Wampool {
				calls[1].Fails(t, harness.MaxConcurrency)
				a.Release(procedure, 1)
				calls[0].OK(t)
				return
			}
			harness.Argument(t, b, procedure)
			a.Release(procedure, 1)
			b.Release(procedure, 1)
			for _, call := range calls {
				call.OK(t)
			}
		})
	}
}

func TestRandomRespectsLimits(t *testing.T) {
	const procedure = "com.example.random"
	harness.AtBoth(t, harness.SharedCrossbar(t), harness.Auto, func(t *testing.T, s harness.Side) {
		a, b := s.Callee(t, procedure, "random", 1), s.Callee(t, procedure, "random", 1)
		caller := s.Caller(t)
		var calls []*harness.Answer
		for i := range 8 {
			calls = append(calls, caller.Call(procedure, i))
		}
		if s.Wampool {
			harness.Argument(t, a, procedure)
			harness.Argument(t, b, procedure)
		}
		harness.Settled(t, caller)
		harness.Settled(t, a)
		harness.Settled(t, b)
		if peak := max(a.Peak(procedure), b.Peak(procedure)); s.Wampool != (peak == 1) {
			t.Errorf("%d calls ran at once at a callee of 1", peak)
		}
		if s.Wampool {
			a.Release(procedure, 1)
			b.Release(procedure, 1)
			refused := 0
			for _, call := range calls {
				if call.Wait(t).Error != nil {
					refused++
				}
			}
			if refused != 6 {
				t.Errorf("%d of 8 calls refused, want 6", refused)
			}
		}
	})
}

func TestSlotSurvivesItsCaller(t *testing.T) {
	const procedure = "com.example.leak"
	harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		lost := s.Caller(t)
		lost.Call(procedure, 1)
		harness.Argument(t, callee, procedure)
		lost.Do("drop", nil).OK(t)
		lost.Next("disconnected")
		caller := s.Caller(t)
		call := caller.Call(procedure, 2)
		if s.Wampool {
			if got := harness.Argument(t, callee, procedure); got != 2 {
				t.Errorf("callee got call %d", got)
			}
			callee.Release(procedure, 2) // the first was interrupted
			call.OK(t)
			return
		}
		callee.Release(procedure, 1) // if the INTERRUPT has not ended it
		harness.Settled(t, callee)
		harness.Settled(t, caller)
		if !call.Open() {
			t.Error("the call was answered: Crossbar.io does free the slot")
		}
	})
}

func TestNewCalleeTakesWhatWaitsAndNobodyOvertakes(t *testing.T) {
	const procedure = "com.example.overtake"
	harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s harness.Side) {
		a := s.Callee(t, procedure, "roundrobin", 1)
		caller := s.Caller(t)
		calls := []*harness.Answer{caller.Call(procedure, 0), caller.Call(procedure, 1)}
		harness.Argument(t, a, procedure)
		harness.Settled(t, caller)
		b := s.Callee(t, procedure, "roundrobin", 1)
		calls = append(calls, caller.Call(procedure, 2))
		first := harness.Argument(t, b, procedure)
		if s.Wampool != (first == 1) {
			t.Errorf("the new callee got call %d first", first)
		}
		b.Release(procedure, 1)
		calls[first].OK(t)
	})
}

func TestErrorServesWhoWaits(t *testing.T) {
	const procedure = "com.example.error"
	harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := s.Caller(t)
		running, waiting := caller.Call(procedure, 0), caller.Call(procedure, 1)
		harness.Argument(t, callee, procedure)
		harness.Settled(t, caller)
		callee.Do("release", harness.Args{"procedure": procedure, "how": "error"}).OK(t)
		running.Fails(t, "com.example.failed")
		if s.Wampool {
			if got := harness.Argument(t, callee, procedure); got != 1 {
				t.Errorf("callee got call %d", got)
			}
			callee.Release(procedure, 1)
			waiting.OK(t)
			return
		}
		harness.Settled(t, callee)
		harness.Settled(t, caller)
		if len(callee.Events) > 0 || !waiting.Open() {
			t.Error("the waiting call was served: Crossbar.io's queue does go on after an ERROR")
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	const procedure = "com.example.bounded"
	harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := s.Caller(t)
		var calls []*harness.Answer
		for i := range 50 {
			calls = append(calls, caller.Call(procedure, i))
		}
		harness.Argument(t, callee, procedure)
		if s.Wampool { // one runs, two wait
			for _, call := range calls[3:] {
				if text := call.Fails(t, harness.MaxConcurrency); !strings.Contains(text, "maximum concurrency") {
					t.Errorf("refused with %s", text)
				}
			}
			return
		}
		harness.Settled(t, caller)
		for i, call := range calls { // its queue was configured for two calls as well
			if !call.Open() {
				t.Errorf("call %d was answered: Crossbar.io does bound its queue", i)
			}
		}
	})
}

func TestWaitingCallIsAnsweredWhenTheLastCalleeGoes(t *testing.T) {
	const procedure = "com.example.last"
	harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := s.Caller(t)
		running, waiting := caller.Call(procedure, 0), caller.Call(procedure, 1)
		harness.Argument(t, callee, procedure)
		harness.Settled(t, caller)
		if s.Wampool {
			s.Arrived(t)
		}
		callee.Do("drop", nil).OK(t)
		running.Fails(t, "wamp.error.canceled")
		if s.Wampool {
			waiting.Fails(t, "wamp.error.no_available_callee")
			return
		}
		harness.Settled(t, caller)
		if !waiting.Open() {
			t.Error("the waiting call was answered: Crossbar.io does not forget it")
		}
	})
}

func TestWaitingCallOfAGoneCallerDoesNotRun(t *testing.T) {
	const procedure = "com.example.gone"
	harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 5\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller, gone := s.Caller(t), s.Caller(t)
		caller.Call(procedure, 0)
		harness.Argument(t, callee, procedure)
		gone.Call(procedure, 1)
		harness.Settled(t, gone)
		gone.Do("leave", nil).OK(t)
		gone.Next("disconnected")
		harness.Settled(t, caller)
		caller.Call(procedure, 2)
		harness.Settled(t, caller)
		s.Arrived(t)
		callee.Release(procedure, 1)
		if got := harness.Argument(t, callee, procedure); s.Wampool != (got == 2) {
			t.Errorf("after call 0 the callee got call %d", got)
		}
	})
}

func TestRegisteringAgainFreesNoSlot(t *testing.T) {
	const procedure = "com.example.again"
	harness.AtBoth(t, harness.SharedCrossbar(t), harness.Auto, func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := s.Caller(t)
		first := caller.Call(procedure, 1)
		harness.Argument(t, callee, procedure)
		callee.Do("unregister", harness.Args{"procedure": procedure}).OK(t)
		callee.Register(procedure, "hold", harness.Args{"invoke": "roundrobin", "concurrency": 1}).OK(t)
		second := caller.Call(procedure, 2)
		if s.Wampool {
			second.Fails(t, harness.MaxConcurrency)
			callee.Release(procedure, 1)
			first.OK(t)
		} else {
			harness.Argument(t, callee, procedure)
			callee.Release(procedure, 2)
			first.OK(t)
			second.OK(t)
		}
		if peak := callee.Peak(procedure); s.Wampool != (peak == 1) {
			t.Errorf("%d calls ran at once at a callee of 1", peak)
		}
	})
}
