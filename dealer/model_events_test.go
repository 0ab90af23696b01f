package dealer_test

import (
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// apply takes an event into the model and writes the actions that it wants.
func (m *model) apply(e event, out outcome) {
	switch e.kind {
	case openPool:
		p := m.pools[dealer.PoolID(out.id)]
		if p == nil || p.key != e.key {
			p = &modelPool{id: dealer.PoolID(out.id), key: e.key, names: make(map[dealer.CalleeID]uint64)}
			m.pools[p.id] = p
		}
		if !p.open || len(p.members) == 0 {
			p.config = e.config
		}
		p.open = true
	case closePool:
		if p := m.pools[e.pool]; p.open && len(p.members) == 0 {
			m.release(p)
		}
	case addCallee:
		m.callees[dealer.CalleeID(out.id)] = &modelCallee{features: e.features, first: e.id, last: e.id, own: make(map[uint64]uint64)}
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
		m.locals[dealer.OriginID(out.id)] = e.local
	case dropOrigin:
		m.dropOrigin(e.origin)
	case call:
		m.call(e)
	case answer:
		m.answer(e)
	case cancel:
		m.cancel(e)
	case ownInvocation:
		if c := m.callees[e.callee]; out.id > c.last {
			c.last = out.id
			c.own[out.id] = e.request
		}
	case tick:
		for _, p := range m.byID() {
			for _, c := range m.waiting(p) {
				if waited := m.now - c.arrived; p.config.QueueTimeout > 0 && waited >= p.config.QueueTimeout {
					m.refuse(c, dealer.ReasonQueueTimeout, p.config.QueueLimit, waited)
					m.end(c)
				}
			}
		}
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
	limit := e.limit
	if most := p.config.Concurrency; most > 0 && (limit == 0 || limit > most) {
		limit = most
	}
	p.open, p.config.Policy, p.names[e.callee] = true, e.policy, e.id
	p.members = append(p.members, modelMember{e.callee, e.id, limit})
	if len(p.members) == 1 {
		p.after = 0
	}
	m.fill(p)
}

func (m *model) leave(p *modelPool, i int) {
	p.members = slices.Delete(p.members, i, i+1)
	if i < p.after {
		p.after--
	}
	if len(p.members) == 0 {
		m.release(p)
	}
}

func (m *model) release(p *modelPool) {
	for _, c := range m.waiting(p) {
		m.refuse(c, dealer.ReasonNoCallee, 0, m.now-c.arrived)
		m.end(c)
	}
	p.open = false
	m.do(dealer.Action{Kind: dealer.Release, Pool: p.id})
}

func (m *model) lose(callee dealer.CalleeID) {
	for _, p := range m.byID() {
		if i := slices.IndexFunc(p.members, func(member modelMember) bool { return member.callee == callee }); i >= 0 {
			m.leave(p, i)
		}
	}
	for id := uint64(1); id <= m.callees[callee].last; id++ {
		if c := m.at(callee, id); c != nil {
			if c.answers {
				m.refuse(c, dealer.ReasonCalleeLost, 0, 0)
			}
			m.end(c)
		}
	}
	delete(m.callees, callee)
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
	slices.SortFunc(mine, func(a, b *modelCall) int { return int(a.in.request) - int(b.in.request) })
	for _, c := range mine {
		c.gone, c.open = true, false // no late parts
		switch {
		case c.waits, c.over:
			m.end(c)
		case c.answers:
			m.interrupt(c, codec.CancelKillNoWait)
			c.answers = false
		}
	}
}

func (m *model) shutdown() {
	m.draining = true
	for _, p := range m.byID() {
		for _, c := range m.waiting(p) {
			m.refuse(c, dealer.ReasonDraining, 0, m.now-c.arrived)
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

func (m *model) call(e event) {
	for _, c := range m.calls {
		if c.gone || c.in.origin != e.origin || c.in.request != e.request {
			continue
		}
		if c.answers && c.open { // a further part
			c.open = e.progress
			c.parts = append(c.parts, e.serial)
			if !c.waits {
				m.invoke(c)
			}
		}
		return
	}
	p := m.pools[e.pool]
	c := &modelCall{in: e, pool: p, arrived: m.now, answers: true, open: e.progress, parts: []uint64{e.serial}}
	queued, limit := len(m.waiting(p)), 0
	for _, member := range p.members {
		limit += member.limit
	}
	m.calls = append(m.calls, c)
	switch {
	case m.draining:
		m.refuse(c, dealer.ReasonDraining, 0, 0)
	case !p.open || p.config.QueueLimit == 0 && len(p.members) == 0:
		m.refuse(c, dealer.ReasonNoCallee, 0, 0)
	case queued == 0 && len(m.withRoomBut(p, c)) > 0:
		c.over = true // not in flight yet
		m.dispatch(c)
		return
	case queued < p.config.QueueLimit:
		c.waits = true
		return
	case p.config.QueueLimit > 0:
		m.refuse(c, dealer.ReasonQueueFull, p.config.QueueLimit, 0)
	default:
		m.refuse(c, dealer.ReasonConcurrency, limit, 0)
	}
	m.end(c)
}

// withRoomBut leaves out a call that has not been placed.
func (m *model) withRoomBut(p *modelPool, c *modelCall) []int {
	c.over = true
	defer func() { c.over = false }()
	return m.withRoom(p)
}

func (m *model) fill(p *modelPool) {
	for len(m.waiting(p)) > 0 && len(m.withRoom(p)) > 0 {
		m.dispatch(m.waiting(p)[0])
	}
}

func (m *model) dispatch(c *modelCall) {
	c.waits, c.over = false, true
	member := m.pick(c)
	f := m.callees[member.callee].features
	if c.in.passthru && !f.PayloadPassthruMode && !f.PayloadTransparency || c.in.progress && !f.ProgressiveCallInvocations {
		m.refuse(c, dealer.ReasonFeature, 0, m.now-c.arrived)
		m.end(c)
		return
	}
	m.callees[member.callee].last++
	c.over, c.callee, c.id = false, member.callee, m.callees[member.callee].last
	m.invoke(c)
}

// invoke hands on the parts that a running call holds.
func (m *model) invoke(c *modelCall) {
	for _, serial := range c.parts {
		m.do(dealer.Action{
			Kind: dealer.Invoke, Callee: c.callee, ID: c.id, Registration: c.pool.names[c.callee], Origin: c.in.origin, Request: c.in.request,
			StripProgress: !m.callees[c.callee].features.ProgressiveCallResults, Body: bodyIn(message(nil, serial)),
		})
	}
	c.parts = nil
}

// pick finds the callee of the next call.
func (m *model) pick(c *modelCall) modelMember {
	p, room := c.pool, m.withRoom(c.pool)
	best := room[0]
	switch p.config.Policy {
	case dealer.Last:
		best = room[len(room)-1]
	case dealer.RoundRobin, dealer.Least:
		round := func(i int) int { return (i - p.after + len(p.members)) % len(p.members) }
		unlimited := slices.ContainsFunc(p.members, func(member modelMember) bool { return member.limit == 0 })
		load := func(i int) float64 {
			n := float64(m.inFlight(p, p.members[i].callee))
			switch {
			case p.config.Policy == dealer.RoundRobin:
				return 0
			case unlimited:
				return n
			}
			return n / float64(p.members[i].limit)
		}
		for _, i := range room {
			if load(i) < load(best) || load(i) == load(best) && round(i) < round(best) {
				best = i
			}
		}
	case dealer.Random:
		hint := m.got[min(len(m.want), len(m.got)-1)]
		for _, i := range room {
			f := m.callees[p.members[i].callee].features
			unsuited := c.in.passthru && !f.PayloadPassthruMode && !f.PayloadTransparency || c.in.progress && !f.ProgressiveCallInvocations
			if hint.Kind == dealer.Invoke && p.members[i].callee == hint.Callee || hint.Kind == dealer.Refuse && unsuited {
				best = i
			}
		}
	}
	p.after = best + 1
	return p.members[best]
}

func (m *model) answer(e event) {
	callee := m.callees[e.callee]
	a := dealer.Action{Callee: e.callee, ID: e.id}
	c := m.at(e.callee, e.id)
	own, isOwn := callee.own[e.id]
	switch {
	case c != nil:
		a.Kind, a.Origin, a.Request, a.Final = dealer.Discard, c.in.origin, c.in.request, e.final
		if c.answers && (e.final || c.in.receiveProgress && callee.features.ProgressiveCallResults) {
			a.Kind = dealer.Forward
		}
	case isOwn:
		a.Kind, a.Request, a.Final = dealer.ForwardOwn, own, e.final
		if e.final {
			delete(callee.own, e.id)
		}
	case e.id == 0 || e.id > callee.last:
		a.Kind = dealer.Violate
	case e.id <= callee.first:
		a.Kind, a.Request, a.Final = dealer.ForwardOwn, e.id, e.final
	default:
		a.Kind = dealer.Discard
	}
	m.do(a)
	if c != nil && e.final {
		m.end(c)
		m.fill(c.pool)
	}
}

func (m *model) cancel(e event) {
	c := m.find(e.origin, e.request)
	if c == nil {
		return
	}
	if !c.waits && e.mode != codec.CancelSkip && m.interrupt(c, e.mode) && e.mode == codec.CancelKill {
		return
	}
	if e.mode == codec.CancelKill || m.locals[e.origin] {
		m.refuse(c, dealer.ReasonCanceled, 0, m.now-c.arrived)
	}
	c.answers = false
	if c.waits {
		m.end(c)
	}
}
