package proxy

import (
	"fmt"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// leg is a registration at the router, held by a link. A pool has one, or with
// a shared upstream policy more (weight.go); by the first it counts as registered.
//
//	           REGISTER           REGISTERED
//	absent ─────────────▶ asking ────────────▶ held
//	 ▲ ▲                  │    │                 │ UNREGISTER
//	 │ └── ERROR ─────────┘    │ no answer       │
//	 │     (again later)       │ (again at once, │
//	 ├─────────────────────────┘ link anew at    │
//	 │                           last)           ▼
//	 └──────────────────────────────────────── leaving
//	      UNREGISTERED, ERROR or no answer
//
// What is wanted decides what is sent next: REGISTER while it is and the leg is
// absent, UNREGISTER while it is not and the leg is held, as soon as its link
// may ask ([link.pump]). When the link's session ends, all its legs are absent,
// and those still wanted are asked for at the next one.
type leg struct {
	up           *uplink
	link         *link // on which it registers
	state        legState
	wanted       bool
	queued       bool   // in link.todo
	revoked      bool   // by the router, and not had again since
	registration uint64 // at the router, while held or leaving
	first        uint64 // the oldest REGISTER without an answer, while asking
	unanswered   int    // REGISTERs whose answer is taken as lost, one after another
	since        dealer.Time
	retryAt      dealer.Time
	retryIn      time.Duration
}

type legState uint8

const (
	absent legState = iota
	asking
	held
	leaving
)

const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// settleLeg sees to it that the router is asked for what is wanted.
func (r *realm) settleLeg(out *transport.Outbox, g *leg) {
	if l := g.link; l != nil && l.conn != nil && !g.queued && g.wanted == (g.state == absent) {
		g.queued = true
		l.todo = append(l.todo, g)
		l.pump(out)
	}
}

// register asks for a registration. realm.mu is held.
func (l *link) register(out *transport.Outbox, g *leg) {
	up := g.up
	g.state, g.retryAt = asking, 0
	var fields []codec.Field
	if up.hasPattern() {
		fields = append(fields, codec.Field{Key: "match", Value: codec.FieldString(up.match)})
	}
	if up.policy != "single" {
		fields = append(fields, codec.Field{Key: "invoke", Value: codec.FieldString(up.policy)})
	}
	if up.discloses {
		fields = append(fields, codec.Field{Key: "disclose_caller", Value: codec.FieldBool(true)})
	}
	request := l.ask(g, l.realm.proxy.answerPatience<<g.unanswered)
	if g.first == 0 {
		g.first, g.since = request, l.realm.now()
	}
	m := codec.Register{Request: request, Options: codec.NewDict(l.serializer, fields...), Procedure: up.procedure}
	l.send(out, m.Append(l.realm.message[:0], l.serializer))
}

// unregister gives a registration back; g is nil for one that no leg has.
func (l *link) unregister(out *transport.Outbox, g *leg, registration uint64) {
	if g != nil {
		g.state = leaving
	}
	m := codec.Unregister{Request: l.ask(g, l.realm.proxy.answerPatience), Registration: registration}
	l.send(out, m.Append(l.realm.message[:0], l.serializer))
}

func (l *link) send(out *transport.Outbox, message []byte) {
	l.realm.message = message
	out.Send(l.conn, message)
}

// legRegistered takes the router's REGISTERED.
func (r *realm) legRegistered(out *transport.Outbox, g *leg, registration uint64) {
	g.heard()
	g.state, g.registration, g.retryIn, g.revoked = held, registration, 0, false
	g.link.registrations[registration] = g
	delete(g.link.doubts, g.up.key)
	if g.isFirst() {
		r.uplinkRegistered(out, g.up)
	}
	r.settleLeg(out, g)
}

// legRefused takes the router's ERROR for our REGISTER.
func (r *realm) legRefused(out *transport.Outbox, g *leg, m *codec.Error) {
	g.heard()
	g.state = absent
	if g.isFirst() {
		r.uplinkRefused(out, g.up, m)
	}
	if !g.wanted {
		r.leaveLeg(out, g)
		return
	}
	r.retryLeg(g)
	if more, say := r.proxy.poolRefused.now(); say {
		r.log.Warn().Str("procedure", g.up.procedure).Bytes("error", m.URI).Dur("retry_in", g.retryIn).
			Int("more_since_last_line", more).Msg(refusalOf(m.URI, g.link.authRole))
	}
}

// refusalOf says what the router's refusal means, and what to do.
func refusalOf(uri []byte, role string) string {
	if isForbidden(uri) {
		return fmt.Sprintf("router refused the pool's registration: the pool session's role %q may not register it; give it the right at the router", role)
	}
	return "router refused the pool's registration"
}

// heard takes note that the router answers the leg's REGISTERs.
func (g *leg) heard() { g.first, g.unanswered = 0, 0 }

// reset takes the end of the link's session.
func (g *leg) reset() {
	g.state, g.registration, g.revoked, g.queued = absent, 0, false, false
	g.heard()
}

// retryLeg has a registration asked for again in a while.
func (r *realm) retryLeg(g *leg) {
	g.retryIn = min(max(2*g.retryIn, firstRetry), lastRetry)
	g.retryAt = r.now() + g.retryIn
	r.checkAt(g.retryAt)
}

// legUnregistered takes the end of a registration, asked for or not.
func (r *realm) legUnregistered(out *transport.Outbox, g *leg) {
	delete(g.link.registrations, g.registration)
	g.state, g.registration = absent, 0
	if g.isFirst() {
		r.uplinkUnregistered(g.up)
	}
	r.leaveLeg(out, g)
}

// isFirst tells whether the pool counts as registered by this leg.
func (g *leg) isFirst() bool { return g == &g.up.leg }

// retryLegs asks again for registrations that the router refused.
func (r *realm) retryLegs(out *transport.Outbox, now dealer.Time) {
	for _, up := range r.uplinks {
		for g := range up.legs() {
			switch {
			case g.retryAt == 0 || g.state != absent || !g.wanted || g.link.conn == nil:
			case g.retryAt <= now:
				r.settleLeg(out, g)
			default:
				r.checkAt(g.retryAt)
			}
		}
	}
}
