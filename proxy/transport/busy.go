package transport

import "time"

// SetBusy sets what tells whether the peer may be too busy to answer pings: a
// callee of one thread that runs a call. It is asked by the [Keepalive] alone,
// before it would drop the peer; it must not block on anything that waits for
// a connection.
func (c *Conn) SetBusy(busy func() bool) { c.busy.Store(&busy) }

func (c *Conn) isBusy() bool {
	busy := c.busy.Load()
	return busy != nil && (*busy)()
}

// progress returns how much is unsent, and how much was ever written, in bytes.
func (g *gather) progress() (unsent int, written uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unsent, g.total - uint64(g.unsent) //nolint:gosec // not negative, and part of total
}

// ackSlack is how coarsely the system tells the age of an acknowledgment.
const ackSlack = 100 * time.Millisecond

// acknowledged tells whether the peer's machine has acknowledged anything in the
// time since a ping was sent. It is true where that can't be known: a Unix
// socket's peer ends with its program, and elsewhere than on Linux TCP itself
// ends the connection, though later.
func (g *gather) acknowledged(since time.Duration) bool {
	age, known := g.ackAge()
	return !known || age <= since+ackSlack
}
