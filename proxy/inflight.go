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

// noteCall counts a message that goes to the router, if it is a CALL. One with an
// earlier ID is a further part of a call.
func (s *session) noteCall(m *message) {
	if m.Type == codec.TypeCall && m.Request > s.calls.latest.Load() {
		s.calls.latest.Store(m.Request)
		s.calls.open.Add(1)
	}
}

// noteResult counts the router's answer to a CALL.
func (s *session) noteResult(m *message) {
	if s.calls.open.Load() == 0 || m.Request == 0 {
		return
	}
	switch {
	case m.Type == codec.TypeResult && !m.IsPart():
	case m.Type == codec.TypeError && m.RequestType == codec.TypeCall:
	default:
		return
	}
	if s.calls.open.Add(-1) == 0 {
		s.rest()
	}
}

// noteAnswer counts the answer to an INVOCATION that was passed on, after it has
// gone to the router.
func (s *session) noteAnswer(m *message) {
	if s.isAnswer(m) {
		s.noteOwnAnswer()
	}
}

// isAnswer tells whether a client's message is what noteAnswer counts.
func (s *session) isAnswer(m *message) bool {
	if s.invocations.open.Load() == 0 || m.Request == 0 {
		return false
	}
	switch {
	case m.Type == codec.TypeYield && !m.IsPart():
	case m.Type == codec.TypeError && m.RequestType == codec.TypeInvocation:
	default:
		return false
	}
	if !s.concerns.any(ofCallee) { // others are in the dealer's books
		return true
	}
	s.invocations.mu.Lock()
	defer s.invocations.mu.Unlock()
	return m.Request <= s.invocations.highest
}

func (s *session) noteOwnAnswer() {
	if s.invocations.open.Add(-1) == 0 {
		s.rest()
	}
}
