package admission

import "fmt"

// Audit tells whether the books agree with each other: nil, or the first thing
// that does not. They always do, unless an event has ended in a panic half way.
// It looks at everything, so it is for that case, and for tests.
func (r *Registrar) Audit() (err error) {
	defer func() {
		if x := recover(); x != nil { // books can disagree in ways that the audit did not think of
			err = fmt.Errorf("the audit itself failed: %v", x)
		}
	}()
	a := audit{
		r: r, pending: make(map[*pool]int), waiting: make(map[*pool]int), members: make(map[*pool]int),
		claims: make(map[*link]int), todo: make(map[*link]int), held: make(map[*link]int),
	}
	for id, s := range r.sessions {
		a.check(s.id == id, "session %d is %d", id, s.id)
		a.session(s)
	}
	for id, p := range r.pendings {
		a.check(p.id == id && r.sessions[p.session.id] == p.session, "REGISTER %d is of no session", id)
		a.pendingRegister(p)
	}
	for key, p := range r.pools {
		a.check(p.key == key && p.place != nil && p.place.of == p, "pool %s is %s", key, p.key)
		a.pool(p)
	}
	a.check(len(r.pools) == r.poolsNow.length && r.poolsNow.isSound(), "%d pools, %d in order", len(r.pools), r.poolsNow.length)
	a.check(r.waiting.length == a.unanswered && r.undecided.length == a.undecided && r.waiting.isSound() && r.undecided.isSound(),
		"%d REGISTERs without an answer and %d undecided, not %d and %d", a.unanswered, a.undecided, r.waiting.length, r.undecided.length)
	for _, l := range r.links {
		a.link(l)
	}
	for i, t := range r.timers.heap {
		a.check(t.place == i+1 && (i == 0 || !r.timers.before(i, (i-1)/2)), "the timer at %d is not in its place", i)
	}
	return a.err
}

// audit is what some of the books say of others.
type audit struct {
	r                         *Registrar
	err                       error
	pending, waiting, members map[*pool]int
	claims, todo, held        map[*link]int
	unanswered, undecided     int
}

func (a *audit) check(ok bool, format string, args ...any) {
	if !ok && a.err == nil {
		a.err = fmt.Errorf(format, args...)
	}
}

func (a *audit) session(s *session) {
	waiting, lasting := int64(0), int64(0)
	for at := s.lates.first; at != nil; at = at.after {
		lasting += at.of.cost
	}
	turns, unnumbered := 0, (*place[*pending])(nil)
	for at := s.pendings.first; at != nil; at = at.after {
		p := at.of
		waiting += p.cost
		a.check(p.session == s && p.inSession == at && p.stage < lateProbing && a.r.pendings[p.id] == p, "REGISTER %d is not session %d's", p.id, s.id)
		if p.inTurn != nil {
			turns++
		}
		if !p.numbered && unnumbered == nil {
			unnumbered = at
		}
	}
	a.check(s.turns.length == turns && s.turns.isSound() && s.pendings.isSound() && s.lates.isSound() && s.unnumbered == unnumbered,
		"the turns of session %d are out of order", s.id)
	for i := range s.held {
		waiting += s.held[i].cost()
	}
	a.check(len(s.held) == 0 || s.pendings.length > 0, "session %d holds %d messages behind nothing", s.id, len(s.held))
	for registration, at := range s.members.of {
		lasting += membershipCost(at.pool.procedure)
		a.members[at.pool]++
		a.check(at.session == s && at.registration == registration && at.pool.members[s.id] == at && a.r.pools[at.pool.key] == at.pool,
			"registration %d of session %d is in no pool", registration, s.id)
	}
	for registration, p := range s.granted.of {
		a.check(p.session == s && p.grant == registration, "registration %d of session %d is of no probe", registration, s.id)
	}
	lasting += int64(s.members.most)*memberBytes + int64(s.left.most)*leftBytes + int64(s.granted.most)*grantedBytes
	a.check(s.waiting == waiting && s.lasting == lasting, "session %d keeps %d and %d bytes, not %d and %d", s.id, waiting, lasting, s.waiting, s.lasting)
	a.check(!s.departed || s.pendings.length == 0 && len(s.members.of) == 0, "session %d has departed, and is here", s.id)
	a.check(!s.isChanged && !s.isRipe, "session %d was not looked at to the end", s.id)
}

func (a *audit) pendingRegister(p *pending) {
	a.check(p.stage >= awaitingLink && p.stage < over, "REGISTER %d is over, and known", p.id)
	late := p.stage == lateProbing || p.stage == lateUndoing
	a.check(late == (p.inLate != nil) && (p.grant != 0) == (p.stage == undoing || p.stage == lateUndoing), "REGISTER %d is late, or not", p.id)
	a.check((p.inTurn != nil) == (p.stage == awaitingTurn), "REGISTER %d waits for its turn, or not", p.id)
	a.check((p.inUndecided != nil) == (p.stage == awaitingLink), "REGISTER %d is undecided, or not", p.id)
	if late {
		return
	}
	a.unanswered++
	if p.stage == awaitingLink {
		a.undecided++
		return
	}
	a.pending[p.pool]++
	if p.inPool != nil {
		a.waiting[p.pool]++
		a.check(p.stage == awaitingPool, "REGISTER %d waits for its pool", p.id)
	}
}

func (a *audit) pool(p *pool) {
	a.check(p.pending == a.pending[p] && p.waiting.length == a.waiting[p] && p.waiting.isSound(),
		"pool %s has %d REGISTERs, %d of them waiting, not %d and %d", p.key, a.pending[p], a.waiting[p], p.pending, p.waiting.length)
	slots, unlimited := int64(0), 0
	for id, at := range p.members {
		slots += int64(at.limit)
		if at.limit == 0 {
			unlimited++
		}
		a.check(at.pool == p && at.session.id == id && a.r.sessions[id] == at.session, "member %d of pool %s is none", id, p.key)
	}
	a.check(len(p.members) == a.members[p] && slots == p.slots && unlimited == p.unlimited, "pool %s has %d members", p.key, len(p.members))
	a.check(p.isOpen || p.pending == 0 && len(p.members) == 0, "pool %s is closed, and in use", p.key)
	a.check(p.waiting.length == 0 || p.claim.state != held, "somebody waits for pool %s, which is held", p.key)
	a.check(p.live == (p.granted && p.claim.state.isWanted()), "pool %s is live, or not", p.key)
	a.check(p.isOpen || p.claim.state != idle || len(p.more) > 0, "pool %s is over, and known", p.key)
	for _, g := range p.claims() {
		a.claim(p, g)
	}
}

func (a *audit) claim(p *pool, g *claim) {
	if a.check(g.pool == p && g.link != nil && g.onLink.of == g, "a claim of pool %s is on no link", p.key); g.link == nil {
		return
	}
	l := g.link
	a.claims[l]++
	a.check(p.claimOn(l) == g, "pool %s has two claims on link %d", p.key, l.id)
	a.check(g.isMain() || g.state != idle, "a claim of pool %s is idle", p.key)
	if g.inTodo != nil {
		a.todo[l]++
	}
	a.check((g.inTodo != nil) == (g.state == queued || g.state == ending), "a claim of pool %s is %s, and in the queue or not", p.key, g.state)
	has := g.state == held || g.state == ending || g.state == leaving || g.state == returning
	if has {
		at := l.registrations[g.registration]
		if at == g {
			a.held[l]++
		}
		a.check(at != nil || l.isErring, "registration %d of pool %s is not at link %d", g.registration, p.key, l.id)
	}
	a.check(has == (g.registration != 0), "a claim of pool %s is %s, and has %d", p.key, g.state, g.registration)
	a.check(l.isUp() || g.state <= away, "a claim of pool %s is %s, and its link is down", p.key, g.state)
	a.check(!l.isUp() || g.state != away, "a claim of pool %s is away, and its link is up", p.key)
	a.check(a.r.timers.isSet(&g.retry) == (g.state == resting), "a claim of pool %s is %s, and timed or not", p.key, g.state)
	if g.state == asking || g.state == withdrawn || g.state == leaving || g.state == returning {
		q := l.requests[g.request]
		a.check(q != nil && q.pool == p.key && !q.late, "a claim of pool %s is %s, and nothing is asked", p.key, g.state)
	}
}

func (a *audit) link(l *link) {
	a.check(l.claims.length == a.claims[l] && l.claims.isSound(), "link %d has %d claims, not %d", l.id, a.claims[l], l.claims.length)
	a.check(l.todo.length == a.todo[l] && l.todo.isSound(), "link %d has %d to ask for, not %d", l.id, a.todo[l], l.todo.length)
	a.check(len(l.registrations) == a.held[l], "link %d has %d registrations, not %d", l.id, a.held[l], len(l.registrations))
	open, late := 0, 0
	for _, q := range l.requests {
		if q.late {
			late++
		} else {
			open++
			a.check(a.r.timers.isSet(&q.due), "a request of link %d has no end", l.id)
		}
	}
	a.check(l.open == open && l.late == late, "link %d has %d and %d requests, not %d and %d", l.id, open, late, l.open, l.late)
}

// isSound tells whether a line holds together.
func (l *line[T]) isSound() bool {
	n, last := 0, (*place[T])(nil)
	for at := l.first; at != nil && n <= l.length; at = at.after {
		if at.before != last {
			return false
		}
		n, last = n+1, at
	}
	return n == l.length && last == l.last
}
