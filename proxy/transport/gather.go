package transport

import (
	"crypto/tls"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// gather is the net.Conn beneath a connection's framing, and beneath TLS. It
// keeps what is written in memory until it is flushed, so that writing never
// blocks and one system call writes what one wake-up brought.
//
// A flush is done by whoever asks for it, as far as the socket takes it at
// once. What is left is written by the connection's own goroutine (run), which
// exists only for that long. One of them writes at a time:
//
//	            Flush                  socket full
//	resting ─────────────▶ flushing ───────────────▶ run
//	   ▲                      │ all written           │ all written
//	   └──────────────────────┴───────────────────────┘
type gather struct {
	net.Conn

	// Immutable.
	raw          syscall.RawConn // nil: no socket, so only run can write
	limit        int
	crest        int // as much unsent is worth a look
	attemptWrite func(fd uintptr) bool
	attemptRead  func(fd uintptr) bool
	until        time.Time // end of a client's handshake

	heard atomic.Bool          // something came since this was cleared
	high  atomic.Bool          // more than crest is unsent
	owner atomic.Pointer[Conn] // nil in the handshake and after the end

	requested bool // owned by the HTTP server: the client's request has come

	input input // owned by the reader

	mu       sync.Mutex
	mode     mode
	err      error         // why nothing is written any more
	pending  *buffer       // gathered, nobody writes it yet; nil: nothing
	account  *Account      // of what is held; nil: none
	charged  int64         // to it
	confined int           // most that unsent may become for the time being; 0: as limit
	unsent   int           // bytes in pending, and those of out that are not written
	allowed  int           // most that unsent may become by Send
	total    uint64        // bytes that were ever appended
	waiters  []*roomWaiter // for some of it to be written
	writing  bool          // not resting
	again    bool          // a flush was asked for meanwhile
	place    place         // in the quota
	closing  bool          // failures are nobody's concern any more
	running  chan struct{} // closed when the latest run has ended; nil: there was none
	rested   sync.Cond     // resting has begun

	// Owned by the one who writes.
	out     *buffer
	written int
	attempt writeAttempt
}

// mode is what becomes of a write.
type mode uint8

const (
	handshaking mode = iota // to the socket at once: its writer waits for an answer
	gathering               // to memory until a flush
	parting                 // to memory, and flushed at once: nobody else will
)

// writeAttempt is the outcome of one write that does not block.
type writeAttempt struct {
	n   int
	err error
}

// firstPending is what a connection borrows for what it sends.
const firstPending = 16 << 10

func newGather(conn net.Conn, limit int64) *gather {
	g := &gather{Conn: conn, raw: rawConn(conn), limit: bytesOf(limit), crest: crestOf(limit), allowed: bytesOf(limit)}
	g.attemptWrite, g.attemptRead = g.writeOnce, g.readOnce
	g.rested.L = &g.mu
	return g
}

// bytesOf returns a number of bytes as this machine can have them.
func bytesOf(n int64) int { return int(min(n, math.MaxInt)) }

func (g *gather) setMode(m mode) {
	g.mu.Lock()
	g.mode = m
	g.mu.Unlock()
}

// SetWriteDeadline is for the handshake: later on writing never waits, and TLS
// would forbid it when it says goodbye.
func (g *gather) SetWriteDeadline(t time.Time) error {
	if !g.isHandshaking() {
		return nil
	}
	return g.Conn.SetWriteDeadline(t)
}

// admit tells whether a message of this size may be sent, or returns why not.
// The limit is for what waits behind a message: one that finds a quarter of the
// buffer empty is taken at any size, or else none above the limit could ever pass.
func (g *gather) admit(size int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.err != nil:
		return g.err
	case g.unsent <= g.most()/4*3:
		g.allowed = g.most() + min(size, math.MaxInt-g.most())
	case size > g.allowed-g.unsent:
		return ErrSendBufferFull
	}
	return nil
}

// Write appends to the send buffer.
func (g *gather) Write(p []byte) (int, error) {
	if g.isHandshaking() {
		return g.Conn.Write(p)
	}
	if err := g.put(nil, p, 0); err != nil {
		return 0, err
	}
	return len(p), nil
}

// SetReadDeadline never puts off the end of a handshake.
func (g *gather) SetReadDeadline(t time.Time) error {
	if !g.until.IsZero() && (t.IsZero() || t.After(g.until)) && g.isHandshaking() {
		t = g.until
	}
	return g.Conn.SetReadDeadline(t)
}

func (g *gather) isHandshaking() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mode == handshaking
}

// put appends a frame to the send buffer: its header, and its payload masked
// with a key, of which 0 changes nothing. Nothing leaves the buffer as it is:
// one that is claimed holds something, or its writer would never end.
func (g *gather) put(header, payload []byte, key uint32) error {
	size := len(header) + len(payload)
	if size == 0 {
		return nil
	}
	g.mu.Lock()
	// Beyond what admit allows there is room for the framing of WebSocket and
	// TLS, and for control frames: pongs that the peer asks for and never reads.
	if g.err == nil && size-g.allowed/64-64<<10 > g.allowed-g.unsent {
		g.mu.Unlock()
		g.fail(ErrSendBufferFull)
		return ErrSendBufferFull
	}
	if g.err != nil {
		defer g.mu.Unlock()
		return g.err
	}
	if g.pending == nil {
		g.pending = borrowBuffer(max(size, firstPending))
	}
	if g.pending = g.pending.withRoom(size); cap(g.pending.b) > firstPending {
		g.charge()
	}
	g.pending.b = append(append(g.pending.b, header...), payload...)
	mask(g.pending.b[len(g.pending.b)-len(payload):], key)
	g.total += uint64(size)
	if g.unsent += size; g.unsent > g.crest && !g.high.Load() {
		g.high.Store(true)
	}
	parting := g.mode == parting
	g.mu.Unlock()
	if parting {
		g.Flush()
	}
	return nil
}

// Flush writes what is gathered, as far as the socket takes it at once.
func (g *gather) Flush() {
	for out := g.claim(); len(out) > 0; {
		if g.raw == nil {
			g.handOver()
			return
		}
		n, full, err := g.tryWrite()
		if err != nil {
			g.writeFailed(err)
			return
		}
		out = g.wrote(n, false)
		if full && len(out) > 0 {
			g.handOver()
			return
		}
	}
}

// claim makes the caller the one who writes, and returns what; nothing if
// nothing is there, or if the one who writes now will see to it.
func (g *gather) claim() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.err != nil:
		return nil
	case g.writing:
		g.again = true
		return nil
	case g.pending == nil:
		return nil
	}
	g.writing, g.again = true, false
	g.out, g.written, g.pending = g.pending, 0, nil
	return g.out.b
}

// wrote notes n bytes as written, and returns what is to be written next. If
// that is nothing, the caller is no longer the one who writes: all is written,
// or for what has come since nobody has asked for a flush. all leaves no such rest.
func (g *gather) wrote(n int, all bool) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.written += n
	g.unsent = max(0, g.unsent-n) // 0 after the end
	g.ebb()
	if g.written < len(g.out.b) {
		return g.out.b[g.written:]
	}
	g.out.giveBack()
	g.out = nil
	g.discharge()
	if g.pending == nil || g.err != nil || !all && !g.again {
		g.rest()
		return nil
	}
	g.again = false
	g.out, g.written, g.pending = g.pending, 0, nil
	return g.out.b
}

// handOver starts the goroutine that writes the rest.
func (g *gather) handOver() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil { // closed meanwhile
		g.rest()
		return
	}
	g.charge()
	g.running = make(chan struct{})
	go g.run(g.running)
}

// runStep is the most that run writes at a time, in bytes: as much has to leave
// before a peer that reads slowly is seen to read at all.
const runStep = 64 << 10

// run writes what the socket did not take, and what comes meanwhile. It ends
// when nothing is left, or when the socket fails or is closed.
func (g *gather) run(ended chan<- struct{}) {
	defer close(ended)
	for out := g.out.b[g.written:]; len(out) > 0; {
		n, err := g.Conn.Write(out[:min(len(out), runStep)])
		if err != nil {
			g.writeFailed(err)
			return
		}
		out = g.wrote(n, true)
	}
}

// writeFailed ends the writing for good.
func (g *gather) writeFailed(err error) {
	g.mu.Lock()
	g.rest()
	silent := g.closing || g.err != nil
	g.mu.Unlock()
	if !silent {
		g.fail(&LostError{err})
	}
}

// rest notes that nobody writes any more. mu is held.
func (g *gather) rest() {
	g.writing = false
	if g.err != nil {
		g.out = nil
		g.discharge()
	}
	g.rested.Broadcast()
}

// finishPatience is how long finish waits for a peer that reads slowly.
const finishPatience = time.Second

// finish flushes, and returns when all is written, by whomever, or can't be, or
// takes too long.
func (g *gather) finish() {
	g.Flush()
	late := false
	timer := time.AfterFunc(finishPatience, func() {
		g.mu.Lock()
		late = true
		g.rested.Broadcast()
		g.mu.Unlock()
	})
	defer timer.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.writing && !late {
		g.rested.Wait()
	}
}

// endStream writes all, or what the peer takes in time, and ends the stream to the
// peer, of which stream is the upper end. It is false if it can't be ended alone.
func (g *gather) endStream(stream net.Conn) bool {
	if secure, ok := stream.(*tls.Conn); ok {
		_ = secure.CloseWrite()
	}
	g.finish()
	half, ok := g.Conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// fail ends the connection.
func (g *gather) fail(err error) {
	if owner := g.owner.Load(); owner != nil {
		owner.end(err)
		return
	}
	_ = g.shut(err)
}

// buffered returns the bytes that the socket has not taken yet.
func (g *gather) buffered() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unsent
}

// closePatience is how long a close waits for what can't be written at once, where
// that can't be tried without blocking.
const closePatience = 10 * time.Millisecond

// Close writes what the socket takes at once, a close frame for one, and closes it.
func (g *gather) Close() error {
	g.mu.Lock()
	g.closing = true
	g.mu.Unlock()
	if g.raw == nil {
		_ = g.Conn.SetWriteDeadline(time.Now().Add(closePatience))
	}
	g.Flush()
	if g.raw == nil {
		g.wait()
	}
	return g.shut(net.ErrClosed)
}

// shut closes the socket as it is. err is what further writes get.
func (g *gather) shut(err error) error {
	g.mu.Lock()
	if g.err == nil {
		g.err = err
	}
	g.closing = true
	g.unsent = 0
	g.ebb()
	if g.pending != nil {
		g.pending.giveBack()
		g.pending = nil
	}
	if !g.writing {
		g.out = nil
	}
	g.discharge()
	g.place.giveBack()
	g.mu.Unlock()
	return g.Conn.Close()
}

// wait returns when no goroutine writes.
func (g *gather) wait() {
	g.mu.Lock()
	running := g.running
	g.mu.Unlock()
	if running != nil {
		<-running
	}
}
