package integration

import (
	"fmt"
	"strings"
	"testing"
)

// More of the stories that are told both at Crossbar.io's own feature and at
// wampool, as in faults_test.go: of calls that end before their callee answers.

func TestCanceledCallThatWaitsIsAnsweredAndDoesNotRun(t *testing.T) {
	for _, mode := range []string{"kill", "killnowait"} {
		procedure := "com.example.canceled." + mode
		t.Run(mode, func(t *testing.T) {
			atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 5\n}"), func(t *testing.T, s side) {
				callee := s.callee(t, procedure, "roundrobin", 1)
				caller := joinRaw(t, "caller", s.url)
				call := func(request int) {
					caller.send(fmt.Sprintf(`[48,%d,{},%q,[%d]]`, request, procedure, request))
				}
				call(1)
				argument(t, callee, procedure)
				call(2)
				call(3)
				// Behind the CANCEL goes a call that the router answers itself: what
				// it says to the CANCEL at once comes before. In mode kill it first
				// hears wampool, so there the answer is waited for.
				caller.send(fmt.Sprintf(`[49,2,{"mode":%q}]`, mode))
				if s.wampool {
					caller.expect(`[8,48,2,{},"wamp.error.canceled"`)
				}
				caller.send(`[48,4,{},"wamp.session.count"]`)
				caller.expect(`[50,4,`) // at Crossbar.io no ERROR has come before
				s.arrived(t)
				callee.release(procedure, 1)
				caller.expect(`[50,1,`)
				want := 2 // Crossbar.io runs the canceled call
				if s.wampool {
					want = 3
				}
				if got := argument(t, callee, procedure); got != want {
					t.Errorf("after call 1 the callee got call %d, want %d", got, want)
				}
				callee.release(procedure, 1)
				caller.expect(fmt.Sprintf(`[50,%d,`, want))
			})
		})
	}
}

func TestSlotSurvivesTheTimeoutOfItsCall(t *testing.T) {
	const procedure = "com.example.overdue"
	atBoth(t, router(t), auto, func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := joinRaw(t, "caller", s.url)
		caller.send(fmt.Sprintf(`[48,1,{"timeout":1},%q,[1]]`, procedure)) // Crossbar.io counts seconds
		argument(t, callee, procedure)
		// Crossbar.io ends it as canceled, wampool as a timeout: whose clock is first.
		told := caller.expect(`[8,48,1,{},"wamp.error.`)
		if rest := told[len(`[8,48,1,{},`):]; !strings.HasPrefix(rest, `"wamp.error.canceled",["timeout reached"]`) &&
			!(s.wampool && strings.HasPrefix(rest, `"wamp.error.timeout",["the call of `+procedure)) {
			t.Errorf("the caller is told %s", told)
		}
		callee.release(procedure, 1) // if the INTERRUPT has not ended it
		settled(t, callee)
		caller.send(fmt.Sprintf(`[48,2,{},%q,[2]]`, procedure))
		if !s.wampool {
			caller.expect(`[8,48,2,{},"` + maxConcurrency + `"`) // and so for ever
			return
		}
		if got := argument(t, callee, procedure); got != 2 {
			t.Errorf("callee got call %d", got)
		}
		callee.release(procedure, 1)
		caller.expect(`[50,2,`)
	})
}

// Crossbar.io answers a CANCEL in mode skip never, and tells it nobody: the call
// runs when its turn comes, and its result is lost.
func TestSkippedCallThatWaitsRuns(t *testing.T) {
	const procedure = "com.example.skipped"
	atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 5\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := joinRaw(t, "caller", s.url)
		for request := 1; request <= 3; request++ {
			caller.send(fmt.Sprintf(`[48,%d,{},%q,[%d]]`, request, procedure, request))
		}
		argument(t, callee, procedure)
		caller.send(`[49,2,{"mode":"skip"}]`)
		caller.send(`[48,4,{},"wamp.session.count"]`)
		caller.expect(`[50,4,`)
		callee.release(procedure, 1)
		caller.expect(`[50,1,`)
		for request := 2; request <= 3; request++ {
			if got := argument(t, callee, procedure); got != request {
				t.Errorf("callee got call %d in the place of call %d", got, request)
			}
			callee.release(procedure, 1)
		}
		answer := caller.receive()
		if !s.wampool && strings.HasPrefix(answer, `[50,2,`) { // it has forgotten the CANCEL of a call that waits
			answer = caller.receive()
		}
		if !strings.HasPrefix(answer, `[50,3,`) {
			t.Errorf("the caller got %s", answer)
		}
	})
}
