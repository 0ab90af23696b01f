package dealer_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// copy returns books with nothing in common with these.
func (b *books) copy() *books {
	k := &bookCopies{calls: make(map[*callBook]*callBook, b.live+b.held)}
	to := &books{now: b.now, draining: b.draining, live: b.live, held: b.held, turns: b.turns, follows: b.follows}
	to.pools, to.callees, to.origins = make([]*poolBook, len(b.pools)), make([]*calleeBook, len(b.callees)), make([]*originBook, len(b.origins))
	for i, c := range b.callees {
		if c != nil {
			to.callees[i] = k.callee(c)
		}
	}
	for i, p := range b.pools {
		if p != nil {
			to.pools[i] = k.pool(p)
		}
	}
	for i, o := range b.origins {
		if o != nil {
			to.origins[i] = k.origin(o)
		}
	}
	return to
}

// bookCopies are the objects copied so far.
type bookCopies struct {
	pools   []twin[poolBook]
	callees []twin[calleeBook]
	origins []twin[originBook]
	places  []twin[place]
	calls   map[*callBook]*callBook
}

type twin[T any] struct{ from, to *T }

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

func (k *bookCopies) pool(from *poolBook) *poolBook {
	p, there := known(&k.pools, from)
	if there {
		return p
	}
	p.members, p.waiting = make([]*place, len(from.members)), make([]*callBook, len(from.waiting))
	for i, m := range from.members {
		p.members[i] = k.place(m)
	}
	for i, c := range from.waiting {
		p.waiting[i] = k.call(c)
	}
	p.peers = make([]*place, len(from.peers))
	for i, m := range from.peers {
		p.peers[i] = k.place(m)
	}
	return p
}

func (k *bookCopies) place(from *place) *place {
	if from == nil {
		return nil
	}
	m, there := known(&k.places, from)
	if !there {
		m.callee, m.pool = k.callee(from.callee), k.pool(from.pool)
	}
	return m
}

func (k *bookCopies) callee(from *calleeBook) *calleeBook {
	c, there := known(&k.callees, from)
	if there {
		return c
	}
	c.busy, c.own, c.past = slices.Clone(from.busy), maps.Clone(from.own), maps.Clone(from.past)
	c.open = make(map[uint64]openID, len(from.open))
	for id, open := range from.open {
		if open.call != nil {
			open.call = k.call(open.call)
		}
		c.open[id] = open
	}
	c.places = make(map[*poolBook]*place, len(from.places))
	for p, m := range from.places {
		c.places[k.pool(p)] = k.place(m)
	}
	return c
}

func (k *bookCopies) origin(from *originBook) *originBook {
	o, there := known(&k.origins, from)
	if there {
		return o
	}
	o.ended = maps.Clone(from.ended)
	o.calls = make(map[uint64]*callBook, len(from.calls))
	for request, c := range from.calls {
		o.calls[request] = k.call(c)
	}
	return o
}

func (k *bookCopies) call(from *callBook) *callBook {
	if c := k.calls[from]; c != nil {
		return c
	}
	c := new(callBook)
	*c = *from
	k.calls[from] = c
	c.pool, c.origin, c.at = k.pool(from.pool), k.origin(from.origin), k.place(from.at)
	c.parts, c.sent = slices.Clone(from.parts), slices.Clone(from.sent)
	c.refusers = make([]*calleeBook, len(from.refusers))
	for i, refuser := range from.refusers {
		c.refusers[i] = k.callee(refuser)
	}
	return c
}

// appendFingerprint appends what the checkers know that decides what they
// object to from now on, seen from this moment, see [dealer.Dealer.AppendFingerprint].
func (b *books) appendFingerprint(dst []byte) []byte {
	put := func(numbers ...int) {
		for _, n := range numbers {
			dst = binary.AppendVarint(dst, int64(n))
		}
	}
	moment := func(t time.Duration) {
		if t == ever {
			put(-1)
			return
		}
		put(int(max(t-b.now, -16*time.Millisecond)))
	}
	flag := func(flags ...bool) {
		bits := 0
		for _, f := range flags {
			if bits *= 2; f {
				bits++
			}
		}
		put(bits)
	}
	tell := func(c *callBook) {
		put(int(c.state), int(c.pool.id), int(c.origin.id), int(c.request), int(c.timeout), c.retries)
		flag(c.receiveProgress, c.open, c.progressive, c.passthru, c.handed, c.tied, c.generous, c.returned)
		if c.at != nil && c.at.callee.peer || len(c.pool.peers) > 0 {
			put(b.rank(c))
		}
		for _, serials := range [...][]uint64{c.parts, c.sent} {
			put(len(serials))
			for _, serial := range serials {
				put(int(serial))
			}
		}
		if c.timeout > 0 {
			moment(c.deadline)
		}
		if timeout := c.pool.config.QueueTimeout; timeout > 0 && (c.state == waiting || c.at.callee.peer) {
			moment(later(c.since, timeout))
		}
		for _, refuser := range c.refusers {
			if b.callees[refuser.id] == refuser {
				put(int(refuser.id))
			}
		}
		put(-1)
	}
	for _, p := range b.pools {
		if p == nil {
			put(-1)
			continue
		}
		flag(p.open, p.lingers, p.paused)
		put(p.over.all, p.over.calls, p.over.bytes)
		if p.lingers {
			moment(p.until)
			if p.until != later(p.vacated, p.config.Linger) {
				moment(p.vacated)
			}
		}
		put(p.cursor, p.held, len(p.members), len(p.waiting), int(p.mean), len(p.peers))
		for _, m := range p.peers {
			put(int(m.callee.id), m.credits)
		}
		for _, m := range p.members {
			put(int(m.callee.id), int(m.registration), m.asked, m.limit, m.inFlight)
		}
		for _, c := range p.waiting {
			tell(c)
		}
	}
	for _, c := range b.callees {
		if c == nil {
			put(-1)
			continue
		}
		put(len(c.busy), int(c.oneWay))
		flag(c.again, c.draining)
		for _, id := range c.busy {
			open := c.open[id]
			if open.call != nil {
				tell(open.call)
				continue
			}
			put(int(open.own))
			flag(open.more)
		}
		for _, own := range slices.Sorted(maps.Keys(c.past)) {
			put(int(own))
		}
	}
	for _, o := range b.origins {
		if o == nil {
			put(-1)
			continue
		}
		for _, request := range slices.Sorted(maps.Keys(o.ended)) {
			put(int(request))
		}
	}
	return dst
}
