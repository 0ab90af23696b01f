package proxy

import (
	"bytes"
	"strconv"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// uplink is how a pool is known at the router: its registration there, which is
// a leg, on the link that suits its callees.
type uplink struct {
	leg
	more             []*leg // beside that, for a pool with a shared policy
	slotsPerShare    int
	weighedAt        dealer.Time // when more changed
	key              string
	procedure, match string
	policy           string        // by which it registers at the router: single, or a shared policy
	block            *configs.Pool // that governs it; nil: none
	pool             dealer.PoolID
	speaks           codec.Serializer // of the first callee, whose link it is to have
	draining         bool             // it was live when the drain began
	discloses        bool             // callers are to be named to its callees
	granted          bool             // by the router, and not refused or taken back since
	waiting          line             // those that wait for it
	pending          int              // REGISTERs of callees under way, waiting or at their probe
	config           dealer.PoolConfig

	dispatched, answered, refused uint64

	refusals rarely
}

// hasPattern tells whether the pool is of all procedures that a pattern matches.
func (up *uplink) hasPattern() bool { return up.match == "prefix" || up.match == "wildcard" }

// openUplink returns the registration of a pool, and opens the pool in the
// dealer. One that has no callee registers on the link of this serializer.
func (r *realm) openUplink(s codec.Serializer, key string, m *codec.Register, block *configs.Pool, policy dealer.Policy) *uplink {
	up := r.uplinks[key]
	if up == nil {
		up = &uplink{key: key, procedure: m.Procedure, match: m.Match, policy: "single", discloses: m.DiscloseCaller}
		up.leg.up = up
		if block != nil {
			up.policy, up.block, up.slotsPerShare = block.Upstream, block, block.SlotsPerShare
		}
		r.uplinks[key] = up
		r.byPattern.put(up.match, up.procedure, up)
	}
	if l := up.link; l == nil || l.speaks != s && up.isVacant(r) {
		up.speaks = s
		if up.state == absent {
			up.moveTo(r, r.linkFor(s, 0))
		}
	}
	up.config = poolConfig(block, policy)
	r.openPool(up)
	return up
}

// isVacant tells whether nobody is in a pool, or about to join it.
func (up *uplink) isVacant(r *realm) bool {
	return up.pending == 0 && (r.uplinkOf(up.pool) != up || r.dealer.Members(up.pool) == 0)
}

// keptBytes is how much a pool without a queue holds of calls in flight, in
// case they have to be handed on.
const keptBytes = configs.DefaultQueueBytes

// poolConfig are the dealer's rules for a pool; block is nil for one that was
// not configured.
func poolConfig(block *configs.Pool, policy dealer.Policy) dealer.PoolConfig {
	config := dealer.PoolConfig{Policy: policy, KeptBytes: keptBytes}
	if block == nil {
		return config
	}
	config.Concurrency, config.Linger = block.Concurrency, block.Linger
	if block.Scope == "callee" {
		config.Scope = block.Match + " " + block.URI
	}
	if block.RetryLost {
		config.Retries = block.Retries
	}
	if q := block.Queue; q != nil {
		config.QueueLimit, config.QueueTimeout = q.Limit, q.Timeout
		config.QueueBytes, config.KeptBytes = int(q.Bytes), int(q.Bytes)
	}
	return config
}

func (r *realm) openPool(up *uplink) {
	up.pool = r.dealer.OpenPool(up.key, up.config)
	for int(up.pool) >= len(r.byPool) {
		r.byPool = append(r.byPool, nil)
	}
	r.byPool[up.pool] = up
}

// uplinkOf returns the uplink of an open pool, nil if there is none.
func (r *realm) uplinkOf(id dealer.PoolID) *uplink {
	if id < 0 || int(id) >= len(r.byPool) {
		return nil
	}
	return r.byPool[id]
}

// want sees to it that the registration is held, or will be.
func (r *realm) want(out *transport.Outbox, up *uplink) {
	up.wanted = true
	r.settleLeg(out, &up.leg)
}

// releaseUplink gives up the registration of a pool that the dealer has closed,
// unless somebody is about to join it.
func (r *realm) releaseUplink(out *transport.Outbox, up *uplink) {
	if up.pending > 0 {
		r.openPool(up)
		return
	}
	if up.granted {
		r.log.Info().Str("procedure", up.procedure).Msg("pool without callees given up")
	}
	up.wanted = false
	r.leaveUplink(out, up)
}

// leaveUplink gives up what is no longer wanted at the router, and forgets an
// uplink of which nothing is left there.
func (r *realm) leaveUplink(out *transport.Outbox, up *uplink) {
	if !up.wanted {
		r.dropLegs(out, up, func(*leg) bool { return true })
	}
	if up.state == absent && !up.wanted && len(up.more) == 0 && up.pending == 0 && r.uplinks[up.key] == up {
		delete(r.uplinks, up.key)
		up.moveTo(r, nil)
		if !up.draining {
			r.byPattern.remove(up.match, up.procedure)
		}
		return
	}
	r.settleLeg(out, &up.leg)
}

// uplinkRegistered takes the router's REGISTERED.
func (r *realm) uplinkRegistered(out *transport.Outbox, up *uplink) {
	up.granted = true
	delete(r.forbidden, up.key)
	if !up.wanted {
		return
	}
	if up.isShared() {
		r.checkAt(r.now() + r.weighEvery())
	}
	r.log.Info().Str("procedure", up.procedure).Uint64("registration", up.registration).Msg("pool registered at the router")
	for first := up.waiting.first; first != nil && up.state == held; first = up.waiting.first {
		p := first.register
		up.waiting.leave(first)
		p.inUplink = nil
		r.advanceRegister(out, p)
	}
}

// uplinkRefused takes the router's ERROR for our REGISTER. Callees that wait
// are told it unchanged, but for those whose own probe had just taken the
// procedure: they have given it back. For them, and if the pool has callees
// already, as after a reconnect to a router that still holds our registration
// of before, it is tried again. But if the router has revoked it, it is over,
// and every callee is told.
func (r *realm) uplinkRefused(out *transport.Outbox, up *uplink, m *codec.Error) {
	up.granted = false
	from := up.link.serializer
	if isForbidden(m.URI) {
		m = r.forbid(up, m)
	}
	for _, p := range up.waiting.all() {
		if p.stage == awaitUplink && (p.probe.tries == 0 || string(m.URI) != uriAlreadyExists) {
			r.refuseRegister(out, p, m, from)
		}
	}
	if up.revoked && r.uplinkOf(up.pool) == up {
		r.log.Warn().Str("procedure", up.procedure).Bytes("error", m.URI).Msg("revoked pool can't be registered again: its callees are told")
		up.revoked = false
		r.driver.Perform(out, r.dealer.Revoke(r.now(), up.pool), driver.Hand{})
	}
}

// isForbidden tells whether an error says that a session may not do something
// (basic profile, "Authorization Failure"; advanced profile).
func isForbidden(uri []byte) bool {
	return string(uri) == "wamp.error.not_authorized" || string(uri) == "wamp.error.authorization_failed"
}

// mostForbidden bounds the procedures that are told as forbidden.
const mostForbidden = 100

// forbid takes note that the pool session itself may not register a procedure:
// an operator has to see to that where a block asks for it. It returns what the
// callees are told: the router's words, but for those that name the pool session,
// as Crossbar.io's do, which a callee would take for itself.
func (r *realm) forbid(up *uplink, m *codec.Error) *codec.Error {
	if up.block != nil && len(r.forbidden) < mostForbidden {
		if r.forbidden == nil {
			r.forbidden = make(map[string]struct{})
		}
		r.forbidden[up.key] = struct{}{}
	}
	if arguments, _, _ := m.Payload.Arguments(up.link.serializer); !bytes.Contains(arguments, strconv.AppendUint(nil, up.link.session, 10)) {
		return m
	}
	return &codec.Error{RequestType: m.RequestType, Request: m.Request, URI: m.URI, Payload: codec.TextPayload(
		up.link.serializer, nil, "the pool's own session at the router may not register "+up.procedure, nil)}
}

// uplinkUnregistered takes the end of the registration, asked for or not.
func (r *realm) uplinkUnregistered(up *uplink) {
	up.granted = false
	if up.wanted && up.link.speaks != up.speaks && r.dealer.Members(up.pool) == 0 {
		up.moveTo(r, r.linkFor(up.speaks, 0))
	}
}

// closeIfUnused gives a pool up that has no callee, and that nobody is about to join.
func (r *realm) closeIfUnused(out *transport.Outbox, up *uplink) {
	if up.pending == 0 && r.uplinkOf(up.pool) == up && r.dealer.Members(up.pool) == 0 {
		r.driver.Perform(out, r.dealer.ClosePool(r.now(), up.pool), driver.Hand{})
	}
}

// logRefusal says that calls have ended without an answer of a callee.
func (up *uplink) logRefusal(r *realm, refusal dealer.Refusal, uri string) {
	if more, say := up.refusals.now(); say {
		r.log.Warn().Str("procedure", up.procedure).Str("error", uri).Stringer("reason", refusal.Reason).
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
