package transport

import (
	"time"

	"golang.org/x/sys/unix"
)

// underway returns how many bytes the socket has taken and the peer's machine has
// not acknowledged; 0 for a Unix socket, which counts otherwise.
func (g *gather) underway() int {
	n := 0
	g.control(func(fd int) {
		if _, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY); err == nil {
			n, _ = unix.IoctlGetInt(fd, unix.SIOCOUTQ)
		}
	})
	return n
}

// ackAge returns how long ago the peer's machine has acknowledged anything, if
// the socket is TCP's. Probes of an idle connection and of a window that is shut
// are acknowledged too.
func (g *gather) ackAge() (age time.Duration, known bool) {
	g.control(func(fd int) {
		if info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			age, known = time.Duration(info.Last_ack_recv)*time.Millisecond, true
		}
	})
	return age, known
}

func (g *gather) control(f func(fd int)) {
	if g.raw != nil {
		_ = g.raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}
