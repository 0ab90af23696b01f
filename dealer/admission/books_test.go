package admission_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
)

// books is what the checkers of the simulation know. It is written from events
// and actions alone: what the registrar holds inside is not consulted.
type books struct {
	config   admission.Config
	now      time.Duration
	draining bool            // all pools drain
	drained  map[string]bool // keys of those that do by themselves
	sessions map[admission.SessionID]*sessionBook
	asked    map[admission.PendingID]*registerBook
	links    map[admission.LinkID]*linkBook
	pools    map[string]*poolBook
	ticks    int  // in a row, at one moment
	hostile  bool // the router says what is not true
}

// sessionBook is a client's session.
type sessionBook struct {
	admission.Session
	id       admission.SessionID
	honest   bool // its request IDs are as they have to be
	departed bool
	unsent   []*sent // what has not had its turn at the router
	waiting  []*registerBook
	members  map[uint64]string
	had      map[uint64]bool
	waits    int64 // as it was told
	lasts    int64
	isFull   bool // as its last REGISTER came, and nothing was held
	pace     paceBook
}

// registerBook is a REGISTER for a pool.
type registerBook struct {
	of       *sent
	session  *sessionBook
	pending  admission.PendingID // 0: not known yet
	roles    map[string]bool     // of links that were up since it came
	answered bool
	probing  bool   // the router has its probe
	undoing  bool   // and the UNREGISTER of what the probe got
	grant    uint64 // what that was
	tries    int
	round    int
}

// linkBook is a pool session.
type linkBook struct {
	admission.LinkSession
	id         admission.LinkID
	up, ending bool
	last       uint64
	requests   map[uint64]askBook
	owed       map[uint64]string // registrations that the router gave, and that were not given back
	holds      map[uint64]string // those that are said to be held
	returned   map[uint64]uint64 // those that were given back, by which request
	pace       paceBook
}

type askBook struct {
	register bool
	pool     string
	round    int
}

// poolBook is a pool in the dealer.
type poolBook struct {
	open    bool
	block   *admission.Block // since the rules have changed
	members map[admission.SessionID]uint64
}

// paceBook counts requests without an answer, of those between which there was no
// pause.
type paceBook struct {
	round, open int
	last        time.Duration
}

const mostAtOnce = 32

// ask counts a request; paced is one that has to wait for its turn.
func (p *paceBook) ask(now, pause time.Duration, paced bool, what string) int {
	if paced {
		if now >= p.last+pause {
			p.round++
			p.open = 0
		}
		must(p.open < mostAtOnce, bounds, "%s, and %d requests have no answer", what, p.open)
	}
	p.open++
	p.last = now
	return p.round
}

func (p *paceBook) answer(round int) {
	if round == p.round {
		p.open--
	}
}

func newBooks(config admission.Config) *books {
	return &books{
		config: config, sessions: make(map[admission.SessionID]*sessionBook), asked: make(map[admission.PendingID]*registerBook),
		links: map[admission.LinkID]*linkBook{0: {}}, pools: make(map[string]*poolBook),
		drained: make(map[string]bool),
	}
}

func (b *books) drains(key string) bool { return b.draining || b.drained[key] }

// broken is the finding of a checker.
type broken struct{ checker, text string }

func (b broken) Found() (checker, text string) { return b.checker, b.text }

// The checkers, by the promise each watches.
const (
	rightful     = "rightful"      // nobody joins without the role and the router's own answer to its own probe
	answeredOnce = "answered-once" // each REGISTER is answered once, in time, for a reason that is one
	ordered      = "ordered"       // what a client sends comes to the router once, in its order
	numbers      = "request-ids"   // no ID at the router has a gap or goes back
	givenBack    = "given-back"    // what the router grants is held by an open pool, or given back
	onTime       = "on-time"       // Deadline is never late, and never a busy loop
	bounds       = "bounds"        // pace, requests open, bytes
	membership   = "membership"    // the dealer and the registrar agree on who is in a pool
	nothingLeft  = "nothing-left"  // after all have gone, nothing is
)

var allCheckers = []string{rightful, answeredOnce, ordered, numbers, givenBack, onTime, bounds, membership, nothingLeft}

// must panics with the checker's finding unless ok; check recovers it.
func must(ok bool, checker, format string, args ...any) {
	if !ok {
		panic(broken{checker, fmt.Sprintf(format, args...)})
	}
}

// check takes an event with what came out of it into the books.
func (b *books) check(e event, out outcome) {
	if now := min(e.now, latest); now > b.now {
		b.now, b.ticks = now, 0
	}
	b.record(e, out)
	for _, a := range out.actions {
		b.act(e, a)
	}
	b.conclude(e)
}

// record takes what an event says.
func (b *books) record(e event, out outcome) {
	switch e.kind {
	case openSession:
		b.sessions[out.session] = &sessionBook{Session: e.opens, id: out.session, honest: true, members: make(map[uint64]string), had: make(map[uint64]bool)}
	case part, closeSession:
		if s := b.sessions[e.session]; s != nil {
			b.depart(s)
		}
	case register, send, unregister:
		s := b.sessions[e.session]
		s.unsent = append(s.unsent, e.message)
		e.message.at = b.now
		s.isFull = s.lasts > b.config.HeldBytes-leastMembership && len(s.unsent) == 1 && len(s.waiting) == 0
		if e.kind == register && !s.departed {
			r := &registerBook{of: e.message, session: s, roles: make(map[string]bool)}
			for _, l := range b.links {
				if l.up {
					r.roles[l.Role] = true
				}
			}
			s.waiting = append(s.waiting, r)
		}
	case linkUp:
		b.recordUp(e)
	case linkDown:
		if l := b.links[e.link]; l != nil {
			l.up = false
			l.owed, l.holds = nil, nil
		}
	case linkLeaves:
		if l := b.links[e.link]; l != nil {
			l.ending = true
		}
	case registered, refused, unregistered:
		b.recordAnswer(e)
	case revoked:
		if l := b.links[e.link]; l != nil && l.up {
			delete(l.owed, e.registration)
		}
	case probeRefused, probeGranted, probeUndone:
		if r := b.asked[e.pending]; r != nil && (r.probing && e.kind != probeUndone || r.undoing && e.kind == probeUndone) {
			r.session.pace.answer(r.round)
		}
	case released:
		if p := b.pools[e.key]; p != nil && len(p.members) == 0 {
			p.open = false
		}
	case drain:
		b.draining = true
	case undrain:
		b.draining = false
	case drainPool:
		b.drained[e.key] = true
	case undrainPool:
		delete(b.drained, e.key)
	case reconfigure:
		b.recordRules(e)
	case tick:
		b.ticks++
	}
}

// recordRules takes the rules that hold from now on.
func (b *books) recordRules(e event) {
	for _, s := range b.sessions {
		for _, m := range s.unsent {
			if m.block != nil {
				m.block = e.govern(m.asks.Procedure)
			}
		}
		for _, r := range s.waiting {
			r.of.block = e.govern(r.of.asks.Procedure)
		}
	}
	for key, p := range b.pools {
		p.block = e.govern(strings.TrimPrefix(key, "exact "))
	}
}

// depart ends a session: nobody waits for an answer any more.
func (b *books) depart(s *sessionBook) {
	s.departed = true
	for _, r := range s.waiting {
		r.answered = true
	}
	s.waiting = nil
	for registration, key := range s.members {
		delete(b.pools[key].members, s.id)
		delete(s.members, registration)
	}
}

func (b *books) recordUp(e event) {
	l := b.links[e.link]
	if l == nil {
		return
	}
	*l = linkBook{
		LinkSession: e.up, id: e.link, up: true,
		requests: make(map[uint64]askBook), owed: make(map[uint64]string), holds: make(map[uint64]string), returned: make(map[uint64]uint64),
	}
	for _, s := range b.sessions {
		for _, r := range s.waiting {
			r.roles[e.up.Role] = true
		}
	}
}

// recordAnswer takes the router's answer on a link.
func (b *books) recordAnswer(e event) {
	l := b.links[e.link]
	if l == nil || !l.up {
		return
	}
	q, asked := l.requests[e.request]
	if !asked || q.register != (e.kind != unregistered) {
		return
	}
	delete(l.requests, e.request)
	l.pace.answer(q.round)
	if e.kind == registered && l.returned[e.registration] < e.request { // else the router takes it back as soon as it comes to that request
		l.owed[e.registration] = q.pool
	}
}

// registerOf returns the REGISTER that an action speaks of.
func (b *books) registerOf(a admission.Action) *registerBook {
	if r := b.asked[a.Pending]; r != nil {
		must(r.session.id == a.Session && r.of.asks.Request == a.Request, answeredOnce, "REGISTER %d of session %d is named %d of session %d",
			r.of.asks.Request, r.session.id, a.Request, a.Session)
		return r
	}
	for _, r := range b.session(a).waiting {
		if r.pending == 0 && r.of.asks.Request == a.Request {
			r.pending = a.Pending
			b.asked[a.Pending] = r
			return r
		}
	}
	must(false, answeredOnce, "%s for REGISTER %d of session %d, which has its answer", simActionNames[a.Kind], a.Request, a.Session)
	return nil
}

func (b *books) session(a admission.Action) *sessionBook {
	s := b.sessions[a.Session]
	must(s != nil, answeredOnce, "%s for session %d, which is gone", simActionNames[a.Kind], a.Session)
	return s
}

// latest is the end of all time.
const latest time.Duration = 1 << 62

// leastMembership is what being in a pool costs at least, in bytes.
const leastMembership = 1280

// answer takes the one answer of a REGISTER.
func (b *books) answer(r *registerBook, what string) {
	must(!r.answered && !r.session.departed, answeredOnce, "%s for REGISTER %d of session %d, which has its answer", what, r.of.asks.Request, r.session.id)
	r.answered = true
	i := slices.Index(r.session.waiting, r)
	r.session.waiting = slices.Delete(r.session.waiting, i, i+1)
	if !r.probing && !r.undoing {
		delete(b.asked, r.pending)
	}
}

// take takes what has its turn at the router: it must be the first that has not
// had it.
func (b *books) take(s *sessionBook, is func(*sent) bool, what string) *sent {
	must(len(s.unsent) > 0, ordered, "%s of session %d, of which nothing is held", what, s.id)
	i := slices.IndexFunc(s.unsent, is)
	must(i >= 0, ordered, "%s of session %d comes again", what, s.id)
	m := s.unsent[i]
	if m.request != 0 {
		must(i == 0, numbers, "%s of session %d overtakes request %d", what, s.id, s.unsent[0].request)
	}
	must(i == 0, ordered, "%s of session %d overtakes what was sent before", what, s.id)
	s.unsent = s.unsent[1:]
	return m
}

// takeRequest takes the turn of a request ID.
func (b *books) takeRequest(a admission.Action) *sent {
	return b.take(b.session(a), func(m *sent) bool { return m.request == a.Request }, fmt.Sprintf("%s %d", simActionNames[a.Kind], a.Request))
}

func isRegister(m *sent) bool { return m.of == codec.TypeRegister && m.kind == register }
