package dealer

import (
	"fmt"
	"slices"
)

// Audit tells whether the books agree with each other: nil, or the first thing
// that does not. They always do, unless an event has ended in a panic half way.
// It looks at everything, so it is for that case, and for tests.
func (d *Dealer) Audit() (err error) {
	defer func() {
		if x := recover(); x != nil { // books can disagree in ways that the audit did not think of
			err = fmt.Errorf("the audit itself failed: %v", x)
		}
	}()
	a := audit{
		d: d, pools: make(map[*pool]poolCount), inFlight: make(map[*registration]int),
		owed: make(map[OriginID]int), open: make(map[*callee]int),
	}
	a.calls()
	for id, p := range d.pools {
		if p != nil {
			a.pool(PoolID(id), p)
		}
	}
	a.check(len(d.byKey) == a.named, "%d pools, %d keys", a.named, len(d.byKey))
	for id, c := range d.callees {
		if c != nil {
			a.callee(CalleeID(id), c)
		}
	}
	for id, o := range d.origins {
		if o != nil {
			a.check(o.calls.len() == a.owed[OriginID(id)], "origin %d has %d calls, the table %d", id, o.calls.len(), a.owed[OriginID(id)])
		}
	}
	a.check(len(d.deadlines.heap) == a.watched, "%d deadlines of %d calls", len(d.deadlines.heap), a.watched)
	for place, i := range d.deadlines.heap {
		c := d.calls.at(i)
		a.check(c.rare != nil && c.rare.watched && c.rare.place == place, "the deadline at %d is not call %d's", place, i)
	}
	return a.err
}

// audit is what the table of calls says of everything else.
type audit struct {
	d        *Dealer
	err      error
	pools    map[*pool]poolCount
	inFlight map[*registration]int
	owed     map[OriginID]int
	open     map[*callee]int
	watched  int
	named    int
}

type poolCount struct{ calls, waiting, kept, away int }

func (a *audit) check(ok bool, format string, args ...any) {
	if !ok && a.err == nil {
		a.err = fmt.Errorf(format, args...)
	}
}

// calls looks at each place of the table.
func (a *audit) calls() {
	t := &a.d.calls
	free := 0
	for i := t.free; i != noCall && free <= int(t.used); i = t.at(i).after {
		free++
	}
	for i := range t.used {
		c := t.at(i)
		if c.state == ended {
			free--
			continue
		}
		a.call(i, c)
	}
	a.check(free == 0, "%d places are free and in use, or neither", free)
}

func (a *audit) call(i callIndex, c *call) {
	n := a.pools[c.pool]
	n.calls++
	if c.state == waiting {
		n.waiting++
	}
	if c.kept {
		n.kept += c.held()
	}
	a.pools[c.pool] = n
	if c.rare != nil && c.rare.watched {
		a.watched++
	}
	if c.state != defunct {
		a.owed[c.origin]++
		a.check(a.d.origins[c.origin].call(c.request) == i, "request %d of origin %d is not call %d", c.request, c.origin, i)
	}
	if c.state == waiting {
		a.check(c.at == nil, "call %d waits, and has a callee", i)
		return
	}
	at := c.at.callee
	if at.peer {
		n.away++
		a.pools[c.pool] = n
		a.check(c.from != PeerOrigin, "call %d of a peer is at another one", i)
	}
	a.inFlight[c.at]++
	a.open[at]++
	has, _ := at.requests.call(c.id)
	a.check(has == i, "invocation %d of callee %d is not call %d", c.id, at.id, i)
	a.check(c.at.pool == c.pool && at.registrations[c.pool.id] == c.at, "call %d is at a registration of nobody", i)
}

func (a *audit) pool(id PoolID, p *pool) {
	a.named++
	known, named := a.d.byKey[p.key]
	a.check(p.id == id && named && known == id, "pool %d is not the one of its key", id)
	n := a.pools[p]
	length, bytes, last, handed := 0, 0, noCall, noCall
	for i := p.queue.head; i != noCall && length <= p.queue.length; i = a.d.calls.at(i).after {
		c := a.d.calls.at(i)
		a.check(c.state == waiting && c.pool == p && c.before == last, "call %d stands in the queue of pool %d", i, id)
		a.check(!c.handed || handed == last, "call %d was handed on, and waits behind others", i)
		a.check(last == noCall || a.d.calls.at(last).handed != c.handed || a.d.calls.at(last).turn < c.turn, "call %d waits out of its turn", i)
		a.check(c.from != PeerOrigin, "call %d of a peer waits", i)
		length++
		bytes += c.held()
		if last = i; c.handed {
			handed = i
		}
	}
	a.check(length == p.queue.length && last == p.queue.tail && handed == p.queue.handed,
		"%d stand in the queue of pool %d, which has %d", length, id, p.queue.length)
	a.check(length == n.waiting, "%d stand in the queue of pool %d, and %d wait", length, id, n.waiting)
	a.check(bytes == p.queue.bytes && n.kept == p.kept, "pool %d holds %d and %d bytes, not %d and %d", id, bytes, n.kept, p.queue.bytes, p.kept)
	a.check(p.tally.Received()-p.tally.Over() == uint64(p.calls), //nolint:gosec // not negative
		"pool %d has got %d calls, %d of them have ended, and %d have not", id, p.tally.Received(), p.tally.Over(), p.calls)
	a.check(n.calls == p.calls, "pool %d has %d calls, not %d", id, n.calls, p.calls)
	a.check(n.away == p.away, "peers have %d calls of pool %d, not %d", n.away, id, p.away)
	a.roster(p)
	a.peers(p)
}

// peers looks at those that have credits.
func (a *audit) peers(p *pool) {
	a.check(p.open || len(p.peers) == 0, "pool %d is closed, and peers have credits there", p.id)
	for i, r := range p.peers {
		c := r.callee
		a.check(c.peer && a.d.callees[c.id] == c && c.registrations[p.id] == r && r.pool == p && r.credits > 0,
			"peer %d of pool %d has no credits there", i, p.id)
		a.check(i == 0 || p.peers[i-1].callee.oneWay <= c.oneWay && p.peers[i-1] != r, "peer %d of pool %d is nearer than those before", i, p.id)
	}
	if p.changed {
		a.check(a.d.loads != nil && slices.Contains(a.d.loads.changed, p.id), "nobody is told that the load of pool %d has changed", p.id)
	}
}

func (a *audit) roster(p *pool) {
	size, room, capacity, unlimited := 0, 0, int64(0), 0
	serving, free := int64(0), int64(0)
	for position, r := range p.roster.members {
		if r == nil {
			continue
		}
		size++
		a.check(r.active && r.pool == p && r.position == position && r.callee.registrations[p.id] == r,
			"member %d of pool %d is none", position, p.id)
		if r.hasRoom() {
			room++
		}
		if capacity += r.slots(); r.bound() == 0 {
			unlimited++
		}
		if serving += r.serving(); p.loads != nil {
			free += r.freeSlots()
		}
		a.check(!r.callee.peer, "peer %d is a member of pool %d", r.callee.id, p.id)
	}
	ro := &p.roster
	a.check(size == ro.size && room == ro.withRoom() && capacity == ro.capacity && unlimited == ro.unlimited,
		"pool %d has %d callees, %d of them with room, not %d and %d", p.id, size, room, ro.size, ro.withRoom())
	a.check(serving == ro.serving && free == ro.free, "pool %d serves with %d slots, %d of them free, not %d and %d", p.id, serving, free, ro.serving, ro.free)
}

func (a *audit) callee(id CalleeID, c *callee) {
	a.check(c.id == id, "callee %d is %d", id, c.id)
	own := len(c.requests.own)
	a.check(c.requests.open.len() == a.open[c]+own && len(c.requests.given) == own,
		"callee %d has %d invocations, not %d and %d", id, c.requests.open.len(), a.open[c], own)
	a.check(c.peer == slices.Contains(a.d.peers, c), "callee %d is, or is no, peer", id)
	shared := make(map[*share]int)
	for pool, r := range c.registrations {
		a.check(r.callee == c && r.pool.id == pool && a.d.pools[pool] == r.pool, "callee %d is in pool %d, which is gone", id, pool)
		a.check(r.inFlight == a.inFlight[r] && (r.active || r.inFlight > 0 || r.credits > 0), "callee %d has %d calls of pool %d, not %d", id, a.inFlight[r], pool, r.inFlight)
		if r.active {
			a.check(r.position < len(r.pool.roster.members) && r.pool.roster.members[r.position] == r, "callee %d is no member of pool %d", id, pool)
		}
		a.check(r.credits == 0 || slices.Contains(r.pool.peers, r), "callee %d has credits in pool %d, which does not know", id, pool)
		if r.share != nil {
			shared[r.share] += r.inFlight
		}
	}
	a.check(len(shared) == len(c.shares), "callee %d has %d limits over several pools, not %d", id, len(shared), len(c.shares))
	for s, inFlight := range shared {
		a.check(c.shares[s.scope] == s && s.inFlight == inFlight, "callee %d has %d calls in scope %s, not %d", id, inFlight, s.scope, s.inFlight)
	}
}
