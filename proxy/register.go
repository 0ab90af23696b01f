package proxy

import (
	"fmt"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// rules returns the rules for a REGISTER: those of a block, or none for one
// that itself asks to share. pooled is false for one that passes untouched.
func (r *realm) rules(m *codec.Register) (block *configs.Pool, pooled bool) {
	// The pool session registers the same procedure: what a router might close
	// it for is left to the callee's own session.
	if !codec.ValidPattern(m.Procedure, m.Match) || !isMatch(m.Match) {
		return nil, false
	}
	if block := governing(r.blocks(), m.Procedure); block != nil {
		return block, true
	}
	if !r.config().Auto || isReserved(m.Procedure) {
		return nil, false
	}
	return nil, asksToShare(m)
}

// asksToShare tells whether a REGISTER itself asks for a pool.
func asksToShare(m *codec.Register) bool {
	return m.HasConcurrency || m.HasInvoke && m.Invoke != "" && m.Invoke != "single"
}

// isMatch tells whether a REGISTER's match option is one of the specification's
// ("Pattern-based Registrations", #name-pattern-based-registrations).
func isMatch(match string) bool {
	switch match {
	case "", "exact", "prefix", "wildcard":
		return true
	}
	return false
}

// takeInOrder takes a client's message that the router must see in order. What asks
// for a pool, or is about one, is the registrar's to decide, and so is all that
// comes behind a REGISTER which has no answer yet.
func (r *realm) takeInOrder(out *transport.Outbox, s *session, m *message) {
	if m.Type == codec.TypeRegister && m.register != nil && !s.hasLeft() {
		if block, pooled := r.rules(m.register); pooled {
			r.register(out, s, m, block)
			return
		}
		r.logPlain(s, m.register)
	}
	switch {
	case s.candidate == 0 || !s.waits() && !m.isOfPools():
		r.pass(out, s, m)
	case m.Type == codec.TypeUnregister && m.registration != 0:
		r.unregister(out, s, m)
	default:
		r.bring(out, func() []admission.Action { return r.registrar.Send(r.now(), s.candidate, asAdmitted(s, m)) })
	}
}

// isOfPools tells whether a message is the registrar's whatever else is under way.
func (m *message) isOfPools() bool {
	return m.Type == codec.TypeUnregister && m.registration != 0 || m.Type == codec.TypeGoodbye || m.Type == codec.TypeAbort
}

// register takes a REGISTER that asks for a pool.
func (r *realm) register(out *transport.Outbox, s *session, m *message, block *configs.Pool) {
	if s.candidate == 0 {
		s.candidate = r.registrar.OpenSession(admission.Session{Serializer: s.serializer, Role: s.authRole})
		r.candidates[s.candidate] = s
		s.upkeep.tellOf(r.registrar, s.candidate)
	}
	s.concerns.add(ofRegisters)
	in := admission.Register{Message: asAdmitted(s, m), Asks: *m.register, Block: r.rulesOf(block)}
	r.bring(out, func() []admission.Action { return r.registrar.Register(r.now(), s.candidate, in) })
	if !s.waits() {
		s.concerns.remove(ofRegisters)
	}
}

// unregister takes an UNREGISTER. One of a pooled registration is answered here:
// the router knows no such ID, and there are routers that end for it.
func (r *realm) unregister(out *transport.Outbox, s *session, m *message) {
	in := admission.Unregister{Message: asAdmitted(s, m), Request: m.Request, Registration: m.registration}
	r.bring(out, func() []admission.Action { return r.registrar.Unregister(r.now(), s.candidate, in) })
}

// passHeld passes a message on that the registrar has let go, or never held.
func (r *realm) passHeld(out *transport.Outbox, s *session, a *admission.Action) {
	if a.Register != nil {
		r.logPassed(s, a.Register)
	}
	r.pass(out, s, readBy(a))
}

// join makes the callee a member of the pool and tells it so. Calls that wait
// follow its REGISTERED ("Ordering Guarantees", #name-ordering-guarantees).
func (r *realm) join(out *transport.Outbox, s *session, a *admission.Action) {
	p := r.pools[a.Pool]
	if s.hasLeft() {
		return // that is about to be told
	}
	actions, err := r.dealer.Join(r.now(), dealer.Registration{
		Pool: p.id, Callee: s.callee.id, ID: a.Registration, Policy: a.Policy, Limit: a.Limit, Force: a.Force,
	})
	if err != nil {
		panic("proxy: who is admitted must be able to join: " + err.Error())
	}
	s.memberships[a.Registration] = membership{key: a.Pool, discloses: a.Discloses}
	m := codec.Registered{Request: a.Request, Registration: a.Registration}
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.conn, r.message)
	r.registers.of(a.Register).Pooled++
	s.logJoined(p, a)
	r.driver.Perform(out, actions, driver.Hand{})
}

// leavePool takes a callee out of a pool, by its own wish.
func (r *realm) leavePool(out *transport.Outbox, s *session, a *admission.Action) {
	if s.hasLeft() {
		return
	}
	delete(s.memberships, a.Registration)
	actions, _ := r.dealer.Leave(r.now(), s.callee.id, a.Registration)
	r.driver.Perform(out, actions, driver.Hand{})
	answer := codec.Unregistered{Request: a.Request}
	r.message = answer.Append(r.message[:0], s.serializer)
	out.Send(s.conn, r.message)
	r.logLeft(s, a.Pool)
}

// expel takes a callee out of a pool that may not be there any more, and tells it so.
func (r *realm) expel(out *transport.Outbox, s *session, a *admission.Action) {
	if s.hasLeft() {
		return
	}
	actions, _ := r.dealer.Leave(r.now(), s.callee.id, a.Registration)
	r.driver.Perform(out, actions, driver.Hand{})
	s.Revoke(out, a.Registration)
}

// deny answers a REGISTER by an ERROR ("Register ERROR",
// #name-register-error): the router's own, its URI, details and arguments
// unchanged, or one of ours.
func (r *realm) deny(out *transport.Outbox, s *session, a *admission.Action, e *admissionEvent) {
	if s.hasLeft() {
		return
	}
	var m codec.Error
	if reason := a.Denial.Reason; reason == admission.PoolRefused || reason == admission.ProbeRefused {
		m = *e.error
		if e.from != s.serializer {
			m.Details, m.Payload = errorIn(s.serializer, e.error, e.from)
		}
	} else {
		uri, text := r.denialOf(a)
		m = codec.Error{URI: []byte(uri), Payload: codec.TextPayload(s.serializer, nil, text, nil)}
	}
	m.RequestType, m.Request = codec.TypeRegister, a.Request
	s.logDenied(a, m.URI)
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.conn, r.message)
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

// denialOf is the ERROR that a callee gets by a reason of the registrar's own.
func (r *realm) denialOf(a *admission.Action) (uri, text string) {
	d, procedure, patience := a.Denial, a.Register.Procedure, r.proxy.admission.RegisterPatience
	switch d.Reason {
	case admission.Invalid:
		return uriInvalidArgument, d.Err.Error()
	case admission.Taken:
		return uriAlreadyExists, fmt.Sprintf("register for %s: procedure is already registered", procedure)
	case admission.Conflict:
		return uriDifferentPolicy, fmt.Sprintf("register for %s: procedure is registered with invocation policy %s, and %s was asked for", procedure, d.Has, d.Asked)
	case admission.Full:
		return uriUnavailable, fmt.Sprintf("this session has as many registrations and open requests as may be kept for it in %d bytes (limits.held_bytes)", r.proxy.config().Limits.HeldBytes)
	case admission.Draining:
		return uriUnavailable, r.whyDraining(procedure)
	case admission.Unsettled:
		return uriNetworkFailure, fmt.Sprintf("the REGISTERs before this one were not settled within %s", patience)
	case admission.Unsteady:
		return uriNetworkFailure, fmt.Sprintf("the pool of %s loses its registration at the router again and again", procedure)
	}
	return uriNetworkFailure, fmt.Sprintf("register for %s: %s within %s", procedure, whatWasMissing(d.Reason), patience.Round(time.Millisecond))
}

// whyDraining says why nobody is taken in.
func (r *realm) whyDraining(procedure string) string {
	switch {
	case r.draining:
		return "the proxy is stopping"
	case r.goes:
		return fmt.Sprintf("the proxy pools nothing in the realm %s any more: register again", r.name)
	case r.proxy.drained.Load():
		return "the proxy was drained, and takes no callee until it is undrained"
	}
	return fmt.Sprintf("the pool of %s was drained here, and takes no callee until it is undrained", procedure)
}

// whatWasMissing says what a REGISTER has waited for in vain.
func whatWasMissing(reason admission.Reason) string {
	switch reason {
	case admission.NoLink:
		return "the pool's own session at the router was not up"
	case admission.NoTurn:
		return "the router did not answer the callee's own REGISTERs before this one"
	case admission.NoProbeAnswer:
		return "the router did not answer the callee's own REGISTER"
	case admission.NoUndo:
		return "the router did not answer the UNREGISTER of what it had granted to the callee itself"
	case admission.NoPoolEnd:
		return "the router did not answer the UNREGISTER of the pool's own session"
	case admission.NoPoolAnswer:
		return "the router did not answer the REGISTER of the pool's own session"
	case admission.NoPool:
		return "the router did not let the pool's own session have the procedure"
	}
	panic("proxy: every denial must have a text")
}
