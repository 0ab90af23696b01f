package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// pendingRegister is the REGISTER of a callee that asks to join a pool, from
// its arrival to its answer. What the callee sends meanwhile is held behind it.
//
//	awaitSession ─▶ awaitUplink ─▶ awaitProbe ─┬─▶ admitted: REGISTERED
//	(pool session   (the pool's     (the       └─▶ awaitUndo ─▶ admitted, or
//	 is up: role)    registration)   callee's       (UNREGISTER of     once more
//	                                 own right)      what was granted)
//
// The callee is admitted if it has the role of those who may join, and the
// router refuses its own REGISTER for no other reason than that the pool holds
// the procedure already: so a callee gets no right that the router would not
// give it.
type pendingRegister struct {
	raw     []byte // as the callee sent it
	message codec.Register
	block   *configs.Pool // nil: pooled because it asks to share
	stage   registerStage
	since   dealer.Time
	tries   int

	join  dealer.Registration
	up    *uplink
	probe uint64 // request at the router, of the probe or its undoing
	grant uint64 // registration that the router gave to the probe
}

type registerStage uint8

const (
	awaitSession registerStage = iota
	awaitUplink
	awaitProbe
	awaitUndo
)

// maxProbes is how often a REGISTER is tried while the pool keeps losing its
// registration to the probe.
const maxProbes = 3

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

// register takes a REGISTER.
func (r *realm) register(out *transport.Outbox, s *session, raw []byte) {
	var m codec.Register
	if m.Decode(s.serializer, raw) != nil {
		r.passUp(out, s, raw) // its own router tells it
		return
	}
	block, pooled := r.rules(&m)
	if !pooled {
		r.passUp(out, s, raw)
		return
	}
	p := &pendingRegister{raw: bytes.Clone(raw), block: block, since: r.now()}
	if err := p.message.Decode(s.serializer, p.raw); err != nil {
		panic("proxy: a REGISTER that was decoded once must be decodable again: " + err.Error())
	}
	s.pending = p
	s.setFlag(isHolding)
	r.awaiting = append(r.awaiting, s)
	r.advanceRegister(out, s)
	if s.pending == p && p.stage <= awaitUplink {
		r.checkAt(p.since + r.proxy.patience)
	}
}

// advanceRegister takes a pending REGISTER as far as it can go.
func (r *realm) advanceRegister(out *transport.Outbox, s *session) {
	p := s.pending
	if r.draining {
		r.denyRegister(out, s, uriUnavailable, "the proxy is stopping")
		return
	}
	if p.stage == awaitSession {
		if r.linkOf(s).conn == nil {
			return
		}
		if !r.admits(p.block, s) {
			if more, say := s.proxy.notAdmitted.now(); say {
				s.log.Info().Str("procedure", p.message.Procedure).Str("authrole", s.authRole).
					Int("more_since_last_line", more).
					Msg("callee's role is not admitted to the pool: its REGISTER passes to the router")
			}
			r.passUp(out, s, p.raw)
			r.settle(out, s)
			return
		}
		if !r.prepareJoin(out, s) {
			return
		}
		p.stage = awaitUplink
		r.want(out, p.up)
	}
	if p.stage == awaitUplink {
		if p.up.state != held {
			if !slices.Contains(p.up.waiting, s) {
				p.up.waiting = append(p.up.waiting, s)
			}
			return
		}
		r.probe(out, s)
	}
}

// admits tells whether a session's role may join (contract, section 3).
func (r *realm) admits(block *configs.Pool, s *session) bool {
	if block != nil && len(block.Admit) > 0 {
		return slices.Contains(block.Admit, s.authRole)
	}
	return s.authRole == r.linkOf(s).authRole
}

// prepareJoin opens the pool that the callee asks for. It is false if the
// callee has been told why that can't be.
func (r *realm) prepareJoin(out *transport.Outbox, s *session) bool {
	p := s.pending
	m := &p.message
	if m.OptionError != nil {
		r.denyRegister(out, s, uriInvalidArgument, m.OptionError.Error())
		return false
	}
	if m.HasConcurrency && m.Concurrency < 1 {
		r.denyRegister(out, s, uriInvalidArgument, fmt.Sprintf("REGISTER.Options.concurrency is %d: it must be 1 or more", m.Concurrency))
		return false
	}
	asked := m.Invoke
	if p.block != nil && p.block.Policy != "" {
		asked = p.block.Policy
	}
	policy, err := dealer.ParsePolicy(asked)
	if err != nil {
		r.denyRegister(out, s, uriInvalidArgument, "REGISTER.Options.invoke: "+err.Error())
		return false
	}
	r.enrol(s)
	p.up = r.openUplink(s.serializer, poolKey(m.Match, m.Procedure), m, p.block, policy)
	p.up.pending++
	p.join = dealer.Registration{Pool: p.up.pool, Callee: s.callee, Policy: policy, Limit: int(m.Concurrency), Force: m.ForceReregister}
	if err := r.dealer.MayJoin(p.join); err != nil {
		r.denyJoin(out, s, err)
		return false
	}
	return true
}

func (r *realm) denyJoin(out *transport.Outbox, s *session, err error) {
	uri := uriAlreadyExists
	if conflict := (*dealer.PolicyConflictError)(nil); errors.As(err, &conflict) {
		uri = uriDifferentPolicy
	}
	r.denyRegister(out, s, uri, fmt.Sprintf("register for %s: %s", s.pending.message.Procedure, err))
}

// probe sends the callee's own REGISTER to the router, without what only the
// pool is concerned with, to learn whether the router would let it.
func (r *realm) probe(out *transport.Outbox, s *session) {
	p := s.pending
	p.tries++
	p.stage = awaitProbe
	m := p.message
	m.Options, r.details = m.Options.Edit(s.serializer, r.details[:0], []string{"invoke", "concurrency", "force_reregister"}, nil)
	if p.probe = p.message.Request; p.tries > 1 { // the first one's ID is spent: this one is inserted
		p.probe = r.insertRequest(s)
	} else if s.renumbered != nil {
		p.probe = s.renumbered.request(p.probe, false)
	}
	m.Request = p.probe
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.router, r.message)
}

// insertRequest returns the ID of a request of our own in the callee's session
// at the router, right behind the pending REGISTER and what was inserted there.
func (r *realm) insertRequest(s *session) uint64 {
	r.renumberFrom(s, s.pending.message.Request)
	return s.renumbered.insert()
}

// renumberFrom begins to renumber a session's requests behind this one, which
// is the latest, if that has not begun yet.
func (r *realm) renumberFrom(s *session, latest uint64) {
	if s.renumbered == nil {
		s.renumbered = newRenumbering(latest)
		s.setFlag(isRenumbered)
	}
}

// swallowRegister takes note that the pending REGISTER never comes to the router.
func (r *realm) swallowRegister(s *session) {
	if request := s.pending.message.Request; s.pending.tries == 0 {
		r.renumberFrom(s, request-1)
		s.renumbered.swallow(request)
	}
}

// probeRefused takes the router's ERROR for the probe. It tells whether the
// message was one.
func (r *realm) probeRefused(out *transport.Outbox, s *session, m *codec.Error) bool {
	p := s.pending
	if p == nil || m.Request != p.probe {
		return false
	}
	switch {
	case p.stage == awaitProbe && m.RequestType == codec.TypeRegister:
		uri := string(m.URI)
		if uri == uriAlreadyExists || uri == uriDifferentPolicy && p.up.policy != "single" {
			r.admit(out, s)
		} else {
			r.refuseRegister(out, s, m, s.serializer)
		}
	case p.stage == awaitUndo && m.RequestType == codec.TypeUnregister: // it is gone all the same
		r.probeUndone(out, s)
	default:
		return false
	}
	return true
}

// probeGranted takes the router's REGISTERED for the probe: the pool has just
// lost its registration, or the router lets anybody register twice. What was
// granted is given back.
func (r *realm) probeGranted(out *transport.Outbox, s *session, m *codec.Registered) bool {
	p := s.pending
	if p == nil || p.stage != awaitProbe || m.Request != p.probe {
		return false
	}
	p.stage, p.grant = awaitUndo, m.Registration
	p.probe = r.insertRequest(s)
	undo := codec.Unregister{Request: p.probe, Registration: m.Registration}
	r.message = undo.Append(r.message[:0], s.serializer)
	out.Send(s.router, r.message)
	return true
}

// probeUndone goes on after the router has taken back what the probe got. If
// the pool's registration still stands, the router lets everybody register, and
// it has just let this callee; else the steps begin again.
func (r *realm) probeUndone(out *transport.Outbox, s *session) {
	p := s.pending
	switch {
	case p.up.state == held || r.draining:
		r.admit(out, s)
	case p.tries >= maxProbes:
		r.denyRegister(out, s, uriNetworkFailure,
			fmt.Sprintf("the pool of %s loses its registration at the router again and again", p.message.Procedure))
	default:
		p.stage = awaitUplink
		p.since = r.now()
		r.checkAt(p.since + r.proxy.patience)
		r.want(out, p.up)
		r.advanceRegister(out, s)
	}
}

// admit makes the callee a member of the pool and tells it so. Calls that wait
// follow its REGISTERED.
func (r *realm) admit(out *transport.Outbox, s *session) {
	p := s.pending
	if r.draining {
		r.denyRegister(out, s, uriUnavailable, "the proxy is stopping")
		return
	}
	p.join.Pool, p.join.ID = p.up.pool, newRegistrationID(s.registered)
	actions, err := r.dealer.Join(r.now(), p.join)
	if err != nil {
		r.denyJoin(out, s, err)
		return
	}
	s.registered[p.join.ID] = p.up.key
	if p.message.DiscloseCaller {
		if s.disclosing == nil {
			s.disclosing = make(map[uint64]struct{})
		}
		s.disclosing[p.join.ID] = struct{}{}
	}
	m := codec.Registered{Request: p.message.Request, Registration: p.join.ID}
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.client, r.message)
	s.log.Info().Str("procedure", p.message.Procedure).Stringer("policy", p.join.Policy).
		Int("concurrency", p.join.Limit).Msg("pool member joined")
	r.perform(out, actions, hand{})
	r.settle(out, s)
}

// newRegistrationID draws an ID that the router knows as nobody's.
func newRegistrationID(taken map[uint64]string) uint64 {
	for {
		id := rand.Uint64N(maxID) + 1
		if _, used := taken[id]; !used {
			return id
		}
	}
}

// revoke tells a callee that it has lost its place in a pool, if it announced
// that it can be told ("Registration Revocation").
func (r *realm) revoke(out *transport.Outbox, a *dealer.Action) {
	s := r.callees[a.Callee]
	procedure := procedureOf(s.registered[a.Registration])
	delete(s.registered, a.Registration)
	delete(s.disclosing, a.Registration)
	s.log.Info().Str("procedure", procedure).Msg("pool member revoked")
	if !s.features.RegistrationRevocation {
		return
	}
	m := codec.Unregistered{Details: codec.NewDict(s.serializer,
		codec.Field{Key: "registration", Value: codec.FieldUint(a.Registration)},
		codec.Field{Key: "reason", Value: codec.FieldString(uriUnregistered)},
	)}
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.client, r.message)
}

// denyRegister answers the pending REGISTER with an ERROR of our own.
func (r *realm) denyRegister(out *transport.Outbox, s *session, uri, text string) {
	m := codec.Error{URI: []byte(uri), Payload: codec.TextPayload(s.serializer, nil, text, nil)}
	r.refuseRegister(out, s, &m, s.serializer)
}

// refuseRegister answers the pending REGISTER with that ERROR, its URI, details
// and arguments unchanged.
func (r *realm) refuseRegister(out *transport.Outbox, s *session, cause *codec.Error, from codec.Serializer) {
	p := s.pending
	m := *cause
	m.RequestType, m.Request = codec.TypeRegister, p.message.Request
	if from != s.serializer {
		var err error
		if m.Details, m.Payload, err = r.transcode(m.Details, m.Payload, from, s.serializer); err != nil {
			m.Details, m.Payload = codec.Dict{}, codec.Payload{}
		}
	}
	r.swallowRegister(s)
	if more, say := s.proxy.notAdmitted.now(); say {
		s.log.Warn().Str("procedure", p.message.Procedure).Bytes("error", m.URI).
			Int("more_since_last_line", more).Msg("callee not admitted to the pool")
	}
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.client, r.message)
	r.settle(out, s)
}

// settle ends the pending REGISTER and lets go what was held behind it.
func (r *realm) settle(out *transport.Outbox, s *session) {
	r.forgetPending(out, s)
	messages := s.held
	s.held, s.heldBytes = nil, 0
	outermost := !s.releasing
	s.releasing = true
	for _, message := range messages {
		t, _ := codec.PeekType(s.serializer, message)
		r.fromClient(out, s, t, message)
	}
	if !outermost {
		return
	}
	s.releasing = false
	if s.pending == nil {
		s.clearFlag(isHolding)
	}
	select {
	case s.resumed <- struct{}{}:
	default:
	}
}

// abandonRegister forgets the pending REGISTER of a session that ends. What the
// client sent behind it still goes to the router.
func (r *realm) abandonRegister(out *transport.Outbox, s *session) {
	if s.pending == nil {
		return
	}
	r.swallowRegister(s)
	r.settle(out, s)
}

func (r *realm) forgetPending(out *transport.Outbox, s *session) {
	up := s.pending.up
	s.pending = nil
	is := func(other *session) bool { return other == s }
	r.awaiting = slices.DeleteFunc(r.awaiting, is)
	if up != nil {
		up.pending--
		up.waiting = slices.DeleteFunc(up.waiting, is)
		r.closeIfUnused(out, up)
	}
}

// resumeRegisters goes on with what has waited for the pool session.
func (r *realm) resumeRegisters(out *transport.Outbox) {
	for _, s := range slices.Clone(r.awaiting) {
		if s.pending != nil && s.pending.stage == awaitSession {
			r.advanceRegister(out, s)
		}
	}
}

// giveUpRegisters answers those that have waited too long.
func (r *realm) giveUpRegisters(out *transport.Outbox, now dealer.Time) {
	for _, s := range slices.Clone(r.awaiting) {
		p := s.pending
		switch {
		case p == nil || p.stage > awaitUplink:
		case p.since+r.proxy.patience <= now:
			why := "the pool's own session at the router was not up"
			if p.up != nil && p.up.link.conn != nil {
				why = "the router has not let the pool's own session have the procedure"
			}
			r.denyRegister(out, s, uriNetworkFailure, fmt.Sprintf("%s within %s", why, r.proxy.patience))
		default:
			r.checkAt(p.since + r.proxy.patience)
		}
	}
}
