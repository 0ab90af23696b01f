package dealer

// Deadline returns a time before which Tick has nothing to do; false if there
// is none at all.
func (d *Dealer) Deadline() (Time, bool) { return d.next, d.next != never }

// Tick does what time alone demands: it refuses calls that have waited longer
// than their queue's timeout or whose own deadline is over, and gives up pools
// that have lingered without a callee.
func (d *Dealer) Tick(now Time) []Action {
	d.begin(now)
	d.elapse()
	return d.actions
}

// elapse does so within any event that may dispatch or take a call, however
// late the next Tick is.
func (d *Dealer) elapse() {
	if d.now < d.next {
		return
	}
	d.next = never
	for _, p := range d.pools {
		if p != nil {
			d.expire(p)
		}
	}
	for len(d.deadlines.heap) > 0 {
		i := d.deadlines.heap[0]
		if end := d.calls.at(i).rare.deadline; end > d.now {
			d.next = min(d.next, end)
			return
		}
		d.overrun(i)
	}
}

// expire refuses those whose wait in a pool's queue is over. All waits of a
// pool are equally long, so the oldest call ends first, behind those in front
// that were handed on.
func (d *Dealer) expire(p *pool) {
	if timeout := p.config.QueueTimeout; timeout > 0 {
		for i := p.queue.head; i != noCall; {
			c := d.calls.at(i)
			next := c.after
			if end := later(c.since, timeout); end <= d.now {
				d.refuseLate(i, end)
			} else if d.next = min(d.next, end); !c.handed {
				break
			}
			i = next
		}
	}
	if !p.lingers {
		return
	}
	if p.lingerEnd > d.now {
		d.next = min(d.next, p.lingerEnd)
		return
	}
	d.release(p)
}

// refuseLate refuses a call whose turn did not come until end, or until its own
// deadline if that was no later.
func (d *Dealer) refuseLate(i callIndex, end Time) {
	c := d.calls.at(i)
	if c.rare != nil && c.rare.timeout > 0 && c.rare.deadline <= end {
		d.overrun(i)
		return
	}
	d.refuseCall(c, ReasonQueueTimeout, c.pool.config.QueueLimit, d.now-c.since)
	d.remove(i)
}

// overrun ends a call whose own deadline is over, by wamp.error.timeout ("Call
// Timeouts", #name-call-timeouts). One that
// waits is never dispatched; the callee of one that runs is interrupted where
// it can be, and its slot stays taken until it answers.
func (d *Dealer) overrun(i callIndex) {
	c := d.calls.at(i)
	waits := c.state == waiting
	if !waits {
		d.interruptCallee(c)
	}
	d.refuseCall(c, ReasonDeadline, 0, d.now-c.since)
	if waits {
		d.remove(i)
		return
	}
	d.abandon(c)
}

// Drain refuses every call that arrives from now on. Those in flight finish,
// and those that wait still get their turn, here or at a peer. A call that a peer
// forwards is refused with [ReasonFull].
func (d *Dealer) Drain() {
	d.taken()
	d.draining = true
	d.markAll()
}

// Shutdown ends what Drain left: calls that wait are refused with
// [ReasonDraining], as nobody has begun them; those in flight with
// [ReasonCalleeLost], and their late answers are discarded.
func (d *Dealer) Shutdown(now Time) []Action {
	d.begin(now)
	d.draining = true
	d.markAll()
	for _, p := range d.pools {
		if p != nil {
			d.refuseWaiting(p, ReasonDraining)
		}
	}
	for i := range d.calls.used {
		c := d.calls.at(i)
		if c.state != running {
			continue
		}
		d.interruptCallee(c)
		d.refuseCall(c, ReasonCalleeLost, 0, 0)
		d.abandon(c)
	}
	return d.actions
}
