package proxy

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// takeFromRouter handles one message of the router to this client.
func (c *client) takeFromRouter(raw []byte) {
	m, _ := c.heard.read(c.serializer, raw)
	if len(raw) > c.conn.MaxSend() {
		if instead, ok := c.spare(m); instead != nil {
			m, _ = c.heard.read(c.serializer, instead)
		} else if ok {
			return
		}
	}
	switch m.Type {
	case codec.TypeWelcome:
		if c.takeWelcome(m.raw) {
			return
		}
	case codec.TypeGoodbye, codec.TypeAbort:
		if c.takeEnd(m.Type) {
			return
		}
	}
	s := c.session.Load()
	switch {
	case m.Type == codec.TypeChallenge && (s == nil || s.realm == nil):
		c.takeChallenge(m.raw)
	case s == nil:
		c.routerOut.Send(c.conn, m.raw)
	default:
		s.takeAnswer(m)
	}
}

// takeAnswer handles a message of the router within a session.
func (s *session) takeAnswer(m *message) {
	s.noteResult(m)
	if m.Type == codec.TypeInvocation && s.passInvocation(m) {
		return
	}
	if !s.answersConcern(m.Type) {
		s.routerOut.Pass(s.router, s.conn, m.raw)
		return
	}
	s.readAnswer(m)
	s.takeAnswerInRealm(m)
	if m.amended != nil {
		s.routerOut.Send(s.conn, m.amended.message(s.serializer, m))
	}
}

// takeAnswerInRealm handles a message of the router that may concern a pool.
func (s *session) takeAnswerInRealm(m *message) {
	r := s.realm
	r.mu.Lock()
	defer r.unlock(&s.routerOut, s)
	r.fromRouter(&s.routerOut, s, m)
	r.arm()
}

// takeEnd takes a GOODBYE or ABORT of the router. It is true for one that goes no
// further: the answer to our own GOODBYE, for the client gets its own.
func (c *client) takeEnd(t codec.MessageType) bool {
	c.over.Store(true)
	c.rest()
	c.unwelcome()
	c.router.Confine(joinBytes)
	if t == codec.TypeAbort {
		c.entry.refuse()
	} else {
		c.entry.leave()
	}
	why := c.leaving.Load()
	if why == nil {
		return false
	}
	c.farewell(why)
	return true
}

// answersConcern tells whether a message to the client may concern a pool.
func (s *session) answersConcern(t codec.MessageType) bool {
	if s.realm == nil {
		return false
	}
	switch t {
	case codec.TypeGoodbye, codec.TypeAbort:
		return true
	case codec.TypeInvocation, codec.TypeInterrupt:
		return s.concerns.any(ofCallee)
	case codec.TypeRegistered:
		return s.concerns.any(ofRegisters | ofNumbers)
	case codec.TypeUnregistered, codec.TypeError:
		return s.concerns.any(ofRegisters | ofNumbers | ofMeta)
	case codec.TypeResult:
		return s.concerns.any(ofNumbers | ofMeta)
	case codec.TypePublished, codec.TypeSubscribed, codec.TypeUnsubscribed:
		return s.concerns.any(ofNumbers)
	}
	return false
}

// takeWelcome begins the session that the router welcomes. It is true for a
// WELCOME that goes no further.
func (c *client) takeWelcome(message []byte) bool {
	c.welcome() // before the client can know
	if c.welcomedByTLS(message) {
		c.refuseTLS(&c.routerOut, "router")
		return true
	}
	if s := c.session.Load(); s != nil && s.realm != nil {
		if _, realm := c.entry.welcome(""); realm == "" { // the answer to a HELLO within the session
			s.leaveRealm(&c.routerOut)
		}
		return false
	}
	var m codec.Welcome
	if m.Decode(c.serializer, message) != nil {
		return false
	}
	hello, name := c.entry.welcome(m.Realm)
	if hello == nil {
		return false
	}
	s := newSession(c, &m, hello, c.proxy.realm(name))
	s.log.Info().Str("realm", name).Str("authid", m.AuthID).Str("authrole", m.AuthRole).
		Str("client", c.conn.RemoteAddr()).Stringer("serializer", c.serializer).Msg("session opened")
	if name == "" {
		s.log.Info().Msg("session's realm is in doubt: it is pooled nowhere")
	}
	c.over.Store(false) // the end of the one before may have come behind this one's HELLO
	c.proxy.counting.sessionOpened(s)
	c.session.Store(s)
	return false
}

// passInvocation passes an INVOCATION of the router on to a client that is in
// no pool, and notes how far its IDs have come. It is false if the client is.
func (s *session) passInvocation(m *message) bool {
	s.invocations.mu.Lock()
	defer s.invocations.mu.Unlock()
	if s.concerns.any(ofCallee) {
		return false
	}
	if m.Request > s.invocations.highest && m.Request <= maxID {
		s.invocations.highest = m.Request
		s.invocations.open.Add(1)
	}
	s.routerOut.Pass(s.router, s.conn, m.raw)
	return true
}

// fromRouter handles a message to a client that may concern a pool. realm.mu
// is held.
func (r *realm) fromRouter(out *transport.Outbox, s *session, m *message) {
	if s.client.session.Load() != s {
		out.Send(s.conn, m.raw) // the session has ended since it was looked at
		return
	}
	switch m.Type {
	case codec.TypeInvocation:
		r.ownInvocation(out, s, m)
	case codec.TypeInterrupt:
		r.ownInterrupt(out, s, m)
	case codec.TypeRegistered:
		if !r.probeAnswered(out, s, m) {
			r.passDown(out, s, m)
		}
	case codec.TypeUnregistered: // with request 0, it is a revocation, which passes as it is
		if !r.probeAnswered(out, s, m) {
			r.passDown(out, s, m)
		}
	case codec.TypeError:
		r.routerError(out, s, m)
	case codec.TypePublished, codec.TypeSubscribed, codec.TypeUnsubscribed:
		r.passDown(out, s, m)
	case codec.TypeResult:
		r.result(out, s, m)
	case codec.TypeGoodbye, codec.TypeAbort:
		out.Send(s.conn, m.raw)
		r.part(out, s)
	}
}

// passDown passes an answer on under the ID that the client gave its request.
func (r *realm) passDown(out *transport.Outbox, s *session, m *message) {
	switch down, passes := s.renumberBack(m); {
	case !passes:
	case down != m.Request:
		r.message = m.AppendWithID(r.message[:0], down)
		out.Send(s.conn, r.message)
	default:
		out.Send(s.conn, m.raw)
	}
}

// renumberBack returns the client's ID of the request that the router answers. It
// is false for the answer to a request of our own, or of nobody's.
func (s *session) renumberBack(m *message) (down uint64, passes bool) {
	if s.renumbered == nil || m.Request == 0 {
		return m.Request, true // the client judges
	}
	return s.renumbered.answer(m.Request, m.isFinal())
}

// routerError takes an ERROR of the router for one of the client's requests.
func (r *realm) routerError(out *transport.Outbox, s *session, m *message) {
	if m.failure == nil {
		out.Send(s.conn, m.raw)
		return
	}
	if r.probeAnswered(out, s, m) {
		return
	}
	s.asked.drop(m.Request)
	if m.RequestType == codec.TypeYield || m.RequestType == codec.TypeInvocation {
		out.Send(s.conn, m.raw) // concerns an invocation, not a request of the client
		return
	}
	r.passDown(out, s, m)
}

// ownInvocation takes an INVOCATION for a registration of the client that is
// not pooled: it gets the next ID of the one counter that the callee knows ("IDs",
// #name-ids).
func (r *realm) ownInvocation(out *transport.Outbox, s *session, said *message) {
	m := said.invocation
	if s.hasLeft() || m == nil {
		out.Send(s.conn, said.raw)
		return
	}
	if r.grantedInvocation(out, s, m) {
		return
	}
	if _, known := r.dealer.OwnInterrupt(s.callee.id, m.Request); !known && !s.upkeep.hasRoom(ownBytes, r.proxy.config().Limits.HeldBytes) {
		full := codec.Error{
			RequestType: codec.TypeInvocation, Request: m.Request, URI: []byte(uriUnavailable),
			Payload: codec.TextPayload(s.serializer, nil, "the callee has more calls that it has not answered than the proxy can keep", nil),
		}
		r.message = full.Append(r.message[:0], s.serializer)
		out.Send(s.router, r.message)
		return
	}
	id, passes := r.dealer.OwnInvocation(s.callee.id, m.Request, m.Progress)
	if !passes {
		return // a part of a call that the callee has answered
	}
	r.countOwn(s)
	r.message = said.AppendWithID(r.message[:0], id)
	out.Send(s.conn, r.message)
}

// ownBytes is what it takes to remember an INVOCATION of the router's own.
const ownBytes = 192

// countOwn counts those that the client has not answered.
func (r *realm) countOwn(s *session) {
	kept := int64(r.dealer.Own(s.callee.id)) * ownBytes
	s.upkeep.last(kept - s.invocations.kept)
	s.invocations.kept = kept
}

// ownInterrupt takes an INTERRUPT for an INVOCATION that was not the pool's.
// One that comes after the callee's answer must not reach it.
func (r *realm) ownInterrupt(out *transport.Outbox, s *session, said *message) {
	m := said.interrupt
	if s.hasLeft() || m == nil {
		out.Send(s.conn, said.raw)
		return
	}
	id, open := r.dealer.OwnInterrupt(s.callee.id, m.Request)
	switch {
	case open:
		m.Request = id
		r.message = m.Append(r.message[:0], s.serializer)
		out.Send(s.conn, r.message)
	case s.door != nil:
		r.driver.Perform(out, r.dealer.Cancel(r.now(), s.door.origin, m.Request, m.Mode), driver.Hand{Serializer: s.serializer, Interrupt: m})
	}
}
