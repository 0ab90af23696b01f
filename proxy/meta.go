package proxy

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// The router knows the pool session as the one callee of a pool. Who asks it
// through wampool ("Registration Meta-Procedures") is told of the pool's own
// members instead: the router decides whether it answers, and its RESULT is
// amended. A callee may ask by the registration ID that it knows.

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
	up      *uplink
	listing bool
}

// askedBytes is what an entry takes of the table of these calls.
const askedBytes = 64

// mayAskMeta tells whether a CALL may be one of a meta procedure.
func mayAskMeta(message []byte) bool {
	return bytes.Contains(message[:min(len(message), metaWithin)], []byte(metaPrefix))
}

// askMeta passes on a CALL that asks for the callees of a pool's registration.
// It is false for any other call.
func (r *realm) askMeta(out *transport.Outbox, s *session, m *codec.Call, message []byte) bool {
	listing := string(m.Procedure) == metaListing
	if !listing && string(m.Procedure) != metaCount || s.asked.len() >= maxAsked {
		return false
	}
	var arguments []uint64
	if !inPlainJSON(s.serializer, m.Payload, &arguments) || len(arguments) != 1 {
		return false
	}
	own, _ := s.pools.registered.get(arguments[0])
	up := r.uplinks[own.key]
	if up != nil && up.state == held { // the router knows it by another ID
		call := *m
		call.Payload = fromPlainJSON(s.serializer, []uint64{up.registration})
		message = call.Append(nil, s.serializer)
	} else if up = r.registeredAs(arguments[0]); up == nil {
		return false
	}
	id, passes := r.renumber(s, m.Request, message)
	if !passes {
		return true
	}
	s.asked.put(id, asked{up, listing})
	s.concerns.add(ofMeta)
	r.sendUp(out, s, message, m.Request, id)
	return true
}

// registeredAs returns the uplink that the router knows by this ID, nil if none.
func (r *realm) registeredAs(registration uint64) *uplink {
	for _, l := range r.links {
		if g := l.registrations[registration]; g != nil && g.state == held {
			return g.up
		}
	}
	return nil
}

// amendMeta returns the router's RESULT for such a call with the pool's members
// in place of the pool session; any other message as it is.
func (r *realm) amendMeta(s *session, m *codec.Result, message []byte) []byte {
	q, known := s.asked.get(m.Request)
	if !known {
		return message
	}
	s.asked.drop(m.Request)
	if r.uplinkOf(q.up.pool) != q.up {
		return message
	}
	var members []uint64
	for _, callee := range r.dealer.Callees(q.up.pool) {
		members = append(members, r.driver.Callee(callee).Identity.Session)
	}
	amended := *m
	if q.listing {
		var lists [][]uint64
		if !inPlainJSON(s.serializer, m.Payload, &lists) || len(lists) != 1 {
			return message
		}
		i := slices.Index(lists[0], q.up.link.session)
		if i < 0 {
			return message
		}
		lists[0] = slices.Replace(lists[0], i, i+1, members...)
		for _, g := range q.up.more { // the router has one registration for all of them
			lists[0] = slices.DeleteFunc(lists[0], func(id uint64) bool { return g.link != nil && id == g.link.session })
		}
		amended.Payload = fromPlainJSON(s.serializer, lists)
	} else {
		var counts []uint64
		if !inPlainJSON(s.serializer, m.Payload, &counts) || len(counts) != 1 || counts[0] < 1+q.up.heldBeside() {
			return message
		}
		counts[0] += uint64(len(members)) - 1 - q.up.heldBeside()
		amended.Payload = fromPlainJSON(s.serializer, counts)
	}
	return amended.Append(nil, s.serializer)
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
