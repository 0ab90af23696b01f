package dealer

import (
	"time"

	"github.com/wampool/wampool/codec"
)

// Call is an INVOCATION that arrived for a pool, or a CALL of a local caller.
type Call struct {
	Pool            PoolID
	Origin          OriginID
	Request         uint64 // as the origin knows it
	Body            codec.Body
	Timeout         time.Duration // the caller's, from the call's arrival on; 0: none
	ReceiveProgress bool          // Details.receive_progress
	Progress        bool          // Details.progress: more parts of this call follow
	Passthru        bool          // the payload is opaque: payload passthru mode
}

// Call takes a new call, or a further part of a progressive one (the same
// Request as one that has not ended). It is dispatched at once if nobody waits
// and a callee has room, else it waits if the queue has room, else it is
// refused. What is kept of the body, while it waits and in case it is handed on, is
// copied, or its memory held ([codec.Body]).
func (d *Dealer) Call(now Time, in Call) []Action {
	d.begin(now)
	p, o := d.pool(in.Pool), d.origin(in.Origin)
	d.elapse()
	if i := o.call(in.Request); i != noCall {
		d.continueCall(i, in)
		return d.actions
	}
	if o.ended.has(in.Request) {
		return d.actions // the rest of a progressive call that was answered before its end
	}
	switch config := &p.config; {
	case o.kind == PeerOrigin:
		d.callFromPeer(p, in)
	case d.draining:
		d.turnAway(p, in, ReasonDraining, 0)
	case !p.open:
		d.turnAway(p, in, ReasonNoCallee, 0)
	case p.queue.handed == p.queue.tail && !p.paused && p.roster.withRoom() > 0: // nobody waits who could have that room
		i := d.take(p, in)
		d.dispatch(i, d.pick(p, nil), in.Body, false)
	case len(p.peers) > 0 && d.forward(p, in):
	case p.roster.size == 0 && config.QueueLimit == 0:
		d.turnAway(p, in, ReasonNoCallee, 0)
	case config.QueueLimit == 0:
		d.turnAway(p, in, ReasonConcurrency, p.roster.slots())
	case p.queue.length >= config.QueueLimit:
		d.turnAway(p, in, ReasonQueueFull, config.QueueLimit)
	case config.QueueBytes > 0 && p.queue.bytes+in.Body.Len() > config.QueueBytes:
		d.turnAway(p, in, ReasonQueueBytes, config.QueueBytes)
	default:
		i := d.take(p, in)
		c := d.calls.at(i)
		c.body = in.Body.Hold(d.buffer())
		p.queue.push(&d.calls, i)
		p.mark()
		d.watch(i)
		if config.QueueTimeout > 0 {
			d.next = min(d.next, later(d.now, config.QueueTimeout))
		}
	}
	return d.actions
}

// turnAway refuses a call at its arrival.
func (d *Dealer) turnAway(p *pool, in Call, reason Reason, limit int) {
	t := d.tallyOf(p)
	t.receive(d.origins[in.Origin].kind)
	t.Ended[outcomeOf(reason)]++
	if d.tells(outcomeOf(reason)) {
		d.tellRefused(p, &in, reason)
	}
	d.refuse(p, in.Origin, in.Request, reason, limit, 0)
	if in.Progress {
		d.origins[in.Origin].ended.add(in.Request)
	}
}

// take records a call that is going to be dispatched or to wait.
func (d *Dealer) take(p *pool, in Call) callIndex {
	i := d.insert(p, in.Origin, in.Request)
	c := d.calls.at(i)
	c.receiveProgress = in.ReceiveProgress
	c.open = in.Progress
	c.grow(in.Body.Len())
	c.needs = needs{passthru: in.Passthru, progressive: in.Progress}
	if in.Timeout > 0 {
		c.special().timeout, c.rare.deadline = in.Timeout, later(d.now, in.Timeout)
	}
	return i
}

// maxHeldParts is how many parts of one progressive call are held, while it
// waits or in case it is handed on.
const maxHeldParts = 256

// continueCall takes a further part of a progressive call: to the same callee
// under the same ID, or behind the parts that wait already ("Progressive Call
// Invocations", #name-progressive-call-invocation). A part of a call that expects none is a repeated request ID,
// which means nothing, so it is dropped.
func (d *Dealer) continueCall(i callIndex, in Call) {
	c := d.calls.at(i)
	if !c.open {
		return
	}
	c.open = in.Progress
	c.grow(in.Body.Len())
	switch {
	case c.state == waiting:
		d.appendPart(i, in)
	case !c.at.active && !c.at.callee.peer: // no INVOCATION after UNREGISTERED
		d.interruptCallee(c)
		d.refuseCall(c, ReasonCalleeLost, 0, 0)
		d.abandon(c)
	default:
		d.keepPart(c, in.Body)
		d.invoke(c, in.Body, 0, false)
	}
}

// appendPart puts a part behind those of a call that waits.
func (d *Dealer) appendPart(i callIndex, in Call) {
	c := d.calls.at(i)
	p, n := c.pool, in.Body.Len()
	reason, limit := Reason(0), 0
	switch {
	case len(c.parts()) >= maxHeldParts:
		reason, limit = ReasonQueueFull, maxHeldParts
	case p.config.QueueBytes > 0 && p.queue.bytes+n > p.config.QueueBytes:
		reason, limit = ReasonQueueBytes, p.config.QueueBytes
	}
	if reason != 0 {
		d.refuseCall(c, reason, limit, d.now-c.since)
		d.remove(i)
		return
	}
	rare := c.special()
	rare.more = append(rare.more, in.Body.Hold(d.buffer()))
	p.queue.bytes += n
}

// keepPart holds on to a part of a call in flight, or lets go of the whole call.
func (d *Dealer) keepPart(c *call, body codec.Body) {
	if !c.kept {
		return
	}
	if len(c.parts()) >= maxHeldParts || c.pool.kept+body.Len() > c.pool.config.KeptBytes {
		d.recycle(c)
		return
	}
	rare := c.special()
	rare.more = append(rare.more, body.Hold(d.buffer()))
	c.pool.kept += body.Len()
}

// dispatch hands a call to a callee that has room; held tells whether its
// message is the dealer's own. A callee that lacks a feature which the call
// needs gets nothing: the call is refused by wamp.error.feature_not_supported
// ("Progressive Call Invocations", #name-progressive-call-invocation; "Payload
// Passthru Mode", #name-payload-passthru-mode).
func (d *Dealer) dispatch(i callIndex, r *registration, body codec.Body, held bool) {
	c := d.calls.at(i)
	c.state = running // linked in no queue
	if !r.callee.suits(c.needs) {
		d.refuseCall(c, ReasonFeature, 0, d.now-c.since)
		d.remove(i)
		return
	}
	c.pool.tally.Wait.Observe(d.now - c.since)
	c.begun = d.now
	d.occupy(i, r)
	d.invoke(c, body, d.handDownTimeout(i), held)
	for i := range c.parts() {
		d.invoke(c, c.rare.more[i].Body(), 0, held)
	}
	d.keep(c, body, held)
}

// suits tells whether a callee has announced what a call needs.
func (c *callee) suits(needs needs) bool {
	f := &c.features
	return (!needs.passthru || f.PayloadPassthruMode || f.PayloadTransparency) && (!needs.progressive || f.ProgressiveCallInvocations)
}

// handDownTimeout sees to it that somebody times a call that is dispatched: its
// callee if it announced that it does, else the dealer ("Call Timeouts",
// #name-call-timeouts). It returns what is left of the call's time if some of it
// has passed already, else 0.
func (d *Dealer) handDownTimeout(i callIndex) time.Duration {
	c := d.calls.at(i)
	if c.rare == nil || c.rare.timeout == 0 {
		return 0
	}
	if c.at.callee.features.CallTimeout {
		d.unwatch(c)
	} else {
		d.watch(i)
	}
	if rest := c.rare.deadline - d.now; rest < c.rare.timeout {
		return rest
	}
	return 0
}

// invoke asks for an INVOCATION of a running call. A callee that announced progress
// may produce it ("Progressive Call Results", #name-progressive-call-results); that
// it must have announced call_canceling as well is not asked of it, for
// Autobahn|JS has not.
func (d *Dealer) invoke(c *call, body codec.Body, rest time.Duration, held bool) {
	r := c.at
	d.do(Action{
		Kind: Invoke, Pool: c.pool.id, Callee: r.callee.id, ID: c.id, Registration: r.id,
		Origin: c.origin, Request: c.request, Body: body, Rest: rest, Held: held,
		StripProgress: !r.callee.features.ProgressiveCallResults, Peer: r.callee.peer,
	})
}
