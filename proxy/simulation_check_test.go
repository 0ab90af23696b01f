package proxy_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// What must be, by the bytes of the connections alone, and who looks at it.
const (
	answeredOnce    = "answered-once"    // each request and each call, unless the router does not wait or the session has ended
	payloads        = "payloads"         // what is called, and answered, reaches whom it is for, unchanged
	delivered       = "delivered"        // to who is registered, one after another: if the one before has refused it or was lost
	countedUp       = "counted-up"       // INVOCATIONs of each callee
	limits          = "limits"           // no callee has more calls than it asked for, by its own counting
	interrupts      = "interrupts"       // for what the callee has, and once
	announced       = "announced"        // what a client does not know, it is not told
	requestsCounted = "requests-counted" // without a gap, as the router sees them of each session
	registrations   = "registrations"    // in the end the pool session has those of the callees, and no other
	sessionsLast    = "sessions-last"    // of those who keep to the rules
	comesToRest     = "comes-to-rest"    // everything has an end, and so has the sidecar
	nothingLeft     = "nothing-left"     // of what was held for those that are gone
)

// simCall is a call, from the pool session or of a caller here.
type simCall struct {
	token        string
	by           *actor
	direct       *simClient // nil: by the router
	id           int
	progress     bool
	registration int    // of a progressive call whose last part is to come; else 0
	mode         string // by which it was canceled
	delivered    []*simClient
	had          map[string]bool // who has answered it
	passed       int             // how many have refused it
	lost         int             // how many have begun another session with it
	ended        bool
}

func (s *simulation) newCall(by *actor) *simCall {
	s.count++
	c := &simCall{token: fmt.Sprintf("t%d", s.count), by: by, id: s.count, had: make(map[string]bool)}
	s.calls[c.token] = c
	return c
}

// isOpen tells whether an answer is still to come.
func (c *simCall) isOpen() bool {
	if c.direct != nil {
		return !c.ended && !c.direct.gone
	}
	return !c.ended && !c.by.isLeft() && c.mode != "killnowait"
}

func (s *simulation) anyOpen(is func(*simCall) bool) *simCall {
	var open []*simCall
	for _, token := range slices.Sorted(maps.Keys(s.calls)) {
		if c := s.calls[token]; !c.ended && is(c) {
			open = append(open, c)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[s.IntN(len(open))]
}

// answered takes an answer on a pool session.
func (r *simRouter) answered(a *actor, words []string) {
	id := words[1]
	if words[0] == "ERROR" {
		id = words[2]
	}
	for _, c := range r.calls {
		if c.by == a && c.direct == nil && fmt.Sprint(c.id) == id {
			r.checkAnswer(c, words)
			return
		}
	}
	r.found(answeredOnce, "the pool session answers what nobody has asked: %s", strings.Join(words, " "))
}

// checkAnswer looks at an answer where its caller is.
func (s *simulation) checkAnswer(c *simCall, words []string) {
	text := strings.Join(words, " ")
	if c.ended {
		s.found(answeredOnce, "a second answer to %s: %s", c.token, text)
	}
	isProgress := words[0] != "ERROR" && strings.Contains(words[2], `"progress":true`)
	if isProgress && !c.progress {
		s.found(payloads, "progress that nobody asked for: %s", text)
	}
	c.ended = !isProgress
	uri := ""
	if words[0] == "ERROR" {
		uri = strings.Trim(words[4], `"`)
	}
	switch {
	case uri == "wamp.error.unavailable" || strings.HasPrefix(uri, "wamp.") || strings.HasPrefix(uri, "crossbar."):
		return // wampool's own, or the router's
	}
	from := ""
	for name := range c.had {
		if strings.HasSuffix(text, fmt.Sprintf("[%q,%q]", c.token, name)) {
			from = name
		}
	}
	for _, d := range c.delivered {
		if isProgress && strings.HasSuffix(text, fmt.Sprintf("[%q,%q]", c.token, d.name)) {
			from = d.name
		}
	}
	if from == "" {
		s.found(payloads, "an answer to %s that none of its callees gave: %s", c.token, text)
	}
}

// took looks at what a client gets.
func (c *simClient) took(words []string) {
	text := strings.Join(words, " ")
	switch words[0] {
	case "WELCOME":
	case "REGISTERED":
		c.answeredRequest(words[1], text)
		if m := c.members[words[1]]; m != nil {
			m.registration = words[2]
		}
	case "UNREGISTERED":
		if words[1] == "0" {
			c.revoked(text)
			break
		}
		c.answeredRequest(words[1], text)
		for id, m := range c.members {
			if m.leaving {
				delete(c.members, id)
				break
			}
		}
	case "INVOCATION":
		c.invoked(words)
	case "INTERRUPT":
		c.interrupted(words)
	case "RESULT":
		c.result(words[1], words, strings.Contains(words[2], `"progress":true`))
	case "ERROR":
		c.refused(words)
	case "GOODBYE", "ABORT":
		if !c.ending && !c.gone && !c.leaving {
			c.found(sessionsLast, "%s gets %s", c.name, text)
		}
	case "close", "lost":
		if !c.gone && !c.isStalled && !c.ending && !c.wasStalled {
			c.found(sessionsLast, "%s is ended by wampool: %s", c.name, text)
		}
		c.isGone()
	default:
		c.found(sessionsLast, "%s gets %s", c.name, text)
	}
}

// answeredRequest takes the answer to a request, which is one.
func (c *simClient) answeredRequest(id, text string) {
	if _, open := c.pending[id]; !open {
		c.found(answeredOnce, "%s gets an answer to what it has not asked, or a second one: %s", c.name, text)
	}
	delete(c.pending, id)
}

func (c *simClient) refused(words []string) {
	text := strings.Join(words, " ")
	switch words[1] {
	case "CALL":
		c.result(words[2], words, false)
	case "REGISTER":
		c.answeredRequest(words[2], text)
		delete(c.members, words[2])
	case "UNREGISTER": // the registration was gone
		c.answeredRequest(words[2], text)
		for id, m := range c.members {
			if m.leaving {
				delete(c.members, id)
				break
			}
		}
	default:
		c.found(sessionsLast, "%s gets %s", c.name, text)
	}
}

// result takes what comes of a call of its own.
func (c *simClient) result(id string, words []string, isProgress bool) {
	n, _ := strconv.Atoi(id)
	for _, call := range c.calls {
		if call.direct == c && call.id == n {
			c.checkAnswer(call, words)
		}
	}
	if !isProgress {
		c.answeredRequest(id, strings.Join(words, " "))
	}
}

func (c *simClient) revoked(text string) {
	if !strings.Contains(c.features, "registration_revocation") {
		c.found(announced, "%s is told of a revocation, which it does not know: %s", c.name, text)
	}
	for id, m := range c.members {
		if m.registration != "" && strings.Contains(text, m.registration+",") && !m.leaving {
			delete(c.members, id)
		}
	}
}

// invoked takes an INVOCATION.
func (c *simClient) invoked(words []string) {
	text := strings.Join(words, " ")
	id, _ := strconv.Atoi(words[1])
	call := c.calls[strings.Trim(words[len(words)-1], `["]`)]
	if inv := c.open[words[1]]; inv != nil && inv.call == call {
		return // a further part: of a callee that has registered anew since, by its new registration
	}
	if id <= c.last && c.gone {
		return // of one that it will never answer
	}
	if id <= c.last {
		c.found(countedUp, "%s gets an ID that is not above %d: %s", c.name, c.last, text)
	}
	c.last = id
	var member *simMember
	for _, m := range c.members {
		if m.registration == words[2] {
			member = m
		}
	}
	if member == nil {
		c.found(delivered, "%s gets a call by a registration that it does not have: %s", c.name, text)
	}
	if call == nil {
		c.found(payloads, "%s gets a call that nobody has made: %s", c.name, text)
	}
	if n := len(call.delivered); n > 0 {
		before := call.delivered[n-1]
		free := call.passed
		if c.world.retries {
			free += call.lost
			for _, d := range call.delivered {
				if d.gone {
					free++
				}
			}
		}
		if free < n {
			c.found(delivered, "%s gets a call that %s has: %s", c.name, before.name, text)
		}
	}
	call.delivered = append(call.delivered, c)
	open := 0
	for _, inv := range c.open {
		if inv.registration == words[2] {
			open++
		}
	}
	if member.limit > 0 && open >= member.limit {
		c.found(limits, "%s has %d calls, and %d is its limit: %s", c.name, open, member.limit, text)
	}
	if !c.gone {
		c.open[words[1]] = &simInvocation{call: call, registration: words[2]}
	}
}

func (c *simClient) interrupted(words []string) {
	inv := c.open[words[1]]
	switch {
	case !strings.Contains(c.features, "call_canceling"):
		c.found(announced, "%s is interrupted, and has not announced that", c.name)
	case inv == nil && !c.gone && !c.wasStalled:
		c.found(interrupts, "%s is interrupted in what it has not: %s", c.name, strings.Join(words, " "))
	case inv != nil && inv.interrupted == words[2]: // but for kill, once nobody waits any more
		c.found(interrupts, "%s is interrupted again: %s", c.name, strings.Join(words, " "))
	case inv != nil:
		inv.interrupted = words[2]
	}
}

// checkSequence looks at how the router sees a session's requests counted.
func (r *simRouter) checkSequence(a *actor, words []string) {
	id, err := strconv.ParseUint(words[1], 10, 64)
	if err != nil || id != a.got+1 {
		r.found(requestsCounted, "the router sees request %s behind %d: %s", words[1], a.got, strings.Join(words, " "))
	}
	a.got = id
}

// checkLedger looks at the end whether every call has had what it should.
func (s *simulation) checkLedger() {
	for _, token := range slices.Sorted(maps.Keys(s.calls)) {
		if c := s.calls[token]; c.isOpen() {
			s.found(answeredOnce, "no answer to the call of %s", token)
		}
	}
}

// checkRegistrations looks at the end whether the router holds what it should.
func (s *simulation) checkRegistrations() {
	wanted := make(map[string]string)
	for _, c := range s.live() {
		for _, m := range c.members {
			wanted[m.procedure] = c.name
		}
	}
	for procedure, g := range s.router.held {
		if strings.HasPrefix(g.of.name, "pool") && !g.of.isLeft() && wanted[procedure] == "" && !g.forgotten {
			s.found(registrations, "the pool session holds %s, and no callee has it", procedure)
		}
	}
	for procedure, name := range wanted {
		if g := s.router.held[procedure]; g == nil || !slices.Contains(s.pools(), g.of) {
			s.found(registrations, "%s is registered for %s, and the pool session is not", name, procedure)
		}
	}
}
