package proxy

import (
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// pendingRegister is the REGISTER of a callee that asks to join a pool, from
// its arrival to its answer. A session may have many: each goes its own way,
// and what the callee sends behind them is held (held.go).
//
//	awaitSession ─▶ awaitUplink ─▶ awaitProbe ─┬─▶ admitted: REGISTERED
//	(pool session   (the pool's     (the       └─▶ awaitUndo ─▶ admitted, or
//	 is up: role)    registration)   callee's       (UNREGISTER of     once more
//	                                 own right)      what was granted)
//
//	any of them ─▶ settled: REGISTERED, ERROR, or no answer to one who is gone
//
// The callee is admitted if it has the role of those who may join, and the
// router refuses its own REGISTER for no other reason than that the pool holds
// the procedure already: so a callee gets no right that the router would not
// give it.
type pendingRegister struct {
	session *session
	said    *message // as the callee sent it
	message codec.Register
	block   *configs.Pool // nil: pooled because it asks to share
	stage   registerStage
	since   dealer.Time // its arrival
	cost    int64       // of keeping it

	inSession, inRealm, inUplink, inTurn *place // where it waits; nil: nowhere

	join  dealer.Registration
	up    *uplink
	probe probe
}

type registerStage uint8

const (
	awaitSession registerStage = iota
	awaitUplink
	awaitTurn // as awaitProbe, but the probe itself has to wait: see pace
	awaitProbe
	awaitUndo
	settled
)

// What keeping a REGISTER takes beside its bytes while it is pending, and what
// a registration takes beside its procedure's name, which is kept in each of
// the pool's indexes.
const (
	pendingBytes    = 512
	membershipBytes = 1280
	namesPerPool    = 6
)

// membershipCost is what a place in the pool of a procedure takes.
func membershipCost(procedure string) int64 {
	return membershipBytes + namesPerPool*int64(len(procedure))
}

// rules returns the rules for a REGISTER: those of a block, or none for one
// that itself asks to share. pooled is false for one that passes untouched.
func (r *realm) rules(m *codec.Register) (block *configs.Pool, pooled bool) {
	// The pool session registers the same procedure: what a router might close
	// it for is left to the callee's own session.
	if !codec.ValidPattern(m.Procedure, m.Match) || !isMatch(m.Match) {
		return nil, false
	}
	if block := governing(&r.blocks, m.Procedure); block != nil {
		return block, true
	}
	if !r.config.Auto || isReserved(m.Procedure) {
		return nil, false
	}
	return nil, m.HasConcurrency || m.HasInvoke && m.Invoke != "" && m.Invoke != "single"
}

// isMatch tells whether a REGISTER's match option is one of the specification's.
func isMatch(match string) bool {
	switch match {
	case "", "exact", "prefix", "wildcard":
		return true
	}
	return false
}

// register takes a REGISTER that arrived at some time. It is false for one that
// has to wait until all that are pending are settled: one that passes to the
// router, or that repeats an ID.
func (r *realm) register(out *transport.Outbox, s *session, said *message, since dealer.Time) (taken bool) {
	m := said.register
	block, pooled := (*configs.Pool)(nil), false
	if m != nil && !s.hasLeft() {
		block, pooled = r.rules(m)
	}
	last := s.pending.last
	if l := r.linkOf(s); !pooled || l.conn != nil && !r.admits(block, s) {
		if last != nil {
			return false
		}
		switch {
		case pooled:
			r.logPassed(s, m)
		case m != nil && !s.hasLeft():
			r.logPlain(s, m)
		}
		r.passUp(out, s, said)
		return true
	}
	if last != nil && m.Request <= last.register.message.Request {
		return false
	}
	p := &pendingRegister{session: s, said: said, message: *m, block: block, since: since}
	r.await(p)
	most := r.proxy.config.Limits.HeldBytes
	switch {
	case !s.upkeep.hasRoom(membershipCost(m.Procedure), most):
		r.denyRegister(out, p, uriUnavailable, fmt.Sprintf("this session has as many registrations and open requests as may be kept for it in %d bytes (limits.held_bytes)", most))
	case since+r.proxy.patience <= r.now():
		r.denyRegister(out, p, uriNetworkFailure, fmt.Sprintf("the REGISTERs before this one were not settled within %s", r.proxy.patience))
	default:
		r.checkAt(since + r.proxy.patience)
		r.advanceRegister(out, p)
	}
	return true
}

// advanceRegister takes a pending REGISTER from where it waits as far as it can go.
func (r *realm) advanceRegister(out *transport.Outbox, p *pendingRegister) {
	if r.draining {
		r.denyRegister(out, p, uriUnavailable, "the proxy is stopping")
		return
	}
	if p.stage == awaitSession && !r.judgeRole(out, p) {
		return
	}
	if p.up.state != held {
		if p.inUplink == nil {
			p.inUplink = p.up.waiting.join(p)
		}
		return
	}
	if p.session.turns.length > 0 || !r.mayProbe(p.session) {
		r.awaitProbeTurn(p)
		return
	}
	r.sendProbe(out, p)
}

// judgeRole goes on with a REGISTER once the role that may join is known. It is
// false if the callee has its answer, or waits for the pool session.
func (r *realm) judgeRole(out *transport.Outbox, p *pendingRegister) bool {
	s := p.session
	if r.linkOf(s).conn == nil {
		return false
	}
	if !r.admits(p.block, s) {
		r.logPassed(s, &p.message)
		r.sendUp(out, s, p.said, r.numberPassed(p))
		r.settle(out, p)
		return false
	}
	if !r.prepareJoin(out, p) {
		return false
	}
	p.stage = awaitUplink
	r.want(out, p.up)
	return true
}

// prepareJoin opens the pool that the callee asks for. It is false if the
// callee has been told why that can't be.
func (r *realm) prepareJoin(out *transport.Outbox, p *pendingRegister) bool {
	s, m := p.session, &p.message
	if m.OptionError != nil {
		r.denyRegister(out, p, uriInvalidArgument, m.OptionError.Error())
		return false
	}
	if m.HasConcurrency && m.Concurrency < 1 {
		r.denyRegister(out, p, uriInvalidArgument, fmt.Sprintf("REGISTER.Options.concurrency is %d: it must be 1 or more", m.Concurrency))
		return false
	}
	asked := m.Invoke
	if p.block != nil && p.block.Policy != "" {
		asked = p.block.Policy
	}
	policy, err := dealer.ParsePolicy(asked)
	if err != nil {
		r.denyRegister(out, p, uriInvalidArgument, "REGISTER.Options.invoke: "+err.Error())
		return false
	}
	r.enrol(s)
	p.up = r.openUplink(s.serializer, poolKey(m.Match, m.Procedure), m, p.block, policy)
	p.up.pending++
	p.join = dealer.Registration{Pool: p.up.pool, Callee: s.callee.id, Policy: policy, Limit: limitOf(m.Concurrency), Force: m.ForceReregister}
	if err := r.dealer.MayJoin(p.join); err != nil {
		r.denyJoin(out, p, err)
		return false
	}
	return true
}

// mostSlots is more than one callee can have calls in flight. So limits beyond
// it are none, and no sum of limits is beyond what can be counted.
const mostSlots = 1 << 30

// limitOf returns a limit that a callee asks for, as the dealer takes it.
func limitOf(concurrency int64) int { return int(min(concurrency, mostSlots)) }

func (r *realm) denyJoin(out *transport.Outbox, p *pendingRegister, err error) {
	uri := uriAlreadyExists
	if conflict := (*dealer.PolicyConflictError)(nil); errors.As(err, &conflict) {
		uri = uriDifferentPolicy
	}
	r.denyRegister(out, p, uri, fmt.Sprintf("register for %s: %s", p.message.Procedure, err))
}

// admit makes the callee a member of the pool and tells it so. Calls that wait
// follow its REGISTERED.
func (r *realm) admit(out *transport.Outbox, p *pendingRegister) {
	s := p.session
	if r.draining {
		r.denyRegister(out, p, uriUnavailable, "the proxy is stopping")
		return
	}
	p.join.Pool, p.join.ID = p.up.pool, newRegistrationID(&s.pools.registered)
	actions, err := r.dealer.Join(r.now(), p.join)
	if err != nil {
		r.denyJoin(out, p, err)
		return
	}
	s.upkeep.last(membershipCost(p.message.Procedure))
	s.pools.registered.put(p.join.ID, membership{key: p.up.key, discloses: p.message.DiscloseCaller})
	m := codec.Registered{Request: p.message.Request, Registration: p.join.ID}
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.conn, r.message)
	s.logJoined(p)
	r.driver.Perform(out, actions, driver.Hand{})
	r.settle(out, p)
}

// denyRegister answers a pending REGISTER with an ERROR of our own.
func (r *realm) denyRegister(out *transport.Outbox, p *pendingRegister, uri, text string) {
	s := p.session.serializer
	m := codec.Error{URI: []byte(uri), Payload: codec.TextPayload(s, nil, text, nil)}
	r.refuseRegister(out, p, &m, s)
}

// refuseRegister answers a pending REGISTER with that ERROR, its URI, details
// and arguments unchanged.
func (r *realm) refuseRegister(out *transport.Outbox, p *pendingRegister, cause *codec.Error, from codec.Serializer) {
	s := p.session
	m := *cause
	m.RequestType, m.Request = codec.TypeRegister, p.message.Request
	if from != s.serializer {
		m.Details, m.Payload = errorIn(s.serializer, cause, from)
	}
	r.swallowRegister(p)
	s.logDenied(p, m.URI)
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.conn, r.message)
	r.settle(out, p)
}

// errorIn returns what an ERROR carries in another serializer, nothing where
// that can't express it.
func errorIn(to codec.Serializer, m *codec.Error, from codec.Serializer) (details codec.Dict, payload codec.Payload) {
	details, _, err := codec.TranscodeDict(nil, m.Details, from, to)
	if err == nil {
		payload, _, err = codec.TranscodePayload(nil, m.Payload, from, to)
	}
	if err != nil {
		return codec.Dict{}, codec.Payload{}
	}
	return details, payload
}

// resumeRegisters goes on with what has waited for the pool session.
func (r *realm) resumeRegisters(out *transport.Outbox) {
	for _, p := range r.awaiting.all() {
		if p.stage == awaitSession {
			r.advanceRegister(out, p)
		}
	}
}

// giveUpRegisters answers those that have waited too long.
func (r *realm) giveUpRegisters(out *transport.Outbox, now dealer.Time) {
	for first := r.awaiting.first; first != nil; first = r.awaiting.first {
		p := first.register
		if due := p.since + r.proxy.patience; due > now {
			r.checkAt(due)
			return
		}
		if p.stage > awaitTurn { // its probe has no answer
			r.linkOf(p.session).loses = true
		}
		r.denyRegister(out, p, uriNetworkFailure, r.whatWasMissing(p))
	}
}

// whatWasMissing says what a REGISTER has waited for in vain.
func (r *realm) whatWasMissing(p *pendingRegister) string {
	what := "the pool's own session at the router was not up"
	switch {
	case p.stage == awaitTurn:
		what = "the router did not answer the callee's own REGISTERs before this one"
	case p.stage == awaitProbe:
		what = "the router did not answer the callee's own REGISTER"
	case p.stage == awaitUndo:
		what = "the router did not answer the UNREGISTER of what it had granted to the callee itself"
	case p.stage == awaitSession || p.up.link.conn == nil:
	case p.up.state == leaving:
		what = "the router did not answer the UNREGISTER of the pool's own session"
	case p.up.state == asking:
		what = "the router did not answer the REGISTER of the pool's own session"
	default:
		what = "the router did not let the pool's own session have the procedure"
	}
	return fmt.Sprintf("register for %s: %s within %s", p.message.Procedure, what, r.proxy.patience)
}
