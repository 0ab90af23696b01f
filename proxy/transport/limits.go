// Package transport carries WAMP messages over WebSocket: the listening side,
// the dialing side and the connection that both give.
//
//	Send ─▶ websocket library (frames) ─▶ gather (memory) ── Flush ─▶ socket
//	Read ◀─ websocket library (frames) ◀─ gather ◀───────────────── socket
//
// Sending appends to a bounded buffer and never blocks, so nobody waits for
// another's slow socket: who does not read is dropped. Flushing writes what has
// gathered in one system call. A reader flushes what it has caused whenever it
// is about to wait for input, see [Conn.BeforeBlock].
//
// The router is dialed before a client is answered, so that both hops speak the
// serializer that the router chose: see [Handshake].
package transport

import "time"

// Limits bound what one connection may take. Zero values stand for the defaults.
type Limits struct {
	MessageBytes     int64         // largest message received; 16 MiB
	SendBufferBytes  int64         // most that waits to be sent; 8 MiB
	HandshakeTimeout time.Duration // from the connection to the end of its handshake; 10 s
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
