package dealer_test

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// world is one random history of a dealer: a few pools, callees and origins
// of random shape, and events until it ends with everything answered.
type world struct {
	rng *rand.Rand
	d   *dealer.Dealer
	b   *books

	// watch sees each event and its outcome before the checkers do; nil: nobody.
	watch func(event, outcome) error

	// Shape.
	maxCallees, maxOrigins int
	pools                  []event // the openPool event of each
	weights                []int   // of stepWeights
	featureOdds            float64 // of a callee to announce each feature
	drainAt                int     // step; -1: never
	jumps                  bool    // time does
	alone                  bool    // there is no other sidecar

	now          time.Duration
	steps        int
	serial       uint64            // of the last body
	registration uint64            // given out last
	requests     []*requester      // by origin
	progressive  []progressiveCall // the last few, whether they have ended or not
	buffer       []byte
	follows      dealer.Following

	log  [40]logEntry
	seen tally
}

type progressiveCall struct {
	pool    dealer.PoolID
	origin  dealer.OriginID
	request uint64
}

type logEntry struct {
	event   event
	actions []dealer.Action
	result  uint64
}

// failed ends a world.
type failed struct{ checker, text string }

func (f failed) Found() (checker, text string) { return f.checker, f.text }

// stepWeights are the usual odds of each kind of step; every world bends them.
var stepWeights = [...]struct {
	step   func(*world) (event, bool)
	weight int
}{
	{(*world).newCall, 260}, {(*world).someAnswer, 340}, {(*world).part, 25}, {(*world).someCancel, 40},
	{(*world).wait, 60}, {(*world).tick, 40}, {(*world).joinPool, 40}, {(*world).leavePool, 15}, {(*world).loseCallee, 4},
	{(*world).newCallee, 8}, {(*world).newOrigin, 4}, {(*world).loseOrigin, 3}, {(*world).own, 20}, {(*world).bogusAnswer, 12},
	{(*world).reopenPool, 6}, {(*world).giveUpPool, 2}, {(*world).revokePool, 1},
	{(*world).newPeer, 6}, {(*world).offer, 60}, {(*world).withdraw, 5}, {(*world).delay, 5}, {(*world).followLoads, 3},
	{(*world).reconfigure, 10}, {(*world).drainOne, 4}, {(*world).undrainOne, 10}, {(*world).pauseOne, 3}, {(*world).resumeOne, 10},
}

// peerSteps are those before them, by which other sidecars come in.
const peerSteps = 5

// controlSteps are the last ones, by which people change pools and callees.
const controlSteps = 5

func newWorld(rng *rand.Rand) *world {
	w := &world{
		rng: rng, d: dealer.New(rng.Uint64()), b: &books{ledgers: make(ledgers)},
		maxCallees: 1 + rng.IntN(6), maxOrigins: 1 + rng.IntN(4),
		featureOdds: []float64{0, 0.5, 0.9, 1}[rng.IntN(4)], drainAt: -1,
	}
	w.jumps = rng.IntN(8) == 0
	for _, s := range stepWeights {
		w.weights = append(w.weights, 1+s.weight*(20+rng.IntN(180))/100)
	}
	if rng.IntN(2) == 0 { // nobody changes anything
		clear(w.weights[len(w.weights)-controlSteps:])
	}
	if w.alone = rng.IntN(3) == 0; w.alone {
		clear(w.weights[len(w.weights)-controlSteps-peerSteps : len(w.weights)-controlSteps])
	}
	scope, most := "", 1+rng.IntN(4)
	if rng.IntN(3) == 0 {
		scope = "work"
	}
	for i := range 1 + rng.IntN(3) {
		e := event{kind: openPool, key: fmt.Sprintf("com.example.p%d", i), policy: dealer.Single + dealer.Policy(rng.IntN(6)), config: w.config()}
		if scope != "" && rng.IntN(4) > 0 {
			e.config.Scope, e.config.Concurrency = scope, most
			if rng.IntN(3) == 0 {
				e.policy = dealer.Least
			}
		}
		w.pools = append(w.pools, e)
	}
	return w
}

// config is what one pool may be like.
func (w *world) config() (c dealer.PoolConfig) {
	rng := w.rng
	c.Concurrency = rng.IntN(5)
	if rng.IntN(5) > 0 {
		c.QueueLimit = []int{1, 2, 5, 20}[rng.IntN(4)]
		if rng.IntN(4) == 0 {
			c.QueueBytes = 30 + rng.IntN(300)
		}
	}
	if rng.IntN(2) == 0 {
		c.QueueTimeout = time.Duration(1+rng.IntN(40)) * time.Millisecond
	}
	if rng.IntN(3) == 0 {
		c.Linger = time.Duration(1+rng.IntN(40)) * time.Millisecond
	}
	if rng.IntN(2) == 0 {
		c.Retries = 1 + rng.IntN(2)
	}
	c.KeptBytes = []int{0, 200, 1 << 20, 1 << 20}[rng.IntN(4)]
	return c
}

// run lives through about that many steps and ends the world. It returns how
// many there were, and what was found, nil if nothing.
func (w *world) run(steps int) (n int, found *failed) {
	defer func() {
		n = w.steps
		if r := recover(); r != nil {
			f, ok := r.(failed)
			if !ok {
				f = failed{"panic", fmt.Sprintf("%v\n%s", r, debug.Stack())}
			}
			found = &f
		}
	}()
	if w.rng.IntN(10) == 0 {
		w.drainAt = w.rng.IntN(steps)
	}
	for range w.maxOrigins {
		w.do(w.someOrigin())
	}
	for _, e := range w.pools {
		w.do(e)
	}
	for w.steps < steps {
		if w.steps == w.drainAt {
			w.do(event{kind: drain})
		}
		if e, possible := stepWeights[w.choose()].step(w); possible {
			w.do(e)
		} else {
			w.log[w.steps%len(w.log)].event = event{}
			w.steps++ // or a world in which nothing is possible would not end
		}
	}
	w.end()
	return w.steps, nil
}

func (w *world) choose() int {
	sum := 0
	for _, weight := range w.weights {
		sum += weight
	}
	n := w.rng.IntN(sum)
	for i, weight := range w.weights {
		if n -= weight; n < 0 {
			return i
		}
	}
	panic("the weights must sum up")
}

// do brings an event to the dealer, and what comes out to the checkers.
func (w *world) do(e event) outcome {
	if e.begins() {
		e.now = w.now
	}
	if e.kind == call {
		w.serial++
		e.serial = w.serial
		w.buffer = message(w.buffer, e.serial)
		e.body = bodyIn(w.buffer)
	}
	entry := &w.log[w.steps%len(w.log)]
	w.steps++
	entry.event, entry.actions = e, entry.actions[:0]
	if follows := followedAt(w.steps); follows != w.follows {
		w.follows = follows
		w.d.Follow(follows)
	}
	out := e.apply(w.d)
	w.seen.count(e, out.actions)
	entry.actions, entry.result = append(entry.actions, out.actions...), out.id

	if w.watch != nil {
		if err := w.watch(e, out); err != nil {
			panic(failed{"model", err.Error()})
		}
	}
	fail(w.b.check(e, out))
	if e.begins() && out.err == nil {
		fail(w.b.checkEnds(w.d, w.follows))
	}
	w.b.checkDeadline(w.d, e)
	if w.steps%8 == 0 {
		fail(w.b.compareLoads(w.d))
	}
	if w.rng.IntN(8) == 0 {
		fail(w.b.checkChanged(w.d))
	}
	if w.steps%64 == 0 {
		fail(w.b.compare(w.d))
	}
	if e.kind == call {
		spoil(w.buffer)
	}
	return out
}

func fail(finding *broken) {
	if finding != nil {
		panic(failed{finding.checker, finding.text})
	}
}

// end answers every call, takes everybody away and finds nothing left.
func (w *world) end() {
	if w.rng.IntN(4) == 0 {
		w.do(event{kind: shutdown})
	}
	for _, c := range w.b.callees {
		if c != nil && c.draining {
			w.do(event{kind: undrainCallee, callee: c.id})
		}
	}
	for _, p := range w.b.pools {
		if p != nil && p.paused {
			w.do(event{kind: resumePool, pool: p.id})
		}
		if p != nil && p.open && len(p.members) == 0 {
			w.do(event{kind: closePool, pool: p.id})
		}
		if p != nil && p.lingers {
			w.do(event{kind: revokePool, pool: p.id})
		}
	}
	for busy := true; busy; {
		busy = false
		for _, c := range w.b.callees {
			for c != nil && len(c.busy) > 0 {
				busy = true
				w.do(event{kind: answer, callee: c.id, id: c.busy[w.rng.IntN(len(c.busy))], answer: dealer.Final})
			}
		}
	}
	if w.b.live > 0 {
		panic(failed{answeredOnce, fmt.Sprintf("%d calls are never answered", w.b.live)})
	}
	for _, c := range w.b.callees {
		if c == nil {
			continue
		}
		for _, p := range w.b.pools {
			if p != nil && c.places[p] != nil && w.rng.IntN(2) == 0 {
				w.do(event{kind: leave, callee: c.id, id: c.places[p].registration})
			}
		}
		w.do(event{kind: lose, callee: c.id})
	}
	w.now = later(max(w.now, w.b.now), time.Hour)
	w.do(event{kind: tick}) // for those that linger
	for _, p := range w.b.pools {
		if p != nil && p.lingers { // to the end of all time
			w.do(event{kind: revokePool, pool: p.id})
		}
	}
	for _, o := range w.b.origins {
		if o != nil {
			w.do(event{kind: dropOrigin, origin: o.id})
			w.do(event{kind: removeOrigin, origin: o.id})
		}
	}
	w.now = later(max(w.now, w.b.now), time.Hour)
	w.do(event{kind: tick})
	if at, any := w.d.Deadline(); any { // a call's own time was long
		w.now = at
		w.do(event{kind: tick})
	}
	if at, any := w.d.Deadline(); any {
		panic(failed{nothingLeft, fmt.Sprintf("a tick at %s for nobody", at)})
	}
	fail(w.b.compare(w.d))
	if left := w.d.Pools(); len(left) > 0 {
		panic(failed{nothingLeft, fmt.Sprintf("pools are left: %+v", left)})
	}
}

// history tells the last events and their actions.
func (w *world) history() string {
	var b strings.Builder
	for i := max(0, w.steps-len(w.log)); i < w.steps; i++ {
		entry := &w.log[i%len(w.log)]
		if entry.event.kind == 0 {
			continue
		}
		fmt.Fprintf(&b, "%6d %s", i, entry.event)
		if k := entry.event.kind; k == openPool || k == addCallee || k == addOrigin || k == ownInvocation {
			fmt.Fprintf(&b, " = %d", entry.result)
		}
		b.WriteByte('\n')
		for _, a := range entry.actions {
			fmt.Fprintf(&b, "                 -> %s\n", actionString(a))
		}
	}
	return b.String()
}

// some returns a random one of those that exist, nil if there are none.
func some[T any](w *world, all []*T) *T {
	n := 0
	for _, x := range all {
		if x != nil {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	n = w.rng.IntN(n)
	for _, x := range all {
		if x != nil {
			if n--; n < 0 {
				return x
			}
		}
	}
	return nil
}

func (w *world) features() (f codec.CalleeFeatures) {
	for _, feature := range []*bool{
		&f.CallCanceling, &f.ProgressiveCallResults, &f.ProgressiveCallInvocations, &f.PayloadPassthruMode, &f.PayloadTransparency, &f.CallTimeout,
	} {
		*feature = w.rng.Float64() < w.featureOdds
	}
	return f
}
