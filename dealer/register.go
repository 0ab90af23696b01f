package dealer

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wampool/wampool/codec"
)

// ErrAlreadyRegistered means that the session is in the pool already, or that
// the pool's policy is single and its one place is taken:
// wamp.error.procedure_already_exists.
var ErrAlreadyRegistered = errors.New("procedure is already registered")

// PolicyConflictError means that a pool without a block of its own got a
// callee that asks for another policy than the first one did:
// wamp.error.procedure_exists_with_different_invocation_policy.
type PolicyConflictError struct{ Has, Asked Policy }

func (e *PolicyConflictError) Error() string {
	return fmt.Sprintf("procedure is registered with invocation policy %s, and %s was asked for", e.Has, e.Asked)
}

// OpenPool opens the pool of that key, which names the procedure and how it
// matches, and returns it. A pool that is open already keeps its rules; one
// that has no callee left takes the new ones.
func (d *Dealer) OpenPool(key string, config PoolConfig) PoolID {
	id, exists := d.byKey[key]
	if !exists {
		id = PoolID(len(d.pools))
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
		d.byKey[key] = id
	}
	if p := d.pools[id]; !p.open || p.roster.size == 0 {
		p.open, p.config = true, config
		if p.queue.length > 0 {
			d.next = min(d.next, d.now) // the timeout may be a shorter one: let the next Tick look
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
}

// MayJoin tells whether Join would take the callee: nil,
// [ErrAlreadyRegistered] or a *[PolicyConflictError].
func (d *Dealer) MayJoin(in Registration) error {
	p, c := d.pool(in.Pool), d.callee(in.Callee)
	if r := c.registrations[in.Pool]; r != nil && r.active {
		return ErrAlreadyRegistered
	}
	if p.roster.size == 0 {
		return nil
	}
	if p.config.Policy == Single {
		return ErrAlreadyRegistered
	}
	if p.config.Policy != in.Policy {
		return &PolicyConflictError{Has: p.config.Policy, Asked: in.Policy}
	}
	return nil
}

// Join makes a callee a member of a pool, behind those that are there. The
// first one's policy becomes the pool's. Its errors are those of
// [Dealer.MayJoin]; then nothing has changed. Calls that wait go to it at once.
//
// Slots that the callee's unanswered calls of an earlier registration in this
// pool hold are still taken.
func (d *Dealer) Join(now Time, in Registration) ([]Action, error) {
	if err := d.MayJoin(in); err != nil {
		return nil, err
	}
	d.begin(now)
	p, c := d.pool(in.Pool), d.callee(in.Callee)
	if p.roster.size == 0 {
		p.config.Policy = in.Policy
	}
	r := c.registrations[in.Pool]
	if r == nil {
		r = &registration{callee: c, pool: p}
		c.registrations[in.Pool] = r
	}
	r.id, r.active = in.ID, true
	r.limit = in.Limit
	if most := p.config.Concurrency; most > 0 && (r.limit == 0 || r.limit > most) {
		r.limit = most
	}
	p.open = true
	p.roster.add(r)
	d.fill(p)
	return d.actions, nil
}

// Leave ends a callee's registration, named by the ID that the callee knows.
// Calls in flight there finish normally and keep their slots until then. It is
// false if the callee has no such registration. The last one to leave closes
// the pool: Release, and those that wait are refused.
func (d *Dealer) Leave(now Time, at CalleeID, id uint64) ([]Action, bool) {
	d.begin(now)
	for _, r := range d.callee(at).registrations {
		if r.active && r.id == id {
			d.deactivate(r)
			return d.actions, true
		}
	}
	return nil, false
}

func (d *Dealer) deactivate(r *registration) {
	p := r.pool
	r.active = false
	p.roster.remove(r)
	if r.inFlight == 0 {
		delete(r.callee.registrations, p.id)
	}
	if p.roster.size == 0 {
		d.release(p)
	}
}

// ClosePool gives a pool up that has no callee: whoever waits is refused. It
// does nothing to a pool that has callees, or is closed.
func (d *Dealer) ClosePool(now Time, id PoolID) []Action {
	d.begin(now)
	if p := d.pool(id); p.open && p.roster.size == 0 {
		d.release(p)
	}
	return d.actions
}

func (d *Dealer) release(p *pool) {
	d.refuseWaiting(p, ReasonNoCallee)
	p.open = false
	d.do(Action{Kind: Release, Pool: p.id})
	d.sweep(p)
}

func (d *Dealer) refuseWaiting(p *pool, reason Reason) {
	for p.queue.length > 0 {
		i := p.queue.head
		c := d.calls.at(i)
		d.refuse(p, c.origin, c.request, reason, 0, d.now-c.arrived)
		d.remove(i)
	}
}

// Lose takes the end of a callee's session. Calls in flight there are refused
// with [ReasonCalleeLost], whether it has unregistered or not.
func (d *Dealer) Lose(now Time, at CalleeID) []Action {
	d.begin(now)
	c := d.callee(at)
	for _, pool := range slices.Sorted(maps.Keys(c.registrations)) {
		if r := c.registrations[pool]; r.active {
			d.deactivate(r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.requests.open)) {
		i := c.requests.open[id].call
		if i == noCall {
			continue // the router knows of it by itself
		}
		if lost := d.calls.at(i); lost.state == running {
			d.refuse(lost.pool, lost.origin, lost.request, ReasonCalleeLost, 0, 0)
		}
		d.remove(i)
	}
	d.callees[at] = nil
	return d.actions
}

// Features returns what the callee's HELLO announced.
func (d *Dealer) Features(at CalleeID) codec.CalleeFeatures { return d.callee(at).features }
