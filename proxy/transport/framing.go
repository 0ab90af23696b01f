package transport

// framing is how messages are told apart in a connection's bytes: WebSocket or
// RawSocket.
type framing interface {
	// read returns the next message, in c.message, and answers pings on its
	// way. Only the reader calls it. An error is in the terms of [Conn.Read].
	read(c *Conn) ([]byte, error)

	// write puts a message into a gap of what is gathered, or appends it, and so does
	// writeParts; ping appends what the peer answers. c.sending is held.
	write(in gapNumber, message []byte) error
	writeParts(in gapNumber, message Parts) error
	ping() error

	// pings tells whether the peer knows pings.
	pings() bool

	// part tells the peer that this is the end and waits until it has heard.
	// The connection has a deadline then, and nothing else is written but what
	// comes into gaps.
	part(c *Conn, code int, reason string)

	// held returns the bytes of the buffer in which the reader keeps what makes
	// no message yet.
	held() int

	// release gives back what the reader held, once the socket is closed.
	release()
}
