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
	held    []*simRegistration
	nextID  int
	invoked map[*actor]int // the latest INVOCATION of a session, where each has its own
	says    []simSaying

	stalled *actor // the pool session; nil: it is not
	isDown  bool
}

// simRegistration is a registration at the router.
type simRegistration struct {
	id        int
	procedure string
	of        *actor
	shared    bool // others may have it too, by the same ID
	beside    bool // it was given though another has it
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
		for _, g := range r.registrationsIn(saying) {
			g.forgotten = true
		}
		return
	}
	for _, g := range r.registrationsIn(saying) {
		g.forgotten = false
	}
	r.act("%s ▶ %s", saying.to.name, saying.text)
}

// registrationsIn are those that the router says a session has.
func (r *simRouter) registrationsIn(s simSaying) (of []*simRegistration) {
	for _, g := range r.held {
		if g.of == s.to && strings.HasPrefix(s.text, "REGISTERED ") && strings.HasSuffix(s.text, fmt.Sprintf(" %d", g.id)) {
			of = append(of, g)
		}
	}
	return of
}

// isForWampool tells whether an answer is to a request of wampool's own, and one
// that it can do without. It can't do without the REGISTERED for a probe: the
// callee's own session then has the procedure, by an ID that nobody knows, and
// the pool does not get it before that has ended.
func (r *simRouter) isForWampool(s simSaying) bool {
	words := elementsOf(s.text)
	if c := r.clientAt(s.to); c != nil && (c.role == "guest" || c.hasOwn()) {
		return false // its REGISTER is not wampool's to answer
	}
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
	r.dropHeld(func(g *simRegistration) bool { return g.of.isLeft() })
	r.says = slices.DeleteFunc(r.says, func(s simSaying) bool { return s.to.isLeft() })
}

func (r *simRouter) dropHeld(is func(*simRegistration) bool) (dropped int) {
	before := len(r.held)
	r.held = slices.DeleteFunc(r.held, is)
	return before - len(r.held)
}

// pool takes what a pool session says.
func (r *simRouter) pool(a *actor, words []string) {
	switch words[0] {
	case "HELLO":
		r.say(a, "WELCOME 1001 %s", r.world.welcome())
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
		r.register(a, words)
	case "UNREGISTER":
		if r.dropHeld(func(g *simRegistration) bool { return g.of == a && fmt.Sprint(g.id) == words[2] }) == 0 {
			r.say(a, `ERROR UNREGISTER %s {} "wamp.error.no_such_registration"`, words[1])
			return
		}
		r.say(a, "UNREGISTERED %s", words[1])
	case "YIELD", "ERROR":
		r.answered(a, words)
	case "CALL": // nobody has it here
		r.say(a, `ERROR CALL %s {} "wamp.error.no_such_procedure"`, words[1])
	case "GOODBYE":
		r.dropHeld(func(g *simRegistration) bool { return g.of == a })
		r.say(a, `GOODBYE {} "wamp.close.goodbye_and_out"`)
	}
}

// register takes a REGISTER.
func (r *simRouter) register(a *actor, words []string) {
	procedure, shared := words[3], strings.Contains(words[2], `"invoke":"roundrobin"`)
	var holder *simRegistration
	if i := slices.IndexFunc(r.held, func(g *simRegistration) bool { return g.procedure == procedure && !g.beside }); i >= 0 {
		holder = r.held[i]
	}
	c := r.clientAt(a)
	mayNot := c != nil && c.role == "guest"
	isPool := strings.HasPrefix(a.name, "pool")
	switch {
	case mayNot && (r.world.nexus || holder == nil):
		r.say(a, `ERROR REGISTER %s {} "wamp.error.not_authorized"`, words[1])
	case mayNot:
		r.say(a, `ERROR REGISTER %s {} "wamp.error.procedure_already_exists"`, words[1])
	case holder == nil:
		r.grant(a, words, &simRegistration{shared: shared})
	case holder.shared && shared:
		r.share(a, words, holder)
	case r.world.anybody && holder.of != a && !isPool:
		r.grant(a, words, &simRegistration{beside: true})
	case r.world.crossbar && holder.shared:
		r.say(a, `ERROR REGISTER %s {} "wamp.error.procedure_exists_with_different_invocation_policy"`, words[1])
	default:
		r.say(a, `ERROR REGISTER %s {} "wamp.error.procedure_already_exists"`, words[1])
	}
}

// share lets a session have what others have. One that has it already is told so again
// by Crossbar.io alone.
func (r *simRouter) share(a *actor, words []string, holder *simRegistration) {
	i := slices.IndexFunc(r.held, func(g *simRegistration) bool { return g.procedure == holder.procedure && g.of == a })
	switch {
	case i < 0:
		r.grant(a, words, &simRegistration{id: holder.id, shared: true})
	case r.world.crossbar:
		r.say(a, "REGISTERED %s %d", words[1], holder.id)
	default:
		r.say(a, `ERROR REGISTER %s {} "wamp.error.procedure_already_exists"`, words[1])
	}
}

// clientAt returns the client of a session at the router; nil of a pool session.
func (r *simRouter) clientAt(a *actor) *simClient {
	for _, c := range r.clients {
		if a.name == c.name+"@router" {
			return c
		}
	}
	return nil
}

func (r *simRouter) grant(a *actor, words []string, g *simRegistration) {
	if g.id == 0 {
		r.nextID++
		g.id = 100 + r.nextID
	}
	g.procedure, g.of = words[3], a
	r.held = append(r.held, g)
	r.say(a, "REGISTERED %s %d", words[1], g.id)
}

// call sends an INVOCATION: to a pool, or to a client that has registered what no
// pool is for, or was given what another has.
func (r *simRouter) call() {
	r.forgetLost()
	held := slices.DeleteFunc(slices.Clone(r.held), r.isPromised)
	if len(held) == 0 {
		return
	}
	g := held[r.IntN(len(held))]
	call := r.newCall(g.of)
	if r.world.nexus {
		r.invoked[g.of]++
		call.id = r.invoked[g.of]
	}
	options := []string{}
	if r.IntN(3) == 0 && r.knows(g.of, "progressive_call_results") {
		options, call.progress = append(options, `"receive_progress":true`), true
	}
	if r.IntN(4) == 0 {
		timeout := 500 + r.IntN(9000)
		if r.world.crossbar {
			timeout = 1 + timeout/1000
		}
		options = append(options, fmt.Sprintf(`"timeout":%d`, timeout))
	}
	if r.IntN(5) == 0 && r.knows(g.of, "progressive_call_invocations") {
		call.registration, options = g.id, append(options, `"progress":true`)
	}
	r.act(`%s ▶ INVOCATION %d %d {%s} [%q,1%s]`, g.of.name, call.id, g.id, strings.Join(options, ","), call.token, call.load)
}

// knows tells whether a session has announced a feature: all of them, if it is a pool
// session.
func (r *simRouter) knows(a *actor, feature string) bool {
	c := r.clientAt(a)
	return c == nil || strings.Contains(c.features, feature)
}

// part sends a further part of a progressive call, be it over already or not.
func (r *simRouter) part() {
	var calls []*simCall
	for _, token := range slices.Sorted(maps.Keys(r.calls)) {
		if c := r.calls[token]; c.registration != 0 && c.id != 0 && c.direct == nil && !c.by.isLeft() {
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
	c.parts++
	r.act(`%s ▶ INVOCATION %d %d {%s} [%q,%d%s]`, c.by.name, c.id, id, options, c.token, c.parts, c.load)
}

// isPromised tells whether the REGISTERED has yet to be said.
func (r *simRouter) isPromised(g *simRegistration) bool {
	return slices.ContainsFunc(r.says, func(s simSaying) bool {
		return s.to == g.of && strings.HasPrefix(s.text, "REGISTERED ") && strings.HasSuffix(s.text, fmt.Sprintf(" %d", g.id))
	})
}

// interrupt cancels a call by the pool session.
func (r *simRouter) interrupt() {
	call := r.anyOpen(func(c *simCall) bool {
		return !c.by.isLeft() && c.direct == nil && c.mode == "" && r.knows(c.by, "call_canceling")
	})
	if call == nil {
		return
	}
	call.mode = []string{"kill", "killnowait"}[r.IntN(2)]
	r.act(`%s ▶ INTERRUPT %d {"mode":%q}`, call.by.name, call.id, call.mode)
}

// mischief is what a router does that it should not, and what happens to it and to
// the pool session.
func (r *simRouter) mischief() {
	if r.isDown {
		r.comesBack()
		return
	}
	if r.world.restarts && r.IntN(3) == 0 {
		r.goes()
		return
	}
	pools := r.pools()
	if len(pools) == 0 {
		return
	}
	pool := pools[r.IntN(len(pools))]
	if r.world.broken && r.IntN(2) == 0 {
		r.nonsense(pool)
		return
	}
	switch r.IntN(6) {
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
	case 4:
		if r.world.delays {
			r.act("%s delays %dms", pool.name, 1+r.IntN(400))
		}
	default:
		r.revoke(pool)
	}
	if r.stalled != nil && r.stalled.isLeft() {
		r.resume() // before another has its name
	}
}

// revoke takes a registration of the pool session away.
func (r *simRouter) revoke(pool *actor) {
	for i, g := range r.held {
		if g.of == pool && !r.isPromised(g) {
			r.held = slices.Delete(r.held, i, i+1)
			r.act(`%s ▶ UNREGISTERED 0 {"registration":%d}`, pool.name, g.id)
			return
		}
	}
}

// goes ends all connections and what the router holds, as one that stops, or dies.
func (r *simRouter) goes() {
	r.resume()
	r.isDown = true
	for _, c := range r.clients {
		c.isGone()
	}
	clean := r.IntN(2) == 0
	r.act("router is down")
	for _, a := range slices.Clone(r.actors) {
		if !strings.HasPrefix(a.name, "pool") && !strings.HasSuffix(a.name, "@router") || a.isLeft() {
			continue
		}
		if clean {
			r.act(`%s ▶ GOODBYE {} "wamp.close.system_shutdown"`, a.name)
		}
		if a.isLeft() { // it has answered
			continue
		}
		r.act("%s ▶ %s", a.name, []string{"lost", `close 1001 "restart"`}[r.IntN(2)])
	}
	r.forgetLost()
}

func (r *simRouter) comesBack() {
	if r.isDown {
		r.isDown = false
		r.act("router is up")
	}
}

// nonsense is what nobody has asked for, or can read.
func (r *simRouter) nonsense(pool *actor) {
	switch r.IntN(6) {
	case 0: // a call of a registration that is none
		call := r.newCall(pool)
		if r.world.nexus {
			r.invoked[pool]++
			call.id = r.invoked[pool]
		}
		r.act(`%s ▶ INVOCATION %d 99 {} [%q,1]`, pool.name, call.id, call.token)
	case 1:
		r.act(`%s ▶ INTERRUPT 4711 {"mode":"kill"}`, pool.name)
	case 2:
		r.act(`%s ▶ REGISTERED 4711 98`, pool.name)
	case 3:
		r.act(`%s ▶ ERROR YIELD 1 {} "wamp.error.no_such_invocation"`, pool.name)
	case 4:
		r.act(`%s ▶ EVENT 1 2 {} ["x"]`, pool.name)
	default:
		r.act(`%s ▶ UNREGISTERED 4711`, pool.name)
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

// resume ends a stall of the pool session, of one that has ended too: over RawSocket
// nobody would hear of that otherwise, for there is no TCP here that asks.
func (r *simRouter) resume() {
	if r.stalled != nil {
		r.act("%s resumes", r.stalled.name)
	}
	r.stalled = nil
}
