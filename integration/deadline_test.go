package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A call's own timeout. Crossbar.io counts seconds, times the run of a call by
// its own clock, in steps of a second, and says so by INTERRUPT; wampool times
// wait and run together. Who is first tells the caller.

// expired waits for the end of a call whose time is over.
func expired(t *testing.T, caller *rawSession, request int, procedure string) {
	t.Helper()
	told := caller.expect(fmt.Sprintf(`[8,48,%d,{},"wamp.error.`, request))
	_, rest, _ := strings.Cut(told, `,{},`)
	if !strings.HasPrefix(rest, `"wamp.error.canceled",["timeout reached"]`) && // by Crossbar.io
		!strings.HasPrefix(rest, `"wamp.error.timeout",["the call of `+procedure) {
		t.Errorf("the caller is told %s", told)
	}
}

func TestCallWhoseTimeIsOverIsNeverDispatched(t *testing.T) {
	const procedure = "com.example.deadline.waiting"
	atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := joinRaw(t, "caller", s.url)
		caller.send(fmt.Sprintf(`[48,1,{},%q,[1]]`, procedure))
		argument(t, callee, procedure)
		caller.send(fmt.Sprintf(`[48,2,{"timeout":1},%q,[2]]`, procedure), fmt.Sprintf(`[48,3,{},%q,[3]]`, procedure))
		next := 2 // at Crossbar.io the clock of a waiting call stands still
		if s.wampool {
			next = 3
			expired(t, caller, 2, procedure)
			s.arrived(t) // Crossbar.io tells the caller first
		}
		callee.release(procedure, 1)
		caller.expect(`[50,1,`)
		if got := argument(t, callee, procedure); got != next {
			t.Errorf("after call 1 the callee got call %d, want %d", got, next)
		}
		callee.release(procedure, 1)
		caller.expect(fmt.Sprintf(`[50,%d,`, next))
	})
}

func TestWhatIsLeftOfATimeoutIsHandedOn(t *testing.T) {
	c := router(t)
	const procedure = "com.example.deadline.rest"
	w := startWampool(t, c.url(), pooled(procedure, "concurrency = 1\nqueue {\n}"))
	for _, feature := range []string{"call_timeout", "call_canceling"} {
		t.Run(feature, func(t *testing.T) {
			callee := rawCallee(t, w.url, procedure, feature)
			caller := joinRaw(t, "caller", c.url())
			caller.send(fmt.Sprintf(`[48,1,{"timeout":3000},%q]`, procedure), fmt.Sprintf(`[48,2,{"timeout":3000},%q]`, procedure))
			first := callee.expect(`[68,`)
			if !strings.Contains(first, `"timeout":3000`) {
				t.Errorf("a call that was dispatched at once came as %s", first)
			}
			callee.send(fmt.Sprintf(`[70,%d,{}]`, element(t, first, 1)))
			caller.expect(`[50,1,`)
			second := callee.expect(`[68,`) // it has waited: at least a moment, and less than a minute
			_, after, _ := strings.Cut(second, `"timeout":`)
			var rest int
			if _, err := fmt.Sscan(after, &rest); err != nil || rest < 2940 || rest > 3000 {
				t.Errorf("the call that has waited came as %s", second)
			}
			callee.send(fmt.Sprintf(`[70,%d,{}]`, element(t, second, 1)))
			caller.expect(`[50,2,`)
			callee.send(`[6,{},"wamp.close.normal"]`)
			callee.expect(`[6,`)
		})
	}
}

// All libraries pass a timeout on as it is given.
func TestTimeoutsOfLibraries(t *testing.T) {
	c := router(t)
	const procedure = "com.example.deadline.libraries"
	w := startWampool(t, c.url(), pooled(procedure, "concurrency = 4"))
	callee := library(t, "twisted").join(t, w.url, nil)
	callee.register(procedure, "hold", nil).ok(t)
	var calls []*answer
	for _, name := range []string{"asyncio", "twisted", "autobahn", "wampy"} {
		caller := library(t, name).join(t, c.url(), nil)
		calls = append(calls, caller.do("call", args{"procedure": procedure, "options": args{"timeout": 1}}))
	}
	for range calls {
		callee.next("interrupted")
	}
	for _, call := range calls {
		if r := call.wait(t); r.Error == nil || r.Error.URI != "wamp.error.canceled" && r.Error.URI != "wamp.error.timeout" {
			t.Errorf("the call that timed out ends with %s %+v", r.OK, r.Error)
		}
	}
	again := library(t, "asyncio").join(t, c.url(), nil).call(procedure, "again") // the slots are free
	callee.invoked(1)
	callee.release(procedure, 5) // the interrupted ones are still in its list
	again.ok(t)
}

// Without a word in the configuration a timeout means what it means at the
// router itself: it says in WELCOME that it is Crossbar.io.
func TestTimeoutMeansWhatTheRouterMeans(t *testing.T) {
	c := router(t)
	const procedure = "com.example.deadline.unit"
	w := launchWith(t, "--router", c.url(), "--listen", "ws://127.0.0.1:0/ws")
	if _, err := w.process.waitLine(0, `"unit":"seconds"`); err != nil {
		t.Fatal(err)
	}
	callee := library(t, "twisted").join(t, w.url, nil)
	callee.register(procedure, "hold", args{"invoke": "roundrobin", "concurrency": 1}).ok(t)
	for _, url := range []string{c.url(), w.url} {
		caller := library(t, "asyncio").join(t, url, nil)
		call := caller.do("call", args{"procedure": procedure, "options": args{"timeout": 60}})
		callee.next("invoked")
		for since := time.Now(); time.Since(since) < 100*time.Millisecond; {
			callee.peak(procedure)
		}
		callee.release(procedure, 1)
		call.ok(t)
	}
}
