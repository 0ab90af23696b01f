package admission

import (
	"slices"
	"time"
)

// claim is a pool's registration at the router, by a link. A pool has one, or
// for its weight more (weight.go); by the first it counts as registered. The
// package's doc has the diagram of its states.
type claim struct {
	pool  *pool
	link  *link // on which it registers; nil: not known yet, or no more
	state state

	onLink *place[*claim]
	inTodo *place[*claim] // while queued or ending
	retry  timer          // while resting

	request      uint64 // of the REGISTER or UNREGISTER sent last, while it has no answer
	first        uint64 // the oldest REGISTER without an answer; 0: none
	since        Time   // when that was sent
	unanswered   int    // REGISTERs whose answer is taken as lost, one after another
	registration uint64 // at the router, while held, ending, leaving or returning
	retryIn      time.Duration
}

// state is the one state of a claim. From away to returning it is wanted.
type state uint8

const (
	idle      state = iota // not wanted, and nothing is at the router
	away                   // its link is down
	queued                 // its REGISTER waits for its turn
	asking                 // its REGISTER has no answer
	resting                // it was refused, and is asked for again in a while
	held                   // the router has granted it
	returning              // as leaving, but wanted again
	withdrawn              // as asking, but not wanted any more
	ending                 // as held, but not wanted: its UNREGISTER waits for its turn
	leaving                // its UNREGISTER has no answer
)

var stateNames = [...]string{
	idle: "idle", away: "away", queued: "queued", asking: "asking", resting: "resting", held: "held",
	returning: "returning", withdrawn: "withdrawn", ending: "ending", leaving: "leaving",
}

func (s state) String() string { return stateNames[s] }

// isWanted tells whether the pool wants the registration.
func (s state) isWanted() bool { return s > idle && s < withdrawn }

// isAbsent tells whether the router has nothing of it, nor is asked for it.
func (g *claim) isAbsent() bool { return g.state <= queued || g.state == resting }

const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 10 * time.Second
)

func (g *claim) init(r *Registrar, p *pool) {
	g.pool = p
	g.retry.due = func() { r.seek(g) }
}

// isMain tells whether the pool counts as registered by this claim.
func (g *claim) isMain() bool { return g == &g.pool.claim }

// claims are all of a pool, the first one first.
func (p *pool) claims() []*claim { return append([]*claim{&p.claim}, p.more...) }

// claimOn returns the claim of a pool on a link, nil if there is none.
func (p *pool) claimOn(l *link) *claim {
	if p.claim.link == l {
		return &p.claim
	}
	for _, g := range p.more {
		if g.link == l {
			return g
		}
	}
	return nil
}

// wantClaim has a registration asked for, or kept.
func (r *Registrar) wantClaim(g *claim) {
	switch g.state {
	case idle, resting: // who comes new does not wait for its pause
		r.seek(g)
	case withdrawn:
		g.state = asking
	case ending:
		g.state = held
		r.leaveTodo(g)
	case leaving:
		g.state = returning
	}
	r.toldOf(g)
}

// unwantClaim has a registration given up, or not asked for. A claim of which
// nothing is left then is gone.
func (r *Registrar) unwantClaim(g *claim) {
	switch g.state {
	case away, queued, resting:
		r.gone(g)
	case asking:
		g.state = withdrawn
	case held:
		r.giveUpClaim(g)
	case returning:
		g.state = leaving
	}
	r.toldOf(g)
}

// seek asks for a registration that is wanted, and of which nothing is at the
// router: when its link is up, and may ask.
func (r *Registrar) seek(g *claim) {
	r.timers.stop(&g.retry)
	if g.state = away; g.link.state != linkDown {
		g.state = queued
		r.joinTodo(g)
		r.pump(g.link)
	}
}

// giveUpClaim has a registration given back that is not wanted.
func (r *Registrar) giveUpClaim(g *claim) {
	g.state = ending
	r.joinTodo(g)
	r.pump(g.link)
}

// gone takes note that nothing is left of a claim that is not wanted.
func (r *Registrar) gone(g *claim) {
	g.state = idle
	r.leaveTodo(g)
	r.timers.stop(&g.retry)
	p := g.pool
	if !g.isMain() {
		r.move(g, nil)
		p.more = slices.DeleteFunc(p.more, func(other *claim) bool { return other == g })
	}
	r.forgetIfOver(p)
}

// toldOf tells what a change of a claim means for its pool.
func (r *Registrar) toldOf(g *claim) {
	if g.isMain() {
		r.tellLive(g.pool)
		r.reweigh(g.pool)
	}
}

// claimGranted takes the router's REGISTERED. The pool's first one lets those go
// on who wait for it.
func (r *Registrar) claimGranted(g *claim, registration uint64) {
	l, p := g.link, g.pool
	wanted := g.state.isWanted()
	g.heard()
	r.leaveTodo(g)
	r.timers.stop(&g.retry)
	g.registration, g.retryIn = registration, 0
	if other := l.registrations[registration]; other != nil && other != g {
		l.isErring = true
	}
	l.registrations[registration] = g
	delete(l.doubts, p.key)
	if g.isMain() {
		p.granted, p.revoked = true, false
	}
	r.do(Action{Kind: Held, Link: l.id, Registration: registration, Pool: p.key, Main: g.isMain() && wanted})
	if g.state = held; !wanted {
		r.giveUpClaim(g)
	}
	r.toldOf(g)
	for first := p.waiting.first; first != nil && p.claim.state == held && g.isMain(); first = p.waiting.first {
		p.waiting.leave(first)
		first.of.inPool = nil
		r.advance(first.of)
	}
}

// claimRefused takes the router's ERROR for our REGISTER. Callees that wait are
// told it unchanged, but for those whose own probe had just taken the procedure:
// they have given it back. For them, and if the pool has callees already, as
// after a reconnect to a router that still holds our registration of before, it is
// tried again. But if the router has revoked it, it is over, and every callee is
// told: unless it was a callee's probe that took the procedure meanwhile.
func (r *Registrar) claimRefused(g *claim, why Refusal) {
	p := g.pool
	g.heard()
	r.do(Action{Kind: Refused, Link: g.link.id, Pool: p.key, Main: g.isMain()})
	wanted := g.state.isWanted()
	if wanted {
		r.rest(g)
	}
	if g.isMain() {
		p.granted = false
		r.tellLive(p)
		for _, waits := range p.waiting.all() {
			if waits.stage == awaitingPool && (waits.tries == 0 || why != Exists) {
				r.deny(waits, Denial{Reason: PoolRefused})
			}
		}
		if p.revoked && p.isOpen && !(why == Exists && r.isProbed(p)) {
			r.revokePool(p)
		}
	}
	switch g.state {
	case resting:
		r.do(Action{Kind: Retry, Link: g.link.id, Pool: p.key, Wait: g.retryIn})
	case withdrawn:
		r.gone(g)
	}
	r.toldOf(g)
}

// isProbed tells whether somebody who is to join a pool has had a probe at the router.
func (r *Registrar) isProbed(p *pool) bool {
	return slices.ContainsFunc(r.waiting.all(), func(q *pending) bool { return q.pool == p && q.tries > 0 })
}

// rest has a registration asked for again in a while.
func (r *Registrar) rest(g *claim) {
	g.state = resting
	g.retryIn = min(max(2*g.retryIn, firstRetry), lastRetry)
	r.timers.set(&g.retry, r.now+g.retryIn)
}

// claimEnded takes the end of a registration, asked for or not.
func (r *Registrar) claimEnded(g *claim) {
	l, p := g.link, g.pool
	if l.registrations[g.registration] == g { // else the router errs, and has given it to another one too
		delete(l.registrations, g.registration)
		r.do(Action{Kind: Ended, Link: l.id, Registration: g.registration, Pool: p.key})
	}
	g.registration = 0
	wanted := g.state.isWanted()
	r.leaveTodo(g)
	if g.state = idle; g.isMain() {
		p.granted = false
		if wanted && l.speaks != p.speaks && len(p.members) == 0 {
			r.move(g, r.linkFor(p.speaks, 0))
		}
	}
	if wanted {
		r.seek(g)
	} else {
		r.gone(g)
	}
	r.toldOf(g)
}

// claimCut takes the end of the link's session, which held the registration.
func (r *Registrar) claimCut(g *claim) {
	g.heard()
	g.inTodo, g.registration = nil, 0 // with the link's session, all that waits is over
	r.timers.stop(&g.retry)
	if g.isMain() {
		g.pool.revoked = false
	}
	if g.state.isWanted() {
		g.state = away
	} else {
		r.gone(g)
	}
	r.toldOf(g)
}

// heard takes note that the router answers the claim's REGISTERs.
func (g *claim) heard() { g.first, g.unanswered, g.request = 0, 0, 0 }

// move makes a link the one on which a claim registers of which nothing is at the
// router; nil for none.
func (r *Registrar) move(g *claim, to *link) {
	if to == g.link {
		return
	}
	r.leaveTodo(g)
	if l := g.link; l != nil {
		l.claims.leave(g.onLink)
		if l.claims.length == 0 && l.id != FirstLink {
			r.timers.set(&l.idle, r.now+r.config.LinkIdle)
		}
	}
	g.first, g.unanswered = 0, 0
	if g.link = to; to == nil {
		return
	}
	g.onLink = to.claims.join(g)
	r.timers.stop(&to.idle)
	if g.state != idle {
		r.seek(g)
	}
}
