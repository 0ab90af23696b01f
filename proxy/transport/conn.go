package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// ErrSendBufferFull ends a connection whose peer reads slower than it is sent.
var ErrSendBufferFull = errors.New("send buffer full: the peer does not read fast enough")

// CloseError is the close of a connection by its peer, other than a normal one.
type CloseError struct {
	Code   int // RFC 6455, 7.4
	Reason string
}

func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("closed by the peer with code %d", e.Code)
	}
	return fmt.Sprintf("closed by the peer with code %d: %s", e.Code, e.Reason)
}

// Conn carries WAMP messages over a WebSocket. One goroutine reads; any may
// send.
type Conn struct {
	// Immutable.
	socket     *websocket.Conn
	gather     *gather
	serializer codec.Serializer
	frames     websocket.MessageType
	remote     string
	done       chan struct{}

	buffer []byte // owned by the reader

	mu      sync.Mutex
	cause   error // why it ends, once that is known here
	closing bool
	ended   bool
	running sync.WaitGroup // the closing goroutine
}

func newConn(socket *websocket.Conn, g *gather, s codec.Serializer, remote string, limits Limits) *Conn {
	c := &Conn{
		socket: socket, gather: g, serializer: s, frames: websocket.MessageText, remote: remote,
		done: make(chan struct{}),
	}
	if s.Binary() {
		c.frames = websocket.MessageBinary
	}
	g.onFull = func() { c.Abort(ErrSendBufferFull) }
	g.collect()
	socket.SetReadLimit(limits.MessageBytes)
	return c
}

// Serializer returns what messages are written in.
func (c *Conn) Serializer() codec.Serializer { return c.serializer }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() string { return c.remote }

// BeforeBlock sets a hook that the reader's goroutine calls whenever it is
// about to wait for input. It must be set before the first Read.
func (c *Conn) BeforeBlock(hook func()) { c.gather.hook = hook }

// Read returns the next message, valid until the next Read. The error is io.EOF
// after a normal close by the peer, a *[CloseError] after another one, what
// [Conn.Abort] was given, [ErrSendBufferFull], or what went wrong.
func (c *Conn) Read() ([]byte, error) {
	message, err := c.read()
	if err != nil {
		err = c.end(err)
	}
	return message, err
}

// largeMessage is what a reader's buffer may hold for good.
const largeMessage = 64 << 10

func (c *Conn) read() ([]byte, error) {
	frames, r, err := c.socket.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	if frames != c.frames {
		reason := fmt.Sprintf("%s messages must be %s", c.serializer, c.frames)
		c.Close(int(websocket.StatusUnsupportedData), reason, time.Second)
		return nil, errors.New(reason)
	}
	if cap(c.buffer) > largeMessage {
		c.buffer = nil
	}
	if c.buffer == nil {
		c.buffer = make([]byte, 0, 512)
	}
	b := c.buffer[:0]
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err != nil {
			c.buffer = b
			if err == io.EOF {
				return b, nil
			}
			return nil, err
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}

// Send appends a message to the send buffer, a copy of it. It never blocks. An
// error means that the connection has ended or ends now; its reader learns of
// it too.
func (c *Conn) Send(message []byte) error {
	return c.socket.Write(context.Background(), c.frames, message)
}

// Flush writes out what was sent, as far as the socket takes it at once; the
// connection itself goes on with the rest. It never blocks.
func (c *Conn) Flush() { c.gather.Flush() }

// Buffered returns the bytes sent that the socket has not taken yet.
func (c *Conn) Buffered() int { return c.gather.buffered() }

// Close ends the connection in good order: what was sent, then a close frame,
// then up to linger for the peer's. It returns at once.
func (c *Conn) Close(code int, reason string, linger time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.ended {
		return
	}
	c.closing = true
	c.running.Add(1)
	go c.close(code, reason, linger)
}

// close says goodbye and waits for the peer. It ends after linger at the latest.
func (c *Conn) close(code int, reason string, linger time.Duration) {
	defer c.running.Done()
	const most = 123 // bytes of a reason in a close frame
	if len(reason) > most {
		reason = reason[:most]
	}
	c.gather.passThrough()
	patience := time.AfterFunc(linger, func() { _ = c.gather.Close() })
	defer patience.Stop()
	_ = c.socket.Close(websocket.StatusCode(code), reason)
	_ = c.gather.Close()
	c.end(errClosedHere)
}

var errClosedHere = errors.New("closed")

// Abort drops the connection at once. Its reader gets reason.
func (c *Conn) Abort(reason error) {
	c.mu.Lock()
	if c.cause == nil {
		c.cause = reason
	}
	c.mu.Unlock()
	_ = c.gather.Close()
}

// end notes why the connection ended, the first time, and returns that.
func (c *Conn) end(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.ended = true
		if c.cause == nil {
			c.cause = reasonOf(err)
		}
		_ = c.gather.Close()
		close(c.done)
	}
	return c.cause
}

// reasonOf puts the library's errors in this package's terms.
func reasonOf(err error) error {
	var closed websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Code == websocket.StatusNormalClosure:
		return io.EOF
	case errors.As(err, &closed):
		return &CloseError{int(closed.Code), closed.Reason}
	case errors.Is(err, websocket.ErrMessageTooBig):
		return fmt.Errorf("message is larger than limits.message_bytes: %w", err)
	case errors.Is(err, io.EOF):
		return errors.New("connection lost: it ended without a close frame")
	}
	return err
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection ended, nil before it has.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		return nil
	}
	return c.cause
}

// Wait returns when the connection's goroutines have ended, which they do once
// it is closed or aborted.
func (c *Conn) Wait() {
	c.running.Wait()
	c.gather.writers.Wait()
}
