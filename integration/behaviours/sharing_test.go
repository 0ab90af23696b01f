package behaviours

import "fmt"

// Who is called, of those who share a procedure.
var sharing = []behaviour{
	{name: "the first callee is called", story: func(s *scene) {
		first, _, caller := s.callee(`{"invoke":"first"}`), s.callee(`{"invoke":"first"}`), s.caller()
		for i := range 3 {
			s.serves(first, caller, i)
		}
	}},
	{name: "the last callee is called", story: func(s *scene) {
		_, last, caller := s.callee(`{"invoke":"last"}`), s.callee(`{"invoke":"last"}`), s.caller()
		for i := range 3 {
			s.serves(last, caller, i)
		}
	}},
	{name: "calls go round", story: func(s *scene) {
		const options = `{"invoke":"roundrobin"}`
		a, b, c, caller := s.callee(options), s.callee(options), s.callee(options), s.caller()
		for range 2 {
			for i, callee := range []*peer{a, b, c} {
				s.serves(callee, caller, i)
			}
		}
	}},
	{name: "calls go to any at random", story: func(s *scene) {
		a, b, caller := s.callee(`{"invoke":"random"}`), s.callee(`{"invoke":"random"}`), s.caller()
		taken := [2]int{}
		for range 40 {
			taken[s.taker(caller, a, b)]++
		}
		if taken[0] == 0 || taken[1] == 0 {
			s.fail("of 40 calls, %v were taken by each", taken)
		}
	}},
	{name: "calls go to who is least busy", rules: `policy = "least"`, story: func(s *scene) {
		a, b, caller := s.callee(`{"invoke":"roundrobin"}`), s.callee(`{"invoke":"roundrobin"}`), s.caller()
		caller.call(0)
		a.invokedWith(0) // and keeps it
		for i := range 3 {
			s.serves(b, caller, i)
		}
	}},
	{name: "a single callee stays the only one", story: func(s *scene) {
		first, second, caller := s.callee(`{}`), s.join("second", s.callees, everything), s.caller()
		second.mayNot(s.procedure, `{}`, "wamp.error.procedure_already_exists")
		s.serves(first, caller, 1)
	}},
	{name: "another policy is refused", story: func(s *scene) {
		first, second, caller := s.callee(`{"invoke":"roundrobin"}`), s.join("second", s.callees, everything), s.caller()
		second.mayNot(s.procedure, `{"invoke":"first"}`, "wamp.error.procedure_exists_with_different_invocation_policy")
		s.serves(first, caller, 1)
	}},
	{name: "callees without a word about it are pooled", rules: `policy = "roundrobin"`, story: func(s *scene) {
		a, b, caller := s.callee(`{}`), s.callee(`{}`), s.caller()
		for range 2 {
			s.serves(a, caller, 1)
			s.serves(b, caller, 2)
		}
	}},
	{name: "a prefix is shared", story: func(s *scene) { pattern(s, "prefix", s.procedure) }},
	{name: "a wildcard is shared", story: func(s *scene) { pattern(s, "wildcard", s.procedure+"..end") }},
	{name: "a new callee can take the place of all", story: func(s *scene) {
		const options = `{"invoke":"roundrobin"}`
		old := s.join("old", s.callees, everything)
		registration := old.register(s.procedure, options)
		caller := s.caller()
		running := caller.call(1)
		m := old.invokedWith(1)
		fresh := s.callee(`{"invoke":"roundrobin","force_reregister":true}`)
		told := old.expect("the UNREGISTERED that nobody asked for", 67, 0)
		if told.element(2) == "" {
			s.fail("%s is told %s, not of %s", old.name, told, registration)
		}
		for i := range 3 {
			s.serves(fresh, caller, i)
		}
		old.yield(m)
		caller.result(running, 1)
	}},
	{name: "a callee that is unavailable is passed over", story: func(s *scene) {
		busy, willing, caller := s.callee(`{"invoke":"first"}`), s.callee(`{"invoke":"first"}`), s.caller()
		call := caller.call(1)
		busy.fails(busy.invokedWith(1), "wamp.error.unavailable")
		willing.yield(willing.invokedWith(1))
		caller.result(call, 1)
	}},
	{name: "a call of what nobody has is refused", story: func(s *scene) {
		caller := s.caller()
		caller.refused(caller.call(1), "wamp.error.no_such_procedure")
	}},
}

// pattern registers one at two callees, and calls two procedures of it.
func pattern(s *scene, match, uri string) {
	options := fmt.Sprintf(`{"match":%q,"invoke":"roundrobin"}`, match)
	a, b, caller := s.calleeOf(uri, options, everything), s.calleeOf(uri, options, everything), s.caller()
	for i, callee := range []*peer{a, b} {
		called := fmt.Sprintf("%s.p%d.end", s.procedure, i)
		call := caller.callWith(`{}`, called, i)
		m := callee.invokedWith(i)
		if got := m.detail("procedure"); got != fmt.Sprintf("%q", called) {
			s.fail("the callee is told that %s was called", got)
		}
		callee.yield(m)
		caller.result(call, i)
	}
}
