package proxy

import (
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// probe is a callee's own REGISTER at the router, by which wampool learns
// whether the router would let it. Where the router grants it, that is undone by
// an UNREGISTER of our own.
//
//	unnumbered ─▶ numbered ─▶ open ─┬─ ERROR ─────▶ answered
//	                ▲  │            └─ REGISTERED ─▶ open (UNREGISTER) ─▶ answered
//	                └──┘ tried again
//
// Probes leave in the order in which they become ready. One that is ready before
// those in front of it takes its turn, and they get other IDs later on: at the
// router, a session's IDs have no gap and never go back.
//
// One that the router does not answer in time outlives its REGISTER: what is
// then still granted is given back.
type probe struct {
	numbered bool   // the REGISTER's own ID has had its turn at the router
	open     bool   // request has no answer yet
	request  uint64 // at the router, of the probe or its undoing
	grant    uint64 // registration that the router gave to the probe, until it is undone; 0: none
	tries    int
	round    int // of the session's pace, of request
}

// maxProbes is how often a REGISTER is tried while the pool keeps losing its
// registration to the probe.
const maxProbes = 3

// probeBytes is what an entry takes of the tables of probes.
const probeBytes = 40

// sendProbe sends the callee's own REGISTER to the router, without what only the
// pool is concerned with.
func (r *realm) sendProbe(out *transport.Outbox, p *pendingRegister) {
	s := p.session
	m := p.message
	m.Options, r.details = m.Options.Edit(s.serializer, r.details[:0], []string{"invoke", "concurrency", "force_reregister"}, nil)
	m.Request = r.numberProbe(p)
	p.stage = awaitProbe
	p.probe.tries++
	r.askFor(p, m.Request)
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.router, r.message)
}

// askFor takes note of a request of our own at the router.
func (r *realm) askFor(p *pendingRegister, request uint64) {
	p.probe.open, p.probe.request = true, request
	p.probe.round = p.session.probePace.asked(r.now())
	p.session.probes.put(request, p)
}

// answered takes note of its answer.
func (p *pendingRegister) answered() {
	p.probe.open = false
	p.session.probePace.answered(p.probe.round)
	p.session.probes.drop(p.probe.request)
}

// numberProbe returns the ID of a probe at the router.
func (r *realm) numberProbe(p *pendingRegister) uint64 {
	s := p.session
	if p.probe.numbered { // its own ID is spent: this one is inserted
		return r.insertRequest(s)
	}
	r.number(p)
	if s.renumbered == nil {
		return p.message.Request
	}
	return s.renumbered.request(p.message.Request, false)
}

// numberPassed returns the ID of a REGISTER that passes to the router after all.
func (r *realm) numberPassed(p *pendingRegister) uint64 {
	s := p.session
	if p.probe.numbered {
		s.renumberFrom(s.numbered)
		return s.renumbered.afterwards(p.message.Request)
	}
	r.number(p)
	if s.renumbered == nil {
		return p.message.Request
	}
	return s.renumbered.request(p.message.Request, true)
}

// swallowRegister takes note that the callee's REGISTER does not come to the
// router, if it has not by now.
func (r *realm) swallowRegister(p *pendingRegister) {
	if p.probe.numbered {
		return
	}
	r.number(p)
	p.session.renumberFrom(p.message.Request - 1)
	p.session.renumbered.swallow(p.message.Request)
}

// number makes it a REGISTER's turn: those in front of it that have had none by
// now are swallowed.
func (r *realm) number(p *pendingRegister) {
	s := p.session
	for e := s.unnumbered; e != p.inSession; e = e.after {
		r.swallowRegister(e.register)
	}
	s.unnumbered, s.numbered, p.probe.numbered = p.inSession.after, p.message.Request, true
}

// insertRequest returns the ID of a request of our own in the callee's session
// at the router.
func (r *realm) insertRequest(s *session) uint64 {
	s.renumberFrom(s.numbered)
	return s.renumbered.insert()
}

// probeRefused takes the router's ERROR for a request of our own. It is false
// for any other.
func (r *realm) probeRefused(out *transport.Outbox, s *session, m *codec.Error) bool {
	p, known := s.probes.get(m.Request)
	switch {
	case !known:
		return false
	case m.RequestType == codec.TypeUnregister && p.probe.grant != 0: // it is gone all the same
		r.probeUndone(out, p)
		return true
	case m.RequestType != codec.TypeRegister || p.probe.grant != 0:
		return false
	}
	p.answered()
	if p.stage != awaitProbe { // too late
		p.forgetLate()
		return true
	}
	uri := string(m.URI)
	if uri == uriAlreadyExists || uri == uriDifferentPolicy && p.up.policy != "single" {
		r.admit(out, p)
	} else {
		r.refuseRegister(out, p, m, s.serializer)
	}
	return true
}

// probeGranted takes the router's REGISTERED for a probe: the pool has just
// lost its registration, or the router lets anybody register twice. What was
// granted is given back. It is false for any other REGISTERED.
func (r *realm) probeGranted(out *transport.Outbox, s *session, m codec.Registered) bool {
	p, known := s.probes.get(m.Request)
	if !known || p.probe.grant != 0 {
		return false
	}
	p.answered()
	if s.hasLeft() {
		p.forgetLate()
		return true
	}
	if p.stage == awaitProbe {
		p.stage = awaitUndo
	}
	p.probe.grant = m.Registration
	s.granted.put(m.Registration, p)
	undo := codec.Unregister{Request: r.insertRequest(s), Registration: m.Registration}
	r.askFor(p, undo.Request)
	r.message = undo.Append(r.message[:0], s.serializer)
	out.Send(s.router, r.message)
	return true
}

// probeUndone goes on after the router has taken back what the probe got. If
// the pool's registration still stands, the router lets everybody register, and
// it has just let this callee; else the steps begin again.
func (r *realm) probeUndone(out *transport.Outbox, p *pendingRegister) {
	p.session.granted.drop(p.probe.grant)
	p.probe.grant = 0
	p.answered()
	switch {
	case p.stage != awaitUndo:
		p.forgetLate()
	case p.up.state == held || r.draining:
		r.admit(out, p)
	case p.probe.tries >= maxProbes:
		r.denyRegister(out, p, uriNetworkFailure,
			fmt.Sprintf("the pool of %s loses its registration at the router again and again", p.message.Procedure))
	default:
		p.stage = awaitUplink
		r.want(out, p.up)
		r.advanceRegister(out, p)
	}
}

// door is where the calls come from that a router which lets anybody register
// sends to the registrations of a session's probes. realm.mu guards it.
type door struct{ origin dealer.OriginID }

// partDoor ends these calls of a session that leaves.
func (r *realm) partDoor(out *transport.Outbox, s *session) {
	if s.door == nil {
		return
	}
	r.driver.RemoveOrigin(out, r.now(), s.door.origin)
	s.door = nil
}

// grantedInvocation takes a call that a router which lets anybody register
// sent to a probe's registration before that was given back: it is the pool's.
func (r *realm) grantedInvocation(out *transport.Outbox, p *pendingRegister, m *codec.Invocation) {
	s, up := p.session, p.up
	if s.door == nil {
		s.door = &door{origin: r.driver.AddOrigin(driver.Origin{
			Conn: s.router, Serializer: s.serializer, Most: r.proxy.routerTakes(s.router),
		})}
	}
	if r.uplinkOf(up.pool) != up {
		r.driver.SendError(out, s.door.origin, m.Request, uriNoCallee,
			refusalPayload(s.serializer, nil, dealer.Refusal{Reason: dealer.ReasonNoCallee}, up.procedure))
		return
	}
	r.driver.Perform(out, r.dealer.Call(r.now(), dealer.Call{
		Pool: up.pool, Origin: s.door.origin, Request: m.Request,
		Body:            codec.Body{Serializer: s.serializer, Details: m.Details, Payload: m.Payload},
		ReceiveProgress: m.ReceiveProgress, Progress: m.Progress, Passthru: m.Passthru, Timeout: r.timeoutOf(m.Timeout),
	}), driver.Hand{})
}
