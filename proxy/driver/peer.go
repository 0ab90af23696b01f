package driver

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// What two sidecars tell one another of a call, beside what WAMP has.

// The keys in Details of an INVOCATION by which a peer knows whose call it is: the
// procedure as it was called, how the pool's registration matches, and its URI
// where that is another one.
const (
	procedureKey = "procedure"
	matchKey     = "x_match"
	poolKey      = "x_pool"
)

// In Details of an ERROR, that a call has found no room with a peer, before anything has
// run.
const (
	fullKey   = "x_wampool"
	fullValue = "full"
)

const uriUnavailable = "wamp.error.unavailable"

// namePool adds to an INVOCATION's details what a peer has to know of its pool.
func (d *Driver) namePool(to *Callee, a *dealer.Action) {
	s := &d.scratch
	match, uri := to.PoolName(a.Pool)
	s.dropped = append(s.dropped, matchKey, poolKey)
	s.fields = append(s.fields, codec.Field{Key: matchKey, Value: codec.FieldString(match)})
	if _, called := a.Body.Details.Lookup(a.Body.Serializer, procedureKey); called {
		s.fields = append(s.fields, codec.Field{Key: poolKey, Value: codec.FieldString(uri)})
	} else {
		s.fields = append(s.fields, codec.Field{Key: procedureKey, Value: codec.FieldString(uri)})
	}
}

// PoolOf reads whose call a peer's INVOCATION is, and returns its details as they were
// before they were sent, made in dst's capacity. It is false if they do not say.
func PoolOf(s codec.Serializer, m *codec.Invocation, dst []byte) (match, procedure string, details codec.Dict, kept []byte, ok bool) {
	text := func(key string) string {
		v, found := m.Details.Lookup(s, key)
		if !found {
			return ""
		}
		text, _ := v.Str()
		return string(text)
	}
	match, procedure = text(matchKey), text(poolKey)
	added := []string{matchKey, poolKey}
	if procedure == "" { // it did not name the procedure itself
		procedure = string(m.Procedure)
		added = append(added, procedureKey)
	}
	details, kept = m.Details.Edit(s, dst, added, nil)
	return match, procedure, details, kept, match != "" && procedure != ""
}

// IsFull tells whether an ERROR says that a peer had no room for a call.
func IsFull(s codec.Serializer, m *codec.Error) bool {
	if string(m.URI) != uriUnavailable {
		return false
	}
	v, found := m.Details.Lookup(s, fullKey)
	if !found {
		return false
	}
	text, _ := v.Str()
	return string(text) == fullValue
}

// SendFull tells a peer that there is no room for a call, of which the dealer knows
// nothing.
func (d *Driver) SendFull(out *transport.Outbox, from dealer.OriginID, request uint64, text string) {
	to := d.origins[from]
	d.scratch.buildFull(to, request, codec.TextPayload(to.Serializer, d.scratch.payload, text, nil))
	send(out, to.Conn, d.scratch.message)
}

func (s *scratch) buildFull(to *Origin, request uint64, payload codec.Payload) {
	m := codec.Error{
		RequestType: to.request(), Request: request, URI: []byte(uriUnavailable), Payload: payload,
		Details: codec.NewDict(to.Serializer, codec.Field{Key: fullKey, Value: codec.FieldString(fullValue)}),
	}
	s.message = m.Append(s.message[:0], to.Serializer)
}
