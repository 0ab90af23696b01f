package dealer_test

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"github.com/wampool/wampool/dealer"
)

func (m *model) offer(e event) {
	p := m.pools[e.pool]
	m.elapse()
	if e.limit <= 0 || !p.open {
		return
	}
	i := slices.IndexFunc(p.offers, func(o modelOffer) bool { return o.peer == e.callee })
	if i < 0 {
		i = len(p.offers)
		p.offers = append(p.offers, modelOffer{peer: e.callee})
	}
	p.offers[i].n += e.limit
	m.fill(p)
}

func (p *modelPool) withdraw(peer dealer.CalleeID) {
	p.offers = slices.DeleteFunc(p.offers, func(o modelOffer) bool { return o.peer == peer })
}

func (p *modelPool) credits(peer dealer.CalleeID) int {
	for _, o := range p.offers {
		if o.peer == peer {
			return o.n
		}
	}
	return 0
}

// setDelay moves a peer behind those that are as near.
func (m *model) setDelay(e event) {
	m.callees[e.callee].oneWay = e.oneWay
	var pools []*modelPool
	for _, p := range m.byID() {
		if n := p.credits(e.callee); n > 0 {
			p.withdraw(e.callee)
			p.offers = append(p.offers, modelOffer{e.callee, n})
			pools = append(pools, p)
		}
	}
	m.fillAll(pools)
}

// ahead is how many calls are served here in three times that long.
func (m *model) ahead(p *modelPool, oneWay time.Duration) int {
	if p.mean == 0 {
		return 0
	}
	slots := int64(0)
	for _, member := range p.members {
		if !m.callees[member.callee].draining {
			slots += min(int64(p.bound(member)), 1<<40)
		}
	}
	n := new(big.Int).Mul(big.NewInt(slots), big.NewInt(int64(3*oneWay)))
	n.Div(n, big.NewInt(int64(p.mean)))
	if !n.IsInt64() {
		return 1024
	}
	return int(min(n.Int64(), 1024))
}

// nearest returns the peers that have credits, the nearest first.
func (m *model) nearest(p *modelPool) (peers []dealer.CalleeID) {
	for _, o := range p.offers {
		peers = append(peers, o.peer)
	}
	slices.SortStableFunc(peers, func(a, b dealer.CalleeID) int { return cmp.Compare(m.callees[a].oneWay, m.callees[b].oneWay) })
	return peers
}

// forward has a call travel to a peer, before which n others wait, if it may.
func (m *model) forward(c *modelCall, n int, to dealer.CalleeID) bool {
	p, peer := c.pool, m.callees[to]
	f := peer.features
	_, kept := m.sums(p)
	switch {
	case p.paused, p.config.QueueLimit == 0, m.kinds[c.in.origin] == dealer.PeerOrigin:
		return false
	case n < m.ahead(p, peer.oneWay), peer.draining, slices.Contains(c.refusers, to), kept+c.size() > p.config.KeptBytes:
		return false
	case c.in.passthru && !f.PayloadPassthruMode && !f.PayloadTransparency, c.in.progress && !f.ProgressiveCallInvocations:
		return false
	}
	i := slices.IndexFunc(p.offers, func(o modelOffer) bool { return o.peer == to })
	if p.offers[i].n--; p.offers[i].n == 0 {
		p.withdraw(to)
	}
	m.send(c, to)
	return true
}

// takeBack takes a call from a peer that has no room. It is false if the call has
// begun there.
func (m *model) takeBack(c *modelCall) bool {
	p := c.pool
	p.withdraw(c.callee)
	if c.answers && c.tied && !c.killed {
		return false
	}
	m.do(dealer.Action{Kind: dealer.Discard, Callee: c.callee, ID: c.id})
	switch {
	case !c.answers:
		m.end(c)
	case c.killed:
		m.refuse(c, dealer.ReasonCanceled, 0, m.now-c.since)
		m.end(c)
	case !c.kept:
		m.refuse(c, dealer.ReasonQueueBytes, p.config.KeptBytes, m.now-c.since)
		m.end(c)
	default:
		c.waits, c.kept = true, false
		if !p.open {
			m.refuse(c, dealer.ReasonNoCallee, 0, m.now-c.since)
			m.end(c)
		}
	}
	m.refuseExhausted(p)
	m.fill(p)
	m.refuseUnqueued(c, dealer.ReasonConcurrency)
	return true
}

func (m *model) learn(c *modelCall) {
	switch took, p := m.now-c.begun, c.pool; {
	case !m.follows:
	case p.mean == 0:
		p.mean = took
	default:
		p.mean += (took - p.mean) / 8
	}
}

// registration is the one that a call's callee knows.
func (m *model) registration(c *modelCall) uint64 {
	if m.callees[c.callee].peer {
		return uint64(c.pool.id) + 1
	}
	return c.pool.names[c.callee]
}
