package admission

// Requests of wampool's own, REGISTER and UNREGISTER of its pools: each has a
// time limit and an end, since routers lose answers. nexus drops what a
// session's queue of 64 messages cannot take, and others never answer some.
//
//   - They are paced (pace.go), and no more than maxOpen are without an answer; the
//     others wait.
//   - An UNREGISTER without an answer counts as done.
//   - A REGISTER without one is sent again. Where the router then says that the
//     procedure exists already, it may well be ours, under an ID that was lost,
//     so the link is begun anew: what its session holds ends with it. So it is
//     where a router answers nothing at all.

// ask is a request to the router that has no answer yet.
type ask struct {
	register bool   // else an UNREGISTER
	pool     string // whose claim it is for; "": no pool has held it
	sent     Time
	round    int   // of the link's pace
	due      timer // when its answer is taken as lost
	late     bool  // it is, and what still comes is late
}

const (
	maxOpen       = 1024
	maxLate       = 256 // answers that may still come late, on one link
	maxDoubts     = 4096
	maxUnanswered = 4 // the patience is doubled each time
)

// joinTodo puts a claim behind those of its link that wait to be asked for.
func (r *Registrar) joinTodo(g *claim) {
	if g.inTodo == nil {
		g.inTodo = g.link.todo.join(g)
	}
}

func (r *Registrar) leaveTodo(g *claim) {
	if g.inTodo != nil {
		g.link.todo.leave(g.inTodo)
		g.inTodo = nil
	}
}

// pump sends what waits to be asked for, as far as the router may be asked.
func (r *Registrar) pump(l *link) {
	for l.todo.length > 0 && l.state == linkUp && r.mayAsk(l) {
		g := l.todo.first.of
		r.leaveTodo(g)
		switch g.state {
		case queued:
			r.askFor(l, g)
		case ending:
			g.state = leaving
			g.request = r.giveBack(l, g.pool.key, g.registration)
		}
	}
}

// mayAsk tells whether the router may be asked for more now. If not, an answer
// or the timer has the rest sent.
func (r *Registrar) mayAsk(l *link) bool {
	pause := r.pause(l)
	if !l.pace.mayAsk(r.now, pause) {
		r.timers.set(l.pump, l.pace.last+pause)
		return false
	}
	return l.open < maxOpen
}

// askFor sends a pool's REGISTER.
func (r *Registrar) askFor(l *link, g *claim) {
	g.state = asking
	g.request = r.ask(l, &ask{register: true, pool: g.pool.key}, r.config.AnswerPatience<<g.unanswered)
	if g.first == 0 {
		g.first, g.since = g.request, r.now
	}
	r.do(Action{Kind: Ask, Link: l.id, Request: g.request, Pool: g.pool.key, Discloses: g.pool.discloses})
}

// giveBack sends the UNREGISTER of a registration.
func (r *Registrar) giveBack(l *link, key string, registration uint64) (request uint64) {
	request = r.ask(l, &ask{pool: key}, r.config.AnswerPatience)
	r.do(Action{Kind: GiveBack, Link: l.id, Request: request, Registration: registration, Pool: key})
	return request
}

// ask draws the ID of a request to the router, and notes what its answer
// concerns, and until when there should be one.
func (r *Registrar) ask(l *link, q *ask, patience Time) (request uint64) {
	l.lastRequest++
	request = l.lastRequest
	q.sent, q.round = r.now, l.pace.asked(r.now)
	q.due.due = func() { r.expire(l, request, q) }
	r.timers.set(&q.due, r.now+patience)
	l.requests[request] = q
	l.open++
	return request
}

// answered returns what the answer to our request concerns, once; nil for none.
func (r *Registrar) answered(l *link, request uint64, register bool) *ask {
	q := l.requests[request]
	if q == nil || q.register != register {
		return nil
	}
	delete(l.requests, request)
	r.timers.stop(&q.due)
	l.answeredAt = r.now
	l.roundTrip = min(l.roundTrip, r.now-q.sent)
	l.pace.answered(q.round)
	if q.late {
		l.late--
	} else {
		l.open--
	}
	return q
}

// claimOf returns the claim on a link for which something was asked, nil if it has
// been given up meanwhile.
func (r *Registrar) claimOf(l *link, q *ask) *claim {
	if p := r.pools[q.pool]; p != nil {
		return p.claimOn(l)
	}
	return nil
}

// Registered takes the router's REGISTERED on a link.
func (r *Registrar) Registered(now Time, id LinkID, request, registration uint64) []Action {
	r.begin(now)
	l := r.link(id)
	if l == nil {
		return r.end()
	}
	if q := r.answered(l, request, true); q != nil {
		g := r.claimOf(l, q)
		switch {
		case g != nil && (g.isAbsent() || g.state == asking || g.state == withdrawn):
			r.claimGranted(g, registration)
		case (g == nil || g.registration != registration) && l.state == linkUp: // nobody's, or a second one
			r.giveBack(l, "", registration)
		}
	}
	r.pump(l)
	return r.end()
}

// Refused takes the router's ERROR for a REGISTER on a link.
func (r *Registrar) Refused(now Time, id LinkID, request uint64, why Refusal) []Action {
	r.begin(now)
	l := r.link(id)
	if l == nil {
		return r.end()
	}
	if q := r.answered(l, request, true); q != nil {
		g := r.claimOf(l, q)
		switch {
		case g == nil || g.state != asking && g.state != withdrawn || request < g.first:
			// it has been answered by another one since
		case why == Exists && l.mayBeOurs(g, request):
			r.doubt(l, g)
		default:
			r.claimRefused(g, why)
		}
	}
	r.pump(l)
	return r.end()
}

// Unregistered takes the router's answer to an UNREGISTER on a link, whatever it
// is: by an ERROR, the registration was gone already.
func (r *Registrar) Unregistered(now Time, id LinkID, request uint64) []Action {
	r.begin(now)
	l := r.link(id)
	if l == nil {
		return r.end()
	}
	if q := r.answered(l, request, false); q != nil {
		if g := r.claimOf(l, q); g != nil && g.isLeaving(request) {
			r.claimEnded(g)
		}
	}
	r.pump(l)
	return r.end()
}

// isLeaving tells whether a claim waits for the answer to that UNREGISTER.
func (g *claim) isLeaving(request uint64) bool {
	return (g.state == leaving || g.state == returning) && g.request == request
}

// Revoked takes the router's revocation of a registration on a link (UNREGISTERED
// with request 0; "Registration Revocation", #name-registration-revocation). It
// returns its pool, "" if it is nobody's.
func (r *Registrar) Revoked(now Time, id LinkID, registration uint64) (actions []Action, key string) {
	r.begin(now)
	if l := r.link(id); l != nil {
		if g := l.registrations[registration]; g != nil {
			key = g.pool.key
			if g.isMain() && g.state.isWanted() {
				g.pool.revoked = true
			}
			r.claimEnded(g)
		}
		r.pump(l)
	}
	return r.end(), key
}

// mayBeOurs tells whether a procedure that the router says to exist may be held
// by this very session: an answer for it was lost.
func (l *link) mayBeOurs(g *claim, request uint64) bool {
	_, lost := l.doubts[g.pool.key]
	return lost || g.first != request
}

// doubt takes the router's word that a procedure exists which may be ours. Who
// waits for it goes on waiting.
func (r *Registrar) doubt(l *link, g *claim) {
	g.heard()
	l.note(g.pool.key)
	if g.state == withdrawn {
		r.gone(g)
		return
	}
	r.rest(g)
	r.renew(l, g.pool.key)
}

// note remembers that the answer to a request for this pool was lost.
func (l *link) note(key string) {
	if len(l.doubts) < maxDoubts {
		l.doubts[key] = struct{}{}
	}
}

// expire takes an answer as lost whose time is over.
func (r *Registrar) expire(l *link, request uint64, q *ask) {
	l.open--
	l.loses = true
	g := r.claimOf(l, q)
	if q.register && l.late < maxLate {
		l.late++
		q.late = true
	} else {
		delete(l.requests, request)
	}
	switch {
	case g == nil || g.request != request:
	case g.state == leaving || g.state == returning:
		l.note(g.pool.key)
		r.claimEnded(g)
	case g.state == withdrawn:
		g.heard()
		l.note(g.pool.key)
		r.gone(g)
	case g.state == asking:
		r.unanswered(l, g)
	}
	r.pump(l)
}

// unanswered has a REGISTER sent again whose answer was lost.
func (r *Registrar) unanswered(l *link, g *claim) {
	if g.unanswered++; g.unanswered >= maxUnanswered {
		g.unanswered = maxUnanswered
		if l.answeredAt < g.since {
			r.renew(l, g.pool.key)
		}
	}
	r.seek(g)
}

// renew ends the link's session, to begin it anew: all its registrations end,
// and are asked for again. It does so no more often than RenewalPause says.
func (r *Registrar) renew(l *link, key string) {
	if l.state != linkUp || r.now < l.renewAfter {
		return
	}
	l.renewAfter = r.now + r.config.RenewalPause
	l.state = linkEnding
	r.do(Action{Kind: Renew, Link: l.id, Pool: key})
}
