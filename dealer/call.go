package dealer

import "github.com/wampool/wampool/codec"

// Call is an INVOCATION that arrived for a pool, or a CALL of a local caller.
type Call struct {
	Pool            PoolID
	Origin          OriginID
	Request         uint64 // as the origin knows it
	Body            codec.Body
	ReceiveProgress bool // Details.receive_progress
	Progress        bool // Details.progress: more parts of this call follow
	Passthru        bool // the payload is opaque: payload passthru mode
}

// Call takes a new call, or a further part of a progressive one (the same
// Request as one that has not ended). It is dispatched at once if nobody waits
// and a callee has room, else it waits if the queue has room, else it is
// refused. The body is copied if it has to wait.
func (d *Dealer) Call(now Time, in Call) []Action {
	d.begin(now)
	p, o := d.pool(in.Pool), d.origin(in.Origin)
	if i, active := o.calls[in.Request]; active {
		d.continueCall(i, in)
		return d.actions
	}
	if o.ended.has(in.Request) {
		return d.actions // the rest of a progressive call that was answered before its end
	}
	switch {
	case d.draining:
		d.turnAway(p, in, ReasonDraining, 0)
	case !p.open:
		d.turnAway(p, in, ReasonNoCallee, 0)
	case p.queue.length == 0 && p.roster.withRoom() > 0:
		i := d.insert(p, in.Origin, in.Request)
		d.describe(d.calls.at(i), in)
		d.dispatch(i, in.Body)
	case p.queue.length < p.config.QueueLimit:
		i := d.insert(p, in.Origin, in.Request)
		c := d.calls.at(i)
		d.describe(c, in)
		c.body, c.buffer = in.Body.Clone(d.buffer())
		p.queue.push(&d.calls, i)
		if p.config.QueueTimeout > 0 {
			d.next = min(d.next, d.now+p.config.QueueTimeout)
		}
	case p.config.QueueLimit > 0:
		d.turnAway(p, in, ReasonQueueFull, p.config.QueueLimit)
	case p.roster.size == 0:
		d.turnAway(p, in, ReasonNoCallee, 0)
	default:
		d.turnAway(p, in, ReasonConcurrency, p.roster.capacity)
	}
	return d.actions
}

// turnAway refuses a call at its arrival.
func (d *Dealer) turnAway(p *pool, in Call, reason Reason, limit int) {
	d.refuse(p, in.Origin, in.Request, reason, limit, 0)
	if in.Progress {
		d.origins[in.Origin].ended.add(in.Request)
	}
}

func (d *Dealer) describe(c *call, in Call) {
	c.receiveProgress = in.ReceiveProgress
	c.open = in.Progress
	c.needs = needs{passthru: in.Passthru, progressive: in.Progress}
}

// maxWaitingParts is how many parts of one progressive call may wait.
const maxWaitingParts = 256

// continueCall takes a further part of a progressive call: to the same callee
// under the same ID, or behind the parts that wait already ("Progressive Call
// Invocations"). A part of a call that expects none is a repeated request ID,
// which means nothing, so it is dropped.
func (d *Dealer) continueCall(i callIndex, in Call) {
	c := d.calls.at(i)
	if !c.open {
		return
	}
	c.open = in.Progress
	if c.state == waiting {
		if len(c.more) >= maxWaitingParts {
			c.open = true // what still comes of it is dropped
			d.refuse(c.pool, c.origin, c.request, ReasonQueueFull, maxWaitingParts, d.now-c.arrived)
			d.remove(i)
			return
		}
		body, buffer := in.Body.Clone(d.buffer())
		c.more = append(c.more, part{body, buffer})
		c.pool.queue.bytes += body.Len()
		return
	}
	d.invoke(c, in.Body)
}

// dispatch hands a call to a callee that has room, which must exist. A callee
// that lacks a feature which the call needs gets nothing: the call is refused.
func (d *Dealer) dispatch(i callIndex, body codec.Body) {
	c := d.calls.at(i)
	c.state = running // linked in no queue
	r := d.pick(c.pool)
	f := &r.callee.features
	if c.needs.passthru && !f.PayloadPassthruMode && !f.PayloadTransparency ||
		c.needs.progressive && !f.ProgressiveCallInvocations {
		d.refuse(c.pool, c.origin, c.request, ReasonFeature, 0, d.now-c.arrived)
		d.remove(i)
		return
	}
	d.occupy(i, r)
	d.invoke(c, body)
	for _, m := range c.more {
		d.invoke(c, m.body)
	}
	d.recycle(c)
	c.receiveProgress = c.receiveProgress && f.ProgressiveCallResults
}

// invoke asks for an INVOCATION of a running call.
func (d *Dealer) invoke(c *call, body codec.Body) {
	r := c.at
	d.do(Action{
		Kind: Invoke, Pool: c.pool.id, Callee: r.callee.id, ID: c.id, Registration: r.id,
		Origin: c.origin, Request: c.request, Body: body,
		StripProgress: !r.callee.features.ProgressiveCallResults,
	})
}

// fill dispatches who waits while somebody has room: the work-conserving step
// at the end of every event that may have freed or added a slot.
func (d *Dealer) fill(p *pool) {
	for p.queue.length > 0 && p.roster.withRoom() > 0 {
		i := p.queue.head
		p.queue.remove(&d.calls, i)
		d.dispatch(i, d.calls.at(i).body)
	}
}
