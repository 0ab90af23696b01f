package proxy

import (
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/transport"
)

// Who is in a pool, and what the router is asked for that, is decided by the
// realm's registrar ([admission.Registrar]). The realm brings it what happens, and
// does what it says: here is which action is done where.
//
//	client, router, pool sessions, clock ──▶ bring ──▶ registrar
//	      ▲                                              │ actions, one after
//	      └── messages ◀── register.go, probe.go, ◀──────┘ the other
//	                       claims.go, pool.go
//
// What follows from an action, in the registrar or in the dealer, is brought when
// those of its event are done: neither is entered while it is at work.

// admitting is the event of the registrar that is under way, and what follows.
// realm.mu guards it.
type admitting struct {
	isOpen  bool
	event   admissionEvent
	actions []admission.Action // nil: it is being decided
	step    int                // the action at hand
	queue   []admissionEvent   // in the order in which they came up
}

// admissionEvent is what is to be brought to the registrar.
type admissionEvent struct {
	bring func() []admission.Action
	error *codec.Error // at hand: which the router has sent, in that serializer
	from  codec.Serializer
}

// bring brings an event to the registrar, and carries out what it decides, now or
// when the actions at hand are done.
func (r *realm) bring(out *transport.Outbox, event func() []admission.Action) {
	r.bringError(out, nil, 0, event)
}

// bringError does so for an ERROR of the router.
func (r *realm) bringError(out *transport.Outbox, m *codec.Error, from codec.Serializer, event func() []admission.Action) {
	r.admitting.queue = append(r.admitting.queue, admissionEvent{bring: event, error: m, from: from})
	if !r.admitting.isOpen {
		r.carryOn(out)
	}
}

// carryOn does what is left of the event at hand, and then what follows.
func (r *realm) carryOn(out *transport.Outbox) {
	at := &r.admitting
	for at.isOpen || len(at.queue) > 0 {
		if !at.isOpen {
			at.isOpen, at.event = true, at.queue[0]
			at.queue[0] = admissionEvent{}
			at.queue = at.queue[1:]
			at.actions = at.event.bring()
		}
		for ; at.step < len(at.actions); at.step++ {
			r.admit(out, &at.actions[at.step], &at.event)
		}
		r.registrar.Done()
		at.isOpen, at.event, at.actions, at.step = false, admissionEvent{}, nil, 0
	}
	at.queue = nil
}

// admit does what the registrar says.
func (r *realm) admit(out *transport.Outbox, a *admission.Action, e *admissionEvent) {
	switch a.Kind {
	case admission.Ask, admission.GiveBack, admission.Held, admission.Ended, admission.Refused, admission.Retry,
		admission.OpenLink, admission.Idle, admission.CloseLink, admission.Renew:
		r.claim(out, a, e)
	case admission.OpenPool, admission.Reform, admission.ClosePool, admission.RevokePool, admission.Live, admission.Weigh, admission.ForgetPool:
		r.changePool(out, a)
	default:
		r.answerRegister(out, a, e)
	}
}

// answerRegister does what concerns a client's session.
func (r *realm) answerRegister(out *transport.Outbox, a *admission.Action, e *admissionEvent) {
	s := r.candidates[a.Session]
	switch a.Kind {
	case admission.Pass:
		r.passHeld(out, s, a)
	case admission.Swallow:
		s.swallow(a.Request)
	case admission.Probe:
		r.probe(out, s, a)
	case admission.Undo:
		r.undoProbe(out, s, a)
	case admission.PassLate:
		r.logPassed(s, a.Register)
		r.sendUp(out, s, readBy(a), s.numberPassed(a))
	case admission.Renumber:
		s.renumberFrom(s.numbered)
	case admission.Join:
		r.join(out, s, a)
	case admission.Deny:
		r.deny(out, s, a, e)
	case admission.Leave:
		r.leavePool(out, s, a)
	case admission.Expel:
		r.expel(out, s, a)
	case admission.Unknown:
		answer := codec.Error{RequestType: codec.TypeUnregister, Request: a.Request, URI: []byte(uriNoSuchRegistration)}
		r.message = answer.Append(r.message[:0], s.serializer)
		out.Send(s.conn, r.message)
	case admission.Depart:
		s.departed = true
		r.partDealer(out, s)
	case admission.Keep:
		s.keep(a.Waiting, a.Lasting)
	case admission.Fail:
		r.part(out, s)
		s.fail()
	}
}

// readBy is the client's message that an action is about, as it was read.
func readBy(a *admission.Action) *message { return a.Message.Read.(*message) }

// asAdmitted is a client's message for the registrar, which may hold it.
func asAdmitted(s *session, m *message) admission.Message {
	if s.waits() && !m.kept {
		panic("proxy: a message that may be held must have been read to be kept")
	}
	return admission.Message{Type: m.Type, Raw: m.raw, Read: m}
}

// newRules are the rules of a realm's pool blocks for the registrar, and under nil
// those of pools without a block.
func newRules(pools []configs.Pool) map[*configs.Pool]*admission.Block {
	rules := map[*configs.Pool]*admission.Block{nil: {SlotsPerShare: configs.DefaultSlotsPerShare, Config: poolConfig(nil)}}
	for i := range pools {
		block := &pools[i]
		b := &admission.Block{
			AnyRole: slices.Equal(block.Admit, []string{configs.AnyRole}), Admit: block.Admit, Policy: block.Policy,
			Shared: block.Upstream != "single", SlotsPerShare: block.SlotsPerShare, Config: poolConfig(block),
		}
		rules[block] = b
	}
	return rules
}

// keptBytes is how much a pool without a queue holds of calls in flight, in
// case they have to be handed on.
const keptBytes = configs.DefaultQueueBytes

// poolConfig are the dealer's rules for a pool, but for its policy; block is nil for
// one that was not configured.
func poolConfig(block *configs.Pool) dealer.PoolConfig {
	config := dealer.PoolConfig{KeptBytes: keptBytes}
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
