//go:build !unix

package transport

import (
	"net"
	"syscall"
)

// rawConn returns nil: without a write that does not block, every flush goes
// through the connection's own goroutine.
func rawConn(net.Conn) syscall.RawConn { return nil }

func (g *gather) tryWrite() (n int, full bool, err error) {
	panic("a connection without a raw socket must be written by its own goroutine")
}

func (g *gather) writeOnce(uintptr) bool { return true }
func (g *gather) readOnce(uintptr) bool  { return true }

func restrict(_, _ string, _ syscall.RawConn) error { return nil }
