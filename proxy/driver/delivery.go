package driver

import (
	"bytes"
	"slices"
	"sync/atomic"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// delivery is an INVOCATION that has its place in its callee's send buffer and is
// yet to be written, which may fail. An INTERRUPT for it waits for that: a callee
// must not be told of a call that it has never got ("Call Canceling",
// #name-call-canceling).
//
//	writing ── written ──▶ written
//	   │    └─ failed ───▶ failed: an INTERRUPT goes nowhere
//	   └─ INTERRUPT ──▶ interrupted ── written ──▶ it is sent: [Driver.Follow]
//	                                └─ failed ───▶ failed
type delivery struct {
	id        uint64
	state     atomic.Uint32
	interrupt []byte // set before the state says interrupted
}

// States of a delivery.
const (
	writing uint32 = iota
	written
	failed
	interrupted
)

// deliver notes that an INVOCATION is yet to be written. The owner's lock is held.
func (c *Callee) deliver(id uint64) *delivery {
	d := &delivery{id: id}
	c.deliveries = append(slices.DeleteFunc(c.deliveries, (*delivery).isOver), d)
	return d
}

// delivered forgets one that is over. The owner's lock is held.
func (c *Callee) delivered(of *delivery) {
	if of != nil {
		c.deliveries = slices.DeleteFunc(c.deliveries, func(d *delivery) bool { return d == of })
	}
}

func (d *delivery) isOver() bool { return d.state.Load() == written }

// end takes note that the INVOCATION was written, or could not be. It tells whether
// an INTERRUPT is to be sent behind it. A nil delivery is of another message.
func (d *delivery) end(ok bool) (interrupt bool) {
	switch {
	case d == nil:
		return false
	case !ok:
		d.state.Store(failed)
		return false
	}
	return !d.state.CompareAndSwap(writing, written)
}

// sendInterrupt sends an INTERRUPT to a callee, or leaves it to whoever writes the
// INVOCATION. The owner's lock is held.
func (c *Callee) sendInterrupt(out *transport.Outbox, m *codec.Interrupt, message []byte) {
	for _, d := range c.deliveries {
		if d.id != m.Request {
			continue
		}
		d.interrupt = bytes.Clone(message)
		if d.state.CompareAndSwap(writing, interrupted) || d.state.Load() != written {
			return
		}
	}
	send(out, c.Conn, message)
}
