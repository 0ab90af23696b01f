package transport

import "io"

// aheadBytes is what one read takes at most from a socket: some hundreds of
// small messages, whose answers then leave together.
const aheadBytes = 32 << 10

// mostAhead is as much where the read before has brought all that it could.
const mostAhead = 64 << 10

// input is what the socket has brought and nobody has asked for yet.
type input struct {
	ahead *buffer // nil: nothing
	taken int
	more  bool  // the latest read has brought all that it could
	reads int   // that have brought something since the latest flush
	err   error // outcome of the latest attempt to read
}

// mostReads is how often a reader finds more to read before it flushes what it has
// caused meanwhile, although there may be more still: the fewer system calls write
// it, the longer others are without work.
const mostReads = 4

// Read reads from the socket. Before it waits for input, everything that the reader
// has caused is flushed: on other connections by the owner's hook, on this one (a
// pong, for one) here. TLS gets a part of one record at a time.
func (g *gather) Read(p []byte) (int, error) {
	if g.seal.tls == nil {
		return g.read(p)
	}
	n, err := g.read(g.seal.inward.within(p))
	g.seal.inward.took(p[:n])
	return n, err
}

func (g *gather) read(p []byte) (int, error) {
	if g.input.ahead != nil {
		return g.takeAhead(p), nil
	}
	owner := g.owner.Load()
	n, err := g.readSocket(p)
	if err != nil && owner != nil {
		err = &LostError{err}
	}
	return n, err
}

// flushAll flushes everything that the reader has caused.
func (g *gather) flushAll() {
	g.input.reads = 0
	if owner := g.owner.Load(); owner != nil {
		owner.beforeBlock()
	}
	g.Flush()
}

// beforeRead lets others who send to the same connections go first, and flushes if
// the reader has found input for long.
func (g *gather) beforeRead() {
	if g.input.reads == 0 {
		return
	}
	if owner := g.owner.Load(); owner != nil {
		owner.beforeRead()
	}
	if g.input.reads >= mostReads {
		g.flushAll()
	}
}

// readSocket waits for input. The buffer for it is borrowed only when there is
// some: a connection that waits holds none.
func (g *gather) readSocket(p []byte) (int, error) {
	if g.raw == nil || len(p) >= aheadBytes {
		g.flushAll()
		n, err := g.Conn.Read(p)
		if n > 0 {
			g.heardNow()
		}
		return n, err
	}
	if err := g.readAhead(); err != nil {
		return 0, err
	}
	return g.takeAhead(p), nil
}

// takeAhead hands out what was read ahead.
func (g *gather) takeAhead(p []byte) int {
	in := &g.input
	n := copy(p, in.ahead.b[in.taken:])
	in.taken += n
	if in.taken == len(in.ahead.b) {
		in.ahead.giveBack()
		in.ahead, in.taken = nil, 0
	}
	return n
}

// unread puts back what a layer above has buffered. Nothing may be read at the time.
func (g *gather) unread(early []byte) {
	if len(early) == 0 {
		return
	}
	all := borrowBuffer(len(early) + aheadBytes)
	all.b = append(all.b, early...)
	if in := &g.input; in.ahead != nil {
		all.b = append(all.b, in.ahead.b[in.taken:]...)
		in.ahead.giveBack()
	}
	g.input.ahead, g.input.taken = all, 0
}

// took notes what a read has brought into b, which it borrowed.
func (g *gather) took(b *buffer, n int, err error) {
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		b.giveBack()
		g.input.err = err
		return
	}
	g.heardNow()
	g.input.reads++
	g.input.more = n >= aheadBytes
	b.b = b.b[:n]
	g.input.ahead, g.input.taken = b, 0
}

// size returns how much the next read takes from the socket.
func (in *input) size() int {
	if in.more {
		return mostAhead
	}
	return aheadBytes
}

// heardNow notes a sign of life.
func (g *gather) heardNow() {
	if !g.heard.Load() {
		g.heard.Store(true)
	}
}

// readAhead waits for input and leaves it to be read. It returns an error where
// there is an end instead. Nothing else may read at the time.
func (g *gather) readAhead() error {
	if g.raw == nil || g.input.ahead != nil {
		return nil
	}
	g.beforeRead()
	g.input.err = nil
	if err := g.raw.Read(g.attemptRead); err != nil {
		return err
	}
	return g.input.err
}
