package dealer

import (
	"maps"
	"slices"

	"github.com/wampool/wampool/codec"
)

// Answer takes a YIELD or ERROR(INVOCATION) that a callee sent under the ID
// that it knows. final is false for a YIELD with Options.progress alone. The
// first action says what becomes of the message at hand: Forward, ForwardOwn,
// Discard or Violate; the slot of a final answer goes to whoever waits.
func (d *Dealer) Answer(now Time, from CalleeID, id uint64, final bool) []Action {
	d.begin(now)
	ids := &d.callee(from).requests
	open, known := ids.open[id]
	switch {
	case known && open.call != noCall:
		d.answerCall(open.call, final)
	case known:
		d.do(Action{Kind: ForwardOwn, Callee: from, ID: id, Request: open.own, Final: final})
		if final {
			ids.release(id)
		}
	case id >= 1 && id <= ids.first:
		d.do(Action{Kind: ForwardOwn, Callee: from, ID: id, Request: id, Final: final})
	case ids.issued(id):
		d.do(Action{Kind: Discard, Callee: from, ID: id}) // answered twice
	default:
		d.do(Action{Kind: Violate, Callee: from, ID: id})
	}
	return d.actions
}

func (d *Dealer) answerCall(i callIndex, final bool) {
	c := d.calls.at(i)
	a := Action{
		Kind: Forward, Pool: c.pool.id, Callee: c.at.callee.id, ID: c.id,
		Origin: c.origin, Request: c.request, Final: final,
	}
	if c.state == defunct || !final && !c.receiveProgress {
		a.Kind = Discard
	}
	d.do(a)
	if final {
		p := c.pool
		d.remove(i)
		d.fill(p)
	}
}

// Cancel takes an INTERRUPT of the router, or the CANCEL of a local caller.
// The slot of a dispatched call stays taken until its callee answers. One for
// a call that has ended, or never was, does nothing ("Call Canceling").
func (d *Dealer) Cancel(now Time, from OriginID, request uint64, mode codec.CancelMode) []Action {
	d.begin(now)
	o := d.origin(from)
	i, active := o.calls[request]
	if !active {
		return d.actions
	}
	c := d.calls.at(i)
	// A router has told its caller already unless the mode is kill; a local
	// caller is told here.
	tell := mode == codec.CancelKill || o.local
	if c.state == waiting {
		if tell {
			d.refuse(c.pool, from, request, ReasonCanceled, 0, d.now-c.arrived)
		}
		d.remove(i)
		return d.actions
	}
	interrupt := mode != codec.CancelSkip && c.at.callee.features.CallCanceling
	if interrupt {
		d.do(Action{Kind: Interrupt, Pool: c.pool.id, Callee: c.at.callee.id, ID: c.id, Mode: mode})
		if mode == codec.CancelKill {
			return d.actions // its callee's answer is the caller's
		}
	}
	if tell {
		d.refuse(c.pool, from, request, ReasonCanceled, 0, d.now-c.arrived)
	}
	d.disown(c)
	c.state = defunct
	return d.actions
}

// DropOrigin takes the end of the session that calls came from. Its waiting
// calls leave the queue; its callees are interrupted where they can be, and
// their slots stay taken until they answer.
func (d *Dealer) DropOrigin(now Time, id OriginID) []Action {
	d.begin(now)
	o := d.origin(id)
	for _, request := range slices.Sorted(maps.Keys(o.calls)) {
		i := o.calls[request]
		c := d.calls.at(i)
		if c.state == waiting {
			d.remove(i)
			continue
		}
		if c.at.callee.features.CallCanceling {
			d.do(Action{Kind: Interrupt, Pool: c.pool.id, Callee: c.at.callee.id, ID: c.id, Mode: codec.CancelKillNoWait})
		}
		d.disown(c)
		c.state = defunct
	}
	o.ended = endedRequests{}
	return d.actions
}
