package behaviours

import (
	"encoding/json"
	"fmt"
)

// What the stories of behaviours are told with.

// callee joins one that announces everything, and registers the procedure.
func (s *scene) callee(options string) *peer { return s.calleeOf(s.procedure, options, everything) }

func (s *scene) calleeOf(procedure, options, features string) *peer {
	p := s.join(fmt.Sprint("callee ", len(s.peers)), s.callees, features)
	p.register(procedure, options)
	return p
}

func (s *scene) caller() *peer {
	return s.join(fmt.Sprint("caller ", len(s.peers)), s.callers, everything)
}

// register returns the registration.
func (p *peer) register(procedure, options string) string {
	p.isCallee = true
	n := p.next()
	p.send(`[64,%d,%s,%q]`, n, options, procedure)
	var answer message
	p.s.pull("REGISTERED for "+p.name, func() bool {
		if e := p.has(8, 64, n); e != nil {
			p.s.fail("%s may not register: %s", p.name, e.element(4))
		}
		answer = p.has(65, n)
		return answer != nil || p.gone
	})
	if answer == nil {
		p.s.fail("%s was closed for its REGISTER: %v", p.name, p.conn.Err())
	}
	return answer.element(2)
}

// mayNot waits for the refusal of a REGISTER.
func (p *peer) mayNot(procedure, options, uri string) {
	n := p.next()
	p.send(`[64,%d,%s,%q]`, n, options, procedure)
	if e := p.expect("the refusal of its REGISTER", 8, 64, n); e.element(4) != uri {
		p.s.fail("%s is refused with %s", p.name, e.element(4))
	}
}

func (p *peer) unregister(registration string) {
	n := p.next()
	p.send(`[66,%d,%s]`, n, registration)
	p.expect("UNREGISTERED", 67, n)
}

// invoked waits for the next INVOCATION.
func (p *peer) invoked() message { return p.expect("INVOCATION", 68) }

// invokedWith waits for the next one, that must have this first argument.
func (p *peer) invokedWith(argument any) message {
	m := p.invoked()
	p.s.hasArgument(m, 4, argument)
	return m
}

func (s *scene) hasArgument(m message, place int, argument any) {
	var list []json.RawMessage
	if len(m) > place {
		_ = json.Unmarshal(m[place], &list)
	}
	if len(list) == 0 || string(list[0]) != fmt.Sprint(argument) {
		s.fail("%.200s has not the argument %v", m, argument)
	}
}

// detail is an element of an INVOCATION's details.
func (m message) detail(name string) string {
	var details map[string]json.RawMessage
	if len(m) < 4 || json.Unmarshal(m[3], &details) != nil {
		return ""
	}
	return string(details[name])
}

// yield answers an invocation with its own argument.
func (p *peer) yield(invocation message) {
	if len(invocation) > 4 {
		p.send(`[70,%s,{},%s]`, invocation.element(1), invocation[4])
	} else {
		p.send(`[70,%s,{}]`, invocation.element(1))
	}
}

func (p *peer) fails(invocation message, uri string) {
	p.send(`[8,68,%s,{},%q,["the text"],{"key":"value"}]`, invocation.element(1), uri)
}

// call sends a CALL of the scene's procedure and returns its request.
func (p *peer) call(argument any) int { return p.callWith(`{}`, p.s.procedure, argument) }

func (p *peer) callWith(options, procedure string, argument any) int {
	n := p.next()
	p.calls[n] = true
	p.send(`[48,%d,%s,%q,[%v]]`, n, options, procedure, argument)
	return n
}

// result waits for the RESULT of a call, which must have this argument.
func (p *peer) result(call int, argument any) {
	p.s.hasArgument(p.answer(call, ""), 3, argument)
}

// refused waits for the ERROR of a call.
func (p *peer) refused(call int, uri string) message { return p.answer(call, uri) }

func (p *peer) answer(call int, uri string) message {
	var m message
	p.s.pull(fmt.Sprintf("an answer to call %d of %s", call, p.name), func() bool {
		if m = p.has(8, 48, call); m != nil {
			if m.element(4) != uri {
				p.s.fail("call %d ends with %s", call, m.element(4))
			}
			return true
		}
		if m = p.has(50, call); m != nil && uri != "" {
			p.s.fail("call %d is answered: %.200s", call, m)
		}
		return m != nil || p.gone
	})
	if m == nil {
		p.s.fail("%s was closed: %v%s", p.name, p.conn.Err(), p.s.leftovers())
	}
	return m
}

// serves lets a callee take the caller's next call and answer it.
func (s *scene) serves(callee, caller *peer, argument any) {
	call := caller.call(argument)
	callee.yield(callee.invokedWith(argument))
	caller.result(call, argument)
}

// taker is which of some callees takes the caller's next call, and answers it.
func (s *scene) taker(caller *peer, callees ...*peer) int {
	call := caller.call(1)
	who := -1
	s.pull("an INVOCATION for any", func() bool {
		for i, callee := range callees {
			if m := callee.has(68); m != nil {
				callee.yield(m)
				who = i
			}
		}
		return who >= 0
	})
	caller.answer(call, "")
	return who
}

// settle makes sure that what these callers have sent so far has been dealt
// with, and that its effects have arrived: a call of another pool follows it.
func (s *scene) settle(callee *peer, callers ...*peer) {
	s.barrier++
	procedure := fmt.Sprintf("com.example.barrier.%s.%d", s.procedure, s.barrier)
	registration := callee.register(procedure, `{"invoke":"roundrobin"}`)
	for _, caller := range callers {
		call := caller.callWith(`{}`, procedure, 0)
		var m message
		s.pull("the barrier's INVOCATION", func() bool {
			for i, w := range callee.waiting {
				if w.is(68) && w.element(2) == registration {
					m = w
					callee.waiting = append(callee.waiting[:i:i], callee.waiting[i+1:]...)
					return true
				}
			}
			return false
		})
		callee.yield(m)
		caller.result(call, 0)
	}
}
