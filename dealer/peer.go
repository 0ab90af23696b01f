package dealer

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
)

// A peer is another sidecar that has callees of the same procedure. To a dealer it is
// a callee of a second tier: it stands in no roster, and gets a call only where no
// callee here has room, and for a credit. An offer alone adds credits, and a dispatch
// takes one, so they are no limit but a hint that a call would have a slot there. If it
// would not, the peer says so before anything has run ([Full]), and the call is back at
// its place as if it had never left.
//
// On the other side, the peer's calls come from an origin of their own
// ([Dealer.AddPeerOrigin]). They run at once or not at all, and travel no further.

// maxDelay bounds the delays that links are measured to have.
const maxDelay = time.Hour

// maxCredits bounds what offers may add up to.
const maxCredits = 1 << 20

// AddPeer adds another sidecar as a callee: one without a place in any pool, that gets
// calls for the credits it has been offered ([Dealer.Offer]). oneWay is how long a
// message takes to it. It answers and is lost as any callee ([Dealer.Answer],
// [Dealer.Lose]).
func (d *Dealer) AddPeer(features codec.CalleeFeatures, oneWay time.Duration) CalleeID {
	id := d.AddCallee(features, 0)
	c := d.callees[id]
	c.peer, c.oneWay = true, min(max(oneWay, 0), maxDelay)
	d.peers = append(d.peers, c)
	d.measure()
	return id
}

func (d *Dealer) peer(id CalleeID) *callee {
	c := d.callee(id)
	if !c.peer {
		panic(fmt.Sprintf("dealer: callee %d must be a peer", id))
	}
	return c
}

// SetDelay takes note of how long a message to a peer takes now, which decides what
// travels there.
func (d *Dealer) SetDelay(now Time, peer CalleeID, oneWay time.Duration) []Action {
	d.begin(now)
	c := d.peer(peer)
	c.oneWay = min(max(oneWay, 0), maxDelay)
	d.measure()
	var touched []*pool
	for _, id := range c.pools() {
		r := c.registrations[id]
		if r.credits == 0 {
			continue
		}
		r.pool.unlist(r)
		r.pool.list(r)
		touched = append(touched, r.pool)
	}
	d.fillAll(touched)
	return d.actions
}

// measure finds out how near the nearest peer is: that decides how many of those that
// wait may travel at all.
func (d *Dealer) measure() {
	d.nearest = 0
	for i, c := range d.peers {
		if i == 0 || c.oneWay < d.nearest {
			d.nearest = c.oneWay
		}
	}
}

// Offer adds n credits of a peer in a pool: so many calls will probably have a slot
// there. Who waits is dispatched. A pool that is closed takes none.
func (d *Dealer) Offer(now Time, id PoolID, peer CalleeID, n int) []Action {
	d.begin(now)
	p, c := d.pool(id), d.peer(peer)
	d.elapse()
	if n <= 0 || !p.open {
		return d.actions
	}
	r := c.registrations[id]
	if r == nil {
		r = &registration{id: uint64(id) + 1, callee: c, pool: p} //nolint:gosec // not negative
		c.registrations[id] = r
	}
	if r.credits == 0 {
		p.list(r)
	}
	r.credits = min(r.credits, maxCredits-min(n, maxCredits)) + min(n, maxCredits)
	d.fill(p)
	return d.actions
}

// Withdraw takes back all credits of a peer in a pool. What it has goes on there.
func (d *Dealer) Withdraw(id PoolID, peer CalleeID) {
	d.taken()
	if r := d.callee(peer).registrations[id]; r != nil {
		d.withdraw(r)
		d.forgetUnused(r)
	}
}

// WithdrawAll does so in all pools: it drains, or its link is too slow.
func (d *Dealer) WithdrawAll(peer CalleeID) {
	d.taken()
	c := d.callee(peer)
	for _, id := range c.pools() {
		d.Withdraw(id, peer)
	}
}

func (d *Dealer) withdraw(r *registration) {
	if r.credits > 0 {
		r.credits = 0
		r.pool.unlist(r)
	}
}

// withdrawAll takes back the credits of all peers in a pool.
func (d *Dealer) withdrawAll(p *pool) {
	for len(p.peers) > 0 {
		r := p.peers[len(p.peers)-1]
		d.withdraw(r)
		d.forgetUnused(r)
	}
}

// list takes up a peer that has got credits: the nearest ones come first, and among
// those as near whoever was first.
func (p *pool) list(r *registration) {
	i := 0
	for i < len(p.peers) && p.peers[i].callee.oneWay <= r.callee.oneWay {
		i++
	}
	p.peers = slices.Insert(p.peers, i, r)
}

func (p *pool) unlist(r *registration) {
	i := slices.Index(p.peers, r)
	p.peers = slices.Delete(p.peers, i, i+1)
}

// maxAhead is how many calls are counted at most that wait before one that travels.
const maxAhead = 1024

// ahead returns how many calls at least must wait before one that travels so far: as
// many as are served here in three times that. By then its answer could be here; any
// call before is as soon dispatched here. It is 0 as long as nobody knows how long
// calls take.
func (p *pool) ahead(oneWay time.Duration) int {
	if p.mean <= 0 {
		return 0
	}
	high, low := bits.Mul64(uint64(p.roster.serving), uint64(3*oneWay)) //nolint:gosec // neither is negative
	if high >= uint64(p.mean) {
		return maxAhead
	}
	n, _ := bits.Div64(high, low, uint64(p.mean))
	return int(min(n, maxAhead)) //nolint:gosec // bounded
}

// learn takes up how long a callee here had a call: the mean moves by an eighth of
// what it is off.
func (p *pool) learn(took time.Duration) {
	if p.mean == 0 {
		p.mean = took
		return
	}
	p.mean += (took - p.mean) / 8
}

// forwards tells whether calls of the pool may travel at all: where nothing waits,
// nothing does.
func (p *pool) forwards() bool { return len(p.peers) > 0 && !p.paused && p.config.QueueLimit > 0 }

// forwardNext dispatches the first call that waits and may travel, to the nearest peer
// that has a credit for it.
func (d *Dealer) forwardNext(p *pool) bool {
	if !p.forwards() {
		return false
	}
	for _, r := range p.peers {
		n := p.ahead(r.callee.oneWay)
		if n >= p.queue.length {
			return false // the others are no nearer
		}
		for i := p.queue.head; i != noCall; i = d.calls.at(i).after {
			c := d.calls.at(i)
			if c.from == PeerOrigin { // it does not wait: it is about to be refused
				continue
			}
			if n > 0 {
				n--
				continue
			}
			if c.isRefusedBy(r.callee) || !r.takes(c.needs, c.held()) {
				continue
			}
			p.queue.remove(&d.calls, i)
			p.mark()
			d.spendCredit(r)
			d.dispatch(i, r, c.body.Body(), true)
			return true
		}
	}
	return false
}

// forward dispatches a call that has just come, and finds nobody with room here, if as
// many wait as must be before it. It is false if it has to wait, or to be refused.
func (d *Dealer) forward(p *pool, in Call) bool {
	if !p.forwards() {
		return false
	}
	for _, r := range p.peers {
		if p.ahead(r.callee.oneWay) > p.queue.length {
			return false
		}
		if !r.takes(needs{passthru: in.Passthru, progressive: in.Progress}, in.Body.Len()) {
			continue
		}
		i := d.take(p, in)
		d.calls.at(i).turn = p.queue.nextTurn()
		d.spendCredit(r)
		d.dispatch(i, r, in.Body, false)
		return true
	}
	return false
}

// takes tells whether a call of so many bytes may go to a peer. All of it is kept
// until the peer has answered, for it may come back.
func (r *registration) takes(needs needs, size int) bool {
	return !r.callee.draining && r.callee.suits(needs) && r.pool.kept+size <= r.pool.config.KeptBytes
}

func (c *call) isRefusedBy(by *callee) bool {
	return c.rare != nil && slices.Contains(c.rare.refusers, by)
}

func (d *Dealer) spendCredit(r *registration) {
	if r.credits--; r.credits == 0 {
		r.pool.unlist(r)
	}
}

// callFromPeer takes a call that another sidecar has forwarded: it runs at once, or is
// refused before anything has run.
func (d *Dealer) callFromPeer(p *pool, in Call) {
	if d.draining || !p.open || p.paused || p.queue.handed != p.queue.tail || p.roster.withRoom() == 0 {
		d.turnAway(p, in, ReasonFull, 0)
		return
	}
	i := d.take(p, in)
	d.dispatch(i, d.pick(p, nil), in.Body, false)
}

// takeBack takes a call from a peer that had no room for it, and that peer's credits
// in the pool, for they are worth nothing. It is false if the call has begun there all
// the same: then that is an ERROR like any other.
func (d *Dealer) takeBack(i callIndex) bool {
	c := d.calls.at(i)
	p, r := c.pool, c.at
	d.withdraw(r)
	killed := c.state == running && c.outcome == Canceled
	if c.state == running && c.tied && !killed {
		return false
	}
	d.do(Action{Kind: Discard, Callee: r.callee.id, ID: c.id})
	switch {
	case c.state == defunct:
		d.remove(i)
	case killed:
		d.refuseCall(c, ReasonCanceled, 0, d.now-c.since)
		d.remove(i)
	case !c.kept: // too much of it came meanwhile
		d.refuseCall(c, ReasonQueueBytes, p.config.KeptBytes, d.now-c.since)
		d.remove(i)
	default:
		d.putBack(i)
	}
	if !p.open {
		d.refuseWaiting(p, ReasonNoCallee)
	}
	d.refuseExhausted(p)
	d.fill(p)
	d.refuseUnqueued(i, ReasonConcurrency)
	return true
}

// putBack has a call wait again where it waited, since when it did.
func (d *Dealer) putBack(i callIndex) {
	c := d.calls.at(i)
	d.vacate(c)
	d.unkeep(c)
	c.state, c.id = waiting, 0
	c.pool.queue.putBack(&d.calls, i)
	c.pool.mark()
	d.watch(i)
	if timeout := c.pool.config.QueueTimeout; timeout > 0 {
		d.next = min(d.next, later(c.since, timeout))
	}
}
