package transport

import "time"

// Limits bound what one connection may take. Zero values stand for the defaults,
// no Keepalive for none.
type Limits struct {
	MessageBytes     int64         // largest message received; 16 MiB
	SendBufferBytes  int64         // most that waits to be sent, behind the message at its head; 8 MiB
	HandshakeTimeout time.Duration // from a client's connection to the end of its request, and see [Handshake.Until]; 10 s
	Keepalive        *Keepalive    // that looks after it
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
