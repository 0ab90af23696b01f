package transport

import (
	"errors"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// gather keeps what is sent on a connection in memory until it is flushed, so
// that sending never blocks and one system call writes what one wake-up brought
// (gather_write.go). It is the net.Conn beneath the handshakes too, and beneath
// TLS, which seals what is flushed (seal.go).
type gather struct {
	net.Conn

	// Immutable.
	raw          syscall.RawConn // nil: it is no socket
	now          nowWriter       // nil: nor can it be written at once otherwise; without both only run writes
	limit        int
	crest        int // as much unsent is worth a look
	attemptWrite func(fd uintptr) bool
	attemptRead  func(fd uintptr) bool
	until        time.Time // end of a client's handshake

	heard atomic.Bool          // something came since this was cleared
	high  atomic.Bool          // more than crest is unsent
	owner atomic.Pointer[Conn] // nil in the handshake and after the end
	taken atomic.Uint32        // how often what was gathered was given to one who writes it

	requested bool // owned by the HTTP server: the client's request has come

	input input // owned by the reader
	seal  seal

	mu       sync.Mutex
	mode     mode
	err      error         // why nothing is written any more
	pending  *buffer       // gathered, nobody writes it yet; nil: nothing
	gaps     []gap         // reserved places behind it: see slot.go
	gone     gapNumber     // how many gaps were there before these
	account  *Account      // of what is held; nil: none
	charged  int64         // to it
	confined int           // most that unsent may become for the time being; 0: as limit
	unsent   int           // bytes in pending and behind it, and those of out and wire that are not written
	allowed  int           // most that unsent may become by Send
	total    uint64        // bytes that were ever appended, and that TLS has added
	waiters  []*roomWaiter // for some of it to be written
	writing  bool          // not resting
	again    bool          // a flush was asked for meanwhile
	place    place         // in the quota
	closing  bool          // failures are nobody's concern any more
	running  chan struct{} // closed when the latest run has ended; nil: there was none
	rested   sync.Cond     // resting has begun

	// Owned by the one who writes.
	out     *buffer // what it has claimed and not sealed; without TLS the same as wire
	wire    *buffer // what the socket is given; nil: nothing yet
	attempt writeAttempt
}

// mode is what becomes of a write.
type mode uint8

const (
	handshaking mode = iota // to the socket at once: its writer waits for an answer
	gathering               // to memory until a flush
)

// writeAttempt is the outcome of one write that does not block.
type writeAttempt struct {
	n, of int
	err   error
}

// firstPending is what a connection borrows for what it sends.
const firstPending = 16 << 10

func newGather(conn net.Conn, limit int64) *gather {
	now, _ := conn.(nowWriter)
	g := &gather{Conn: conn, raw: rawConn(conn), now: now, limit: bytesOf(limit), crest: crestOf(limit), allowed: bytesOf(limit)}
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

// Write writes to the socket in the handshake. From then on only TLS calls it,
// with what it has sealed.
func (g *gather) Write(p []byte) (int, error) {
	if g.isHandshaking() {
		return g.Conn.Write(p)
	}
	if err := g.seal.keep(p); err != nil {
		if errors.Is(err, ErrSendBufferFull) {
			g.fail(err)
		}
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

// put appends a frame to the send buffer, or puts it into a gap of it: its header,
// and its payload masked with a key, of which 0 changes nothing. Nothing leaves
// the buffer as it is: one that is claimed holds something, or its writer would
// never end.
func (g *gather) put(in gapNumber, header, payload []byte, key uint32) error {
	size := len(header) + len(payload)
	if size == 0 {
		return nil
	}
	g.mu.Lock()
	to, err := g.placeFor(in, size)
	if err == nil {
		b := (*to).orNew(size).withRoom(size)
		b.b = append(b.b, header...)
		if key == 0 {
			b.b = append(b.b, payload...)
		} else {
			b.appendMasked(payload, key)
		}
		*to = b
		g.putInto(in, b, size)
	}
	g.mu.Unlock()
	return g.refused(err)
}

// putParts is put for a payload in parts.
func (g *gather) putParts(in gapNumber, header []byte, payload *Parts, key uint32) error {
	size := len(header) + payload.Len()
	g.mu.Lock()
	to, err := g.placeFor(in, size)
	if err == nil {
		*to = (*to).withFrame(header, payload, key)
		g.putInto(in, *to, size)
	}
	g.mu.Unlock()
	return g.refused(err)
}

// placeFor returns where a frame goes, or why there is no room for it. mu is held.
func (g *gather) placeFor(in gapNumber, size int) (**buffer, error) {
	// Beyond what admit allows there is room for the framing of WebSocket, and for
	// control frames: pongs that the peer asks for and never reads.
	switch {
	case g.err != nil:
		return nil, g.err
	case size-g.allowed/64-64<<10 > g.allowed-g.unsent:
		return nil, ErrSendBufferFull
	case in != noGap || len(g.gaps) > 0:
		return g.bufferFor(in), nil
	}
	return &g.pending, nil
}

// putInto notes that a frame was put into b. mu is held.
func (g *gather) putInto(in gapNumber, b *buffer, size int) {
	g.total += uint64(size) //nolint:gosec // not negative
	if g.unsent += size; g.unsent > g.crest && !g.high.Load() {
		g.high.Store(true)
	}
	if in != noGap {
		g.closeGap(in)
	}
	if b.size() > firstPending {
		g.charge()
	}
}

// refused ends the connection for a frame that has found no room.
func (g *gather) refused(err error) error {
	if err != nil && errors.Is(err, ErrSendBufferFull) {
		g.fail(err)
	}
	return err
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
	if g.onlyRunWrites() {
		_ = g.Conn.SetWriteDeadline(time.Now().Add(closePatience))
	}
	g.Flush()
	if g.onlyRunWrites() {
		g.wait()
	}
	return g.shut(net.ErrClosed)
}

// shut closes the socket as it is. err is what further writes get.
func (g *gather) shut(err error) error {
	g.fall(err)
	return g.closeSocket()
}

// fall gives up what is not written, and lets nothing more be. It does nothing
// but in memory; the socket is to be closed after it.
func (g *gather) fall(err error) {
	g.mu.Lock()
	if g.err == nil {
		g.err = err
	}
	g.closing = true
	g.unsent = 0
	g.ebb()
	g.pending.free()
	g.pending = nil
	if !g.writing {
		g.out, g.wire = nil, nil
	}
	g.freeGaps()
	g.discharge()
	g.mu.Unlock()
	g.seal.end()
}

func (g *gather) closeSocket() error {
	err := g.Conn.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.place.giveBack()
	return err
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
