package router

import (
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// answer is the callee's message at hand while the dealer's actions are
// carried out: a YIELD or an ERROR.
type answer struct {
	serializer codec.Serializer
	yield      *codec.Yield
	err        *codec.Error
}

// failure is a call that was dispatched but could not be written to its callee.
type failure struct {
	callee dealer.CalleeID
	id     uint64
	cause  error
}

// perform carries out the dealer's actions, in order. r.mu is held.
func (r *realm) perform(out *transport.Outbox, actions []dealer.Action, a answer) {
	for i := range actions {
		action := &actions[i]
		switch action.Kind {
		case dealer.Invoke:
			r.invoke(out, action)
		case dealer.Interrupt:
			r.interrupt(out, action)
		case dealer.Forward:
			r.forward(out, action, a)
		case dealer.Refuse:
			r.refuse(out, action)
		case dealer.Discard, dealer.Release:
			// A late answer; a registration that its callee has given up itself.
		default:
			panic("router: the dealer must not ask for what concerns a proxy only")
		}
	}
	for len(r.unanswerable) > 0 {
		f := r.unanswerable[0]
		r.unanswerable = r.unanswerable[1:]
		r.fail(out, f)
	}
}

// invoke writes an INVOCATION to its callee.
func (r *realm) invoke(out *transport.Outbox, a *dealer.Action) {
	to := r.callees[a.Callee]
	m := codec.Invocation{Request: a.ID, Registration: a.Registration, Details: a.Body.Details}
	if a.StripProgress {
		m.Details, r.stripped = m.Details.Edit(a.Body.Serializer, r.stripped, []string{"receive_progress"}, nil)
	}
	var err error
	if m.Details, m.Payload, err = r.transcode(m.Details, a.Body.Payload, a.Body.Serializer, to.serializer); err != nil {
		r.unanswerable = append(r.unanswerable, failure{a.Callee, a.ID, err})
		return
	}
	r.message = m.Append(r.message[:0], to.serializer)
	r.send(out, to, r.message)
}

// transcode puts a dictionary and a payload into another serializer. What it
// returns is valid until it is called again.
func (r *realm) transcode(dict codec.Dict, payload codec.Payload, from, to codec.Serializer) (codec.Dict, codec.Payload, error) {
	if from == to {
		return dict, payload, nil
	}
	var err error
	if dict, r.dict, err = codec.TranscodeDict(r.dict, dict, from, to); err != nil {
		return dict, payload, err
	}
	payload, r.payload, err = codec.TranscodePayload(r.payload[:0], payload, from, to)
	return dict, payload, err
}

// fail answers a call in its callee's stead.
func (r *realm) fail(out *transport.Outbox, f failure) {
	s := r.callees[f.callee].serializer
	m := codec.Error{
		RequestType: codec.TypeInvocation, Request: f.id, URI: []byte(uriInvalidArgument),
		Payload: codec.TextPayload(s, nil, fmt.Sprintf("the callee speaks %s, which can't express the call: %v", s, f.cause), nil),
	}
	r.perform(out, r.dealer.Answer(0, f.callee, f.id, dealer.Final), answer{serializer: s, err: &m})
}

func (r *realm) interrupt(out *transport.Outbox, a *dealer.Action) {
	to := r.callees[a.Callee]
	m := codec.Interrupt{
		Request: a.ID,
		Options: codec.NewDict(to.serializer, codec.Field{Key: "mode", Value: codec.FieldString(string(a.Mode))}),
	}
	r.message = m.Append(r.message[:0], to.serializer)
	r.send(out, to, r.message)
}

// forward passes a callee's answer on to the caller.
func (r *realm) forward(out *transport.Outbox, a *dealer.Action, h answer) {
	to := r.callers[a.Origin]
	if h.yield != nil {
		r.forwardYield(out, a, h, to)
		return
	}
	m := codec.Error{RequestType: codec.TypeCall, Request: a.Request, URI: h.err.URI}
	details, buffer := h.err.CallDetails(h.serializer, r.details)
	r.details = buffer
	var err error
	if m.Details, m.Payload, err = r.transcode(details, h.err.Payload, h.serializer, to.serializer); err != nil {
		m.Details, m.Payload = codec.Dict{}, codec.Payload{} // the URI says what is needed most
	}
	r.message = m.Append(r.message[:0], to.serializer)
	r.send(out, to, r.message)
}

func (r *realm) forwardYield(out *transport.Outbox, a *dealer.Action, h answer, to *session) {
	details, buffer := h.yield.ResultDetails(h.serializer, r.details, nil)
	r.details = buffer
	details, payload, err := r.transcode(details, h.yield.Payload, h.serializer, to.serializer)
	if err == nil {
		m := codec.Result{Request: a.Request, Details: details, Payload: payload}
		r.message = m.Append(r.message[:0], to.serializer)
		r.send(out, to, r.message)
		return
	}
	origin, request := a.Origin, a.Request
	if !a.Final {
		// The call ends here for its caller, who is told why below; what the
		// callee still sends is discarded.
		for _, canceled := range r.dealer.Cancel(0, origin, request, codec.CancelKillNoWait) {
			if canceled.Kind == dealer.Interrupt {
				r.interrupt(out, &canceled)
			}
		}
	}
	r.errorTo(out, to, codec.TypeCall, request, uriInvalidArgument,
		fmt.Sprintf("the caller speaks %s, which can't express the result: %v", to.serializer, err))
}

// refuse answers a caller with an ERROR of the dealer's own.
func (r *realm) refuse(out *transport.Outbox, a *dealer.Action) {
	uri, text := uriCanceled, ""
	switch a.Refusal.Reason {
	case dealer.ReasonCanceled:
		text = "the call was canceled"
	case dealer.ReasonFeature:
		uri, text = uriFeature, fmt.Sprintf("the callee of %s does not support what the call needs", a.Refusal.Pool)
	case dealer.ReasonCalleeLost:
		text = fmt.Sprintf("the callee of %s left before it answered", a.Refusal.Pool)
	default:
		panic("router: a pool without limits must not refuse a call for " + a.Refusal.Reason.String())
	}
	r.errorTo(out, r.callers[a.Origin], codec.TypeCall, a.Request, uri, text)
}
