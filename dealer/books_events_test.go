package dealer_test

import (
	"errors"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

func (b *books) recordJoin(e event, out outcome) {
	p, callee := b.pools[e.pool], b.callees[e.callee]
	m := callee.places[p]
	var conflict *dealer.PolicyConflictError
	switch {
	case e.force:
		must(out.err == nil, membership, "join by force: %v", out.err)
	case m != nil && m.active, len(p.members) > 0 && p.config.Policy == dealer.Single:
		must(errors.Is(out.err, dealer.ErrAlreadyRegistered), membership, "join: %v instead of already registered", out.err)
	case len(p.members) > 0 && p.config.Policy != e.policy:
		must(errors.As(out.err, &conflict), membership, "join: %v instead of a policy conflict", out.err)
		must(conflict.Has == p.config.Policy && conflict.Asked == e.policy, membership, "join: %v", conflict)
	default:
		must(out.err == nil, membership, "join: %v", out.err)
	}
	if out.err != nil {
		must(len(out.actions) == 0, membership, "a refused join has %d actions", len(out.actions))
		return
	}
	if e.force {
		out.actions = b.takeRevoked(p, out.actions)
		m = callee.places[p]
	}
	if m == nil {
		m = &place{callee: callee, pool: p}
		callee.places[p] = m
	}
	m.active, m.registration, m.asked = true, e.id, e.limit
	m.allot()
	p.config.Policy = e.policy
	p.open, p.lingers = true, false
	p.members = append(p.members, m)
	b.acts(e, out)
}

// takeRevoked takes all members out of a pool, and the actions that tell them.
func (b *books) takeRevoked(p *poolBook, actions []dealer.Action) []dealer.Action {
	for _, m := range slices.Clone(p.members) {
		must(len(actions) > 0 && actions[0].Kind == dealer.Revoke && actions[0].Callee == m.callee.id && actions[0].Registration == m.registration,
			membership, "callee %d is not told that it has to go", m.callee.id)
		actions = actions[1:]
		p.resign(m)
	}
	return actions
}

func (b *books) recordRevoke(e event, out outcome) {
	p := b.pools[e.pool]
	if !p.open {
		must(len(out.actions) == 0, membership, "revoking pool %d, which is closed, has actions", p.id)
		return
	}
	out.actions = b.takeRevoked(p, out.actions)
	p.lingers = false
	b.acts(e, out)
	b.checkRelease(p)
}

func (b *books) recordLeave(e event, out outcome) {
	for p, m := range b.callees[e.callee].places {
		if m.active && m.registration == e.id {
			must(out.found, membership, "registration %d of callee %d is not known", e.id, e.callee)
			p.resign(m)
			b.vacated(p)
			b.acts(e, out)
			b.checkVacated(p)
			return
		}
	}
	must(!out.found && len(out.actions) == 0, membership, "callee %d has no registration %d", e.callee, e.id)
}

// vacated begins to linger where the last member has left.
func (b *books) vacated(p *poolBook) {
	if len(p.members) == 0 && p.config.Linger > 0 {
		p.lingers, p.vacated, p.until = true, b.now, later(b.now, p.config.Linger)
	}
}

// checkVacated finds a pool that has just lost its last callee released, if it
// does not linger.
func (b *books) checkVacated(p *poolBook) {
	if len(p.members) == 0 && p.config.Linger == 0 {
		b.checkRelease(p)
	}
}

// checkRelease finds a pool released, and nobody waiting there.
func (b *books) checkRelease(p *poolBook) {
	must(!p.open, membership, "pool %d has no callee left and is not released", p.id)
	must(len(p.waiting) == 0, answeredOnce, "%d calls still wait in pool %d, which is released", len(p.waiting), p.id)
	b.sweep(p)
}

func (b *books) recordLose(e event, out outcome) {
	callee := b.callees[e.callee]
	var left []*poolBook
	for p, m := range callee.places {
		m.withdraw()
		if m.active {
			p.resign(m)
			left = append(left, p)
		}
	}
	for _, id := range slices.Clone(callee.busy) {
		if c := callee.open[id].call; c != nil && b.moves(c, out) {
			c.retries++
			b.handOn(c)
		}
	}
	for _, p := range left {
		b.vacated(p)
	}
	b.acts(e, out)
	for _, open := range callee.open {
		if c := open.call; c != nil {
			must(c.state == defunct, answeredOnce, "request %d was at a callee that is lost, and is not answered", c.request)
			b.vacate(c)
		}
	}
	for _, p := range left {
		b.checkVacated(p)
	}
	b.callees[e.callee] = nil
}

// moves tells whether a call of a callee that is lost goes to another one. Where
// messages can be kept, it must if it may; else what came out decides.
func (b *books) moves(c *callBook, out outcome) bool {
	if c.state != running || c.tied || !c.pool.open || c.retries >= c.pool.config.Retries {
		return false
	}
	if c.generous {
		return true
	}
	for _, a := range out.actions {
		if a.Kind == dealer.Refuse && a.Origin == c.origin.id && a.Request == c.request && a.Refusal.Reason == dealer.ReasonCalleeLost {
			return false
		}
	}
	return true
}

func (b *books) recordConfigure(e event, out outcome) {
	p := b.pools[e.pool]
	config := e.config
	if config.Policy == 0 {
		config.Policy = p.config.Policy
	}
	if config.Policy != p.config.Policy {
		p.cursor = -1
	}
	p.follow(config)
	if p.lingers {
		p.until = later(p.vacated, p.config.Linger)
	}
	for _, c := range b.callees {
		if c != nil && !c.peer && c.places[p] != nil {
			c.places[p].allot()
		}
	}
	b.acts(e, out)
}

// follow sets the rules of a pool. Those who wait still do.
func (p *poolBook) follow(config dealer.PoolConfig) {
	if config.QueueLimit == 0 && len(p.waiting) > 0 {
		config.QueueTimeout = p.config.QueueTimeout
	}
	p.config = config
	p.over.all = len(p.waiting)
	p.over.calls, p.over.bytes = p.ordinary()
	if p.config.QueueLimit > 0 {
		p.over.all = 0
	}
	if p.over.calls <= p.config.QueueLimit {
		p.over.calls = 0
	}
	if p.over.bytes <= p.config.QueueBytes || p.config.QueueBytes == 0 {
		p.over.bytes = 0
	}
}

// ordinary counts the calls that wait, and their bytes, without those that were
// handed on.
func (p *poolBook) ordinary() (calls, bytes int) {
	for _, c := range p.waiting {
		if !c.handed && !c.returned {
			calls++
			bytes += c.held()
		}
	}
	return calls, bytes
}

func (b *books) recordDropOrigin(e event, out outcome) {
	o := b.origins[e.origin]
	b.acts(e, out)
	reached := 0
	for _, c := range o.calls {
		switch {
		case c.state == waiting:
			c.pool.unqueue(c)
			c.fate = "caller_gone"
			b.end(c)
		case c.at.callee.features.CallCanceling:
			reached++
			fallthrough
		default:
			c.state, c.fate = defunct, "caller_gone"
		}
		b.forget(c)
	}
	must(len(b.interrupted) == reached, interrupts, "%d of %d callees are told that the caller is gone", len(b.interrupted), reached)
	must(len(out.actions) == reached, answeredOnce, "a caller that is gone is told")
	clear(o.ended)
}

func (b *books) recordShutdown(e event, out outcome) {
	b.draining = true
	var told []*callBook
	for _, o := range b.origins {
		if o == nil {
			continue
		}
		for _, c := range o.calls {
			if c.state == running && c.at.callee.features.CallCanceling {
				told = append(told, c)
			}
		}
	}
	b.acts(e, out)
	must(b.live == 0, answeredOnce, "%d calls are not answered at the end", b.live)
	must(len(b.interrupted) == len(told), interrupts, "%d of %d callees are told of the end", len(b.interrupted), len(told))
}

func (b *books) recordCall(e event, out outcome) {
	p, o := b.pools[e.pool], b.origins[e.origin]
	out.actions = b.takeDue(e, out.actions)
	c := o.calls[e.request]
	switch {
	case c != nil && c.open:
		c.open = e.progress
		c.parts = append(c.parts, e.serial)
		c.bytes += size(e.serial)
		c.generous = c.generous && c.pool.generous()
		if c.state == running && (c.at.active || c.at.callee.peer) {
			b.undelivered++
		}
		b.acts(e, out)
		must(c.state != running || c.at.active || c.at.callee.peer, membership, "a part of request %d follows the end of its registration", c.request)
		return
	case c != nil, o.ended[e.request]:
		must(len(out.actions) == 0, answeredOnce, "request %d comes again, and is taken for a new call", e.request)
		return
	}
	c = &callBook{
		pool: p, origin: o, request: e.request, arrived: b.now, since: b.now, parts: []uint64{e.serial}, bytes: size(e.serial), timeout: e.timeout, deadline: later(b.now, e.timeout),
		receiveProgress: e.receiveProgress, open: e.progress, progressive: e.progress, passthru: e.passthru,
	}
	o.calls[e.request] = c
	b.live++
	b.turns++
	c.turn = b.turns
	b.ledgers.of(p.key).receive(originKind(o.local, o.peer))
	b.acts(e, out)
	must(!b.draining || c.state == ended, answeredOnce, "request %d is taken, and wampool is draining", c.request)
	if c.state == arriving {
		c.state = waiting
		p.waiting = append(p.waiting, c)
	}
}

// takeDue takes the actions in front that time alone has caused, before the
// call at hand is looked at.
func (b *books) takeDue(e event, actions []dealer.Action) []dealer.Action {
	isDue := func(a dealer.Action) bool {
		switch a.Kind {
		case dealer.Interrupt:
			c := b.callees[a.Callee].open[a.ID].call
			return c != nil && c.timed() && c.deadline <= b.now
		case dealer.Release:
			return true
		case dealer.Refuse:
			reason := a.Refusal.Reason
			before := b.origins[a.Origin].calls[a.Request] != nil
			return before && (reason == dealer.ReasonQueueTimeout || reason == dealer.ReasonDeadline || reason == dealer.ReasonNoCallee)
		}
		return false
	}
	for len(actions) > 0 && isDue(actions[0]) {
		b.act(e, actions[0])
		actions = actions[1:]
	}
	return actions
}

func (b *books) recordAnswer(e event, out outcome) {
	callee := b.callees[e.callee]
	open, known := callee.open[e.id]
	want := dealer.Action{Callee: e.callee, ID: e.id, Final: e.final()}
	checker := requestIDs
	switch c := open.call; {
	case c != nil:
		checker = answeredOnce
		want.Kind, want.Pool, want.Origin, want.Request = dealer.Forward, c.pool.id, c.origin.id, c.request
		if c.state == defunct || !e.final() && !(c.receiveProgress && callee.features.ProgressiveCallResults) {
			want.Kind = dealer.Discard
		}
	case known:
		want.Kind, want.Request = dealer.ForwardOwn, open.own
	case callee.passed(e.id):
		want.Kind, want.Request = dealer.ForwardOwn, e.id
	case callee.had(e.id):
		want.Kind = dealer.Discard
	default:
		want.Kind = dealer.Violate
	}
	must(len(out.actions) > 0, checker, "nothing becomes of an answer that must be a %s", actionNames[want.Kind])
	got := out.actions[0]
	if c := open.call; c != nil && callee.peer && e.answer == dealer.Full && b.recordFull(e, c, out) {
		return
	}
	if c := open.call; c != nil && (e.answer == dealer.Unavailable || e.answer == dealer.Full && !callee.peer) && b.reroutes(c, got) {
		must(got.Kind == dealer.Discard && got.Callee == e.callee && got.ID == e.id, handover, "%s of a call that goes elsewhere", actionString(got))
		c.refusers = append(c.refusers, callee)
		b.handOn(c)
		out.actions = out.actions[1:]
		b.acts(e, out)
		return
	}
	switch want.Kind {
	case dealer.Discard, dealer.Violate: // where it came from is all that counts
		want.Pool, want.Origin, want.Request, want.Final = got.Pool, got.Origin, got.Request, got.Final
	}
	if !sameAnswer(got, want) {
		must(false, checker, "%s instead of %s", actionString(got), actionString(want))
	}
	if c := open.call; c != nil && got.Kind == dealer.Forward && !e.final() {
		c.tied = true
		c.deadline = later(b.now, c.timeout)
	}
	if e.final() && known {
		b.finish(callee, e.id, e.answer)
	}
	out.actions = out.actions[1:]
	for _, a := range out.actions {
		if a.Kind == dealer.Release || a.Kind == dealer.Interrupt || a.Kind == dealer.Refuse && a.Refusal.Reason != dealer.ReasonFeature {
			continue // time has passed, see act
		}
		must(a.Kind == dealer.Invoke || a.Kind == dealer.Refuse && a.Refusal.Reason == dealer.ReasonFeature, answeredOnce,
			"an answer has the action %s", actionNames[a.Kind])
	}
	b.acts(e, out)
}

func sameAnswer(a, b dealer.Action) bool {
	return a.Kind == b.Kind && a.Callee == b.Callee && a.ID == b.ID && a.Final == b.Final &&
		a.Pool == b.Pool && a.Origin == b.Origin && a.Request == b.Request
}

// reroutes tells whether a call whose callee refuses it goes elsewhere, as it
// must where messages can be kept; else what came out decides.
func (b *books) reroutes(c *callBook, got dealer.Action) bool {
	if c.state != running || c.tied {
		return false
	}
	return c.generous || got.Kind == dealer.Discard
}

// finish closes an invocation that has got its final answer.
func (b *books) finish(callee *calleeBook, id uint64, kind dealer.AnswerKind) {
	open := callee.open[id]
	c := open.call
	if c == nil {
		delete(callee.own, open.own)
		if open.more {
			callee.past[open.own] = true
		}
		callee.close(id)
		return
	}
	l := b.ledgers.of(c.pool.key)
	if !callee.peer {
		l.callee.observe(b.now - c.begun)
		if b.follows {
			c.pool.learn(b.now - c.begun)
		}
	}
	if c.state == running {
		b.forget(c)
		l.call.observe(b.now - c.arrived)
		c.fate = fateOf(kind, c.killed, callee.peer)
	}
	b.vacate(c)
}

func (b *books) recordCancel(e event, out outcome) {
	c := b.origins[e.origin].calls[e.request]
	if c == nil {
		must(len(out.actions) == 0, interrupts, "canceling request %d, which has ended, has actions", e.request)
		return
	}
	before := c.state
	tell := e.mode == codec.CancelKill || c.origin.local || c.origin.peer
	reach := before == running && e.mode != codec.CancelSkip && c.at.callee.features.CallCanceling
	if reach && e.mode == codec.CancelKill {
		tell = false // by the callee's answer
	}
	b.acts(e, out)
	must(len(b.interrupted) == 1 == reach, interrupts, "request %d, mode %q: %d interrupts", e.request, modeName(e.mode), len(b.interrupted))
	if reach && e.mode == codec.CancelKill {
		c.tied, c.killed = true, true
	}
	must((c.state != before) == tell, answeredOnce, "request %d, mode %q: told %t instead of %t", e.request, modeName(e.mode), !tell, tell)
	if tell || reach && e.mode == codec.CancelKill {
		return
	}
	b.forget(c)
	c.fate = "canceled"
	if before == waiting {
		c.pool.unqueue(c)
		b.end(c)
		return
	}
	c.state = defunct
}

func (b *books) recordOwn(e event, out outcome) {
	callee := b.callees[e.callee]
	want, known := callee.own[e.request]
	switch {
	case known:
		open := callee.open[want]
		open.more = e.progress
		callee.open[want] = open
	case e.request >= 1 && e.request <= callee.first && !callee.again:
		want = e.request // a part of one that passed unchanged
	case callee.past[e.request]:
		must(!out.found, requestIDs, "a part of the router's invocation %d follows its answer to callee %d", e.request, e.callee)
		return
	default:
		want = callee.next()
		callee.own[e.request] = want
		callee.issue(want, openID{own: e.request, more: e.progress})
	}
	must(out.found && out.id == want, requestIDs, "the router's invocation %d is %d to callee %d instead of %d", e.request, out.id, e.callee, want)
}
