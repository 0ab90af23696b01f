package dealer_test

import (
	"cmp"
	"flag"
	"fmt"
	"hash/maphash"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/dealer"
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
	content, err := os.ReadFile(worldsFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(content), "\n")
	worlds := parseWorlds(t, string(content))
	slices.SortStableFunc(worlds, func(a, b *smallWorld) int { return cmp.Compare(a.states(), b.states()) })
	var mu sync.Mutex
	for _, w := range worlds {
		if w.deep && !*exploreDeep || *exploreFirst && t.Failed() {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			if !*exploreFirst {
				t.Parallel()
			}
			x := newExploration(w)
			begun := time.Now()
			if found := x.run(); found != nil {
				t.Fatalf("checker %s: %s\nworld %s, after these events:\n%s", found.checker, found.text, w.name, found.way)
			}
			result := x.String()
			t.Logf("%s, %.1f s", result, time.Since(begun).Seconds())
			mu.Lock()
			defer mu.Unlock()
			if *exploreFirst {
				return
			}
			if *update {
				lines[w.line] = fmt.Sprintf("= %s, %.1f s", result, time.Since(begun).Seconds())
				if err := os.WriteFile(worldsFile, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
					t.Error(err)
				}
			} else if told := strings.Join(w.result, " "); !strings.HasPrefix(told, result+",") {
				t.Errorf("%s says: %s (-update rewrites)", worldsFile, told)
			}
		})
	}
}

// states returns how many states the file tells of.
func (w *smallWorld) states() (n int) {
	if len(w.result) > 0 {
		_, _ = fmt.Sscan(w.result[0], &n)
	}
	return n
}

// exploration goes through a small world, breadth first. A state is reached by
// replaying its events, and copied for each event that can come next: a copy costs
// as much as about eight events (BenchmarkReachState).
type exploration struct {
	w       *smallWorld
	seed    maphash.Seed
	visited map[uint64]struct{}
	states  []reached
	depth   int
	closed  bool

	transitions int

	begin, at, next position // how it begins, the state at hand, and one after an event
	moves           [][]event
	luck            bool // a pool picks at random
	print, body     []byte
}

// reached tells how a state was reached: by the nth event possible at another.
type reached struct {
	from  int32
	event uint16
	depth uint16
}

// position is a dealer and what the checkers know of it.
type position struct {
	d *dealer.Dealer
	b *books
}

func (p *position) copyTo(to *position) {
	p.d.CopyTo(to.d)
	to.b = p.b.copy()
}

// wayToFinding is what a checker found, and the events that led there.
type wayToFinding struct{ checker, text, way string }

func newExploration(w *smallWorld) *exploration {
	x := &exploration{
		w: w, seed: maphash.MakeSeed(), visited: make(map[uint64]struct{}),
		begin: position{dealer.New(1), &books{}}, at: position{d: dealer.New(1)}, next: position{d: dealer.New(1)},
	}
	for _, p := range w.pools {
		x.luck = x.luck || p.policy == dealer.Random
	}
	return x
}

func (x *exploration) String() string {
	how := "closed"
	if !x.closed {
		how = "not closed"
	}
	return fmt.Sprintf("%d states, %d transitions, depth %d, %s", len(x.states), x.transitions, x.depth, how)
}

// run explores until nothing new comes up, or to the world's depth.
func (x *exploration) run() (found *wayToFinding) {
	state, number := 0, -1
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failed)
			if !ok {
				f = failed{"panic", fmt.Sprintf("%v\n%s", r, debug.Stack())}
			}
			found = &wayToFinding{f.checker, f.text, x.way(state, number)}
		}
	}()
	for _, e := range x.w.begin() {
		x.apply(x.begin, e)
	}
	x.visit(x.begin, reached{from: -1})
	for ; state < len(x.states); state++ {
		s := x.states[state]
		x.depth = int(s.depth)
		if x.w.depth > 0 && int(s.depth) >= x.w.depth {
			return nil
		}
		number = -1
		x.replay(int32(state))
		events := x.eventsAt(x.at, int(s.depth))
		for number = range events {
			x.at.copyTo(&x.next)
			x.apply(x.next, events[number])
			x.transitions++
			x.visit(x.next, reached{from: int32(state), event: uint16(number), depth: s.depth + 1})
		}
	}
	x.closed = true
	return nil
}

// eventsAt returns the events that are possible there. Where a pool picks at
// random, each comes once for each pick; the time of a deal is in its serial.
func (x *exploration) eventsAt(p position, depth int) []event {
	for len(x.moves) <= depth {
		x.moves = append(x.moves, nil)
	}
	events := x.w.events(p.b, x.moves[depth])
	if x.luck {
		n := len(events)
		for _, luck := range lucks {
			for _, e := range events[:n] {
				e.luck = luck
				events = append(events, e)
			}
		}
		events = append(events[:0], events[n:]...)
	}
	x.moves[depth] = events
	return events
}

// replay brings the position at hand into a state.
func (x *exploration) replay(state int32) {
	s := x.states[state]
	if s.from < 0 {
		x.begin.copyTo(&x.at)
		return
	}
	x.replay(s.from)
	x.apply(x.at, x.eventsAt(x.at, int(s.depth)-1)[s.event])
}

// apply brings an event to the dealer, and what comes out to the checkers.
func (x *exploration) apply(p position, e event) []dealer.Action {
	if e.kind == call {
		x.body = message(x.body, e.serial)
		e.body = bodyIn(x.body)
	}
	if x.luck {
		p.d.SetRandom(e.luck)
	}
	out := e.apply(p.d)
	fail(p.b.check(e, out))
	p.b.checkDeadline(p.d, e)
	return out.actions
}

// visit looks at a state once.
func (x *exploration) visit(p position, how reached) {
	x.print = p.d.AppendFingerprint(x.print[:0], x.w.exact)
	x.print = p.b.appendFingerprint(x.print)
	hash := maphash.Bytes(x.seed, x.print)
	if _, known := x.visited[hash]; known {
		return
	}
	x.visited[hash] = struct{}{}
	x.states = append(x.states, how)
	if err := p.d.Audit(); err != nil {
		panic(failed{nothingLeft, err.Error()})
	}
	fail(p.b.compare(p.d))
	for _, c := range p.b.callees {
		if c == nil || !x.w.kinds["own"] {
			continue
		}
		for request := range ownRequests(c) {
			p.b.checkOwnInterrupt(p.d, c, request)
		}
	}
	if how.from >= 0 {
		x.settle(p, len(x.states)%2 == 0)
	}
}

// settle lets everything end without an event from outside: callees answer, and
// time passes, either of them first. Then all go, and nothing is left.
func (x *exploration) settle(p position, timeFirst bool) {
	if p.b.now >= ever-time.Hour { // time itself is over
		return
	}
	for _, c := range p.b.callees {
		if c != nil && c.draining {
			x.apply(p, event{kind: undrainCallee, now: p.b.now, callee: c.id})
		}
	}
	for _, pool := range p.b.pools {
		if pool != nil && pool.paused {
			x.apply(p, event{kind: resumePool, now: p.b.now, pool: pool.id})
		}
	}
	for rounds := 0; ; rounds++ {
		if rounds > 100 {
			panic(failed{answeredOnce, "it does not end"})
		}
		at, timed := p.d.Deadline()
		id, callee := oldest(p.b)
		if timed && (timeFirst || callee == nil) {
			x.apply(p, event{kind: tick, now: max(at, p.b.now)})
		} else if callee != nil {
			x.apply(p, event{kind: answer, now: p.b.now, callee: callee.id, id: id, answer: dealer.Final})
		} else {
			break
		}
	}
	for _, pool := range p.b.pools {
		if pool == nil {
			continue
		}
		if len(pool.waiting) > 0 && len(pool.members) == 0 && pool.open && !pool.lingers { // it is the driver's to close
			x.apply(p, event{kind: closePool, now: p.b.now, pool: pool.id})
		}
	}
	if p.b.live > 0 || p.b.held > 0 {
		panic(failed{answeredOnce, fmt.Sprintf("%d calls are never answered, %d slots are never free", p.b.live, p.b.held)})
	}
	x.leave(p)
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
func (x *exploration) leave(p position) {
	for _, c := range p.b.callees {
		if c != nil {
			x.apply(p, event{kind: lose, now: p.b.now, callee: c.id})
		}
	}
	for _, o := range p.b.origins {
		if o != nil {
			x.apply(p, event{kind: dropOrigin, now: p.b.now, origin: o.id})
			x.apply(p, event{kind: removeOrigin, origin: o.id})
		}
	}
	for _, pool := range p.b.pools {
		if pool != nil {
			x.apply(p, event{kind: revokePool, now: p.b.now, pool: pool.id})
		}
	}
	x.apply(p, event{kind: tick, now: p.b.now + time.Hour})
	if left := p.d.Pools(); len(left) > 0 {
		panic(failed{nothingLeft, fmt.Sprintf("pools are left: %+v", left)})
	}
	if at, timed := p.d.Deadline(); timed {
		panic(failed{nothingLeft, fmt.Sprintf("a tick at %s for nobody", at)})
	}
}

// way tells the events that lead to a state, and the one after it.
func (x *exploration) way(state, number int) string {
	var b strings.Builder
	p := position{d: dealer.New(1), b: &books{}}
	tell := func(e event) {
		defer func() { _ = recover() }()
		fmt.Fprintf(&b, "  %s\n", e)
		for _, a := range x.apply(p, e) {
			fmt.Fprintf(&b, "      -> %s\n", actionString(a))
		}
	}
	for _, e := range x.w.begin() {
		tell(e)
	}
	var way []uint16
	for s := state; s > 0; s = int(x.states[s].from) {
		way = append([]uint16{x.states[s].event}, way...)
	}
	for depth, n := range way {
		tell(x.eventsAt(p, depth)[n])
	}
	if events := x.eventsAt(p, len(way)); number >= 0 && number < len(events) {
		tell(events[number])
	}
	return b.String()
}
