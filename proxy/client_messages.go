package proxy

import (
	"errors"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// takeFromClient handles one message of the client.
func (c *client) takeFromClient(message []byte) {
	t, err := codec.PeekType(c.serializer, message)
	if err != nil {
		if c.proxy.certified {
			c.refuseMalformed("malformed message")
			return
		}
		t = 0 // its own router tells it
	}
	switch t {
	case codec.TypeHello:
		c.takeHello(message)
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
		c.clientOut.Send(c.router, message)
	case !s.concern(t, message):
		if t == codec.TypeCall {
			s.noteCall(message)
		}
		c.clientOut.Send(c.router, message)
		s.noteAnswer(t, message)
	default:
		s.takeAndWait(t, message)
	}
}

// takeAndWait handles a message that may concern a pool. The client's reader goes
// on once its answer has found room, and its REGISTERs leave room for more.
func (s *session) takeAndWait(t codec.MessageType, message []byte) {
	room, full := s.takeInRealm(t, message)
	for room != (transport.Room{}) { // its answer finds no room: it is asked for again
		s.clientOut.Flush()
		if !s.conn.Await(room) {
			return
		}
		room, full = s.takeInRealm(t, message)
	}
	for full { // it reads no further until its REGISTERs are settled
		s.clientOut.Flush()
		if !s.conn.AwaitSignal(s.resumed) {
			return
		}
		s.realm.mu.Lock()
		full = s.upkeep.isFull(s.proxy.config.Limits.HeldBytes)
		s.realm.mu.Unlock()
	}
}

// takeInRealm handles a message that may concern a pool. It returns what the
// message has to wait for to be taken again, and whether the session holds all
// that it may.
func (s *session) takeInRealm(t codec.MessageType, message []byte) (room transport.Room, full bool) {
	r := s.realm
	r.mu.Lock()
	defer r.unlock(&s.clientOut, s)
	r.fromClient(&s.clientOut, s, t, message)
	if room, r.blocked = r.blocked, (transport.Room{}); room == (transport.Room{}) {
		s.noteAnswer(t, message)
		r.arm()
	}
	return room, s.upkeep.isFull(s.proxy.config.Limits.HeldBytes)
}

// concern tells whether a client's message may concern a pool.
func (s *session) concern(t codec.MessageType, message []byte) bool {
	if s.realm == nil {
		return false
	}
	if s.concerns.any(ofRegisters | ofNumbers) {
		return true
	}
	switch t {
	case codec.TypeRegister, codec.TypeGoodbye, codec.TypeAbort:
		return true
	case codec.TypeYield, codec.TypeError, codec.TypeUnregister:
		return s.concerns.any(ofCallee)
	case codec.TypeCall:
		return mayAskMeta(message)
	}
	return false
}

// takeHello notes what the client announces. A HELLO begins a new session on
// this connection if the one of before has ended ("Transport and Session
// Lifetime"); the router judges one at any other time.
func (c *client) takeHello(message []byte) {
	if over := c.over.Swap(false); over {
		if s := c.session.Load(); s != nil {
			s.drop(&c.clientOut)
			c.pace(c.conn, c.router, &c.clientOut) // behind what was held
		}
	}
	var m codec.Hello
	known := m.Decode(c.serializer, message) == nil // else the router tells
	if c.refuseHello(&m, !known) {
		return
	}
	if known {
		c.entry.said(&hello{realm: m.Realm, features: m.Callee})
	} else {
		c.entry.said(nil)
	}
	if !c.welcomed.Load() {
		c.router.Confine(joinBytes)
	}
	c.clientOut.Send(c.router, message)
}

// fromClient handles a client's message that may concern a pool; its type is 0
// if it has none. realm.mu is held.
func (r *realm) fromClient(out *transport.Outbox, s *session, t codec.MessageType, message []byte) {
	switch {
	case t == codec.TypeYield || t == codec.TypeError:
		r.answer(out, s, t, message)
	case len(s.held) > 0 || !r.take(out, s, t, message, r.now()):
		s.hold(t, message, r.now())
	}
}

// answer takes what a callee answers to an INVOCATION.
func (r *realm) answer(out *transport.Outbox, s *session, t codec.MessageType, message []byte) {
	switch {
	case s.callee == nil:
		if !s.hasLeft() {
			out.Send(s.router, message) // of an invocation that no pool knows
		}
	case t == codec.TypeError:
		r.calleeError(out, s, message)
	default:
		r.yield(out, s, message)
	}
}

// take takes a client's message that the router must see in order, and that
// arrived at some time. It is false for one that has to wait behind the pending
// REGISTERs.
func (r *realm) take(out *transport.Outbox, s *session, t codec.MessageType, message []byte, at dealer.Time) bool {
	if t == codec.TypeRegister {
		return r.register(out, s, message, at)
	}
	if s.pending.length > 0 {
		return false
	}
	switch t {
	case codec.TypeUnregister:
		r.unregister(out, s, message)
	case codec.TypeCall:
		r.call(out, s, message)
	case codec.TypeCancel:
		r.cancel(out, s, message)
	case codec.TypePublish, codec.TypeSubscribe, codec.TypeUnsubscribe:
		r.passUp(out, s, message)
	case codec.TypeGoodbye, codec.TypeAbort:
		out.Send(s.router, message)
		r.part(out, s)
	default:
		out.Send(s.router, message)
	}
	return true
}

// passUp passes a client's request on under the ID that the router expects.
func (r *realm) passUp(out *transport.Outbox, s *session, message []byte) {
	if s.renumbered == nil {
		s.notePassed(message)
		out.Send(s.router, message)
		return
	}
	id, err := codec.ID(s.serializer, message, 1)
	if err != nil {
		r.abort(out, s, "malformed request")
		return
	}
	if up, passes := r.renumber(s, id, message); passes {
		r.sendUp(out, s, message, id, up)
	}
}

// sendUp sends a client's request under the ID that the router expects.
func (r *realm) sendUp(out *transport.Outbox, s *session, message []byte, id, up uint64) {
	s.notePassed(message)
	if up != id {
		rewritten, err := codec.AppendWithID(r.message[:0], s.serializer, message, 1, up)
		if err != nil {
			r.abort(out, s, "malformed request")
			return
		}
		r.message, message = rewritten, rewritten
	}
	out.Send(s.router, message)
	if s.renumbered != nil && !s.hasLeft() && !s.upkeep.hasRoom(0, r.proxy.config.Limits.HeldBytes) {
		r.abort(out, s, "too many requests without an answer (limits.held_bytes)")
	}
}

// renumber returns the router's ID of a client's request. It is false for what
// the router need not see: it concerns a call that is over.
func (r *realm) renumber(s *session, id uint64, message []byte) (up uint64, passes bool) {
	n := s.renumbered
	if n == nil {
		return id, true
	}
	t, _ := codec.PeekType(s.serializer, message)
	switch t {
	case codec.TypeCall:
		var m codec.Call
		more := m.Decode(s.serializer, message) == nil && m.Progress
		return n.call(id, more)
	case codec.TypeCancel:
		return n.cancel(id)
	case codec.TypePublish:
		var m codec.Publish
		acknowledged := m.Decode(s.serializer, message) == nil && m.Acknowledge
		return n.request(id, acknowledged), true
	}
	return n.request(id, true), true
}

// unregister takes an UNREGISTER. One of a pooled registration is answered here:
// the router knows no such ID, and there are routers that end for it.
func (r *realm) unregister(out *transport.Outbox, s *session, message []byte) {
	var m codec.Unregister
	if err := m.Decode(s.serializer, message); err != nil {
		r.passUp(out, s, message)
		return
	}
	_, pooled := s.pools.registered.get(m.Registration)
	_, gone := s.pools.left.get(m.Registration)
	if !pooled && !gone {
		r.passUp(out, s, message)
		return
	}
	s.renumberFrom(m.Request - 1)
	s.renumbered.swallow(m.Request)
	switch {
	case s.hasLeft(): // nobody waits for an answer any more
	case pooled:
		key := s.leavePool(m.Registration)
		actions, _ := r.dealer.Leave(r.now(), s.callee.id, m.Registration)
		r.driver.Perform(out, actions, driver.Hand{})
		answer := codec.Unregistered{Request: m.Request}
		r.message = answer.Append(r.message[:0], s.serializer)
		out.Send(s.conn, r.message)
		r.logLeft(s, key)
	default:
		answer := codec.Error{RequestType: codec.TypeUnregister, Request: m.Request, URI: []byte(uriNoSuchRegistration)}
		r.message = answer.Append(r.message[:0], s.serializer)
		out.Send(s.conn, r.message)
	}
}

// yield takes a YIELD of a callee.
func (r *realm) yield(out *transport.Outbox, s *session, message []byte) {
	if s.hasLeft() {
		return // nobody waits for it any more
	}
	m := &r.yielded
	if err := m.Decode(s.serializer, message); err != nil {
		r.abort(out, s, err.Error())
		return
	}
	var unfit error
	if from, held := r.dealer.HeldFrom(s.callee.id, m.Request); held {
		if !r.hasRoom(s, from, message) {
			return
		}
		var ok bool
		if unfit, ok = r.vouch(out, s, m.Validate(s.serializer)); !ok {
			return
		}
	}
	kind := dealer.Final
	if m.Progress {
		kind = dealer.Progress
	}
	r.driver.Perform(out, r.dealer.Answer(r.now(), s.callee.id, m.Request, kind),
		driver.Hand{Serializer: s.serializer, Raw: message, Yield: m, Unfit: unfit})
}

// hasRoom tells whether a callee's answer may be sent to where its call came from,
// and notes in r.blocked what to wait for if not.
func (r *realm) hasRoom(s *session, from dealer.OriginID, message []byte) bool {
	room, ok := r.driver.Admits(s.callee.id, from, len(message))
	if !ok {
		r.blocked = room
	}
	return ok
}

// calleeError takes an ERROR of a callee.
func (r *realm) calleeError(out *transport.Outbox, s *session, message []byte) {
	if s.hasLeft() {
		return
	}
	var m codec.Error
	if err := m.Decode(s.serializer, message); err != nil {
		r.abort(out, s, err.Error())
		return
	}
	if m.RequestType != codec.TypeInvocation {
		out.Send(s.router, message)
		return
	}
	var unfit error
	if from, held := r.dealer.HeldFrom(s.callee.id, m.Request); held {
		if !r.hasRoom(s, from, message) {
			return
		}
		var ok bool
		if unfit, ok = r.vouch(out, s, m.Validate(s.serializer)); !ok {
			return
		}
	}
	kind := dealer.Final
	if string(m.URI) == uriUnavailable {
		kind = dealer.Unavailable
	}
	r.driver.Perform(out, r.dealer.Answer(r.now(), s.callee.id, m.Request, kind),
		driver.Hand{Serializer: s.serializer, Raw: message, Error: &m, Unfit: unfit})
}

// vouch sees to it that an answer does no harm to the session at the router
// that all callees depend on; invalid is what its validation found. A callee
// that breaks the protocol is aborted, and vouch is false. An answer with a sound
// header is the end of its call whatever it carries: unfit says why it can't be
// passed on.
func (r *realm) vouch(out *transport.Outbox, s *session, invalid error) (unfit error, ok bool) {
	if invalid == nil {
		return nil, true
	}
	if content := (*codec.ContentError)(nil); errors.As(invalid, &content) {
		return invalid, true
	}
	r.abort(out, s, invalid.Error())
	return nil, false
}
