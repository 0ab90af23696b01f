package dealer_test

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// TestPair has two dealers forward calls to each other, as two sidecars do, over links
// that take their time and break. The simulation's checkers watch each of them, and
// what callers and callees see is held against what both have promised: one answer to
// each call, and one execution.
func TestPair(t *testing.T) {
	const worlds = 120
	seed := *simSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	var seen pairTally
	for number := range worlds {
		rng := rand.New(rand.NewPCG(seed, uint64(number)))
		w := newPair(rng)
		if found := w.run(100 + rng.IntN(900)); found != nil {
			t.Fatalf("checker %s: %s\n-sim.seed=%d, world %d; the last that happened:\n%s", found.checker, found.text, seed, number, strings.Join(w.log, "\n"))
		}
		seen.add(&w.seen)
	}
	t.Logf("%+v", seen)
	if seen.forwarded == 0 || seen.full == 0 || seen.unavailable == 0 || seen.results == 0 || seen.lost == 0 || seen.interrupted == 0 || seen.parts == 0 {
		t.Errorf("the worlds are too tame: %+v", seen)
	}
}

// pairTally counts what happened.
type pairTally struct{ calls, forwarded, parts, interrupted, full, unavailable, results, lost int }

func (t *pairTally) add(other *pairTally) {
	t.calls += other.calls
	t.forwarded += other.forwarded
	t.parts += other.parts
	t.interrupted += other.interrupted
	t.full += other.full
	t.unavailable += other.unavailable
	t.results += other.results
	t.lost += other.lost
}

// pair is two dealers and what is under way between them.
type pair struct {
	rng    *rand.Rand
	now    time.Duration
	sides  [2]*side
	oneWay time.Duration
	strict bool // no call may run twice
	busier int  // the side that most calls come to
	serial uint64
	calls  map[uint64]*pairCall // by the serial numbers of their parts
	more   map[uint64]bool      // whether a part says that others follow, by the same
	log    []string
	seen   pairTally
	steps  int
}

// side is one of the two. It has one pool.
type side struct {
	w      *pair
	n      int
	d      *dealer.Dealer
	b      *books
	pool   event // opens it
	to     dealer.CalleeID
	from   dealer.OriginID
	linked bool // the link that its calls travel on stands; else to, and the other one's from, are gone

	callers  []dealer.OriginID
	requests map[dealer.OriginID]map[uint64]*pairCall
	at       map[dealer.CalleeID]map[uint64]*pairCall // what callees here have been sent
	last     uint64                                   // request or registration
	buffer   []byte

	under [3][]message2 // under way to the other one: calls, answers, offers
}

// What is under way.
const (
	asTaker = iota
	asSupplier
	asMatch
)

// message2 is an event of the other side that is under way to it.
type message2 struct {
	at time.Duration
	e  event
}

// pairCall is one call of a caller.
type pairCall struct {
	side     *side
	origin   dealer.OriginID
	request  uint64
	local    bool
	answers  int
	begun    int  // how often a callee was sent it
	refused  int  // and has refused it
	open     bool // more parts may come
	silenced bool // its router has told its caller, or the caller is gone
}

func newPair(rng *rand.Rand) *pair {
	w := &pair{rng: rng, oneWay: time.Duration(rng.IntN(4)) * time.Millisecond, calls: make(map[uint64]*pairCall), more: make(map[uint64]bool), strict: rng.IntN(3) > 0, busier: rng.IntN(2)}
	config := dealer.PoolConfig{QueueLimit: 1 + rng.IntN(12), KeptBytes: 1 << 20}
	if !w.strict {
		config.Retries = 1
	}
	if rng.IntN(3) == 0 {
		config.QueueTimeout = time.Duration(5+rng.IntN(40)) * time.Millisecond
	}
	for n := range w.sides {
		s := &side{
			w: w, n: n, d: dealer.New(rng.Uint64()), b: &books{ledgers: make(ledgers)},
			requests: make(map[dealer.OriginID]map[uint64]*pairCall), at: make(map[dealer.CalleeID]map[uint64]*pairCall),
		}
		s.pool = event{kind: openPool, key: "com.example.p", config: config, policy: dealer.RoundRobin}
		w.sides[n] = s
	}
	return w
}

func (s *side) other() *side { return s.w.sides[1-s.n] }

func (w *pair) run(steps int) (found *failed) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failed)
			if !ok {
				f = failed{"panic", fmt.Sprintf("%v\n%s", r, debug.Stack())}
			}
			found = &f
		}
	}()
	for _, s := range w.sides {
		s.do(event{kind: followLoads, on: true})
		s.callers = []dealer.OriginID{dealer.OriginID(s.do(event{kind: addOrigin}).id), dealer.OriginID(s.do(event{kind: addOrigin, local: true}).id)}
		s.do(s.pool)
		for range 1 + w.rng.IntN(2) {
			s.join()
		}
	}
	for _, s := range w.sides {
		s.link()
	}
	for range steps {
		w.step(w.sides[w.rng.IntN(2)])
	}
	w.settle()
	return nil
}

// do brings an event to one side, and what comes out to the checkers and to whom it is
// for.
func (s *side) do(e event) outcome {
	w := s.w
	if e.begins() {
		e.now = w.now
	}
	if e.kind == call {
		w.more[e.serial] = e.progress
		s.buffer = message(s.buffer, e.serial)
		e.body = bodyIn(s.buffer)
	}
	w.tell("%d %s", s.n, e)
	var carried []uint64 // serial numbers, before the next event
	out := e.applyWith(s.d, func(actions []dealer.Action) {
		for _, a := range actions {
			carried = append(carried, serialOf(a))
		}
	})
	fail(s.b.check(e, out))
	s.b.checkDeadline(s.d, e)
	fail(s.b.compare(s.d))
	fail(s.b.compareLoads(s.d))
	for i, a := range out.actions {
		w.tell("     -> %s", actionString(a))
		s.carryOut(e, a, carried[i])
	}
	w.steps++
	return out
}

func (w *pair) tell(format string, args ...any) {
	if w.log = append(w.log, fmt.Sprintf(format, args...)); len(w.log) > 120 {
		w.log = w.log[60:]
	}
}

// serialOf names the body of an Invoke.
func serialOf(a dealer.Action) (serial uint64) {
	if a.Kind == dealer.Invoke {
		_, _ = fmt.Sscanf(string(a.Body.Details.Raw()), `{"serial":%d}`, &serial)
	}
	return serial
}

// carryOut does what one side's driver and link do.
func (s *side) carryOut(e event, a dealer.Action, serial uint64) {
	w := s.w
	switch a.Kind {
	case dealer.Invoke:
		c := w.calls[serial]
		if a.Peer {
			w.seen.forwarded++
			part := s.b.callees[a.Callee].open[a.ID].call
			s.send(asTaker, event{
				kind: call, request: a.ID, serial: serial, receiveProgress: part.receiveProgress,
				progress: w.more[serial], passthru: part.passthru, timeout: w.rest(part, a),
			})
			return
		}
		if s.at[a.Callee][a.ID] == c {
			w.seen.parts++
			return
		}
		s.at[a.Callee][a.ID] = c
		c.begun++
		most := 1
		if !w.strict {
			most = 3 // once more at each side
		}
		w.must(c.begun-c.refused <= most, "request %d runs %d times", c.request, c.begun-c.refused)
	case dealer.Interrupt:
		w.seen.interrupted++
		if a.Callee == s.to && s.linked {
			s.send(asTaker, event{kind: cancel, request: a.ID, mode: a.Mode})
		}
	case dealer.Forward:
		s.answered(a, e.answer)
	case dealer.Refuse:
		s.answered(a, refusalKind(a.Refusal.Reason))
	}
}

// rest is what is left of a call's time as it travels.
func (w *pair) rest(c *callBook, a dealer.Action) time.Duration {
	if c.timeout == 0 || a.Rest > 0 {
		return a.Rest
	}
	return c.timeout
}

// refusalKind is what a taker makes of a supplier's refusal.
func refusalKind(r dealer.Reason) dealer.AnswerKind {
	switch r {
	case dealer.ReasonFull:
		return dealer.Full
	case dealer.ReasonNoCallee:
		return dealer.Unavailable
	}
	return dealer.Error
}

// answered brings an answer to where the call came from.
func (s *side) answered(a dealer.Action, kind dealer.AnswerKind) {
	w := s.w
	if s.other().linked && a.Origin == s.from {
		switch kind {
		case dealer.Full:
			w.seen.full++
		case dealer.Unavailable:
			w.seen.unavailable++
		}
		s.send(asSupplier, event{kind: answer, id: a.Request, answer: kind})
		return
	}
	c := s.requests[a.Origin][a.Request]
	w.must(c != nil, "request %d of origin %d is answered, which nobody sent", a.Request, a.Origin)
	w.must(!c.silenced, "request %d is answered, and its caller has been told", a.Request)
	if kind != dealer.Progress {
		c.answers++
		w.seen.results++
		w.must(c.answers == 1, "request %d of side %d is answered %d times", c.request, s.n, c.answers)
		if !c.open {
			delete(s.requests[a.Origin], a.Request)
		}
	}
}

// send puts an event under way to the other side; those of one kind keep their order.
func (s *side) send(as int, e event) {
	at := s.w.now + s.w.oneWay + time.Duration(s.w.rng.Int64N(int64(s.w.oneWay)/4+1))
	if q := s.under[as]; len(q) > 0 {
		at = max(at, q[len(q)-1].at)
	}
	s.under[as] = append(s.under[as], message2{at, e})
}

func (w *pair) must(ok bool, format string, args ...any) {
	if !ok {
		panic(failed{"pair", fmt.Sprintf(format, args...)})
	}
}

// features are all that there are, but for a few callees.
func (w *pair) features() codec.CalleeFeatures {
	return codec.CalleeFeatures{
		CallCanceling: w.rng.IntN(2) == 0, ProgressiveCallResults: true, ProgressiveCallInvocations: w.rng.IntN(5) > 0,
		PayloadPassthruMode: true, CallTimeout: w.rng.IntN(3) == 0,
	}
}
