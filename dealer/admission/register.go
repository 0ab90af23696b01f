package admission

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// Register is a REGISTER that asks for a pool. Its memory is the registrar's
// until the REGISTER is answered.
type Register struct {
	Message
	Asks  codec.Register // what it says
	Block *Block
}

// pending is the REGISTER of a callee that asks to join a pool, from its arrival
// until it has its answer, and its probe too. The package's doc has the diagram
// of its stages.
type pending struct {
	id      PendingID
	session *session
	in      Register
	stage   stage
	since   Time  // its arrival
	cost    int64 // of keeping it

	inSession, inAll, inUndecided, inPool, inTurn, inLate *place[*pending] // where it waits; nil: nowhere

	patience timer
	pool     *pool // nil until the role that may join is known
	policy   dealer.Policy
	limit    int

	unreviewed bool   // the rules of who may join have changed since it was admitted
	numbered   bool   // the REGISTER's own ID has had its turn at the router
	tries      int    // probes sent
	round      int    // of the session's pace, of what the router was asked last
	grant      uint64 // registration that the router gave to the probe, while it is being undone
}

// stage is how far a pending REGISTER is.
type stage uint8

const (
	awaitingLink stage = iota + 1 // to be up: its role at the router says who may join
	awaitingPool                  // the pool's registration
	awaitingTurn                  // to send its probe: see pace
	probing                       // the router's answer to the probe
	undoing                       // the router's answer to the UNREGISTER of what the probe got
	lateProbing                   // as probing, but it has its answer
	lateUndoing                   // as undoing, but it has its answer
	over
)

// mostSlots is more than one callee can have calls in flight. So limits beyond
// it are none, and no sum of limits is beyond what can be counted.
const mostSlots = 1 << 30

// limitOf returns a limit that a callee asks for, as the dealer takes it.
func limitOf(concurrency int64) int { return int(min(concurrency, mostSlots)) }

// Register takes a REGISTER that asks for a pool.
func (r *Registrar) Register(now Time, id SessionID, in Register) []Action {
	r.begin(now)
	r.arrive(id, message{Message: in.Message, at: r.now, register: &in})
	return r.end()
}

// register takes a REGISTER. It is false for one that has to wait until all that
// are pending are settled: one that passes to the router, or that repeats an ID.
func (r *Registrar) register(s *session, m *message) bool {
	in, last := m.register, s.pendings.last
	if l := r.judge(s); l.isUp() && !r.admits(in.Block, s) {
		if last != nil {
			return false
		}
		r.pass(s, m, &in.Asks)
		return true
	}
	if last != nil && in.Asks.Request <= last.of.in.Asks.Request {
		return false
	}
	p := r.await(s, *in, m.at)
	switch {
	case !r.hasRoom(s, membershipCost(in.Asks.Procedure)):
		r.deny(p, Denial{Reason: Full})
	case p.since+r.config.RegisterPatience <= r.now:
		r.deny(p, Denial{Reason: Unsettled})
	default:
		r.timers.set(&p.patience, p.since+r.config.RegisterPatience)
		r.advance(p)
	}
	return true
}

// await makes a REGISTER pending.
func (r *Registrar) await(s *session, in Register, since Time) *pending {
	r.lastPending++
	p := &pending{id: r.lastPending, session: s, in: in, stage: awaitingLink, since: since}
	p.patience.due = func() { r.giveUp(p) }
	r.pendings[p.id] = p
	p.inSession, p.inAll, p.inUndecided = s.pendings.join(p), r.waiting.join(p), r.undecided.join(p)
	if s.unnumbered == nil {
		s.unnumbered = p.inSession
	}
	p.cost = pendingBytes + int64(len(in.Raw)) + membershipCost(in.Asks.Procedure)
	r.wait(s, p.cost)
	return p
}

// advance takes a pending REGISTER from where it waits as far as it can go.
func (r *Registrar) advance(p *pending) {
	if r.drains(keyOf(&p.in.Asks)) {
		r.deny(p, Denial{Reason: Draining})
		return
	}
	if p.stage == awaitingLink && !r.decide(p) {
		return
	}
	if p.pool.claim.state != held {
		if p.inPool == nil {
			p.inPool = p.pool.waiting.join(p)
		}
		return
	}
	if !r.mayStillJoin(p) { // as is known only now, where no pool session was up to tell
		r.passLate(p)
		return
	}
	if p.session.turns.length > 0 || !r.mayProbe(p.session) {
		p.stage = awaitingTurn
		p.inTurn = p.session.turns.join(p)
		return
	}
	r.sendProbe(p)
}

// decide goes on with a REGISTER once the role that may join is known. It is
// false if the callee has its answer, or waits for a pool session.
func (r *Registrar) decide(p *pending) bool {
	s := p.session
	if !r.judge(s).isUp() {
		return false
	}
	if !r.admits(p.in.Block, s) {
		r.passLate(p)
		return false
	}
	if denial, denied := p.prepare(); denied {
		r.deny(p, denial)
		return false
	}
	p.pool = r.openPool(p, p.policy)
	p.pool.pending++
	p.stage = awaitingPool
	r.undecided.leave(p.inUndecided)
	p.inUndecided = nil
	if denial, denied := p.pool.conflict(p); denied {
		r.deny(p, denial)
		return false
	}
	r.want(p.pool)
	return true
}

// passLate leaves a REGISTER to the router after all.
func (r *Registrar) passLate(p *pending) {
	first := !p.numbered
	r.number(p)
	r.do(Action{Kind: PassLate, Session: p.session.id, Pending: p.id, First: first, Request: p.in.Asks.Request, Message: p.in.Message, Register: &p.in.Asks})
	r.settle(p)
}

// asksFor is the policy that the callee asks for itself, single if by none.
func (p *pending) asksFor() dealer.Policy {
	policy, err := dealer.ParsePolicy(p.in.Asks.Invoke)
	if err != nil {
		return dealer.Single
	}
	return policy
}

// admits tells whether a session's role may join a pool: it is in the block's
// admit, or else that of the pool session, to whose rights an equal role has an
// equal right. Who has no role is nobody's equal. Where any role may join, the
// probe alone decides.
func (r *Registrar) admits(block *Block, s *session) bool {
	switch {
	case block.AnyRole:
		return true
	case s.role == "":
		return false
	case len(block.Admit) > 0:
		return slices.Contains(block.Admit, s.role)
	}
	return s.role == r.judge(s).role
}

// prepare reads what the callee asks for. It tells why that can't be, if so.
func (p *pending) prepare() (Denial, bool) {
	m := &p.in.Asks
	if m.OptionError != nil {
		return Denial{Reason: Invalid, Err: m.OptionError}, true
	}
	if m.HasConcurrency && m.Concurrency < 1 {
		return Denial{Reason: Invalid, Err: fmt.Errorf("REGISTER.Options.concurrency is %d: it must be 1 or more", m.Concurrency)}, true
	}
	asked := m.Invoke
	if p.in.Block.Policy != "" {
		asked = p.in.Block.Policy
	}
	policy, err := dealer.ParsePolicy(asked)
	if err != nil {
		return Denial{Reason: Invalid, Err: fmt.Errorf("REGISTER.Options.invoke: %w", err)}, true
	}
	p.policy, p.limit = policy, limitOf(m.Concurrency)
	return Denial{}, false
}

// admit makes the callee a member of the pool.
func (r *Registrar) admit(p *pending) {
	if r.drains(p.pool.key) {
		r.deny(p, Denial{Reason: Draining})
		return
	}
	if denial, denied := p.pool.conflict(p); denied {
		r.deny(p, denial)
		return
	}
	registration := r.addMember(p)
	r.do(Action{
		Kind: Join, Session: p.session.id, Pending: p.id, Pool: p.pool.key, Request: p.in.Asks.Request, Registration: registration,
		Policy: p.policy, Limit: p.limit, Force: p.in.Asks.ForceReregister, Discloses: p.in.Asks.DiscloseCaller, Register: &p.in.Asks,
	})
	r.settle(p)
}

// deny answers a REGISTER by an ERROR.
func (r *Registrar) deny(p *pending, why Denial) {
	r.swallow(p)
	a := Action{Kind: Deny, Session: p.session.id, Pending: p.id, Request: p.in.Asks.Request, Denial: why, Register: &p.in.Asks}
	if p.pool != nil {
		a.Pool = p.pool.key
	}
	r.do(a)
	r.settle(p)
}

// settle ends a REGISTER that has its answer, or whose session has ended: what was
// held behind it may go. It lives on while the router has not answered its probe.
func (r *Registrar) settle(p *pending) {
	s := p.session
	s.pendings.leave(p.inSession)
	r.waiting.leave(p.inAll)
	if p.inUndecided != nil {
		r.undecided.leave(p.inUndecided)
		p.inUndecided = nil
	}
	r.leaveTurns(p)
	r.timers.stop(&p.patience)
	r.wait(s, -p.cost)
	switch p.stage {
	case probing:
		r.outlive(p, lateProbing)
	case undoing:
		r.outlive(p, lateUndoing)
	default:
		p.stage = over
		delete(r.pendings, p.id)
	}
	r.ripen(s)
	if p.pool == nil {
		return
	}
	p.pool.pending--
	if p.inPool != nil {
		p.pool.waiting.leave(p.inPool)
		p.inPool = nil
	}
	r.closeIfUnused(p.pool)
}

// giveUp answers a REGISTER that has waited too long.
func (r *Registrar) giveUp(p *pending) {
	if p.stage == probing || p.stage == undoing {
		r.judge(p.session).loses = true
	}
	r.deny(p, Denial{Reason: p.missing()})
}

// missing is what a REGISTER waits for.
func (p *pending) missing() Reason {
	switch {
	case p.stage == awaitingTurn:
		return NoTurn
	case p.stage == probing:
		return NoProbeAnswer
	case p.stage == undoing:
		return NoUndo
	case p.stage == awaitingLink || !p.pool.claim.link.isUp():
		return NoLink
	}
	switch p.pool.claim.state {
	case leaving, returning:
		return NoPoolEnd
	case asking:
		return NoPoolAnswer
	}
	return NoPool
}

func compareIDs(a, b *session) int { return cmp.Compare(a.id, b.id) }
