package admission

import "github.com/wampool/wampool/codec"

// maxProbes is how often a REGISTER is tried while the pool keeps losing its
// registration to the probe.
const maxProbes = 3

// Refusal is what an ERROR of the router means for a REGISTER.
type Refusal uint8

// What the router may say.
const (
	OtherError  Refusal = iota
	Exists              // wamp.error.procedure_already_exists ("Basic Profile URIs", #name-basic-profile-uris)
	OtherPolicy         // wamp.error.procedure_exists_with_different_invocation_policy
)

// sendProbe sends the callee's own REGISTER to the router.
func (r *Registrar) sendProbe(p *pending) {
	first := !p.numbered
	r.number(p)
	p.stage = probing
	p.tries++
	p.round = p.session.pace.asked(r.now)
	r.do(Action{Kind: Probe, Session: p.session.id, Pending: p.id, First: first, Request: p.in.Asks.Request, Register: &p.in.Asks})
}

// number makes it a REGISTER's turn at the router, once: those in front of it
// that have had none by now are swallowed.
func (r *Registrar) number(p *pending) {
	if p.numbered {
		return
	}
	s := p.session
	for at := s.unnumbered; at.of != p; at = at.after {
		at.of.numbered = true
		r.do(Action{Kind: Swallow, Session: s.id, Request: at.of.in.Asks.Request})
	}
	p.numbered, s.unnumbered = true, p.inSession.after
}

// swallow takes note that a REGISTER does not come to the router, if it has not
// by now.
func (r *Registrar) swallow(p *pending) {
	if p.numbered {
		return
	}
	r.number(p)
	r.do(Action{Kind: Swallow, Session: p.session.id, Request: p.in.Asks.Request})
}

// ProbeRefused takes the router's ERROR for a probe. It says that the procedure
// exists: that is the pool's, and the callee has a right to it.
func (r *Registrar) ProbeRefused(now Time, id PendingID, why Refusal) []Action {
	r.begin(now)
	p := r.pendings[id]
	if p == nil || p.stage != probing && p.stage != lateProbing {
		return r.end()
	}
	r.probeAnswered(p)
	switch {
	case p.stage == lateProbing:
		r.forget(p)
	case r.mayStillJoin(p) && (why == Exists || why == OtherPolicy && p.pool.shared):
		p.stage = awaitingPool
		r.admit(p)
	default:
		p.stage = awaitingPool
		r.deny(p, Denial{Reason: ProbeRefused})
	}
	r.pumpProbes(p.session)
	return r.end()
}

// ProbeGranted takes the router's REGISTERED for a probe: the pool has just lost
// its registration, or the router lets anybody register twice. What was granted
// is given back, unless it ends with its session.
func (r *Registrar) ProbeGranted(now Time, id PendingID, registration uint64) []Action {
	r.begin(now)
	p := r.pendings[id]
	if p == nil || p.stage != probing && p.stage != lateProbing {
		return r.end()
	}
	r.probeAnswered(p)
	s := p.session
	switch {
	case s.departed:
		r.forget(p)
		return r.end()
	case p.stage == probing:
		p.stage = undoing
	default:
		p.stage = lateUndoing
	}
	p.grant = registration
	r.last(s, s.granted.put(registration, p))
	p.round = s.pace.asked(r.now)
	r.do(Action{Kind: Undo, Session: s.id, Pending: p.id, Registration: registration})
	r.pumpProbes(s)
	return r.end()
}

// ProbeUndone takes the router's answer to the UNREGISTER of what a probe got,
// whichever. If the pool's registration still stands, the router lets everybody
// register, and it has just let this callee; else the steps begin again.
func (r *Registrar) ProbeUndone(now Time, id PendingID) []Action {
	r.begin(now)
	p := r.pendings[id]
	if p == nil || p.stage != undoing && p.stage != lateUndoing {
		return r.end()
	}
	r.probeAnswered(p)
	r.dropGrant(p)
	switch {
	case p.stage == lateUndoing:
		r.forget(p)
	case !r.drains(p.pool.key) && !r.mayStillJoin(p):
		p.stage = awaitingPool
		r.passLate(p)
	case p.pool.claim.state == held || r.drains(p.pool.key):
		p.stage = awaitingPool
		r.admit(p)
	case p.tries >= maxProbes:
		p.stage = awaitingPool
		r.deny(p, Denial{Reason: Unsteady})
	default:
		p.stage = awaitingPool
		r.want(p.pool)
		r.advance(p)
	}
	r.pumpProbes(p.session)
	return r.end()
}

func (r *Registrar) probeAnswered(p *pending) { p.session.pace.answered(p.round) }

func (r *Registrar) dropGrant(p *pending) {
	if p.grant == 0 {
		return
	}
	s := p.session
	if s.granted.of[p.grant] == p {
		r.last(s, -s.granted.drop(p.grant))
	}
	p.grant = 0
}

// outlive keeps a REGISTER that has its answer for the router's to its probe,
// which may have to be given back.
func (r *Registrar) outlive(p *pending, as stage) {
	s := p.session
	p.stage = as
	p.in.Message, p.in.Asks.Options = Message{}, codec.Dict{}
	p.inLate = s.lates.join(p)
	if p.cost = 0; !s.departed {
		p.cost = pendingBytes
		r.last(s, p.cost)
		r.do(Action{Kind: Renumber, Session: s.id})
	}
}

// forget lets go of a REGISTER whose probe is answered late, or never any more.
func (r *Registrar) forget(p *pending) {
	s := p.session
	r.dropGrant(p)
	s.lates.leave(p.inLate)
	r.last(s, -p.cost)
	p.stage = over
	delete(r.pendings, p.id)
}
