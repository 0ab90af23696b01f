//go:build unix

package transport

import (
	"errors"
	"math"
	"net"
	"os"
	"syscall"
)

// rawConn gives access to a connection's socket, nil if it has none.
func rawConn(conn net.Conn) syscall.RawConn {
	s, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, _ := s.SyscallConn()
	return raw
}

// tryWrite writes what the socket takes at once, and tells whether that filled it.
// Only the one who writes may call it.
func (g *gather) tryWrite() (n int, full bool, err error) {
	g.attempt = writeAttempt{}
	err = g.raw.Write(g.attemptWrite)
	if err == nil {
		err = g.attempt.err
	}
	return g.attempt.n, g.attempt.n < g.attempt.of, err
}

// writeOnce makes one system call, and never asks to wait for the socket.
func (g *gather) writeOnce(fd uintptr) bool {
	for {
		n, err := g.writeTo(fd)
		switch {
		case err == nil:
			g.attempt.n = n
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
		default:
			g.attempt.err = os.NewSyscallError("write", err)
		}
		return true
	}
}

// writeTo writes what comes next, what lies apart too.
func (g *gather) writeTo(fd uintptr) (int, error) {
	if len(g.wire.inserts) == 0 { // mostly
		p := g.wire.b[g.wire.at:]
		g.attempt.of = len(p)
		return writeFD(fd, p)
	}
	var room [mostPieces][]byte
	pieces := g.wire.pieces(room[:0], math.MaxInt)
	g.attempt.of = 0
	for _, p := range pieces {
		g.attempt.of += len(p)
	}
	return writePiecesFD(fd, pieces)
}

// readOnce makes one system call. If there is nothing to read, it flushes and asks to
// wait; what comes meanwhile ends the wait at once.
func (g *gather) readOnce(fd uintptr) bool {
	size := g.input.size()
	b := borrowBuffer(size)
	for {
		n, err := readFD(fd, b.b[:size])
		switch {
		case err == nil:
			g.took(b, n, nil)
			return true
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			b.giveBack()
			g.flushAll()
			return false
		default:
			g.took(b, 0, os.NewSyscallError("read", err))
			return true
		}
	}
}

// restrict gives a Unix socket its mode before it has a name, so that nobody
// else can connect in between. Where that can't be done, its mode is set later.
func restrict(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), socketMode) })
}
