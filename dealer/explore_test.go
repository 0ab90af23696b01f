package dealer_test

import (
	"flag"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/proof"
)

var (
	update       = flag.Bool("update", false, "rewrite what comes out in the scenario files, and what is told of small worlds")
	exploreDeep  = flag.Bool("explore.deep", false, "explore the deep worlds too, and have the mutants found by exploration")
	exploreFirst = flag.Bool("explore.first", false, "explore the small worlds, the smallest first, until something is found")
)

const worldsFile = "testdata/explore/worlds.txt"

// TestExplore goes through all that can happen in small worlds: the dealer gets
// every sequence of their events, and the simulation's checkers look at each
// state that comes up. States that differ in nothing that matters are visited
// once, see [dealer.Dealer.AppendFingerprint]. From each of them everything ends
// once nothing comes from outside, but callees answer and time passes. Findings
// come by the shortest way.
func TestExplore(t *testing.T) {
	if isRace {
		t.Skip("nothing of it has a goroutine")
	}
	how := proof.Explore{Deep: *exploreDeep, First: *exploreFirst, Update: *update}
	how.Worlds(t, worldsFile, func(t *testing.T, of *proof.World) (string, *proof.Way) {
		w := readWorld(t, of)
		x := &proof.Exploration[*position, event]{Depth: w.depth, Begin: newStage(w).position}
		found := x.Run()
		return x.String(), found
	})
}

// stage is what the positions of a small world have in common. A copy of one costs
// as much as about eight events (BenchmarkReachState).
type stage struct {
	w     *smallWorld
	luck  bool // a pool picks at random
	moves []event
	body  []byte

	begin, at, next *position // how it begins, the position at hand, and one after an event
}

func newStage(w *smallWorld) *stage {
	s := &stage{w: w}
	s.begin, s.at, s.next = &position{s, dealer.New(1), &books{}}, &position{s, dealer.New(1), nil}, &position{s, dealer.New(1), nil}
	for _, p := range w.pools {
		s.luck = s.luck || p.policy == dealer.Random
	}
	for _, e := range w.begin() {
		s.begin.apply(e)
	}
	return s
}

// position returns the world as it begins.
func (s *stage) position() *position {
	s.begin.copyTo(s.at)
	return s.at
}

// position is a dealer and what the checkers know of it.
type position struct {
	s *stage
	d *dealer.Dealer
	b *books
}

func (p *position) copyTo(to *position) {
	p.d.CopyTo(to.d)
	to.b = p.b.copy()
}

// Fork copies.
func (p *position) Fork() *position {
	p.copyTo(p.s.next)
	return p.s.next
}

// Events returns all that can happen next. Where a pool picks at random, each comes
// once for each pick; the time of a deal is in its serial.
func (p *position) Events() []event {
	events := p.s.w.events(p.b, p.s.moves)
	if p.s.luck {
		n := len(events)
		for _, luck := range lucks {
			for _, e := range events[:n] {
				e.luck = luck
				events = append(events, e)
			}
		}
		events = append(events[:0], events[n:]...)
	}
	p.s.moves = events
	return events
}

func (p *position) Apply(e event) { p.apply(e) }

// apply brings an event to the dealer, and what comes out to the checkers.
func (p *position) apply(e event) []dealer.Action {
	if e.kind == call {
		p.s.body = message(p.s.body, e.serial)
		e.body = bodyIn(p.s.body)
	}
	if p.s.luck {
		p.d.SetRandom(e.luck)
	}
	out := e.apply(p.d)
	fail(p.b.check(e, out))
	p.b.checkDeadline(p.d, e)
	return out.actions
}

// Tell brings an event, and tells what came of it.
func (p *position) Tell(to io.Writer, e event) {
	_, _ = fmt.Fprintf(to, "  %s\n", e)
	for _, a := range p.apply(e) {
		_, _ = fmt.Fprintf(to, "      -> %s\n", actionString(a))
	}
}

// Print tells what decides what happens from now on.
func (p *position) Print(dst []byte) []byte {
	return p.b.appendFingerprint(p.d.AppendFingerprint(dst, p.s.w.exact))
}

// Look holds a state against the books.
func (p *position) Look() {
	if err := p.d.Audit(); err != nil {
		panic(failed{nothingLeft, err.Error()})
	}
	fail(p.b.compare(p.d))
	fail(p.b.compareLoads(p.d))
	for _, c := range p.b.callees {
		if c == nil || !p.s.w.kinds["own"] {
			continue
		}
		for request := range ownRequests(c) {
			p.b.checkOwnInterrupt(p.d, c, request)
		}
	}
}

// Settle lets everything end without an event from outside: callees answer, and
// time passes, either of them first. Then all go, and nothing is left.
func (p *position) Settle(n int) {
	if p.b.now >= ever-time.Hour { // time itself is over
		return
	}
	for _, c := range p.b.callees {
		if c != nil && c.draining {
			p.apply(event{kind: undrainCallee, now: p.b.now, callee: c.id})
		}
	}
	for _, pool := range p.b.pools {
		if pool != nil && pool.paused {
			p.apply(event{kind: resumePool, now: p.b.now, pool: pool.id})
		}
	}
	for rounds := 0; ; rounds++ {
		if rounds > 100 {
			panic(failed{answeredOnce, "it does not end"})
		}
		at, timed := p.d.Deadline()
		id, callee := oldest(p.b)
		if timed && (n%2 == 0 || callee == nil) {
			p.apply(event{kind: tick, now: max(at, p.b.now)})
		} else if callee != nil {
			p.apply(event{kind: answer, now: p.b.now, callee: callee.id, id: id, answer: dealer.Final})
		} else {
			break
		}
	}
	for _, pool := range p.b.pools {
		if pool == nil {
			continue
		}
		if len(pool.waiting) > 0 && len(pool.members) == 0 && pool.open && !pool.lingers { // it is the driver's to close
			p.apply(event{kind: closePool, now: p.b.now, pool: pool.id})
		}
	}
	if p.b.live > 0 || p.b.held > 0 {
		panic(failed{answeredOnce, fmt.Sprintf("%d calls are never answered, %d slots are never free", p.b.live, p.b.held)})
	}
	p.leave()
}

// oldest returns the first invocation that somebody has not answered.
func oldest(b *books) (uint64, *calleeBook) {
	for _, c := range b.callees {
		if c != nil && len(c.busy) > 0 {
			return c.busy[0], c
		}
	}
	return 0, nil
}

// leave takes everybody away.
func (p *position) leave() {
	for _, c := range p.b.callees {
		if c != nil {
			p.apply(event{kind: lose, now: p.b.now, callee: c.id})
		}
	}
	for _, o := range p.b.origins {
		if o != nil {
			p.apply(event{kind: dropOrigin, now: p.b.now, origin: o.id})
			p.apply(event{kind: removeOrigin, origin: o.id})
		}
	}
	for _, pool := range p.b.pools {
		if pool != nil {
			p.apply(event{kind: revokePool, now: p.b.now, pool: pool.id})
		}
	}
	p.apply(event{kind: tick, now: p.b.now + time.Hour})
	if left := p.d.Pools(); len(left) > 0 {
		panic(failed{nothingLeft, fmt.Sprintf("pools are left: %+v", left)})
	}
	if at, timed := p.d.Deadline(); timed {
		panic(failed{nothingLeft, fmt.Sprintf("a tick at %s for nobody", at)})
	}
}
