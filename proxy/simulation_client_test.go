package proxy_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// simClient is a client of a simulation: a callee of up to two procedures, or a
// caller, who keeps to the rules of WAMP.
type simClient struct {
	*simulation
	number               uint64 // of the step in which it came
	name, role, features string
	request              int
	pending              map[string]string // requests without an answer: what they are
	members              map[string]*simMember
	open                 map[string]*simInvocation // by ID
	last                 int                       // the highest ID of an INVOCATION
	gone, isStalled      bool
	wasStalled           bool
	isDelayed            bool // what it sends, and gets, is under way for a while
	leaving              bool // it has said GOODBYE
	isDrained, isToLeave bool // by people
}

// simMember is a callee's registration, from its REGISTER on.
type simMember struct {
	procedure, registration string // "": has no answer
	limit                   int    // 0: none
	leaving                 string // the UNREGISTER for it; "": there is none
	forces                  bool   // by force_reregister: the others go
	ousted                  bool   // by another one, of which this client can't be told
}

// ownProcedure is one that no pool is for: the router's own INVOCATIONs for it come
// among those of pools.
const ownProcedure = `"com.other.r"`

func (m *simMember) isPooled() bool { return m.procedure != ownProcedure }

// hasOwn tells whether the router has, or may be about to give, a registration of the
// client's own.
func (c *simClient) hasOwn() bool {
	for _, m := range c.members {
		if !m.isPooled() {
			return true
		}
	}
	return false
}

// simInvocation is one that the callee has not answered.
type simInvocation struct {
	call        *simCall
	of          *simMember
	interrupted string // the options of the latest INTERRUPT
	parts       int    // that have come
	answered    int    // parts of the answer that were sent
}

// step does one thing.
func (c *simClient) step() {
	switch n := c.IntN(20); {
	case n < 5:
		c.register()
	case n < 7 && c.role == "frontend":
		c.cancel()
	case n < 12 && c.role == "frontend":
		c.callDirectly()
	case n < 9:
		c.unregister()
	case n < 10:
		c.request++
		c.act(`%s ▶ PUBLISH %d {} "com.example.topic"`, c.name, c.request)
	case n < 17:
		c.answerOne()
	case n < 18 && c.world.disturbs:
		c.disturbed()
	case n == 18 && c.IntN(3) == 0:
		c.again()
	case n == 18 && c.IntN(6) == 0:
		c.endedByRouter()
	case n == 19 && c.IntN(4) == 0:
		c.leave()
	}
}

// endedByRouter has its own connection at the router end.
func (c *simClient) endedByRouter() {
	c.isGone()
	how := []string{"lost", `close 1001 "restart"`, `ABORT {} "wamp.error.no_reason"`}[c.IntN(3)]
	c.act("%s@router ▶ %s", c.name, how)
	if strings.HasPrefix(how, "ABORT") {
		c.act("%s@router ▶ close 1000", c.name)
	}
}

// resume ends a stall.
func (c *simClient) resume() {
	c.isStalled = false
	c.act("%s resumes", c.name)
}

func (c *simClient) ask(what string, format string, args ...any) string {
	c.request++
	id := fmt.Sprint(c.request)
	c.pending[id] = what
	c.act("%s ▶ %s %s %s", c.name, what, id, fmt.Sprintf(format, args...))
	return id
}

func (c *simClient) register() {
	if c.role == "frontend" {
		c.callDirectly()
		return
	}
	procedure := []string{`"com.example.p"`, `"com.example.q"`, `"com.example.p"`, `"com.example.q"`, ownProcedure}[c.IntN(5)]
	for _, m := range c.members {
		if m.procedure == procedure && !m.ousted {
			return
		}
	}
	limit, options := c.IntN(3), "{}"
	if procedure == ownProcedure {
		limit = 0
	}
	if limit > 0 {
		options = fmt.Sprintf(`{"concurrency":%d}`, limit)
	}
	forces := c.world.forces && procedure != ownProcedure && c.IntN(3) == 0
	if forces {
		options = fmt.Sprintf(`{"concurrency":%d,"force_reregister":true}`, max(1, limit))
		limit = max(1, limit)
	}
	id := fmt.Sprint(c.request + 1)
	c.members[id] = &simMember{procedure: procedure, limit: limit, forces: forces}
	c.ask("REGISTER", "%s %s", options, procedure)
}

func (c *simClient) unregister() {
	for _, id := range slices.Sorted(maps.Keys(c.members)) {
		if m := c.members[id]; m.registration != "" && m.leaving == "" {
			m.leaving = fmt.Sprint(c.request + 1)
			c.ask("UNREGISTER", "%s", m.registration)
			return
		}
	}
}

// answerOne answers some INVOCATION, or sends a part of the answer.
func (c *simClient) answerOne() {
	ids := slices.Sorted(maps.Keys(c.open))
	if len(ids) == 0 {
		return
	}
	id := ids[c.IntN(len(ids))]
	inv := c.open[id]
	if c.IntN(4) == 0 && (inv.call.progress && strings.Contains(c.features, "progressive_call_results") || c.IntN(4) == 0) { // asked for, or not
		inv.answered++
		c.act(`%s ▶ YIELD %s {"progress":true} [%q,%q,%d%s]`, c.name, id, inv.call.token, c.name, inv.answered, inv.call.load)
		return
	}
	c.answer(id, inv)
}

func (c *simClient) answer(id string, inv *simInvocation) {
	delete(c.open, id)
	inv.call.had[c.name] = true
	switch n := c.IntN(10); {
	case n == 0 && !c.ending:
		inv.call.passed++
		c.act(`%s ▶ ERROR INVOCATION %s {} "wamp.error.unavailable"`, c.name, id)
	case n < 3:
		c.act(`%s ▶ ERROR INVOCATION %s {} "com.example.error" [%q,%q,0%s]`, c.name, id, inv.call.token, c.name, inv.call.load)
	default:
		c.act(`%s ▶ YIELD %s {} [%q,%q,0%s]`, c.name, id, inv.call.token, c.name, inv.call.load)
	}
}

func (c *simClient) answerAll() {
	for len(c.open) > 0 && !c.gone {
		id := slices.Sorted(maps.Keys(c.open))[0]
		c.answer(id, c.open[id])
	}
}

func (c *simClient) callDirectly() {
	call := c.newCall(c.find(c.name))
	call.direct = c
	procedure := []string{`"com.example.p"`, `"com.example.q"`}[c.IntN(2)]
	options := ""
	if c.IntN(3) == 0 {
		options, call.progress = `"receive_progress":true`, true
	}
	call.id = c.request + 1
	c.ask("CALL", `{%s} %s [%q,1%s]`, options, procedure, call.token, call.load)
}

func (c *simClient) cancel() {
	call := c.anyOpen(func(call *simCall) bool { return call.direct == c && call.mode == "" })
	if call == nil {
		return
	}
	call.mode = []string{"kill", "killnowait", "skip"}[c.IntN(3)]
	c.act(`%s ▶ CANCEL %d {"mode":%q}`, c.name, call.id, call.mode)
}

// disturbed lets something happen to the connection.
func (c *simClient) disturbed() {
	switch c.IntN(4) {
	case 0:
		c.isStalled, c.wasStalled = true, true
		c.act("%s stalls", c.name)
	case 1:
		c.isGone()
		c.act("%s breaks after sending %d", c.name, c.IntN(60))
	case 2:
		c.isGone()
		c.act("%s breaks after getting %d", c.name, c.IntN(60))
	default:
		c.act("%s pieces %d", c.name, 1+c.IntN(9))
	}
}

// leave ends the session, in good order or not.
func (c *simClient) leave() {
	c.isGone()
	switch c.IntN(3) {
	case 0:
		c.act("%s ▶ lost", c.name)
	case 1:
		c.act("%s ▶ close 1000", c.name)
	default:
		c.act(`%s ▶ GOODBYE {} "wamp.close.close_realm"`, c.name)
		c.act("%s ▶ close 1000", c.name)
	}
}

// isGone takes the client out of those that are asked for anything.
func (c *simClient) isGone() {
	c.gone = true
	clear(c.open)
}

// lose takes note that all that it has to answer goes with its session.
func (c *simClient) lose() {
	clear(c.open)
	for _, call := range c.calls {
		if n := len(call.delivered); n > 0 && call.delivered[n-1] == c && !call.ended {
			call.lost++
		}
	}
}

// again ends the session, and begins another one on the same connection.
func (c *simClient) again() {
	if len(c.pending) > 0 || c.isDelayed {
		return
	}
	c.leaving = true
	c.lose()
	clear(c.members)
	for _, call := range c.calls {
		if call.direct == c || call.by.name == c.name+"@router" {
			call.ended, call.id = true, 0 // of the session before
		}
	}
	delete(c.router.invoked, c.find(c.name+"@router"))
	c.act(`%s ▶ GOODBYE {} "wamp.close.close_realm"`, c.name)
	c.router.flush()
	c.leaving, c.last, c.request = false, 0, 0
	c.isDrained, c.isToLeave = false, false
	c.find(c.name).request = 0
	c.find(c.name + "@router").got = 0
	if !c.find(c.name).isLeft() {
		c.act("%s joins %s {%s}", c.name, c.role, c.features)
	}
}

// rank is by whom it is chosen, see [simulation.one].
func (c *simClient) rank(drawn uint64) uint64 { return rand.NewPCG(drawn, c.number).Uint64() }
