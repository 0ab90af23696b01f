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
	return !s.parted && s.flags.Load()&isCallee != 0 && r.dealer.Busy(s.callee)
}

// noteAnswer counts the answer to an INVOCATION that was passed on.
func (s *session) noteAnswer(t codec.MessageType, message []byte) {
	if s.running.Load() == 0 {
		return
	}
	if t == codec.TypeYield {
		var m codec.Yield
		if m.Decode(s.serializer, message) != nil || m.Progress {
			return
		}
	} else if of, err := codec.ID(s.serializer, message, 1); err != nil || of != uint64(codec.TypeInvocation) {
		return
	}
	s.running.Add(-1)
}

// forgetInvocations is for the end of a session: the next one on this connection
// counts anew.
func (s *session) forgetInvocations() {
	s.running.Store(0)
	s.wire.Lock()
	s.highest = 0
	s.wire.Unlock()
}
