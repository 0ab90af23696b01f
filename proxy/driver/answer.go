package driver

import (
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// forward passes a callee's answer on to where the call came from.
func (d *Driver) forward(out *transport.Outbox, a *dealer.Action, h Hand) {
	to := d.origins[a.Origin]
	uri, text := "", ""
	if h.Unfit != nil {
		uri, text = uriInvalidArgument, "the callee's answer can't be passed on: "+h.Unfit.Error()
	} else if err := d.buildAnswer(to, a, h); err != nil {
		uri, text = uriInvalidArgument, "the callee's answer does not fit the serializer of who called: "+err.Error()
	} else if size := len(d.scratch.message); size > to.Most.Bytes {
		uri, text = uriPayloadSize, to.tooLong(size)
	}
	if uri != "" {
		d.buildError(to, a.Request, uri, codec.TextPayload(to.Serializer, nil, text, nil))
	}
	size := len(d.scratch.message)
	send(out, to.Conn, d.scratch.message)
	d.at.step++
	if uri == "" && a.Final && to.HasLastWord && h.Serializer == to.Serializer && h.isForeign() {
		size += d.lastWord(out, to, a.Request)
	}
	if !to.isCaller() && to.Conn != nil {
		d.callees[a.Callee].share.Sent(to.Conn, size)
	}
	if uri != "" && !a.Final { // the caller has its final answer now
		d.queue = append(d.queue, followUp{kind: told, action: *a, origin: to})
	}
	d.owner.Carried(a, size, uri)
}

// buildAnswer builds the message that brings a callee's answer to an origin.
func (d *Driver) buildAnswer(to *Origin, a *dealer.Action, h Hand) error {
	s := &d.scratch
	dict, payload := d.answerAtHand(to, a, h)
	dict, payload, err := s.transcode(dict, payload, h.Serializer, to.Serializer)
	if err != nil {
		return err
	}
	if !to.isCaller() {
		payload = payload.InForm(to.Serializer)
	}
	switch {
	case h.Error != nil:
		m := codec.Error{RequestType: to.request(), Request: a.Request, Details: dict, URI: h.Error.URI, Payload: payload}
		s.message = m.Append(s.message[:0], to.Serializer)
	case to.isCaller():
		m := codec.Result{Request: a.Request, Details: dict, Payload: payload}
		s.message = m.Append(s.message[:0], to.Serializer)
	default:
		m := codec.Yield{Request: a.Request, Options: dict, Payload: payload}
		s.message = m.Append(s.message[:0], to.Serializer)
	}
	return nil
}

// answerAtHand returns the Details or Options of an answer for an origin, and its
// payload, in the callee's serializer.
func (d *Driver) answerAtHand(to *Origin, a *dealer.Action, h Hand) (dict codec.Dict, payload codec.Payload) {
	s := &d.scratch
	switch {
	case h.Error != nil && to.isCaller():
		dict, s.edited = h.Error.CallDetails(h.Serializer, s.edited)
		return dict, h.Error.Payload
	case h.Error != nil:
		return h.Error.Details, h.Error.Payload
	case to.isCaller():
		s.fields = s.fields[:0]
		if to.NamesCallees {
			s.fields = d.callees[a.Callee].Identity.asCallee(s.fields)
		}
		dict, s.edited = h.Yield.ResultDetails(h.Serializer, s.edited, s.fields)
		return dict, h.Yield.Payload
	}
	return h.Yield.Options, h.Yield.Payload
}

// isForeign tells whether the answer holds what only its callee's serializer has.
func (h *Hand) isForeign() bool {
	if h.Error != nil {
		return h.Error.Foreign
	}
	return h.Yield.Foreign
}

// lastWord follows an answer that holds what only its serializer has with an
// ERROR for the same call. Where the router could not put the answer into its
// caller's serializer, that is what the caller gets; else the call is over, and the
// router takes no notice. So Crossbar.io does, which otherwise leaves such a
// caller without any answer. It returns the bytes sent.
func (d *Driver) lastWord(out *transport.Outbox, to *Origin, request uint64) int {
	d.buildError(to, request, uriInvalidArgument, codec.TextPayload(to.Serializer, nil,
		"the callee's answer holds what only "+to.Serializer.String()+" has, and the router can't put it into the caller's serializer", nil))
	send(out, to.Conn, d.scratch.message)
	return len(d.scratch.message)
}

// tooLong says why an answer of that size can't be sent.
func (o *Origin) tooLong(size int) string {
	who := "the router"
	if o.isCaller() {
		who = "who called"
	}
	return fmt.Sprintf("the answer has %d bytes, and %d is the most that %s takes (%s)", size, o.Most.Bytes, who, o.Most.By)
}

// request is what the origin's calls come as.
func (o *Origin) request() codec.MessageType {
	if o.isCaller() {
		return codec.TypeCall
	}
	return codec.TypeInvocation
}

// forwardOwn passes a callee's answer on to the router on its own session.
func (d *Driver) forwardOwn(out *transport.Outbox, a *dealer.Action, h Hand) {
	c := d.callees[a.Callee]
	if a.ID == a.Request {
		send(out, c.Router, h.Raw)
	} else {
		element := 1
		if h.Error != nil {
			element = 2
		}
		message, err := codec.AppendWithID(d.scratch.message[:0], c.Serializer, h.Raw, element, a.Request)
		if err != nil {
			d.violated(c, "malformed answer")
		} else {
			d.scratch.message = message
			send(out, c.Router, message)
		}
	}
	if a.Final {
		c.Session.OwnAnswered()
	}
}

// Refuse answers a caller with the ERROR of a refusal: the dealer's, or one of the
// owner's for a call that the dealer has not seen.
func (d *Driver) Refuse(out *transport.Outbox, a *dealer.Action) {
	to := d.origins[a.Origin]
	uri, payload := d.owner.Refusal(a, to.Serializer, d.scratch.payload)
	d.buildError(to, a.Request, uri, payload)
	send(out, to.Conn, d.scratch.message)
	d.sent(a, len(d.scratch.message), uri)
}

// SendError answers a call with an ERROR, of which the dealer knows nothing.
func (d *Driver) SendError(out *transport.Outbox, from dealer.OriginID, request uint64, uri string, payload codec.Payload) {
	to := d.origins[from]
	d.buildError(to, request, uri, payload)
	send(out, to.Conn, d.scratch.message)
}

func (d *Driver) buildError(to *Origin, request uint64, uri string, payload codec.Payload) {
	m := codec.Error{RequestType: to.request(), Request: request, URI: []byte(uri), Payload: payload}
	d.scratch.message = m.Append(d.scratch.message[:0], to.Serializer)
}
