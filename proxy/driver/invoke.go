package driver

import (
	"fmt"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// URIs of what the driver itself answers ("Basic Profile URIs",
// #name-basic-profile-uris).
const (
	uriCanceled        = "wamp.error.canceled"
	uriInvalidArgument = "wamp.error.invalid_argument"
	uriPayloadSize     = "wamp.error.payload_size_exceeded"
)

// invoke writes an INVOCATION to a callee: a new header before the details and
// the payload as they came, or as they are in the callee's serializer.
func (d *Driver) invoke(out *transport.Outbox, a *dealer.Action) {
	if d.hasFailed(a) {
		return
	}
	to := d.callees[a.Callee]
	l := letter{
		kind: codec.TypeInvocation, request: a.ID, registration: a.Registration,
		dict: d.details(to, a), payload: a.Body.Payload, memory: a.Body.Memory, from: a.Body.Serializer, to: to.Serializer,
	}
	size := a.Body.Payload.Len()
	if l.from != l.to && !to.hasPart(a) {
		d.later(out, to.Conn, a, &l)
	} else {
		message, err := d.scratch.build(&l)
		size = message.Len()
		if uri, text := to.cantTake(err, size); uri != "" {
			d.fail(a, uri, text)
			return
		}
		sendParts(out, to.Conn, message)
	}
	to.invoked = max(to.invoked, a.ID)
	d.sent(a, size, "")
}

// hasPart tells whether an INVOCATION is, or begins, a call in several parts
// ("Progressive Call Invocations", #name-progressive-call-invocation).
func (c *Callee) hasPart(a *dealer.Action) bool {
	if a.ID <= c.invoked {
		return true
	}
	_, progress := a.Body.Details.Lookup(a.Body.Serializer, "progress")
	return progress
}

// cantTake returns the ERROR for a call that its callee can't be sent: by what the
// callee's serializer can't express, or by its length; else "".
func (c *Callee) cantTake(unfit error, size int) (uri, text string) {
	switch {
	case unfit != nil:
		return uriInvalidArgument, "the call's payload does not fit the callee's serializer: " + unfit.Error()
	case size > c.Most.Bytes:
		return uriPayloadSize, fmt.Sprintf("the call has %d bytes, and %d is the most that the callee takes (%s)", size, c.Most.Bytes, c.Most.By)
	}
	return "", ""
}

// details are an INVOCATION's, in the serializer of the call.
func (d *Driver) details(to *Callee, a *dealer.Action) codec.Dict {
	s := &d.scratch
	s.dropped, s.fields = s.dropped[:0], s.fields[:0]
	if from := d.origins[a.Origin]; from.isCaller() && to.Session.Discloses(a.Registration) {
		s.dropped = append(s.dropped, callerKeys[:]...)
		s.fields = from.Identity.AsCaller(s.fields)
	}
	if a.StripProgress {
		s.dropped = append(s.dropped, "receive_progress")
	}
	if a.Rest > 0 {
		s.dropped = append(s.dropped, "timeout")
		s.fields = append(s.fields, codec.Field{Key: "timeout", Value: codec.FieldUint(inUnits(a.Rest, d.owner.TimeoutUnit()))})
	}
	if a.Peer {
		d.namePool(to, a)
	}
	if len(s.dropped) == 0 {
		return a.Body.Details
	}
	var details codec.Dict
	details, s.edited = a.Body.Details.Edit(a.Body.Serializer, s.edited, s.dropped, s.fields)
	return details
}

// inUnits is what is left of a call's timeout as the router counts it: at least
// 1, since 0 would be none ("Call Timeouts", #name-call-timeouts).
func inUnits(rest, unit time.Duration) uint64 { return max(1, uint64((rest+unit-1)/unit)) } //nolint:gosec // not negative: a call whose time is over is not dispatched

// interrupt writes an INTERRUPT to a callee, with all options of the one at hand.
func (d *Driver) interrupt(out *transport.Outbox, a *dealer.Action, h *Hand) {
	to := d.callees[a.Callee]
	m := codec.Interrupt{Request: a.ID, Mode: a.Mode}
	if h.Interrupt != nil {
		var err error
		if m.Options, _, err = d.scratch.transcode(h.Interrupt.Options, codec.Payload{}, h.Serializer, to.Serializer); err != nil {
			m.Options = codec.Dict{}
		}
	}
	if m.Options.Empty() && a.Mode != "" {
		m.Options = codec.NewDict(to.Serializer, codec.Field{Key: "mode", Value: codec.FieldString(string(a.Mode))})
	}
	d.scratch.message = m.Append(d.scratch.message[:0], to.Serializer)
	to.sendInterrupt(out, &m, d.scratch.message)
}

// send appends a message to a send buffer, unless there is nobody to get it any more.
func send(out *transport.Outbox, to *transport.Conn, message []byte) {
	if to != nil {
		out.Send(to, message)
	}
}

// sendParts is send for a message in parts.
func sendParts(out *transport.Outbox, to *transport.Conn, message transport.Parts) {
	if to != nil {
		out.SendParts(to, message)
	}
}
