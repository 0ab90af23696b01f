package dealer

import (
	"cmp"
	"slices"
)

// Owed is a call whose caller has had no answer.
type Owed struct {
	Origin  OriginID
	Request uint64
}

// Restart begins anew after an event that ended in a panic half way. It keeps
// what people would miss: pools, their callees with their registrations and
// limits, and the IDs that they were given. It returns the calls that are owed an
// answer: none waits or runs any more. Callees that are at work keep their slots
// until they answer, which is discarded, and so do peers, whose credits are gone; of those calls, unsent are the ones
// whose INVOCATION never went out (Invoke).
//
// Books that disagree may know of one call in one place only, so it takes
// whatever some place knows.
func (d *Dealer) Restart(unsent []Action) []Owed {
	owed, atWork := d.salvage(unsent)
	d.calls, d.deadlines = newTable(), deadlines{}
	d.actions, d.spent, d.lent = d.actions[:0], nil, nil
	for _, o := range d.origins {
		if o != nil {
			o.calls = index{}
		}
	}
	for _, p := range d.pools {
		if p != nil {
			p.remember()
		}
	}
	for _, c := range d.callees {
		if c != nil {
			c.clear()
		}
	}
	d.peers = slices.DeleteFunc(slices.Clone(d.callees), func(c *callee) bool { return c == nil || !c.peer })
	d.measure()
	for _, w := range atWork {
		d.reinstate(w)
	}
	d.rebuild()
	d.FollowLoads(d.loads != nil)
	d.next = d.now // let the next event look
	return owed
}

// work is an invocation that a callee has not answered.
type work struct {
	at *registration
	id uint64
}

// salvage finds whose calls are owed an answer, and which are at a callee.
func (d *Dealer) salvage(unsent []Action) (owed []Owed, atWork []work) {
	known := make(map[Owed]struct{})
	owes := func(origin OriginID, request uint64) {
		o := Owed{origin, request}
		if _, twice := known[o]; !twice && int(origin) < len(d.origins) && d.origins[origin] != nil {
			known[o] = struct{}{}
			owed = append(owed, o)
		}
	}
	for id, o := range d.origins {
		if o != nil {
			for _, request := range o.calls.ids() {
				owes(OriginID(id), request)
			}
		}
	}
	for i := range d.calls.used {
		c := d.calls.at(i)
		if c.state == waiting || c.state == running {
			owes(c.origin, c.request)
			if c.open {
				d.origins[c.origin].ended.add(c.request)
			}
		}
		if c.state < running || c.at == nil || d.callees[c.at.callee.id] != c.at.callee {
			continue
		}
		if !slices.ContainsFunc(unsent, func(a Action) bool {
			return a.Kind == Invoke && a.Callee == c.at.callee.id && a.ID == c.id
		}) {
			atWork = append(atWork, work{c.at, c.id})
		}
	}
	return owed, atWork
}

// remember sees to it that the callees in the pool's roster know that they are.
func (p *pool) remember() {
	for _, r := range p.roster.members {
		if r != nil && r.active && r.callee.registrations[p.id] == nil {
			r.callee.registrations[p.id] = r
		}
	}
}

// clear takes all calls of pools from a callee.
func (c *callee) clear() {
	ids := &c.requests
	ids.open, ids.given = index{}, make(map[uint64]uint64)
	for id, own := range ids.own {
		ids.open.put(id, ownCall)
		ids.given[own.request] = id
	}
	for _, r := range c.registrations {
		r.inFlight, r.credits, r.free = 0, 0, 0
	}
	c.shares = nil
}

// reinstate gives a callee back the slot of what it is at work at.
func (d *Dealer) reinstate(w work) {
	c, p := w.at.callee, w.at.pool
	if _, twice := c.requests.call(w.id); twice || w.id == 0 || d.pools[p.id] != p {
		return
	}
	r := c.registrations[p.id]
	if r == nil {
		r = w.at
		r.active, r.inFlight = false, 0
		c.registrations[p.id] = r
	}
	i := d.calls.place()
	*d.calls.at(i) = call{state: defunct, outcome: Canceled, pool: p, at: r, id: w.id, begun: d.now, before: noCall, after: noCall}
	c.requests.open.put(w.id, int32(i)+1)
	r.inFlight++
}

// rebuild counts everything else anew.
func (d *Dealer) rebuild() {
	members := make(map[*pool][]*registration)
	for _, p := range d.pools {
		if p != nil {
			p.queue, p.calls, p.kept, p.peers, p.away = newQueue(), 0, 0, nil, 0
		}
	}
	for _, c := range d.callees {
		if c == nil {
			continue
		}
		for id, r := range c.registrations {
			switch p := r.pool; {
			case d.pools[id] != p, !r.active && r.inFlight == 0:
				delete(c.registrations, id)
				continue
			case r.active:
				members[p] = append(members[p], r)
			}
			r.pool.calls += r.inFlight
			if c.peer {
				r.pool.away += r.inFlight
			}
			if s := r.share; s != nil {
				if c.shares[s.scope] != s {
					if c.shares == nil {
						c.shares = make(map[string]*share)
					}
					c.shares[s.scope], s.of, s.inFlight = s, nil, 0
				}
				s.of = append(s.of, r)
				s.inFlight += r.inFlight
			}
		}
	}
	d.byKey = make(map[string]PoolID)
	for _, p := range d.pools {
		if p == nil {
			continue
		}
		d.byKey[p.key] = p.id
		slices.SortFunc(members[p], func(a, b *registration) int { return cmp.Compare(a.position, b.position) })
		p.roster = roster{}
		for _, r := range members[p] {
			p.roster.add(r)
		}
		p.tally.settle(p.calls)
		d.sweep(p)
	}
}
