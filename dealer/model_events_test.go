package dealer_test

import (
	"cmp"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// apply takes an event into the model and writes the actions that it wants.
func (m *model) apply(e event, out outcome) {
	switch e.kind {
	case openPool:
		p := m.pools[dealer.PoolID(out.id)]
		if p == nil || p.key != e.key || m.isForgotten(p) {
			p = &modelPool{id: dealer.PoolID(out.id), key: e.key, names: make(map[dealer.CalleeID]uint64), scopes: make(map[dealer.CalleeID]string)}
			m.pools[p.id] = p
		}
		if !p.open || len(p.members) == 0 {
			m.follow(p, e.config)
			p.offers = nil
		}
		p.open = true // one that lingers goes on to
	case closePool:
		if p := m.pools[e.pool]; p.open && len(p.members) == 0 && !p.lingers {
			m.release(p)
		}
	case revokePool:
		if p := m.pools[e.pool]; p.open {
			m.revokeAll(p)
			m.release(p)
		}
	case configure:
		m.configure(m.pools[e.pool], e.config)
	case drainCallee, undrainCallee:
		m.drain(e.callee, e.kind == drainCallee)
	case pausePool:
		m.pools[e.pool].paused = true
	case resumePool:
		m.pools[e.pool].paused = false
		m.fill(m.pools[e.pool])
	case addCallee:
		m.callees[dealer.CalleeID(out.id)] = &modelCallee{peer: e.peer, oneWay: e.oneWay, features: e.features, first: e.id, last: e.id, own: make(map[uint64]*modelOwn), past: make(map[uint64]bool)}
	case join:
		if out.err == nil { // the checkers know which are refused
			m.join(e)
		}
	case leave:
		for _, p := range m.byID() {
			if i := slices.IndexFunc(p.members, func(member modelMember) bool { return member.callee == e.callee && member.registration == e.id }); i >= 0 {
				m.leave(p, i)
			}
		}
	case lose:
		m.lose(e.callee)
	case addOrigin:
		m.kinds[dealer.OriginID(out.id)] = originKind(e.local, e.peer)
	case dropOrigin:
		m.dropOrigin(e.origin)
	case call:
		m.call(e)
	case answer:
		m.answer(e)
	case cancel:
		m.cancel(e)
	case ownInvocation:
		c := m.callees[e.callee]
		if own := c.own[out.id]; own != nil && own.request == e.request {
			own.open = e.progress
		} else if out.found && (e.request == 0 || e.request > c.first || c.again) {
			m.next(e.callee)
			c.own[out.id] = &modelOwn{e.request, e.progress}
		}
	case offer:
		m.offer(e)
	case withdraw:
		m.pools[e.pool].withdraw(e.callee)
	case setDelay:
		m.setDelay(e)
	case followLoads:
		m.follows = e.on
	case tick:
		m.elapse()
	case drain:
		m.draining = true
	case shutdown:
		m.shutdown()
	}
}

func (m *model) byID() (pools []*modelPool) {
	for _, p := range m.pools {
		pools = append(pools, p)
	}
	slices.SortFunc(pools, func(a, b *modelPool) int { return int(a.id - b.id) })
	return pools
}

func (m *model) join(e event) {
	p := m.pools[e.pool]
	if e.force {
		m.revokeAll(p)
	}
	pools := append(m.inScopeOf(p, e.callee), p)
	p.open, p.lingers, p.config.Policy, p.names[e.callee] = true, false, e.policy, e.id
	p.scopes[e.callee] = p.config.Scope
	p.members = append(p.members, p.allot(modelMember{callee: e.callee, registration: e.id, asked: e.limit}))
	if len(p.members) == 1 {
		p.after = 0
	}
	m.refuseExhausted(p)
	m.fillAll(pools)
}

func (m *model) resign(p *modelPool, i int) {
	p.members = slices.Delete(p.members, i, i+1)
	if i < p.after {
		p.after--
	}
}

func (m *model) leave(p *modelPool, i int) {
	m.resign(p, i)
	m.vacated(p)
	if len(p.offers) > 0 {
		m.fill(p)
	}
}

// vacated looks at a pool that somebody has left.
func (m *model) vacated(p *modelPool) {
	switch {
	case len(p.members) > 0:
		m.refuseExhausted(p)
	case p.config.Linger > 0:
		p.lingers, p.vacated, p.until = true, m.now, later(m.now, p.config.Linger)
	default:
		m.release(p)
	}
}

func (m *model) revokeAll(p *modelPool) {
	for _, member := range p.members {
		m.do(dealer.Action{Kind: dealer.Revoke, Callee: member.callee, Registration: member.registration})
	}
	p.members = nil
}

func (m *model) release(p *modelPool) {
	for _, c := range m.waiting(p) {
		m.refuse(c, dealer.ReasonNoCallee, 0, m.now-c.since)
		m.end(c)
	}
	p.open, p.lingers, p.offers = false, false, nil
	m.do(dealer.Action{Kind: dealer.Release, Pool: p.id})
}

func (m *model) lose(callee dealer.CalleeID) {
	var left, touched []*modelPool
	for _, p := range m.byID() {
		p.withdraw(callee)
		i := slices.IndexFunc(p.members, func(member modelMember) bool { return member.callee == callee })
		if i >= 0 {
			left = append(left, p)
			m.resign(p, i)
		}
		if i >= 0 || m.inFlight(p, callee) > 0 {
			touched = append(touched, p)
		}
	}
	var handed []*modelCall
	for _, c := range m.callees[callee].byAge(m.calls, callee) {
		switch {
		case c.answers && c.kept && !c.tied && c.pool.open && c.retries < c.pool.config.Retries:
			c.retries++
			m.handOn(c)
			handed = append(handed, c)
		default:
			if c.answers {
				m.refuse(c, dealer.ReasonCalleeLost, 0, 0)
			}
			m.end(c)
		}
	}
	for _, p := range left {
		m.vacated(p)
	}
	for _, p := range touched {
		m.refuseExhausted(p)
		m.fill(p)
	}
	for _, c := range handed {
		m.refuseUnqueued(c, dealer.ReasonCalleeLost)
	}
	delete(m.callees, callee)
	for _, c := range m.calls { // its number may be another's
		c.refusers = slices.DeleteFunc(c.refusers, func(refuser dealer.CalleeID) bool { return refuser == callee })
	}
}

// byAge returns the calls that a callee has, in the order in which it got them.
func (c *modelCallee) byAge(all []*modelCall, at dealer.CalleeID) (calls []*modelCall) {
	for _, other := range all {
		if !other.waits && !other.over && other.callee == at {
			calls = append(calls, other)
		}
	}
	slices.SortFunc(calls, func(a, b *modelCall) int {
		if early, late := a.id > c.last, b.id > c.last; early != late { // from before the numbers began anew
			return cmp.Compare(b.id, a.id)
		}
		return cmp.Compare(a.id, b.id)
	})
	return calls
}

// next returns the ID of the next invocation of a callee.
func (m *model) next(at dealer.CalleeID) uint64 {
	c := m.callees[at]
	for {
		if c.last++; c.last > maxID || c.last == 0 {
			c.last, c.again = 1, true
		}
		if c.own[c.last] == nil && m.at(at, c.last) == nil {
			return c.last
		}
	}
}

// handOn puts a running call in front of those that wait.
func (m *model) handOn(c *modelCall) {
	m.handed++
	c.waits, c.kept, c.handed, c.since = true, false, m.handed, m.now
}

// refuseExhausted ends the calls that every member has refused.
func (m *model) refuseExhausted(p *modelPool) {
	for _, c := range m.waiting(p) {
		unasked := slices.ContainsFunc(p.members, func(member modelMember) bool { return !slices.Contains(c.refusers, member.callee) })
		if len(p.members) > 0 && !unasked {
			m.refuse(c, dealer.ReasonNoCallee, 0, m.now-c.since)
			m.end(c)
		}
	}
}

// elapse does what is due.
func (m *model) elapse() {
	for _, p := range m.byID() {
		for _, c := range m.waiting(p) {
			end := later(c.since, p.config.QueueTimeout)
			switch {
			case p.config.QueueTimeout == 0 || end > m.now:
			case m.timed(c) && c.deadline <= end:
				m.overrun(c)
			default:
				m.refuse(c, dealer.ReasonQueueTimeout, p.config.QueueLimit, m.now-c.since)
				m.end(c)
			}
		}
		if p.lingers && p.until <= m.now {
			m.release(p)
		}
	}
	due := slices.DeleteFunc(slices.Clone(m.calls), func(c *modelCall) bool { return !m.timed(c) || c.deadline > m.now })
	slices.SortFunc(due, func(a, b *modelCall) int {
		return cmp.Or(cmp.Compare(a.deadline, b.deadline), cmp.Compare(a.in.origin, b.in.origin), cmp.Compare(a.in.request, b.in.request))
	})
	for _, c := range due {
		m.overrun(c)
	}
}

// overrun ends a call whose own time is over.
func (m *model) overrun(c *modelCall) {
	if !c.waits {
		m.interrupt(c, codec.CancelKillNoWait)
	}
	m.refuse(c, dealer.ReasonDeadline, 0, m.now-c.since)
	if c.waits {
		m.end(c)
	}
}

func (m *model) interrupt(c *modelCall, mode codec.CancelMode) bool {
	if !m.callees[c.callee].features.CallCanceling {
		return false
	}
	m.do(dealer.Action{Kind: dealer.Interrupt, Callee: c.callee, ID: c.id, Mode: mode})
	return true
}

func (m *model) dropOrigin(origin dealer.OriginID) {
	mine := slices.DeleteFunc(slices.Clone(m.calls), func(c *modelCall) bool { return c.gone || c.in.origin != origin })
	slices.SortFunc(mine, func(a, b *modelCall) int { return cmp.Compare(a.in.request, b.in.request) })
	for _, c := range mine {
		c.gone, c.open = true, false // no late parts
		if c.answers {
			c.fate = "caller_gone"
		}
		switch {
		case c.waits, c.over:
			m.end(c)
		case c.answers:
			m.interrupt(c, codec.CancelKillNoWait)
			c.answers = false
		}
	}
}

// allot gives a member its limit.
func (p *modelPool) allot(member modelMember) modelMember {
	member.limit = member.asked
	if most := p.config.Concurrency; p.config.Scope == "" && most > 0 && (member.limit == 0 || member.limit > most) {
		member.limit = most
	}
	return member
}

// inScopeOf returns the other pools of the scope that a pool is about to leave
// with a callee.
func (m *model) inScopeOf(p *modelPool, callee dealer.CalleeID) (pools []*modelPool) {
	if scope := p.scopes[callee]; scope != "" && scope != p.config.Scope {
		for _, other := range m.byID() {
			if other != p && other.scopes[callee] == scope {
				pools = append(pools, other)
			}
		}
	}
	return pools
}

// isForgotten tells whether nothing was left of a pool.
func (m *model) isForgotten(p *modelPool) bool {
	return !p.open && len(p.members) == 0 && !slices.ContainsFunc(m.calls, func(c *modelCall) bool { return c.pool == p && !c.over })
}

func (m *model) follow(p *modelPool, config dealer.PoolConfig) {
	if config.QueueLimit == 0 && len(m.waiting(p)) > 0 {
		config.QueueTimeout = p.config.QueueTimeout
	}
	p.config = config
}

func (m *model) configure(p *modelPool, config dealer.PoolConfig) {
	if config.Policy == 0 {
		config.Policy = p.config.Policy
	}
	if config.Policy != p.config.Policy {
		p.after = 0
	}
	m.follow(p, config)
	p.until = later(p.vacated, config.Linger)
	pools := []*modelPool{p}
	for callee := range p.scopes {
		pools = append(pools, m.inScopeOf(p, callee)...)
		p.scopes[callee] = config.Scope
	}
	for i, member := range p.members {
		p.members[i] = p.allot(member)
	}
	m.elapse()
	m.fillAll(pools)
}

func (m *model) drain(callee dealer.CalleeID, draining bool) {
	m.callees[callee].draining = draining
	pools := slices.DeleteFunc(m.byID(), func(p *modelPool) bool {
		return !slices.ContainsFunc(p.members, func(member modelMember) bool { return member.callee == callee }) && p.credits(callee) == 0
	})
	m.fillAll(pools)
}

func (m *model) shutdown() {
	m.draining = true
	for _, p := range m.byID() {
		for _, c := range m.waiting(p) {
			m.refuse(c, dealer.ReasonDraining, 0, m.now-c.since)
			m.end(c)
		}
	}
	for _, c := range m.calls {
		if c.answers {
			m.interrupt(c, codec.CancelKillNoWait)
			m.refuse(c, dealer.ReasonCalleeLost, 0, 0)
		}
	}
}
