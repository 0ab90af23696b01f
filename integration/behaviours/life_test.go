package behaviours

// What becomes of a call that is given up, and of those whose callee or caller
// goes.
var lives = []behaviour{
	{name: "a call can be canceled", story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		call := caller.call(0)
		m := callee.invokedWith(0)
		caller.send(`[49,%d,{"mode":"kill"}]`, call)
		callee.expect("INTERRUPT", 69, m.element(1))
		callee.fails(m, "wamp.error.canceled")
		caller.refused(call, "wamp.error.canceled")
	}},
	{name: "a call can be canceled without waiting", story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		call := caller.call(0)
		m := callee.invokedWith(0)
		caller.send(`[49,%d,{"mode":"killnowait"}]`, call)
		caller.refused(call, "wamp.error.canceled")
		callee.expect("INTERRUPT", 69, m.element(1))
		callee.fails(m, "wamp.error.canceled") // late: nobody's
		s.settle(callee, caller)
	}},
	{name: "a callee that knows no INTERRUPT gets none", story: func(s *scene) {
		callee, caller := s.calleeOf(s.procedure, `{"invoke":"roundrobin"}`, nothing), s.caller()
		call := caller.call(0)
		m := callee.invokedWith(0)
		caller.send(`[49,%d,{"mode":"kill"}]`, call)
		caller.refused(call, "wamp.error.canceled")
		s.settle(callee, caller)
		callee.never("INTERRUPT", 69)
		callee.yield(m)
		s.settle(callee, caller)
	}},
	{name: "a call that waits can be canceled", rules: "queue {\n}", story: func(s *scene) {
		callee, caller := s.callee(one), s.caller()
		running := caller.call(0)
		m := callee.invokedWith(0)
		waiting := caller.call(1)
		s.settle(callee, caller)
		caller.send(`[49,%d,{"mode":"kill"}]`, waiting)
		caller.refused(waiting, "wamp.error.canceled")
		callee.yield(m)
		caller.result(running, 0)
		s.serves(callee, caller, 2)
	}},
	{name: "a callee is told that its caller has gone", alone: true, story: func(s *scene) {
		callee, lost := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		lost.call(0)
		m := callee.invokedWith(0)
		lost.leave()
		callee.expect("INTERRUPT", 69, m.element(1))
	}},
	{name: "an answer for a caller that left harms nobody", alone: true, story: func(s *scene) {
		callee, lost, other := s.callee(`{"invoke":"roundrobin"}`), s.caller(), s.caller()
		kept := other.call(1)
		k := callee.invokedWith(1)
		lost.call(0)
		m := callee.invokedWith(0)
		lost.leave()
		callee.yield(m)
		callee.yield(k)
		other.result(kept, 1)
		s.serves(callee, other, 2)
	}},
	{name: "an answer for a caller whose connection broke harms nobody", alone: true, story: func(s *scene) {
		callee, lost, other := s.callee(`{"invoke":"roundrobin"}`), s.caller(), s.caller()
		kept := other.call(1)
		k := callee.invokedWith(1)
		lost.call(0)
		m := callee.invokedWith(0)
		lost.drop()
		callee.yield(m)
		callee.yield(k)
		other.result(kept, 1)
		s.serves(callee, other, 2)
	}},
	{name: "a call can have a timeout", story: func(s *scene) {
		callee, caller := s.calleeOf(s.procedure, `{"invoke":"roundrobin"}`, `"call_canceling":true`), s.caller()
		call := caller.callWith(s.timeout, s.procedure, 0)
		callee.invokedWith(0)
		s.timedOut(caller, call)
	}},
	{name: "a timeout holds for waiting too", rules: "queue {\n}", story: func(s *scene) {
		callee, caller := s.calleeOf(s.procedure, one, `"call_canceling":true`), s.caller()
		running := caller.call(0)
		m := callee.invokedWith(0)
		s.timedOut(caller, caller.callWith(s.timeout, s.procedure, 1))
		s.settle(callee, caller) // the caller may be told first
		callee.yield(m)
		caller.result(running, 0)
		s.serves(callee, caller, 2)
	}},
	{name: "a lost callee's call is answered", story: func(s *scene) {
		const options = `{"invoke":"first"}`
		lost, other, caller := s.callee(options), s.callee(options), s.caller()
		call := caller.call(0)
		lost.invokedWith(0)
		lost.drop()
		caller.refused(call, "wamp.error.canceled")
		s.serves(other, caller, 1)
	}},
	{name: "a lost callee's call can go to another", rules: "retry_lost = true", story: func(s *scene) {
		const options = `{"invoke":"first"}`
		lost, other, caller := s.callee(options), s.callee(options), s.caller()
		call := caller.call(0)
		lost.invokedWith(0)
		lost.drop()
		other.yield(other.invokedWith(0))
		caller.result(call, 0)
	}},
	{name: "what the last lost callee had is free for the next", story: func(s *scene) {
		const options = `{"invoke":"roundrobin"}`
		lost, caller := s.callee(options), s.caller()
		s.serves(lost, caller, 0)
		lost.drop()
		next := s.join("next", s.callees, everything)
		next.register(s.procedure, options)
		s.serves(next, caller, 1)
	}},
	{name: "a callee that unregisters ends its calls", story: func(s *scene) {
		callee := s.join("callee", s.callees, everything)
		registration := callee.register(s.procedure, `{"invoke":"roundrobin"}`)
		caller := s.caller()
		call := caller.call(0)
		m := callee.invokedWith(0)
		callee.unregister(registration)
		callee.yield(m)
		caller.result(call, 0)
		callee.unregister(callee.register(s.procedure, `{"invoke":"roundrobin"}`))
	}},
	{name: "so does one whose procedure is kept for the next", rules: "linger = \"1m\"", story: func(s *scene) {
		callee := s.join("callee", s.callees, everything)
		registration := callee.register(s.procedure, `{"invoke":"roundrobin"}`)
		caller := s.caller()
		call := caller.call(0)
		m := callee.invokedWith(0)
		callee.unregister(registration)
		callee.yield(m)
		caller.result(call, 0)
	}},
	{name: "a callee that unregisters leaves the calls to the others", story: func(s *scene) {
		callee := s.join("callee", s.callees, everything)
		registration := callee.register(s.procedure, `{"invoke":"first"}`)
		other, caller := s.callee(`{"invoke":"first"}`), s.caller()
		s.serves(callee, caller, 0)
		callee.unregister(registration)
		s.serves(other, caller, 1)
		callee.register(s.procedure, `{"invoke":"first"}`)
		s.serves(other, caller, 2)
	}},
	{name: "a callee's plain registrations survive its pooled one", story: func(s *scene) {
		callee := s.join("callee", s.callees, everything)
		plain := "com.example.plain." + s.procedure
		own := callee.register(plain, `{}`)
		registration := callee.register(s.procedure, `{"invoke":"roundrobin"}`)
		caller := s.caller()
		callee.unregister(registration)
		call := caller.callWith(`{}`, plain, 1)
		callee.yield(callee.invokedWith(1))
		caller.result(call, 1)
		callee.unregister(own)
	}},
	{name: "unregistering twice is refused", story: func(s *scene) {
		callee, caller := s.join("callee", s.callees, everything), s.caller()
		registration := callee.register(s.procedure, `{"invoke":"roundrobin"}`)
		callee.unregister(registration)
		n := callee.next()
		callee.send(`[66,%d,%s]`, n, registration)
		callee.expect("the refusal of its UNREGISTER", 8, 66, n)
		callee.register(s.procedure, `{"invoke":"roundrobin"}`)
		s.serves(callee, caller, 1)
	}},
	{name: "an UNREGISTER of what nobody has is refused", alone: true, story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		n := callee.next()
		callee.send(`[66,%d,4711]`, n)
		callee.expect("the refusal of its UNREGISTER", 8, 66, n)
		s.serves(callee, caller, 1)
	}},
	{name: "callees are replaced one by one, and no call is lost", rules: "queue {\n}", story: func(s *scene) {
		const options = `{"invoke":"roundrobin"}`
		callees := []*peer{s.callee(options), s.callee(options)}
		caller := s.caller()
		for i := range 2 {
			call := caller.call(i)
			var running message
			s.pull("an INVOCATION for any", func() bool {
				if len(callees[0].waiting)+len(callees[1].waiting) == 0 {
					return false
				}
				if len(callees[1].waiting) > 0 { // who has the call goes first
					callees[0], callees[1] = callees[1], callees[0]
				}
				running = callees[0].has(68)
				return true
			})
			callees = append(callees, s.callee(options))
			callees[0].yield(running)
			caller.result(call, i)
			callees[0].leave()
			callees = callees[1:]
		}
		taken := [2]int{}
		for range 4 {
			taken[s.taker(caller, callees...)]++
		}
		if taken != [2]int{2, 2} {
			s.fail("those who came took %v of 4 calls", taken)
		}
	}},
}

// timedOut waits for the error of a call whose time is over; routers name it
// differently.
func (s *scene) timedOut(caller *peer, call int) {
	e := caller.expect("the end of a call whose time is over", 8, 48, call)
	if uri := e.element(4); uri != "wamp.error.timeout" && uri != "wamp.error.canceled" {
		s.fail("the call ends with %s", uri)
	}
}

// What is said between caller and callee.
var passing = []behaviour{
	{name: "arguments and results pass whole", story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		n := caller.next()
		caller.send(`[48,%d,{},%q,[1,-2.5,"ä",null,[true,{}]],{"k":{"l":[9007199254740991]}}]`, n, s.procedure)
		m := callee.invoked()
		if !m.holds(4, `[1,-2.5,"ä",null,[true,{}]]`, `{"k":{"l":[9007199254740991]}}`) {
			s.fail("the callee got %s", m)
		}
		callee.send(`[70,%s,{},[1,2],{"k":3}]`, m.element(1))
		r := caller.answer(n, "")
		if !r.holds(3, `[1,2]`, `{"k":3}`) {
			s.fail("the caller got %s", r)
		}
	}},
	{name: "an error passes whole", story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		call := caller.call(0)
		callee.fails(callee.invoked(), "com.example.failed")
		e := caller.refused(call, "com.example.failed")
		if !e.holds(5, `["the text"]`, `{"key":"value"}`) {
			s.fail("the caller got %s", e)
		}
	}},
	{name: "results come in parts", story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		call := caller.callWith(`{"receive_progress":true}`, s.procedure, 0)
		m := callee.invokedWith(0)
		if m.detail("receive_progress") != "true" {
			s.fail("the callee is not told that the caller takes parts")
		}
		for i := 1; i <= 3; i++ {
			callee.send(`[70,%s,{"progress":true},[%d]]`, m.element(1), i)
			caller.result(call, i)
		}
		callee.yield(m)
		caller.result(call, 0)
	}},
	{name: "arguments come in parts", story: func(s *scene) {
		callee, other, caller := s.callee(`{"invoke":"roundrobin"}`), s.callee(`{"invoke":"roundrobin"}`), s.caller()
		call := caller.callWith(`{"progress":true}`, s.procedure, 0)
		first := callee.invokedWith(0)
		caller.send(`[48,%d,{"progress":true},%q,[1]]`, call, s.procedure)
		part := callee.invokedWith(1)
		caller.send(`[48,%d,{},%q,[2]]`, call, s.procedure)
		last := callee.invokedWith(2)
		if part.element(1) != first.element(1) || last.element(1) != first.element(1) || last.detail("progress") == "true" {
			s.fail("the parts are %s, %s and %s", first, part, last)
		}
		other.never("a part of it", 68)
		callee.yield(last)
		caller.result(call, 2)
	}},
	{name: "a caller can disclose itself", story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		call := caller.callWith(`{"disclose_me":true}`, s.procedure, 0)
		m := callee.invokedWith(0)
		if m.detail("caller") == "" {
			s.fail("the callee is told %s", m[3])
		}
		callee.yield(m)
		caller.result(call, 0)
	}},
	{name: "a payload can pass unread", story: func(s *scene) {
		callee, caller := s.callee(`{"invoke":"roundrobin"}`), s.caller()
		call := caller.callWith(`{"ppt_scheme":"x_example","ppt_serializer":"cbor"}`, s.procedure, `"packed"`)
		m := callee.invoked()
		if m.detail("ppt_scheme") != `"x_example"` {
			s.fail("the callee is told %s", m[3])
		}
		callee.yield(m)
		caller.answer(call, "")
	}},
}
