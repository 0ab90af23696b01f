package dealer

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
)

// SetRandom decides what the policy random picks next.
func (d *Dealer) SetRandom(random uint64) { d.random = random }

// Timed tells whether time alone will change something.
func (d *Dealer) Timed() bool { return d.next != never }

// AppendFingerprint appends what of the dealer's books decides what it does
// from now on, so that two dealers with one fingerprint need be tried once
// alone. It abstracts from:
//   - the moment: times are told as they are seen from it. Times that are long
//     past are all the same, and so is the age of a call that nothing times,
//     but for the order of those that wait, which a scope goes by.
//   - the numbers of invocations: they only ever go up, and which of them are
//     open is told in the order in which they were given. What they do to the
//     index (where its window lies) is TestIndex's, and is told if exact.
//   - places in memory: of calls in the table, of members in the roster (told
//     if exact), of registrations within a scope, and buffers that are free.
//   - what the policy random picks next: it is decided before each event.
func (d *Dealer) AppendFingerprint(dst []byte, exact bool) []byte {
	f := &fingerprint{d: d, exact: exact, dst: dst, number: make(map[callIndex]int)}
	f.flags(d.draining)
	f.moment(d.next)
	for _, p := range d.pools {
		f.pool(p)
	}
	for _, c := range d.callees {
		f.callee(c)
	}
	for _, o := range d.origins {
		f.origin(o)
	}
	for _, i := range d.deadlines.heap {
		f.put(f.number[i])
	}
	return f.dst
}

type fingerprint struct {
	d      *Dealer
	exact  bool
	dst    []byte
	number map[callIndex]int
}

func (f *fingerprint) put(numbers ...int) {
	for _, n := range numbers {
		f.dst = binary.AppendVarint(f.dst, int64(n))
	}
}

func (f *fingerprint) flags(flags ...bool) {
	for _, flag := range flags {
		if flag {
			f.put(1)
		} else {
			f.put(0)
		}
	}
}

func (f *fingerprint) requests(ids []uint64) {
	f.put(len(ids))
	for _, id := range ids {
		f.dst = binary.AppendUvarint(f.dst, id)
	}
}

// longPast is a time that has been over for more steps than any world tells
// apart.
const longPast = -16 * time.Millisecond

// moment puts a time as it is seen from this moment.
func (f *fingerprint) moment(t Time) {
	if t == never {
		f.put(int(longPast - 1))
		return
	}
	f.put(int(max(t-f.d.now, longPast)))
}

func (f *fingerprint) pool(p *pool) {
	if p == nil {
		f.put(-1)
		return
	}
	f.flags(p.open, p.lingers, p.paused)
	if p.lingers {
		f.moment(p.lingerEnd)
		if p.lingerEnd != later(p.vacatedAt, p.config.Linger) {
			f.moment(p.vacatedAt)
		}
	}
	c := &p.config
	f.put(int(c.Policy), c.Concurrency, len(c.Scope), c.QueueLimit, c.QueueBytes, int(c.QueueTimeout), int(c.Linger), c.Retries, c.KeptBytes)
	f.put(p.roster.size, p.kept, p.queue.length, p.queue.bytes, int(p.mean), len(p.peers))
	for _, r := range p.peers {
		f.put(int(r.callee.id), r.credits)
	}
	before := 0 // the members up to the cursor: those whose turn is over
	for position, r := range p.roster.members {
		if r == nil {
			continue
		}
		f.put(int(r.callee.id))
		if f.exact {
			f.put(position)
		}
		if position <= p.roster.cursor {
			before++
		}
	}
	f.put(before)
	if f.exact {
		f.put(p.roster.cursor, p.roster.end, len(p.roster.members))
	}
	for i := p.queue.head; i != noCall; i = f.d.calls.at(i).after {
		f.call(i)
	}
}

func (f *fingerprint) callee(c *callee) {
	if c == nil {
		f.put(-1)
		return
	}
	ids := &c.requests
	f.put(features(c.features), int(c.oneWay))
	f.flags(ids.first > 0, ids.last > ids.first, ids.wrapped, c.draining)
	if ids.wrapped {
		f.put(int(ids.last)) // of those in use before, fewer have not been given anew
	}
	f.put(int(min(maxID-ids.last, 16)))
	open := ids.open.ids()
	slices.SortFunc(open, func(a, b uint64) int { return int(ids.age(b)) - int(ids.age(a)) })
	f.put(len(open))
	for _, id := range open {
		if f.exact {
			f.put(int(ids.age(id)))
		}
		if i, _ := ids.call(id); i != noCall {
			f.call(i)
			continue
		}
		f.dst = binary.AppendUvarint(f.dst, ids.own[id].request)
		f.flags(ids.own[id].more)
	}
	if f.exact {
		f.index(&ids.open, ids.last)
	}
	f.requests(ids.ended.sorted())
	for _, p := range f.d.pools {
		if p == nil || c.registrations[p.id] == nil {
			f.put(-1)
			continue
		}
		r := c.registrations[p.id]
		f.flags(r.active)
		f.put(int(r.id), r.asked, r.limit, r.inFlight)
		if r.share != nil {
			f.put(len(r.share.scope), r.share.inFlight)
		}
	}
}

// age tells how many IDs were given out after this one.
func (ids *requestIDs) age(id uint64) uint64 { return (ids.last + maxID - id) % maxID }

// index puts where the window lies, as seen from an ID.
func (f *fingerprint) index(x *index, from uint64) {
	f.put(int(from-x.first), int(x.span), len(x.window), x.inside, len(x.rest))
	f.put(int(x.first) & (len(x.window) - 1))
}

func (f *fingerprint) origin(o *origin) {
	if o == nil {
		f.put(-1)
		return
	}
	f.put(int(o.kind))
	f.requests(o.ended.sorted())
	if f.exact {
		f.index(&o.calls, 0)
	}
}

func (e *endedRequests) sorted() []uint64 {
	ids := slices.Clone(e.order)
	slices.Sort(ids)
	return ids
}

// call puts a call that waits, or that a callee has.
func (f *fingerprint) call(i callIndex) {
	f.number[i] = len(f.number) + 1
	c := f.d.calls.at(i)
	f.put(int(c.state), int(c.pool.id), int(c.origin), int(c.request))
	f.flags(c.receiveProgress, c.open, c.needs.passthru, c.needs.progressive, c.handed, c.tied, c.kept)
	if c.state == waiting || c.at.callee.peer {
		f.since(c)
		f.turn(c)
	}
	f.body(&c.body)
	if c.rare == nil {
		f.put(-1)
		return
	}
	f.put(int(c.rare.timeout), c.rare.retries, len(c.rare.more))
	if c.rare.timeout > 0 {
		f.moment(c.rare.deadline)
		f.flags(c.rare.watched)
	}
	for _, refuser := range c.rare.refusers {
		if int(refuser.id) < len(f.d.callees) && f.d.callees[refuser.id] == refuser {
			f.put(int(refuser.id))
		} // else it is gone, and can't be picked
	}
	f.put(-1)
	for i := range c.rare.more {
		f.body(&c.rare.more[i])
	}
}

// turn puts where a call waits, or would if its peer had no room.
func (f *fingerprint) turn(c *call) {
	before := 0
	for i := range f.d.calls.used {
		other := f.d.calls.at(i)
		may := other.state == waiting || other.state == running && other.at.callee.peer
		if may && other.pool == c.pool && other.handed == c.handed && other.turn < c.turn {
			before++
		}
	}
	f.put(before)
}

// since puts how long a call waits, as far as it counts.
func (f *fingerprint) since(c *call) {
	if timeout := c.pool.config.QueueTimeout; timeout > 0 {
		f.moment(later(c.since, timeout))
	}
	if c.pool.config.Scope == "" {
		return
	}
	older := 0
	for _, p := range f.d.pools {
		if p == nil {
			continue
		}
		for i := p.queue.head; i != noCall; i = f.d.calls.at(i).after {
			if f.d.calls.at(i).since < c.since {
				older++
			}
		}
	}
	f.put(older)
}

func (f *fingerprint) body(h *codec.HeldBody) {
	f.put(h.Len())
	if h.Len() > 0 {
		held := *h
		f.dst = append(f.dst, held.Release()...)
	}
}

func features(f codec.CalleeFeatures) (bits int) {
	for i, has := range []bool{
		f.CallCanceling, f.ProgressiveCallResults, f.ProgressiveCallInvocations, f.PayloadPassthruMode, f.PayloadTransparency, f.CallTimeout,
	} {
		if has {
			bits |= 1 << i
		}
	}
	return bits
}
