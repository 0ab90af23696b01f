package admission_test

import (
	"slices"
	"strings"
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
)

// What happens beside a client's messages, each as the contract says it.

func (m *model) part(s *modelSession) {
	if s.gone {
		return
	}
	s.gone = true
	for _, g := range slices.Clone(s.pending) {
		m.swallow(g)
		m.settle(g)
	}
	m.letGo(s)
	m.leaveAll(s)
	m.end()
}

func (m *model) linkUp(role string) {
	m.up, m.role = true, role
	for _, p := range m.pools {
		p.backoff = 0
		m.seeTo(p)
	}
	for _, p := range m.byAge() {
		m.review(p)
	}
	for _, g := range slices.Clone(m.arrived) {
		if g.awaits == "role" {
			m.goOn(g)
		}
	}
	m.end()
}

func (m *model) linkDown() {
	m.up, m.role = false, ""
	for _, p := range m.pools {
		p.router, p.retryAt, p.revoked = "nothing", 0, false
		m.seeTo(p)
	}
}

func (m *model) granted(p *modelPool) {
	p.router, p.backoff = "holds", 0
	p.revoked = false
	m.seeTo(p)
	for len(p.waiting) > 0 && p.router == "holds" && p.wanted {
		g := p.waiting[0]
		p.waiting = p.waiting[1:]
		m.goOn(g)
	}
	m.end()
}

func (m *model) refused(p *modelPool, why admission.Refusal) {
	p.router = "nothing"
	if p.wanted {
		p.backoff = min(max(2*p.backoff, 250*time.Millisecond), 10*time.Second)
		p.retryAt = m.now + p.backoff
	}
	for _, g := range slices.Clone(p.waiting) {
		if g.tries == 0 || why != admission.Exists {
			m.deny(g, admission.PoolRefused)
		}
	}
	isProbed := slices.ContainsFunc(m.arrived, func(g *modelRegister) bool { return g.pool == p && g.tries > 0 })
	if p.revoked && p.open && !(why == admission.Exists && isProbed) {
		p.revoked = false
		m.empty(p)
		m.close(p)
	}
	m.seeTo(p)
	m.end()
}

// ended takes the router's word that a registration is over, asked for or not.
func (m *model) ended(p *modelPool, revoked bool) {
	p.router = "nothing"
	p.revoked = p.revoked || revoked && p.wanted
	m.seeTo(p)
	m.end()
}

func (m *model) released(key string) {
	if p := m.pools[key]; p != nil && p.open && len(p.members) == 0 {
		m.close(p)
	}
	m.end()
}

func (m *model) probeRefused(g *modelRegister, why admission.Refusal) {
	switch {
	case g.late:
	case why == admission.Exists && (!g.unsure || m.admits(g.block, g.of)):
		m.admit(g)
	default:
		g.awaits = "pool"
		m.deny(g, admission.ProbeRefused)
	}
	m.end()
}

func (m *model) probeGranted(g *modelRegister, registration uint64) {
	if !g.of.gone {
		g.awaits = "undo"
		m.say(g.of.name(), "undo %d", registration)
	}
}

func (m *model) probeUndone(g *modelRegister) {
	switch {
	case g.late:
	case g.unsure && !m.admits(g.block, g.of) && !m.drains(g):
		g.awaits = "pool"
		m.passLate(g)
	case g.pool.router == "holds" && g.pool.wanted || m.drains(g):
		m.admit(g)
	case g.tries == 3:
		g.awaits = "pool"
		m.deny(g, admission.Unsteady)
	default:
		g.awaits = "pool"
		m.want(g.pool)
		m.goOn(g)
	}
	m.end()
}

func (m *model) tick() {
	for _, g := range slices.Clone(m.arrived) {
		if g.at+registerPatience <= m.now {
			m.deny(g, m.missing(g))
		}
	}
	for _, p := range m.pools {
		if p.retryAt > 0 && p.retryAt <= m.now {
			p.retryAt = 0
			m.seeTo(p)
		}
	}
	m.end()
}

func (m *model) missing(g *modelRegister) admission.Reason {
	switch {
	case g.awaits == "probe":
		return admission.NoProbeAnswer
	case g.awaits == "undo":
		return admission.NoUndo
	case !m.up:
		return admission.NoLink
	}
	return map[string]admission.Reason{"nothing": admission.NoPool, "asked": admission.NoPoolAnswer, "leaving": admission.NoPoolEnd, "holds": admission.NoPool}[g.pool.router]
}

// drain drains a pool, or all where it has no name.
func (m *model) drain(procedure string) {
	if procedure == "" {
		m.draining = true
	} else {
		m.drained[procedure] = true
	}
	for _, p := range m.pools {
		if procedure == "" || p.key == "exact "+procedure {
			p.wanted, p.revoked = false, false
			m.seeTo(p)
		}
	}
	for _, g := range slices.Clone(m.arrived) {
		if (g.awaits == "role" || g.awaits == "pool") && m.drains(g) {
			m.deny(g, admission.Draining)
		}
	}
	m.end()
}

func (m *model) undrain(procedure string) {
	if procedure == "" {
		m.draining = false
	} else {
		delete(m.drained, procedure)
	}
	for _, p := range m.pools {
		named := strings.TrimPrefix(p.key, "exact ")
		if (procedure == "" || named == procedure) && p.open && !m.draining && !m.drained[named] {
			m.want(p)
		}
	}
	m.end()
}

// reconfigure gives everything the rules that a block says now.
func (m *model) reconfigure(govern func(string) *admission.Block) {
	for _, s := range m.sessions {
		for _, in := range s.held {
			if in.asks != nil {
				in.block = govern(in.asks.Procedure)
			}
		}
	}
	for _, p := range m.byAge() {
		block := govern(strings.TrimPrefix(p.key, "exact "))
		p.unsure = p.unsure || block.AnyRole != p.block.AnyRole || !slices.Equal(block.Admit, p.block.Admit)
		p.block, p.linger = block, block.Config.Linger > 0
		if policy, err := dealer.ParsePolicy(block.Policy); block.Policy != "" && err == nil {
			p.policy = policy
		} else if len(p.members) > 0 {
			p.policy = p.asked[p.members[0]]
		}
		m.review(p)
	}
	for _, g := range slices.Clone(m.arrived) {
		m.regovern(g, govern(g.asks.Procedure))
	}
	m.end()
}

func (m *model) regovern(g *modelRegister, block *admission.Block) {
	g.unsure = g.unsure || block.AnyRole != g.block.AnyRole || !slices.Equal(block.Admit, g.block.Admit)
	g.block = block
	if g.awaits == "role" {
		return
	}
	known := m.up || block.AnyRole || len(block.Admit) > 0
	if g.awaits == "pool" && g.unsure && known && !m.admits(block, g.of) {
		m.passLate(g)
		return
	}
	policy, err := g.asksFor()
	if g.policy = policy; err != nil {
		m.deny(g, admission.Invalid)
	}
}

// review takes out of a pool who may not be in it any more.
func (m *model) review(p *modelPool) {
	if !p.unsure || !m.up && !p.block.AnyRole && len(p.block.Admit) == 0 {
		return
	}
	p.unsure = false
	for _, s := range slices.Clone(p.members) {
		if m.admits(p.block, s) {
			continue
		}
		for registration, key := range s.has {
			if key == p.key {
				delete(s.has, registration)
				s.had[registration] = true
				m.say(s.name(), "expel %d", registration)
			}
		}
		p.lose(s)
	}
}

func (m *model) passLate(g *modelRegister) {
	first := !g.numbered
	m.number(g)
	m.say(g.of.name(), "pass late %d first=%t", g.request, first)
	m.settle(g)
}

func (m *model) byAge() (pools []*modelPool) {
	for _, p := range m.pools {
		pools = append(pools, p)
	}
	slices.SortFunc(pools, func(a, b *modelPool) int { return a.age - b.age })
	return pools
}
