package proxy_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
	fault           = "fault"            // wampool says that it has one
	exits           = "exit"             // something else is wrong: a step can't be done
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
	load         string          // what else it carries, and its answer: nothing, or an element that is long
	answers      map[string]int  // the latest part of an answer that has come, by who gave it
	had          map[string]bool // who has answered it
	passed       int             // how many have refused it
	lost         int             // how many have begun another session with it
	retried      bool            // it may be handed on when its callee is lost
	ended        bool
}

func (s *simulation) newCall(by *actor) *simCall {
	s.count++
	load := ""
	if s.world.large && s.IntN(3) == 0 {
		load = fmt.Sprintf(`,"x"*%d`, mostAlike+1+s.IntN(300_000))
	}
	c := &simCall{
		token: fmt.Sprintf("t%d", s.count), load: load, by: by, id: s.count, retried: s.world.retries,
		had: make(map[string]bool), parts: 1, answers: make(map[string]int),
	}
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
	token, from, part, load := answerOf(words[len(words)-1])
	isGiver := c.had[from] || isProgress && slices.ContainsFunc(c.delivered, func(d *simClient) bool { return d.name == from })
	if token != c.token || load != c.load || !isGiver || isProgress != (part > 0) {
		s.found(payloads, "an answer to %s that none of its callees gave: %s", c.token, text)
	}
	if isProgress {
		if part <= c.answers[from] {
			s.found(inOrder, "part %d of the answer to %s behind part %d: %s", part, c.token, c.answers[from], text)
		}
		c.answers[from] = part
	}
}

// answers and called are what answers and calls carry.
var (
	answers = regexp.MustCompile(`^\["(t\d+)","(c\d+)",(\d+)(,"x"\*\d+)?\]$`)
	called  = regexp.MustCompile(`^\["(t\d+)",(\d+)(,"x"\*\d+)?\]$`)
)

// answerOf reads what an answer carries: the call's token, who gives it, which part
// it is, 0 for the last, and its load.
func answerOf(arguments string) (token, from string, part int, load string) {
	m := answers.FindStringSubmatch(arguments)
	if m == nil {
		return "", "", 0, ""
	}
	part, _ = strconv.Atoi(m[3])
	return m[1], m[2], part, m[4]
}

// callOf reads what a call carries: its token, which of its parts it is, and its load.
func callOf(arguments string) (token string, part int, load string) {
	m := called.FindStringSubmatch(arguments)
	if m == nil {
		return "", 0, ""
	}
	part, _ = strconv.Atoi(m[2])
	return m[1], part, m[3]
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
		c.oust(c.members[words[1]])
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
		if !c.ending && !c.gone && !c.leaving && !c.isToLeave {
			c.found(sessionsLast, "%s gets %s", c.name, text)
		}
	case "close", "lost":
		isSlow := c.wasStalled || c.world.tight && c.isDelayed
		if !c.gone && !c.isStalled && !c.ending && !isSlow && !c.isToLeave {
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

// oust takes the others out of a pool that a client has joined by force. Who knows of
// revocations is told.
func (c *simClient) oust(by *simMember) {
	if by == nil || !by.forces {
		return
	}
	for _, other := range c.clients {
		for _, m := range other.members {
			if m != by && m.procedure == by.procedure && m.registration != "" {
				m.ousted = true
			}
		}
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
			if m.isPooled() && !m.ousted {
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
