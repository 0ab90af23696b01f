package proxy

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// takeFromRouter handles one message of the router to this client.
func (s *session) takeFromRouter(message []byte) {
	t, err := codec.PeekType(s.serializer, message)
	if err != nil {
		t = 0 // the client judges
	}
	if len(message) > s.client.MaxSend() {
		if instead, ok := s.spare(t, message); instead != nil {
			t, message = codec.TypeError, instead
		} else if ok {
			return
		}
	}
	switch t {
	case codec.TypeWelcome:
		s.welcome() // before the client can know
	case codec.TypeGoodbye, codec.TypeAbort:
		s.over.Store(true)
		s.rest()
		s.unwelcome()
		s.router.Confine(joinBytes)
		if t == codec.TypeAbort {
			s.entry.refuse()
		} else {
			s.entry.leave()
		}
		if s.leaving.Load() {
			s.farewell() // the answer to our own GOODBYE: the client gets its own
			return
		}
	}
	if t == codec.TypeWelcome && s.welcomedByTLS(message) {
		s.refuseTLS(&s.routerOut, "router")
		return
	}
	s.noteResult(t, message)
	r := s.realm.Load()
	if r == nil {
		switch t {
		case codec.TypeChallenge:
			s.takeChallenge(message)
			return
		case codec.TypeWelcome:
			s.takeWelcome(message)
		case codec.TypeInvocation:
			s.passInvocation(message)
			return
		}
		s.routerOut.Send(s.client, message)
		return
	}
	if t == codec.TypeWelcome {
		if _, realm := s.entry.welcome(""); realm == "" { // the answer to a HELLO within the session
			s.leaveRealm(r, &s.routerOut)
		}
	}
	if t == codec.TypeInvocation && s.passInvocation(message) {
		return
	}
	if !s.answersConcern(t) {
		s.routerOut.Send(s.client, message)
		return
	}
	r.mu.Lock()
	defer r.unlock(&s.routerOut, s)
	r.fromRouter(&s.routerOut, s, t, message)
	r.arm()
}

// answersConcern tells whether a message to the client may concern a pool.
func (s *session) answersConcern(t codec.MessageType) bool {
	flags := s.flags.Load()
	switch t {
	case codec.TypeGoodbye, codec.TypeAbort:
		return true
	case codec.TypeInvocation, codec.TypeInterrupt:
		return flags&isCallee != 0
	case codec.TypeRegistered:
		return flags&(isHolding|isRenumbered) != 0
	case codec.TypeUnregistered, codec.TypeError:
		return flags&(isHolding|isRenumbered|isAsking) != 0
	case codec.TypeResult:
		return flags&(isRenumbered|isAsking) != 0
	case codec.TypePublished, codec.TypeSubscribed, codec.TypeUnsubscribed:
		return flags&isRenumbered != 0
	}
	return false
}

// takeWelcome finds the realm of the configuration that the session is in.
func (s *session) takeWelcome(message []byte) {
	var m codec.Welcome
	if m.Decode(s.serializer, message) != nil {
		return
	}
	hello, name := s.entry.welcome(m.Realm)
	if hello == nil {
		return
	}
	s.id, s.authID, s.authRole, s.features = m.Session, m.AuthID, m.AuthRole, hello.features
	s.log = s.proxy.log.With().Uint64("session", m.Session).Logger()
	s.log.Info().Str("realm", name).Str("authid", m.AuthID).Str("authrole", m.AuthRole).
		Str("client", s.client.RemoteAddr()).Stringer("serializer", s.serializer).Msg("session opened")
	s.open.Store(true)
	if name == "" {
		s.log.Info().Msg("session's realm is in doubt: it is pooled nowhere")
		return
	}
	r := s.proxy.realms[name]
	if r != nil && r.hasDirect(m.AuthRole) {
		s.isDirect, s.renumbered = true, newRenumbering(0, &s.upkeep)
		s.setFlag(isRenumbered)
		_, s.crossbar = m.Details.Lookup(s.serializer, "x_cb_node")
	}
	s.realm.Store(r)
}

// passInvocation passes an INVOCATION of the router on to a client that is in
// no pool, and notes how far its IDs have come. It is false if the client is.
func (s *session) passInvocation(message []byte) bool {
	s.wire.Lock()
	defer s.wire.Unlock()
	if s.flags.Load()&isCallee != 0 {
		return false
	}
	if id, err := codec.ID(s.serializer, message, 1); err == nil && id > s.highest && id <= maxID {
		s.highest = id
		s.running.Add(1)
	}
	s.routerOut.Send(s.client, message)
	return true
}

// fromRouter handles a message to a client that may concern a pool. realm.mu
// is held.
func (r *realm) fromRouter(out *transport.Outbox, s *session, t codec.MessageType, message []byte) {
	if s.realm.Load() != r || (t == codec.TypeInvocation || t == codec.TypeInterrupt) && s.flags.Load()&isCallee == 0 {
		out.Send(s.client, message) // the session has ended since it was looked at
		return
	}
	switch t {
	case codec.TypeInvocation:
		r.ownInvocation(out, s, message)
	case codec.TypeInterrupt:
		r.ownInterrupt(out, s, message)
	case codec.TypeRegistered:
		var m codec.Registered
		if m.Decode(s.serializer, message) == nil && r.probeGranted(out, s, &m) {
			r.pumpProbes(out, s)
			return
		}
		r.passDown(out, s, message, 1, true)
	case codec.TypeUnregistered:
		r.unregistered(out, s, message)
	case codec.TypeError:
		r.routerError(out, s, message)
	case codec.TypePublished, codec.TypeSubscribed, codec.TypeUnsubscribed:
		r.passDown(out, s, message, 1, true)
	case codec.TypeResult:
		var m codec.Result
		known := m.Decode(s.serializer, message) == nil // else the client judges
		if known {
			message = r.amendMeta(s, &m, message)
		}
		r.passDown(out, s, message, 1, !known || !m.Progress)
	case codec.TypeGoodbye, codec.TypeAbort:
		out.Send(s.client, message)
		r.part(out, s)
	}
}

// passDown passes an answer on under the ID that the client gave its request;
// final tells whether it is the last one.
func (r *realm) passDown(out *transport.Outbox, s *session, message []byte, element int, final bool) {
	if s.renumbered == nil {
		out.Send(s.client, message)
		return
	}
	id, err := codec.ID(s.serializer, message, element)
	if err != nil {
		out.Send(s.client, message) // the client judges
		return
	}
	down, known := s.renumbered.answer(id, final)
	if !known {
		return // of a request of our own, or of none
	}
	if down != id {
		rewritten, err := codec.AppendWithID(r.message[:0], s.serializer, message, element, down)
		if err != nil {
			out.Send(s.client, message)
			return
		}
		r.message, message = rewritten, rewritten
	}
	out.Send(s.client, message)
}

// unregistered takes an UNREGISTERED: the router's answer, or its revocation
// (request 0), which passes as it is.
func (r *realm) unregistered(out *transport.Outbox, s *session, message []byte) {
	id, err := codec.ID(s.serializer, message, 1)
	if err != nil { // 0 among others, which is no ID
		out.Send(s.client, message)
		return
	}
	if p, known := s.probes.get(id); known && p.probe.grant != 0 {
		r.probeUndone(out, p)
		r.pumpProbes(out, s)
		return
	}
	r.passDown(out, s, message, 1, true)
}

// routerError takes an ERROR of the router for one of the client's requests.
func (r *realm) routerError(out *transport.Outbox, s *session, message []byte) {
	var m codec.Error
	if m.Decode(s.serializer, message) != nil {
		out.Send(s.client, message)
		return
	}
	if r.probeRefused(out, s, &m) {
		r.pumpProbes(out, s)
		return
	}
	s.asked.drop(m.Request)
	if m.RequestType == codec.TypeYield || m.RequestType == codec.TypeInvocation {
		out.Send(s.client, message) // concerns an invocation, not a request of the client
		return
	}
	r.passDown(out, s, message, 2, m.RequestType != codec.TypeCancel)
}

// ownInvocation takes an INVOCATION for a registration of the client that is
// not pooled: it gets the next ID of the one counter that the callee knows.
func (r *realm) ownInvocation(out *transport.Outbox, s *session, message []byte) {
	if s.parted {
		out.Send(s.client, message)
		return
	}
	var m codec.Invocation
	if m.Decode(s.serializer, message) != nil {
		out.Send(s.client, message)
		return
	}
	if p, known := s.granted.get(m.Registration); known {
		r.grantedInvocation(out, p, &m)
		return
	}
	if _, known := r.dealer.OwnInterrupt(s.callee, m.Request); !known && !s.upkeep.hasRoom(ownBytes, r.proxy.config.Limits.HeldBytes) {
		full := codec.Error{
			RequestType: codec.TypeInvocation, Request: m.Request, URI: []byte(uriUnavailable),
			Payload: codec.TextPayload(s.serializer, nil, "the callee has more calls that it has not answered than the proxy can keep", nil),
		}
		r.message = full.Append(r.message[:0], s.serializer)
		out.Send(s.router, r.message)
		return
	}
	id, passes := r.dealer.OwnInvocation(s.callee, m.Request, m.Progress)
	if !passes {
		return // a part of a call that the callee has answered
	}
	r.countOwn(s)
	rewritten, err := codec.AppendWithID(r.message[:0], s.serializer, message, 1, id)
	if err != nil {
		return
	}
	r.message = rewritten
	out.Send(s.client, rewritten)
}

// ownBytes is what it takes to remember an INVOCATION of the router's own.
const ownBytes = 192

// countOwn counts those that the client has not answered.
func (r *realm) countOwn(s *session) {
	kept := int64(r.dealer.Own(s.callee)) * ownBytes
	s.upkeep.last(kept - s.ownKept)
	s.ownKept = kept
}

// ownInterrupt takes an INTERRUPT for an INVOCATION that was not the pool's.
// One that comes after the callee's answer must not reach it.
func (r *realm) ownInterrupt(out *transport.Outbox, s *session, message []byte) {
	var m codec.Interrupt
	if s.parted || m.Decode(s.serializer, message) != nil {
		out.Send(s.client, message)
		return
	}
	id, open := r.dealer.OwnInterrupt(s.callee, m.Request)
	switch {
	case open:
		m.Request = id
		r.message = m.Append(r.message[:0], s.serializer)
		out.Send(s.client, r.message)
	case s.hasDoor:
		r.perform(out, r.dealer.Cancel(r.now(), s.door, m.Request, m.Mode), hand{serializer: s.serializer, interrupt: &m})
	}
}
