package driver

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// letter is what a message is made of that brings somebody's payload to somebody
// else.
type letter struct {
	kind         codec.MessageType // INVOCATION, YIELD, RESULT or ERROR
	of           codec.MessageType // REQUEST.Type of an ERROR
	request      uint64
	registration uint64     // of an INVOCATION
	dict         codec.Dict // Details or Options
	uri          []byte     // of an ERROR
	payload      codec.Payload
	memory       *codec.Memory // what payload lies in, if that may be held; else nil
	given        bool          // nobody looks at payload afterwards
	from, to     codec.Serializer
}

// joined is the longest payload that is copied behind its head: that costs less than
// to send the two apart.
const joined = 4 << 10

// build builds the message: in s.message, or where its payload is long, its head
// alone. An error says what of it the serializer can't express.
func (s *scratch) build(l *letter) (transport.Parts, error) {
	dict, payload, err := s.transcode(l.dict, l.payload, l.from, l.to)
	if err != nil {
		return transport.Parts{}, err
	}
	if l.isForRouter() {
		payload = payload.InForm(l.to)
	}
	switch l.kind {
	case codec.TypeInvocation:
		m := codec.Invocation{Request: l.request, Registration: l.registration, Details: dict, Payload: payload}
		s.message = m.AppendHead(s.message[:0], l.to)
	case codec.TypeYield:
		m := codec.Yield{Request: l.request, Options: dict, Payload: payload}
		s.message = m.AppendHead(s.message[:0], l.to)
	case codec.TypeResult:
		m := codec.Result{Request: l.request, Details: dict, Payload: payload}
		s.message = m.AppendHead(s.message[:0], l.to)
	case codec.TypeError:
		m := codec.Error{RequestType: l.of, Request: l.request, Details: dict, URI: l.uri, Payload: payload}
		s.message = m.AppendHead(s.message[:0], l.to)
	default:
		panic("driver: a letter must be an INVOCATION or an answer to one")
	}
	if payload.Len() <= joined {
		s.message = append(append(s.message, payload.Raw()...), codec.Tail(l.to)...)
		return transport.Parts{Head: s.message}, nil
	}
	parts := transport.Parts{Head: s.message, Payload: payload.Raw(), Tail: codec.Tail(l.to)}
	if payload.Is(l.payload) {
		parts.Memory, parts.Given = l.memory, l.given
	}
	return parts, nil
}

// isForRouter tells whether it is an answer to a router, which may end the session
// that sends null for a list.
func (l *letter) isForRouter() bool {
	return l.kind == codec.TypeYield || l.kind == codec.TypeError && l.of == codec.TypeInvocation
}
