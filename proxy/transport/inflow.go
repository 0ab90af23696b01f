package transport

import (
	"io"
	"net"
)

// inflow is what a connection's reader looks for frames in: the bytes of one
// read of the socket, in the buffer that they came in, so that nothing is
// copied on the way. A connection that waits for input holds no buffer.
type inflow struct {
	stream net.Conn // gather, or TLS above it
	gather *gather
	direct bool // there is no layer between
	spent  bool // the layer between has nothing left of what came

	held  *buffer // nil: nothing
	at    int     // what of it is taken
	first [256]byte
}

func newInflow(stream net.Conn, g *gather) inflow {
	return inflow{stream: stream, gather: g, direct: stream == net.Conn(g) && g.raw != nil}
}

// begin notes what came before anybody looked for frames. It is for a
// connection of which nothing was read.
func (in *inflow) begin(early []byte) {
	if len(early) > 0 {
		in.held = borrowBuffer(max(len(early), aheadBytes))
		in.held.b = append(in.held.b, early...)
	}
}

// bytes returns what has come and is not taken yet.
func (in *inflow) bytes() []byte {
	if in.held == nil {
		return nil
	}
	return in.held.b[in.at:]
}

// take takes n bytes that have come. They stay until the next call of more.
func (in *inflow) take(n int) []byte {
	b := in.held.b[in.at : in.at+n : in.at+n]
	in.at += n
	return b
}

// more waits for more bytes behind those that are not taken. Before it waits,
// everything that the reader has caused is flushed, as in [gather.Read].
//
// A layer between that has nothing left gets input once there is some: a reader that
// waits within TLS keeps twice the stack.
func (in *inflow) more() error {
	if in.held != nil && in.at == len(in.held.b) {
		in.release()
	}
	if in.direct || in.spent && in.held == nil {
		if err := in.gather.readAhead(); err != nil && (in.direct || err != io.EOF) { //nolint:errorlint // as it is; of its end TLS tells more
			return err
		}
	}
	if !in.direct {
		return in.moreThrough()
	}
	in.takeAhead()
	return nil
}

// takeAhead takes what the socket has brought.
func (in *inflow) takeAhead() {
	ahead, taken := in.gather.input.ahead, in.gather.input.taken
	in.gather.input.ahead, in.gather.input.taken = nil, 0
	if in.held == nil {
		in.held, in.at = ahead, taken
		return
	}
	in.makeRoom(len(ahead.b) - taken)
	in.held.b = append(in.held.b, ahead.b[taken:]...)
	ahead.giveBack()
}

// moreThrough reads through a layer that has buffers of its own, TLS for one:
// what it still has can't be seen from outside, so it is asked. If it had less than it
// was asked for, it has nothing left, since it gets no more than one record at a time.
func (in *inflow) moreThrough() error {
	if in.held == nil {
		n, err := in.stream.Read(in.first[:])
		in.spent = n < len(in.first)
		if n > 0 {
			in.held, in.at = borrowBuffer(aheadBytes), 0
			in.held.b = append(in.held.b, in.first[:n]...)
			return nil
		}
		return err
	}
	in.makeRoom(smallestBuffer)
	b := in.held.b
	n, err := in.stream.Read(b[len(b):cap(b)])
	in.spent = n < cap(b)-len(b)
	in.held.b = b[:len(b)+n]
	if n > 0 {
		return nil
	}
	return err
}

// readInto is more for who knows where the bytes go. All that has come must be taken.
func (in *inflow) readInto(p []byte) (int, error) {
	in.release()
	n, err := in.stream.Read(p)
	in.spent = n < len(p)
	return n, err
}

// makeRoom makes room for n bytes behind those that are not taken.
func (in *inflow) makeRoom(n int) {
	b := in.held.b
	if cap(b)-len(b) < n && in.at > 0 {
		in.held.b = b[:copy(b, b[in.at:])]
		in.at = 0
	}
	in.held = in.held.withRoom(n)
}

// moveOn goes on in another buffer, and leaves this one to whoever still uses a
// part that was taken.
func (in *inflow) moveOn() {
	if in.held == nil {
		return
	}
	rest := in.bytes()
	in.held, in.at = borrowBuffer(max(len(rest), smallestBuffer)), 0
	in.held.b = append(in.held.b, rest...)
}

// release lets go of the buffer, with what has not been taken.
func (in *inflow) release() {
	if in.held != nil {
		in.held.giveBack()
		in.held, in.at = nil, 0
	}
}
