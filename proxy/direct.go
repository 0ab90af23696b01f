package proxy

import (
	"cmp"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// Calls that are answered here, past the router: those of callers whose role a
// pool's block names in direct, for procedures that this pool is registered for.
// wampool is their Dealer. They share slots and queue with the calls that come
// by the router, in order of arrival.
//
//	caller ──CALL, CANCEL──▶ session ──▶ dealer ──INVOCATION, INTERRUPT──▶ callee
//	caller ◀──RESULT, ERROR── origin ◀── dealer ◀────YIELD, ERROR──────── callee
//
// The router has granted the pool its registration and named the caller's role;
// that callers of this role may call the procedure is the configuration's word.

// caller is what a session is as a caller whose calls are answered here, from the
// first of them on. realm.mu guards it.
type caller struct {
	origin dealer.OriginID
	steps  int64 // of its calls, that are counted: see hasCallRoom
}

// call takes a client's CALL, or a further part of one.
func (r *realm) call(out *transport.Outbox, s *session, said *message) {
	m := said.call
	if s.hasLeft() || m == nil {
		r.passUp(out, s, said) // its own router tells it
		return
	}
	if s.caller != nil {
		switch state, pool := r.dealer.CallState(s.caller.origin, m.Request); state {
		case dealer.Open:
			r.callPool(out, s, pool, said)
			return
		case dealer.Complete: // ("Protocol Errors", #name-protocol-errors)
			r.abort(out, s, "CALL repeats the request ID of a call that has not ended")
			return
		case dealer.Over: // ("Progressive Call Invocations", #name-progressive-call-invocation)
			return
		}
	}
	if p := r.answering(s, m); p != nil && said.checked { // else the rules have changed since it was read
		r.callHere(out, s, p, said)
		return
	}
	if !r.askMeta(out, s, said) {
		r.passUp(out, s, said)
	}
}

// answering returns the pool here that answers a session's new call, nil if
// that is the router's to answer. A pool that matches less well than another
// live one does not, even if only that one is past the router.
func (r *realm) answering(s *session, m *codec.Call) *pool {
	if !s.isDirect || s.renumbered.knows(m.Request) || isReserved(m.Procedure) {
		return nil
	}
	p, matches := r.byPattern.best(m.Procedure, (*pool).takesCalls)
	if !matches || !r.holdsDirect(p, m.Procedure, s.authRole) {
		return nil
	}
	return p
}

// holdsDirect tells whether the pool's block answers a role's calls of a URI
// here. A pattern that a callee has registered may reach further than the block
// by which it is pooled: direct holds for what the block itself matches. Where
// another block governs the URI, that one has to say so too.
func (r *realm) holdsDirect(p *pool, procedure []byte, role string) bool {
	if p.block == nil || !slices.Contains(p.block.Direct, role) {
		return false
	}
	if !p.hasPattern() {
		return true // it is governed by its block
	}
	governs, _ := r.blocks().best(procedure, func(*configs.Pool) bool { return true })
	return governs == p.block ||
		blockMatches(p.block, procedure) && governs != nil && slices.Contains(governs.Direct, role)
}

// mayAnswer tells whether a session's call may be one that is answered here, as far
// as that is known without the realm's lock: the block that governs its procedure
// says so. Further parts of a call may name any other.
func (r *realm) mayAnswer(s *session, procedure []byte) bool {
	governs, _ := r.blocks().best(procedure, func(*configs.Pool) bool { return true })
	return governs != nil && slices.Contains(governs.Direct, s.authRole)
}

// callHere takes a new CALL for a pool.
func (r *realm) callHere(out *transport.Outbox, s *session, p *pool, said *message) {
	m := said.call
	if s.caller == nil {
		s.caller = &caller{origin: r.driver.AddOrigin(driver.Origin{
			Session: s, Conn: s.conn, Serializer: s.serializer, Most: r.proxy.clientTakes(s.conn),
			Identity: s.identity(), NamesCallees: s.crossbar,
		})}
	}
	s.renumbered.swallow(m.Request)
	if r.draining {
		s.renumbered.close(m.Request, m.Progress)
		r.driver.Refuse(out, &dealer.Action{Kind: dealer.Refuse, Pool: -1, Origin: s.caller.origin, Request: m.Request, Refusal: dealer.Refusal{
			Reason: dealer.ReasonDraining, Pool: p.key,
		}})
		r.driver.Perform(out, r.dealer.Miss(r.now(), missedHere(s, p.key, said, dealer.ReasonDraining.Outcome())), driver.Hand{})
		return
	}
	if !r.hasCallRoom(s) {
		s.renumbered.close(m.Request, m.Progress)
		r.endOrMiss(out, missedHere(s, p.key, said, dealer.Failed), uriUnavailable, "too many calls without an answer (limits.held_bytes)")
		return
	}
	r.callPool(out, s, p.id, said)
}

// What a call without an answer takes beside its message, in bytes: its place in
// the dealer's table, at its origin and at its callee. It is counted in steps.
const (
	openCallBytes = 256
	openCallStep  = 256
)

// hasCallRoom tells whether a caller may have one more call here, by what those
// without an answer cost.
func (r *realm) hasCallRoom(s *session) bool {
	if steps := int64(r.dealer.Outstanding(s.caller.origin) / openCallStep); steps != s.caller.steps {
		s.upkeep.last((steps - s.caller.steps) * openCallStep * openCallBytes)
		s.caller.steps = steps
	}
	return s.upkeep.hasRoom(0, r.proxy.config().Limits.HeldBytes)
}

// callPool hands a CALL, or a further part of one, to the dealer. All of it was
// looked at: what it carries goes to a callee that others need too.
func (r *realm) callPool(out *transport.Outbox, s *session, pool dealer.PoolID, said *message) {
	m := said.call
	switch {
	case !said.checked:
		panic("proxy: a CALL that is answered here must have been validated")
	case said.harm != nil:
		r.abort(out, s, said.harm.Error())
		return
	case said.unfit != nil:
		s.renumbered.close(m.Request, m.Progress)
		key := ""
		if p := r.poolOf(pool); p != nil {
			key = p.key
		}
		r.endOrMiss(out, missedHere(s, key, said, dealer.Failed), uriInvalidArgument, "the call can't be passed on: "+said.unfit.Error())
		return
	}
	body := codec.Body{Serializer: s.serializer, Details: r.detailsOf(s, pool, m), Payload: m.Payload.InForm(s.serializer)}
	if body.Payload.Is(m.Payload) {
		body.Memory = said.memory
	}
	r.driver.Perform(out, r.deal(said, dealer.Call{
		Pool: pool, Origin: s.caller.origin, Request: m.Request,
		Body:            body,
		ReceiveProgress: m.ReceiveProgress, Progress: m.Progress, Passthru: m.Passthru, Timeout: r.timeoutOf(m.Timeout),
	}), driver.Hand{})
}

// missedHere is a CALL that can't come to its pool. Its parts are told by their request.
func missedHere(s *session, key string, said *message, outcome dealer.Outcome) dealer.Missed {
	return dealer.Missed{Key: key, Origin: s.caller.origin, Request: said.call.Request, Bytes: len(said.raw), Outcome: outcome}
}

// detailsOf returns what a callee is told of a CALL: of a pattern's, the procedure
// that was called ("Design Aspects", #name-design-aspects-2), and of a caller that
// wants it who that is ("Caller Identification", #name-caller-identification).
func (r *realm) detailsOf(s *session, pool dealer.PoolID, m *codec.Call) codec.Dict {
	var fields [4]codec.Field
	set := fields[:0]
	if p := r.poolOf(pool); p != nil && p.hasPattern() {
		set = append(set, codec.Field{Key: "procedure", Value: codec.FieldString(string(m.Procedure))})
	}
	if m.DiscloseMe {
		caller := s.identity()
		set = caller.AsCaller(set)
	}
	var details codec.Dict
	details, r.details = m.InvocationDetails(s.serializer, r.details, set)
	return details
}

// cancel takes a client's CANCEL ("Call Canceling", #name-call-canceling). One that
// does not say how does it by killnowait.
func (r *realm) cancel(out *transport.Outbox, s *session, m *message) {
	if m.Request == 0 || s.hasLeft() || s.caller == nil {
		r.passUp(out, s, m)
		return
	}
	if state, _ := r.dealer.CallState(s.caller.origin, m.Request); state != dealer.Open && state != dealer.Complete {
		r.passUp(out, s, m)
		return
	}
	if m.wrong != nil {
		r.abort(out, s, m.wrong.Error())
		return
	}
	mode := cmp.Or(m.mode, codec.CancelKillNoWait)
	r.driver.Perform(out, r.dealer.Cancel(r.now(), s.caller.origin, m.Request, mode), driver.Hand{})
}

// partCaller ends the calls of a session that is gone.
func (r *realm) partCaller(out *transport.Outbox, s *session) {
	if s.caller == nil {
		return
	}
	r.following.parting = s
	r.driver.RemoveOrigin(out, r.now(), s.caller.origin)
	r.following.parting = nil
	s.caller = nil
}

// hasDirect tells whether calls of a role may be answered here.
func (r *realm) hasDirect(role string) bool {
	return slices.ContainsFunc(r.config().Pools, func(p configs.Pool) bool { return slices.Contains(p.Direct, role) })
}
