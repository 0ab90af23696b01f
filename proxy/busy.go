package proxy

import "github.com/wampool/wampool/codec"

// isBusy tells whether the client has calls in flight as a callee: one that has a
// single thread answers no ping until it has done its work, and is not dropped for
// that (see [transport.Keepalive]). There is no limit to how long that may take
// but the call's own timeout, its caller's patience, and the end of the client's
// machine or program, which its connection tells.
func (s *session) isBusy() bool {
	if s.running.Load() > 0 {
		return true
	}
	r := s.realm.Load()
	if r == nil || s.flags.Load()&isCallee == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hasCallee(s) && r.dealer.Busy(s.callee)
}

// hasCallee tells whether the dealer knows a session as a callee. realm.mu is held.
func (r *realm) hasCallee(s *session) bool {
	return !s.parted && s.flags.Load()&isCallee != 0 && r.callees[s.callee] == s
}

// What a session has in flight at the router, past all pools: calls of its client,
// and INVOCATIONs at it. A clean stop lets them finish. They are counted as they
// pass, by their heads alone.

// inFlight counts them. It is 0 where there is no session.
func (s *session) inFlight() int64 {
	if !s.open.Load() || s.over.Load() {
		return 0
	}
	n := s.calling.Load() + s.running.Load()
	r := s.realm.Load()
	if r == nil || s.flags.Load()&isCallee == 0 {
		return n
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hasCallee(s) {
		n += int64(r.dealer.Own(s.callee))
	}
	return n
}

// noteCall counts a CALL that goes to the router. One with an earlier ID is a
// further part of a call.
func (s *session) noteCall(message []byte) {
	if id, err := codec.ID(s.serializer, message, 1); err == nil && id > s.called.Load() {
		s.called.Store(id)
		s.calling.Add(1)
	}
}

// notePassed is noteCall for a message that may be another one.
func (s *session) notePassed(message []byte) {
	if t, _ := codec.PeekType(s.serializer, message); t == codec.TypeCall {
		s.noteCall(message)
	}
}

// noteResult counts the router's answer to a CALL.
func (s *session) noteResult(t codec.MessageType, message []byte) {
	if s.calling.Load() == 0 {
		return
	}
	switch t {
	case codec.TypeResult:
		if codec.IsPart(s.serializer, message, 2) {
			return
		}
	case codec.TypeError:
		if of, err := codec.ID(s.serializer, message, 1); err != nil || of != uint64(codec.TypeCall) {
			return
		}
	default:
		return
	}
	if s.calling.Add(-1) == 0 {
		s.rest()
	}
}

// noteAnswer counts the answer to an INVOCATION that was passed on, after it has
// gone to the router.
func (s *session) noteAnswer(t codec.MessageType, message []byte) {
	if s.running.Load() == 0 {
		return
	}
	element := 1
	switch t {
	case codec.TypeYield:
		if codec.IsPart(s.serializer, message, 2) {
			return
		}
	case codec.TypeError:
		if of, err := codec.ID(s.serializer, message, 1); err != nil || of != uint64(codec.TypeInvocation) {
			return
		}
		element = 2
	default:
		return
	}
	if s.flags.Load()&isCallee != 0 { // others are in the dealer's books
		s.wire.Lock()
		highest := s.highest
		s.wire.Unlock()
		if id, err := codec.ID(s.serializer, message, element); err != nil || id > highest {
			return
		}
	}
	if s.running.Add(-1) == 0 {
		s.rest()
	}
}

// rest tells who waits for it that the session may have nothing in flight.
func (s *session) rest() {
	select {
	case <-s.proxy.draining:
		select {
		case s.proxy.rested <- struct{}{}:
		default:
		}
	default:
	}
}

// forgetInFlight is for the end of a session: the next one on this connection
// counts anew.
func (s *session) forgetInFlight() {
	s.calling.Store(0)
	s.called.Store(0)
	s.running.Store(0)
	s.wire.Lock()
	s.highest = 0
	s.wire.Unlock()
}
