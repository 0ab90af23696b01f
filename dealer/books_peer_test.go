package dealer_test

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/wampool/wampool/dealer"
)

// What the checkers know of peers: their credits, and which calls may travel.

func (b *books) recordOffer(e event, out outcome) {
	p, callee := b.pools[e.pool], b.callees[e.callee]
	if e.limit <= 0 || !p.open {
		b.acts(e, out)
		return
	}
	due := 0 // what time alone has caused comes first, and may close the pool
	for due < len(out.actions) && out.actions[due].Kind != dealer.Invoke {
		b.act(e, out.actions[due])
		due++
	}
	if !p.open {
		return
	}
	m := callee.places[p]
	if m == nil {
		m = &place{callee: callee, pool: p, registration: uint64(p.id) + 1}
		callee.places[p] = m
	}
	if m.credits == 0 {
		p.list(m)
	}
	m.credits += e.limit
	out.actions = out.actions[due:]
	b.acts(e, out)
}

func (b *books) recordDelay(e event, out outcome) {
	callee := b.callees[e.callee]
	callee.oneWay = e.oneWay
	for p, m := range callee.places {
		if m.credits > 0 {
			p.peers = slices.DeleteFunc(p.peers, func(other *place) bool { return other == m })
			p.list(m)
		}
	}
	b.acts(e, out)
}

// list takes up a peer that has credits, behind those that are no farther away.
func (p *poolBook) list(m *place) {
	i := slices.IndexFunc(p.peers, func(other *place) bool { return other.callee.oneWay > m.callee.oneWay })
	if i < 0 {
		i = len(p.peers)
	}
	p.peers = slices.Insert(p.peers, i, m)
}

// withdraw takes all credits from a peer.
func (p *place) withdraw() {
	in := p.pool
	p.credits = 0
	in.peers = slices.DeleteFunc(in.peers, func(other *place) bool { return other == p })
	if p.callee.peer && p.inFlight == 0 {
		delete(p.callee.places, in)
	}
}

func (p *poolBook) withdrawAll() {
	for len(p.peers) > 0 {
		p.peers[0].withdraw()
	}
}

// ahead is how many calls must wait before one that travels so far.
func (p *poolBook) ahead(oneWay time.Duration) int {
	if p.mean == 0 {
		return 0
	}
	slots := uint64(0)
	for _, m := range p.members {
		if !m.callee.draining {
			slots += uint64(min(int64(m.bound()), 1<<40))
		}
	}
	high, low := bits.Mul64(slots, uint64(3*oneWay))
	if high >= uint64(p.mean) {
		return 1024
	}
	n, _ := bits.Div64(high, low, uint64(p.mean))
	return int(min(n, 1024))
}

func (p *poolBook) learn(took time.Duration) {
	if p.mean == 0 {
		p.mean = took
	} else {
		p.mean += (took - p.mean) / 8
	}
}

// takesFrom tells whether a peer may get a call, if its message can be kept.
func (p *place) takesFrom(c *callBook) bool {
	return p.credits > 0 && !p.callee.draining && c.suits(p.callee.features) && !slices.Contains(c.refusers, p.callee)
}

// travelsTo returns the peers that must get a call before which n others wait.
func (c *callBook) travelsTo(n int) (to []*place) {
	p := c.pool
	if p.paused || p.config.QueueLimit == 0 || c.origin.peer || !p.generous() {
		return nil
	}
	for _, m := range p.peers {
		if n >= p.ahead(m.callee.oneWay) && m.takesFrom(c) {
			to = append(to, m)
		}
	}
	return to
}

// checkTravel takes the dispatch of a call to a peer.
func (p *poolBook) checkTravel(c *callBook, m *place, callee *calleeBook) {
	must(m != nil && m.credits > 0, creditsKept, "peer %d gets request %d without a credit", callee.id, c.request)
	must(!c.origin.peer, oneHop, "request %d has come from a peer, and goes to another one", c.request)
	must(!p.paused && p.config.QueueLimit > 0 && !callee.draining, localFirst, "request %d travels from a pool that is paused or has no queue, or to a peer that drains", c.request)
	must(len(c.takers()) == 0, localFirst, "request %d travels, and somebody here has room", c.request)
	n, before := p.ahead(callee.oneWay), 0
	for _, other := range p.waiting {
		if other == c {
			break
		}
		must(len(other.takers()) == 0, c.turnChecker(other), "request %d overtakes request %d", c.request, other.request)
		if other.origin.peer { // about to be refused
			continue
		}
		must(before < n || !p.generous() || !m.takesFrom(other), c.turnChecker(other), "request %d travels before request %d", c.request, other.request)
		before++
	}
	must(before >= n, localFirst, "%d wait before request %d, which travels where %d must", before, c.request, n)
	for _, nearer := range p.peers {
		if nearer == m {
			break
		}
		must(!p.generous() || before < p.ahead(nearer.callee.oneWay) || !nearer.takesFrom(c), localFirst, "request %d travels farther than it must", c.request)
	}
	if m.credits--; m.credits == 0 {
		p.peers = slices.DeleteFunc(p.peers, func(other *place) bool { return other == m })
	}
}

// turnChecker watches that a call does not overtake another one.
func (c *callBook) turnChecker(other *callBook) string {
	if c.returned || other.returned {
		return placeKept
	}
	return fifo
}

// recordFull takes the answer of a peer that has no room. It is false if the call has
// begun there, for all that is known.
func (b *books) recordFull(e event, c *callBook, out outcome) bool {
	p, m := c.pool, c.at
	m.credits = 0
	p.peers = slices.DeleteFunc(p.peers, func(other *place) bool { return other == m })
	if c.state == running && c.tied && !c.killed {
		return false
	}
	got := out.actions[0]
	must(got.Kind == dealer.Discard && got.Callee == e.callee && got.ID == e.id, placeKept, "%s of a call that has not begun", actionString(got))
	out.actions = out.actions[1:]
	if c.state == defunct || c.killed || b.isLetGo(c, out) {
		before := c.state
		b.acts(e, out)
		must(c.state == defunct, answeredOnce, "request %d was %d, and is not answered", c.request, before)
		b.vacate(c)
		return true
	}
	b.freeSlot(c)
	i := slices.IndexFunc(p.waiting, func(other *callBook) bool {
		return other.handed == c.handed && other.turn > c.turn || c.handed && !other.handed
	})
	if i < 0 {
		i = len(p.waiting)
	}
	p.waiting = slices.Insert(p.waiting, i, c)
	c.state, c.returned = waiting, true
	c.parts, c.sent = append(c.sent, c.parts...), nil
	b.handed = append(b.handed, c)
	b.acts(e, out)
	return true
}

// isLetGo tells whether a call that a peer has sent back could not be kept.
func (b *books) isLetGo(c *callBook, out outcome) bool {
	return !c.generous && slices.ContainsFunc(out.actions, func(a dealer.Action) bool {
		return a.Kind == dealer.Refuse && a.Origin == c.origin.id && a.Request == c.request && a.Refusal.Reason == dealer.ReasonQueueBytes
	})
}

// rank counts the calls of a pool that wait, or may again, before another one.
func (b *books) rank(c *callBook) (n int) {
	for _, o := range b.origins {
		if o == nil {
			continue
		}
		for _, other := range o.calls {
			may := other.state == waiting || other.at != nil && other.at.callee.peer
			if may && other.pool == c.pool && other.handed == c.handed && other.turn < c.turn {
				n++
			}
		}
	}
	return n
}

// comparePeers holds what the dealer tells of a pool's peers, and of its load, against
// the books.
func (b *books) comparePeers(p *poolBook, s *dealer.PoolState) {
	must(len(s.Peers) == len(p.peers), creditsKept, "pool %d has credits of %d peers, not %d", p.id, len(p.peers), len(s.Peers))
	for i, m := range p.peers {
		want := dealer.PeerState{Peer: m.callee.id, Credits: m.credits, InFlight: m.inFlight, OneWay: m.callee.oneWay}
		must(s.Peers[i] == want, creditsKept, "pool %d: %+v instead of %+v", p.id, s.Peers[i], want)
	}
	away := 0
	for _, c := range b.callees {
		if c != nil && c.peer && c.places[p] != nil {
			away += c.places[p].inFlight
		}
	}
	must(s.Away == away, nothingLeft, "peers have %d calls of pool %d, not %d", away, p.id, s.Away)
}

// compareLoads holds the loads that the dealer tells against the books.
func (b *books) compareLoads(d *dealer.Dealer) (finding *broken) {
	defer recoverFinding(&finding)
	for _, p := range b.pools {
		if p != nil {
			got, want := d.LoadOf(b.now, p.id), b.load(p)
			must(got == want, loadsTold, "the load of pool %d is %+v, not %+v", p.id, want, got)
		}
	}
	return nil
}

// asked is what somebody who follows loads has been told of a pool.
type asked struct{ free, waiting int }

// checkChanged asks for the pools whose load has changed, and finds none missing.
func (b *books) checkChanged(d *dealer.Dealer) (finding *broken) {
	defer recoverFinding(&finding)
	changed := d.Changed()
	must(b.follows || len(changed) == 0, loadsTold, "pools have changed, and nobody follows")
	now := make(map[*poolBook]asked)
	for _, p := range b.pools {
		if p == nil || !b.follows {
			continue
		}
		i := slices.Index(changed, p.id)
		now[p] = asked{b.freeOf(p), len(p.waiting)}
		must(i >= 0 || now[p] == b.asked[p], loadsTold, "pool %d had %+v, has %+v, and nobody is told", p.id, b.asked[p], now[p])
		if i >= 0 {
			changed = slices.Delete(slices.Clone(changed), i, i+1)
		}
	}
	must(len(changed) == 0, loadsTold, "pools %v are told of, and are no more or were told before", changed)
	b.asked = now
	return nil
}

// load is what peers are to know of a pool.
func (b *books) load(p *poolBook) (l dealer.Load) {
	if !p.open || p.paused {
		return l
	}
	l.Free = b.freeOf(p)
	near, any := time.Duration(0), false
	for _, c := range b.callees {
		if c != nil && c.peer && (!any || c.oneWay < near) {
			near, any = c.oneWay, true
		}
	}
	n := p.ahead(near)
	if p.config.QueueLimit == 0 || n >= len(p.waiting) {
		return l
	}
	l.Waiting, l.Oldest = len(p.waiting)-n, b.now-p.waiting[n].since
	if n == 0 {
		for _, c := range p.waiting {
			l.Oldest = max(l.Oldest, b.now-c.since)
		}
	}
	return l
}

// freeOf is how many calls a pool's members may get, as peers are told.
func (b *books) freeOf(p *poolBook) int {
	sum := int64(0)
	for _, m := range p.members {
		if !b.follows || b.draining || !m.hasRoom() {
			continue
		}
		n := int64(1024)
		if m.limit > 0 {
			n = min(int64(m.limit-m.inFlight), 1<<40)
		}
		if shared := m.shared(); shared > 0 {
			if left := int64(shared - m.inScope()); m.limit == 0 || left < n {
				n = left
			}
		}
		sum += n
	}
	return int(min(sum, math.MaxInt))
}
