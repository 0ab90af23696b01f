package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"unicode/utf8"

	"github.com/wampool/wampool/codec"
)

// webSocket is one message a WebSocket message ("WebSocket Transport",
// #name-websocket-transport). The library makes the handshake; the frames behind it are
// written and read here (RFC 6455, section 5), straight between the messages and
// the connection's buffers: through the library, each message costs as much
// again in locks and copies as everything else that wampool does with it.
type webSocket struct {
	// Immutable.
	stream     net.Conn // gather, or TLS above it
	gather     *gather
	serializer codec.Serializer
	opcode     byte  // of all its messages: text for JSON, binary for the others
	limit      int64 // of messages from the peer, in bytes
	dialed     bool  // this side masks what it sends, the other side does not

	reading turn   // held while somebody reads
	in      inflow // of the one who reads
	over    bool   // the peer's close frame has come

	closed  bool // under Conn.sending: a close frame was sent
	outward [maxFrameHeader]byte
}

func newWebSocket(stream net.Conn, g *gather, s codec.Serializer, limit int64, dialed bool) *webSocket {
	w := &webSocket{stream: stream, gather: g, serializer: s, opcode: opText, limit: limit, dialed: dialed, in: newInflow(stream, g)}
	if s.Binary() {
		w.opcode = opBinary
	}
	return w
}

// read returns the next message: where it came in one piece, as it lies in the
// buffer of the read that brought it.
func (w *webSocket) read(c *Conn) ([]byte, error) {
	w.reading.Lock()
	defer w.reading.Unlock()
	var size int64 // of the fragments before
	var empty int  // of them
	for begun := false; ; {
		f, err := w.readHeader()
		if err != nil {
			return nil, err
		}
		if f.isControl() {
			if err := w.control(c, &f); err != nil {
				return nil, err
			}
			continue
		}
		if err := w.checkOrder(&f, begun); err != nil {
			return nil, err
		}
		if limit := c.bounds.limit(w.limit); f.length > limit-size { // their sum may be beyond 64 bit
			return nil, tooLarge(limit)
		}
		size += f.length
		if f.length == 0 && !f.final {
			if empty++; empty > mostEmpty {
				return nil, &ProtocolError{codePolicy, "message of empty fragments without end"}
			}
		}
		if f.final && !begun && f.length <= int64(len(w.in.bytes())) {
			message := w.in.take(int(f.length))
			f.unmask(message)
			return message, w.checkText(message)
		}
		if !begun {
			c.receive(f.length)
			begun = true
		}
		if err := w.readFragment(c, &f); err != nil {
			return nil, err
		}
		if f.final {
			return c.received(), w.checkText(c.message.b)
		}
	}
}

// mostEmpty is how many empty fragments a message may have: they never make it
// too large.
const mostEmpty = 1000

// readFragment appends a frame's payload to the message. Of a long one, what has
// not come with its header is read to where it belongs, and more at a time the
// more has come.
func (w *webSocket) readFragment(c *Conn, f *frameHeader) error {
	for rest := f.length; rest > 0; {
		if len(w.in.bytes()) == 0 && rest >= aheadBytes {
			n, err := w.readLong(c, f, rest)
			if err != nil {
				return lost(err)
			}
			rest -= int64(n)
			continue
		}
		if len(w.in.bytes()) == 0 {
			if err := w.in.more(); err != nil {
				return lost(err)
			}
		}
		part := w.in.take(int(min(rest, int64(len(w.in.bytes())), receiveStep)))
		f.unmask(part)
		c.grow(len(part), bytesOf(rest))
		c.message.b = append(c.message.b, part...)
		rest -= int64(len(part))
	}
	return nil
}

// readLong reads once into the message.
func (w *webSocket) readLong(c *Conn, f *frameHeader, rest int64) (int, error) {
	c.grow(int(min(rest, leastRoom)), bytesOf(rest))
	b := c.message.b
	n, err := w.in.readInto(b[len(b):min(int64(cap(b)), int64(len(b))+rest)])
	f.unmask(b[len(b) : len(b)+n])
	c.message.b = b[:len(b)+n]
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// readHeader waits for the next frame.
func (w *webSocket) readHeader() (f frameHeader, err error) {
	for {
		n, err := f.parse(w.in.bytes())
		if err != nil {
			return f, err
		}
		if n > 0 {
			w.in.take(n)
			return f, w.checkHeader(&f)
		}
		if err := w.in.more(); err != nil {
			return f, lost(err)
		}
	}
}

// checkHeader finds a frame as this side's peer may send it.
func (w *webSocket) checkHeader(f *frameHeader) error {
	switch {
	case f.masked == w.dialed && w.dialed:
		return frameFault("masked frame from a server")
	case f.masked == w.dialed:
		return frameFault("frame from a client that is not masked")
	case !f.isControl():
		return nil
	case f.opcode > opPong:
		return frameFault(fmt.Sprintf("control frame of unknown type %#x", f.opcode))
	case !f.final:
		return frameFault("control frame in fragments")
	case f.length > longestControl:
		return frameFault(fmt.Sprintf("control frame of %d bytes, %d are the most", f.length, longestControl))
	}
	return nil
}

// checkOrder finds a data frame where it may be.
func (w *webSocket) checkOrder(f *frameHeader, begun bool) error {
	switch {
	case begun != (f.opcode == opContinuation):
		if begun {
			return frameFault("new message within one that is not complete")
		}
		return frameFault("continuation of no message")
	case f.opcode == opContinuation, f.opcode == w.opcode:
		return nil
	case f.opcode > opBinary:
		return frameFault(fmt.Sprintf("frame of unknown type %#x", f.opcode))
	}
	return &ProtocolError{codeUnsupported, fmt.Sprintf(
		"%s message where %s has %s ones", opcodeName(f.opcode), w.serializer.Subprotocol(), opcodeName(w.opcode))}
}

// checkText finds a text message valid (RFC 6455, 8.1).
func (w *webSocket) checkText(message []byte) error {
	if w.opcode == opText && !utf8.Valid(message) {
		return &ProtocolError{codeInvalidPayload, "text message that is not valid UTF-8"}
	}
	return nil
}

// control takes a control frame.
func (w *webSocket) control(c *Conn, f *frameHeader) error {
	for int64(len(w.in.bytes())) < f.length {
		if err := w.in.more(); err != nil {
			return lost(err)
		}
	}
	payload := w.in.take(int(f.length))
	f.unmask(payload)
	if f.opcode != opClose {
		if err := c.controls.count(); err != nil {
			return err
		}
	}
	switch f.opcode {
	case opPing:
		return w.pong(c, payload)
	case opClose:
		w.over = true
		end := closeFrame(payload)
		if fault := (*ProtocolError)(nil); !errors.As(end, &fault) {
			w.answerClose(c, payload)
		}
		return end
	}
	return nil
}

// pong answers a ping with its payload.
func (w *webSocket) pong(c *Conn, payload []byte) error {
	c.sending.Lock()
	err := c.admit(len(payload))
	if err == nil {
		err = w.writeFrame(noGap, opPong, payload)
	}
	c.sending.Unlock()
	if c.state.Load() == leaving {
		return nil // the peer's close frame is still awaited
	}
	return c.sent(err)
}

// answerClose returns a close frame, unless this side has closed before.
func (w *webSocket) answerClose(c *Conn, payload []byte) {
	c.sending.Lock()
	if !w.closed && c.state.Load() == open {
		w.closed = true
		_ = w.writeFrame(noGap, opClose, payload[:min(2, len(payload))])
	}
	c.sending.Unlock()
	w.gather.Flush()
}

func (w *webSocket) write(in gapNumber, message []byte) error {
	return w.writeFrame(in, w.opcode, message)
}

func (w *webSocket) writeParts(in gapNumber, message Parts) error {
	header, key := w.frameHeader(w.opcode, message.Len())
	return w.gather.putParts(in, header, &message, key)
}

func (w *webSocket) ping() error { return w.writeFrame(noGap, opPing, nil) }

func (w *webSocket) pings() bool { return true }

// writeFrame gathers a frame. Conn.sending is held.
func (w *webSocket) writeFrame(in gapNumber, opcode byte, payload []byte) error {
	header, key := w.frameHeader(opcode, len(payload))
	return w.gather.put(in, header, payload, key)
}

// frameHeader returns the header of the next frame and the key that its payload is
// masked with, 0 for none.
func (w *webSocket) frameHeader(opcode byte, length int) (header []byte, key uint32) {
	if w.dialed {
		key = rand.Uint32()
	}
	return appendFrameHeader(w.outward[:0], opcode, length, w.dialed, key), key
}

// part is the close handshake (RFC 6455, 7.1.2), or the end of the stream. The
// reader, if there is one, takes the peer's close frame; else it is awaited here.
func (w *webSocket) part(c *Conn, code int, reason string) {
	if code == codeLost {
		if !w.gather.endStream() {
			return
		}
	} else if w.writeClose(c, closePayload(code, reason)) != nil {
		return
	}
	w.gather.Flush()
	w.reading.Lock()
	defer w.reading.Unlock()
	w.in.moveOn() // the reader may not be done with its latest message
	for !w.over {
		f, err := w.readHeader()
		if err != nil || w.discard(f.length) != nil {
			return
		}
		w.over = f.opcode == opClose
	}
}

func (w *webSocket) writeClose(c *Conn, payload []byte) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return w.writeFrame(noGap, opClose, payload)
}

// discard takes a payload that nobody wants.
func (w *webSocket) discard(rest int64) error {
	for rest > 0 {
		if len(w.in.bytes()) == 0 {
			if err := w.in.more(); err != nil {
				return err
			}
		}
		rest -= int64(len(w.in.take(int(min(rest, int64(len(w.in.bytes())))))))
	}
	return nil
}

func (w *webSocket) held() int {
	if w.in.held == nil {
		return 0
	}
	return cap(w.in.held.b)
}

func (w *webSocket) release() {
	w.reading.Lock()
	w.in.release()
	w.reading.Unlock()
}

// closeFrame returns how the peer has ended the connection: io.EOF in good
// order, a *[CloseError], or a *[ProtocolError] for a close frame that is none.
func closeFrame(payload []byte) error {
	if len(payload) == 0 {
		return &CloseError{Code: codeNoStatus}
	}
	if len(payload) == 1 {
		return frameFault("close frame with half a code")
	}
	code, reason := int(binary.BigEndian.Uint16(payload)), payload[2:]
	switch {
	case !mayClose(code):
		return frameFault(fmt.Sprintf("close frame with code %d", code))
	case !utf8.Valid(reason):
		return &ProtocolError{codeInvalidPayload, "close frame with a reason that is not valid UTF-8"}
	case code == codeNormal:
		return io.EOF
	}
	return &CloseError{code, string(reason)}
}
