package admission

import (
	"maps"
	"slices"
)

// Drain gives up the registrations of all pools at the router, and takes nobody in
// any more: who waits for one is denied. Who is in a pool stays. It lasts until
// [Registrar.Undrain].
func (r *Registrar) Drain(now Time) []Action {
	r.begin(now)
	r.draining = true
	for _, p := range r.poolsNow.all() {
		r.withdraw(p)
	}
	r.denyDrained()
	return r.end()
}

// Undrain asks for the registrations again that [Registrar.Drain] has given up, but
// for those of pools that drain by themselves.
func (r *Registrar) Undrain(now Time) []Action {
	r.begin(now)
	r.draining = false
	for _, p := range r.poolsNow.all() {
		r.restore(p)
	}
	for _, l := range r.links {
		if l.id != FirstLink && l.claims.length == 0 && !r.timers.isSet(&l.idle) {
			r.timers.set(&l.idle, r.now+r.config.LinkIdle)
		}
	}
	return r.end()
}

// DrainPool does so for the pool of a key, whether it is here or not: until
// [Registrar.UndrainPool], though its callees come and go.
func (r *Registrar) DrainPool(now Time, key string) []Action {
	r.begin(now)
	r.drained[key] = struct{}{}
	if p := r.pools[key]; p != nil {
		r.withdraw(p)
	}
	r.denyDrained()
	return r.end()
}

// UndrainPool asks for the registration of a pool again. Where somebody else has it
// by then, the pool goes on asking.
func (r *Registrar) UndrainPool(now Time, key string) []Action {
	r.begin(now)
	delete(r.drained, key)
	if p := r.pools[key]; p != nil {
		r.restore(p)
	}
	return r.end()
}

// drains tells whether the pool of a key takes nobody in.
func (r *Registrar) drains(key string) bool {
	return r.draining || r.Drains(key)
}

// withdraw gives up what a pool that drains has at the router. That it was revoked
// before means nothing any more.
func (r *Registrar) withdraw(p *pool) {
	p.revoked = false
	r.unwant(p)
}

// restore has the registration of a pool held again, if it drains no more.
func (r *Registrar) restore(p *pool) {
	if p.isOpen && !r.drains(p.key) {
		r.want(p)
	}
}

// denyDrained denies the REGISTERs that wait for a pool that drains. Those at their
// probe are when that is answered.
func (r *Registrar) denyDrained() {
	for _, p := range r.waiting.all() {
		if p.stage <= awaitingTurn && r.drains(keyOf(&p.in.Asks)) {
			r.deny(p, Denial{Reason: Draining})
		}
	}
}

// Drains tells whether the pool of a key drains by itself.
func (r *Registrar) Drains(key string) bool {
	_, drains := r.drained[key]
	return drains
}

// Drained returns the keys of the pools that drain by themselves, whether they are here
// or not.
func (r *Registrar) Drained() []string { return slices.Sorted(maps.Keys(r.drained)) }

// AtRouter returns how many registrations a pool has at the router, or asks for, or has
// not heard yet that they are given up.
func (r *Registrar) AtRouter(key string) (n int) {
	p := r.pools[key]
	if p == nil {
		return 0
	}
	if p.claim.state != idle {
		n++
	}
	return n + len(p.more) // of which none is idle
}
