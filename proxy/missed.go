package proxy

import (
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// miss answers a new call that can't come to its pool by an ERROR. It is counted, and
// told of, as one that does.
func (r *realm) miss(out *transport.Outbox, call dealer.Missed, uri string, payload codec.Payload) {
	bytes := r.driver.SendError(out, call.Origin, call.Request, uri, payload)
	if r.following.which != dealer.FollowNone {
		r.following.note(&dealer.Action{Kind: dealer.Refuse, Origin: call.Origin, Request: call.Request}, bytes, uri)
	}
	r.driver.Perform(out, r.dealer.Miss(r.now(), call), driver.Hand{})
}

// endOrMiss answers a call by an ERROR with one sentence: one that is under way, or else
// the new one.
func (r *realm) endOrMiss(out *transport.Outbox, call dealer.Missed, uri, text string) {
	if state, _ := r.dealer.CallState(call.Origin, call.Request); state != dealer.Unknown {
		r.driver.EndCall(out, call.Origin, call.Request, uri, text)
		return
	}
	r.miss(out, call, uri, codec.TextPayload(r.driver.Origin(call.Origin).Serializer, nil, text, nil))
}
