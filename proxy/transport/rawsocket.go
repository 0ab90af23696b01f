package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// rawSocket is each message behind its type and length ("RawSocket Transport",
// #name-rawsocket-transport):
//
//	0 0 0 0 X T T T   L L L L L L L L   L L L L L L L L   L L L L L L L L
//	        │ └─ 0 message, 1 ping, 2 pong          └─ length, 24 bit
//	        └─ 1 for a length of 2^24, all other bits being 0
type rawSocket struct {
	stream  net.Conn // gather or TLS above it
	gather  *gather
	limit   int          // of what the peer sends, in bytes, as announced to it
	maxSend int          // of what it takes, as it has announced
	pinged  atomic.Bool  // the peer pings
	reading turn         // held while somebody reads
	inward  [header]byte // of the one who reads
	outward [header]byte // under Conn.sending
}

const (
	header = 4

	rawMessage byte = 0
	rawPing    byte = 1
	rawPong    byte = 2

	rawExtended   = 1 << 3  // X: 2^24 bytes
	rawLongest    = 1 << 24 // with X
	rawLongestOut = rawLongest - 1
)

func newRawSocket(stream net.Conn, g *gather, limit, maxSend int) *rawSocket {
	return &rawSocket{stream: stream, gather: g, limit: limit, maxSend: maxSend}
}

func (f *rawSocket) read(c *Conn) ([]byte, error) {
	f.reading.Lock()
	defer f.reading.Unlock()
	for {
		frame, size, err := f.readHeader(c)
		if err != nil {
			return nil, err
		}
		if frame == rawPing && size > f.maxSend {
			return nil, rawFault("ping larger than the peer takes itself")
		}
		c.receive(int64(size))
		if err := f.readPayload(c, size); err != nil {
			return nil, lost(err)
		}
		if frame == rawMessage {
			return c.received(), nil
		}
		if err := c.controls.count(); err != nil {
			return nil, err
		}
		switch {
		case frame == rawPing:
			f.pinged.Store(true)
			if err := f.pong(c, c.message.b); err != nil {
				return nil, err
			}
		case c.pong != nil:
			c.pong(c.message.b)
		}
		c.receiving = false
	}
}

// readHeader returns the type and length of the next frame. The peer may end
// the connection before one.
func (f *rawSocket) readHeader(c *Conn) (frame byte, size int, err error) {
	if n, err := io.ReadFull(f.stream, f.inward[:]); err != nil {
		if n == 0 && errors.Is(err, io.EOF) {
			return 0, 0, io.EOF
		}
		return 0, 0, lost(err)
	}
	frame = f.inward[0] &^ rawExtended
	size = int(f.inward[1])<<16 | int(f.inward[2])<<8 | int(f.inward[3])
	switch {
	case frame > rawPong:
		return 0, 0, rawFault(fmt.Sprintf("frame of unknown type, its first octet is %#02x", f.inward[0]))
	case f.inward[0]&rawExtended != 0 && size != 0:
		return 0, 0, rawFault("length beyond 2^24 bytes")
	case f.inward[0]&rawExtended != 0:
		size = rawLongest
	}
	// "If a message received during a connection exceeds the limit requested, a Peer
	// MUST fail the connection."
	if limit := c.bounds.limit(int64(f.limit)); int64(size) > limit {
		return 0, 0, tooLarge(limit)
	}
	return frame, size, nil
}

func (f *rawSocket) readPayload(c *Conn, size int) error {
	for len(c.message.b) < size {
		rest := size - len(c.message.b)
		c.grow(min(rest, leastRoom), rest)
		b := c.message.b
		n, err := f.stream.Read(b[len(b):min(cap(b), size)])
		c.message.b = b[:len(b)+n]
		if err != nil && len(c.message.b) < size {
			return err
		}
	}
	return nil
}

func rawFault(reason string) *ProtocolError {
	return &ProtocolError{codeProtocolError, reason}
}

// lost returns the end of a connection as a *LostError.
func lost(err error) error {
	if already := (*LostError)(nil); errors.As(err, &already) {
		return already
	}
	return &LostError{err}
}

func (f *rawSocket) write(in gapNumber, message []byte) error {
	return f.writeFrame(in, rawMessage, message)
}

func (f *rawSocket) writeParts(in gapNumber, message Parts) error {
	return f.gather.putParts(in, f.frameHeader(rawMessage, message.Len()), &message, 0)
}

// writeFrame gathers a frame. Conn.sending is held.
func (f *rawSocket) writeFrame(in gapNumber, frame byte, payload []byte) error {
	return f.gather.put(in, f.frameHeader(frame, len(payload)), payload, 0)
}

func (f *rawSocket) frameHeader(frame byte, n int) []byte {
	f.outward = [header]byte{frame, byte(n >> 16), byte(n >> 8), byte(n)} //nolint:gosec // the peer takes no frame of 2^24 bytes
	return f.outward[:]
}

// pong answers a ping: with exactly one PONG, of the same payload ("RawSocket
// Transport", #name-rawsocket-transport).
func (f *rawSocket) pong(c *Conn, payload []byte) error {
	c.sending.Lock()
	err := c.admit(len(payload))
	if err == nil {
		err = f.writeFrame(noGap, rawPong, payload)
	}
	c.sending.Unlock()
	return c.sent(err)
}

// Ping sends a ping over RawSocket, to a peer that is known to answer: what it answers
// goes to the hook of [Conn.OnPong]. It is written with the next Flush, and never blocks.
// It does nothing over WebSocket.
func (c *Conn) Ping(payload []byte) {
	f, is := c.framing.(*rawSocket)
	if !is {
		return
	}
	c.sending.Lock()
	err := c.admit(len(payload))
	if err == nil {
		err = f.writeFrame(noGap, rawPing, payload)
	}
	c.sending.Unlock()
	_ = c.sent(err)
}

// OnPong sets what the reader calls, within Read, with the payload of each pong that
// comes over RawSocket. It must be set before the first Read, and must not block.
func (c *Conn) OnPong(hook func(payload []byte)) { c.pong = hook }

// Paused tells whether the connection's reader waits for room elsewhere, and so reads
// no pongs.
func (c *Conn) Paused() bool { return c.paused.Load() }

func (f *rawSocket) ping() error { return f.writeFrame(noGap, rawPing, nil) }

// pings is true of a peer that pings itself, and of no other: Autobahn|Python,
// and Crossbar.io with it, take the type of a frame for a part of its length, and
// end the connection.
func (f *rawSocket) pings() bool { return f.pinged.Load() }

// part ends the stream, since RawSocket has no goodbye, and waits for the peer
// to end its own: a socket that is closed with input unread loses what is on
// its way to the peer.
func (f *rawSocket) part(*Conn, int, string) {
	if !f.gather.endStream() {
		return
	}
	f.reading.Lock() // after the reader, which is told the end
	defer f.reading.Unlock()
	b := borrowBuffer(smallestBuffer)
	defer b.giveBack()
	for {
		if _, err := f.stream.Read(b.b[:cap(b.b)]); err != nil {
			return
		}
	}
}

func (f *rawSocket) held() int { return 0 }

func (f *rawSocket) release() {}
