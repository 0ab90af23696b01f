package proxy

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/transport"
)

// session is one WAMP session of a client, from its WELCOME to its end. The next
// one on the same connections is another.
//
//	client ──▶ session ──▶ realm: in doubt, not configured, or
//	                         │
//	            candidacy, callee, caller, door: what it is there, until either
//	            side ends it; renumbered, asked: what is under way
type session struct {
	*client // whose it is

	// Immutable.
	realm    *realm // nil: no realm of the configuration, or one in doubt
	id       uint64
	authID   string
	authRole string
	agent    string // what the client says that it is
	opened   time.Time
	features codec.CalleeFeatures
	isDirect bool // calls of its role may be answered here
	crossbar bool // its router is Crossbar.io, which names the callee in each RESULT
	log      zerolog.Logger

	furthest uint64 // owned by the client's reader: the highest ID of its CALLs

	concerns    concerns
	calls       passedCalls
	invocations passedInvocations

	// Under realm.mu.
	upkeep     upkeep
	candidacy               // for pools of its realm
	renumbered *renumbering // nil: request IDs are the same at the router
	callee     *callee      // nil: no REGISTER of its own for a pool has gone to the router
	caller     *caller      // nil: no call of its own is answered here
	asked      table[asked] // by the router's request ID
	door       *door        // nil: no call came by a probe's registration
	unpooled   []unpooled   // the latest REGISTERs that led to no pool
}

// newSession is the session that the router has welcomed. realm is nil if it has
// no pools.
func newSession(c *client, m *codec.Welcome, said *hello, realm *realm) *session {
	s := &session{
		client: c, realm: realm, id: m.Session, authID: m.AuthID, authRole: m.AuthRole, features: said.features,
		agent: said.agent, opened: time.Now(),
		log: c.proxy.log.With().Uint64("session", m.Session).Logger(),
	}
	if realm == nil {
		return s
	}
	s.upkeep.account = c.account
	s.candidacy = newCandidacy(&s.upkeep)
	s.asked = newTable[asked](&s.upkeep, askedBytes)
	if realm.hasDirect(m.AuthRole) {
		s.isDirect = true
		s.renumberFrom(0)
		_, s.crossbar = m.Details.Lookup(c.serializer, "x_cb_node")
	}
	return s
}

// hasLeft tells whether the session has left its realm: either side has ended it,
// or its connection has. What its client still sends passes to the router, but for
// answers, and nothing of a pool is sent to it. realm.mu is held.
func (s *session) hasLeft() bool { return s.departed }

// leaveRealm takes the session out of its realm.
func (s *session) leaveRealm(out *transport.Outbox) {
	r := s.realm
	r.mu.Lock()
	defer r.unlock(out, s)
	r.part(out, s)
}

// close takes the session out of its realm, which hears nothing of it any more.
func (s *session) close(out *transport.Outbox) {
	r := s.realm
	r.mu.Lock()
	defer r.unlock(out, s)
	r.forget(out, s)
}

// drop ends a session that either side has ended, for the HELLO of the next one.
func (s *session) drop(out *transport.Outbox) {
	s.log.Info().Msg("session closed")
	if r := s.realm; r != nil {
		r.mu.Lock()
		defer r.unlock(out, s)
		r.forget(out, s)
		s.upkeep.giveBack()
	}
	if s.client.session.CompareAndSwap(s, nil) { // under the lock: see client.takeFromRouter
		s.proxy.counting.sessionEnded(s, causeLeft)
	}
}

// part takes a session out of the realm: its connection ends, or it has said
// or got GOODBYE or ABORT. Nothing of a pool is sent to it any more.
func (r *realm) part(out *transport.Outbox, s *session) {
	if s.hasLeft() {
		return
	}
	s.departed = true
	if s.candidate != 0 {
		r.bring(out, func() []admission.Action { return r.registrar.Part(r.now(), s.candidate) })
	}
	r.partDealer(out, s)
	r.arm()
}

// partDealer ends what the session has in the dealer.
func (r *realm) partDealer(out *transport.Outbox, s *session) {
	r.partDoor(out, s)
	r.partCaller(out, s)
	r.partCallee(out, s)
}

// forget parts a session, for good: its router says nothing of it any more.
func (r *realm) forget(out *transport.Outbox, s *session) {
	r.part(out, s)
	if s.candidate == 0 {
		return
	}
	r.bring(out, func() []admission.Action { return r.registrar.CloseSession(r.now(), s.candidate) })
	delete(r.candidates, s.candidate)
	s.upkeep.registrar = nil
}

// abort ends a client that broke the protocol: ABORT, what it had is disposed of, and
// the connection is dropped ("Protocol Errors", #name-protocol-errors). r.mu is held.
func (r *realm) abort(out *transport.Outbox, s *session, text string) {
	s.log.Warn().Str("violation", text).Msg("client aborted")
	s.noteDropped(dropProtocol)
	s.sendAbort(out, uriProtocolViolation, text)
	r.part(out, s)
	s.conn.Close(1002, "protocol violation", closeLinger)
}
