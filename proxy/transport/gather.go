package transport

import (
	"net"
	"sync"
	"syscall"
)

// gather is the net.Conn beneath the WebSocket library. It keeps what is
// written in memory until it is flushed, so that writing never blocks and one
// system call writes what one wake-up brought. Before a read may block it calls
// a hook, which flushes what the reader has caused on other connections.
//
// A flush is done by whoever asks for it, as far as the socket takes it at
// once; what is left is written by a goroutine of the connection's own, which
// exists only for that long.
type gather struct {
	net.Conn
	raw    syscall.RawConn // nil: no socket, flushing goes through the goroutine
	limit  int
	onFull func() // the send buffer is full

	hook func() // set before the first Read, called by the reader

	mu      sync.Mutex
	through bool   // writes go out at once: the handshake is not over, or the connection is closing
	pending []byte // not yet taken by a write
	unsent  int    // pending, and what is being written
	writing bool   // a flush or the goroutine is at work
	err     error
	writers sync.WaitGroup

	// Owned by whoever has set writing.
	spare   []byte
	out     []byte
	written int
	failure error
	attempt func(fd uintptr) bool
}

// keptBytes is the largest buffer that an idle connection keeps.
const keptBytes = 64 << 10

func newGather(conn net.Conn, limit int64) *gather {
	g := &gather{Conn: conn, limit: int(limit), through: true}
	if s, ok := conn.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			g.raw = raw
		}
	}
	g.attempt = g.writeOnce
	return g
}

// collect begins to gather: the handshake is over.
func (g *gather) collect() {
	g.mu.Lock()
	g.through = false
	g.mu.Unlock()
}

// passThrough makes each further write a flush, in order behind what is gathered.
func (g *gather) passThrough() {
	g.mu.Lock()
	g.through = true
	g.mu.Unlock()
}

// Read reads from the socket, after everything that waits for it was flushed.
func (g *gather) Read(p []byte) (int, error) {
	if g.hook != nil {
		g.hook()
	}
	g.Flush() // a pong for one
	return g.Conn.Read(p)
}

// Write appends to the send buffer. It never blocks.
func (g *gather) Write(p []byte) (int, error) {
	g.mu.Lock()
	if g.err != nil {
		defer g.mu.Unlock()
		return 0, g.err
	}
	if g.unsent+len(p) > g.limit {
		g.err = ErrSendBufferFull
		g.mu.Unlock()
		if g.onFull != nil {
			g.onFull()
		}
		return 0, ErrSendBufferFull
	}
	g.pending = append(g.pending, p...)
	g.unsent += len(p)
	through := g.through
	g.mu.Unlock()
	if through {
		g.Flush()
	}
	return len(p), nil
}

// Flush writes what is gathered, as far as the socket takes it at once.
func (g *gather) Flush() {
	g.mu.Lock()
	for !g.writing && len(g.pending) > 0 && g.err == nil {
		g.writing = true
		g.out, g.pending, g.spare = g.pending, g.spare[:0], nil
		g.mu.Unlock()
		g.written, g.failure = 0, nil
		if g.raw != nil {
			if err := g.raw.Write(g.attempt); err != nil && g.failure == nil {
				g.failure = err
			}
		}
		g.mu.Lock()
		g.unsent -= g.written
		if g.failure == nil && g.written < len(g.out) {
			g.writers.Add(1)
			go g.writeRest(g.out[g.written:])
			break
		}
		g.finishWrite(g.failure)
	}
	g.mu.Unlock()
}

// writeOnce tries one write that does not block.
func (g *gather) writeOnce(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), g.out)
		switch err {
		case nil:
			g.written = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			g.failure = err
		}
		return true
	}
}

// writeRest writes what the socket did not take, and what comes meanwhile. It
// ends when nothing is left or the socket fails.
func (g *gather) writeRest(rest []byte) {
	defer g.writers.Done()
	for {
		n, err := g.Conn.Write(rest)
		g.mu.Lock()
		g.unsent -= n
		g.finishWrite(err)
		if g.err != nil || len(g.pending) == 0 {
			g.mu.Unlock()
			return
		}
		g.writing = true
		g.out, g.pending, g.spare = g.pending, g.spare[:0], nil
		rest = g.out
		g.mu.Unlock()
	}
}

// finishWrite gives back the buffer that was written. g.mu is held.
func (g *gather) finishWrite(err error) {
	g.writing = false
	if cap(g.out) <= keptBytes {
		g.spare = g.out[:0]
	}
	g.out = nil
	if err != nil && g.err == nil {
		g.err = err
	}
}

// buffered returns the bytes that the socket has not taken yet.
func (g *gather) buffered() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unsent
}

// Close writes what the socket takes at once, and closes it.
func (g *gather) Close() error {
	g.Flush()
	g.mu.Lock()
	if g.err == nil {
		g.err = net.ErrClosed
	}
	g.mu.Unlock()
	return g.Conn.Close()
}
