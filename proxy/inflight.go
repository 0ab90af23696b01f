package proxy

import (
	"sync"
	"sync/atomic"

	"github.com/wampool/wampool/codec"
)

// passedCalls are the CALLs of a session that are at the router without their
// last answer. They are counted as they pass, by their heads alone.
type passedCalls struct {
	open   atomic.Int64
	latest atomic.Uint64 // the highest ID of these
}

// passedInvocations are the INVOCATIONs of the router that a session's client has
// not answered. While it is a callee of pools, the dealer's books have them
// instead, but for those that passed before.
type passedInvocations struct {
	open atomic.Int64

	mu      sync.Mutex // below realm.mu; held while one passes
	highest uint64     // ID of one that passed

	kept int64 // under realm.mu: bytes that count for those in the dealer's books
}

// noteCall counts a CALL that goes to the router. One with an earlier ID is a
// further part of a call.
func (s *session) noteCall(message []byte) {
	if id, err := codec.ID(s.serializer, message, 1); err == nil && id > s.calls.latest.Load() {
		s.calls.latest.Store(id)
		s.calls.open.Add(1)
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
	if s.calls.open.Load() == 0 {
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
	if s.calls.open.Add(-1) == 0 {
		s.rest()
	}
}

// noteAnswer counts the answer to an INVOCATION that was passed on, after it has
// gone to the router.
func (s *session) noteAnswer(t codec.MessageType, message []byte) {
	if s.invocations.open.Load() == 0 {
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
	if s.concerns.any(ofCallee) { // others are in the dealer's books
		s.invocations.mu.Lock()
		highest := s.invocations.highest
		s.invocations.mu.Unlock()
		if id, err := codec.ID(s.serializer, message, element); err != nil || id > highest {
			return
		}
	}
	if s.invocations.open.Add(-1) == 0 {
		s.rest()
	}
}
