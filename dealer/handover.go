package dealer

import "github.com/wampool/wampool/codec"

// A call that its callee will not answer is handed on: one that it refuses with
// wamp.error.unavailable ("Call Re-Routing", #name-call-re-routing), or that it
// has lost, where the pool's rules allow it. Such a call waits in front of all others, even where
// the queue is full, and never goes to a callee that has refused it before.

// mayMove tells whether a running call can go to another callee: its message
// was kept, no part of an answer has been passed on, and nobody cancels it.
func (c *call) mayMove() bool { return c.state == running && c.kept && !c.tied }

// refuseByCallee takes wamp.error.unavailable. It is false if the answer is to
// be passed on like any other.
func (d *Dealer) refuseByCallee(i callIndex) bool {
	c := d.calls.at(i)
	if !c.mayMove() {
		return false
	}
	p, r := c.pool, c.at
	d.do(Action{Kind: Discard, Callee: r.callee.id, ID: c.id})
	rare := c.special()
	rare.refusers = append(rare.refusers, r.callee)
	d.handOn(i)
	if !p.open {
		d.refuseWaiting(p, ReasonNoCallee)
	}
	d.refuseExhausted(p)
	d.fillAfter(p, r.share)
	d.refuseUnqueued(i, ReasonConcurrency)
	return true
}

// loseCall takes a call from a callee that is gone. It is true if the call
// waits for another one.
func (d *Dealer) loseCall(i callIndex) bool {
	c := d.calls.at(i)
	if c.mayMove() && c.pool.open && c.retries() < c.pool.config.Retries {
		c.special().retries++
		d.handOn(i)
		return true
	}
	if c.state == running {
		d.refuseCall(c, ReasonCalleeLost, 0, 0)
	}
	d.remove(i)
	return false
}

// handOn puts a running call back into the queue, behind those in front that
// were handed on before.
func (d *Dealer) handOn(i callIndex) {
	c := d.calls.at(i)
	d.vacate(c)
	d.unkeep(c)
	c.state, c.handed, c.since = waiting, true, d.now
	c.id = 0
	c.pool.queue.pushHanded(&d.calls, i)
	c.pool.mark()
	d.watch(i)
	if timeout := c.pool.config.QueueTimeout; timeout > 0 {
		d.next = min(d.next, later(d.now, timeout))
	}
}

// keep holds on to the message of a call in flight, so that it can be handed
// on, as far as the pool's bound allows.
func (d *Dealer) keep(c *call, body codec.Body, held bool) {
	n := body.Len()
	if held {
		n = c.held()
	}
	if most := c.pool.config.KeptBytes; most == 0 || c.pool.kept+n > most {
		d.recycle(c)
		return
	}
	if !held {
		c.body = body.Hold(d.buffer())
	}
	c.kept = true
	c.pool.kept += n
}

// unkeep takes a message out of the pool's bound for those in flight.
func (d *Dealer) unkeep(c *call) {
	if c.kept {
		c.kept = false
		c.pool.kept -= c.held()
	}
}

// refuseExhausted refuses the calls that every callee of the pool has refused: by
// wamp.error.no_available_callee ("Call Re-Routing", #name-call-re-routing).
func (d *Dealer) refuseExhausted(p *pool) {
	if p.roster.size == 0 {
		return // the next one to join may take them
	}
	for i := p.queue.head; i != noCall && d.calls.at(i).handed; {
		c := d.calls.at(i)
		next := c.after
		if c.refusedBy(p) == p.roster.size {
			d.refuseCall(c, ReasonNoCallee, 0, d.now-c.since)
			d.remove(i)
		}
		i = next
	}
}

// refusedBy counts the callees of the pool that have refused the call.
func (c *call) refusedBy(p *pool) (n int) {
	if c.rare == nil {
		return 0
	}
	for _, refuser := range c.rare.refusers {
		if r := refuser.registrations[p.id]; r != nil && r.active {
			n++
		}
	}
	return n
}

// refuseUnqueued refuses a call that was handed on and found nobody at once,
// in a pool where nothing waits. A call of a peer waits nowhere, and is full if nothing of
// it has run.
func (d *Dealer) refuseUnqueued(i callIndex, reason Reason) {
	c := d.calls.at(i)
	if c.state != waiting || c.pool.config.QueueLimit > 0 && c.from != PeerOrigin {
		return
	}
	limit := 0
	switch {
	case c.from == PeerOrigin:
		if reason == ReasonConcurrency {
			reason = ReasonFull
		}
	case c.pool.roster.size == 0:
		reason = ReasonNoCallee
	case reason == ReasonConcurrency:
		limit = c.pool.roster.slots()
	}
	d.refuseCall(c, reason, limit, d.now-c.since)
	d.remove(i)
}
