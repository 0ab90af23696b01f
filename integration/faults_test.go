package integration

import (
	"encoding/json"
	"strings"
	"testing"
)

// Each of these stories is told twice: at Crossbar.io's own shared registrations
// and call queue, where it shows what they lack (seen on 26.10.1), and at
// wampool in front of a Crossbar.io. The README's table is made of them.

// side is where a story is told.
type side struct {
	url     string // of callees and callers
	wampool bool
	joining args // what clients must say there, for [program.join]
}

// node is a running router.
type node interface {
	name() string
	url() string
	joining() args
}

func atBoth(t *testing.T, c node, realm string, story func(t *testing.T, s side)) {
	t.Helper()
	t.Run("at "+c.name(), func(t *testing.T) { story(t, side{c.url(), false, c.joining()}) })
	t.Run("at wampool", func(t *testing.T) { story(t, side{startWampool(t, c.url(), realm).url, true, c.joining()}) })
}

// callee joins and registers a procedure whose calls are held.
func (s side) callee(t *testing.T, procedure, invoke string, concurrency int) *client {
	t.Helper()
	c := library(t, "asyncio").join(t, s.url, s.joining)
	c.register(procedure, "hold", args{"invoke": invoke, "concurrency": concurrency}).ok(t)
	return c
}

func (s side) caller(t *testing.T) *client {
	t.Helper()
	return library(t, "twisted").join(t, s.url, s.joining)
}

// argument is what the next invocation of a procedure was called with.
func argument(t *testing.T, callee *client, procedure string) int {
	t.Helper()
	for {
		e := callee.next("invoked")
		if e.Procedure != procedure {
			continue
		}
		var list []int
		if err := json.Unmarshal(e.Args, &list); err != nil || len(list) != 1 {
			t.Fatalf("invoked with %s", e.Args)
		}
		return list[0]
	}
}

// settled makes sure that everything a session has caused at the router so far
// has been dealt with: an answer has come for something that was asked later.
func settled(t *testing.T, c *client) {
	t.Helper()
	c.call("wamp.session.count").ok(t)
}

// arrived makes sure that everything the router has sent to wampool so far has
// been dealt with there, and what the pool session has sent to the router: a
// REGISTER and a call of another pool have passed behind it.
func (s side) arrived(t *testing.T) {
	t.Helper()
	s.arrivedAt(t, library(t, "asyncio"))
}

// arrivedAt is arrived with a library that bears the router's messages.
func (s side) arrivedAt(t *testing.T, p *program) {
	t.Helper()
	const procedure = "com.example.barrier"
	callee := p.join(t, s.url, s.joining)
	callee.register(procedure, "echo", args{"invoke": "roundrobin"}).ok(t)
	callee.call(procedure, 1).ok(t)
	callee.do("unregister", args{"procedure": procedure}).ok(t)
}

const maxConcurrency = "crossbar.error.max_concurrency_reached"

func TestFullFirstCalleeSpillsOver(t *testing.T) {
	for _, policy := range []string{"first", "last"} {
		procedure := "com.example.spill." + policy
		atBoth(t, router(t), auto, func(t *testing.T, s side) {
			a, b := s.callee(t, procedure, policy, 1), s.callee(t, procedure, policy, 1)
			if policy == "last" {
				a, b = b, a
			}
			caller := s.caller(t)
			calls := []*answer{caller.call(procedure, 1)}
			argument(t, a, procedure)
			calls = append(calls, caller.call(procedure, 2))
			if !s.wampool {
				calls[1].fails(t, maxConcurrency)
				a.release(procedure, 1)
				calls[0].ok(t)
				return
			}
			argument(t, b, procedure)
			a.release(procedure, 1)
			b.release(procedure, 1)
			for _, call := range calls {
				call.ok(t)
			}
		})
	}
}

func TestRandomRespectsLimits(t *testing.T) {
	const procedure = "com.example.random"
	atBoth(t, router(t), auto, func(t *testing.T, s side) {
		a, b := s.callee(t, procedure, "random", 1), s.callee(t, procedure, "random", 1)
		caller := s.caller(t)
		var calls []*answer
		for i := range 8 {
			calls = append(calls, caller.call(procedure, i))
		}
		if s.wampool {
			argument(t, a, procedure)
			argument(t, b, procedure)
		}
		settled(t, caller)
		settled(t, a)
		settled(t, b)
		if peak := max(a.peak(procedure), b.peak(procedure)); s.wampool != (peak == 1) {
			t.Errorf("%d calls ran at once at a callee of 1", peak)
		}
		if s.wampool {
			a.release(procedure, 1)
			b.release(procedure, 1)
			refused := 0
			for _, call := range calls {
				if call.wait(t).Error != nil {
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
	atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		lost := s.caller(t)
		lost.call(procedure, 1)
		argument(t, callee, procedure)
		lost.do("drop", nil).ok(t)
		lost.next("disconnected")
		caller := s.caller(t)
		call := caller.call(procedure, 2)
		if s.wampool {
			if got := argument(t, callee, procedure); got != 2 {
				t.Errorf("callee got call %d", got)
			}
			callee.release(procedure, 2) // the first was interrupted
			call.ok(t)
			return
		}
		callee.release(procedure, 1) // if the INTERRUPT has not ended it
		settled(t, callee)
		settled(t, caller)
		if !call.open() {
			t.Error("the call was answered: Crossbar.io does free the slot")
		}
	})
}

func TestNewCalleeTakesWhatWaitsAndNobodyOvertakes(t *testing.T) {
	const procedure = "com.example.overtake"
	atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s side) {
		a := s.callee(t, procedure, "roundrobin", 1)
		caller := s.caller(t)
		calls := []*answer{caller.call(procedure, 0), caller.call(procedure, 1)}
		argument(t, a, procedure)
		settled(t, caller)
		b := s.callee(t, procedure, "roundrobin", 1)
		calls = append(calls, caller.call(procedure, 2))
		first := argument(t, b, procedure)
		if s.wampool != (first == 1) {
			t.Errorf("the new callee got call %d first", first)
		}
		b.release(procedure, 1)
		calls[first].ok(t)
	})
}

func TestErrorServesWhoWaits(t *testing.T) {
	const procedure = "com.example.error"
	atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := s.caller(t)
		running, waiting := caller.call(procedure, 0), caller.call(procedure, 1)
		argument(t, callee, procedure)
		settled(t, caller)
		callee.do("release", args{"procedure": procedure, "how": "error"}).ok(t)
		running.fails(t, "com.example.failed")
		if s.wampool {
			if got := argument(t, callee, procedure); got != 1 {
				t.Errorf("callee got call %d", got)
			}
			callee.release(procedure, 1)
			waiting.ok(t)
			return
		}
		settled(t, callee)
		settled(t, caller)
		if len(callee.events) > 0 || !waiting.open() {
			t.Error("the waiting call was served: Crossbar.io's queue does go on after an ERROR")
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	const procedure = "com.example.bounded"
	atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := s.caller(t)
		var calls []*answer
		for i := range 50 {
			calls = append(calls, caller.call(procedure, i))
		}
		argument(t, callee, procedure)
		if s.wampool { // one runs, two wait
			for _, call := range calls[3:] {
				if text := call.fails(t, maxConcurrency); !strings.Contains(text, "maximum concurrency") {
					t.Errorf("refused with %s", text)
				}
			}
			return
		}
		settled(t, caller)
		for i, call := range calls { // its queue was configured for two calls as well
			if !call.open() {
				t.Errorf("call %d was answered: Crossbar.io does bound its queue", i)
			}
		}
	})
}

func TestWaitingCallIsAnsweredWhenTheLastCalleeGoes(t *testing.T) {
	const procedure = "com.example.last"
	atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 2\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := s.caller(t)
		running, waiting := caller.call(procedure, 0), caller.call(procedure, 1)
		argument(t, callee, procedure)
		settled(t, caller)
		if s.wampool {
			s.arrived(t)
		}
		callee.do("drop", nil).ok(t)
		running.fails(t, "wamp.error.canceled")
		if s.wampool {
			waiting.fails(t, "wamp.error.no_available_callee")
			return
		}
		settled(t, caller)
		if !waiting.open() {
			t.Error("the waiting call was answered: Crossbar.io does not forget it")
		}
	})
}

func TestWaitingCallOfAGoneCallerDoesNotRun(t *testing.T) {
	const procedure = "com.example.gone"
	atBoth(t, queueingRouter(t), pooled(procedure, "queue {\n limit = 5\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller, gone := s.caller(t), s.caller(t)
		caller.call(procedure, 0)
		argument(t, callee, procedure)
		gone.call(procedure, 1)
		settled(t, gone)
		gone.do("leave", nil).ok(t)
		gone.next("disconnected")
		settled(t, caller)
		caller.call(procedure, 2)
		settled(t, caller)
		s.arrived(t)
		callee.release(procedure, 1)
		if got := argument(t, callee, procedure); s.wampool != (got == 2) {
			t.Errorf("after call 0 the callee got call %d", got)
		}
	})
}

func TestRegisteringAgainFreesNoSlot(t *testing.T) {
	const procedure = "com.example.again"
	atBoth(t, router(t), auto, func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := s.caller(t)
		first := caller.call(procedure, 1)
		argument(t, callee, procedure)
		callee.do("unregister", args{"procedure": procedure}).ok(t)
		callee.register(procedure, "hold", args{"invoke": "roundrobin", "concurrency": 1}).ok(t)
		second := caller.call(procedure, 2)
		if s.wampool {
			second.fails(t, maxConcurrency)
			callee.release(procedure, 1)
			first.ok(t)
		} else {
			argument(t, callee, procedure)
			callee.release(procedure, 2)
			first.ok(t)
			second.ok(t)
		}
		if peak := callee.peak(procedure); s.wampool != (peak == 1) {
			t.Errorf("%d calls ran at once at a callee of 1", peak)
		}
	})
}
