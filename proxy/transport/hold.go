package transport

import "sync/atomic"

// What a connection holds is charged to its client's account: by the capacity of
// its buffers, and only of those that last. Between two system calls they come
// and go without a word: a message that is passed on at once costs no counting.
//
//	read      message under construction, what came and makes no message yet
//	          charged when the reader is about to wait for more, and where the
//	          message outgrows its buffer
//	written   what was sent and the socket has not taken
//	          charged when a buffer grows beyond the first one, and where it is
//	          left to a goroutine that waits for the peer

// bounds are what a connection may take for a time, less than it has been made for.
type bounds struct {
	most atomic.Int64 // longest message received and most that waits to be sent, in bytes; 0: no bound of this kind

	account *Account // nil: none. Set before the first Read and Send
	alone   bool     // the account ends with the connection
	read    int64    // charged for reading; owned by the reader
}

// Charge has the connection count what it holds in an account, which outlives
// it. It is for before the first Read and Send.
func (c *Conn) Charge(a *Account) {
	c.bounds.account = a
	g := c.gather
	g.mu.Lock()
	defer g.mu.Unlock()
	g.account = a
}

// ChargeTo has the connection count what it holds in a budget as no client's: it
// is not ended for it. It is for before the first Read and Send.
func (c *Conn) ChargeTo(b *Budget) {
	c.bounds.alone = true
	c.Charge(b.Open(nil))
}

// Confine lowers the most that the peer may send in a message, and that may wait
// to be sent to it, to so many bytes, or with 0 lifts that again. A message that
// has begun to arrive in one frame is not concerned.
func (c *Conn) Confine(most int) {
	c.bounds.most.Store(int64(most))
	g := c.gather
	g.mu.Lock()
	defer g.mu.Unlock()
	g.confined = most
}

// limit returns the most that the peer may send in a message, given what it may
// at other times.
func (b *bounds) limit(usual int64) int64 {
	if most := b.most.Load(); most != 0 {
		return min(most, usual)
	}
	return usual
}

// chargeRead charges what is held of what has come. The reader calls it.
func (c *Conn) chargeRead() {
	held := int64(c.framing.held())
	if c.message != nil {
		held += int64(cap(c.message.b))
	}
	if held != c.bounds.read {
		c.bounds.account.Add(held - c.bounds.read)
		c.bounds.read = held
	}
}

// receiveStep is how much of a message is made room for before it has come: a
// length alone must not cost its sender's victim memory.
const receiveStep = 64 << 10

// grow makes room in the message for n bytes more, of rest that have not come: where
// it has to grow, for no more than four times what has come, or a step. It grows by a
// quarter at least, so that small parts cost no more copies than large ones.
func (c *Conn) grow(n, rest int) {
	m := c.message
	if cap(m.b)-len(m.b) >= n {
		return
	}
	more := max(n, min(rest, max(3*len(m.b), receiveStep)))
	c.message = borrowBuffer(max(len(m.b)+more, cap(m.b)+cap(m.b)/4))
	c.message.b = append(c.message.b, m.b...)
	m.giveBack()
	c.chargeRead()
}

// leastRoom is how much room a message has at least when it is read to: less is not
// worth a system call.
const leastRoom = 16 << 10

// letGo gives back what the reader held, which reads no more.
func (c *Conn) letGo() {
	if c.message != nil {
		c.message.giveBack()
		c.message = nil
	}
	c.bounds.account.Add(-c.bounds.read)
	c.bounds.read = 0
}

// charge charges what waits to be sent. mu is held.
func (g *gather) charge() {
	held := g.pending.size() + g.out.size()
	if g.wire != g.out {
		held += g.wire.size()
	}
	for _, gap := range g.gaps {
		held += gap.frame.size() + gap.behind.size()
	}
	if held != g.charged {
		g.account.Add(held - g.charged)
		g.charged = held
	}
}

// discharge does so where something was charged. mu is held.
func (g *gather) discharge() {
	if g.charged != 0 {
		g.charge()
	}
}

// crowded returns why the connection is beyond the quota, nil if it is not.
func (g *gather) crowded() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.place.crowded
}

// most returns the most that may wait to be sent. mu is held.
func (g *gather) most() int {
	if g.confined != 0 {
		return min(g.confined, g.limit)
	}
	return g.limit
}
