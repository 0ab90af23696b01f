package dealer

import "github.com/wampool/wampool/codec"

// Deadline returns a time before which Tick has nothing to do; false if there
// is none at all.
func (d *Dealer) Deadline() (Time, bool) { return d.next, d.next != never }

// Tick refuses the calls that have waited longer than their queue's timeout.
func (d *Dealer) Tick(now Time) []Action {
	d.begin(now)
	if d.now < d.next {
		return d.actions
	}
	d.next = never
	for _, p := range d.pools {
		if p != nil && p.config.QueueTimeout > 0 {
			d.expire(p)
		}
	}
	return d.actions
}

// expire refuses those at the head of a pool's queue whose time is over. All
// waits of a pool are equally long, so the oldest call ends first.
func (d *Dealer) expire(p *pool) {
	for p.queue.length > 0 {
		c := d.calls.at(p.queue.head)
		if end := c.arrived + p.config.QueueTimeout; end > d.now {
			d.next = min(d.next, end)
			return
		}
		d.refuse(p, c.origin, c.request, ReasonQueueTimeout, p.config.QueueLimit, d.now-c.arrived)
		d.remove(p.queue.head)
	}
}

// Drain refuses every call that arrives from now on. Those in flight finish,
// and those that wait still get their turn.
func (d *Dealer) Drain() { d.draining = true }

// Shutdown ends what Drain left: calls that wait are refused with
// [ReasonDraining], as nobody has begun them; those in flight with
// [ReasonCalleeLost], and their late answers are discarded.
func (d *Dealer) Shutdown(now Time) []Action {
	d.begin(now)
	d.draining = true
	for _, p := range d.pools {
		if p != nil {
			d.refuseWaiting(p, ReasonDraining)
		}
	}
	for i := range d.calls.calls {
		c := d.calls.at(callIndex(i))
		if c.state != running {
			continue
		}
		if c.at.callee.features.CallCanceling {
			d.do(Action{Kind: Interrupt, Pool: c.pool.id, Callee: c.at.callee.id, ID: c.id, Mode: codec.CancelKillNoWait})
		}
		d.refuse(c.pool, c.origin, c.request, ReasonCalleeLost, 0, 0)
		d.disown(c)
		c.state = defunct
	}
	return d.actions
}
