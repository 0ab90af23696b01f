package transport

import "slices"

// Slot is a place in a connection's send buffer for a message that its reader has
// yet to make: it reserves the place under a lock that orders messages, and fills
// it when it has let the lock go. What is sent meanwhile, by whomever, waits behind
// it and leaves with it:
//
//	│ sent before │ slot │ sent behind │ slot │ sent behind both │
//	  a flush writes up to here
//
// A slot must be filled or dropped before its reader waits for anything, or else
// everybody behind it waits too. The zero Slot is one on a connection that is not
// open. It belongs to the reader that has the [Outbox].
type Slot struct {
	out *Outbox
	to  *Conn
	gap gapNumber
}

// Reserve reserves the place of the next message to a connection.
func (o *Outbox) Reserve(to *Conn) Slot {
	gap := to.reserve()
	if gap == noGap {
		return Slot{}
	}
	s := Slot{o, to, gap}
	o.reserved = append(o.reserved, s)
	return s
}

// Fill puts a message into the slot, a copy of it. It is as [Outbox.Send] is,
// and does what that would have done before a close of the connection that has
// begun meanwhile: what waits behind the slot, the close frame for one, leaves
// after it. A slot that was filled or dropped before is left as it is.
func (s Slot) Fill(message []byte) { s.FillParts(Parts{Head: message}) }

// FillParts is Fill for a message in parts, see [Conn.SendParts].
func (s Slot) FillParts(message Parts) {
	if s.settle() {
		s.to.fill(s.gap, message)
		s.out.touch(s.to)
	}
}

// Drop gives the slot up, so that nothing stands in its place.
func (s Slot) Drop() {
	if s.settle() {
		s.to.gather.dropGap(s.gap)
		s.out.touch(s.to)
	}
}

// settle tells whether the slot was open until now.
func (s Slot) settle() bool {
	if s.out == nil {
		return false
	}
	i := slices.Index(s.out.reserved, s)
	if i < 0 {
		return false
	}
	s.out.reserved = slices.Delete(s.out.reserved, i, i+1)
	return true
}

// DropReserved drops the slots that were not filled. It is for the end of what a
// reader does with a message, however that ends: by a panic, for one.
func (o *Outbox) DropReserved() {
	for len(o.reserved) > 0 {
		o.reserved[len(o.reserved)-1].Drop()
	}
}

// reserve returns noGap if the connection is not open.
func (c *Conn) reserve() gapNumber {
	c.sending.Lock() // nothing is reserved behind the goodbye
	defer c.sending.Unlock()
	if c.notOpen() != nil {
		return noGap
	}
	return c.gather.reserve()
}

// fill is Send for a gap. A connection that is being closed takes it still.
func (c *Conn) fill(in gapNumber, message Parts) {
	size := message.Len()
	if size > c.maxSend {
		c.gather.dropGap(in)
		_ = c.refuseToSend(size)
		return
	}
	c.sending.Lock()
	err := c.gather.admit(size)
	if err == nil {
		err = c.framing.writeParts(in, message)
	}
	c.sending.Unlock()
	_ = c.sent(err)
}

// gap is a place in the send buffer for a frame that is not there yet.
type gap struct {
	closed bool
	frame  *buffer // nil: none, or nothing is to come
	behind *buffer // what was sent after it, up to the next gap; nil: nothing
}

// gapNumber tells the gaps of a connection apart. They are counted from 1.
type gapNumber uint64

// noGap stands for the end of what was sent.
const noGap gapNumber = 0

// keptGaps is how many places for gaps a connection keeps that has none.
const keptGaps = 4

// reserve opens a gap at the end of what was sent; noGap if nothing is written any more.
func (g *gather) reserve() gapNumber {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return noGap
	}
	g.gaps = append(g.gaps, gap{})
	return g.gone + gapNumber(len(g.gaps))
}

// bufferFor returns where a frame in a gap goes, or one at the end. mu is held.
func (g *gather) bufferFor(in gapNumber) **buffer {
	if in == noGap {
		return &g.gaps[len(g.gaps)-1].behind
	}
	if in == g.gone+1 { // no detour for what may leave
		return &g.pending
	}
	return &g.gaps[in-g.gone-1].frame
}

// dropGap closes a gap as it is.
func (g *gather) dropGap(in gapNumber) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.closeGap(in)
		g.discharge()
	}
}

// closeGap notes that nothing more comes into a gap. What it has held up, to the
// next one that is open, becomes ready to be written. mu is held.
func (g *gather) closeGap(in gapNumber) {
	g.gaps[in-g.gone-1].closed = true
	n := 0
	for ; n < len(g.gaps) && g.gaps[n].closed; n++ {
		g.pending = g.pending.joined(g.gaps[n].frame).joined(g.gaps[n].behind)
	}
	g.gone += gapNumber(n)
	if g.gaps = slices.Delete(g.gaps, 0, n); len(g.gaps) > 0 {
		return
	}
	if cap(g.gaps) > keptGaps {
		g.gaps = nil
	}
	g.rested.Broadcast()
}

// freeGaps gives back what waits behind gaps. mu is held.
func (g *gather) freeGaps() {
	for _, gap := range g.gaps {
		gap.frame.free()
		gap.behind.free()
	}
	g.gone += gapNumber(len(g.gaps))
	g.gaps = nil
	g.rested.Broadcast()
}
