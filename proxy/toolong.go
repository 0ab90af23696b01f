package proxy

import (
	"fmt"

	"github.com/wampool/wampool/codec"
)

// spare deals with a message of the router that is longer than the client's
// RawSocket takes, and so must not be sent ("RawSocket Transport",
// #name-rawsocket-transport), so that it does not cost the client its session: a result
// becomes an error, which is returned to be passed on instead; a call is answered
// in the client's stead, and an event is left out. It is false for messages
// whose loss nobody can be told of: they end the connection.
func (c *client) spare(m *message) (instead []byte, ok bool) {
	size, most := len(m.raw), c.conn.MaxSend()
	switch m.Type {
	case codec.TypeResult:
		if m.Request == 0 || m.IsPart() {
			return nil, false
		}
		return c.payloadError(codec.TypeCall, m.Request,
			fmt.Sprintf("the result has %d bytes, and %d is the most that the caller's RawSocket takes", size, most)), true
	case codec.TypeInvocation:
		if m.Request == 0 {
			return nil, false
		}
		c.routerOut.Send(c.router, c.payloadError(codec.TypeInvocation, m.Request,
			fmt.Sprintf("the call has %d bytes, and %d is the most that the callee's RawSocket takes", size, most)))
		return nil, true
	case codec.TypeEvent:
		if more, say := c.proxy.leftOut.now(); say {
			c.logger().Warn().Int("bytes", size).Int("most", most).Int("more_since_last_line", more).
				Msg("event left out: it is longer than the client's RawSocket takes")
		}
		return nil, true
	}
	return nil, false
}

func (c *client) payloadError(request codec.MessageType, id uint64, text string) []byte {
	m := codec.Error{
		RequestType: request, Request: id, URI: []byte(uriPayloadSize), Payload: codec.TextPayload(c.serializer, nil, text, nil),
	}
	return m.Append(nil, c.serializer)
}
