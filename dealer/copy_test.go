package dealer

import (
	"maps"
	"slices"
	"unsafe"
)

// CopyTo makes a dealer, whose table may be used again, the same as this one,
// with nothing in common that either of them changes. It is for tests.
func (d *Dealer) CopyTo(to *Dealer) {
	k := &copies{d: d}
	chunks := to.calls.chunks
	*to = Dealer{now: d.now, random: d.random, draining: d.draining, next: d.next, nearest: d.nearest, byKey: maps.Clone(d.byKey)}
	to.calls = table{chunks: chunks, used: d.calls.used, free: d.calls.free}
	for len(to.calls.chunks) < len(d.calls.chunks) {
		to.calls.chunks = append(to.calls.chunks, new([chunkCalls]call))
	}
	for i := range d.calls.used {
		*to.calls.at(i) = k.call(d.calls.at(i))
	}
	to.deadlines.heap = slices.Clone(d.deadlines.heap)
	to.pools = make([]*pool, len(d.pools))
	for i, p := range d.pools {
		to.pools[i] = k.pool(p)
	}
	to.callees = make([]*callee, len(d.callees))
	for i, c := range d.callees {
		to.callees[i] = k.callee(c)
	}
	for _, c := range d.peers {
		to.peers = append(to.peers, k.callee(c))
	}
	if d.loads != nil {
		to.loads = &loads{changed: slices.Clone(d.loads.changed), told: slices.Clone(d.loads.told)}
		for _, p := range to.pools {
			if p != nil {
				p.loads = to.loads
			}
		}
	}
	to.origins = make([]*origin, len(d.origins))
	for i, o := range d.origins {
		if o != nil {
			to.origins[i] = &origin{kind: o.kind, calls: o.calls.copy(), ended: o.ended.copy()}
		}
	}
	for _, buffer := range d.spent {
		to.spent = append(to.spent, k.buffer(buffer))
	}
	for _, buffer := range d.buffers {
		to.buffers = append(to.buffers, k.buffer(buffer))
	}
}

// copies are the objects copied so far: what was one object is one again, and
// so is memory that was held twice by mistake.
type copies struct {
	d             *Dealer
	pools         []twin[pool]
	callees       []twin[callee]
	registrations []twin[registration]
	shares        []twin[share]
	buffers       []twin[byte]
}

type twin[T any] struct{ from, to *T }

// known returns the copy of from, and whether it was there already.
func known[T any](twins *[]twin[T], from *T) (*T, bool) {
	for _, t := range *twins {
		if t.from == from {
			return t.to, true
		}
	}
	to := new(T)
	*to = *from
	*twins = append(*twins, twin[T]{from, to})
	return to, false
}

func (k *copies) pool(from *pool) *pool {
	if from == nil {
		return nil
	}
	p, there := known(&k.pools, from)
	if there {
		return p
	}
	p.roster.room, p.roster.load = slices.Clone(p.roster.room), slices.Clone(p.roster.load)
	p.roster.members = make([]*registration, len(from.roster.members))
	for i, r := range from.roster.members {
		p.roster.members[i] = k.registration(r)
	}
	p.peers = make([]*registration, len(from.peers))
	for i, r := range from.peers {
		p.peers[i] = k.registration(r)
	}
	return p
}

func (k *copies) registration(from *registration) *registration {
	if from == nil {
		return nil
	}
	r, there := known(&k.registrations, from)
	if !there {
		r.callee, r.pool, r.share = k.callee(from.callee), k.pool(from.pool), k.share(from.share)
	}
	return r
}

func (k *copies) share(from *share) *share {
	if from == nil {
		return nil
	}
	s, there := known(&k.shares, from)
	if there {
		return s
	}
	s.of = make([]*registration, len(from.of))
	for i, r := range from.of {
		s.of[i] = k.registration(r)
	}
	return s
}

func (k *copies) callee(from *callee) *callee {
	if from == nil {
		return nil
	}
	c, there := known(&k.callees, from)
	if there {
		return c
	}
	c.requests.open, c.requests.ended = c.requests.open.copy(), c.requests.ended.copy()
	c.requests.own, c.requests.given = maps.Clone(c.requests.own), maps.Clone(c.requests.given)
	c.registrations = make(map[PoolID]*registration, len(from.registrations))
	for id, r := range from.registrations {
		c.registrations[id] = k.registration(r)
	}
	c.shares = nil
	if from.shares != nil {
		c.shares = make(map[string]*share, len(from.shares))
	}
	for scope, s := range from.shares {
		c.shares[scope] = k.share(s)
	}
	return c
}

func (k *copies) call(from *call) call {
	c := *from
	c.pool, c.at = k.pool(from.pool), k.registration(from.at)
	k.body(&c)
	if from.rare == nil {
		return c
	}
	c.rare = new(rare)
	*c.rare = *from.rare
	c.rare.refusers = nil
	for _, refuser := range from.rare.refusers {
		c.rare.refusers = append(c.rare.refusers, k.callee(refuser))
	}
	c.rare.more = slices.Clone(from.rare.more)
	for i := range c.rare.more {
		held := c.rare.more[i]
		c.rare.more[i] = held.Body().Hold(k.buffer(held.Release()))
	}
	return c
}

// body gives a call a copy of its message.
func (k *copies) body(c *call) {
	held := c.body
	if body := held.Body(); held.Len() > 0 {
		c.body = body.Hold(k.buffer(held.Release()))
	}
}

// buffer returns the copy of a buffer: of one that is held in two places, the
// same one.
func (k *copies) buffer(from []byte) []byte {
	if cap(from) == 0 {
		return nil
	}
	at := unsafe.SliceData(from)
	for _, t := range k.buffers {
		if t.from == at {
			return unsafe.Slice(t.to, cap(from))
		}
	}
	to := make([]byte, cap(from))
	copy(to, from)
	k.buffers = append(k.buffers, twin[byte]{at, unsafe.SliceData(to)})
	return to
}

func (x *index) copy() index {
	y := *x
	y.window, y.rest = slices.Clone(x.window), maps.Clone(x.rest)
	return y
}

func (e *endedRequests) copy() endedRequests {
	return endedRequests{ids: maps.Clone(e.ids), order: slices.Clone(e.order), next: e.next}
}
