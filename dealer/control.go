package dealer

import (
	"slices"
)

// What people do to pools and callees while calls run: nobody's call is taken
// away by any of it.

// Configure gives a pool other rules, for calls that arrive or wait from now on:
//   - Without a Policy, the pool keeps its own. Another one begins anew with its first turn.
//   - A lower limit ends no call: a callee that has more gets none until it has
//     fewer. By a higher one, who waits is dispatched at once.
//   - A queue that is smaller, or gone, refuses newcomers alone. Those who wait
//     stay, for as long as QueueTimeout says now; without a queue, as it said before.
//   - A pool that lingers does so for as long as Linger says now, from the moment
//     on when its last callee left.
//   - Where pools come into another Scope, or out of one, what their callees have in
//     flight counts there from now on.
func (d *Dealer) Configure(now Time, id PoolID, config PoolConfig) []Action {
	d.begin(now)
	p := d.pool(id)
	if config.Policy == 0 {
		config.Policy = p.config.Policy
	}
	if config.Policy != p.config.Policy {
		p.roster.cursor = -1
	}
	p.mark()
	p.follow(config)
	touched := []*pool{p}
	for _, c := range d.callees {
		if c != nil && !c.peer && c.registrations[id] != nil {
			touched = append(touched, d.allot(c.registrations[id])...)
		}
	}
	p.roster.recount()
	if p.lingers {
		p.lingerEnd = later(p.vacatedAt, config.Linger)
	}
	d.next = min(d.next, d.now)
	d.elapse()
	d.fillAll(unique(touched))
	return d.actions
}

// follow gives a pool its rules. Who waits still does where nothing will wait any
// more: no longer than it would have.
func (p *pool) follow(config PoolConfig) {
	if config.QueueLimit == 0 && p.queue.length > 0 {
		config.QueueTimeout = p.config.QueueTimeout
	}
	p.config = config
}

// unique returns the pools, each of them once.
func unique(pools []*pool) []*pool {
	slices.SortFunc(pools, func(a, b *pool) int { return int(a.id - b.id) })
	return slices.Compact(pools)
}

// DrainCallee has a callee get no new call in any pool: it counts as full, so that
// more of those that wait may travel. What it
// has in flight goes on, further parts of progressive calls included, and its
// registrations stay until it leaves, or [Dealer.UndrainCallee].
func (d *Dealer) DrainCallee(now Time, id CalleeID) []Action {
	d.begin(now)
	d.fillAll(d.drainCallee(id, true))
	return d.actions
}

// UndrainCallee has a callee get calls again: first those that wait.
func (d *Dealer) UndrainCallee(now Time, id CalleeID) []Action {
	d.begin(now)
	d.fillAll(d.drainCallee(id, false))
	return d.actions
}

// drainCallee returns the pools that the callee is in.
func (d *Dealer) drainCallee(id CalleeID, draining bool) (pools []*pool) {
	c := d.callee(id)
	served := int64(0) // of each slot: one more, one less or none
	switch {
	case c.draining == draining:
	case draining:
		served = -1
	default:
		served = 1
	}
	c.draining = draining
	for _, in := range c.pools() {
		r := c.registrations[in]
		if r.active {
			r.pool.roster.serving += served * r.slots()
			r.pool.roster.refresh(r)
		}
		if r.active || r.credits > 0 {
			pools = append(pools, r.pool)
		}
	}
	return pools
}

// PausePool has a pool's calls wait, as if all its callees were full; where nothing
// waits, they are refused with [ReasonConcurrency]. What is in flight goes on. The
// pool is forgotten with its pause, see [PoolID].
func (d *Dealer) PausePool(id PoolID) {
	d.taken()
	p := d.pool(id)
	p.paused = true
	p.mark()
}

// ResumePool has a pool's calls go on: first those that wait.
func (d *Dealer) ResumePool(now Time, id PoolID) []Action {
	d.begin(now)
	p := d.pool(id)
	p.mark()
	p.paused = false
	d.fill(p)
	return d.actions
}
