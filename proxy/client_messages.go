package proxy

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// takeFromClient handles one message of the client.
func (c *client) takeFromClient(raw []byte) {
	m, err := c.said.read(c.serializer, raw)
	if err != nil && c.proxy.certified.Load() {
		c.refuseMalformed("malformed message")
		return
	}
	switch m.Type {
	case codec.TypeHello:
		c.takeHello(raw)
		return
	case codec.TypeGoodbye:
		c.over.Store(true)
		defer c.rest() // once it is on its way
		c.entry.leave()
		c.unwelcome()
	case codec.TypeAbort:
		c.over.Store(true)
		defer c.rest()
		c.unwelcome()
	}
	s := c.session.Load()
	switch {
	case s == nil:
		c.clientOut.Pass(c.conn, c.router, raw)
	case !s.concern(m):
		s.noteCall(m)
		answer := s.isAnswer(m)
		if c.clientOut.Pass(c.conn, c.router, raw); answer {
			s.noteOwnAnswer()
		}
	default:
		s.takeAndWait(s.readOn(m))
	}
}

// takeAndWait handles a message that may concern a pool. The client's reader goes
// on once its answer has found room, and its REGISTERs leave room for more.
func (s *session) takeAndWait(m *message) {
	room, full := s.takeInRealm(m)
	for room != (transport.Room{}) { // its answer finds no room: it is asked for again
		s.clientOut.Flush()
		if !s.conn.Await(room) {
			return
		}
		room, full = s.takeInRealm(m)
	}
	for full { // it reads no further until its REGISTERs are settled
		s.clientOut.Flush()
		if !s.conn.AwaitSignal(s.resumed) {
			return
		}
		s.realm.mu.Lock()
		full = s.upkeep.isFull(s.proxy.config().Limits.HeldBytes)
		s.realm.mu.Unlock()
	}
}

// takeInRealm handles a message that may concern a pool. It returns what the
// message has to wait for to be taken again, and whether the session holds all
// that it may.
func (s *session) takeInRealm(m *message) (room transport.Room, full bool) {
	r := s.realm
	r.mu.Lock()
	defer r.unlock(&s.clientOut, s)
	r.fromClient(&s.clientOut, s, m)
	if room, r.blocked = r.blocked, (transport.Room{}); room == (transport.Room{}) {
		s.noteAnswer(m)
		r.arm()
	}
	return room, s.upkeep.isFull(s.proxy.config().Limits.HeldBytes)
}

// concern tells whether a client's message may concern a pool.
func (s *session) concern(m *message) bool {
	if s.realm == nil {
		return false
	}
	if s.concerns.any(ofRegisters | ofNumbers) {
		return true
	}
	switch m.Type {
	case codec.TypeRegister, codec.TypeGoodbye, codec.TypeAbort:
		return true
	case codec.TypeYield, codec.TypeError, codec.TypeUnregister:
		return s.concerns.any(ofCallee)
	case codec.TypeCall:
		return mayAskMeta(m.raw)
	}
	return false
}

// takeHello notes what the client announces. A HELLO begins a new session on
// this connection if the one of before has ended ("Transport and Session Lifetime",
// #name-transport-and-session-lifet); the router judges one at any other time
// ("HELLO", #name-hello-2).
func (c *client) takeHello(raw []byte) {
	if over := c.over.Swap(false); over {
		if s := c.session.Load(); s != nil {
			s.drop(&c.clientOut)
			c.pace(c.conn, c.router, &c.clientOut) // behind what was held
		}
	}
	var m codec.Hello
	known := m.Decode(c.serializer, raw) == nil // else the router tells
	if c.refuseHello(&m, !known) {
		return
	}
	if known {
		c.entry.said(&hello{realm: m.Realm, features: m.Callee, agent: agentOf(c.serializer, &m)})
	} else {
		c.entry.said(nil)
	}
	if !c.welcomed.Load() {
		c.router.Confine(joinBytes)
	}
	c.clientOut.Send(c.router, raw)
}

// fromClient handles a client's message that may concern a pool. realm.mu is held.
func (r *realm) fromClient(out *transport.Outbox, s *session, m *message) {
	if m.Type == codec.TypeYield || m.Type == codec.TypeError {
		r.answer(out, s, m)
		return
	}
	r.takeInOrder(out, s, m)
}

// answer takes a YIELD of a client, or an ERROR.
func (r *realm) answer(out *transport.Outbox, s *session, m *message) {
	switch {
	case s.hasLeft(): // nobody waits for it any more
	case s.callee == nil, m.wrong == nil && m.Type == codec.TypeError && m.RequestType != codec.TypeInvocation:
		out.Send(s.router, m.raw) // of an invocation that no pool knows, or of none
	case m.wrong != nil:
		r.abort(out, s, m.wrong.Error())
	default:
		r.calleeAnswer(out, s, m)
	}
}

// calleeAnswer takes what a callee of pools answers to an INVOCATION. One of a
// pool's must do no harm to the session at the router that all callees depend on.
// An answer with a sound head is the end of its call whatever it carries. Who breaks
// the protocol is aborted ("Protocol Errors", #name-protocol-errors).
func (r *realm) calleeAnswer(out *transport.Outbox, s *session, m *message) {
	if from, held := r.dealer.HeldFrom(s.callee.id, m.Request); held {
		room, ok := r.driver.Admits(s.callee.id, from, len(m.raw))
		switch {
		case !ok:
			r.blocked = room
			return
		case m.harm != nil:
			r.abort(out, s, m.harm.Error())
			return
		}
	}
	r.answerBy(out, s.callee.id, s.serializer, m, answerKind(m))
}

// answerKind is what an answer is to the dealer.
func answerKind(m *message) dealer.AnswerKind {
	switch {
	case m.yield != nil && m.yield.Progress:
		return dealer.Progress
	case m.failure != nil && string(m.failure.URI) == uriUnavailable:
		return dealer.Unavailable
	case m.failure != nil, m.unfit != nil:
		return dealer.Error
	}
	return dealer.Final
}

// answerBy brings a callee's answer to the dealer.
func (r *realm) answerBy(out *transport.Outbox, from dealer.CalleeID, s codec.Serializer, m *message, kind dealer.AnswerKind) {
	r.driver.Perform(out, r.dealer.Answer(r.now(), from, m.Request, kind),
		driver.Hand{Serializer: s, Head: &m.Head, Raw: m.raw, Yield: m.yield, Error: m.failure, Unfit: m.unfit, Memory: m.memory})
}

// pass passes a client's message on that the router must see in order: a CALL to a
// pool here, or to the router, all others to that.
func (r *realm) pass(out *transport.Outbox, s *session, m *message) {
	switch m.Type {
	case codec.TypeCall:
		r.call(out, s, m)
	case codec.TypeCancel:
		r.cancel(out, s, m)
	case codec.TypeRegister, codec.TypeUnregister, codec.TypePublish, codec.TypeSubscribe, codec.TypeUnsubscribe:
		r.passUp(out, s, m)
	case codec.TypeGoodbye, codec.TypeAbort:
		out.Send(s.router, m.raw)
		if s.candidate == 0 {
			r.part(out, s)
		}
	default:
		out.Send(s.router, m.raw)
	}
}

// passUp passes a client's request on under the ID that the router expects ("IDs",
// #name-ids).
func (r *realm) passUp(out *transport.Outbox, s *session, m *message) {
	switch {
	case s.renumbered == nil:
		s.noteCall(m)
		out.Send(s.router, m.raw)
	case m.Request == 0:
		r.abort(out, s, "malformed request")
	default:
		if up, passes := s.renumber(m); passes {
			r.sendUp(out, s, m, up)
		}
	}
}

// sendUp sends a client's request under the ID that the router expects.
func (r *realm) sendUp(out *transport.Outbox, s *session, m *message, up uint64) {
	raw := m.raw
	if up != m.Request {
		r.message = m.AppendWithID(r.message[:0], up)
		raw = r.message
	}
	r.sentUp(out, s, m, raw)
}

// sentUp sends a client's request as the router is to see it.
func (r *realm) sentUp(out *transport.Outbox, s *session, m *message, raw []byte) {
	s.noteCall(m)
	out.Send(s.router, raw)
	if s.renumbered != nil && !s.hasLeft() && !s.upkeep.hasRoom(0, r.proxy.config().Limits.HeldBytes) {
		r.abort(out, s, "too many requests without an answer (limits.held_bytes)")
	}
}

// renumber returns the router's ID of a client's request. It is false for what
// the router need not see: it concerns a call that is over.
func (s *session) renumber(m *message) (up uint64, passes bool) {
	n := s.renumbered
	if n == nil {
		return m.Request, true
	}
	switch m.Type {
	case codec.TypeCall:
		return n.call(m.Request, m.call != nil && m.call.Progress)
	case codec.TypeCancel:
		return n.cancel(m.Request)
	case codec.TypePublish:
		return n.request(m.Request, m.acknowledged), true
	}
	return n.request(m.Request, true), true
}
