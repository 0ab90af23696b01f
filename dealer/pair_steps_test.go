package dealer_test

import (
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// step is one thing that happens to one side.
func (w *pair) step(s *side) {
	switch n := w.rng.IntN(100); {
	case n < 30:
		if w.rng.IntN(4) > 0 {
			s = w.sides[w.busier]
		}
		s.newCall()
	case n < 48:
		s.answers()
	case n < 62:
		w.pass()
	case n < 76:
		s.match()
	case n < 80:
		s.cancels()
	case n < 84:
		s.part()
	case n < 87:
		s.join()
	case n < 89:
		s.leaves()
	case n < 90:
		s.loses()
	case n < 91:
		s.unlink()
	case n < 94:
		s.link()
	case n < 95:
		s.drops()
	case n < 96:
		s.do(event{kind: setDelay, callee: s.to, oneWay: w.oneWay}.where(s.linked))
	case n < 98:
		s.drains(w.rng.IntN(3) == 0)
	default:
		s.pauses(w.rng.IntN(3) == 0)
	}
}

// where makes an event one that does nothing, unless it is possible.
func (e event) where(possible bool) event {
	if !possible {
		return event{kind: tick}
	}
	return e
}

// pass lets time pass: what is under way arrives, in order, and clocks tick.
func (w *pair) pass() {
	end := w.now + time.Duration(w.rng.IntN(3_000))*time.Microsecond
	for w.deliver(end) {
	}
	w.now = end
	for _, s := range w.sides {
		if at, timed := s.d.Deadline(); timed && at <= w.now {
			s.do(event{kind: tick})
		}
	}
}

// deliver takes what arrives first until then.
func (w *pair) deliver(end time.Duration) bool {
	var first *side
	as := 0
	for _, s := range w.sides {
		for i := range s.under {
			if q := s.under[i]; len(q) > 0 && q[0].at <= end && (first == nil || q[0].at < first.under[as][0].at) {
				first, as = s, i
			}
		}
	}
	if first == nil {
		return false
	}
	m := first.under[as][0]
	first.under[as] = first.under[as][1:]
	w.now = max(w.now, m.at)
	first.other().arrives(m.e, as)
	return true
}

// arrives takes what comes from the other side.
func (s *side) arrives(e event, as int) {
	switch as {
	case asTaker: // of the other one
		e.origin = s.from
		if e.kind != call {
			break
		}
		p := s.poolBook()
		if p == nil {
			s.misses(e)
			return
		}
		e.pool = p.id
	case asSupplier:
		e.callee = s.to
	case asMatch:
		p := s.poolBook()
		if p == nil || !s.linked {
			return
		}
		e.pool, e.callee = p.id, s.to
	}
	s.do(e)
}

// misses is what the link does with a call for a pool that is not here: later parts of
// it mean nothing, though the pool may be here by then.
func (s *side) misses(e event) {
	if state, _ := s.d.CallState(s.from, e.request); state != dealer.Unknown {
		return
	}
	s.d.Miss(s.w.now, dealer.Missed{Origin: s.from, Request: e.request, Parts: e.progress})
	s.d.Done()
	if e.progress {
		s.b.origins[s.from].ended[e.request] = true
	}
	s.send(asSupplier, event{kind: answer, id: e.request, answer: dealer.Full})
}

func (s *side) poolBook() *poolBook {
	for _, p := range s.b.pools {
		if p != nil {
			return p
		}
	}
	return nil
}

func (s *side) newCall() {
	p, w := s.poolBook(), s.w
	if p == nil {
		return
	}
	origin := s.callers[w.rng.IntN(len(s.callers))]
	s.last++
	w.serial++
	w.seen.calls++
	c := &pairCall{side: s, origin: origin, request: s.last, local: s.b.origins[origin].local, open: w.rng.IntN(8) == 0}
	w.calls[w.serial] = c
	if s.requests[origin] == nil {
		s.requests[origin] = make(map[uint64]*pairCall)
	}
	s.requests[origin][c.request] = c
	e := event{kind: call, pool: p.id, origin: origin, request: c.request, serial: w.serial, receiveProgress: w.rng.IntN(3) == 0, progress: c.open}
	if w.rng.IntN(5) == 0 {
		e.timeout = time.Duration(1+w.rng.IntN(30)) * time.Millisecond
	}
	s.do(e)
}

// someCall is one of the calls of this side's callers that is not answered, or whose
// last part has not come.
func (s *side) someCall(fits func(*pairCall) bool) *pairCall {
	var calls []*pairCall
	for _, origin := range s.callers {
		for _, c := range s.requests[origin] {
			if fits(c) {
				calls = append(calls, c)
			}
		}
	}
	if len(calls) == 0 {
		return nil
	}
	slices.SortFunc(calls, func(a, b *pairCall) int { return int(a.request) - int(b.request) })
	return calls[s.w.rng.IntN(len(calls))]
}

func (s *side) part() {
	c, w := s.someCall(func(c *pairCall) bool { return c.open }), s.w
	p := s.poolBook()
	if c == nil || p == nil {
		return
	}
	w.serial++
	w.calls[w.serial] = c
	if c.open = w.rng.IntN(2) == 0; !c.open && (c.answers > 0 || c.silenced) {
		delete(s.requests[c.origin], c.request)
	}
	s.do(event{kind: call, pool: p.id, origin: c.origin, request: c.request, serial: w.serial, progress: c.open})
}

func (s *side) cancels() {
	c := s.someCall(func(c *pairCall) bool { return c.answers == 0 && !c.silenced })
	if c == nil {
		return
	}
	mode := []codec.CancelMode{codec.CancelKill, codec.CancelKillNoWait, codec.CancelSkip}[s.w.rng.IntN(3)]
	c.silenced = !c.local && mode != codec.CancelKill
	if s.do(event{kind: cancel, origin: c.origin, request: c.request, mode: mode}); c.silenced && !c.open {
		delete(s.requests[c.origin], c.request)
	}
}

// drops ends the pool session, which comes back at once.
func (s *side) drops() {
	for request, c := range s.requests[s.callers[0]] {
		c.silenced, c.open = true, false
		delete(s.requests[s.callers[0]], request)
	}
	s.do(event{kind: dropOrigin, origin: s.callers[0]})
}

// busy returns a callee here that is at work, and at what.
func (s *side) busy() (*calleeBook, uint64) {
	var busy []*calleeBook
	for _, c := range s.b.callees {
		if c != nil && !c.peer && len(c.busy) > 0 {
			busy = append(busy, c)
		}
	}
	if len(busy) == 0 {
		return nil, 0
	}
	c := busy[s.w.rng.IntN(len(busy))]
	return c, c.busy[s.w.rng.IntN(len(c.busy))]
}

func (s *side) answers() {
	c, id := s.busy()
	if c == nil {
		return
	}
	kind := []dealer.AnswerKind{dealer.Final, dealer.Final, dealer.Final, dealer.Error, dealer.Progress, dealer.Unavailable}[s.w.rng.IntN(6)]
	s.answer(c.id, id, kind)
}

func (s *side) answer(callee dealer.CalleeID, id uint64, kind dealer.AnswerKind) {
	if kind == dealer.Unavailable {
		s.at[callee][id].refused++
	}
	if kind != dealer.Progress {
		delete(s.at[callee], id)
	}
	s.do(event{kind: answer, callee: callee, id: id, answer: kind})
}

// match is what a matchmaker makes of the loads, sometimes wrong.
func (s *side) match() {
	p, w := s.poolBook(), s.w
	if p == nil || !s.other().linked {
		return
	}
	free := s.b.load(p).Free
	if w.rng.IntN(4) == 0 {
		free = 1 + w.rng.IntN(3)
	}
	if free > 0 {
		s.send(asMatch, event{kind: offer, limit: free})
	}
}

func (s *side) join() {
	w := s.w
	n := 0
	for _, c := range s.b.callees {
		if c != nil && !c.peer {
			n++
		}
	}
	if n >= 3 {
		return
	}
	if s.poolBook() == nil || !s.poolBook().open {
		s.do(s.pool)
	}
	id := dealer.CalleeID(s.do(event{kind: addCallee, features: w.features()}).id)
	s.at[id] = make(map[uint64]*pairCall)
	s.last++
	s.do(event{kind: join, pool: s.poolBook().id, callee: id, id: s.last, policy: dealer.RoundRobin, limit: 1 + w.rng.IntN(3)})
}

// member is one of the callees in the pool.
func (s *side) member() *place {
	if p := s.poolBook(); p != nil && len(p.members) > 0 {
		return p.members[s.w.rng.IntN(len(p.members))]
	}
	return nil
}

func (s *side) leaves() {
	if m := s.member(); m != nil {
		s.do(event{kind: leave, callee: m.callee.id, id: m.registration})
	}
}

func (s *side) loses() {
	m := s.member()
	if m == nil {
		return
	}
	delete(s.at, m.callee.id)
	s.do(event{kind: lose, callee: m.callee.id})
}

// link has calls of this side travel to the other one.
func (s *side) link() {
	if s.linked {
		return
	}
	all := codec.CalleeFeatures{CallCanceling: true, ProgressiveCallResults: true, ProgressiveCallInvocations: true, PayloadPassthruMode: true, CallTimeout: true}
	s.to = dealer.CalleeID(s.do(event{kind: addCallee, peer: true, features: all, oneWay: s.w.oneWay}).id)
	s.other().from = dealer.OriginID(s.other().do(event{kind: addOrigin, peer: true}).id)
	s.linked = true
}

// unlink breaks that: what is under way is lost.
func (s *side) unlink() {
	if !s.linked {
		return
	}
	s.w.seen.lost++
	s.linked = false
	s.under[asTaker], s.other().under[asSupplier] = nil, nil
	s.do(event{kind: lose, callee: s.to})
	s.other().do(event{kind: dropOrigin, origin: s.other().from})
	s.other().do(event{kind: removeOrigin, origin: s.other().from})
}

func (s *side) drains(begin bool) {
	m := s.member()
	if m == nil {
		return
	}
	kind := undrainCallee
	if begin {
		kind = drainCallee
	}
	s.do(event{kind: kind, callee: m.callee.id})
}

func (s *side) pauses(begin bool) {
	p := s.poolBook()
	if p == nil {
		return
	}
	kind := resumePool
	if begin {
		kind = pausePool
	}
	s.do(event{kind: kind, pool: p.id})
}

// settle lets everything end: callees answer, and what is under way arrives.
func (w *pair) settle() {
	for _, s := range w.sides {
		s.pauses(false)
		for _, c := range s.b.callees {
			if c != nil && c.draining {
				s.do(event{kind: undrainCallee, callee: c.id})
			}
		}
	}
	for rounds := 0; ; rounds++ {
		w.must(rounds < 10_000, "it does not end")
		idle := !w.deliver(w.now + time.Second)
		for _, s := range w.sides {
			if c, id := s.busy(); c != nil {
				s.answer(c.id, id, dealer.Final)
				idle = false
			}
		}
		if idle {
			break
		}
	}
	for _, s := range w.sides {
		if p := s.poolBook(); p != nil && p.open && len(p.members) == 0 {
			s.do(event{kind: closePool, pool: p.id})
		}
		w.must(s.b.live == 0 && s.b.held == 0, "at side %d %d calls are not answered, and %d slots are taken", s.n, s.b.live, s.b.held)
		w.must(s.d.Audit() == nil, "side %d: %v", s.n, s.d.Audit())
	}
	for _, c := range w.calls {
		w.must(c.silenced || c.answers == 1, "request %d of side %d is answered %d times", c.request, c.side.n, c.answers)
	}
	w.compare()
}

// compare finds what one has forwarded received by the other one, and ended there as
// often as it was answered.
func (w *pair) compare() {
	for _, s := range w.sides {
		var received, refused uint64
		for _, l := range s.b.ledgers {
			received += l.peers
			refused += l.ended["full"]
		}
		w.must(received >= refused, "side %d has %d calls of its peer, and sent %d back", s.n, received, refused)
	}
}
