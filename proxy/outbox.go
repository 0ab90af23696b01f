package proxy

import "github.com/wampool/wampool/proxy/transport"

// outbox collects the connections that a reader has written to since it last
// blocked. It belongs to one goroutine.
type outbox struct {
	touched []*transport.Conn
}

// send appends a message to a connection's send buffer. An error ends that
// connection, and its reader deals with it.
func (o *outbox) send(to *transport.Conn, message []byte) {
	if to.Send(message) != nil {
		return
	}
	for _, c := range o.touched {
		if c == to {
			return
		}
	}
	o.touched = append(o.touched, to)
}

// flush writes out what was sent, without blocking.
func (o *outbox) flush() {
	for i, c := range o.touched {
		c.Flush()
		o.touched[i] = nil
	}
	o.touched = o.touched[:0]
}
