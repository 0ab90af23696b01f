// Package transport carries WAMP messages over WebSocket: the listening side,
// the dialing side and the connection that both give.
//
//	Send ─▶ websocket library (frames) ─▶ gather (memory) ── Flush ─▶ socket
//	Read ◀─ websocket library (frames) ◀─ gather (read-ahead) ◀────── socket
//
// Sending appends to a bounded buffer and never blocks, so nobody waits for
// another's slow socket: who does not read is dropped. Flushing writes what has
// gathered in one system call, on the goroutine that asks for it; only what the
// socket does not take at once is left to a goroutine of the connection
// (gather.go). A reader gets all messages that one read of the socket has
// brought, and flushes what it has caused when it is about to wait for more:
// see [Conn.BeforeBlock]. A connection that waits holds no buffers but the
// library's small ones.
//
// The router is dialed before a client is answered, so that both hops speak the
// serializer that the router chose: see [Handshake].
//
// Messages are bounded, and text is not checked for UTF-8 here: that is up to
// the codec, for what it lets through.
package transport

import "time"

// Limits bound what one connection may take. Zero values stand for the defaults.
type Limits struct {
	MessageBytes     int64         // largest message received; 16 MiB
	SendBufferBytes  int64         // most that waits to be sent, behind the message at its head; 8 MiB
	HandshakeTimeout time.Duration // from a client's connection to the end of its request; 10 s
}

func (l Limits) withDefaults() Limits {
	if l.MessageBytes == 0 {
		l.MessageBytes = 16 << 20
	}
	if l.SendBufferBytes == 0 {
		l.SendBufferBytes = 8 << 20
	}
	if l.HandshakeTimeout == 0 {
		l.HandshakeTimeout = 10 * time.Second
	}
	return l
}
