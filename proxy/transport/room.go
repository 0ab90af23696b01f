package transport

import "slices"

// Who reads from one connection and writes to another must not read faster than
// the other one takes it, or what lies between grows until somebody is dropped.
// So a reader that finds too much unsent does not read on: its own peer's TCP
// then stops that peer. Two rules tell how much is too much:
//
//	messages that pass from one peer to one other   half of the send buffer: [Conn.PaceTo]
//	messages of many to one, as to a pool session   a share for each of them: [Share]
//
// Whatever else is sent, to whomever it may concern, waits for nobody.

// crestOf returns how much may be unsent before anybody asks how much it is: the
// hot path only looks whether it is more. Nobody has to wait for less.
func crestOf(limit int64) int { return bytesOf(min(max(limit>>8, 64<<10), limit/2)) }

// roomWaiter waits for what is unsent to become less.
type roomWaiter struct {
	Room
	ready chan struct{} // closed when there is room, and at the end of the connection
}

// ebb tells those who wait that less is unsent. mu is held.
func (g *gather) ebb() {
	if g.unsent <= g.crest && g.high.Load() {
		g.high.Store(false)
	}
	if len(g.waiters) == 0 {
		return
	}
	g.waiters = slices.DeleteFunc(g.waiters, func(w *roomWaiter) bool {
		if g.err == nil && !g.has(w.Room) {
			return false
		}
		close(w.ready)
		return true
	})
}

// has tells whether there is room. mu is held.
func (g *gather) has(r Room) bool {
	return g.total-uint64(g.unsent) >= r.until && g.unsent <= r.most //nolint:gosec // not negative, and part of total
}

// Room is what a reader waits for before it goes on: that a connection has
// written out what it was sent, up to some place. The zero Room is there at once.
type Room struct {
	of    *Conn
	until uint64 // bytes that must be written in total
	most  int    // and that may be unsent then
}

// PaceTo returns when a message may be passed on to a connection: when no more
// than half of its send buffer is unsent, or it has ended, or this one has, whose
// reader calls it. Whatever the reader has sent is flushed before it waits.
func (c *Conn) PaceTo(to *Conn, out *Outbox) {
	if to.gather.high.Load() {
		out.Flush()
		c.Await(Room{of: to, most: to.gather.limit / 2})
	}
}

// PaceThrough returns when all that was sent to a connection is written, or it
// has ended, or this one has, whose reader calls it: so that no more than one
// message of it waits. Whatever the reader has sent is flushed before it waits.
func (c *Conn) PaceThrough(to *Conn, out *Outbox) {
	if to.Buffered() > 0 {
		out.Flush()
		c.Await(Room{of: to})
	}
}

// Await returns true when there is room, or the connection that shall have it has
// ended, and false when this one has ended, whose reader calls it. What the reader
// has sent to others must have been flushed. The peer is not read meanwhile, and
// nothing that it would have said is missed by the [Keepalive].
func (c *Conn) Await(r Room) bool {
	if r.of == nil {
		return true
	}
	g := r.of.gather
	g.mu.Lock()
	if g.err != nil || g.has(r) {
		g.mu.Unlock()
		return c.notOpen() == nil
	}
	w := &roomWaiter{r, make(chan struct{})}
	g.waiters = append(g.waiters, w)
	g.mu.Unlock()
	if c.AwaitSignal(w.ready) {
		return true
	}
	g.mu.Lock()
	g.waiters = slices.DeleteFunc(g.waiters, func(other *roomWaiter) bool { return other == w })
	g.mu.Unlock()
	return false
}

// AwaitSignal is Await for whatever else a reader may have to wait for: it returns
// true once something can be received, or the channel is closed.
func (c *Conn) AwaitSignal(signal <-chan struct{}) bool {
	c.Flush() // a pong
	c.paused.Store(true)
	defer c.paused.Store(false)
	select {
	case <-signal:
		return true
	case <-c.done:
		return false
	}
}
