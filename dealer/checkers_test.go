package dealer_test

import (
	"bytes"
	"slices"
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
	if e.kind == tick || e.kind == configure {
		b.checkElapsed()
	}
}

// checkElapsed finds nothing undone that is due.
func (b *books) checkElapsed() {
	for _, p := range b.pools {
		if at, any := p.expiry(); any {
			must(at > b.now, queueTimeout, "a call of pool %d that waited long enough at %s is still there", p.id, at)
		}
		must(p == nil || !p.lingers || p.until > b.now, membership, "a pool lingers beyond %s", b.now)
	}
	for _, o := range b.origins {
		if o == nil {
			continue
		}
		for _, c := range o.calls {
			must(!c.timed() || c.deadline > b.now, deadlinesKept, "request %d goes on beyond its time, %s", c.request, c.deadline)
		}
	}
}

func (b *books) act(e event, a dealer.Action) {
	switch a.Kind {
	case dealer.Invoke:
		b.checkInvoke(a)
		must(a.Held == (e.kind != call), bodiesIntact, "a body that %s brings is held: %t", eventNames[e.kind], a.Held)
	case dealer.Interrupt:
		b.checkInterrupt(e, a)
	case dealer.Refuse:
		b.checkRefuse(e, a)
	case dealer.Release:
		p := b.pools[a.Pool]
		must(p != nil && p.open && len(p.members) == 0, membership, "pool %d is released, and has callees or is closed", a.Pool)
		over := p.lingers && p.until <= b.now
		must(over || e.kind == leave || e.kind == lose || e.kind == closePool || e.kind == revokePool, membership, "a pool is released by %s", eventNames[e.kind])
		must(over || !p.lingers, membership, "pool %d is released while it lingers", p.id)
		p.open, p.lingers = false, false
		p.withdrawAll()
		b.sweep(p)
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
	} else {
		must(a.Rest == 0, deadlinesKept, "a later part of request %d has a timeout", c.request)
	}
	must(c.at.callee.id == a.Callee, requestIDs, "a part of a call at callee %d goes to callee %d", c.at.callee.id, a.Callee)
	must(c.id == a.ID, requestIDs, "a part of invocation %d goes under %d", c.id, a.ID)
	must(c.at.registration == a.Registration, requestIDs, "registration %d of callee %d is named %d", c.at.registration, a.Callee, a.Registration)
	must(a.StripProgress == !c.at.callee.features.ProgressiveCallResults, featuresKept, "receive_progress for a callee without progressive_call_results")

	must(a.Peer == c.at.callee.peer, policyObeyed, "callee %d is told to be a peer: %t", a.Callee, a.Peer)
	must(len(c.parts) > 0, bodiesIntact, "invocation %d of callee %d was sent already", a.ID, a.Callee)
	b.want = message(b.want, c.parts[0])
	b.got = appendMessage(b.got, a.Body)
	must(bytes.Equal(b.got, b.want), bodiesIntact, "callee %d gets %s instead of %s", a.Callee, b.got, b.want)
	c.parts, c.sent = c.parts[1:], append(c.sent, c.parts[0])
	b.undelivered--
}

// checkDispatch takes the first Invoke of a call.
func (b *books) checkDispatch(c *callBook, a dealer.Action) {
	p, callee := c.pool, b.callees[a.Callee]
	m := callee.places[p]
	must(!slices.Contains(c.refusers, callee), handover, "callee %d has refused request %d, and gets it again", a.Callee, c.request)
	b.checkTime(c, a)
	if callee.peer {
		p.checkTravel(c, m, callee)
	} else {
		p.checkTurn(c)
	}
	if c.state == waiting {
		p.unqueue(c)
	}
	if !callee.peer {
		must(m != nil && m.active, policyObeyed, "callee %d is not in pool %d", a.Callee, p.id)
		must(m.hasRoom(), withinLimit, "callee %d has %d calls of at most %d, and gets one more", a.Callee, m.inFlight, m.limit)
		p.checkPick(c, m)
	}
	must(c.suits(callee.features), featuresKept, "callee %d lacks a feature that request %d needs", a.Callee, c.request)
	want := callee.next()
	must(a.ID == want, requestIDs, "callee %d gets ID %d instead of %d", a.Callee, a.ID, want)

	b.ledgers.of(p.key).wait.observe(b.now - c.since)
	c.state, c.at, c.id, c.generous, c.begun = running, m, a.ID, p.generous() || callee.peer, b.now
	callee.issue(a.ID, openID{call: c})
	m.inFlight++
	p.held++
	b.held++
	b.undelivered += len(c.parts)
}

// checkTurn finds nobody in front that could have been dispatched.
func (p *poolBook) checkTurn(c *callBook) {
	for _, other := range p.waiting {
		if other == c {
			return
		}
		must(len(other.takers()) == 0, c.turnChecker(other), "request %d overtakes request %d", c.request, other.request)
	}
}

// checkTime finds a call dispatched in time, and with what is left of it.
func (b *books) checkTime(c *callBook, a dealer.Action) {
	if c.state == waiting && c.pool.config.QueueTimeout > 0 {
		must(b.now-c.since < c.pool.config.QueueTimeout, queueTimeout, "request %d is dispatched after %s", c.request, b.now-c.since)
	}
	rest := time.Duration(0)
	if c.timeout > 0 {
		must(c.deadline > b.now, deadlinesKept, "request %d is dispatched, and its time was over at %s", c.request, c.deadline)
		if c.deadline-b.now < c.timeout {
			rest = c.deadline - b.now
		}
	}
	must(a.Rest == rest, deadlinesKept, "request %d has %s left, its callee gets %s", c.request, rest, a.Rest)
}

// suits tells whether a callee announced what the call needs.
func (c *callBook) suits(f codec.CalleeFeatures) bool {
	return (!c.passthru || f.PayloadPassthruMode || f.PayloadTransparency) && (!c.progressive || f.ProgressiveCallInvocations)
}

// checkPick compares a pick with the pool's policy and moves the cursor there.
func (p *poolBook) checkPick(c *callBook, m *place) {
	want := p.predict(c)
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

// predict returns the member that the policy must pick for a call, nil for random.
func (p *poolBook) predict(c *callBook) *place {
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
		if m.hasRoom() && !slices.Contains(c.refusers, m.callee) && (best == nil || p.config.Policy == dealer.Least && p.lessLoaded(m, best)) {
			best = m
		}
	}
	must(best != nil, withinLimit, "nobody in pool %d has room", p.id)
	return best
}

// lessLoaded compares shares of the limits, or calls where somebody has none.
func (p *poolBook) lessLoaded(m, than *place) bool {
	for _, other := range p.members {
		if other.bound() == 0 {
			return m.calls() < than.calls()
		}
	}
	return m.load() < than.load()
}

// calls counts what a member has to do, in the whole scope where that is limited.
func (p *place) calls() int {
	if p.shared() > 0 {
		return p.inScope()
	}
	return p.inFlight
}

// load is the largest share of a member's limits that is in use.
func (p *place) load() (share float64) {
	if p.limit > 0 {
		share = float64(p.inFlight) / float64(p.limit)
	}
	if p.shared() > 0 {
		share = max(share, float64(p.inScope())/float64(p.shared()))
	}
	return share
}

func (b *books) checkInterrupt(e event, a dealer.Action) {
	must(int(a.Callee) < len(b.callees) && b.callees[a.Callee] != nil, interrupts, "callee %d is gone", a.Callee)
	callee := b.callees[a.Callee]
	must(callee.features.CallCanceling, interrupts, "callee %d did not announce call_canceling", a.Callee)
	c := callee.open[a.ID].call
	must(c != nil, interrupts, "callee %d has no invocation %d (any more)", a.Callee, a.ID)
	must(c.state == running, interrupts, "invocation %d of callee %d is not awaited any more", a.ID, a.Callee)
	mode := codec.CancelKillNoWait
	switch overdue := c.timed() && c.deadline <= b.now; e.kind {
	case cancel:
		must(c.origin.id == e.origin && c.request == e.request, interrupts, "request %d is interrupted instead of %d", c.request, e.request)
		mode = e.mode
	case dropOrigin:
		must(c.origin.id == e.origin, interrupts, "request %d of origin %d is interrupted", c.request, c.origin.id)
	case call: // a part that its callee can't get any more
		part := c.origin.id == e.origin && c.request == e.request && !c.at.active && !c.at.callee.peer
		must(overdue || part, interrupts, "a call interrupts")
	default:
		must(e.kind == shutdown || overdue, interrupts, "%s interrupts", eventNames[e.kind])
	}
	must(a.Mode == mode, interrupts, "mode %q instead of %q", modeName(a.Mode), modeName(mode))
	b.interrupted = append(b.interrupted, c)
}

// checkRefuse takes the ERROR of a call, which ends it for its caller.
func (b *books) checkRefuse(e event, a dealer.Action) {
	c := b.awaited(a)
	p := c.pool
	must(a.Refusal.Pool == p.key && a.Refusal.Paused == p.paused, answeredOnce, "pool %s is named %s, paused: %t", p.key, a.Refusal.Pool, a.Refusal.Paused)
	must(!c.origin.peer || c.state != arriving || a.Refusal.Reason == dealer.ReasonFull || a.Refusal.Reason == dealer.ReasonFeature, oneHop,
		"a peer is told %s", a.Refusal.Reason)
	switch a.Refusal.Reason {
	case dealer.ReasonFull:
		again := slices.Contains(b.handed, c) && e.kind == answer
		must(c.origin.peer && (c.state == arriving || again), oneHop, "request %d of origin %d is told that nobody has room", c.request, c.origin.id)
		if !b.draining {
			b.checkFull(c)
		}
	case dealer.ReasonDraining:
		must(b.draining && c.state <= waiting, answeredOnce, "request %d is refused by draining", c.request)
	case dealer.ReasonNoCallee:
		exhausted := len(p.members) > 0 && len(c.refusers) > 0
		for _, m := range p.members {
			must(slices.Contains(c.refusers, m.callee), workConserving, "no_callee, and callee %d was not asked", m.callee.id)
		}
		over := p.lingers && p.until <= b.now
		must(exhausted || over || c.state == arriving || e.kind != call || c.origin.peer, answeredOnce, "request %d waited, and is refused by a newcomer", c.request)
		must(!p.lingers || over || p.config.QueueLimit == 0, membership, "request %d is refused while its pool lingers", c.request)
	case dealer.ReasonConcurrency:
		again := slices.Contains(b.handed, c) && e.kind == answer
		must((c.state == arriving || again) && p.config.QueueLimit == 0, queueBounds, "concurrency with a queue of %d", p.config.QueueLimit)
		b.checkFull(c)
	case dealer.ReasonQueueFull:
		must(c.state == arriving && p.config.QueueLimit > 0 && len(p.waiting) >= p.config.QueueLimit, queueBounds,
			"queue_full with %d of %d waiting", len(p.waiting), p.config.QueueLimit)
		b.checkFull(c)
	case dealer.ReasonQueueBytes:
		if c.state == running {
			must(e.answer == dealer.Full && !c.generous, queueBounds, "request %d runs, and is refused", c.request)
			break
		}
		held := 0
		for _, other := range p.waiting {
			held += other.held()
		}
		if c.state == arriving {
			held += c.held()
		}
		must(p.config.QueueBytes > 0 && held > p.config.QueueBytes, queueBounds, "queue_bytes with %d of %d held", held, p.config.QueueBytes)
		b.checkFull(c)
	case dealer.ReasonQueueTimeout:
		must(c.state == waiting && p.config.QueueTimeout > 0, queueTimeout, "request %d does not wait", c.request)
		must(b.now-c.since >= p.config.QueueTimeout, queueTimeout, "request %d waited %s", c.request, b.now-c.since)
	case dealer.ReasonDeadline:
		must(c.timed(), deadlinesKept, "request %d is not timed here", c.request)
		must(c.deadline <= b.now, deadlinesKept, "request %d has time until %s", c.request, c.deadline)
	case dealer.ReasonCanceled:
		back := c.killed && e.answer == dealer.Full // nobody has begun it
		must(back || e.kind == cancel && c.origin.id == e.origin && c.request == e.request, answeredOnce, "request %d was not canceled", c.request)
	case dealer.ReasonCalleeLost:
		b.checkLost(e, c)
	case dealer.ReasonFeature:
		b.checkUnsuited(c)
	default:
		must(false, answeredOnce, "reason %d", a.Refusal.Reason)
	}
	b.forget(c)
	c.fate = a.Refusal.Reason.String()
	switch c.state {
	case waiting:
		p.unqueue(c)
		b.end(c)
		b.sweep(p)
	case running:
		c.state = defunct
	default:
		b.end(c)
	}
}

// checkLost takes a call that is refused because its callee is lost to it.
func (b *books) checkLost(e event, c *callBook) {
	if c.state == waiting {
		again := slices.Contains(b.handed, c) && e.kind == lose && (c.pool.config.QueueLimit == 0 || c.origin.peer)
		must(again, handover, "request %d waits, and its callee is said to be lost", c.request)
		b.checkFull(c)
		return
	}
	must(c.state == running, answeredOnce, "request %d has no callee that could be lost", c.request)
	unregistered := e.kind == call && c.origin.id == e.origin && c.request == e.request && !c.at.active && !c.at.callee.peer
	must(unregistered || e.kind == shutdown || e.kind == lose && c.at.callee.id == e.callee, answeredOnce, "request %d: its callee is there", c.request)
	if unregistered { // the part at hand will not be delivered
		c.parts = nil
	}
}

// checkFull finds nobody with room for a call.
func (b *books) checkFull(c *callBook) {
	for _, m := range c.takers() {
		must(false, workConserving, "callee %d has %d of %d, and a call is refused", m.callee.id, m.inFlight, m.limit)
	}
	if c.state == arriving {
		for _, m := range c.travelsTo(len(c.pool.waiting)) {
			must(false, workConserving, "peer %d has %d credits, and a call is refused", m.callee.id, m.credits)
		}
	}
}

// checkUnsuited takes a call that its turn found at a callee without a feature
// which it needs.
func (b *books) checkUnsuited(c *callBook) {
	p := c.pool
	must(c.state <= waiting, fifo, "request %d runs already", c.request)
	p.checkTurn(c)
	if m := p.predict(c); m != nil {
		must(!c.suits(m.callee.features), featuresKept, "callee %d suits request %d, which is refused", m.callee.id, c.request)
		p.moveCursor(m)
		return
	}
	for _, m := range c.takers() {
		if !c.suits(m.callee.features) {
			return
		}
	}
	must(false, featuresKept, "every callee suits request %d, which is refused", c.request)
}

// expiry returns when the first call that waits has waited long enough.
func (p *poolBook) expiry() (at time.Duration, any bool) {
	if p == nil || p.config.QueueTimeout == 0 {
		return 0, false
	}
	for _, c := range p.waiting {
		if end := later(c.since, p.config.QueueTimeout); !any || end < at {
			at, any = end, true
		}
	}
	return at, any
}

// checkPool holds a pool against what must be true after every event.
func (b *books) checkPool(p *poolBook) {
	ordinary, bytes := p.ordinary()
	p.over.calls, p.over.bytes = min(p.over.calls, ordinary), min(p.over.bytes, bytes)
	p.over.all = min(p.over.all, len(p.waiting))
	if len(p.waiting) == 0 {
		return
	}
	must(p.open, answeredOnce, "%d calls wait in pool %d, which is closed", len(p.waiting), p.id)
	newcomers := false
	for i, c := range p.waiting {
		must(!c.origin.peer, oneHop, "request %d of a peer waits", c.request)
		for _, m := range c.travelsTo(i) {
			must(false, workConserving, "peer %d has %d credits, and request %d waits", m.callee.id, m.credits, c.request)
		}
		for _, m := range c.takers() {
			must(false, workConserving, "callee %d has %d of %d, and request %d waits", m.callee.id, m.inFlight, m.limit, c.request)
		}
		if c.handed {
			must(!newcomers, fifo, "request %d was handed on, and waits behind newcomers", c.request)
			must(len(c.refusers) == 0 || len(p.members) == 0 || !c.isExhausted(), handover, "all have refused request %d, and it waits", c.request)
			continue
		}
		newcomers = true
	}
	must(ordinary <= max(p.config.QueueLimit, p.over.calls), queueBounds, "%d calls wait in pool %d, %d may", ordinary, p.id, p.config.QueueLimit)
	must(p.config.QueueBytes == 0 || bytes <= max(p.config.QueueBytes, p.over.bytes), queueBounds, "%d bytes wait in pool %d, %d may", bytes, p.id, p.config.QueueBytes)
	must(p.config.QueueLimit > 0 || len(p.waiting) <= p.over.all, queueBounds, "calls wait in pool %d, which has no queue", p.id)
}

// isExhausted tells whether every member has refused the call.
func (c *callBook) isExhausted() bool {
	for _, m := range c.pool.members {
		if !slices.Contains(c.refusers, m.callee) {
			return false
		}
	}
	return true
}
