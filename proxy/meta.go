package proxy

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// The router knows the pool session as the one callee of a pool. Who asks it
// through wampool ("wamp.registration.list_callees",
// #name-wampregistrationlist_callee; "wamp.registration.count_callees",
// #name-wampregistrationcount_calle) is told of the pool's own members instead: the
// router decides whether it answers, and its RESULT is amended. A callee may ask by
// the registration ID that it knows.

const (
	metaPrefix  = "wamp.registration."
	metaCount   = metaPrefix + "count_callees"
	metaListing = metaPrefix + "list_callees"
)

// metaWithin is how far into a CALL the name of a meta procedure is looked for,
// so that all other calls pass at no cost. Options longer than that are rare.
const metaWithin = 512

// maxAsked bounds how many of these calls are remembered for one session.
const maxAsked = 1024

// asked is a call of a meta procedure that the router is going to answer.
type asked struct {
	pool    *pool
	listing bool
}

// askedBytes is what an entry takes of the table of these calls.
const askedBytes = 64

// mayAskMeta tells whether a CALL may be one of a meta procedure.
func mayAskMeta(message []byte) bool {
	return bytes.Contains(message[:min(len(message), metaWithin)], []byte(metaPrefix))
}

// asksFor returns the registration whose callees a CALL asks for, 0 if it does not.
func asksFor(s codec.Serializer, m *codec.Call) (registration uint64) {
	if p := string(m.Procedure); p != metaListing && p != metaCount {
		return 0
	}
	var arguments []uint64
	if !inPlainJSON(s, m.Payload, &arguments) || len(arguments) != 1 {
		return 0
	}
	return arguments[0]
}

// askMeta passes on a CALL that asks for the callees of a pool's registration.
// It is false for any other call.
func (r *realm) askMeta(out *transport.Outbox, s *session, m *message) bool {
	if m.asks == 0 || s.asked.len() >= maxAsked {
		return false
	}
	p, registration := r.ownOf(s, m.asks), m.asks
	if p != nil { // the router knows the registration by another ID
		registration = r.registrationsOf(p)[0].Registration
	} else if p = r.heldAs(m.asks); p == nil {
		return false
	}
	id, passes := s.renumber(m)
	if !passes {
		return true
	}
	s.asked.put(id, asked{p, string(m.call.Procedure) == metaListing})
	s.concerns.add(ofMeta)
	if registration == m.asks {
		r.sendUp(out, s, m, id)
		return true
	}
	call := *m.call
	call.Request, call.Payload = id, fromPlainJSON(s.serializer, []uint64{registration})
	r.message = call.Append(r.message[:0], s.serializer)
	r.sentUp(out, s, m, r.message)
	return true
}

// ownOf returns the pool in which a session has this registration, if the router
// holds it; nil if not.
func (r *realm) ownOf(s *session, registration uint64) *pool {
	m, own := s.memberships[registration]
	if !own {
		return nil
	}
	p := r.pools[m.key]
	if p == nil || !r.registrationsOf(p)[0].IsHeld {
		return nil
	}
	return p
}

// amendment is what the router's RESULT for such a call becomes: the pool's members
// stand in it in place of the pool session.
type amendment struct {
	request uint64 // that the client knows
	listing bool
	members []uint64 // session IDs
	links   []uint64 // of the pool sessions that the router counts, the first one first
	beside  uint64   // registrations that the router has beside the first one
}

// result takes the router's RESULT. One that is to be amended is sent without the
// lock: m.amended is set then.
func (r *realm) result(out *transport.Outbox, s *session, m *message) {
	q, known := s.asked.get(m.Request)
	if !known || m.result == nil {
		r.passDown(out, s, m)
		return
	}
	s.asked.drop(m.Request)
	if !r.isOpen(q.pool) {
		r.passDown(out, s, m)
		return
	}
	down, passes := s.renumberBack(m)
	if !passes {
		return
	}
	by := &amendment{request: down, listing: q.listing}
	for _, callee := range r.dealer.Callees(q.pool.id) {
		by.members = append(by.members, r.driver.Callee(callee).Identity.Session)
	}
	for i, claim := range r.registrationsOf(q.pool) { // the router has one registration for all of them
		if l := r.linkBy(claim.Link); l != nil {
			by.links = append(by.links, l.session)
		}
		if i > 0 && claim.IsHeld {
			by.beside++
		}
	}
	m.amended = by
}

// message returns the amended RESULT, or the router's own where that is not as it
// should be.
func (by *amendment) message(s codec.Serializer, m *message) []byte {
	payload, ok := by.payload(s, m.result.Payload)
	if !ok {
		return m.AppendWithID(nil, by.request)
	}
	amended := *m.result
	amended.Request, amended.Payload = by.request, payload
	return amended.Append(nil, s)
}

func (by *amendment) payload(s codec.Serializer, was codec.Payload) (_ codec.Payload, ok bool) {
	if !by.listing {
		var counts []uint64
		if !inPlainJSON(s, was, &counts) || len(counts) != 1 || counts[0] < 1+by.beside {
			return was, false
		}
		counts[0] += uint64(len(by.members)) - 1 - by.beside
		return fromPlainJSON(s, counts), true
	}
	var lists [][]uint64
	if !inPlainJSON(s, was, &lists) || len(lists) != 1 {
		return was, false
	}
	i := slices.Index(lists[0], by.links[0])
	if i < 0 {
		return was, false
	}
	before, behind := lists[0][:i], lists[0][i+1:]
	isLink := func(id uint64) bool { return slices.Contains(by.links[1:], id) }
	lists[0] = slices.Concat(slices.DeleteFunc(before, isLink), by.members, slices.DeleteFunc(behind, isLink))
	return fromPlainJSON(s, lists), true
}

// inPlainJSON reads a payload of numbers and lists. It is false for any other.
func inPlainJSON(s codec.Serializer, payload codec.Payload, into any) bool {
	text, _, err := codec.TranscodePayload(nil, payload, s, codec.JSON)
	if err != nil {
		return false
	}
	arguments, argumentsKw, _ := text.Arguments(codec.JSON)
	if kw := string(argumentsKw); kw != "" && kw != "{}" && kw != "null" {
		return false
	}
	return json.Unmarshal(arguments, into) == nil
}

// fromPlainJSON is a payload of these arguments.
func fromPlainJSON(s codec.Serializer, arguments any) codec.Payload {
	text, err := json.Marshal(arguments)
	if err != nil {
		panic("proxy: numbers must have a form in JSON: " + err.Error())
	}
	payload, _, err := codec.TranscodePayload(nil, codec.NewPayload(codec.JSON, text, nil), codec.JSON, s)
	if err != nil {
		panic("proxy: numbers must have a form in each serializer: " + err.Error())
	}
	return payload
}
