package proxy

import (
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// uplink is a pool's registration at the router, held by its link.
//
//	         want            REGISTERED
//	absent ───────▶ asking ─────────────▶ held
//	   ▲              │ ERROR               │ release
//	   └──────────────┴──── leaving ◀───────┘
//	                        (UNREGISTERED)
//
// When the pool session ends, all are absent; those still wanted are asked for
// again at the next one.
type uplink struct {
	key              string
	procedure, match string
	policy           string   // by which it registers at the router: single, or a shared policy
	direct           []string // authroles whose CALLs are answered here
	pool             dealer.PoolID
	link             *link            // on which it registers
	speaks           codec.Serializer // of the first callee, whose link it is to have
	state            uplinkState
	wanted           bool
	draining         bool       // it was live when the drain began
	discloses        bool       // callers are to be named to its callees
	granted          bool       // by the router, and not refused or taken back since
	revoked          bool       // by the router, and not had again since
	registration     uint64     // at the router, while held or leaving
	waiting          []*session // whose REGISTER waits for it
	pending          int        // REGISTERs of callees under way, waiting or at their probe
	config           dealer.PoolConfig
	retryAt          dealer.Time
	retryIn          time.Duration

	dispatched, answered, refused uint64

	refusals rarely
}

type uplinkState uint8

const (
	absent uplinkState = iota
	asking
	held
	leaving
)

const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// hasPattern tells whether the pool is of all procedures that a pattern matches.
func (up *uplink) hasPattern() bool { return up.match == "prefix" || up.match == "wildcard" }

// openUplink returns the registration of a pool, and opens the pool in the
// dealer. One that has no callee registers on the link of this serializer.
func (r *realm) openUplink(s codec.Serializer, key string, m *codec.Register, block *configs.Pool, policy dealer.Policy) *uplink {
	up := r.uplinks[key]
	if up == nil {
		up = &uplink{key: key, procedure: m.Procedure, match: m.Match, policy: "single", discloses: m.DiscloseCaller}
		if block != nil {
			up.policy, up.direct = block.Upstream, block.Direct
		}
		r.uplinks[key] = up
		r.byPattern.put(up.match, up.procedure, up)
	}
	if l := up.link; l == nil || l.speaks != s && up.isVacant(r) {
		up.speaks = s
		if up.state == absent {
			up.moveTo(r, r.linkFor(s))
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
	if up.state == absent && up.link.conn != nil {
		r.askUplink(out, up)
	}
}

func (r *realm) askUplink(out *transport.Outbox, up *uplink) {
	up.state, up.retryAt = asking, 0
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
	m := codec.Register{
		Request: up.link.request(up), Options: codec.NewDict(up.link.serializer, fields...), Procedure: up.procedure,
	}
	r.message = m.Append(r.message[:0], up.link.serializer)
	out.Send(up.link.conn, r.message)
}

// releaseUplink gives up the registration of a pool that the dealer has closed,
// unless somebody is about to join it.
func (r *realm) releaseUplink(out *transport.Outbox, pool dealer.PoolID) {
	up := r.uplinkOf(pool)
	if up == nil {
		return
	}
	r.byPool[pool] = nil
	if up.pending > 0 {
		r.openPool(up)
		return
	}
	up.wanted = false
	r.leaveUplink(out, up)
}

// leaveUplink unregisters what is no longer wanted at the router.
func (r *realm) leaveUplink(out *transport.Outbox, up *uplink) {
	switch {
	case up.state == held:
		up.state = leaving
		m := codec.Unregister{Request: up.link.request(up), Registration: up.registration}
		r.message = m.Append(r.message[:0], up.link.serializer)
		out.Send(up.link.conn, r.message)
	case up.state == absent && up.pending == 0 && r.uplinks[up.key] == up:
		delete(r.uplinks, up.key)
		up.moveTo(r, nil)
		if !up.draining {
			r.byPattern.remove(up.match, up.procedure)
		}
	}
}

// uplinkRegistered takes the router's REGISTERED.
func (r *realm) uplinkRegistered(out *transport.Outbox, up *uplink, registration uint64) {
	up.state, up.registration, up.retryIn, up.granted, up.revoked = held, registration, 0, true, false
	up.link.registrations[registration] = up
	if !up.wanted {
		r.leaveUplink(out, up)
		return
	}
	r.log.Info().Str("procedure", up.procedure).Uint64("registration", registration).Msg("pool registered at the router")
	waiting := up.waiting
	up.waiting = nil
	for _, s := range waiting {
		r.advanceRegister(out, s)
	}
}

// uplinkRefused takes the router's ERROR for our REGISTER. Callees that wait
// are told it unchanged, but for those whose own probe had just taken the
// procedure: they have given it back. For them, and if the pool has callees
// already, as after a reconnect to a router that still holds our registration
// of before, it is tried again. But if the router has revoked it, it is over,
// and every callee is told.
func (r *realm) uplinkRefused(out *transport.Outbox, up *uplink, m *codec.Error) {
	up.state, up.granted = absent, false
	waiting := up.waiting
	up.waiting = nil
	for _, s := range waiting {
		if s.pending.tries > 0 && string(m.URI) == uriAlreadyExists {
			up.waiting = append(up.waiting, s)
			continue
		}
		r.refuseRegister(out, s, m, up.link.serializer)
	}
	if up.revoked && r.uplinkOf(up.pool) == up {
		r.log.Warn().Str("procedure", up.procedure).Bytes("error", m.URI).Msg("revoked pool can't be registered again: its callees are told")
		up.revoked = false
		r.perform(out, r.dealer.Revoke(r.now(), up.pool), hand{})
	}
	if !up.wanted {
		r.leaveUplink(out, up)
		return
	}
	up.retryIn = min(max(2*up.retryIn, firstRetry), lastRetry)
	up.retryAt = r.now() + up.retryIn
	r.checkAt(up.retryAt)
	if more, say := r.proxy.poolRefused.now(); say {
		r.log.Warn().Str("procedure", up.procedure).Bytes("error", m.URI).Dur("retry_in", up.retryIn).
			Int("more_since_last_line", more).Msg("router refused the pool's registration")
	}
}

// uplinkUnregistered takes the router's UNREGISTERED, asked for or not.
func (r *realm) uplinkUnregistered(out *transport.Outbox, up *uplink) {
	delete(up.link.registrations, up.registration)
	up.state, up.registration, up.granted = absent, 0, false
	if up.wanted && up.link.speaks != up.speaks && r.dealer.Members(up.pool) == 0 {
		up.moveTo(r, r.linkFor(up.speaks))
	}
	switch {
	case up.wanted && up.link.conn != nil:
		r.askUplink(out, up)
	case !up.wanted:
		r.leaveUplink(out, up)
	}
}

// retryUplinks asks again for registrations that the router refused.
func (r *realm) retryUplinks(out *transport.Outbox, now dealer.Time) {
	for _, up := range r.uplinks {
		switch {
		case up.retryAt == 0 || up.state != absent || !up.wanted || up.link.conn == nil:
		case up.retryAt <= now:
			r.askUplink(out, up)
		default:
			r.checkAt(up.retryAt)
		}
	}
}

// closeIfUnused gives a pool up that has no callee, and that nobody is about to join.
func (r *realm) closeIfUnused(out *transport.Outbox, up *uplink) {
	if up.pending == 0 && r.uplinkOf(up.pool) == up && r.dealer.Members(up.pool) == 0 {
		r.perform(out, r.dealer.ClosePool(r.now(), up.pool), hand{})
	}
}

// logRefusal says that calls are refused.
func (up *uplink) logRefusal(r *realm, refusal dealer.Refusal, uri string) {
	if more, say := up.refusals.now(); say {
		r.log.Warn().Str("procedure", up.procedure).Str("error", uri).Stringer("reason", refusal.Reason).
			Int("queued", refusal.Queued).Int("more_since_last_line", more).Msg("call refused")
	}
}
