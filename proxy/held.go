package proxy

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// While REGISTERs are pending, what the client sends behind them and the router
// must see in order is held, and goes on when all of them are settled. Further
// REGISTERs for pools join those that are pending, unless something is held in
// front of them.
//
//	pending                          held
//	REGISTER p  REGISTER q  REGISTER r │ CALL  PUBLISH  REGISTER s  CALL
//
// Answers to invocations never wait: their IDs are of another space, and the
// router has callers that wait for them.

// registering is what a session has under way to join pools, and what is held
// behind that. realm.mu guards it.
type registering struct {
	pending    line                    // in order of arrival
	unnumbered *place                  // the first of them whose request ID has not had its turn
	numbered   uint64                  // request ID of the last one whose had
	held       []heldMessage           // what the client sent behind them
	releasing  bool                    // what was held is on its way
	turns      line                    // of them, those whose probe waits for the pace
	probePace  pace                    // of requests of our own at the router
	probes     table[*pendingRegister] // by the router's request ID
	granted    table[*pendingRegister] // by the registration that the router gave to their probes
	resumed    chan struct{}           // has room for one: what was held has gone on
}

func newRegistering(of *upkeep) registering {
	return registering{
		probes:  newTable[*pendingRegister](of, probeBytes),
		granted: newTable[*pendingRegister](of, probeBytes),
		resumed: make(chan struct{}, 1),
	}
}

// heldMessage is a message of the client that waits behind a REGISTER.
type heldMessage struct {
	*message
	at dealer.Time // its arrival
}

// heldMessageBytes is what holding a message takes beside its bytes: what was read
// of it, its place in a list that has just grown, and what an allocation loses.
const heldMessageBytes = 768

func (h *heldMessage) cost() int64 { return heldMessageBytes + int64(len(h.raw)) }

// hold puts a message behind all that is held.
func (s *session) hold(m *message, now dealer.Time) {
	if !m.kept {
		panic("proxy: a message that is held must have been read to be kept")
	}
	h := heldMessage{m, now}
	s.held = append(s.held, h)
	s.upkeep.wait(h.cost())
}

// await makes a REGISTER pending.
func (r *realm) await(p *pendingRegister) {
	s := p.session
	p.inSession = s.pending.join(p)
	if s.unnumbered == nil {
		s.unnumbered = p.inSession
	}
	before := r.awaiting.last // one that was held may have arrived before others
	for before != nil && before.register.since > p.since {
		before = before.before
	}
	p.inRealm = r.awaiting.joinBehind(before, p)
	p.cost = pendingBytes + int64(len(p.said.raw)) + membershipCost(p.message.Procedure)
	s.upkeep.wait(p.cost)
	s.concerns.add(ofRegisters)
}

// settle ends a pending REGISTER, which has its answer, and lets go what was held
// behind it.
func (r *realm) settle(out *transport.Outbox, p *pendingRegister) {
	r.forgetPending(out, p)
	r.letGo(out, p.session)
}

// letGo takes what is held, as far as nothing in front of it is pending.
func (r *realm) letGo(out *transport.Outbox, s *session) {
	if s.releasing {
		return
	}
	s.releasing = true
	for len(s.held) > 0 && r.take(out, s, s.held[0].message, s.held[0].at) {
		s.upkeep.wait(-s.held[0].cost())
		s.held[0] = heldMessage{}
		s.held = s.held[1:]
	}
	s.releasing = false
	if len(s.held) == 0 {
		s.held = nil
		if s.pending.length == 0 {
			s.concerns.remove(ofRegisters)
		}
	}
	select {
	case s.resumed <- struct{}{}:
	default:
	}
}

// abandonRegisters forgets the pending REGISTERs of a session that ends. What
// the client sent behind them still goes to the router.
func (r *realm) abandonRegisters(out *transport.Outbox, s *session) {
	if s.pending.length == 0 {
		return
	}
	for _, p := range s.pending.all() {
		r.swallowRegister(p)
		r.forgetPending(out, p)
	}
	r.letGo(out, s)
}

// forgetPending takes a REGISTER out of all lists. It lives on while the router
// has not answered its probe.
func (r *realm) forgetPending(out *transport.Outbox, p *pendingRegister) {
	s, up := p.session, p.up
	p.stage = settled
	s.pending.leave(p.inSession)
	r.awaiting.leave(p.inRealm)
	r.leaveTurns(p)
	s.upkeep.wait(-p.cost)
	p.said, p.message.Options = nil, codec.Dict{}
	if p.probe.open && !s.hasLeft() {
		s.renumberFrom(s.numbered) // should something have to be given back
		s.upkeep.last(pendingBytes)
	}
	if up != nil {
		up.pending--
		if p.inUplink != nil {
			up.waiting.leave(p.inUplink)
			p.inUplink = nil
		}
		r.closeIfUnused(out, up)
	}
}

// forgetLate lets go of a REGISTER whose probe was answered too late.
func (p *pendingRegister) forgetLate() {
	if !p.session.hasLeft() {
		p.session.upkeep.last(-pendingBytes)
	}
}
