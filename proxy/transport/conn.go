package transport

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/wampool/wampool/codec"
)

// Conn carries WAMP messages over a WebSocket or a RawSocket. One goroutine
// reads; any may send, flush and close.
type Conn struct {
	// Immutable.
	framing    framing
	gather     *gather
	serializer codec.Serializer
	remote     string
	maxSend    int
	keepalive  *Keepalive // nil: none
	done       chan struct{}

	paused atomic.Bool                 // its reader waits for room elsewhere
	busy   atomic.Pointer[func() bool] // nil: it never is

	bounds bounds

	// Owned by the reader.
	message   *buffer // holds the latest message; nil while the reader waits for one
	receiving bool    // the message has begun to arrive in it
	longest   int     // bytes of the latest message that was
	over      error   // what Read returns from now on
	controls  controls

	// outside is held by the reader while it is not in Read, so that the hook
	// runs only while it is: the close of a connection reads too, and must not
	// run it while its reader does something else.
	outside sync.Mutex
	hook    func()
	pause   func()

	pong func([]byte) // nil: nobody asks. Set before the first Read

	sending sync.Mutex

	state atomic.Uint32 // changed under mu

	mu      sync.Mutex
	reason  error // why it is not open any more
	closing sync.WaitGroup
}

// States of a connection:
//
//	open ──Close──▶ leaving ──▶ ended
//	  └── lost, closed by the peer, Abort ──▶ ended
const (
	open    uint32 = iota
	leaving        // the close handshake is under way
	ended          // the socket is closed
)

func newConn(f framing, g *gather, s codec.Serializer, remote string, maxSend int, k *Keepalive) *Conn {
	c := &Conn{framing: f, gather: g, serializer: s, remote: remote, maxSend: maxSend, keepalive: k, done: make(chan struct{})}
	c.outside.Lock()
	g.setMode(gathering)
	g.owner.Store(c)
	k.add(c)
	return c
}

// unlimited is the most that a WebSocket's peer takes, as far as this side knows.
const unlimited = math.MaxInt

// Serializer returns what the connection's messages are written in.
func (c *Conn) Serializer() codec.Serializer { return c.serializer }

// MaxSend returns the longest message that the peer takes, in bytes: what it
// has announced over RawSocket. Over WebSocket nobody announces anything.
func (c *Conn) MaxSend() int { return c.maxSend }

// IsRawSocket tells whether the connection is a RawSocket, of which the end says
// nothing: it is [io.EOF] in good order and also where the peer has died.
func (c *Conn) IsRawSocket() bool {
	_, is := c.framing.(*rawSocket)
	return is
}

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() string { return c.remote }

// BeforeBlock sets what runs whenever Read is about to wait for input, and when
// it returns an error: the reader's chance to flush the connections that it has
// sent to. The hook never runs while the reader is outside of Read, and never
// between messages of one read of the socket. It must be set before the first
// Read, and must not block.
func (c *Conn) BeforeBlock(hook func()) { c.hook = hook }

// BeforeRead sets what runs before Read asks the socket for more while what the reader
// has caused may not be flushed yet. What holds of [Conn.BeforeBlock] holds of it too,
// but that it need not run at all.
func (c *Conn) BeforeRead(hook func()) { c.pause = hook }

// beforeRead runs that hook, if the reader is in Read.
func (c *Conn) beforeRead() {
	if c.pause != nil && c.outside.TryLock() {
		c.pause()
		c.outside.Unlock()
	}
}

// beforeBlock runs the hook, if the reader is in Read, and lets go of the
// buffer for messages.
func (c *Conn) beforeBlock() {
	if !c.outside.TryLock() {
		return
	}
	// While the connection is open it is the reader who gets here.
	if c.state.Load() == open && !c.receiving && c.message != nil {
		c.message.giveBack()
		c.message = nil
	}
	if c.state.Load() == open {
		c.chargeRead()
	}
	if c.hook != nil {
		c.hook()
	}
	c.outside.Unlock()
}

// Read returns the next message. It is valid until the next Read.
//
// An error is final: io.EOF after a normal close by the peer, a *[CloseError]
// after another one, a *[LostError] where there was none, a *[ProtocolError]
// where the peer broke the rules, [ErrSendBufferFull], [ErrClosed] after Close,
// or what Abort was given. After Close and Abort no further message is returned.
func (c *Conn) Read() ([]byte, error) {
	if c.over != nil {
		return nil, c.over
	}
	c.receiving = false
	err := c.notOpen()
	if err == nil {
		var message []byte
		c.outside.Unlock()
		message, err = c.framing.read(c)
		c.outside.Lock()
		if err == nil && c.state.Load() == open {
			return message, nil
		}
	}
	c.over = c.endReading(err)
	c.letGo()
	if c.hook != nil {
		c.hook()
	}
	return nil, c.over
}

// receive notes that a message has begun to arrive, and provides for it: with room
// for as many bytes, but what a length says that nothing has come of is not believed
// beyond what the peer has sent at a time before.
func (c *Conn) receive(length int64) {
	c.receiving = true
	room := int(min(length, int64(max(receiveStep, c.longest))))
	if c.message != nil && (!c.message.own() || cap(c.message.b) < room) {
		c.message.giveBack()
		c.message = nil
	}
	if c.message == nil {
		c.message = borrowBuffer(room)
	}
	c.message.b = c.message.b[:0]
}

// received notes that all of a message has come that was received so.
func (c *Conn) received() []byte {
	c.longest = len(c.message.b)
	return c.message.b
}

// Keep returns the message that Read has just returned, in memory that it has for
// itself, and that can be held beyond the next Read: [codec.Memory.Hold]. It is a
// copy if the message lies among others, as short ones do, or in much more memory
// than it takes. Only the reader calls it.
func (c *Conn) Keep(message []byte) ([]byte, *codec.Memory) {
	if !c.receiving || len(message) < cap(c.message.b)/4*3 {
		c.receiving = true
		among := c.message
		c.message = borrowBuffer(len(message))
		c.message.b = append(c.message.b, message...)
		among.free()
	}
	return c.message.b, c.message.lend()
}

// Lend returns the memory of the message that Read has just returned, for [Parts.Memory],
// if it lies in memory of its own, of which it takes the most; else nil. Only the reader
// calls it, and reads on in other memory as long as somebody holds this.
func (c *Conn) Lend(message []byte) *codec.Memory {
	if !c.receiving || len(message) < max(leastLent, cap(c.message.b)/4*3) || &message[0] != &c.message.b[0] {
		return nil
	}
	return c.message.lend()
}

// endReading ends the connection for an error of the reader, unless it has
// ended already, and returns what Read returns from now on.
func (c *Conn) endReading(err error) error {
	if c.state.Load() == open {
		if fault := (*ProtocolError)(nil); errors.As(err, &fault) {
			c.leave(fault.Code, fault.Reason, faultLinger, fault)
		} else {
			c.end(err)
		}
	}
	if c.state.Load() == ended {
		c.framing.release()
	}
	return c.notOpen()
}

// Send appends a message to the send buffer, a copy of it. It never blocks. An
// error means that the connection has ended or ends now, and the reader gets it
// as well: [ErrSendBufferFull] where the peer leaves too much unread,
// [ErrMessageTooLong] where it takes no message of this length. The message is
// written with the next Flush, of anybody, or Read of this connection.
func (c *Conn) Send(message []byte) error {
	if len(message) > c.maxSend {
		return c.refuseToSend(len(message))
	}
	c.sending.Lock()
	err := c.admit(len(message))
	if err == nil {
		err = c.framing.write(noGap, message)
	}
	c.sending.Unlock()
	return c.sent(err)
}

// SendParts is Send for a message in parts, of which a long payload is not copied if it
// may be held.
func (c *Conn) SendParts(message Parts) error {
	size := message.Len()
	if size == len(message.Head) {
		return c.Send(message.Head)
	}
	if size > c.maxSend {
		return c.refuseToSend(size)
	}
	c.sending.Lock()
	err := c.admit(size)
	if err == nil {
		err = c.framing.writeParts(noGap, message)
	}
	c.sending.Unlock()
	return c.sent(err)
}

// refuseToSend ends the connection for a message that its peer does not take.
func (c *Conn) refuseToSend(size int) error {
	err := fmt.Errorf("%w: it has %d bytes, and %d is the most", ErrMessageTooLong, size, c.maxSend)
	c.leave(codeTooLarge, err.Error(), faultLinger, err)
	return c.notOpen()
}

// admit tells whether something of this size may be written, or why not.
// sending is held.
func (c *Conn) admit(size int) error {
	if err := c.notOpen(); err != nil {
		return err
	}
	return c.gather.admit(size)
}

// sent deals with the outcome of a write.
func (c *Conn) sent(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrSendBufferFull) {
		c.end(err)
	}
	return c.notOpen() // nothing is written any more only after the end
}

// Flush writes out what was sent, as far as the socket takes it at once; the
// connection itself goes on with the rest. It never blocks.
func (c *Conn) Flush() { c.gather.Flush() }

// Buffered returns the bytes sent that the socket has not taken yet, framing included.
func (c *Conn) Buffered() int { return c.gather.buffered() }
