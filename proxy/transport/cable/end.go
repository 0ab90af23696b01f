package cable

import (
	"net"
	"time"
)

// End is one end of a connection. The methods beyond [net.Conn] say what becomes
// of what this end sends.
type End struct {
	in, out       *stream
	local, remote net.Addr
	peer          *End
}

func newPair(a, b net.Addr) (atA, atB *End) {
	ab, ba := newStream(), newStream()
	atA = &End{in: ba, out: ab, local: a, remote: b}
	atB = &End{in: ab, out: ba, local: b, remote: a, peer: atA}
	atA.peer = atB
	return atA, atB
}

// Peer returns the other end.
func (e *End) Peer() *End { return e.peer }

// Read implements [net.Conn].
func (e *End) Read(p []byte) (int, error) { return e.in.read(p) }

// Write implements [net.Conn]. It returns once the bytes are in the buffer of
// the connection, which has room for [Room] that the peer has not read.
func (e *End) Write(p []byte) (int, error) { return e.out.write(p) }

// WriteNow writes as much as there is room for, and never blocks.
func (e *End) WriteNow(p []byte) (int, error) { return e.out.writeNow(p) }

// Close implements [net.Conn]. What was written still arrives; where something
// that came was not read, a reset follows it, as of TCP.
func (e *End) Close() error {
	unread := e.in.closeReader()
	e.out.closeWriter(unread)
	return nil
}

// CloseWrite ends what this end sends.
func (e *End) CloseWrite() error {
	e.out.closeWriter(false)
	return nil
}

// LocalAddr implements [net.Conn].
func (e *End) LocalAddr() net.Addr { return e.local }

// RemoteAddr implements [net.Conn].
func (e *End) RemoteAddr() net.Addr { return e.remote }

// SetDeadline implements [net.Conn].
func (e *End) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

// SetReadDeadline implements [net.Conn].
func (e *End) SetReadDeadline(t time.Time) error {
	e.in.setDeadline(&e.in.readBy, t)
	return nil
}

// SetWriteDeadline implements [net.Conn].
func (e *End) SetWriteDeadline(t time.Time) error {
	e.out.setDeadline(&e.out.writeBy, t)
	return nil
}

// Stall keeps what this end sends from arriving, until Resume.
func (e *End) Stall() { e.out.change(func(s *stream) { s.stalled = true }) }

// Resume lets arrive what was stalled.
func (e *End) Resume() { e.out.change(func(s *stream) { s.stalled = false }) }

// Delay has what this end sends from now on arrive so much later.
func (e *End) Delay(d time.Duration) { e.out.change(func(s *stream) { s.delay = d }) }

// Slice has each read of the peer bring so many bytes at most; nil: as many as
// there are. next is called with no two reads at a time, and returns 1 or more.
func (e *End) Slice(next func() int) { e.out.change(func(s *stream) { s.slice = next }) }

// CutAfter breaks the connection, both ways, once so many further bytes of this
// end were written: those arrive, and nothing behind them.
func (e *End) CutAfter(bytes int) {
	e.out.change(func(s *stream) { s.cut, s.left = func() { e.Cut() }, bytes })
	if bytes <= 0 {
		e.Cut()
	}
}

// Cut breaks the connection: what has arrived can still be read.
func (e *End) Cut() {
	e.in.sever()
	e.out.sever()
}
