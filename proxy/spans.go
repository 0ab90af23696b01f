package proxy

import (
	"context"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/spans"
)

// Calls become spans as they end, with the times that the dealer has of them. What their
// callers' spans are is read from the payload as the call comes, by its reader, and
// remembered until the call ends.

// startSpans begins to trace, or returns nil where that is not asked for.
func (p *Proxy) startSpans(config *configs.Trace) (*spans.Recorder, error) {
	if config == nil {
		return nil, nil
	}
	return spans.Start(p.log, buildVersion())
}

// setSpans has calls traced from now on, or not any more. It returns who traced them until
// now.
func (p *Proxy) setSpans(to *spans.Recorder) (before *spans.Recorder) {
	before = p.spans.Swap(to)
	for _, r := range p.known() {
		r.mu.Lock()
		r.followCalls()
		r.mu.Unlock()
	}
	return before
}

// stopSpans sends the spans that there are, within the time that the drain has left, or
// that a GOODBYE may take.
func (p *Proxy) stopSpans(deadline time.Time) {
	of := p.setSpans(nil)
	if of == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), max(time.Until(deadline), leaveGrace))
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		of.Stop(ctx)
	}()
	select {
	case <-done:
		return
	case <-p.now:
		cancel()
	}
	<-done
}

// traces begins to trace where nothing did.
func (c *change) traces() (err error) {
	c.differs("trace", c.old.Trace, c.next.Trace)
	if c.old.Trace == nil {
		c.spans, err = c.proxy.startSpans(c.next.Trace)
	}
	return err
}

// changeTraces has calls traced, or no longer.
func (c *change) changeTraces() {
	switch {
	case c.spans != nil:
		c.proxy.setSpans(c.spans)
	case c.next.Trace == nil:
		stopRecorder(c.proxy.setSpans(nil))
	}
}

// stopRecorder sends the spans that there are, for as long as a GOODBYE may take.
func stopRecorder(of *spans.Recorder) {
	if of != nil {
		ctx, cancel := context.WithTimeout(context.Background(), leaveGrace)
		defer cancel()
		of.Stop(ctx)
	}
}

// maxContextPayload is the longest payload that is looked into for a call's context, in
// bytes: its keywords come last, and the pool session's reader has to pass over all
// that is before them.
const maxContextPayload = 64 << 10

// contextOf returns what span a call was made in, if that is asked for and said. Of an
// opaque payload nobody knows.
func (p *Proxy) contextOf(s codec.Serializer, payload codec.Payload, isOpaque bool) (parent spans.Parent) {
	if p.spans.Load() == nil || isOpaque || payload.Len() > maxContextPayload {
		return parent
	}
	config := p.config().Trace
	if config == nil || config.Context == "" {
		return parent
	}
	if text, is := payload.Kwarg(s, config.Kwarg()); is {
		parent, _ = spans.ParseParent(text)
	}
	return parent
}

// arrival names a call by where it came from and when: a request ID may come again when
// a session has begun anew, while its former call still runs.
type arrival struct {
	origin  dealer.OriginID
	request uint64
	at      dealer.Time
}

// maxParents bounds how many calls of a realm are remembered with what they were made
// in. Beyond it all are forgotten: their spans begin traces of their own.
const maxParents = 1 << 16

// deal hands a call, or a further part of one, to the dealer. realm.mu is held.
func (r *realm) deal(said *message, in dealer.Call) []dealer.Action {
	now := r.now()
	if said.parent != (spans.Parent{}) && r.proxy.spans.Load() != nil {
		if state, _ := r.dealer.CallState(in.Origin, in.Request); state == dealer.Unknown {
			if len(r.parents) >= maxParents {
				clear(r.parents)
			}
			r.parents[arrival{in.Origin, in.Request, now}] = said.parent
		}
	}
	return r.dealer.Call(now, in)
}

// parentOf returns what a call that has ended was made in, and forgets it.
func (r *realm) parentOf(e *dealer.End) spans.Parent {
	if len(r.parents) == 0 {
		return spans.Parent{}
	}
	key := arrival{e.Origin, e.Request, e.Arrived}
	parent := r.parents[key]
	delete(r.parents, key)
	return parent
}

// addSpans has a call that has just ended told as spans.
func addSpans(to *spans.Recorder, e *dealer.End, parent spans.Parent, call *admin.TracedCall) {
	to.Add(&spans.Call{
		Parent: parent, Realm: call.Realm, Pool: call.Pool, Origin: call.Origin, Caller: call.Caller, Request: call.Request,
		Callee: call.Callee, AuthID: call.AuthID, Peer: call.Peer, CalleeRequest: call.CalleeRequest,
		Outcome: call.Outcome, IsFault: wentWrong(e.Outcome),
		Error: call.Error, Bytes: call.Bytes, Ended: time.Now(), Waited: e.Waited, Ran: e.Ran,
	})
}

// wentWrong tells whether a call ended otherwise than it should, and as its caller wanted.
func wentWrong(o dealer.Outcome) bool {
	switch o {
	case dealer.Result, dealer.Forwarded, dealer.Canceled, dealer.CallerGone:
		return false
	}
	return true
}
