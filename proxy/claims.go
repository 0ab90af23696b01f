package proxy

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/transport"
)

// What pool sessions ask the router for: registrations of pools, as the registrar
// says.

// claim does what the registrar says of a pool session.
func (r *realm) claim(out *transport.Outbox, a *admission.Action, e *admissionEvent) {
	l, p := r.linkBy(a.Link), r.pools[a.Pool]
	switch a.Kind {
	case admission.Ask:
		m := codec.Register{Request: a.Request, Options: p.options(l.serializer, a.Discloses), Procedure: p.procedure}
		l.send(out, m.Append(r.message[:0], l.serializer))
	case admission.GiveBack:
		m := codec.Unregister{Request: a.Request, Registration: a.Registration}
		l.send(out, m.Append(r.message[:0], l.serializer))
	case admission.Held:
		l.registrations[a.Registration] = p
		p.held++
		if a.Main {
			delete(r.forbidden, p.key)
			r.log.Info().Str("procedure", p.procedure).Uint64("registration", a.Registration).Msg("pool registered at the router")
		}
	case admission.Ended:
		l.unhold(a.Registration)
	case admission.Refused:
		if a.Main && isForbidden(e.error.URI) {
			e.error = r.forbid(l, p, e.error)
		}
	case admission.Retry:
		if more, say := r.proxy.poolRefused.now(); say {
			r.log.Warn().Str("procedure", p.procedure).Bytes("error", e.error.URI).Dur("retry_in", a.Wait).
				Int("more_since_last_line", more).Msg(refusalOf(e.error.URI, l.authRole))
		}
	case admission.OpenLink:
		r.newLink(a.Link, a.Serializer, a.Index)
	case admission.Idle: // calls that came by it are answered first
		if r.dealer.Outstanding(l.origin) == 0 {
			r.bring(out, func() []admission.Action { return r.registrar.Retire(r.now(), a.Link) })
		}
	case admission.CloseLink:
		l.retire(out)
	case admission.Renew:
		l.renew(out, p)
	}
}

// unhold takes note that a registration at the router has ended.
func (l *link) unhold(registration uint64) {
	if p := l.registrations[registration]; p != nil {
		p.held--
		delete(l.registrations, registration)
	}
}

// options are those of a pool's REGISTER at the router ("Pattern-based
// Registrations", #name-pattern-based-registrations; "Shared Registration",
// #name-shared-registration; "Caller Identification", #name-caller-identification).
func (p *pool) options(s codec.Serializer, discloses bool) codec.Dict {
	var fields []codec.Field
	if p.hasPattern() {
		fields = append(fields, codec.Field{Key: "match", Value: codec.FieldString(p.match)})
	}
	if upstream := p.upstream; upstream != "single" {
		fields = append(fields, codec.Field{Key: "invoke", Value: codec.FieldString(upstream)})
	}
	if discloses {
		fields = append(fields, codec.Field{Key: "disclose_caller", Value: codec.FieldBool(true)})
	}
	return codec.NewDict(s, fields...)
}

func (l *link) send(out *transport.Outbox, message []byte) {
	l.realm.message = message
	out.Send(l.conn, message)
}

// answered takes an answer of the router to a request of the pool session's, or its
// revocation of a registration.
func (l *link) answered(m *message) {
	r := l.realm
	switch {
	case m.Type == codec.TypeRegistered:
		r.bring(&l.out, func() []admission.Action {
			return r.registrar.Registered(r.now(), l.id, m.registered.Request, m.registered.Registration)
		})
	case m.Type == codec.TypeUnregistered && m.unregistered.Request == 0:
		// ("Registration Revocation", #name-registration-revocation)
		l.revoked(&m.unregistered)
	case m.Type == codec.TypeUnregistered:
		l.unregistered(m.unregistered.Request)
	case m.failure.RequestType == codec.TypeUnregister: // it was gone already
		l.unregistered(m.failure.Request)
	case m.failure.RequestType == codec.TypeRegister:
		r.bringError(&l.out, m.failure, l.serializer, func() []admission.Action {
			return r.registrar.Refused(r.now(), l.id, m.failure.Request, refusalBy(m.failure.URI))
		})
	}
}

func (l *link) unregistered(request uint64) {
	r := l.realm
	r.bring(&l.out, func() []admission.Action { return r.registrar.Unregistered(r.now(), l.id, request) })
}

// revoked takes the end of a registration that nobody has asked for.
func (l *link) revoked(m *codec.Unregistered) {
	r := l.realm
	r.bring(&l.out, func() []admission.Action {
		actions, key := r.registrar.Revoked(r.now(), l.id, m.Registration)
		if key != "" {
			r.log.Warn().Str("procedure", procedureOf(key)).Str("reason", m.Reason).Msg("router revoked the pool's registration")
		}
		return actions
	})
}

// renew ends the link's session, to begin it anew: all its registrations end, and
// are asked for again.
func (l *link) renew(out *transport.Outbox, of *pool) {
	if l.conn == nil || l.leaving {
		return
	}
	log := l.log.Warn()
	if of != nil {
		log = log.Str("procedure", of.procedure)
	}
	log.Msg("the router's answer to the pool's REGISTER was lost: the pool session is begun anew")
	l.sayGoodbye(out, uriCloseRealm)
	conn := l.conn
	time.AfterFunc(closeLinger, func() { conn.Abort(errRenewed) }) // should the router not answer
}

// isForbidden tells whether an error says that a session may not do something
// ("Basic Profile URIs", #name-basic-profile-uris).
func isForbidden(uri []byte) bool {
	return string(uri) == "wamp.error.not_authorized" || string(uri) == "wamp.error.authorization_failed"
}

// refusalOf says what the router's refusal means, and what to do.
func refusalOf(uri []byte, role string) string {
	if isForbidden(uri) {
		return fmt.Sprintf("router refused the pool's registration: the pool session's role %q may not register it; give it the right at the router", role)
	}
	return "router refused the pool's registration"
}

// mostForbidden bounds the procedures that are told as forbidden.
const mostForbidden = 100

// forbid takes note that the pool session itself may not register a procedure:
// an operator has to see to that where a block asks for it. It returns what the
// callees are told: the router's words, but for those that name the pool session,
// as Crossbar.io's do, which a callee would take for itself.
func (r *realm) forbid(l *link, p *pool, m *codec.Error) *codec.Error {
	if p.block != nil && len(r.forbidden) < mostForbidden {
		if r.forbidden == nil {
			r.forbidden = make(map[string]struct{})
		}
		r.forbidden[p.key] = struct{}{}
	}
	if arguments, _, _ := m.Payload.Arguments(l.serializer); !bytes.Contains(arguments, strconv.AppendUint(nil, l.session, 10)) {
		return m
	}
	return &codec.Error{RequestType: m.RequestType, Request: m.Request, URI: m.URI, Payload: codec.TextPayload(
		l.serializer, nil, "the pool's own session at the router may not register "+p.procedure, nil)}
}

// heldAs returns the pool that the router knows by this registration, nil if none.
func (r *realm) heldAs(registration uint64) *pool {
	for _, l := range r.links {
		p := l.registrations[registration]
		if p == nil {
			continue
		}
		if state, known := r.registrar.Pool(p.key); known && slices.ContainsFunc(state.Claims, func(c admission.ClaimState) bool {
			return c.Link == l.id && c.IsHeld
		}) {
			return p
		}
	}
	return nil
}

// registrationsOf are the registrations that a pool holds at the router, and those
// it asks for; the first one is that by which it counts as registered.
func (r *realm) registrationsOf(p *pool) []admission.ClaimState {
	state, _ := r.registrar.Pool(p.key)
	return state.Claims
}
