package admission

// A pool with a shared upstream policy is one of several that the router deals
// calls to, and it deals them by registrations. So such a pool has one for each
// SlotsPerShare slots of its callees here, each on a link of its own: a
// sidecar with more room gets more, and a burst is spread over as many of the
// router's queues for a session.

const (
	maxShares = 16
	// gathering is the part of WeightPause for which changes are gathered.
	gathering = 10
)

// shares is how many registrations a pool deserves: a callee without a limit
// counts as one share.
func sharesOf(slots int64, unlimited, perShare int) int {
	share := int64(perShare)
	full := min(slots/share, maxShares)
	if slots%share >= share-share/2 { // to the nearest
		full++
	}
	return min(max(1, int(full)+min(unlimited, maxShares)), maxShares)
}

func (p *pool) shares() int { return sharesOf(p.slots, p.unlimited, p.block.SlotsPerShare) }

// weight is how many registrations a pool has, or is to have.
func (p *pool) weight() int {
	n := 1
	for _, g := range p.more {
		if g.state.isWanted() {
			n++
		}
	}
	return n
}

// reweigh sees to it that a pool is weighed when it deserves another weight: soon,
// and within WeightPause no more than once while it has callees. One that has lost
// them, and lingers, keeps one registration.
func (r *Registrar) reweigh(p *pool) {
	if !p.isWeighed() || p.shares() == p.weight() {
		r.timers.stop(&p.weighing)
		return
	}
	at := r.now + r.config.WeightPause/gathering
	if p.weighedAt != 0 && len(p.members) > 0 {
		at = max(at, p.weighedAt+r.config.WeightPause)
	}
	if !r.timers.isSet(&p.weighing) || at < p.weighing.at {
		r.timers.set(&p.weighing, at)
	}
}

// isWeighed tells whether a pool's weight is to follow its callees now.
func (p *pool) isWeighed() bool { return p.shared && p.isOpen && p.claim.state == held }

// weigh gives a pool the registrations that it deserves.
func (r *Registrar) weigh(p *pool) {
	if !p.isWeighed() {
		return
	}
	deserved := p.shares()
	if deserved == p.weight() {
		return
	}
	if again := p.weighedAt + r.config.WeightPause; p.weighedAt != 0 && len(p.members) > 0 && r.now < again {
		r.timers.set(&p.weighing, again)
		return
	}
	p.weighedAt = r.now
	speaks := p.claim.link.speaks
	for index := 1; index < deserved; index++ {
		l := r.linkFor(speaks, index)
		g := p.claimOn(l)
		if g == nil {
			g = new(claim)
			g.init(r, p)
			p.more = append(p.more, g)
			r.move(g, l)
		}
		r.wantClaim(g)
	}
	r.dropClaims(p, func(g *claim) bool { return g.link.index >= deserved || g.link.speaks != speaks })
	r.do(Action{Kind: Weigh, Pool: p.key, Shares: deserved})
}

// dropClaims gives further registrations up. A claim is gone once the router has
// answered.
func (r *Registrar) dropClaims(p *pool, which func(*claim) bool) {
	for _, g := range append([]*claim(nil), p.more...) {
		if which(g) {
			r.unwantClaim(g)
		}
	}
}
