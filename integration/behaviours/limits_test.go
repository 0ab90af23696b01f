package behaviours

import (
	"fmt"

	"github.com/wampool/wampool/integration/harness"
)

const one, two = `{"invoke":"roundrobin","concurrency":1}`, `{"invoke":"roundrobin","concurrency":2}`

// How many calls a callee gets at once, and what becomes of the rest.
var limits = []behaviour{
	{name: "a callee's own limit holds", story: func(s *scene) {
		callee, caller := s.callee(two), s.caller()
		calls := []int{caller.call(0), caller.call(1)}
		invocations := []message{callee.invokedWith(0), callee.invokedWith(1)}
		caller.refused(caller.call(2), harness.MaxConcurrency)
		callee.never("more than its limit", 68)
		for i, m := range invocations {
			callee.yield(m)
			caller.result(calls[i], i)
		}
	}},
	{name: "a limit can be set for callees that name none", rules: "concurrency = 1", story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		call := caller.call(0)
		m := callee.invokedWith(0)
		caller.refused(caller.call(1), harness.MaxConcurrency)
		callee.yield(m)
		caller.result(call, 0)
	}},
	{name: "a full callee is passed over", story: func(s *scene) {
		const options = `{"invoke":"first","concurrency":1}`
		a, b, caller := s.callee(options), s.callee(options), s.caller()
		first := caller.call(0)
		m := a.invokedWith(0)
		s.serves(b, caller, 1)
		a.yield(m)
		caller.result(first, 0)
	}},
	{name: "an answer frees its place", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		for i := range 3 {
			s.serves(callee, caller, i)
		}
	}},
	{name: "an error frees its place", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		for i := range 3 {
			call := caller.call(i)
			callee.fails(callee.invokedWith(i), "com.example.failed")
			caller.refused(call, "com.example.failed")
		}
	}},
	{name: "a part of a result frees no place", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		call := caller.callWith(`{"receive_progress":true}`, s.procedure, 0)
		m := callee.invokedWith(0)
		callee.send(`[70,%s,{"progress":true},[1]]`, m.element(1))
		caller.result(call, 1)
		caller.refused(caller.call(2), harness.MaxConcurrency)
		callee.yield(m)
		caller.result(call, 0)
	}},
	{name: "a caller that goes frees no place", alone: true, story: func(s *scene) {
		callee, other, lost := s.callee(one), s.caller(), s.caller()
		lost.call(0)
		callee.invokedWith(0)
		lost.drop()
		other.refused(other.call(1), harness.MaxConcurrency)
	}},
	{name: "registering again frees no place", story: func(s *scene) {
		callee := s.join("callee", s.callees, everything)
		registration := callee.register(s.procedure, one)
		caller := s.caller()
		call := caller.call(0)
		m := callee.invokedWith(0)
		callee.unregister(registration)
		callee.register(s.procedure, one)
		caller.refused(caller.call(1), harness.MaxConcurrency)
		callee.yield(m)
		caller.result(call, 0)
	}},
	{name: "one limit can hold for all procedures of a callee", rules: "scope = \"callee\"\nconcurrency = 1", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		callee.register(s.procedure+".other", one)
		call := caller.call(0)
		m := callee.invokedWith(0)
		caller.refused(caller.callWith(`{}`, s.procedure+".other", 1), harness.MaxConcurrency)
		callee.yield(m)
		caller.result(call, 0)
	}},
	{name: "calls wait, and are served in their order", rules: "queue {\n}", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		var calls []int
		for i := range 5 {
			calls = append(calls, caller.call(i))
		}
		for i, call := range calls {
			m := callee.invokedWith(i)
			s.settle(callee, caller)
			callee.never("more than its limit", 68)
			callee.yield(m)
			caller.result(call, i)
		}
	}},
	{name: "what waits is bounded", rules: "queue {\n limit = 2\n}", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		calls := []int{caller.call(0), caller.call(1), caller.call(2)}
		caller.refused(caller.call(3), harness.MaxConcurrency)
		for i, call := range calls {
			callee.yield(callee.invokedWith(i))
			caller.result(call, i)
		}
	}},
	{name: "waiting has a time limit", rules: "queue {\n timeout = \"50ms\"\n}", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		call := caller.call(0)
		m := callee.invokedWith(0)
		caller.refused(caller.call(1), "wamp.error.timeout")
		callee.yield(m)
		caller.result(call, 0)
	}},
	{name: "a new callee takes what waits", rules: "queue {\n}", story: func(s *scene) {
		a, caller := s.callee(one), s.caller()
		caller.call(0)
		a.invokedWith(0)
		waiting := caller.call(1)
		s.settle(a, caller)
		b := s.callee(one)
		b.yield(b.invokedWith(1))
		caller.result(waiting, 1)
	}},
	{name: "nobody overtakes who waits", rules: "queue {\n}", story: func(s *scene) {
		callee, caller, other := s.callee(one), s.caller(), s.caller()
		running := caller.call(0)
		m := callee.invokedWith(0)
		waiting := caller.call(1)
		s.settle(callee, caller)
		late := other.call(2)
		s.settle(callee, other)
		callee.yield(m)
		caller.result(running, 0)
		callee.yield(callee.invokedWith(1))
		caller.result(waiting, 1)
		callee.yield(callee.invokedWith(2))
		other.result(late, 2)
	}},
	{name: "an error serves who waits", rules: "queue {\n}", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		running, waiting := caller.call(0), caller.call(1)
		callee.fails(callee.invokedWith(0), "com.example.failed")
		caller.refused(running, "com.example.failed")
		callee.yield(callee.invokedWith(1))
		caller.result(waiting, 1)
	}},
	{name: "who waits is told when the last callee goes", rules: "queue {\n}", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		caller.call(0)
		callee.invokedWith(0)
		waiting := caller.call(1)
		s.settle(callee, caller)
		callee.drop()
		caller.refused(waiting, "wamp.error.no_available_callee")
	}},
	{name: "a waiting call of a caller that left does not run", rules: "queue {\n}", alone: true, story: func(s *scene) {
		callee, other, gone := s.callee(one), s.caller(), s.caller()
		running := other.call(0)
		m := callee.invokedWith(0)
		gone.call(1)
		s.settle(callee, gone)
		gone.leave()
		last := other.call(2)
		s.settle(callee, other)
		callee.yield(m)
		other.result(running, 0)
		callee.yield(callee.invokedWith(2))
		other.result(last, 2)
	}},
	{name: "calls wait for the next callee after the last has gone", rules: "linger = \"1m\"\nqueue {\n}", story: func(s *scene) {
		old, other, caller := s.callee(one), s.join("other", s.callees, everything), s.caller()
		s.serves(old, caller, 0)
		old.leave()
		call := caller.call(1)
		s.settle(other, caller)
		fresh := s.callee(one)
		fresh.yield(fresh.invokedWith(1))
		caller.result(call, 1)
	}},
	{name: "a burst over several callees is served whole, and no limit exceeded", rules: "queue {\n}", story: func(s *scene) {
		callees := []*peer{s.callee(two), s.callee(two), s.callee(two)}
		caller := s.caller()
		const burst = 50
		for i := range burst {
			caller.call(i)
		}
		answered := 0
		serve := func(p *peer) bool {
			m := p.has(68)
			if m != nil {
				p.yield(m)
			}
			return m != nil
		}
		for _, callee := range callees {
			s.settle(callee, caller)
			if len(callee.waiting) != 2 {
				s.fail("%d calls run at once at a callee of 2", len(callee.waiting))
			}
		}
		s.pull(fmt.Sprintf("%d answers", burst), func() bool {
			for _, callee := range callees {
				for serve(callee) {
				}
			}
			for caller.has(50) != nil {
				answered++
			}
			if m := caller.has(8); m != nil {
				s.fail("a call ends with %s", m.element(4))
			}
			return answered == burst
		})
	}},
}
