package crossbar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// A call's own timeout. Crossbar.io counts seconds, times the run of a call by
// its own clock, in steps of a second, and says so by INTERRUPT; wampool times
// wait and run together. Who is first tells the caller.

// expired waits for the end of a call whose time is over.
func expired(t *testing.T, caller *harness.RawSession, request int, procedure string) {
	t.Helper()
	told := caller.Expect(fmt.Sprintf(`[8,48,%d,{},"wamp.error.`, request))
	_, rest, _ := strings.Cut(told, `,{},`)
	if !strings.HasPrefix(rest, `"wamp.error.canceled",["timeout reached"]`) && // by Crossbar.io
		!strings.HasPrefix(rest, `"wamp.error.timeout",["the call of `+procedure) {
		t.Errorf("the caller is told %s", told)
	}
}

func TestCallWhoseTimeIsOverIsNeverDispatched(t *testing.T) {
	const procedure = "com.example.deadline.waiting"
	harness.AtBoth(t, harness.SharedQueueingCrossbar(t), harness.Pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := harness.JoinRaw(t, "caller", s.URL)
		caller.Send(fmt.Sprintf(`[48,1,{},%q,[1]]`, procedure))
		harness.Argument(t, callee, procedure)
		caller.Send(fmt.Sprintf(`[48,2,{"timeout":1},%q,[2]]`, procedure), fmt.Sprintf(`[48,3,{},%q,[3]]`, procedure))
		next := 2 // at Crossbar.io the clock of a waiting call stands still
		if s.Wampool {
			next = 3
			expired(t, caller, 2, procedure)
			s.Arrived(t) // Crossbar.io tells the caller first
		}
		callee.Release(procedure, 1)
		caller.Expect(`[50,1,`)
		if got := harness.Argument(t, callee, procedure); got != next {
			t.Errorf("after call 1 the callee got call %d, want %d", got, next)
		}
		callee.Release(procedure, 1)
		caller.Expect(fmt.Sprintf(`[50,%d,`, next))
	})
}

func TestWhatIsLeftOfATimeoutIsHandedOn(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.deadline.rest"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, "concurrency = 1\nqueue {\n}"))
	for _, feature := range []string{"call_timeout", "call_canceling"} {
		t.Run(feature, func(t *testing.T) {
			callee := harness.RawCallee(t, w.URL, procedure, feature)
			caller := harness.JoinRaw(t, "caller", c.URL())
			caller.Send(fmt.Sprintf(`[48,1,{"timeout":3000},%q]`, procedure), fmt.Sprintf(`[48,2,{"timeout":3000},%q]`, procedure))
			first := callee.Expect(`[68,`)
			if !strings.Contains(first, `"timeout":3000`) {
				t.Errorf("a call that was dispatched at once came as %s", first)
			}
			callee.Send(fmt.Sprintf(`[70,%d,{}]`, harness.Element(t, first, 1)))
			caller.Expect(`[50,1,`)
			second := callee.Expect(`[68,`) // it has waited: at least a moment, and less than a minute
			_, after, _ := strings.Cut(second, `"timeout":`)
			var rest int
			if _, err := fmt.Sscan(after, &rest); err != nil || rest < 2940 || rest > 3000 {
				t.Errorf("the call that has waited came as %s", second)
			}
			callee.Send(fmt.Sprintf(`[70,%d,{}]`, harness.Element(t, second, 1)))
			caller.Expect(`[50,2,`)
			callee.Send(`[6,{},"wamp.close.normal"]`)
			callee.Expect(`[6,`)
		})
	}
}

// All libraries pass a timeout on as it is given.
func TestTimeoutsOfLibraries(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.deadline.libraries"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, "concurrency = 4"))
	callee := harness.Library(t, "twisted").Join(t, w.URL, nil)
	callee.Register(procedure, "hold", nil).OK(t)
	var calls []*harness.Answer
	for _, name := range harness.Libraries {
		caller := harness.Library(t, name).Join(t, c.URL(), nil)
		calls = append(calls, caller.Do("call", harness.Args{"procedure": procedure, "options": harness.Args{"timeout": 1}}))
	}
	for range calls {
		callee.Next("interrupted")
	}
	for _, call := range calls {
		if r := call.Wait(t); r.Error == nil || r.Error.URI != "wamp.error.canceled" && r.Error.URI != "wamp.error.timeout" {
			t.Errorf("the call that timed out ends with %s %+v", r.OK, r.Error)
		}
	}
	again := harness.Library(t, "asyncio").Join(t, c.URL(), nil).Call(procedure, "again") // the slots are free
	callee.Invoked(1)
	callee.Release(procedure, 5) // the interrupted ones are still in its list
	again.OK(t)
}

// Without a word in the configuration a timeout means what it means at the
// router itself: it says in WELCOME that it is Crossbar.io.
func TestTimeoutMeansWhatTheRouterMeans(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.deadline.unit"
	w := harness.LaunchWith(t, "--router", c.URL(), "--listen", "ws://127.0.0.1:0/ws")
	w.Process.Await(t, `"unit":"seconds"`)
	callee := harness.Library(t, "twisted").Join(t, w.URL, nil)
	callee.Register(procedure, "hold", harness.Args{"invoke": "roundrobin", "concurrency": 1}).OK(t)
	for _, url := range []string{c.URL(), w.URL} {
		caller := harness.Library(t, "asyncio").Join(t, url, nil)
		call := caller.Do("call", harness.Args{"procedure": procedure, "options": harness.Args{"timeout": 60}})
		callee.Next("invoked")
		for since := time.Now(); time.Since(since) < 100*time.Millisecond; {
			callee.Peak(procedure)
		}
		callee.Release(procedure, 1)
		call.OK(t)
	}
}
