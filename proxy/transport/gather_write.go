package transport

import (
	"math"
	"net"
	"time"
)

// A flush is done by whoever asks for it, as far as the socket takes it at
// once. What is left is written by the connection's own goroutine (run), which
// exists only for that long. One of them writes at a time:
//
//	            Flush                  socket full
//	resting ─────────────▶ flushing ───────────────▶ run
//	   ▲                      │ all written           │ all written
//	   └──────────────────────┴───────────────────────┘
//
// What is written goes from buffer to buffer without a lock:
//
//	pending ──claim──▶ out ──load (seals a part, if there is TLS)──▶ wire ──▶ socket

// Flush writes what is gathered, as far as the socket takes it at once.
func (g *gather) Flush() {
	for more := g.claim(); more; {
		if g.onlyRunWrites() {
			g.handOver()
			return
		}
		n, full, err := 0, false, g.load()
		if err == nil {
			n, full, err = g.writeNow()
		}
		if err != nil {
			g.writeFailed(err)
			return
		}
		if more = g.wrote(n, false); more && full {
			g.handOver()
			return
		}
	}
}

// nowWriter is a connection without a socket that takes what it can without
// blocking all the same: one in memory.
type nowWriter interface {
	WriteNow(p []byte) (n int, err error)
}

// onlyRunWrites tells whether nobody can try to write without blocking.
func (g *gather) onlyRunWrites() bool { return g.raw == nil && g.now == nil }

// writeNow is tryWrite for whatever the connection is.
func (g *gather) writeNow() (n int, full bool, err error) {
	if g.now == nil {
		return g.tryWrite()
	}
	p := g.wire.next(math.MaxInt)
	n, err = g.now.WriteNow(p)
	return n, n < len(p), err
}

// claim makes the caller the one who writes, and is false if nothing is there, or
// if the one who writes now will see to it.
func (g *gather) claim() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.err != nil:
		return false
	case g.writing:
		g.again = true
		return false
	case !g.waiting():
		return false
	}
	g.writing = true
	g.take()
	return true
}

// waiting tells whether there is something to be written. mu is held.
func (g *gather) waiting() bool { return g.pending != nil || g.seal.some.Load() }

// take gives what is gathered to the one who writes. mu is held.
func (g *gather) take() {
	g.again = false
	g.taken.Add(1)
	g.out, g.pending = g.pending, nil
	if g.seal.tls == nil {
		g.wire = g.out
	}
}

// load sees to it that the socket can be given something.
func (g *gather) load() error {
	if g.wire != nil {
		return nil
	}
	records, sealed, err := g.seal.seal(g.out)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		added := len(records.b) - sealed
		g.unsent += added
		g.total += uint64(added) //nolint:gosec // not negative
	}
	g.wire = records
	if g.out == nil {
		return nil
	}
	if g.out.take(sealed); g.out.rest() == 0 {
		g.out.giveBack()
		g.out = nil
	}
	return nil
}

// wrote notes n bytes as written, and tells whether something is to be written
// next. If not, the caller is no longer the one who writes: all is written, or for
// what has come since nobody has asked for a flush. all leaves no such rest.
func (g *gather) wrote(n int, all bool) (more bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wire.take(n)
	g.unsent = max(0, g.unsent-n) // 0 after the end
	g.ebb()
	if g.wire.rest() > 0 {
		g.discharge()
		return true
	}
	if g.wire == g.out {
		g.out = nil
	}
	g.wire.giveBack()
	if g.wire = nil; g.out != nil {
		return true
	}
	g.discharge()
	if g.err != nil || !g.waiting() || !all && !g.again {
		g.rest()
		return false
	}
	g.take()
	return true
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
	var room [mostPieces][]byte
	for more := true; more; {
		n, err := 0, g.load()
		if err == nil {
			n, err = writePieces(g.Conn, g.wire.pieces(room[:0], runStep))
		}
		if err != nil {
			g.writeFailed(err)
			return
		}
		more = g.wrote(n, true)
	}
}

// mostPieces is how many pieces are written at a time.
const mostPieces = 32

// writePieces writes all of them.
func writePieces(conn net.Conn, pieces net.Buffers) (int, error) {
	if len(pieces) == 1 {
		return conn.Write(pieces[0])
	}
	n, err := pieces.WriteTo(conn)
	return int(n), err
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
		g.out.free()
		if g.wire != g.out {
			g.wire.free()
		}
		g.out, g.wire = nil, nil
		g.discharge()
	}
	g.rested.Broadcast()
}

// finishPatience is how long finish waits for a peer that reads slowly, and for
// what is to come into gaps.
const finishPatience = time.Second

// finish flushes, and returns when all is written, by whomever, or can't be, or
// takes too long; only the first is true.
func (g *gather) finish() bool {
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
	for !late && g.err == nil && (g.writing || g.waiting() || len(g.gaps) > 0) {
		if g.writing || !g.waiting() {
			g.rested.Wait()
			continue
		}
		g.mu.Unlock()
		g.Flush()
		g.mu.Lock()
	}
	return !late && g.err == nil
}

// endStream writes all, or what the peer takes in time, and ends the stream to the
// peer. TLS says so only behind all that was sent (RFC 8446, 6.1). It is false if
// the stream can't be ended alone.
func (g *gather) endStream() bool {
	if all := g.finish(); all && g.seal.tls != nil {
		_ = g.seal.tls.CloseWrite()
		g.finish()
	}
	half, ok := g.Conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}
