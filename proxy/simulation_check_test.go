package proxy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wampool/wampool/proxy"
)

// What must be, by the bytes of the connections alone, and who looks at it.
const (
	answeredOnce    = "answered-once"    // each request and each call, unless the router does not wait or the session has ended
	payloads        = "payloads"         // what is called, and answered, reaches whom it is for, unchanged
	delivered       = "delivered"        // to who is registered, one after another: if the one before has refused it or was lost
	inOrder         = "in-order"         // parts of a call, and of its answer
	countedUp       = "counted-up"       // INVOCATIONs of each callee
	limits          = "limits"           // no callee has more calls than it asked for, by its own counting
	interrupts      = "interrupts"       // for what the callee has, and once
	announced       = "announced"        // what a client does not know, it is not told
	requestsCounted = "requests-counted" // without a gap, as the router sees them of each session
	rights          = "rights"           // nobody registers who may not at the router
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
	parts        int             // that were sent
	answers      map[string]int  // the latest part of an answer that has come, by who gave it
	had          map[string]bool // who has answered it
	passed       int             // how many have refused it
	lost         int             // how many have begun another session with it
	ended        bool
}

func (s *simulation) newCall(by *actor) *simCall {
	s.count++
	c := &simCall{token: fmt.Sprintf("t%d", s.count), by: by, id: s.count, had: make(map[string]bool), parts: 1, answers: make(map[string]int)}
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

// isOwn tells whether it comes on a client's own session, where wampool passes what
// router and client say to one another.
func (c *simCall) isOwn() bool { return strings.HasSuffix(c.by.name, "@router") }

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
	if isProgress && !c.progress && !c.isOwn() {
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
	token, from, part := answerOf(words[len(words)-1])
	isGiver := c.had[from] || isProgress && slices.ContainsFunc(c.delivered, func(d *simClient) bool { return d.name == from })
	if token != c.token || !isGiver || isProgress != (part > 0) {
		s.found(payloads, "an answer to %s that none of its callees gave: %s", c.token, text)
	}
	if isProgress {
		if part <= c.answers[from] {
			s.found(inOrder, "part %d of the answer to %s behind part %d: %s", part, c.token, c.answers[from], text)
		}
		c.answers[from] = part
	}
}

// answerOf reads what an answer carries: the call's token, who gives it, and which part
// it is, 0 for the last.
func answerOf(arguments string) (token, from string, part int) {
	var a []any
	if json.Unmarshal([]byte(arguments), &a) != nil || len(a) < 2 {
		return "", "", 0
	}
	token, _ = a[0].(string)
	from, _ = a[1].(string)
	if len(a) > 2 {
		n, _ := a[2].(float64)
		part = int(n)
	}
	return token, from, part
}

// callOf reads what a call carries: its token, and which of its parts it is.
func callOf(arguments string) (token string, part int) {
	var a []any
	if json.Unmarshal([]byte(arguments), &a) != nil || len(a) != 2 {
		return "", 0
	}
	token, _ = a[0].(string)
	n, _ := a[1].(float64)
	return token, int(n)
}

// took looks at what a client gets.
func (c *simClient) took(words []string) {
	text := strings.Join(words, " ")
	switch words[0] {
	case "WELCOME":
	case "REGISTERED":
		c.answeredRequest(words[1], text)
		if c.role == "guest" {
			c.found(rights, "%s gets what the router has denied: %s", c.name, text)
		}
		if m := c.members[words[1]]; m != nil {
			m.registration = words[2]
		}
	case "UNREGISTERED":
		if words[1] == "0" {
			c.revoked(text)
			break
		}
		c.answeredRequest(words[1], text)
		c.hasLeft(words[1])
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
		c.hasLeft(words[2])
	default:
		c.found(sessionsLast, "%s gets %s", c.name, text)
	}
}

// hasLeft takes the answer to an UNREGISTER.
func (c *simClient) hasLeft(request string) {
	maps.DeleteFunc(c.members, func(_ string, m *simMember) bool { return m.leaving == request })
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
		if m.registration != "" && strings.Contains(text, m.registration+",") && m.leaving == "" {
			delete(c.members, id)
		}
	}
}

// invoked takes an INVOCATION.
func (c *simClient) invoked(words []string) {
	text := strings.Join(words, " ")
	id, _ := strconv.Atoi(words[1])
	token, part := callOf(words[len(words)-1])
	call := c.calls[token]
	if inv := c.open[words[1]]; inv != nil && inv.call == call {
		// A further part: of a callee that has registered anew since, by its new registration.
		if inv.parts++; part != inv.parts {
			c.found(inOrder, "%s gets part %d of a call in place of part %d: %s", c.name, part, inv.parts, text)
		}
		return
	}
	isLate := call != nil && part > 1 && call.had[c.name] && (c.isDelayed || c.wasStalled || call.isOwn())
	if id <= c.last && (c.gone || isLate) {
		return // of one that it will never answer, or has before it could hear of this part
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
	if call == nil || part < 1 || part > call.parts {
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
	if part != 1 && !c.gone {
		c.found(inOrder, "%s gets part %d of a call first: %s", c.name, part, text)
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
		c.open[words[1]] = &simInvocation{call: call, registration: words[2], parts: 1}
	}
}

func (c *simClient) interrupted(words []string) {
	inv := c.open[words[1]]
	switch {
	case !strings.Contains(c.features, "call_canceling"):
		c.found(announced, "%s is interrupted, and has not announced that", c.name)
	case inv == nil && !c.gone && !c.wasStalled && !c.isDelayed:
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
			if m.isPooled() {
				wanted[m.procedure] = c.name
			}
		}
	}
	held := make(map[string]bool)
	for _, g := range s.router.held {
		isPool := strings.HasPrefix(g.of.name, "pool")
		switch {
		case g.of.isLeft() || g.forgotten || g.procedure == ownProcedure:
		case isPool && wanted[g.procedure] == "":
			s.found(registrations, "the pool session holds %s, and no callee has it", g.procedure)
		case isPool:
			held[g.procedure] = true
		case !s.world.forgets:
			s.found(registrations, "%s holds %s", g.of.name, g.procedure)
		}
	}
	for procedure, name := range wanted {
		if !held[procedure] {
			s.found(registrations, "%s is registered for %s, and the pool session is not", name, procedure)
		}
	}
}

// checkRest looks at what wampool keeps while its clients are there, and nothing is to
// be done.
func (s *simulation) checkRest() {
	b, err := proxy.BooksOf(s.proxy)
	if err != nil {
		s.found(nothingLeft, "%v", err)
	}
	live, members, callers, pools := 0, 0, 0, make(map[string]bool)
	for _, c := range s.live() {
		live++
		if c.role == "frontend" {
			callers++
		}
		for _, m := range c.members {
			if m.isPooled() {
				members++
				pools[m.procedure] = true
			}
		}
	}
	s.expect("clients", int64(b.Clients), int64(live))
	s.expect("places of connections", int64(b.Taken), int64(live))
	s.expect("members", int64(b.Members), int64(members))
	s.expect("pools", int64(b.Pools), int64(len(pools)))
	s.expect("calls", int64(b.Calls+b.Own+b.Unwritten), 0)
	s.atMost("sessions", b.Sessions, live)
	s.atMost("callees", b.Callees, live)
	s.atMost("callers", b.Callers, callers)
	if !s.world.forgets {
		s.expect("REGISTERs", int64(b.Waiting), 0)
		s.expect("requests of pool sessions", int64(b.Asked), 0)
	}
	if !s.world.weighed {
		s.expect("registrations", int64(b.Claims), int64(len(pools)))
	}
	if !s.world.clientsTLS && !s.world.routerTLS { // crypto/tls keeps what the largest record took
		s.expect("bytes", b.Charged, b.Explained)
	}
}

func (s *simulation) expect(what string, has, want int64) {
	if has != want {
		s.found(nothingLeft, "%d %s are kept, %d are there", has, what, want)
	}
}

func (s *simulation) atMost(what string, has, most int) {
	if has > most {
		s.found(nothingLeft, "%d %s are kept, %d are there", has, what, most)
	}
}

// checkEnd looks at what wampool keeps when it has stopped.
func (s *simulation) checkEnd() {
	b, err := proxy.BooksOf(s.proxy)
	if err != nil {
		s.found(nothingLeft, "%v", err)
	}
	b.Links, b.Asked = 0, 0 // they have stopped, and may have waited for an answer
	if s.world.lingers {    // and the clock that would have ended pools without a callee
		b.Pools, b.Claims = 0, 0
	}
	if b != (proxy.Books{}) {
		s.found(nothingLeft, "when wampool has stopped: %+v", b)
	}
}
