package dealer

import (
	"errors"
	"fmt"
	"slices"
)

// ErrAlreadyRegistered means that the session is in the pool already, or that
// the pool's policy is single and its one place is taken, which fails everybody
// who comes after ("Shared Registration", #name-shared-registration):
// wamp.error.procedure_already_exists.
var ErrAlreadyRegistered = errors.New("procedure is already registered")

// PolicyConflictError means that a pool without a block of its own got a
// callee that asks for another policy than the first one did ("Shared
// Registration", #name-shared-registration):
// wamp.error.procedure_exists_with_different_invocation_policy.
type PolicyConflictError struct{ Has, Asked Policy }

func (e *PolicyConflictError) Error() string {
	return fmt.Sprintf("procedure is registered with invocation policy %s, and %s was asked for", e.Has, e.Asked)
}

// OpenPool opens the pool of that key, which names the procedure and how it
// matches, and returns it. A pool that is open already keeps its rules; one
// that has no callee left takes the new ones, and peers' credits there are gone.
func (d *Dealer) OpenPool(key string, config PoolConfig) PoolID {
	d.taken()
	id, exists := d.byKey[key]
	if !exists {
		id = PoolID(len(d.pools)) //nolint:gosec // one for each procedure
		for i, free := range d.pools {
			if free == nil {
				id = PoolID(i)
				break
			}
		}
		if int(id) == len(d.pools) {
			d.pools = append(d.pools, nil)
		}
		d.pools[id] = &pool{id: id, key: key, queue: newQueue()}
		d.pools[id].followLoad(d.loads)
		d.name(d.pools[id])
		d.byKey[key] = id
	}
	if p := d.pools[id]; !p.open || p.roster.size == 0 {
		p.open = true
		d.withdrawAll(p)
		p.mark()
		p.follow(config)
		if p.queue.length > 0 {
			d.next = min(d.next, d.now) // the timeout may be a shorter one: let the next event look
		}
	}
	return id
}

// Registration is what a callee asks for when it joins a pool.
type Registration struct {
	Pool   PoolID
	Callee CalleeID
	ID     uint64 // as the callee knows it, unique in its session
	Policy Policy // asked for by the callee or ruled by the block
	Limit  int    // most calls in flight; 0: none. The pool's Concurrency bounds it further
	Force  bool   // force_reregister: those who are there have to go
}

// mayJoin tells whether Join takes the callee: nil, [ErrAlreadyRegistered] or a
// *[PolicyConflictError].
func (d *Dealer) mayJoin(in Registration) error {
	p, c := d.pool(in.Pool), d.callee(in.Callee)
	if p.roster.size == 0 || in.Force {
		return nil
	}
	if r := c.registrations[in.Pool]; r != nil && r.active {
		return ErrAlreadyRegistered
	}
	if p.config.Policy == Single {
		return ErrAlreadyRegistered
	}
	if p.config.Policy != in.Policy {
		return &PolicyConflictError{Has: p.config.Policy, Asked: in.Policy}
	}
	return nil
}

// Join makes a callee a member of a pool, behind those that are there; by
// force, in their place: each of them is revoked, and finishes its calls. The
// first one's policy becomes the pool's. Its errors are
// [ErrAlreadyRegistered] and *[PolicyConflictError]; then nothing has changed. Who
// joins is decided before (package admission), whose driver takes none of them.
// Calls that wait go to the new callee at once.
//
// Slots that the callee's unanswered calls of an earlier registration in this
// pool hold are still taken.
func (d *Dealer) Join(now Time, in Registration) ([]Action, error) {
	if err := d.mayJoin(in); err != nil {
		return nil, err
	}
	d.begin(now)
	p, c := d.pool(in.Pool), d.callee(in.Callee)
	if in.Force {
		d.revokeAll(p)
	}
	if p.roster.size == 0 {
		p.config.Policy = in.Policy
	}
	r := c.registrations[in.Pool]
	if r == nil {
		r = &registration{callee: c, pool: p}
		c.registrations[in.Pool] = r
	}
	r.id, r.asked = in.ID, in.Limit
	relieved := d.allot(r)
	r.active = true
	p.open, p.lingers = true, false
	p.roster.add(r)
	d.refuseExhausted(p)
	d.fillAll(append(relieved, p))
	return d.actions, nil
}

// Leave ends a callee's registration, named by the ID that the callee knows.
// Calls in flight there finish normally and keep their slots until then. It is
// false if the callee has no such registration. When the last one leaves, the
// pool is closed at once, or after it has lingered: Release, and those that
// wait are refused.
func (d *Dealer) Leave(now Time, at CalleeID, id uint64) ([]Action, bool) {
	d.begin(now)
	for _, r := range d.callee(at).registrations {
		if r.active && r.id == id {
			d.deactivate(r)
			d.vacated(r.pool)
			if len(r.pool.peers) > 0 {
				d.fill(r.pool) // more may travel
			}
			return d.actions, true
		}
	}
	return nil, false
}

// deactivate takes a registration out of its pool. Its slots stay taken.
func (d *Dealer) deactivate(r *registration) {
	r.active = false
	r.pool.roster.remove(r)
	d.forgetUnused(r)
}

// forgetUnused forgets a registration that is over and whose last call has ended.
func (d *Dealer) forgetUnused(r *registration) {
	if r.active || r.inFlight > 0 || r.credits > 0 {
		return
	}
	delete(r.callee.registrations, r.pool.id)
	if r.share != nil {
		r.share.leave(r)
	}
}

// vacated looks at a pool that somebody has left: calls that all the others
// have refused already are refused, and a pool without a callee is closed, or
// lingers.
func (d *Dealer) vacated(p *pool) {
	switch {
	case p.roster.size > 0:
		d.refuseExhausted(p)
	case p.config.Linger > 0:
		p.lingers, p.vacatedAt, p.lingerEnd = true, d.now, later(d.now, p.config.Linger)
		d.next = min(d.next, p.lingerEnd)
	default:
		d.release(p)
	}
}

// Revoke takes every callee out of a pool, as the router has withdrawn its
// registration for good, and closes it.
func (d *Dealer) Revoke(now Time, id PoolID) []Action {
	d.begin(now)
	if p := d.pool(id); p.open {
		d.revokeAll(p)
		d.release(p)
	}
	return d.actions
}

func (d *Dealer) revokeAll(p *pool) {
	for _, r := range p.roster.members {
		if r != nil {
			d.do(Action{Kind: Revoke, Pool: p.id, Callee: r.callee.id, Registration: r.id})
			d.deactivate(r)
		}
	}
}

// ClosePool gives a pool up that has no callee: whoever waits is refused. It
// does nothing to a pool that has callees, lingers, or is closed.
func (d *Dealer) ClosePool(now Time, id PoolID) []Action {
	d.begin(now)
	if p := d.pool(id); p.open && p.roster.size == 0 && !p.lingers {
		d.release(p)
	}
	return d.actions
}

func (d *Dealer) release(p *pool) {
	d.refuseWaiting(p, ReasonNoCallee)
	p.open, p.lingers = false, false
	d.withdrawAll(p)
	p.mark()
	d.do(Action{Kind: Release, Pool: p.id})
	d.sweep(p)
}

func (d *Dealer) refuseWaiting(p *pool, reason Reason) {
	for p.queue.length > 0 {
		i := p.queue.head
		c := d.calls.at(i)
		d.refuseCall(c, reason, 0, d.now-c.since)
		d.remove(i)
	}
}

// Lose takes the end of a callee's session. Calls in flight there go to
// another callee, in front of those that wait, where the pool's rules say so;
// the others are refused with [ReasonCalleeLost] ("Callee Leaving During an RPC
// Invocation", #name-callee-leaving-during-an-rp), whether the callee has
// unregistered or not.
func (d *Dealer) Lose(now Time, at CalleeID) []Action {
	d.begin(now)
	c := d.callee(at)
	var left, touched []*pool
	for _, id := range c.pools() {
		r := c.registrations[id]
		d.withdraw(r)
		if r.active || r.inFlight > 0 {
			touched = append(touched, r.pool)
		}
		if r.active {
			left = append(left, r.pool)
			d.deactivate(r)
		}
	}
	var handed []callIndex
	for _, id := range c.requests.byAge() {
		i, _ := c.requests.call(id)
		if i != noCall && d.loseCall(i) { // of its own calls the router knows by itself
			handed = append(handed, i)
		}
	}
	for _, p := range left {
		d.vacated(p)
	}
	for _, p := range touched {
		d.refuseExhausted(p)
		d.fill(p)
	}
	for _, i := range handed {
		d.refuseUnqueued(i, ReasonCalleeLost)
	}
	d.callees[at] = nil
	if c.peer {
		d.peers = slices.DeleteFunc(d.peers, func(other *callee) bool { return other == c })
		d.measure()
	}
	return d.actions
}
