package proxy_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// simRouter is the router of a simulation: what it holds, and what it has yet to
// say. It says things in order to each, and to everybody when it likes.
type simRouter struct {
	*simulation
	held   map[string]*simRegistration // by procedure
	nextID int
	says   []simSaying

	stalled *actor // the pool session; nil: it is not
}

// simRegistration is a registration at the router.
type simRegistration struct {
	id        int
	procedure string
	of        *actor
	forgotten bool // wampool was not told
}

type simSaying struct {
	to   *actor
	text string
}

func (r *simRouter) say(to *actor, format string, args ...any) {
	r.says = append(r.says, simSaying{to, fmt.Sprintf(format, args...)})
}

// speak says one thing that waits, of those that are first for somebody.
func (r *simRouter) speak() {
	r.forgetLost()
	if len(r.says) == 0 {
		return
	}
	i := r.IntN(len(r.says))
	to := r.says[i].to
	i = slices.IndexFunc(r.says, func(s simSaying) bool { return s.to == to })
	saying := r.says[i]
	r.says = slices.Delete(r.says, i, i+1)
	if saying.to != r.find(saying.to.name) {
		return
	}
	if r.world.forgets && !r.ending && r.IntN(5) == 0 && r.isForWampool(saying) {
		r.lines = append(r.lines, fmt.Sprintf("# The router does not say to %s: %s", to.name, saying.text))
		for _, g := range r.held {
			g.forgotten = g.forgotten || g.of == to && strings.HasSuffix(saying.text, fmt.Sprintf(" %d", g.id))
		}
		return
	}
	r.act("%s ▶ %s", saying.to.name, saying.text)
}

// isForWampool tells whether an answer is to a request of wampool's own, and one
// that it can do without. It can't do without the REGISTERED for a probe: the
// callee's own session then has the procedure, by an ID that nobody knows, and
// the pool does not get it before that has ended.
func (r *simRouter) isForWampool(s simSaying) bool {
	words := elementsOf(s.text)
	return words[0] == "REGISTERED" && strings.HasPrefix(s.to.name, "pool") || words[0] == "UNREGISTERED" || words[0] == "ERROR" && words[1] == "REGISTER"
}

// flush says all that waits.
func (r *simRouter) flush() {
	for n := 0; len(r.says) > 0; n++ {
		if n > 10000 {
			r.found(comesToRest, "the router has ever more to say")
		}
		r.speak()
	}
}

// forgetLost takes note of sessions that have ended.
func (r *simRouter) forgetLost() {
	for procedure, g := range r.held {
		if g.of.isLeft() {
			delete(r.held, procedure)
		}
	}
	r.says = slices.DeleteFunc(r.says, func(s simSaying) bool { return s.to.isLeft() })
}

// pool takes what a pool session says.
func (r *simRouter) pool(a *actor, words []string) {
	switch words[0] {
	case "HELLO":
		r.say(a, `WELCOME 1001 {"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}`)
	case "YIELD", "ERROR":
		r.answered(a, words)
	case "GOODBYE":
		r.say(a, `GOODBYE {} "wamp.close.goodbye_and_out"`)
	default:
		r.client(a, words)
	}
}

// client takes a request, and answers it in a while.
func (r *simRouter) client(a *actor, words []string) {
	if strings.Contains("CALL REGISTER UNREGISTER PUBLISH SUBSCRIBE", words[0]) {
		r.checkSequence(a, words)
	}
	r.forgetLost()
	switch words[0] {
	case "REGISTER":
		procedure := words[3]
		holder := r.held[procedure]
		if holder != nil && !(r.world.anybody && holder.of != a && !strings.HasPrefix(a.name, "pool")) {
			r.say(a, `ERROR REGISTER %s {} "wamp.error.procedure_already_exists"`, words[1])
			return
		}
		r.nextID++
		id := 100 + r.nextID
		if holder == nil {
			r.held[procedure] = &simRegistration{id: id, procedure: procedure, of: a}
		}
		r.say(a, "REGISTERED %s %d", words[1], id)
	case "UNREGISTER":
		for procedure, g := range r.held {
			if fmt.Sprint(g.id) == words[2] && g.of == a {
				delete(r.held, procedure)
			}
		}
		r.say(a, "UNREGISTERED %s", words[1])
	case "CALL": // nobody has it here
		r.say(a, `ERROR CALL %s {} "wamp.error.no_such_procedure"`, words[1])
	case "GOODBYE":
		for procedure, g := range r.held {
			if g.of == a {
				delete(r.held, procedure)
			}
		}
		r.say(a, `GOODBYE {} "wamp.close.goodbye_and_out"`)
	}
}

// call sends an INVOCATION to a pool.
func (r *simRouter) call() {
	r.forgetLost()
	var pools []*simRegistration
	for _, g := range r.held {
		if strings.HasPrefix(g.of.name, "pool") && !r.isPromised(g) {
			pools = append(pools, g)
		}
	}
	if len(pools) == 0 {
		return
	}
	slices.SortFunc(pools, func(a, b *simRegistration) int { return a.id - b.id })
	g := pools[r.IntN(len(pools))]
	call := r.newCall(g.of)
	options := ""
	if r.IntN(3) == 0 {
		options, call.progress = `"receive_progress":true`, true
	}
	if r.IntN(4) == 0 {
		options = strings.TrimPrefix(options+fmt.Sprintf(`,"timeout":%d`, 500+r.IntN(9000)), ",")
	}
	if r.IntN(5) == 0 {
		call.registration, options = g.id, strings.TrimPrefix(options+`,"progress":true`, ",")
	}
	r.act(`%s ▶ INVOCATION %d %d {%s} [%q]`, g.of.name, call.id, g.id, options, call.token)
}

// part sends a further part of a progressive call, be it over already or not.
func (r *simRouter) part() {
	var calls []*simCall
	for _, token := range slices.Sorted(maps.Keys(r.calls)) {
		if c := r.calls[token]; c.registration != 0 && c.direct == nil && !c.by.isLeft() {
			calls = append(calls, c)
		}
	}
	if len(calls) == 0 {
		return
	}
	c := calls[r.IntN(len(calls))]
	id, options := c.registration, `"progress":true`
	if r.IntN(3) == 0 {
		c.registration, options = 0, "" // the last one
	}
	r.act(`%s ▶ INVOCATION %d %d {%s} [%q]`, c.by.name, c.id, id, options, c.token)
}

// isPromised tells whether the REGISTERED has yet to be said.
func (r *simRouter) isPromised(g *simRegistration) bool {
	return slices.ContainsFunc(r.says, func(s simSaying) bool {
		return s.to == g.of && strings.HasPrefix(s.text, "REGISTERED ") && strings.HasSuffix(s.text, fmt.Sprintf(" %d", g.id))
	})
}

// interrupt cancels a call by the pool session.
func (r *simRouter) interrupt() {
	call := r.anyOpen(func(c *simCall) bool { return !c.by.isLeft() && c.direct == nil && c.mode == "" })
	if call == nil {
		return
	}
	call.mode = []string{"kill", "killnowait"}[r.IntN(2)]
	r.act(`%s ▶ INTERRUPT %d {"mode":%q}`, call.by.name, call.id, call.mode)
}

// mischief is what a router does that it should not, and what happens to the
// pool session.
func (r *simRouter) mischief() {
	pools := r.pools()
	if len(pools) == 0 {
		return
	}
	pool := pools[r.IntN(len(pools))]
	switch r.IntN(5) {
	case 0:
		r.act("%s ▶ lost", pool.name)
	case 1:
		r.act(`%s ▶ close 1001 "restart"`, pool.name)
	case 2:
		r.act("%s pieces %d", pool.name, 1+r.IntN(50))
	case 3:
		if r.stalled == nil {
			r.stalled = pool
			r.act("%s stalls", pool.name)
		} else {
			r.resume()
		}
	default:
		for procedure, g := range r.held {
			if g.of == pool && !r.isPromised(g) {
				delete(r.held, procedure)
				r.act(`%s ▶ UNREGISTERED 0 {"registration":%d}`, pool.name, g.id)
				return
			}
		}
	}
}

// pools returns the pool sessions that are up.
func (s *simulation) pools() (up []*actor) {
	for _, a := range s.actors {
		if strings.HasPrefix(a.name, "pool") && a.greeted && !a.isLeft() {
			up = append(up, a)
		}
	}
	return up
}

// resume ends a stall of the pool session.
func (r *simRouter) resume() {
	if r.stalled != nil && !r.stalled.isLeft() {
		r.act("%s resumes", r.stalled.name)
	}
	r.stalled = nil
}
