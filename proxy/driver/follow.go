package driver

import (
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// followUp is what follows from an action: an event of its own, or several.
type followUp struct {
	kind      followKind
	uri, text string

	// Whom it concerns. Who has gone meanwhile is not concerned any more, even if
	// somebody else has got the ID.
	action dealer.Action // ID, Request
	callee *Callee
	origin *Origin

	session Session
	run     func(out *transport.Outbox)
}

type followKind uint8

const (
	// unsent is a call that was dispatched and could not be written to its callee:
	// it is answered in the callee's stead.
	unsent followKind = iota + 1
	// unsentPart is the same for a further part of a call that the callee has
	// already: it is answered, and given up at the callee.
	unsentPart
	// told is a call whose caller has had its answer: what its callee still sends is
	// discarded.
	told
	// violation ends a callee.
	violation
	// owners is what the owner has had follow.
	owners
)

// After has a function of the owner's run once the actions at hand are carried
// out, before Perform returns: it may bring events to the dealer. It is for what
// the driver calls ([Owner], [Session]).
func (d *Driver) After(run func(out *transport.Outbox)) {
	d.queue = append(d.queue, followUp{kind: owners, run: run})
}

func (d *Driver) violated(c *Callee, text string) {
	d.queue = append(d.queue, followUp{kind: violation, session: c.Session, text: text})
}

// fail has a call answered whose message could not be written to its callee.
func (d *Driver) fail(a *dealer.Action, uri, text string) {
	to := d.callees[a.Callee]
	f := followUp{kind: unsent, uri: uri, text: text, action: *a, callee: to, origin: d.origins[a.Origin]}
	if a.ID <= to.invoked {
		f.kind = unsentPart
	}
	d.queue = append(d.queue, f)
}

// hasFailed tells whether a part before this one is to end the call.
func (d *Driver) hasFailed(a *dealer.Action) bool {
	return slices.ContainsFunc(d.queue, func(f followUp) bool {
		return (f.kind == unsent || f.kind == unsentPart) && f.action.ID == a.ID && f.action.Callee == a.Callee
	})
}

// settle brings the events that follow, in the order in which they came up, and
// what follows from these behind them. An event of one of them leaves that to the
// loop that it is in.
func (d *Driver) settle(out *transport.Outbox) {
	if d.settling {
		return
	}
	for len(d.queue) > 0 {
		d.settling = true
		d.bring(out, d.queue[0])
		d.settling = false
		d.queue[0] = followUp{}
		d.queue = d.queue[1:]
	}
}

func (d *Driver) bring(out *transport.Outbox, f followUp) {
	switch f.kind {
	case unsent:
		if d.Callee(f.action.Callee) == f.callee {
			d.answerFor(out, f)
		}
	case unsentPart:
		if d.Origin(f.action.Origin) == f.origin {
			d.EndCall(out, f.action.Origin, f.action.Request, f.uri, f.text)
		}
	case told:
		if d.Origin(f.action.Origin) == f.origin {
			d.Perform(out, d.cancel(f.action.Origin, f.action.Request), Hand{})
		}
	case violation:
		f.session.Violate(out, f.text)
	case owners:
		f.run(out)
	}
}

// answerFor answers a call in its callee's stead. It happens at the time of the
// event that it follows from: for the dealer, time never goes back.
func (d *Driver) answerFor(out *transport.Outbox, f followUp) {
	kind := dealer.Error
	if f.action.Peer { // a callee here may be able to take what its link is not
		kind = dealer.Full
	}
	s := f.callee.Serializer
	if d.Origin(f.action.Origin) == f.origin { // who is told, if nobody else has got its place
		s = f.origin.Serializer
	}
	answer := codec.Error{
		RequestType: codec.TypeInvocation, URI: []byte(f.uri), Payload: codec.TextPayload(s, nil, f.text, nil),
	}
	d.Perform(out, d.dealer.Answer(0, f.action.Callee, f.action.ID, kind), Hand{Serializer: s, Error: &answer})
}

// EndCall answers a call by an ERROR with one sentence, whatever has become of the
// call until now.
func (d *Driver) EndCall(out *transport.Outbox, from dealer.OriginID, request uint64, uri, text string) {
	actions := d.cancel(from, request)
	to := d.origins[from]
	d.SendError(out, from, request, uri, codec.TextPayload(to.Serializer, nil, text, nil))
	d.Perform(out, actions, Hand{})
}

// cancel ends a call whose caller needs no answer: it has had one, or gets it now.
func (d *Driver) cancel(from dealer.OriginID, request uint64) []dealer.Action {
	actions := d.dealer.Cancel(0, from, request, codec.CancelKillNoWait)
	return slices.DeleteFunc(actions, func(a dealer.Action) bool { return a.Kind == dealer.Refuse })
}
