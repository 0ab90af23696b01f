package proxy

import (
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

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
	leg   *leg        // nil: of none, a registration is given back
	due   dealer.Time // when its answer is taken as lost; 0: it is, and what still comes is late
	sent  dealer.Time
	round int // of the link's pace
}

const (
	maxOpen        = 1024
	maxLate        = 256 // answers that may still come late, on one link
	maxDoubts      = 4096
	answerPatience = 3 * time.Second
	maxUnanswered  = 4 // the patience is doubled each time
	renewalPause   = time.Minute
)

// pump sends what waits to be asked for, as far as the router may be asked.
// realm.mu is held.
func (l *link) pump(out *transport.Outbox) {
	for len(l.todo) > 0 && l.conn != nil && !l.leaving && l.mayAsk() {
		g := l.todo[0]
		l.todo = l.todo[1:]
		if g.link != l || !g.queued {
			continue // it has moved
		}
		g.queued = false
		switch {
		case g.wanted && g.state == absent:
			l.register(out, g)
		case !g.wanted && g.state == held:
			l.unregister(out, g, g.registration)
		}
	}
}

// mayAsk tells whether the router may be asked for more now. If not, an answer
// or the clock has the rest sent.
func (l *link) mayAsk() bool {
	pause := l.pause()
	if !l.pace.mayAsk(l.realm.now(), pause) {
		l.realm.checkAt(l.pace.last + pause)
		return false
	}
	return l.open < maxOpen
}

// ask draws the ID of a request to the router, and notes what its answer
// concerns, and until when there should be one.
func (l *link) ask(g *leg, patience time.Duration) (request uint64) {
	l.lastRequest++
	now := l.realm.now()
	due := now + patience
	l.requests[l.lastRequest] = ask{leg: g, due: due, sent: now, round: l.pace.asked(now)}
	l.open++
	l.realm.checkAt(due)
	return l.lastRequest
}

// answered returns what the answer to our request concerns, once.
func (l *link) answered(request uint64) (q ask, known bool) {
	q, known = l.requests[request]
	if !known {
		return q, false
	}
	delete(l.requests, request)
	l.answeredAt = l.realm.now()
	l.roundTrip = min(l.roundTrip, l.answeredAt-q.sent)
	l.pace.answered(q.round)
	if q.due == 0 {
		l.late--
	} else {
		l.open--
	}
	return q, true
}

// registered takes the router's REGISTERED.
func (l *link) registered(m *codec.Registered) {
	r := l.realm
	q, known := l.answered(m.Request)
	if !known || q.leg == nil {
		return
	}
	var g *leg // the one that asked may have been given up meanwhile, or have moved
	if up := r.uplinks[q.leg.up.key]; up != nil {
		g = up.legOn(l)
	}
	switch {
	case g != nil && (g.state == absent || g.state == asking):
		r.legRegistered(&l.out, g, m.Registration)
	case g == nil || g.registration != m.Registration: // nobody's, or a second one
		l.unregister(&l.out, nil, m.Registration)
	}
	l.pump(&l.out)
}

// unregistered takes the end of a registration: the answer to our UNREGISTER,
// or the router's revocation (request 0, "Registration Revocation").
func (l *link) unregistered(m *codec.Unregistered) {
	r := l.realm
	if m.Request != 0 {
		l.left(m.Request)
		return
	}
	if g := l.registrations[m.Registration]; g != nil {
		r.log.Warn().Str("procedure", g.up.procedure).Str("reason", m.Reason).Msg("router revoked the pool's registration")
		g.revoked = g.wanted
		r.legUnregistered(&l.out, g)
	}
}

// left takes the answer to our UNREGISTER, whatever it is.
func (l *link) left(request uint64) {
	if q, known := l.answered(request); known && q.leg != nil && q.leg.state == leaving {
		l.realm.legUnregistered(&l.out, q.leg)
	}
	l.pump(&l.out)
}

// refused takes the router's ERROR for a request of ours.
func (l *link) refused(m *codec.Error) {
	switch m.RequestType {
	case codec.TypeUnregister: // it was gone already
		l.left(m.Request)
	case codec.TypeRegister:
		q, known := l.answered(m.Request)
		if !known || q.leg == nil || q.leg.state != asking || q.leg.link != l || m.Request < q.leg.first {
			break // it has been answered by another one since
		}
		if g := q.leg; string(m.URI) == uriAlreadyExists && l.mayBeOurs(g, m.Request) {
			l.doubt(&l.out, g)
		} else {
			l.realm.legRefused(&l.out, g, m)
		}
	}
	l.pump(&l.out)
}

// mayBeOurs tells whether a procedure that the router says to exist may be held
// by this very session: an answer for it was lost.
func (l *link) mayBeOurs(g *leg, request uint64) bool {
	_, lost := l.doubts[g.up.key]
	return lost || g.first != request
}

// doubt takes the router's word that a procedure exists which may be ours. Who
// waits for it goes on waiting.
func (l *link) doubt(out *transport.Outbox, g *leg) {
	g.heard()
	g.state = absent
	l.note(g.up.key)
	if !g.wanted {
		l.realm.leaveLeg(out, g)
		return
	}
	l.realm.retryLeg(g)
	l.renew(out, g.up.procedure)
}

// note remembers that the answer to a request for this pool was lost.
func (l *link) note(key string) {
	if len(l.doubts) < maxDoubts {
		l.doubts[key] = struct{}{}
	}
}

// expireAsks takes answers as lost whose time is over.
func (r *realm) expireAsks(out *transport.Outbox, now dealer.Time) {
	for _, l := range r.links {
		for request, q := range l.requests {
			switch {
			case q.due == 0:
			case q.due <= now:
				l.expire(out, request, q)
			default:
				r.checkAt(q.due)
			}
		}
		l.pump(out)
	}
}

func (l *link) expire(out *transport.Outbox, request uint64, q ask) {
	l.open--
	l.loses = true
	g := q.leg
	if g == nil || g.state != asking || g.link != l {
		delete(l.requests, request)
		if g != nil && g.state == leaving && g.link == l {
			l.note(g.up.key)
			l.realm.legUnregistered(out, g)
		}
		return
	}
	if l.late < maxLate {
		l.late++
		l.requests[request] = ask{leg: g, sent: q.sent, round: q.round}
	} else {
		delete(l.requests, request)
	}
	g.state = absent
	if !g.wanted {
		g.heard()
		l.note(g.up.key)
		l.realm.leaveLeg(out, g)
		return
	}
	if g.unanswered++; g.unanswered >= maxUnanswered {
		g.unanswered = maxUnanswered
		if l.answeredAt < g.since {
			if l.renew(out, g.up.procedure) {
				return
			}
		}
	}
	l.realm.settleLeg(out, g)
}

// renew ends the link's session, to begin it anew: all its registrations end,
// and are asked for again. realm.mu is held.
// Once a minute is as often as that may be.
func (l *link) renew(out *transport.Outbox, procedure string) bool {
	r := l.realm
	if l.conn == nil || l.leaving || l.renewedAt != 0 && r.now() < l.renewedAt+r.proxy.renewalPause {
		return false
	}
	l.renewedAt = r.now()
	l.log.Warn().Str("procedure", procedure).Msg("the router's answer to the pool's REGISTER was lost: the pool session is begun anew")
	l.sayGoodbye(out, uriCloseRealm)
	conn := l.conn
	time.AfterFunc(closeLinger, func() { conn.Abort(errRenewed) }) // should the router not answer
	return true
}
