package dealer

import "slices"

// MaxNamed is how many pools of a realm are counted each by itself, those that have
// been closed among them. The others are counted together.
const MaxNamed = 1000

// Count is what a pool's calls have come to, and how it is.
type Count struct {
	Tally
	Key     string
	Named   bool // it is counted by itself; else among the others
	Waiting int
	Running int // slots taken, and calls at peers: those whose caller is gone count too
	Away    int // at peers, of these
	Credits int // that peers have offered
	Bytes   int // held by those that wait
	Oldest  Time
	Limit   int // of the queue
	Callees int
	Slots   int // of those callees that have a limit
	Taken   int // of these slots
}

// Count fills in what there is to say of a pool. It is false if there is none of that
// ID: IDs are below [Dealer.MaxPool].
func (d *Dealer) Count(now Time, id PoolID, into *Count) bool {
	if int(id) >= len(d.pools) || d.pools[id] == nil {
		return false
	}
	p := d.pools[id]
	*into = Count{
		Tally: p.tally, Key: p.key, Named: p.named,
		Waiting: p.queue.length, Running: p.calls - p.queue.length, Bytes: p.queue.bytes, Oldest: p.queue.oldest(&d.calls, max(now, d.now)),
		Limit: p.config.QueueLimit, Callees: p.roster.size, Away: p.away,
	}
	for _, r := range p.peers {
		into.Credits += r.credits
	}
	for _, r := range p.roster.members {
		if r == nil {
			continue
		}
		if most := r.bound(); most > 0 {
			into.Slots += most
			into.Taken += r.inFlight
		}
	}
	return true
}

// MaxPool is above the IDs of all pools.
func (d *Dealer) MaxPool() PoolID { return PoolID(len(d.pools)) } //nolint:gosec // one for each procedure

// Past returns the keys of the pools that are no more and counted by themselves.
func (d *Dealer) Past() []string { return slices.Clone(d.past.order) }

// PastTally returns what the calls of one of those have come to.
func (d *Dealer) PastTally(key string) (Tally, bool) {
	t := d.past.byKey[key]
	if t == nil {
		return Tally{}, false
	}
	return *t, true
}

// Others returns what the calls have come to of all pools that are not counted by
// themselves, those that are no more included, and how these are. It has no key.
func (d *Dealer) Others(now Time) Count {
	sum := Count{Tally: d.others}
	if d.named == len(d.byKey) {
		return sum
	}
	var c Count
	for id := range d.MaxPool() {
		if !d.Count(now, id, &c) || c.Named {
			continue
		}
		sum.Tally.Add(&c.Tally)
		sum.Waiting += c.Waiting
		sum.Running += c.Running
		sum.Away += c.Away
		sum.Credits += c.Credits
		sum.Bytes += c.Bytes
		sum.Oldest = max(sum.Oldest, c.Oldest)
		sum.Limit += c.Limit
		sum.Callees += c.Callees
		sum.Slots += c.Slots
		sum.Taken += c.Taken
	}
	return sum
}

// past are the tallies of pools that are no more. A pool that is opened again goes on
// with its own, so that nothing that was counted is ever less.
type past struct {
	byKey map[string]*Tally
	order []string // the longest gone first
}

// name has a pool that is new counted: by itself if there is room, in place of the
// one that has been gone for longest if need be.
func (d *Dealer) name(p *pool) {
	if t := d.past.byKey[p.key]; t != nil {
		p.tally, p.named = *t, true
		i := slices.Index(d.past.order, p.key)
		d.past.order = slices.Delete(d.past.order, i, i+1)
		delete(d.past.byKey, p.key)
		d.named++
		return
	}
	if d.named >= MaxNamed {
		return
	}
	if d.named+len(d.past.order) >= MaxNamed { // its calls go to the others', for what all have come to never falls
		d.others.Add(d.past.byKey[d.past.order[0]])
		delete(d.past.byKey, d.past.order[0])
		d.past.order = slices.Delete(d.past.order, 0, 1)
	}
	p.named = true
	d.named++
}

// tallyOf returns where what becomes of a pool's calls is counted: time may have
// closed the pool since the call at hand came for it.
func (d *Dealer) tallyOf(p *pool) *Tally {
	if d.pools[p.id] == p {
		return &p.tally
	}
	if t := d.past.byKey[p.key]; t != nil {
		return t
	}
	return &d.others
}

// tallyBy returns where it is counted for a pool of that key, be it open or past.
func (d *Dealer) tallyBy(key string) *Tally {
	if id, open := d.byKey[key]; open {
		return &d.pools[id].tally
	}
	if t := d.past.byKey[key]; t != nil {
		return t
	}
	return &d.others
}

// retire keeps what was counted of a pool that is no more.
func (d *Dealer) retire(p *pool) {
	if !p.named {
		d.others.Add(&p.tally)
		return
	}
	d.named--
	if d.past.byKey == nil {
		d.past.byKey = make(map[string]*Tally)
	}
	t := p.tally
	d.past.byKey[p.key] = &t
	d.past.order = append(d.past.order, p.key)
}
