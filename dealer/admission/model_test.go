package admission_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
)

// model is the reference: slow and obvious, it says who is told what, by the
// contract's words. It knows one pool session and exact procedures, and nothing of
// lost answers, pacing and weights: those are the simulation's.
//
// What it says is kept by whom it concerns, for between sessions there is no order
// but by chance.
type model struct {
	now      time.Duration
	draining bool
	drained  map[string]bool // procedures of pools that drain by themselves
	up       bool            // the pool session
	role     string          // its own
	sessions map[admission.SessionID]*modelSession
	pools    map[string]*modelPool
	came     int              // pools
	arrived  []*modelRegister // those without an answer, in order of arrival
	settled  []*modelSession  // of whom a REGISTER was settled in this event
	said     map[string][]string
}

type modelSession struct {
	id      admission.SessionID
	role    string
	gone    bool
	pending []*modelRegister
	held    []*modelMessage
	has     map[uint64]string // registrations, and their pools
	had     map[uint64]bool
}

// modelMessage is what a client has sent.
type modelMessage struct {
	kind         codec.MessageType
	request      uint64
	registration uint64 // of an UNREGISTER
	asks         *codec.Register
	block        *admission.Block
	at           time.Duration
}

// modelRegister is a REGISTER for a pool.
type modelRegister struct {
	*modelMessage
	of       *modelSession
	pool     *modelPool
	policy   dealer.Policy
	awaits   string // role, pool, probe or undo
	late     bool   // it has its answer, but not its probe
	numbered bool   // its own ID has had its turn at the router
	tries    int
	unsure   bool // the rules of who may join have changed since it was let in
}

type modelPool struct {
	key     string
	age     int // which came before others
	block   *admission.Block
	linger  bool
	unsure  bool // who may be in it now, nobody knows yet
	open    bool
	lingers bool
	policy  dealer.Policy
	members []*modelSession
	asked   map[*modelSession]dealer.Policy // what they asked for themselves
	pending int
	waiting []*modelRegister

	wanted  bool
	router  string // what it has there: nothing, asked, holds or leaving
	revoked bool
	retryAt time.Duration // 0: no reason to wait
	backoff time.Duration
}

func newModel() *model {
	return &model{sessions: make(map[admission.SessionID]*modelSession), pools: make(map[string]*modelPool), drained: make(map[string]bool), said: make(map[string][]string)}
}

// drains tells whether a REGISTER is for a pool that drains.
func (m *model) drains(g *modelRegister) bool { return m.draining || m.drained[g.asks.Procedure] }

func (s *modelSession) name() string { return fmt.Sprintf("session %d", s.id) }

func (m *model) say(to, format string, args ...any) {
	m.said[to] = append(m.said[to], fmt.Sprintf(format, args...))
}

// end lets go of what was held behind what this event has settled.
func (m *model) end() {
	for len(m.settled) > 0 {
		s := m.settled[0]
		m.settled = m.settled[1:]
		m.letGo(s)
	}
}

func (m *model) letGo(s *modelSession) {
	for len(s.held) > 0 && m.take(s, s.held[0]) {
		s.held = s.held[1:]
	}
}

// arrives takes what a client sends.
func (m *model) arrives(s *modelSession, in *modelMessage) {
	in.at = m.now
	if len(s.held) > 0 || !m.take(s, in) {
		s.held = append(s.held, in)
	}
	m.end()
}

func (m *model) take(s *modelSession, in *modelMessage) bool {
	switch {
	case in.asks != nil && !s.gone:
		return m.register(s, in)
	case len(s.pending) > 0:
		return false
	case in.kind == codec.TypeUnregister && (s.has[in.registration] != "" || s.had[in.registration]):
		m.say(s.name(), "swallow %d", in.request)
		switch key := s.has[in.registration]; {
		case s.gone:
		case key != "":
			m.leave(s, in.registration)
			s.had[in.registration] = true
			m.say(s.name(), "leave %d", in.registration)
		default:
			m.say(s.name(), "unknown %d", in.registration)
		}
		return true
	}
	m.say(s.name(), "pass %d", in.request)
	if in.kind == codec.TypeGoodbye && !s.gone {
		m.leaveAll(s)
		s.gone = true
		m.say(s.name(), "depart")
	}
	return true
}

// register takes a REGISTER for a pool: others may be pending, but not one that
// passes to the router, or that repeats an ID.
func (m *model) register(s *modelSession, in *modelMessage) bool {
	if m.up && !m.admits(in.block, s) {
		if len(s.pending) > 0 {
			return false
		}
		m.say(s.name(), "pass %d", in.request)
		return true
	}
	if n := len(s.pending); n > 0 && in.request <= s.pending[n-1].request {
		return false
	}
	g := &modelRegister{modelMessage: in, of: s, awaits: "role"}
	s.pending, m.arrived = append(s.pending, g), append(m.arrived, g)
	if in.at+registerPatience <= m.now {
		m.deny(g, admission.Unsettled)
		return true
	}
	m.goOn(g)
	return true
}

const registerPatience = 10 * time.Second

func (m *model) admits(b *admission.Block, s *modelSession) bool {
	switch {
	case b.AnyRole:
		return true
	case s.role == "":
		return false
	case len(b.Admit) > 0:
		return slices.Contains(b.Admit, s.role)
	}
	return s.role == m.role
}

// goOn takes a REGISTER as far as it can go.
func (m *model) goOn(g *modelRegister) {
	if m.drains(g) {
		m.deny(g, admission.Draining)
		return
	}
	if g.awaits == "role" {
		switch {
		case !m.up:
			return
		case !m.admits(g.block, g.of):
			m.passLate(g)
			return
		case g.asks.HasConcurrency && g.asks.Concurrency < 1:
			m.deny(g, admission.Invalid)
			return
		}
		if !m.joinPool(g) {
			return
		}
	}
	if g.pool.router == "holds" && g.pool.wanted {
		if g.unsure && !m.admits(g.block, g.of) {
			m.passLate(g)
			return
		}
		m.probe(g)
	} else if !slices.Contains(g.pool.waiting, g) {
		g.pool.waiting = append(g.pool.waiting, g)
	}
}

// joinPool finds the pool that a REGISTER is for. It is false if that won't do.
func (m *model) joinPool(g *modelRegister) bool {
	policy, err := g.asksFor()
	if err != nil {
		m.deny(g, admission.Invalid)
		return false
	}
	key := "exact " + g.asks.Procedure
	p := m.pools[key]
	if p == nil {
		m.came++
		p = &modelPool{key: key, age: m.came, block: g.block, linger: g.block.Config.Linger > 0, router: "nothing", asked: make(map[*modelSession]dealer.Policy)}
		m.pools[key] = p
	}
	p.open = true
	g.pool, g.policy, g.awaits = p, policy, "pool"
	p.pending++
	if why := p.conflict(g); why != 0 {
		m.deny(g, why)
		return false
	}
	m.want(p)
	return true
}

// asksFor is the policy that a REGISTER comes to.
func (g *modelRegister) asksFor() (dealer.Policy, error) {
	if g.block.Policy != "" {
		return dealer.ParsePolicy(g.block.Policy)
	}
	return dealer.ParsePolicy(g.asks.Invoke)
}

// want has a pool's registration asked for at once, if it is not there.
func (m *model) want(p *modelPool) {
	p.wanted, p.retryAt = true, 0
	m.seeTo(p)
}

func (p *modelPool) conflict(g *modelRegister) admission.Reason {
	switch {
	case len(p.members) == 0 || g.asks.ForceReregister:
		return 0
	case p.policy == dealer.Single || slices.Contains(p.members, g.of):
		return admission.Taken
	case p.policy != g.policy:
		return admission.Conflict
	}
	return 0
}

// seeTo asks the router for what is wanted, and gives back what is not.
func (m *model) seeTo(p *modelPool) {
	switch {
	case !m.up:
	case p.wanted && p.router == "nothing" && p.retryAt == 0:
		p.router = "asked"
		m.say("router", "REGISTER %s", p.key)
	case !p.wanted && p.router == "holds":
		p.router = "leaving"
		m.say("router", "UNREGISTER %s", p.key)
	}
	if !p.wanted {
		p.retryAt = 0
	}
	if !p.open && p.pending == 0 && p.router == "nothing" && !p.wanted {
		delete(m.pools, p.key)
	}
}

// number makes it a REGISTER's turn: those before it that have had none are not
// for the router any more.
func (m *model) number(g *modelRegister) {
	if g.numbered {
		return
	}
	for _, before := range g.of.pending {
		if before == g {
			break
		}
		if !before.numbered {
			before.numbered = true
			m.say(g.of.name(), "swallow %d", before.request)
		}
	}
	g.numbered = true
}

func (m *model) swallow(g *modelRegister) {
	if !g.numbered {
		m.number(g)
		m.say(g.of.name(), "swallow %d", g.request)
	}
}

func (m *model) probe(g *modelRegister) {
	first := !g.numbered
	m.number(g)
	g.tries++
	g.awaits = "probe"
	m.say(g.of.name(), "probe %d first=%t", g.request, first)
}

func (m *model) deny(g *modelRegister, why admission.Reason) {
	m.swallow(g)
	m.say(g.of.name(), "deny %d %s", g.request, why)
	m.settle(g)
}

// settle ends a REGISTER. One whose probe has no answer lives on.
func (m *model) settle(g *modelRegister) {
	isIt := func(other *modelRegister) bool { return other == g }
	g.of.pending = slices.DeleteFunc(g.of.pending, isIt)
	m.arrived = slices.DeleteFunc(m.arrived, isIt)
	if g.awaits == "probe" || g.awaits == "undo" {
		if g.late = true; !g.of.gone {
			m.say(g.of.name(), "renumber")
		}
	}
	m.settled = append(m.settled, g.of)
	if g.pool != nil {
		g.pool.pending--
		g.pool.waiting = slices.DeleteFunc(g.pool.waiting, isIt)
		if p := g.pool; p.open && p.pending == 0 && len(p.members) == 0 && !p.lingers {
			m.close(p)
		}
	}
}

func (m *model) close(p *modelPool) {
	p.open, p.lingers = p.pending > 0, false
	if !p.open {
		p.wanted = false
	}
	m.seeTo(p)
}

func (m *model) admit(g *modelRegister) {
	p := g.pool
	g.awaits = "pool"
	if m.drains(g) {
		m.deny(g, admission.Draining)
		return
	}
	if why := p.conflict(g); why != 0 {
		m.deny(g, why)
		return
	}
	if g.asks.ForceReregister {
		m.empty(p)
	}
	if len(p.members) == 0 {
		p.policy = g.policy
	}
	p.members, p.lingers = append(p.members, g.of), false
	if p.asked[g.of], _ = dealer.ParsePolicy(g.asks.Invoke); p.asked[g.of] == 0 {
		p.asked[g.of] = dealer.Single
	}
	m.say(g.of.name(), "join %d %s %s", g.request, p.key, g.policy)
	m.settle(g)
}

// empty takes all out of a pool.
func (m *model) empty(p *modelPool) {
	for _, s := range slices.Clone(p.members) {
		for registration, key := range s.has {
			if key == p.key {
				delete(s.has, registration)
				s.had[registration] = true
			}
		}
		p.lose(s)
	}
	p.lingers = false
}

func (m *model) leave(s *modelSession, registration uint64) {
	m.pools[s.has[registration]].lose(s)
	delete(s.has, registration)
}

func (m *model) leaveAll(s *modelSession) {
	for _, p := range m.pools {
		p.lose(s)
	}
	clear(s.has)
}

// lose takes a session out of a pool.
func (p *modelPool) lose(s *modelSession) {
	if i := slices.Index(p.members, s); i >= 0 {
		p.members = slices.Delete(p.members, i, i+1)
		p.lingers = len(p.members) == 0 && p.linger
	}
}

// joined takes note of the registration that a session was given in this event. It
// may have lost its place in the same one.
func (m *model) joined(s *modelSession, key string, registration uint64) {
	if p := m.pools[key]; p != nil && slices.Contains(p.members, s) {
		s.has[registration] = key
	} else if !s.gone {
		s.had[registration] = true
	}
}
