package admission

import "github.com/wampool/wampool/codec"

// message is what a client has sent, and the router must see in order: request IDs
// are sequential ("Protocol Errors", #name-protocol-errors), and so is what is routed
// between two peers ("Ordering Guarantees", #name-ordering-guarantees).
type message struct {
	Message
	at         Time        // its arrival
	register   *Register   // if it asks for a pool
	unregister *Unregister // if it is one that can be read
}

func (m *message) cost() int64 { return heldBytes + int64(len(m.Raw)) }

// Message is a message as a client sent it. Its memory is the registrar's until
// it is passed on.
type Message struct {
	Type codec.MessageType
	Raw  []byte
	Read any // what the driver has read of it: it comes back as it is
}

// Send takes a client's message that asks for no pool and that the router must
// see in order: it passes, or is held while the session has a REGISTER without an
// answer. That is told by Keep: while nothing of a session waits, all but its
// REGISTERs for pools and its UNREGISTERs may go past the registrar.
func (r *Registrar) Send(now Time, id SessionID, in Message) []Action {
	r.begin(now)
	r.arrive(id, message{Message: in, at: r.now})
	return r.end()
}

// Unregister is an UNREGISTER.
type Unregister struct {
	Message
	Request, Registration uint64
}

// Unregister takes a client's UNREGISTER. One of a registration that it has in a
// pool, or had, is answered here, as the router knows no such ID.
func (r *Registrar) Unregister(now Time, id SessionID, in Unregister) []Action {
	r.begin(now)
	r.arrive(id, message{Message: in.Message, at: r.now, unregister: &in})
	return r.end()
}

// arrive takes a message, or puts it behind all that is held.
func (r *Registrar) arrive(id SessionID, m message) {
	s := r.sessions[id]
	if s == nil {
		panic("admission: a session must be open when it sends")
	}
	if len(s.held) == 0 && r.take(s, &m) {
		return
	}
	s.held = append(s.held, m)
	r.wait(s, m.cost())
}

// letGo takes what is held, as far as nothing in front of it is pending.
func (r *Registrar) letGo(s *session) {
	s.isRipe = false
	for len(s.held) > 0 {
		m := s.held[0]
		if !r.take(s, &m) {
			return
		}
		s.held[0] = message{}
		s.held = s.held[1:]
		r.wait(s, -m.cost())
	}
	s.held = nil
}

// ripen has what is held looked at when the event ends.
func (r *Registrar) ripen(s *session) {
	if !s.isRipe {
		s.isRipe = true
		r.ripe = append(r.ripe, s)
	}
}

// take takes a message. It is false for one that has to wait behind the
// REGISTERs without an answer.
func (r *Registrar) take(s *session, m *message) bool {
	if m.register != nil && !s.departed {
		return r.register(s, m)
	}
	if s.pendings.length > 0 {
		return false
	}
	if m.unregister != nil && r.unregister(s, m.unregister) {
		return true
	}
	r.pass(s, m, nil)
	if m.Type == codec.TypeGoodbye || m.Type == codec.TypeAbort {
		if !s.departed {
			s.departed = true
			r.endMemberships(s)
			r.do(Action{Kind: Depart, Session: s.id})
		}
	}
	return true
}

// pass sends a message to the router; of a REGISTER whose callee may not join,
// with what it asked for.
func (r *Registrar) pass(s *session, m *message, register *codec.Register) {
	r.do(Action{Kind: Pass, Session: s.id, Message: m.Message, Register: register})
}

// unregister answers an UNREGISTER of a registration in a pool. It is false for
// any other.
func (r *Registrar) unregister(s *session, in *Unregister) bool {
	at, has := s.members.get(in.Registration)
	_, had := s.left.get(in.Registration)
	if !has && !had {
		return false
	}
	r.do(Action{Kind: Swallow, Session: s.id, Request: in.Request})
	switch {
	case s.departed: // nobody waits for an answer any more
	case has:
		r.removeMember(at)
		r.remember(at)
		r.do(Action{Kind: Leave, Session: s.id, Request: in.Request, Registration: at.registration, Pool: at.pool.key})
	default:
		r.do(Action{Kind: Unknown, Session: s.id, Request: in.Request, Registration: in.Registration})
	}
	return true
}
