package driver

import (
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// forward passes a callee's answer on to where the call came from.
func (d *Driver) forward(out *transport.Outbox, a *dealer.Action, h *Hand) {
	to := d.origins[a.Origin]
	l := letter{request: a.Request, from: h.Serializer, to: to.Serializer}
	d.address(&l, to, a, h)
	d.at.uri = l.uri
	if h.Unfit == nil && l.from != l.to {
		d.later(out, to.Conn, a, &l)
		d.forwarded(a, to, l.payload.Len(), "")
		return
	}
	var message transport.Parts
	uri, text := "", ""
	if h.Unfit != nil {
		uri, text = uriInvalidArgument, "the callee's answer can't be passed on: "+h.Unfit.Error()
	} else {
		var err error
		message, err = d.scratch.build(&l)
		uri, text = to.cantTake(err, message.Len())
	}
	if uri != "" {
		d.scratch.buildErrorText(to, a.Request, uri, text)
		message = transport.Parts{Head: d.scratch.message}
	}
	size := message.Len()
	sendParts(out, to.Conn, message)
	if uri == "" && a.Final && to.HasLastWord && h.isForeign() {
		size += d.lastWord(out, to, a.Request)
	}
	if uri != "" && !a.Final { // the caller has its final answer now
		d.queue = append(d.queue, followUp{kind: told, action: *a, origin: to})
	}
	d.forwarded(a, to, size, uri)
}

// forwarded notes that an answer has its place in the origin's send buffer.
func (d *Driver) forwarded(a *dealer.Action, to *Origin, size int, uri string) {
	if !to.isCaller() && to.Conn != nil {
		d.callees[a.Callee].share.Sent(to.Conn, size)
	}
	d.sent(a, size, uri)
}

// address makes a letter the one that brings a callee's answer to an origin.
func (d *Driver) address(l *letter, to *Origin, a *dealer.Action, h *Hand) {
	s := &d.scratch
	l.memory, l.given = h.Memory, true
	if h.Error != nil {
		l.kind, l.of, l.uri = codec.TypeError, to.request(), h.Error.URI
		l.dict, l.payload = h.Error.Details, h.Error.Payload
		if to.isCaller() {
			l.dict, s.edited = h.Error.CallDetails(h.Serializer, s.edited)
		}
		return
	}
	l.kind, l.dict, l.payload = codec.TypeYield, h.Yield.Options, h.Yield.Payload
	if to.isCaller() {
		l.kind, s.fields = codec.TypeResult, s.fields[:0]
		if to.NamesCallees {
			s.fields = d.callees[a.Callee].Identity.asCallee(s.fields)
		}
		l.dict, s.edited = h.Yield.ResultDetails(h.Serializer, s.edited, s.fields)
	}
}

// cantTake returns the ERROR in place of an answer that an origin can't be sent: by
// what its serializer can't express, or by its length; else "".
func (o *Origin) cantTake(unfit error, size int) (uri, text string) {
	switch {
	case unfit != nil:
		return uriInvalidArgument, "the callee's answer does not fit the serializer of who called: " + unfit.Error()
	case size <= o.Most.Bytes:
		return "", ""
	}
	who := "the router"
	if o.isCaller() {
		who = "who called"
	}
	return uriPayloadSize, fmt.Sprintf("the answer has %d bytes, and %d is the most that %s takes (%s)", size, o.Most.Bytes, who, o.Most.By)
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
	d.scratch.buildErrorText(to, request, uriInvalidArgument,
		"the callee's answer holds what only "+to.Serializer.String()+" has, and the router can't put it into the caller's serializer")
	send(out, to.Conn, d.scratch.message)
	return len(d.scratch.message)
}

// request is what the origin's calls come as.
func (o *Origin) request() codec.MessageType {
	if o.isCaller() {
		return codec.TypeCall
	}
	return codec.TypeInvocation
}

// forwardOwn passes a callee's answer on to the router on its own session.
func (d *Driver) forwardOwn(out *transport.Outbox, a *dealer.Action, h *Hand) {
	c := d.callees[a.Callee]
	if a.ID == a.Request {
		send(out, c.Router, h.Raw)
	} else {
		d.scratch.message = h.Head.AppendWithID(d.scratch.message[:0], a.Request)
		send(out, c.Router, d.scratch.message)
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
	switch {
	case a.Refusal.Reason == dealer.ReasonFull:
		d.scratch.buildFull(to, a.Request, payload)
		send(out, to.Conn, d.scratch.message)
		d.sent(a, len(d.scratch.message), uri)
		return
	case to.isPeer && a.Refusal.Reason == dealer.ReasonNoCallee: // the peer may know others
		uri = uriUnavailable
	}
	d.scratch.buildError(to, a.Request, uri, payload)
	send(out, to.Conn, d.scratch.message)
	d.sent(a, len(d.scratch.message), uri)
}

// SendError answers a call with an ERROR, of which the dealer knows nothing. It
// returns how many bytes that has.
func (d *Driver) SendError(out *transport.Outbox, from dealer.OriginID, request uint64, uri string, payload codec.Payload) (bytes int) {
	to := d.origins[from]
	d.scratch.buildError(to, request, uri, payload)
	send(out, to.Conn, d.scratch.message)
	return len(d.scratch.message)
}
