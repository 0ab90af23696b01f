package proxy

import (
	"bytes"
	"errors"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// takeFromClient handles one message of the client.
func (s *session) takeFromClient(message []byte) {
	r := s.realm.Load()
	t, err := codec.PeekType(s.serializer, message)
	if err != nil {
		if s.proxy.certified {
			s.refuseMalformed("malformed message")
			return
		}
		t = 0 // its own router tells it
	}
	switch t {
	case codec.TypeHello:
		s.over.Store(false)
		s.takeHello(message)
		return
	case codec.TypeGoodbye, codec.TypeAbort:
		s.over.Store(true)
	case codec.TypeYield, codec.TypeError:
		s.noteAnswer(t, message)
	}
	if r == nil || !s.concerns(t, message) {
		s.clientOut.Send(s.router, message)
		return
	}
	r.mu.Lock()
	r.fromClient(&s.clientOut, s, t, message)
	for r.blocked != (transport.Room{}) { // its answer finds no room: it is asked for again
		room := r.blocked
		r.blocked = transport.Room{}
		r.mu.Unlock()
		s.clientOut.Flush()
		if !s.client.Await(room) {
			return
		}
		r.mu.Lock()
		r.fromClient(&s.clientOut, s, t, message)
	}
	r.arm()
	full := int64(s.heldBytes) > s.proxy.config.Limits.SendBufferBytes
	r.mu.Unlock()
	for full { // it reads no further until its REGISTER is settled
		s.clientOut.Flush()
		select {
		case <-s.resumed:
		case <-s.client.Done():
			return
		}
		r.mu.Lock()
		full = int64(s.heldBytes) > s.proxy.config.Limits.SendBufferBytes
		r.mu.Unlock()
	}
}

// concerns tells whether a client's message may concern a pool.
func (s *session) concerns(t codec.MessageType, message []byte) bool {
	flags := s.flags.Load()
	if flags&(isHolding|isRenumbered) != 0 {
		return true
	}
	switch t {
	case codec.TypeRegister, codec.TypeGoodbye, codec.TypeAbort:
		return true
	case codec.TypeYield, codec.TypeError, codec.TypeUnregister:
		return flags&isCallee != 0
	case codec.TypeCall:
		return mayAskMeta(message)
	}
	return false
}

// takeHello notes what the client announces. A HELLO begins a new session on
// this connection if the one of before has ended ("Transport and Session
// Lifetime"); the router judges one at any other time.
func (s *session) takeHello(message []byte) {
	if r := s.realm.Load(); r != nil {
		r.mu.Lock()
		if s.parted {
			s.reset()
		}
		r.mu.Unlock()
	} else {
		s.forgetInvocations()
	}
	var m codec.Hello
	known := m.Decode(s.serializer, message) == nil // else the router tells
	if s.refuseHello(&m, !known) {
		return
	}
	// A second one before WELCOME changes nothing: the router judges it.
	if s.hello.Load() == nil && known {
		s.hello.Store(&hello{realm: m.Realm, features: m.Callee})
	}
	s.clientOut.Send(s.router, message)
}

// reset forgets the session that has ended on this connection. realm.mu is held.
func (s *session) reset() {
	s.realm.Store(nil)
	s.hello.Store(nil)
	s.flags.Store(0)
	s.forgetInvocations()
	s.unregistering, s.disclosing, s.asked, s.renumbered, s.isDirect, s.parted = nil, nil, nil, nil, false, false
}

// fromClient handles a client's message that may concern a pool; its type is 0
// if it has none. realm.mu is held.
func (r *realm) fromClient(out *transport.Outbox, s *session, t codec.MessageType, message []byte) {
	if s.pending != nil {
		s.held = append(s.held, bytes.Clone(message))
		s.heldBytes += len(message)
		return
	}
	switch t {
	case codec.TypeRegister:
		if s.parted {
			r.passUp(out, s, message)
			return
		}
		r.register(out, s, message)
	case codec.TypeUnregister:
		r.unregister(out, s, message)
	case codec.TypeYield, codec.TypeError:
		if s.flags.Load()&isCallee == 0 {
			if !s.parted {
				out.Send(s.router, message) // of an invocation that no pool knows
			}
			return
		}
		if t == codec.TypeError {
			r.calleeError(out, s, message)
			return
		}
		r.yield(out, s, message)
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
}

// passUp passes a client's request on under the ID that the router expects.
func (r *realm) passUp(out *transport.Outbox, s *session, message []byte) {
	if s.renumbered == nil {
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
	if up != id {
		rewritten, err := codec.AppendWithID(r.message[:0], s.serializer, message, 1, up)
		if err != nil {
			r.abort(out, s, "malformed request")
			return
		}
		r.message, message = rewritten, rewritten
	}
	out.Send(s.router, message)
	if s.renumbered != nil && s.renumbered.full() {
		r.abort(out, s, "too many requests without an answer")
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

// unregister takes an UNREGISTER. A pooled registration is left at once; the
// router is told as well, so that the client's request IDs stay its own.
func (r *realm) unregister(out *transport.Outbox, s *session, message []byte) {
	var m codec.Unregister
	if err := m.Decode(s.serializer, message); err != nil || s.registered[m.Registration] == "" {
		r.passUp(out, s, message)
		return
	}
	procedure := procedureOf(s.registered[m.Registration])
	delete(s.registered, m.Registration)
	delete(s.disclosing, m.Registration)
	if s.unregistering == nil {
		s.unregistering = make(map[uint64]struct{})
	}
	s.setFlag(isUnregistering)
	up, _ := r.renumber(s, m.Request, message)
	s.unregistering[up] = struct{}{}
	if r.sendUp(out, s, message, m.Request, up); s.parted {
		return
	}
	actions, _ := r.dealer.Leave(r.now(), s.callee, m.Registration)
	r.perform(out, actions, hand{})
	s.log.Info().Str("procedure", procedure).Msg("pool member left")
}

// yield takes a YIELD of a callee.
func (r *realm) yield(out *transport.Outbox, s *session, message []byte) {
	if s.parted {
		return // nobody waits for it any more
	}
	m := &r.yielded
	if err := m.Decode(s.serializer, message); err != nil {
		r.abort(out, s, err.Error())
		return
	}
	if from, held := r.dealer.HeldFrom(s.callee, m.Request); held &&
		(!r.hasRoom(s, from, message) || !r.vouch(out, s, m.Request, m.Validate(s.serializer), &m.Payload)) {
		return
	}
	kind := dealer.Final
	if m.Progress {
		kind = dealer.Progress
	}
	r.perform(out, r.dealer.Answer(r.now(), s.callee, m.Request, kind),
		hand{serializer: s.serializer, raw: message, yield: m})
}

// calleeError takes an ERROR of a callee.
func (r *realm) calleeError(out *transport.Outbox, s *session, message []byte) {
	if s.parted {
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
	if from, held := r.dealer.HeldFrom(s.callee, m.Request); held &&
		(!r.hasRoom(s, from, message) || !r.vouch(out, s, m.Request, m.Validate(s.serializer), &m.Payload)) {
		return
	}
	kind := dealer.Final
	if string(m.URI) == uriUnavailable {
		kind = dealer.Unavailable
	}
	r.perform(out, r.dealer.Answer(r.now(), s.callee, m.Request, kind),
		hand{serializer: s.serializer, raw: message, err: &m})
}

// vouch sees to it that an answer does no harm to the session at the router
// that all callees depend on; invalid is what its validation found. A callee
// that breaks the protocol is aborted. A payload that is well formed but holds
// what only its serializer has, so that the router may fail to pass it on, is
// put in plain terms, or else ends the call with an error. It is false if the
// answer is dealt with.
func (r *realm) vouch(out *transport.Outbox, s *session, request uint64, invalid error, payload *codec.Payload) bool {
	if invalid == nil {
		return true
	}
	if foreign := (*codec.TranscodeError)(nil); !errors.As(invalid, &foreign) {
		r.abort(out, s, invalid.Error())
		return false
	}
	var err error
	if *payload, r.plain, err = codec.TranscodePayload(r.plain[:0], *payload, s.serializer, s.serializer); err == nil {
		return true
	}
	answer := codec.Error{RequestType: codec.TypeInvocation, URI: []byte(uriInvalidArgument), Payload: codec.TextPayload(
		s.serializer, nil, "the callee's answer can't be passed on: "+invalid.Error(), nil)}
	r.perform(out, r.dealer.Answer(r.now(), s.callee, request, dealer.Final), hand{serializer: s.serializer, err: &answer})
	return false
}
