package router

import (
	"slices"

	"github.com/wampool/wampool/proxy/transport"
)

// outbox collects the connections that a session's reader has written to since
// it last blocked. It belongs to that reader.
type outbox struct {
	touched []*transport.Conn
}

// send appends a message to a connection's send buffer. A connection that can
// take no more has ended, which its own reader deals with.
func (o *outbox) send(to *transport.Conn, message []byte) {
	if to.Send(message) == nil && !slices.Contains(o.touched, to) {
		o.touched = append(o.touched, to)
	}
}

// flush writes out what was sent, without blocking.
func (o *outbox) flush() {
	for _, conn := range o.touched {
		conn.Flush()
	}
	clear(o.touched)
	o.touched = o.touched[:0]
}
