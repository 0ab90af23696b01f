package dealer

import (
	"math"
	"time"
)

// Load is what peers are to know of a pool. It is a hint: where it is wrong, calls wait
// longer.
type Load struct {
	Free    int           // slots that a forwarded call could have now
	Waiting int           // calls that wait and may travel
	Oldest  time.Duration // how long the first of those has waited
}

// unboundedFree is how many slots a callee without a limit counts for, whatever it has.
const unboundedFree = 1024

// loads are the pools whose load has changed.
type loads struct {
	changed, told []PoolID
}

// FollowLoads tells whether pools whose load changes are to be told of
// ([Dealer.Changed]), and how long calls take to be learned. Once that is so, all pools
// have changed.
func (d *Dealer) FollowLoads(on bool) {
	d.taken()
	d.loads = nil
	if on {
		d.loads = new(loads)
	}
	for _, p := range d.pools {
		if p != nil {
			p.followLoad(d.loads)
		}
	}
}

// followLoad counts the pool's free slots from now on, or no more.
func (p *pool) followLoad(to *loads) {
	p.loads, p.changed = to, false
	p.roster.follows, p.roster.free = to != nil, 0
	for _, r := range p.roster.members {
		if r == nil {
			continue
		}
		if r.free = 0; to != nil {
			p.roster.countFree(r)
		}
	}
	p.mark()
}

// mark notes that the load of a pool has changed.
func (p *pool) mark() {
	if p.loads != nil && !p.changed {
		p.changed = true
		p.loads.changed = append(p.loads.changed, p.id)
	}
}

// markAll notes that the loads of all pools have.
func (d *Dealer) markAll() {
	for _, p := range d.pools {
		if p != nil {
			p.mark()
		}
	}
}

// Changed returns the pools whose free slots or queue have changed since it was asked
// last, while [Dealer.FollowLoads] is on: each once, and none that is no more. It is
// valid until it is asked again.
func (d *Dealer) Changed() []PoolID {
	l := d.loads
	if l == nil || len(l.changed) == 0 {
		return nil
	}
	l.changed, l.told = l.told[:0], l.changed
	n := 0
	for _, id := range l.told {
		if p := d.pools[id]; p != nil && p.changed { // else another one has had its ID
			p.changed = false
			l.told[n] = id
			n++
		}
	}
	return l.told[:n]
}

// LoadOf tells the load of a pool, while [Dealer.FollowLoads] is on:
//   - A pool that is closed, paused or whose dealer drains has no free slot; nor has a
//     callee that drains. One without a limit counts for many, whatever it has. Pools
//     of one scope each count what their callees have free in all of them.
//   - Of those that wait, those may travel that as many wait before as are served here
//     while the nearest peer is asked. Where nothing waits, or nobody gets a call, none
//     may.
//
// It takes O(1), but where peers are far away for how short calls are.
func (d *Dealer) LoadOf(now Time, id PoolID) (l Load) {
	p := d.pool(id)
	if !p.open || p.paused {
		return l
	}
	if !d.draining {
		l.Free = int(min(p.roster.free, math.MaxInt))
	}
	n := p.ahead(d.nearest)
	if p.config.QueueLimit == 0 || n >= p.queue.length {
		return l
	}
	l.Waiting = p.queue.length - n
	if now = max(now, d.now); n == 0 {
		l.Oldest = p.queue.oldest(&d.calls, now)
	} else {
		l.Oldest = now - d.calls.at(p.queue.nth(&d.calls, n)).since
	}
	return l
}

// countFree takes up what changed of a member's free slots.
func (ro *roster) countFree(r *registration) {
	free := r.freeSlots()
	if free == r.free {
		return
	}
	ro.free += free - r.free
	r.free = free
	r.pool.mark()
}

// freeSlots returns how many more calls the registration may get.
func (r *registration) freeSlots() int64 {
	if !r.hasRoom() {
		return 0
	}
	free := int64(unboundedFree)
	if r.limit > 0 {
		free = min(int64(r.limit-r.inFlight), maxSlots)
	}
	if shared := r.shared(); shared > 0 {
		left := int64(shared - r.share.inFlight)
		if r.limit == 0 {
			return min(left, maxSlots)
		}
		free = min(free, left)
	}
	return free
}
