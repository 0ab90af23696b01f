package admission

import (
	"maps"
	"slices"

	"github.com/wampool/wampool/dealer"
)

// Reconfigure gives pools other rules: those that govern returns for a procedure,
// of pools without a block where there is none; never nil.
//   - Pools, and REGISTERs without an answer, go by them from now on (Reform).
//   - Members whom a new Admit excludes are expelled (Expel), though not by a change
//     of the pool session's own role alone. A REGISTER that it excludes passes to the
//     router, or gets the router's answer to its probe.
//   - Where no block has a policy, the pool has the one that its first callee
//     asked for.
//   - How a pool is registered (Shared) stays as it is until it is given up.
func (r *Registrar) Reconfigure(now Time, govern func(procedure string) *Block) []Action {
	r.begin(now)
	for _, s := range r.allSessions() {
		for i := range s.held {
			if in := s.held[i].register; in != nil {
				in.Block = govern(in.Asks.Procedure)
			}
		}
	}
	for _, p := range r.poolsNow.all() {
		r.reform(p, govern(p.procedure))
	}
	for _, p := range r.waiting.all() {
		r.regovern(p, govern(p.in.Asks.Procedure))
	}
	return r.end()
}

func (r *Registrar) allSessions() (all []*session) {
	for _, id := range slices.Sorted(maps.Keys(r.sessions)) {
		all = append(all, r.sessions[id])
	}
	return all
}

// reform gives a pool its rules.
func (r *Registrar) reform(p *pool, block *Block) {
	old := p.block
	p.block = block
	for _, at := range p.inOrder() {
		p.count(at, -1)
		at.limit = boundOf(at.asked, block.Config.Concurrency)
		p.count(at, +1)
	}
	if p.isOpen {
		p.policy = p.policyNow()
		config := block.Config
		config.Policy = p.policy
		r.do(Action{Kind: Reform, Pool: p.key, Config: config})
	}
	if !old.admitsAs(block) {
		p.unreviewed = true
		r.review(p)
	}
	r.reweigh(p)
}

// admitsAs tells whether two blocks say the same of who may join.
func (b *Block) admitsAs(other *Block) bool {
	return b.AnyRole == other.AnyRole && slices.Equal(b.Admit, other.Admit)
}

// review expels who may not be in a pool any more. Who has the role of the pool
// session is known while that is up: else it is when it is.
func (r *Registrar) review(p *pool) {
	if !p.unreviewed || p.block.isByLink() && !r.isAnyUp() {
		return
	}
	p.unreviewed = false
	for _, at := range p.inOrder() {
		if !r.admits(p.block, at.session) {
			r.expel(at)
		}
	}
}

// isByLink tells whether the pool session's role says who may join.
func (b *Block) isByLink() bool { return !b.AnyRole && len(b.Admit) == 0 }

func (r *Registrar) isAnyUp() bool { return slices.ContainsFunc(r.links, (*link).isUp) }

// policyNow is a pool's policy by its block, or else what its first callee asked
// for; of one without a callee, what it was.
func (p *pool) policyNow() dealer.Policy {
	if policy, err := dealer.ParsePolicy(p.block.Policy); p.block.Policy != "" && err == nil {
		return policy
	}
	if all := p.inOrder(); len(all) > 0 {
		return all[0].policy
	}
	return p.policy
}

// inOrder returns the members of a pool as they came.
func (p *pool) inOrder() []*member {
	return slices.SortedFunc(maps.Values(p.members), func(a, b *member) int { return int(a.order) - int(b.order) }) //nolint:gosec // their difference is small
}

// expel ends a member's place in a pool, without its doing.
func (r *Registrar) expel(at *member) {
	r.removeMember(at)
	r.remember(at)
	r.do(Action{Kind: Expel, Session: at.session.id, Registration: at.registration, Pool: at.pool.key})
}

// regovern gives a REGISTER without an answer its rules. Where these say anew who
// may join, that is looked at once more before it does: see mayStillJoin.
func (r *Registrar) regovern(p *pending, block *Block) {
	p.unreviewed = p.unreviewed || !p.in.Block.admitsAs(block)
	p.in.Block = block
	switch {
	case p.stage == awaitingLink:
		return
	case (p.stage == awaitingPool || p.stage == awaitingTurn) && (!block.isByLink() || r.isAnyUp()) && !r.mayStillJoin(p):
		r.passLate(p)
		return
	}
	if denial, denied := p.prepare(); denied {
		r.deny(p, denial)
	}
}

// mayStillJoin tells whether a REGISTER's role is one of those that may join, after
// the rules have changed.
func (r *Registrar) mayStillJoin(p *pending) bool {
	return !p.unreviewed || r.admits(p.in.Block, p.session)
}
