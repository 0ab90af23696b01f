package crossbar

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// More of the stories that are told both at Crossbar.io's own feature and at
// wampool, as in faults_test.go: of calls that end before their callee answers.

func TestCanceledCallThatWaitsIsAnsweredAndDoesNotRun(t *testing.T) {
	for _, mode := range []string{"kill", "killnowait"} {
		procedure := "com.example.canceled." + mode
		t.Run(mode, func(t *testing.T) {
			harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 5\n}"), func(t *testing.T, s harness.Side) {
				callee := s.Callee(t, procedure, "roundrobin", 1)
				caller := harness.JoinRaw(t, "caller", s.URL)
				call := func(request int) {
					caller.Send(fmt.Sprintf(`[48,%d,{},%q,[%d]]`, request, procedure, request))
				}
				call(1)
				harness.Argument(t, callee, procedure)
				call(2)
				call(3)
				// Behind the CANCEL goes a call that the router answers itself: what
				// it says to the CANCEL at once comes before. In mode kill it first
				// hears wampool, so there the answer is waited for.
				caller.Send(fmt.Sprintf(`[49,2,{"mode":%q}]`, mode))
				if s.Wampool {
					caller.Expect(`[8,48,2,{},"wamp.error.canceled"`)
				}
				caller.Send(`[48,4,{},"wamp.session.count"]`)
				caller.Expect(`[50,4,`) // at Crossbar.io no ERROR has come before
				s.Arrived(t)
				callee.Release(procedure, 1)
				caller.Expect(`[50,1,`)
				want := 2 // Crossbar.io runs the canceled call
				if s.Wampool {
					want = 3
				}
				if got := harness.Argument(t, callee, procedure); got != want {
					t.Errorf("after call 1 the callee got call %d, want %d", got, want)
				}
				callee.Release(procedure, 1)
				caller.Expect(fmt.Sprintf(`[50,%d,`, want))
			})
		})
	}
}

func TestSlotSurvivesTheTimeoutOfItsCall(t *testing.T) {
	const procedure = "com.example.overdue"
	harness.AtBoth(t, harness.SharedCrossbar(t), harness.Auto, func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := harness.JoinRaw(t, "caller", s.URL)
		caller.Send(fmt.Sprintf(`[48,1,{"timeout":1},%q,[1]]`, procedure)) // Crossbar.io counts seconds
		harness.Argument(t, callee, procedure)
		// Crossbar.io ends it as canceled, wampool as a timeout: whose clock is first.
		told := caller.Expect(`[8,48,1,{},"wamp.error.`)
		if rest := told[len(`[8,48,1,{},`):]; !strings.HasPrefix(rest, `"wamp.error.canceled",["timeout reached"]`) &&
			!(s.Wampool && strings.HasPrefix(rest, `"wamp.error.timeout",["the call of `+procedure)) {
			t.Errorf("the caller is told %s", told)
		}
		callee.Release(procedure, 1) // if the INTERRUPT has not ended it
		harness.Settled(t, callee)
		caller.Send(fmt.Sprintf(`[48,2,{},%q,[2]]`, procedure))
		if !s.Wampool {
			caller.Expect(`[8,48,2,{},"` + harness.MaxConcurrency + `"`) // and so for ever
			return
		}
		if got := harness.Argument(t, callee, procedure); got != 2 {
			t.Errorf("callee got call %d", got)
		}
		callee.Release(procedure, 1)
		caller.Expect(`[50,2,`)
	})
}

// Crossbar.io answers a CANCEL in mode skip never, and tells it nobody: the call
// runs when its turn comes, and its result is lost.
func TestSkippedCallThatWaitsRuns(t *testing.T) {
	const procedure = "com.example.skipped"
	harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 5\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := harness.JoinRaw(t, "caller", s.URL)
		for request := 1; request <= 3; request++ {
			caller.Send(fmt.Sprintf(`[48,%d,{},%q,[%d]]`, request, procedure, request))
		}
		harness.Argument(t, callee, procedure)
		caller.Send(`[49,2,{"mode":"skip"}]`)
		caller.Send(`[48,4,{},"wamp.session.count"]`)
		caller.Expect(`[50,4,`)
		callee.Release(procedure, 1)
		caller.Expect(`[50,1,`)
		for request := 2; request <= 3; request++ {
			if got := harness.Argument(t, callee, procedure); got != request {
				t.Errorf("callee got call %d in the place of call %d", got, request)
			}
			callee.Release(procedure, 1)
		}
		answer := caller.Receive()
		if !s.Wampool && strings.HasPrefix(answer, `[50,2,`) { // it has forgotten the CANCEL of a call that waits
			answer = caller.Receive()
		}
		if !strings.HasPrefix(answer, `[50,3,`) {
			t.Errorf("the caller got %s", answer)
		}
	})
}
