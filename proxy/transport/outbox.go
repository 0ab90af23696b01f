package transport

import (
	"runtime"
	"sync/atomic"
)

// Outbox collects the connections that a reader has sent to since it last
// waited for input, so that it flushes each of them once. It belongs to that
// reader, whose connection gets Flush as its [Conn.BeforeBlock] hook.
type Outbox struct {
	touched  []touch
	reserved []Slot // neither filled nor dropped
}

// touch is a connection with something of the reader's in its send buffer.
type touch struct {
	conn  *Conn
	taken uint32 // how often somebody had begun to write its send buffer by then
}

// Send appends a message to a connection's send buffer, a copy of it. An error
// ends that connection, and its own reader deals with it.
func (o *Outbox) Send(to *Conn, message []byte) {
	if to.Send(message) == nil {
		o.touch(to)
	}
}

// SendParts is Send for a message in parts, see [Conn.SendParts].
func (o *Outbox) SendParts(to *Conn, message Parts) {
	if to.SendParts(message) == nil {
		o.touch(to)
	}
}

// Pass sends on the message that from's Read has just returned, to whose reader the
// Outbox belongs. A long one is not copied, and nobody may look at it any more.
func (o *Outbox) Pass(from, to *Conn, message []byte) {
	if memory := from.Lend(message); memory != nil {
		o.SendParts(to, Parts{Payload: message, Memory: memory, Given: true})
	} else {
		o.Send(to, message)
	}
}

// touch notes a connection to be flushed, behind what was sent to it.
func (o *Outbox) touch(c *Conn) {
	taken := c.gather.taken.Load()
	for i := range o.touched {
		if o.touched[i].conn == c {
			o.touched[i].taken = taken
			return
		}
	}
	o.touched = append(o.touched, touch{c, taken})
}

// Yield lets other readers that are ready go first. Where they send to the same
// connections, each to several, one flush writes what all of them have sent. Who sends
// to one connection does not wait, but on one processor, where the others would run
// before or after, and no thread is woken for it.
func (o *Outbox) Yield() {
	if len(o.touched) > 1 || len(o.touched) == 1 && onOneProcessor.Load() {
		runtime.Gosched()
	}
}

// onOneProcessor is of all connections, since the processors are.
var onOneProcessor atomic.Bool

// SetOnOneProcessor says whether all goroutines have one processor between them
// ([runtime.GOMAXPROCS]). It only changes what flushing costs.
func SetOnOneProcessor(is bool) { onOneProcessor.Store(is) }

// Flush writes out what was sent, without blocking. What others have written already,
// with what they had sent to the same connection, is not looked at again: what they
// have sent since then leaves with what comes to it until they flush.
func (o *Outbox) Flush() {
	for _, t := range o.touched {
		if t.conn.gather.taken.Load() == t.taken {
			t.conn.Flush()
		}
	}
	clear(o.touched)
	o.touched = o.touched[:0]
}
