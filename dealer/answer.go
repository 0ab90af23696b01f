package dealer

import "github.com/wampool/wampool/codec"

// AnswerKind says what a callee's answer means.
type AnswerKind uint8

const (
	// Progress is a YIELD with Options.progress: more answers follow.
	Progress AnswerKind = iota + 1
	// Final is a YIELD without.
	Final
	// Error is an ERROR.
	Error
	// Unavailable is the ERROR wamp.error.unavailable: another callee is to get
	// the call ("Call Re-Routing", #name-call-re-routing).
	Unavailable
	// Full is that ERROR of a peer that had no slot for the call after all: the call
	// waits again as if it had never left ([Dealer.AddPeer]). Of any other callee it is
	// Unavailable.
	Full
)

// Answer takes a YIELD or ERROR(INVOCATION) that a callee sent under the ID
// that it knows. The first action says what becomes of the message at hand:
// Forward, ForwardOwn, Discard or Violate; the slot of a final answer goes to
// whoever waits.
func (d *Dealer) Answer(now Time, from CalleeID, id uint64, kind AnswerKind) []Action {
	d.begin(now)
	final := kind != Progress
	ids := &d.callee(from).requests
	switch i, known := ids.call(id); {
	case i != noCall:
		d.answerCall(i, kind)
	case known:
		d.do(Action{Kind: ForwardOwn, Callee: from, ID: id, Request: ids.own[id].request, Final: final})
		if final {
			ids.release(id)
		}
	case ids.unchanged(id):
		d.do(Action{Kind: ForwardOwn, Callee: from, ID: id, Request: id, Final: final})
	case ids.issued(id):
		d.do(Action{Kind: Discard, Callee: from, ID: id}) // answered twice
	default:
		d.do(Action{Kind: Violate, Callee: from, ID: id})
	}
	return d.actions
}

func (d *Dealer) answerCall(i callIndex, kind AnswerKind) {
	c := d.calls.at(i)
	switch {
	case kind == Full && c.at.callee.peer:
		if d.takeBack(i) {
			return
		}
	case kind == Full || kind == Unavailable:
		if d.refuseByCallee(i) {
			return
		}
	}
	p, r, final := c.pool, c.at, kind != Progress
	a := Action{
		Kind: Forward, Pool: p.id, Callee: r.callee.id, ID: c.id,
		Origin: c.origin, Request: c.request, Final: final,
	}
	// Progress is for who asked for it ("Progressive Call Results",
	// #name-progressive-call-results).
	wanted := final || c.receiveProgress && r.callee.features.ProgressiveCallResults
	if c.state == defunct || !wanted {
		a.Kind = Discard
	}
	d.do(a)
	if final {
		d.count(c, kind)
		d.remove(i)
		d.fillAfter(p, r.share)
		return
	}
	if a.Kind == Forward {
		c.tied = true
		d.extend(c)
	}
}

// count counts the last answer of a call. One that its caller has canceled by kill,
// which waits for the answer, is so by an ERROR; what is discarded ends by what has
// become of the call before.
func (d *Dealer) count(c *call, kind AnswerKind) {
	t, peer := &c.pool.tally, c.at.callee.peer
	if !peer { // whose callee is counted there
		t.Callee.Observe(d.now - c.begun)
		if d.loads != nil {
			c.pool.learn(d.now - c.begun)
		}
	}
	if c.state == defunct {
		return
	}
	t.Call.Observe(d.now - c.arrived)
	switch {
	case kind != Final && c.outcome == Canceled:
	case peer:
		c.outcome = Forwarded
	case kind == Final:
		c.outcome = Result
	default:
		c.outcome = Failed
	}
}

// extend begins the time of a call anew: with progressive results it is the
// longest gap between them ("Progressive Call Results",
// #name-progressive-call-results).
func (d *Dealer) extend(c *call) {
	if c.rare == nil || !c.rare.watched {
		return
	}
	c.rare.deadline = later(d.now, c.rare.timeout)
	d.deadlines.down(&d.calls, c.rare.place)
}

// Cancel takes an INTERRUPT of the router, or the CANCEL of a local caller.
// The slot of a dispatched call stays taken until its callee answers. One for
// a call that has ended, or never was, does nothing ("Call Canceling",
// #name-call-canceling).
func (d *Dealer) Cancel(now Time, from OriginID, request uint64, mode codec.CancelMode) []Action {
	d.begin(now)
	o := d.origin(from)
	i := o.call(request)
	if i == noCall {
		return d.actions
	}
	c := d.calls.at(i)
	// A router has told its caller already unless the mode is kill; a local
	// caller is told here, and a peer awaits one answer to each call in any case.
	tell := mode == codec.CancelKill || o.kind != RouterOrigin
	if c.state == waiting {
		c.outcome = Canceled
		if tell {
			d.refuseCall(c, ReasonCanceled, 0, d.now-c.since)
		}
		d.remove(i)
		return d.actions
	}
	// A callee that can't be interrupted is skipped: "If the callee does not
	// support call canceling, then behavior is skip".
	interrupt := mode != codec.CancelSkip && c.at.callee.features.CallCanceling
	if interrupt {
		d.do(Action{Kind: Interrupt, Pool: c.pool.id, Callee: c.at.callee.id, ID: c.id, Mode: mode})
		if mode == codec.CancelKill {
			c.tied, c.outcome = true, Canceled
			return d.actions // its callee's answer is the caller's
		}
	}
	c.outcome = Canceled
	if tell {
		d.refuseCall(c, ReasonCanceled, 0, d.now-c.since)
	}
	d.abandon(c)
	return d.actions
}

// abandon leaves a running call to its callee: its slot stays taken, and its
// answer will be discarded.
func (d *Dealer) abandon(c *call) {
	d.disown(c)
	d.recycle(c)
	c.state = defunct
}

// interruptCallee tells a callee that nobody waits for its answer any more, if
// it announced that it can be told: killnowait, so that it need not answer ("Caller
// Leaving During an RPC Invocation", #name-caller-leaving-during-an-rp; "Call
// Timeouts", #name-call-timeouts).
func (d *Dealer) interruptCallee(c *call) {
	if c.at.callee.features.CallCanceling {
		d.do(Action{Kind: Interrupt, Pool: c.pool.id, Callee: c.at.callee.id, ID: c.id, Mode: codec.CancelKillNoWait})
	}
}

// DropOrigin takes the end of the session that calls came from. Its waiting
// calls leave the queue; its callees are interrupted where they can be, and
// their slots stay taken until they answer ("Caller Leaving During an RPC
// Invocation", #name-caller-leaving-during-an-rp).
func (d *Dealer) DropOrigin(now Time, id OriginID) []Action {
	d.begin(now)
	o := d.origin(id)
	for _, request := range o.calls.ids() {
		i := o.call(request)
		c := d.calls.at(i)
		c.outcome = CallerGone
		if c.state == waiting {
			d.remove(i)
			continue
		}
		d.interruptCallee(c)
		d.abandon(c)
	}
	o.ended = endedRequests{}
	return d.actions
}
