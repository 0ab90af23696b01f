package dealer_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// The steps that a world can take. Each returns its event, or false where
// nothing of the kind is possible now.

func (w *world) newCall() (event, bool) {
	p, o := some(w, w.b.pools), some(w, w.b.origins)
	if p == nil || o == nil {
		return event{}, false
	}
	e := event{
		kind: call, pool: p.id, origin: o.id, request: w.requester(o.id).next(w.rng),
		receiveProgress: w.rng.IntN(2) == 0, progress: w.rng.IntN(12) == 0, passthru: w.rng.IntN(20) == 0,
	}
	if w.rng.IntN(4) == 0 {
		if e.timeout = time.Duration(1+w.rng.IntN(30)) * time.Millisecond; w.rng.IntN(20) == 0 {
			e.timeout = ever - time.Duration(w.rng.IntN(3))
		}
	}
	if e.progress {
		w.progressive = append(w.progressive, progressiveCall{p.id, o.id, e.request})
		if len(w.progressive) > 12 {
			w.progressive = w.progressive[1:]
		}
	}
	return e, true
}

// part is a further part of one of the last progressive calls, which may have
// been answered or refused meanwhile, or a request ID that comes twice.
func (w *world) part() (event, bool) {
	if len(w.progressive) == 0 {
		return event{}, false
	}
	of := w.progressive[w.rng.IntN(len(w.progressive))]
	p, o := w.b.pools[of.pool], w.b.origins[of.origin]
	if p == nil || o == nil {
		return event{}, false
	}
	if c := o.calls[of.request]; c == nil && !o.ended[of.request] {
		return event{}, false // complete, and answered: it would be a new call
	}
	if other := some(w, w.b.pools); w.rng.IntN(8) == 0 {
		of.pool = other.id // what a part is for was said by the first one
	}
	return event{kind: call, pool: of.pool, origin: of.origin, request: of.request, progress: w.rng.IntN(3) > 0}, true
}

func (w *world) someAnswer() (event, bool) {
	c := some(w, w.b.callees)
	if c == nil || len(c.busy) == 0 {
		return event{}, false
	}
	e := event{kind: answer, callee: c.id, id: c.busy[w.rng.IntN(len(c.busy))], answer: w.answerKind()}
	if c.peer && w.rng.IntN(3) == 0 {
		e.answer = dealer.Full
	}
	return e, true
}

func (w *world) answerKind() dealer.AnswerKind {
	if w.rng.IntN(100) == 0 {
		return dealer.Full
	}
	switch w.rng.IntN(10) {
	case 0, 1:
		return dealer.Progress
	case 2:
		return dealer.Unavailable
	case 3, 4:
		return dealer.Error
	}
	return dealer.Final
}

// bogusAnswer is a second answer, one from before the pool, or one under an ID
// that the callee cannot know.
func (w *world) bogusAnswer() (event, bool) {
	c := some(w, w.b.callees)
	if c == nil {
		return event{}, false
	}
	id := c.last + 1 + uint64(w.rng.IntN(3))
	switch w.rng.IntN(6) {
	case 0:
	case 1:
		id = w.anyID()
	default:
		id -= min(id, uint64(w.rng.IntN(12)))
	}
	return event{kind: answer, callee: c.id, id: id, answer: w.answerKind()}, true
}

// someCancel takes one of the last requests, whether it has ended or not.
func (w *world) someCancel() (event, bool) {
	o := some(w, w.b.origins)
	if o == nil {
		return event{}, false
	}
	last := w.requester(o.id).recent
	if len(last) == 0 {
		return event{}, false
	}
	modes := [...]codec.CancelMode{codec.CancelKill, codec.CancelKill, codec.CancelKillNoWait, codec.CancelSkip, noCancelMode}
	return event{
		kind: cancel, origin: o.id, request: last[w.rng.IntN(len(last))], mode: modes[w.rng.IntN(len(modes))],
	}, true
}

// anyID is what somebody sends who obeys no rule.
func (w *world) anyID() uint64 {
	switch w.rng.IntN(5) {
	case 0:
		return uint64(w.rng.IntN(3))
	case 1:
		return maxID - 2 + w.rng.Uint64N(4)
	case 2:
		return 1<<64 - 1 - w.rng.Uint64N(2)
	case 3:
		return w.rng.Uint64N(60)
	}
	return w.rng.Uint64()
}

// wait lets time pass, also for a driver that is late with its tick. In few
// worlds it jumps, even to its end.
func (w *world) wait() (event, bool) {
	if w.jumps && w.rng.IntN(40) == 0 {
		jumps := [...]time.Duration{time.Hour, 1 << 53, ever / 2, -ever, ever}
		w.now = jumps[w.rng.IntN(2+w.rng.IntN(4))]
		return event{kind: tick}, true
	}
	w.now = later(w.now, time.Duration(w.rng.IntN(8))*time.Millisecond)
	return event{kind: tick}, w.rng.IntN(3) > 0
}

// tick is one that may come too early, or from a clock that is behind.
func (w *world) tick() (event, bool) {
	if w.rng.IntN(8) == 0 && w.now > time.Millisecond {
		w.now -= time.Millisecond
	}
	return event{kind: tick}, true
}

func (w *world) newCallee() (event, bool) {
	n := 0
	for _, c := range w.b.callees {
		if c != nil && !c.peer {
			n++
		}
	}
	e := event{kind: addCallee, features: w.features(), id: uint64(w.rng.IntN(3) * w.rng.IntN(20))}
	if w.rng.IntN(30) == 0 {
		e.id = w.anyID()
	}
	return e, n < w.maxCallees
}

func (w *world) joinPool() (event, bool) {
	c, p := some(w, w.b.callees), some(w, w.b.pools)
	if c == nil || c.peer {
		return w.newCallee()
	}
	if p == nil {
		return event{}, false
	}
	w.registration++
	e := event{kind: join, pool: p.id, callee: c.id, id: w.registration, policy: dealer.Single + dealer.Policy(w.rng.IntN(6))}
	if w.rng.IntN(8) > 0 {
		e.policy = w.policyOf(p)
	}
	if w.rng.IntN(6) > 0 {
		e.limit = 1 + w.rng.IntN(4)
	}
	if w.rng.IntN(30) == 0 {
		e.limit = []int{math.MaxInt, math.MaxInt - 1, 1 << 30}[w.rng.IntN(3)]
	}
	e.force = w.rng.IntN(16) == 0
	return e, true
}

func (w *world) policyOf(p *poolBook) dealer.Policy {
	if len(p.members) > 0 && w.rng.IntN(2) == 0 {
		return p.config.Policy
	}
	for _, e := range w.pools {
		if e.key == p.key {
			return e.policy
		}
	}
	panic(fmt.Sprintf("pool %s must be one of this world", p.key))
}

func (w *world) leavePool() (event, bool) {
	p := some(w, w.b.pools)
	if p == nil || len(p.members) == 0 {
		return event{}, false
	}
	m := p.members[w.rng.IntN(len(p.members))]
	id := m.registration
	if w.rng.IntN(20) == 0 {
		id += 1 << 40 // nobody's
	}
	return event{kind: leave, callee: m.callee.id, id: id}, true
}

func (w *world) loseCallee() (event, bool) {
	c := some(w, w.b.callees)
	if c == nil {
		return event{}, false
	}
	return event{kind: lose, callee: c.id}, true
}

func (w *world) newOrigin() (event, bool) {
	n := 0
	for _, o := range w.b.origins {
		if o != nil {
			n++
		}
	}
	return w.someOrigin(), n < w.maxOrigins
}

// loseOrigin ends the session of an origin. It may come back as the same one:
// then its request IDs start again.
func (w *world) loseOrigin() (event, bool) {
	o := some(w, w.b.origins)
	if o == nil {
		return event{}, false
	}
	w.do(event{kind: dropOrigin, origin: o.id})
	*w.requester(o.id) = requester{}
	kept := w.progressive[:0]
	for _, p := range w.progressive {
		if p.origin != o.id {
			kept = append(kept, p)
		}
	}
	w.progressive = kept
	return event{kind: removeOrigin, origin: o.id}, w.rng.IntN(2) == 0
}

// own is an INVOCATION of the router for a registration that is not pooled, or
// a further part of one.
func (w *world) own() (event, bool) {
	c := some(w, w.b.callees)
	if c == nil || c.peer {
		return event{}, false
	}
	e := event{kind: ownInvocation, callee: c.id, request: c.first + c.last + 1}
	for _, id := range c.busy {
		if open := c.open[id]; open.call == nil && open.more && w.rng.IntN(3) == 0 {
			e.request = open.own
		}
	}
	if past := slices.Sorted(maps.Keys(c.past)); len(past) > 0 && w.rng.IntN(5) == 0 {
		e.request = past[w.rng.IntN(len(past))]
	}
	e.progress = w.rng.IntN(3) == 0
	if c.first > 0 && w.rng.IntN(6) == 0 {
		e.request = 1 + w.rng.Uint64N(c.first)
	}
	if w.rng.IntN(20) == 0 {
		e.request = w.anyID()
	}
	w.b.checkOwnInterrupt(w.d, c, e.request)
	return e, true
}

// reopenPool opens one of the world's pools, which may be open, closed or gone.
func (w *world) reopenPool() (event, bool) { return w.pools[w.rng.IntN(len(w.pools))], true }

func (w *world) giveUpPool() (event, bool) {
	p := some(w, w.b.pools)
	if p == nil || p.open && len(p.members) > 0 {
		return event{}, false
	}
	return event{kind: closePool, pool: p.id}, p.open
}

// revokePool is the router's doing.
func (w *world) revokePool() (event, bool) {
	p := some(w, w.b.pools)
	if p == nil {
		return event{}, false
	}
	return event{kind: revokePool, pool: p.id}, true
}

// reconfigure gives a pool other rules, or one other rule.
func (w *world) reconfigure() (event, bool) {
	p := some(w, w.b.pools)
	if p == nil {
		return event{}, false
	}
	e := event{kind: configure, pool: p.id, config: w.config()}
	if e.config.Scope = p.config.Scope; w.rng.IntN(3) == 0 {
		e.config.Scope = []string{"", "work", "other"}[w.rng.IntN(3)]
	}
	if w.rng.IntN(2) == 0 {
		most := e.config.Concurrency
		e.config = p.config
		e.config.Concurrency = most
	}
	if e.config.Policy = 0; w.rng.IntN(4) == 0 {
		e.config.Policy = dealer.Single + dealer.Policy(w.rng.IntN(6))
	}
	return e, true
}

func (w *world) drainOne() (event, bool) { return w.ofCallee(drainCallee, false) }

// undrainOne mostly takes one that drains.
func (w *world) undrainOne() (event, bool) { return w.ofCallee(undrainCallee, w.rng.IntN(8) > 0) }

func (w *world) ofCallee(kind eventKind, draining bool) (event, bool) {
	c := some(w, w.b.callees)
	if c == nil || draining && !c.draining {
		return event{}, false
	}
	return event{kind: kind, callee: c.id}, true
}

func (w *world) pauseOne() (event, bool) { return w.ofPool(pausePool, false) }

// resumeOne mostly takes one that is paused.
func (w *world) resumeOne() (event, bool) { return w.ofPool(resumePool, w.rng.IntN(8) > 0) }

func (w *world) ofPool(kind eventKind, paused bool) (event, bool) {
	p := some(w, w.b.pools)
	if p == nil || paused && !p.paused {
		return event{}, false
	}
	return event{kind: kind, pool: p.id}, true
}
