package proxy

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// readOn reads on in a message of the client behind its head, as far as its realm
// may have to know. It is the reader's last look at the message's bytes, and takes
// no lock: what the realm has to see of a payload is found here, however long that
// is. What may be held behind a REGISTER is read in memory of its own.
func (s *session) readOn(m *message) *message {
	if m.Type == codec.TypeRegister || s.concerns.any(ofRegisters) {
		m = s.said.keep()
	}
	switch m.Type {
	case codec.TypeYield, codec.TypeError:
		if s.concerns.any(ofCallee | ofRegisters) {
			s.readCalleeAnswer(m)
		}
	case codec.TypeCall:
		s.readCall(m)
	case codec.TypeCancel:
		s.readCancel(m)
	case codec.TypeRegister:
		register := new(codec.Register)
		if register.DecodeBehind(&m.Head) == nil { // else its own router tells it
			m.register = register
		}
	case codec.TypeUnregister:
		var unregister codec.Unregister
		if unregister.DecodeBehind(&m.Head) == nil {
			m.registration = unregister.Registration
		}
	case codec.TypePublish:
		var publish codec.Publish
		m.acknowledged = publish.DecodeBehind(&m.Head) == nil && publish.Acknowledge
	}
	return m
}

// readCalleeAnswer reads what a callee of pools answers to an INVOCATION. One of
// the pool's goes to a session that others depend on.
func (s *session) readCalleeAnswer(m *message) {
	m.readCalleeAnswer(s.said.room(), s.conn)
}

// readCalleeAnswer reads what has come from a callee on its connection.
func (m *message) readCalleeAnswer(in *scratch, from *transport.Conn) {
	switch m.Type {
	case codec.TypeYield:
		m.yield = &in.yield
		if m.wrong = m.yield.DecodeBehind(&m.Head); m.wrong == nil {
			m.check(m.yield.Validate(from.Serializer()))
		}
		if !m.kept {
			m.memory = from.Lend(m.raw)
		}
	default:
		m.failure = &in.failure
		if m.wrong = m.failure.DecodeBehind(&m.Head); m.wrong == nil && m.RequestType == codec.TypeInvocation {
			m.check(m.failure.Validate(from.Serializer()))
		}
	}
}

// readCall reads a CALL, which is validated if it may be answered here.
func (s *session) readCall(m *message) {
	if s.isDirect {
		m.own(s.conn)
	}
	call := &s.said.room().call
	if m.kept { // it outlives the next one
		call = new(codec.Call)
	}
	if call.DecodeBehind(&m.Head) != nil {
		return // its own router tells it
	}
	m.call = call
	m.asks = asksFor(s.serializer, call)
	if s.isDirect && (m.Request <= s.furthest || s.realm.mayAnswer(s, call.Procedure)) {
		m.check(call.Validate(s.serializer))
		m.parent = s.realm.proxy.contextOf(s.serializer, call.Payload, call.Passthru)
	}
	s.furthest = max(s.furthest, m.Request)
}

// readCancel reads a CANCEL of a caller whose calls may be answered here.
func (s *session) readCancel(m *message) {
	if !s.isDirect {
		return
	}
	var cancel codec.Cancel
	if m.wrong = cancel.DecodeBehind(&m.Head); m.wrong == nil {
		m.wrong = cancel.Validate(s.serializer)
	}
	m.mode = cancel.Mode
}

// readAnswer reads on in a message of the router behind its head, in the same way.
func (s *session) readAnswer(m *message) {
	in := s.heard.room()
	switch m.Type {
	case codec.TypeInvocation:
		if in.invocation.DecodeBehind(&m.Head) == nil {
			m.invocation = &in.invocation
		}
	case codec.TypeInterrupt:
		if in.interrupt.DecodeBehind(&m.Head) == nil {
			m.interrupt = &in.interrupt
		}
	case codec.TypeRegistered:
		if m.registered.DecodeBehind(&m.Head) != nil {
			m.registered = codec.Registered{}
		}
	case codec.TypeError:
		if in.failure.DecodeBehind(&m.Head) == nil {
			m.failure = &in.failure
		}
	case codec.TypeResult:
		if s.concerns.any(ofMeta) && in.result.DecodeBehind(&m.Head) == nil {
			m.result = &in.result
		}
	}
}
