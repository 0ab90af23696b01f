package dealer

import (
	"cmp"
	"slices"
)

// share is one limit over several registrations of a callee: those in pools of
// the same scope.
type share struct {
	scope    string
	limit    int // 0: none
	inFlight int
	of       []*registration // active, or with calls in flight
}

func (s *share) hasRoom() bool { return s.limit == 0 || s.inFlight < s.limit }

func (s *share) leave(r *registration) {
	s.of = slices.DeleteFunc(s.of, func(other *registration) bool { return other == r })
	if len(s.of) == 0 {
		delete(r.callee.shares, s.scope)
	}
}

// allot gives a registration its limits: what the callee asked for, and the
// pool's Concurrency, which may count over all pools of a scope.
func (d *Dealer) allot(r *registration, asked int) {
	r.limit = asked
	most, scope := r.pool.config.Concurrency, r.pool.config.Scope
	if scope == "" {
		if most > 0 && (asked == 0 || asked > most) {
			r.limit = most
		}
		return
	}
	c := r.callee
	s := c.shares[scope]
	if s == nil {
		if c.shares == nil {
			c.shares = make(map[string]*share)
		}
		s = &share{scope: scope, limit: most}
		c.shares[scope] = s
	}
	if r.share != s {
		r.share = s
		s.of = append(s.of, r)
	}
}

// hasRoom tells whether the registration may get one more call.
func (r *registration) hasRoom() bool {
	return r.active && (r.limit == 0 || r.inFlight < r.limit) && (r.share == nil || r.share.hasRoom())
}

// bound returns the most calls that the registration may have, 0 for no limit.
func (r *registration) bound() int {
	if r.share == nil || r.share.limit == 0 || r.limit > 0 && r.limit < r.share.limit {
		return r.limit
	}
	return r.share.limit
}

// occupy takes a slot of r for a call and gives it its ID there.
func (d *Dealer) occupy(i callIndex, r *registration) {
	c := d.calls.at(i)
	c.state = running
	c.at = r
	c.id = r.callee.requests.assign(i)
	r.count(+1)
}

// vacate gives back the slot and the ID of a call.
func (d *Dealer) vacate(c *call) {
	r := c.at
	c.at = nil
	r.callee.requests.release(c.id)
	r.count(-1)
	d.forgetUnused(r)
}

// count changes the number of calls in flight. It is the one place that does, but
// for [Dealer.Restart], which counts them anew.
func (r *registration) count(change int) {
	r.inFlight += change
	if r.share == nil {
		if r.active {
			r.pool.roster.refresh(r)
		}
		return
	}
	r.share.inFlight += change
	for _, other := range r.share.of {
		if other.active {
			other.pool.roster.refresh(other)
		}
	}
}

// fill dispatches who waits while somebody has room: the work-conserving step
// at the end of every event that may have freed or added a slot.
func (d *Dealer) fill(p *pool) {
	d.elapse()
	for d.dispatchNext(p) {
	}
}

// fillAfter does so after a slot of that pool was freed. Where the slot is
// shared with other pools, it goes to the one whose first call waits longest.
func (d *Dealer) fillAfter(p *pool, shared *share) {
	if shared == nil {
		d.fill(p)
		return
	}
	d.elapse()
	for d.dispatchOldest(p, shared) {
	}
}

func (d *Dealer) dispatchOldest(p *pool, shared *share) bool {
	pools := []*pool{p}
	for _, r := range shared.of {
		if r.pool != p {
			pools = append(pools, r.pool)
		}
	}
	pools = slices.DeleteFunc(pools, func(p *pool) bool { return p.queue.length == 0 })
	slices.SortFunc(pools, d.longerWaiting)
	return slices.ContainsFunc(pools, d.dispatchNext)
}

// dispatchNext dispatches the first call that waits and that a callee with room
// may get. Only calls in front that were handed on can have refusers, so the
// search ends at the first ordinary one.
func (d *Dealer) dispatchNext(p *pool) bool {
	if p.queue.length == 0 || p.roster.withRoom() == 0 {
		return false
	}
	for i := p.queue.head; i != noCall; i = d.calls.at(i).after {
		if r := d.pick(p, d.calls.at(i)); r != nil {
			p.queue.remove(&d.calls, i)
			d.dispatch(i, r, d.calls.at(i).body.Body(), true)
			return true
		}
	}
	return false
}

// longerWaiting orders pools by the arrival of the call at the head of their
// queues, and then by their IDs.
func (d *Dealer) longerWaiting(a, b *pool) int {
	x, y := d.calls.at(a.queue.head).since, d.calls.at(b.queue.head).since
	if x != y {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a.id, b.id)
}
