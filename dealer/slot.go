package dealer

import (
	"cmp"
	"slices"
)

// share counts a callee's calls in flight over its registrations in pools of one
// scope, each of which bounds them by its pool's Concurrency.
type share struct {
	scope    string
	inFlight int
	of       []*registration // active, or with calls in flight
}

// shareOf returns what counts a callee's calls in a scope.
func (c *callee) shareOf(scope string) *share {
	s := c.shares[scope]
	if s == nil {
		if c.shares == nil {
			c.shares = make(map[string]*share)
		}
		s = &share{scope: scope}
		c.shares[scope] = s
	}
	return s
}

func (s *share) join(r *registration) {
	r.share = s
	s.of = append(s.of, r)
	s.count(r.inFlight)
}

// leave takes a registration out, which still knows where it was.
func (s *share) leave(r *registration) {
	s.of = slices.DeleteFunc(s.of, func(other *registration) bool { return other == r })
	if len(s.of) == 0 {
		delete(r.callee.shares, s.scope)
	}
	if r.inFlight > 0 {
		s.count(-r.inFlight)
	}
}

// count changes the number of calls in flight over the scope.
func (s *share) count(change int) {
	s.inFlight += change
	for _, r := range s.of {
		if r.active {
			r.pool.roster.refresh(r)
		}
	}
}

// allot gives a registration its limits: what the callee asked for, and the
// pool's Concurrency, which may count over all pools of a scope. It returns the
// pools whose callee has room again, since a scope has lost this registration.
func (d *Dealer) allot(r *registration) (relieved []*pool) {
	asked, most, scope := r.asked, r.pool.config.Concurrency, r.pool.config.Scope
	r.limit = asked
	if scope == "" && most > 0 && (asked == 0 || asked > most) {
		r.limit = most
	}
	if s := r.share; s != nil && s.scope != scope {
		s.leave(r)
		r.share = nil
		for _, other := range s.of {
			relieved = append(relieved, other.pool)
		}
	}
	if scope != "" && r.share == nil {
		r.callee.shareOf(scope).join(r)
	}
	return relieved
}

// shared returns the most calls that the callee may have over the whole scope, 0
// for no limit.
func (r *registration) shared() int {
	if r.share == nil {
		return 0
	}
	return r.pool.config.Concurrency
}

// hasRoom tells whether the registration may get one more call.
func (r *registration) hasRoom() bool {
	return r.active && !r.callee.draining && (r.limit == 0 || r.inFlight < r.limit) && (r.shared() == 0 || r.share.inFlight < r.shared())
}

// bound returns the most calls that the registration may have, 0 for no limit.
func (r *registration) bound() int {
	if shared := r.shared(); shared > 0 && (r.limit == 0 || r.limit > shared) {
		return shared
	}
	return r.limit
}

// occupy takes a slot of r for a call and gives it its ID there.
func (d *Dealer) occupy(i callIndex, r *registration) {
	c := d.calls.at(i)
	c.state = running
	c.at = r
	c.id, c.last = r.callee.requests.assign(i), r.callee.id
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
	switch {
	case r.share != nil:
		r.share.count(change)
	case r.active:
		r.pool.roster.refresh(r)
	case r.callee.peer:
		r.pool.away += change
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
	pools := make([]*pool, 0, len(shared.of)+1)
	for _, r := range shared.of {
		if r.pool != p {
			pools = append(pools, r.pool)
		}
	}
	d.fillAll(append(pools, p))
}

// fillAll does so where several pools may have got slots: who has waited longest
// over all of them comes first.
func (d *Dealer) fillAll(pools []*pool) {
	if len(pools) == 1 {
		d.fill(pools[0])
		return
	}
	d.elapse()
	for {
		pools = slices.DeleteFunc(pools, func(p *pool) bool { return p.queue.length == 0 })
		slices.SortFunc(pools, d.longerWaiting)
		if !slices.ContainsFunc(pools, d.dispatchNext) {
			return
		}
	}
}

// dispatchNext dispatches the first call that waits and that a callee with room
// may get, or else one that a peer may. Only calls in front that were handed on can have refusers, so the
// search ends at the first ordinary one.
func (d *Dealer) dispatchNext(p *pool) bool {
	if p.queue.length == 0 || p.paused {
		return false
	}
	for i := p.queue.head; i != noCall && p.roster.withRoom() > 0; i = d.calls.at(i).after {
		if r := d.pick(p, d.calls.at(i)); r != nil {
			p.queue.remove(&d.calls, i)
			p.mark()
			d.dispatch(i, r, d.calls.at(i).body.Body(), true)
			return true
		}
	}
	return len(p.peers) > 0 && d.forwardNext(p)
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
