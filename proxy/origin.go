package proxy

import (
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// origin is where answers go: to the router, as YIELD and ERROR, or to a caller
// at wampool, as RESULT and ERROR.
type origin struct {
	conn       *transport.Conn
	serializer codec.Serializer
	most       int      // bytes of a message that it takes
	caller     *session // nil: the router
	mute       bool     // see lastWord
}

// request is what the origin's calls came as.
func (o *origin) request() codec.MessageType {
	if o.caller != nil {
		return codec.TypeCall
	}
	return codec.TypeInvocation
}

// forward passes a callee's answer on to where the call came from.
func (r *realm) forward(out *transport.Outbox, a *dealer.Action, h hand) {
	to := &r.origins[a.Origin]
	err := h.unfit
	switch {
	case err != nil:
		r.message = r.errorText(to, a.Request, uriInvalidArgument, "the callee's answer can't be passed on: "+err.Error())
	default:
		if err = r.answerFor(to, a, h); err != nil {
			r.message = r.errorText(to, a.Request, uriInvalidArgument, "the callee's answer does not fit the serializer of who called: "+err.Error())
		} else if err = to.fits(r.message); err != nil {
			r.message = r.errorText(to, a.Request, uriPayloadSize, err.Error())
		}
	}
	out.Send(to.conn, r.message)
	r.step++
	sent := len(r.message)
	if err == nil && a.Final && to.mute && h.serializer == to.serializer && h.isForeign() {
		sent += r.lastWord(out, to, a.Request)
	}
	if to.caller == nil {
		r.callees[a.Callee].callee.share.Sent(to.conn, sent)
	}
	if up := r.uplinkOf(a.Pool); up != nil && a.Final {
		up.answered++
	}
	if err != nil && !a.Final {
		// The caller has its final answer now; what the callee still sends is discarded.
		r.dropCall(out, a.Origin, a.Request)
	}
}

// answerFor builds the message that brings a callee's answer to an origin.
func (r *realm) answerFor(to *origin, a *dealer.Action, h hand) error {
	var dict codec.Dict
	var payload codec.Payload
	switch {
	case h.yield != nil && to.caller != nil:
		dict, r.routed = h.yield.ResultDetails(h.serializer, r.routed, r.calleeOf(to, a))
		payload = h.yield.Payload
	case h.yield != nil:
		dict, payload = h.yield.Options, h.yield.Payload
	case to.caller != nil:
		dict, r.routed = h.err.CallDetails(h.serializer, r.routed)
		payload = h.err.Payload
	default:
		dict, payload = h.err.Details, h.err.Payload
	}
	if h.serializer != to.serializer {
		var err error
		if dict, payload, err = r.transcode(dict, payload, h.serializer, to.serializer); err != nil {
			return err
		}
	}
	if to.caller == nil {
		payload = payload.InForm(to.serializer)
	}
	switch {
	case h.yield != nil && to.caller != nil:
		m := codec.Result{Request: a.Request, Details: dict, Payload: payload}
		r.message = m.Append(r.message[:0], to.serializer)
	case h.yield != nil:
		m := codec.Yield{Request: a.Request, Options: dict, Payload: payload}
		r.message = m.Append(r.message[:0], to.serializer)
	default:
		m := codec.Error{RequestType: to.request(), Request: a.Request, Details: dict, URI: h.err.URI, Payload: payload}
		r.message = m.Append(r.message[:0], to.serializer)
	}
	return nil
}

// fits tells why an answer can't be sent: who called does not take one so long.
func (o *origin) fits(message []byte) error {
	size := len(message)
	switch {
	case size <= o.most:
		return nil
	case o.caller == nil:
		return fmt.Errorf("the answer has %d bytes, and %d is the most that the router takes (router.message_bytes, or what its RawSocket announces)", size, o.most)
	}
	return fmt.Errorf("the answer has %d bytes, and %d is the most that who called takes (limits.message_bytes, or what its RawSocket announces)", size, o.most)
}

// routerTakes is the longest message that may be sent to the router, in bytes.
func (p *Proxy) routerTakes(conn *transport.Conn) int {
	return int(min(int64(conn.MaxSend()), p.config.Router.MessageBytes))
}

// clientTakes is the longest message of a pool that may be sent to a client, in
// bytes: as long as its own may be.
func (p *Proxy) clientTakes(conn *transport.Conn) int {
	return int(min(int64(conn.MaxSend()), p.config.Limits.MessageBytes))
}

// isForeign tells whether the answer holds what only its callee's serializer has.
func (h *hand) isForeign() bool {
	if h.yield != nil {
		return h.yield.Foreign
	}
	return h.err.Foreign
}

// lastWord follows an answer that holds what only its serializer has with an
// ERROR for the same call. Where the router could not put the answer into its
// caller's serializer, that is what the caller gets; else the call is over, and the
// router takes no notice. So Crossbar.io does, which otherwise leaves such a
// caller without any answer. It returns the bytes sent.
func (r *realm) lastWord(out *transport.Outbox, to *origin, request uint64) int {
	r.message = r.errorText(to, request, uriInvalidArgument,
		"the callee's answer holds what only "+to.serializer.String()+" has, and the router can't put it into the caller's serializer")
	out.Send(to.conn, r.message)
	return len(r.message)
}

// hasRoom tells whether a callee's answer may be sent to where the call came
// from, and notes in r.blocked what to wait for if not: the router reads more
// slowly than the callee answers, and what it has not taken yet of that callee is
// the callee's share, or more than all callees may have there. An answer to a
// caller here does not wait: one who does not read is dropped, and must hold up no
// callee that others need.
func (r *realm) hasRoom(s *session, from dealer.OriginID, message []byte) bool {
	to := &r.origins[from]
	if to.conn == nil || to.caller != nil {
		return true
	}
	room, ok := s.callee.share.Admits(to.conn, len(message))
	if !ok {
		r.blocked = room
	}
	return ok
}

// refuse answers a caller with an ERROR.
func (r *realm) refuse(out *transport.Outbox, a *dealer.Action) {
	to := &r.origins[a.Origin]
	procedure, overload := procedureOf(a.Refusal.Pool), configs.DefaultOverloadError
	if block := governing(&r.blocks, procedure); block != nil {
		overload = block.OverloadError
	}
	uri := refusalURI(a.Refusal.Reason, overload)
	r.payload = r.payload[:0]
	r.message = r.errorMessage(to, a.Request, uri, refusalPayload(to.serializer, r.payload, a.Refusal, procedure))
	out.Send(to.conn, r.message)
	r.step++
	if up := r.uplinkOf(a.Pool); up != nil {
		up.refused++
		up.logRefusal(r, a.Refusal, uri)
	}
}

// errorText builds the ERROR that answers a call with one sentence.
func (r *realm) errorText(to *origin, request uint64, uri, text string) []byte {
	return r.errorMessage(to, request, uri, codec.TextPayload(to.serializer, nil, text, nil))
}

// errorMessage builds the ERROR that answers a call.
func (r *realm) errorMessage(to *origin, request uint64, uri string, payload codec.Payload) []byte {
	m := codec.Error{RequestType: to.request(), Request: request, URI: []byte(uri), Payload: payload}
	return m.Append(r.message[:0], to.serializer)
}
