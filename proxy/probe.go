package proxy

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// A probe is a callee's own REGISTER at the router, by which wampool learns whether
// the router would let it. Where the router grants it, that is undone by an
// UNREGISTER of our own. Both stand among the client's requests: under the ID that
// the client gave, or under one that is inserted, so that there is no gap ("IDs",
// #name-ids).

// probed is a request of our own in a callee's session at the router.
type probed struct {
	pending admission.PendingID
	undoes  uint64 // the registration that it gives back; 0: it is a probe
}

// probeBytes is what an entry takes of the tables of probes.
const probeBytes = 40

// probe sends the callee's own REGISTER to the router, without what only the pool
// is concerned with. From then on the callee is the dealer's.
func (r *realm) probe(out *transport.Outbox, s *session, a *admission.Action) {
	if !s.hasLeft() {
		r.enrol(s)
	}
	m := *a.Register
	m.Options, r.details = m.Options.Edit(s.serializer, r.details[:0], []string{"invoke", "concurrency", "force_reregister"}, nil)
	m.Request = s.numberProbe(a)
	s.probes.put(m.Request, probed{pending: a.Pending})
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.router, r.message)
}

// undoProbe gives back what the router granted to a probe.
func (r *realm) undoProbe(out *transport.Outbox, s *session, a *admission.Action) {
	s.renumberFrom(s.numbered)
	m := codec.Unregister{Request: s.renumbered.insert(), Registration: a.Registration}
	s.probes.put(m.Request, probed{pending: a.Pending, undoes: a.Registration})
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.router, r.message)
}

// numberProbe returns the ID of a probe at the router.
func (s *session) numberProbe(a *admission.Action) uint64 {
	switch {
	case !a.First: // its own ID is spent
		s.renumberFrom(s.numbered)
		return s.renumbered.insert()
	case s.renumbered == nil:
		s.numbered = a.Request
		return a.Request
	}
	s.numbered = a.Request
	return s.renumbered.request(a.Request, false)
}

// numberPassed returns the ID of a REGISTER that passes to the router after all.
func (s *session) numberPassed(a *admission.Action) uint64 {
	switch {
	case !a.First:
		s.renumberFrom(s.numbered)
		return s.renumbered.afterwards(a.Request)
	case s.renumbered == nil:
		s.numbered = a.Request
		return a.Request
	}
	s.numbered = a.Request
	return s.renumbered.request(a.Request, true)
}

// swallow takes note that a client's request does not come to the router.
func (s *session) swallow(request uint64) {
	s.numbered = request
	s.renumberFrom(request - 1)
	s.renumbered.swallow(request)
}

// probeAnswered takes the router's answer to a request of our own. It is false for
// any other.
func (r *realm) probeAnswered(out *transport.Outbox, s *session, m *message) bool {
	q, known := s.probes.get(m.Request)
	if !known {
		return false
	}
	switch {
	case q.undoes != 0 && (m.Type == codec.TypeUnregistered || m.failure != nil && m.RequestType == codec.TypeUnregister):
		s.probes.drop(m.Request) // by ERROR, it is gone all the same
		r.bring(out, func() []admission.Action { return r.registrar.ProbeUndone(r.now(), q.pending) })
	case q.undoes == 0 && m.Type == codec.TypeRegistered && m.registered.Request != 0:
		s.probes.drop(m.Request)
		r.bring(out, func() []admission.Action {
			return r.registrar.ProbeGranted(r.now(), q.pending, m.registered.Registration)
		})
	case q.undoes == 0 && m.failure != nil && m.RequestType == codec.TypeRegister:
		s.probes.drop(m.Request)
		r.bringError(out, m.failure, s.serializer, func() []admission.Action {
			return r.registrar.ProbeRefused(r.now(), q.pending, refusalBy(m.failure.URI))
		})
	default:
		return false
	}
	return true
}

// refusalBy is what an ERROR of the router says of a REGISTER.
func refusalBy(uri []byte) admission.Refusal {
	switch string(uri) {
	case uriAlreadyExists:
		return admission.Exists
	case uriDifferentPolicy:
		return admission.OtherPolicy
	}
	return admission.OtherError
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

// grantedInvocation takes a call that a router which lets anybody register sent to
// a probe's registration before that was given back: it is the pool's. It is false
// for any other.
func (r *realm) grantedInvocation(out *transport.Outbox, s *session, m *codec.Invocation) bool {
	if s.probes.len() == 0 {
		return false
	}
	key, known := r.registrar.Granted(s.candidate, m.Registration)
	if !known {
		return false
	}
	if s.door == nil {
		s.door = &door{origin: r.driver.AddOrigin(driver.Origin{
			Conn: s.router, Serializer: s.serializer, Most: r.proxy.routerTakes(s.router),
		})}
	}
	p := r.pools[key]
	if !r.isOpen(p) {
		missed := dealer.Missed{
			Key: key, Origin: s.door.origin, Request: m.Request, Bytes: codec.Body{Details: m.Details, Payload: m.Payload}.Len(), Outcome: dealer.ReasonNoCallee.Outcome(), Parts: m.Progress,
		}
		r.miss(out, missed, uriNoCallee,
			refusalPayload(s.serializer, nil, dealer.Refusal{Reason: dealer.ReasonNoCallee}, procedureOf(key)))
		return true
	}
	r.driver.Perform(out, r.dealer.Call(r.now(), dealer.Call{
		Pool: p.id, Origin: s.door.origin, Request: m.Request,
		Body:            codec.Body{Serializer: s.serializer, Details: m.Details, Payload: m.Payload},
		ReceiveProgress: m.ReceiveProgress, Progress: m.Progress, Passthru: m.Passthru, Timeout: r.timeoutOf(m.Timeout),
	}), driver.Hand{})
	return true
}
