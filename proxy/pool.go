package proxy

import (
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// pool is what the realm knows of a pool beside the registrar, which has its
// callees and its registration at the router, and the dealer, which has its calls.
type pool struct {
	key              string
	match, procedure string
	upstream         string            // the policy by which it registers at the router, until it is given up
	block            *configs.Pool     // that governs it; nil: none
	config           dealer.PoolConfig // as the dealer has it
	id               dealer.PoolID     // while it is open there
	isClosing        bool              // by the registrar's word, which need not be told
	isLive           bool              // the router sends its calls here, or would if the pool session were up
	isDrained        bool              // it was live when the drain began, and counts for it to the end

	held     int      // registrations at the router, by which it is
	matching matching // with what peers have

	dispatched, answered, refused uint64

	refusals rarely
}

// hasPattern tells whether the pool is of all procedures that a pattern matches.
func (p *pool) hasPattern() bool { return p.match == "prefix" || p.match == "wildcard" }

// takesCalls tells whether the procedure's calls are this pool's.
func (p *pool) takesCalls() bool { return p.isLive || p.isDrained }

// upstreamOf is the policy by which a block's pools register at the router.
func upstreamOf(block *configs.Pool) string {
	if block == nil {
		return "single"
	}
	return block.Upstream
}

// poolOf returns the pool that is open in the dealer under an ID, nil if there is none.
func (r *realm) poolOf(id dealer.PoolID) *pool {
	if id < 0 || int(id) >= len(r.byPool) {
		return nil
	}
	return r.byPool[id]
}

// isOpen tells whether a pool is open in the dealer.
func (r *realm) isOpen(p *pool) bool { return p != nil && r.poolOf(p.id) == p }

// changePool does what the registrar says of a pool.
func (r *realm) changePool(out *transport.Outbox, a *admission.Action) {
	p := r.pools[a.Pool]
	switch a.Kind {
	case admission.OpenPool:
		r.openPool(a)
	case admission.ClosePool:
		if r.isOpen(p) {
			p.isClosing = true
			r.driver.Perform(out, r.dealer.ClosePool(r.now(), p.id), driver.Hand{})
			p.isClosing = false
		}
	case admission.Reform:
		if r.isOpen(p) {
			p.config = a.Config
			r.driver.Perform(out, r.dealer.Configure(r.now(), p.id, p.config), driver.Hand{})
		}
	case admission.RevokePool:
		r.log.Warn().Str("procedure", p.procedure).Msg("revoked pool can't be registered again: its callees are told")
		p.isClosing = true
		r.driver.Perform(out, r.dealer.Revoke(r.now(), p.id), driver.Hand{})
		p.isClosing = false
	case admission.Live:
		if p.isLive = a.Holds; !p.isLive && !r.isOpen(p) {
			r.log.Info().Str("procedure", p.procedure).Msg("pool without callees given up")
		}
	case admission.Weigh:
		r.log.Info().Str("procedure", p.procedure).Int("registrations", a.Shares).Msg("pool weighed by its slots")
	case admission.ForgetPool:
		delete(r.pools, p.key)
		if !p.isDrained {
			r.byPattern.remove(p.match, p.procedure)
		}
	}
}

// openPool opens a pool in the dealer.
func (r *realm) openPool(a *admission.Action) {
	p := r.pools[a.Pool]
	if p == nil {
		p = &pool{key: a.Pool, match: matchOf(a.Pool), procedure: procedureOf(a.Pool)}
		p.block = governing(r.blocks(), p.procedure)
		p.upstream = upstreamOf(p.block)
		r.pools[p.key] = p
		r.byPattern.put(p.match, p.procedure, p)
	}
	p.config = a.Config
	p.id = r.dealer.OpenPool(p.key, p.config)
	if _, paused := r.paused[p.key]; paused {
		r.dealer.PausePool(p.id)
	}
	for int(p.id) >= len(r.byPool) {
		r.byPool = append(r.byPool, nil)
	}
	r.byPool[p.id] = p
}

// Release tells the registrar that the dealer has closed a pool, whose last callee
// has left. The pool's ID may be another's from now on.
func (r *realm) Release(id dealer.PoolID) {
	p := r.poolOf(id)
	if p == nil {
		return
	}
	r.byPool[id] = nil
	if p.isClosing {
		return
	}
	r.driver.After(func(out *transport.Outbox) {
		r.bring(out, func() []admission.Action { return r.registrar.Released(r.now(), p.key) })
	})
}

// logRefusal says that calls have ended without an answer of a callee.
func (p *pool) logRefusal(r *realm, refusal dealer.Refusal, uri string) {
	if more, say := p.refusals.now(); say {
		r.log.Warn().Str("procedure", p.procedure).Str("error", uri).Stringer("reason", refusal.Reason).
			Int("queued", refusal.Queued).Int("more_since_last_line", more).Msg(endOf(refusal.Reason))
	}
}

// endOf is how a call ended, for the log.
func endOf(reason dealer.Reason) string {
	switch reason {
	case dealer.ReasonQueueTimeout, dealer.ReasonDeadline:
		return "call timed out"
	case dealer.ReasonCalleeLost:
		return "call lost with its callee"
	case dealer.ReasonCanceled:
		return "call canceled"
	}
	return "call refused"
}
