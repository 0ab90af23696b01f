package admission

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// session is a client's session in its role as callee.
type session struct {
	id         SessionID
	serializer codec.Serializer
	role       string
	departed   bool // only answers to its probes may still come

	pendings   line[*pending] // its REGISTERs without an answer, in order of arrival
	unnumbered *place[*pending]
	held       []message         // what the client sent behind them
	members    counted[*member]  // its places in pools, by the registration that it knows
	left       counted[struct{}] // registrations that it had
	granted    counted[*pending] // by the registration that the router gave to their probes
	lates      line[*pending]    // that have their answer, but not their probes

	turns line[*pending] // of pendings, those whose probe waits for the pace
	pace  pace           // of requests of our own at the router
	pump  timer

	waiting, lasting int64 // what it makes wampool keep, in bytes
	beside           int64 // what the driver keeps for it that lasts
	told             struct{ waiting, lasting int64 }
	isChanged        bool // in [Registrar.changed]
	isRipe           bool // in [Registrar.ripe]
}

// member is a callee's place in a pool.
type member struct {
	registration uint64
	session      *session
	pool         *pool
	order        uint64        // in which members came, over all pools
	policy       dealer.Policy // that the callee asked for itself
	asked        int           // most calls in flight that it asked for; 0: none
	limit        int           // and that it may have there, by the block
}

// What is kept, in bytes: a REGISTER beside its own bytes while it is pending; a
// registration beside its procedure's name, which is kept in each of the pool's
// indexes; entries of a session's tables; a message that is held beside its own
// bytes, what was read of it included.
const (
	pendingBytes    = 512
	membershipBytes = 1280
	namesPerPool    = 6
	memberBytes     = 88
	leftBytes       = 40
	grantedBytes    = 40
	heldBytes       = 768
)

// maxLeft bounds the registrations of which a session is known to have had them.
const maxLeft = 1024

func membershipCost(procedure string) int64 {
	return membershipBytes + namesPerPool*int64(len(procedure))
}

// Session is what is known of a client's session.
type Session struct {
	Serializer codec.Serializer
	Role       string // WELCOME.Details.authrole; "": the router names none
}

// OpenSession makes a session known.
func (r *Registrar) OpenSession(of Session) SessionID {
	r.lastSession++
	s := &session{
		id: r.lastSession, serializer: of.Serializer, role: of.Role,
		members: counted[*member]{each: memberBytes}, left: counted[struct{}]{each: leftBytes},
		granted: counted[*pending]{each: grantedBytes},
	}
	s.pump.due = func() { r.pumpProbes(s) }
	r.sessions[s.id] = s
	return s.id
}

// Part takes the end of a session: its connection ends, or the router has said
// GOODBYE or ABORT. What the client sent until then still goes to the router;
// nobody gets an answer any more. The driver tells the dealer.
func (r *Registrar) Part(now Time, id SessionID) []Action {
	r.begin(now)
	if s := r.sessions[id]; s != nil {
		r.part(s)
	}
	return r.end()
}

func (r *Registrar) part(s *session) {
	if s.departed {
		return
	}
	s.departed = true
	for _, p := range s.pendings.all() {
		r.swallow(p)
		r.settle(p)
	}
	r.letGo(s)
	r.endMemberships(s)
}

// endMemberships takes a session out of all its pools.
func (r *Registrar) endMemberships(s *session) {
	for _, registration := range slices.Sorted(maps.Keys(s.members.of)) {
		r.removeMember(s.members.of[registration])
	}
}

// CloseSession forgets a session that has ended, with all that the router may
// still answer.
func (r *Registrar) CloseSession(now Time, id SessionID) []Action {
	r.begin(now)
	if s := r.sessions[id]; s != nil {
		r.part(s)
		for _, p := range s.lates.all() {
			r.forget(p)
		}
		r.timers.stop(&s.pump)
		delete(r.sessions, id)
	}
	return r.end()
}

// Beside tells what the driver keeps for a session that lasts, in bytes: with
// what is kept here, it is bounded by HeldBytes.
func (r *Registrar) Beside(id SessionID, bytes int64) {
	if s := r.sessions[id]; s != nil {
		s.beside = bytes
	}
}

// hasRoom tells whether so much more may be kept for a session that lasts.
func (r *Registrar) hasRoom(s *session, bytes int64) bool {
	return bytes <= r.config.HeldBytes-s.beside-s.lasting
}

func (r *Registrar) wait(s *session, bytes int64) {
	s.waiting += bytes
	r.change(s)
}

func (r *Registrar) last(s *session, bytes int64) {
	s.lasting += bytes
	r.change(s)
}

func (r *Registrar) change(s *session) {
	if !s.isChanged {
		s.isChanged = true
		r.changed = append(r.changed, s)
	}
}

// tellCosts tells what has changed in this event. What waits is let go by then,
// so that who hears of it may send past the registrar.
func (r *Registrar) tellCosts() {
	slices.SortFunc(r.changed, func(a, b *session) int { return cmp.Compare(a.id, b.id) })
	for i, s := range r.changed {
		r.changed[i], s.isChanged = nil, false
		if r.sessions[s.id] != s || s.told.waiting == s.waiting && s.told.lasting == s.lasting {
			continue
		}
		s.told.waiting, s.told.lasting = s.waiting, s.lasting
		r.do(Action{Kind: Keep, Session: s.id, Waiting: s.waiting, Lasting: s.lasting})
	}
	r.changed = r.changed[:0]
}
