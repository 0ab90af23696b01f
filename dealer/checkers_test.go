package dealer_test

import (
	"bytes"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// acts takes the actions of an event into the books.
func (b *books) acts(e event, out outcome) {
	b.interrupted = b.interrupted[:0]
	for _, a := range out.actions {
		b.act(e, a)
	}
	if e.kind != tick {
		return
	}
	for _, p := range b.pools {
		if at, any := p.expiry(); any {
			must(at > b.now, queueTimeout, "a call of pool %d that waited long enough at %s is still there", p.id, at)
		}
	}
}

func (b *books) act(e event, a dealer.Action) {
	switch a.Kind {
	case dealer.Invoke:
		b.checkInvoke(a)
	case dealer.Interrupt:
		b.checkInterrupt(e, a)
	case dealer.Refuse:
		b.checkRefuse(e, a)
	case dealer.Release:
		p := b.pools[a.Pool]
		must(p != nil && p.open && len(p.members) == 0, membership, "pool %d is released, and has callees or is closed", a.Pool)
		must(e.kind == leave || e.kind == lose || e.kind == closePool, membership, "a pool is released by %s", eventNames[e.kind])
		p.open = false
	default:
		must(false, answeredOnce, "%s without a message at hand", actionNames[a.Kind])
	}
}

// awaited returns the call that an action speaks of: its caller still waits.
func (b *books) awaited(a dealer.Action) *callBook {
	must(int(a.Origin) < len(b.origins) && b.origins[a.Origin] != nil, answeredOnce, "%s for origin %d, which is gone", actionNames[a.Kind], a.Origin)
	c := b.origins[a.Origin].calls[a.Request]
	must(c != nil, answeredOnce, "%s for request %d of origin %d, which has ended", actionNames[a.Kind], a.Request, a.Origin)
	must(c.pool.id == a.Pool, answeredOnce, "%s for request %d of pool %d names pool %d", actionNames[a.Kind], a.Request, c.pool.id, a.Pool)
	return c
}

func (b *books) checkInvoke(a dealer.Action) {
	c := b.awaited(a)
	must(int(a.Callee) < len(b.callees) && b.callees[a.Callee] != nil, policyObeyed, "callee %d is gone", a.Callee)
	if c.state != running {
		b.checkDispatch(c, a)
	}
	must(c.at.callee.id == a.Callee, requestIDs, "a part of a call at callee %d goes to callee %d", c.at.callee.id, a.Callee)
	must(c.id == a.ID, requestIDs, "a part of invocation %d goes under %d", c.id, a.ID)
	must(c.at.registration == a.Registration, requestIDs, "registration %d of callee %d is named %d", c.at.registration, a.Callee, a.Registration)
	must(a.StripProgress == !c.at.callee.features.ProgressiveCallResults, featuresKept, "receive_progress for a callee without progressive_call_results")

	must(len(c.parts) > 0, bodiesIntact, "invocation %d of callee %d was sent already", a.ID, a.Callee)
	b.want = message(b.want, c.parts[0])
	b.got = appendMessage(b.got, a.Body)
	must(bytes.Equal(b.got, b.want), bodiesIntact, "callee %d gets %s instead of %s", a.Callee, b.got, b.want)
	c.parts = c.parts[1:]
	b.undelivered--
}

// checkDispatch takes the first Invoke of a call.
func (b *books) checkDispatch(c *callBook, a dealer.Action) {
	p, callee := c.pool, b.callees[a.Callee]
	if c.state == waiting {
		must(p.waiting[0] == c, fifo, "request %d overtakes request %d", c.request, p.waiting[0].request)
		p.unqueue(c)
	} else {
		must(len(p.waiting) == 0, fifo, "newcomer %d overtakes %d calls that wait", c.request, len(p.waiting))
	}
	m := callee.places[p]
	must(m != nil && m.active, policyObeyed, "callee %d is not in pool %d", a.Callee, p.id)
	must(m.hasRoom(), withinLimit, "callee %d has %d calls of at most %d, and gets one more", a.Callee, m.inFlight, m.limit)
	p.checkPick(m)
	must(c.suits(callee.features), featuresKept, "callee %d lacks a feature that request %d needs", a.Callee, c.request)
	callee.last++
	must(a.ID == callee.last, requestIDs, "callee %d gets ID %d instead of %d", a.Callee, a.ID, callee.last)

	c.state, c.at, c.id = running, m, a.ID
	callee.issue(a.ID, openID{call: c})
	m.inFlight++
	p.held++
	b.held++
	b.undelivered += len(c.parts)
}

// suits tells whether a callee announced what the call needs.
func (c *callBook) suits(f codec.CalleeFeatures) bool {
	return (!c.passthru || f.PayloadPassthruMode || f.PayloadTransparency) && (!c.progressive || f.ProgressiveCallInvocations)
}

// checkPick compares a pick with the pool's policy and moves the cursor there.
func (p *poolBook) checkPick(m *place) {
	want := p.predict()
	if want == nil {
		want = m // random: whoever has room
	}
	must(want == m, policyObeyed, "%s picks callee %d instead of %d", p.config.Policy, m.callee.id, want.callee.id)
	p.moveCursor(m)
}

func (p *poolBook) moveCursor(m *place) {
	for i, other := range p.members {
		if other == m {
			p.cursor = i
		}
	}
}

// predict returns the member that the policy must pick next, nil for random.
func (p *poolBook) predict() *place {
	var best *place
	n := len(p.members)
	for i := range n {
		m := p.members[i]
		switch p.config.Policy {
		case dealer.RoundRobin, dealer.Least:
			m = p.members[(p.cursor+1+i)%n]
		case dealer.Last:
			m = p.members[n-1-i]
		case dealer.Random:
			return nil
		}
		if m.hasRoom() && (best == nil || p.config.Policy == dealer.Least && p.lessLoaded(m, best)) {
			best = m
		}
	}
	must(best != nil, withinLimit, "nobody in pool %d has room", p.id)
	return best
}

// lessLoaded compares shares of the limits, or calls where somebody has none.
func (p *poolBook) lessLoaded(m, than *place) bool {
	for _, other := range p.members {
		if other.limit == 0 {
			return m.inFlight < than.inFlight
		}
	}
	return m.inFlight*than.limit < than.inFlight*m.limit
}

func (b *books) checkInterrupt(e event, a dealer.Action) {
	must(int(a.Callee) < len(b.callees) && b.callees[a.Callee] != nil, interrupts, "callee %d is gone", a.Callee)
	callee := b.callees[a.Callee]
	must(callee.features.CallCanceling, interrupts, "callee %d did not announce call_canceling", a.Callee)
	c := callee.open[a.ID].call
	must(c != nil, interrupts, "callee %d has no invocation %d (any more)", a.Callee, a.ID)
	must(c.state == running, interrupts, "invocation %d of callee %d is not awaited any more", a.ID, a.Callee)
	mode := codec.CancelKillNoWait
	switch e.kind {
	case cancel:
		must(c.origin.id == e.origin && c.request == e.request, interrupts, "request %d is interrupted instead of %d", c.request, e.request)
		mode = e.mode
	case dropOrigin:
		must(c.origin.id == e.origin, interrupts, "request %d of origin %d is interrupted", c.request, c.origin.id)
	default:
		must(e.kind == shutdown, interrupts, "%s interrupts", eventNames[e.kind])
	}
	must(a.Mode == mode, interrupts, "mode %q instead of %q", modeName(a.Mode), modeName(mode))
	b.interrupted = append(b.interrupted, c)
}

// checkRefuse takes the ERROR of a call, which ends it for its caller.
func (b *books) checkRefuse(e event, a dealer.Action) {
	c := b.awaited(a)
	p := c.pool
	must(a.Refusal.Pool == p.key, answeredOnce, "pool %s is named %s", p.key, a.Refusal.Pool)
	switch a.Refusal.Reason {
	case dealer.ReasonDraining:
		must(b.draining && c.state <= waiting, answeredOnce, "request %d is refused by draining", c.request)
	case dealer.ReasonNoCallee:
		must(len(p.members) == 0, workConserving, "no_callee with %d callees", len(p.members))
		must(c.state == arriving || e.kind != call, answeredOnce, "request %d waited, and is refused by a newcomer", c.request)
	case dealer.ReasonConcurrency:
		must(c.state == arriving && p.config.QueueLimit == 0, queueBounds, "concurrency with a queue of %d", p.config.QueueLimit)
		b.checkFull(p)
	case dealer.ReasonQueueFull:
		must(c.state == arriving && p.config.QueueLimit > 0 && len(p.waiting) >= p.config.QueueLimit, queueBounds,
			"queue_full with %d of %d waiting", len(p.waiting), p.config.QueueLimit)
		b.checkFull(p)
	case dealer.ReasonQueueTimeout:
		must(e.kind == tick && c.state == waiting && p.config.QueueTimeout > 0, queueTimeout, "request %d does not wait", c.request)
		must(b.now-c.arrived >= p.config.QueueTimeout, queueTimeout, "request %d waited %s", c.request, b.now-c.arrived)
	case dealer.ReasonCanceled:
		must(e.kind == cancel && c.origin.id == e.origin && c.request == e.request, answeredOnce, "request %d was not canceled", c.request)
	case dealer.ReasonCalleeLost:
		must(c.state == running, answeredOnce, "request %d has no callee that could be lost", c.request)
		must(e.kind == shutdown || e.kind == lose && c.at.callee.id == e.callee, answeredOnce, "request %d: its callee is there", c.request)
	case dealer.ReasonFeature:
		b.checkUnsuited(c)
	default:
		must(false, answeredOnce, "reason %d", a.Refusal.Reason)
	}
	b.forget(c)
	switch c.state {
	case waiting:
		p.unqueue(c)
		c.state = ended
	case running:
		c.state = defunct
	default:
		c.state = ended
	}
}

// checkFull finds nobody with room.
func (b *books) checkFull(p *poolBook) {
	for _, m := range p.members {
		must(!m.hasRoom(), workConserving, "callee %d has %d of %d, and a call is refused", m.callee.id, m.inFlight, m.limit)
	}
}

// checkUnsuited takes a call that its turn found at a callee without a feature
// which it needs.
func (b *books) checkUnsuited(c *callBook) {
	p := c.pool
	if c.state == waiting {
		must(p.waiting[0] == c, fifo, "request %d is refused before its turn", c.request)
	} else {
		must(c.state == arriving && len(p.waiting) == 0, fifo, "request %d is refused before its turn", c.request)
	}
	if m := p.predict(); m != nil {
		must(!c.suits(m.callee.features), featuresKept, "callee %d suits request %d, which is refused", m.callee.id, c.request)
		p.moveCursor(m)
		return
	}
	for _, m := range p.members {
		if m.hasRoom() && !c.suits(m.callee.features) {
			return
		}
	}
	must(false, featuresKept, "every callee suits request %d, which is refused", c.request)
}

// expiry returns when the first call that waits has waited long enough.
func (p *poolBook) expiry() (time.Duration, bool) {
	if p == nil || p.config.QueueTimeout == 0 || len(p.waiting) == 0 {
		return 0, false
	}
	return p.waiting[0].arrived + p.config.QueueTimeout, true
}

// checkPool holds a pool against what must be true after every event.
func (b *books) checkPool(p *poolBook) {
	if len(p.waiting) == 0 {
		return
	}
	must(p.open, answeredOnce, "%d calls wait in pool %d, which is closed", len(p.waiting), p.id)
	must(len(p.waiting) <= p.config.QueueLimit, queueBounds, "%d calls wait in pool %d, %d may", len(p.waiting), p.id, p.config.QueueLimit)
	for _, m := range p.members {
		must(!m.hasRoom(), workConserving, "callee %d has %d of %d, and %d calls wait", m.callee.id, m.inFlight, m.limit, len(p.waiting))
	}
}
