package driver

import "github.com/wampool/wampool/codec"

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
	from, to     codec.Serializer
}

// build builds the message. An error says what of it the serializer can't express.
func (s *scratch) build(l *letter) error {
	dict, payload, err := s.transcode(l.dict, l.payload, l.from, l.to)
	if err != nil {
		return err
	}
	if l.isForRouter() {
		payload = payload.InForm(l.to)
	}
	switch l.kind {
	case codec.TypeInvocation:
		m := codec.Invocation{Request: l.request, Registration: l.registration, Details: dict, Payload: payload}
		s.message = m.Append(s.message[:0], l.to)
	case codec.TypeYield:
		m := codec.Yield{Request: l.request, Options: dict, Payload: payload}
		s.message = m.Append(s.message[:0], l.to)
	case codec.TypeResult:
		m := codec.Result{Request: l.request, Details: dict, Payload: payload}
		s.message = m.Append(s.message[:0], l.to)
	case codec.TypeError:
		m := codec.Error{RequestType: l.of, Request: l.request, Details: dict, URI: l.uri, Payload: payload}
		s.message = m.Append(s.message[:0], l.to)
	default:
		panic("driver: a letter must be an INVOCATION or an answer to one")
	}
	return nil
}

// isForRouter tells whether it is an answer to a router, which may end the session
// that sends null for a list.
func (l *letter) isForRouter() bool {
	return l.kind == codec.TypeYield || l.kind == codec.TypeError && l.of == codec.TypeInvocation
}
