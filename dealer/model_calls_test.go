package dealer_test

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

func (m *model) call(e event) {
	p := m.pools[e.pool]
	m.elapse()
	for _, c := range m.calls {
		free := c.gone || !c.answers && !c.open // its ID may be another call's
		if !free && c.in.origin == e.origin && c.in.request == e.request {
			if c.answers && c.open {
				m.part(c, e)
			}
			return
		}
	}
	m.ledgers.of(p.key).receive(m.kinds[e.origin])
	c := &modelCall{in: e, pool: p, arrived: m.now, since: m.now, answers: true, over: true, open: e.progress, parts: []uint64{e.serial}, deadline: later(m.now, e.timeout)}
	queued, limit := len(m.waiting(p)), p.slots()
	bytes, _ := m.sums(p)
	m.calls = append(m.calls, c)
	room := (queued == 0 || m.waiting(p)[queued-1].handed > 0) && len(m.withRoom(p)) > 0
	switch config := p.config; {
	case m.kinds[e.origin] == dealer.PeerOrigin:
		if room && p.open && !m.draining {
			m.dispatch(c)
			return
		}
		m.refuse(c, dealer.ReasonFull, 0, 0)
	case m.draining:
		m.refuse(c, dealer.ReasonDraining, 0, 0)
	case !p.open || config.QueueLimit == 0 && len(p.members) == 0:
		m.refuse(c, dealer.ReasonNoCallee, 0, 0)
	case room:
		m.dispatch(c)
		return
	case slices.ContainsFunc(m.nearest(p), func(peer dealer.CalleeID) bool { return m.forward(c, queued, peer) }):
		return
	case config.QueueLimit == 0:
		m.refuse(c, dealer.ReasonConcurrency, limit, 0)
	case queued >= config.QueueLimit:
		m.refuse(c, dealer.ReasonQueueFull, config.QueueLimit, 0)
	case config.QueueBytes > 0 && bytes+size(e.serial) > config.QueueBytes:
		m.refuse(c, dealer.ReasonQueueBytes, config.QueueBytes, 0)
	default:
		c.waits, c.over = true, false
		return
	}
	m.end(c)
}

// bound returns the most calls that a member may have, 0 for no limit.
func (p *modelPool) bound(member modelMember) int {
	if shared := p.shared(); shared > 0 && (member.limit == 0 || member.limit > shared) {
		return shared
	}
	return member.limit
}

// slots is the sum of all bounds, as far as it can be counted.
func (p *modelPool) slots() int {
	sum := int64(0)
	for _, member := range p.members {
		sum += min(int64(p.bound(member)), 1<<40)
	}
	return int(min(sum, math.MaxInt))
}

// part takes a further part of a progressive call.
func (m *model) part(c *modelCall, e event) {
	c.open = e.progress
	bytes, kept := m.sums(c.pool)
	member := slices.ContainsFunc(c.pool.members, func(member modelMember) bool { return member.callee == c.callee })
	switch {
	case c.waits && c.pool.config.QueueBytes > 0 && bytes+size(e.serial) > c.pool.config.QueueBytes:
		m.refuse(c, dealer.ReasonQueueBytes, c.pool.config.QueueBytes, m.now-c.since)
		m.end(c)
	case c.waits:
		c.parts = append(c.parts, e.serial)
	case !member && !m.callees[c.callee].peer:
		m.interrupt(c, codec.CancelKillNoWait)
		m.refuse(c, dealer.ReasonCalleeLost, 0, 0)
	default:
		if c.kept = c.kept && kept+size(e.serial) <= c.pool.config.KeptBytes; c.kept {
			c.parts = append(c.parts, e.serial)
		}
		m.invoke(c, e.serial, 0)
	}
}

func (m *model) fill(p *modelPool) {
	m.elapse()
	for m.dispatchNext(p) {
	}
}

// fillAfter does so after a callee has answered a call of the pool.
func (m *model) fillAfter(p *modelPool, callee dealer.CalleeID) {
	m.elapse()
	pools := []*modelPool{p}
	for _, other := range m.byID() {
		member := slices.ContainsFunc(other.members, func(member modelMember) bool { return member.callee == callee })
		if p.scopes[callee] != "" && other != p && other.scopes[callee] == p.scopes[callee] && (member || m.inFlight(other, callee) > 0) {
			pools = append(pools, other)
		}
	}
	m.fillAll(pools)
}

// fillAll dispatches who waits in some pools: who has waited longest comes first.
func (m *model) fillAll(pools []*modelPool) {
	m.elapse()
	for again := true; again; {
		waiting := slices.DeleteFunc(slices.Clone(pools), func(p *modelPool) bool { return len(m.waiting(p)) == 0 })
		slices.SortFunc(waiting, func(a, b *modelPool) int {
			return cmp.Or(cmp.Compare(m.waiting(a)[0].since, m.waiting(b)[0].since), cmp.Compare(a.id, b.id))
		})
		again = slices.ContainsFunc(waiting, m.dispatchNext)
	}
}

// dispatchNext dispatches the first call that somebody with room will take.
func (m *model) dispatchNext(p *modelPool) bool {
	for _, c := range m.waiting(p) {
		if len(m.willing(c)) > 0 {
			m.dispatch(c)
			return true
		}
	}
	waiting := slices.DeleteFunc(m.waiting(p), func(c *modelCall) bool { return m.kinds[c.in.origin] == dealer.PeerOrigin })
	for _, peer := range m.nearest(p) {
		for i, c := range waiting {
			if m.forward(c, i, peer) {
				return true
			}
		}
	}
	return false
}

func (m *model) dispatch(c *modelCall) {
	c.waits, c.over = false, true
	member := m.pick(c)
	f := m.callees[member.callee].features
	if c.in.passthru && !f.PayloadPassthruMode && !f.PayloadTransparency || c.in.progress && !f.ProgressiveCallInvocations {
		m.refuse(c, dealer.ReasonFeature, 0, m.now-c.since)
		m.end(c)
		return
	}
	m.send(c, member.callee)
}

// send has a call begin at a callee.
func (m *model) send(c *modelCall, at dealer.CalleeID) {
	c.waits, c.over = false, true
	id := m.next(at)
	_, kept := m.sums(c.pool)
	c.kept = c.pool.config.KeptBytes > 0 && kept+c.size() <= c.pool.config.KeptBytes
	m.ledgers.of(c.pool.key).wait.observe(m.now - c.since)
	c.over, c.callee, c.id, c.begun = false, at, id, m.now
	rest := time.Duration(0)
	if c.in.timeout > 0 && c.deadline-m.now < c.in.timeout {
		rest = c.deadline - m.now
	}
	for i, serial := range c.parts {
		m.invoke(c, serial, rest*time.Duration(1-min(i, 1)))
	}
}

// invoke hands on one part of a running call.
func (m *model) invoke(c *modelCall, serial uint64, rest time.Duration) {
	m.do(dealer.Action{
		Kind: dealer.Invoke, Callee: c.callee, ID: c.id, Registration: m.registration(c), Peer: m.callees[c.callee].peer, Origin: c.in.origin, Request: c.in.request,
		StripProgress: !m.callees[c.callee].features.ProgressiveCallResults, Body: bodyIn(message(nil, serial)), Rest: rest,
	})
}

// load is how busy a member is, in the eyes of the policy.
func (m *model) load(p *modelPool, member modelMember) float64 {
	unlimited := slices.ContainsFunc(p.members, func(member modelMember) bool { return p.bound(member) == 0 })
	n, all := float64(m.inFlight(p, member.callee)), float64(m.inScope(p.config.Scope, member.callee))
	switch {
	case p.config.Policy == dealer.RoundRobin:
		return 0
	case unlimited && p.shared() > 0:
		return all
	case unlimited:
		return n
	}
	share := 0.0
	if member.limit > 0 {
		share = n / float64(member.limit)
	}
	if p.shared() > 0 {
		share = max(share, all/float64(p.shared()))
	}
	return share
}

// pick finds the callee of the next call.
func (m *model) pick(c *modelCall) modelMember {
	p, room := c.pool, m.willing(c)
	best := room[0]
	switch p.config.Policy {
	case dealer.Last:
		best = room[len(room)-1]
	case dealer.RoundRobin, dealer.Least:
		round := func(i int) int { return (i - p.after + len(p.members)) % len(p.members) }
		for _, i := range room {
			mine, least := m.load(p, p.members[i]), m.load(p, p.members[best])
			if mine < least || mine == least && round(i) < round(best) {
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
	case c != nil && e.answer == dealer.Full && callee.peer && m.takeBack(c):
		return
	case c != nil && (e.answer == dealer.Unavailable || e.answer == dealer.Full && !callee.peer) && c.answers && c.kept && !c.tied:
		m.reroute(c)
		return
	case c != nil:
		a.Kind, a.Origin, a.Request, a.Final = dealer.Discard, c.in.origin, c.in.request, e.final()
		if c.answers && (e.final() || c.in.receiveProgress && callee.features.ProgressiveCallResults) {
			a.Kind = dealer.Forward
		}
	case isOwn:
		a.Kind, a.Request, a.Final = dealer.ForwardOwn, own.request, e.final()
		if e.final() {
			delete(callee.own, e.id)
		}
	case e.id == 0 || e.id > callee.last && !callee.again || e.id > maxID && e.id > callee.first:
		a.Kind = dealer.Violate
	case e.id <= callee.first && !(callee.again && e.id <= callee.last):
		a.Kind, a.Request, a.Final = dealer.ForwardOwn, e.id, e.final()
	default:
		a.Kind = dealer.Discard
	}
	m.do(a)
	switch {
	case c != nil && e.final():
		l := m.ledgers.of(c.pool.key)
		if !callee.peer {
			l.callee.observe(m.now - c.begun)
			m.learn(c)
		}
		if c.answers {
			l.call.observe(m.now - c.arrived)
			c.fate = fateOf(e.answer, c.killed, callee.peer)
		}
		m.end(c)
		m.fillAfter(c.pool, e.callee)
	case c != nil && a.Kind == dealer.Forward:
		c.tied = true
		if m.timed(c) {
			c.deadline = later(m.now, c.in.timeout)
		}
	}
}

// reroute takes a call from a callee that refuses it.
func (m *model) reroute(c *modelCall) {
	m.do(dealer.Action{Kind: dealer.Discard, Callee: c.callee, ID: c.id})
	refuser := c.callee
	c.refusers = append(c.refusers, refuser)
	m.handOn(c)
	if !c.pool.open {
		m.refuse(c, dealer.ReasonNoCallee, 0, 0)
		m.end(c)
	}
	m.refuseExhausted(c.pool)
	m.fillAfter(c.pool, refuser)
	m.refuseUnqueued(c, dealer.ReasonConcurrency)
}

// refuseUnqueued refuses a call that was handed on, and found nobody at once,
// where nothing waits.
func (m *model) refuseUnqueued(c *modelCall, reason dealer.Reason) {
	peer := m.kinds[c.in.origin] == dealer.PeerOrigin
	if !c.waits || c.pool.config.QueueLimit > 0 && !peer {
		return
	}
	limit := 0
	if peer {
		if reason == dealer.ReasonConcurrency {
			reason = dealer.ReasonFull
		}
		m.refuse(c, reason, 0, m.now-c.since)
		m.end(c)
		return
	}
	if reason == dealer.ReasonConcurrency {
		limit = c.pool.slots()
	}
	if len(c.pool.members) == 0 {
		reason = dealer.ReasonNoCallee
	}
	m.refuse(c, reason, limit, m.now-c.since)
	m.end(c)
}

func (m *model) cancel(e event) {
	c := m.find(e.origin, e.request)
	if c == nil {
		return
	}
	if !c.waits && e.mode != codec.CancelSkip && m.interrupt(c, e.mode) && e.mode == codec.CancelKill {
		c.tied, c.killed = true, true
		return
	}
	c.fate = "canceled"
	if e.mode == codec.CancelKill || m.kinds[e.origin] != dealer.RouterOrigin {
		m.refuse(c, dealer.ReasonCanceled, 0, m.now-c.since)
	}
	c.answers = false
	if c.waits {
		m.end(c)
	}
}
