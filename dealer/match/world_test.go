package match_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wampool/wampool/dealer/match"
)

// The checkers.
const (
	byModel   = "model"    // the reference model makes the same matches
	promised  = "promised" // a match is for calls and slots that were said
	bounded   = "bounded"  // what is kept is within the limits
	timely    = "timely"   // before the deadline time changes nothing
	inOrder   = "in-order" // the books agree
	unfounded = "panic"
)

var allCheckers = []string{byModel, promised, bounded, timely, inOrder}

// dice are where chance comes from: a seed, or the fuzzer's bytes.
type dice interface{ IntN(n int) int }

// world is a matchmaker, its model, and what its nodes have said.
type world struct {
	dice
	limits match.Limits
	now    time.Duration
	real   *match.Matchmaker
	model  *model
	seq    map[saidOf]uint64
	said   map[saidOf]match.Load // last, by who is not lost
	vague  map[saidOf]bool       // a late load may be taken for true, where nothing else is known any more
	events []string              // the last ones
	found  *finding

	matches, expired int
}

// saidOf is what a load is of.
type saidOf struct {
	node match.Node
	pool match.Pool
}

type finding struct{ checker, text string }

func newWorld(d dice) *world {
	w := &world{dice: d, seq: make(map[saidOf]uint64), said: make(map[saidOf]match.Load), vague: make(map[saidOf]bool)}
	w.limits = match.Limits{Nodes: 3 + d.IntN(6), Claims: 4 + d.IntN(16), Stale: time.Duration(1+d.IntN(200)) * ms, Flight: time.Duration(1+d.IntN(60)) * ms}
	w.real, w.model = match.New(w.limits), &model{limits: w.limits}
	return w
}

// run takes so many steps, until something is found.
func (w *world) run(steps int) (lived int) {
	defer func() {
		if r := recover(); r != nil {
			w.finds(unfounded, "%v", r)
		}
	}()
	for lived < steps && w.found == nil {
		lived++
		w.step()
	}
	return lived
}

func (w *world) finds(checker, format string, arguments ...any) {
	if w.found == nil {
		w.found = &finding{checker, fmt.Sprintf(format, arguments...)}
	}
}

func (w *world) tell(format string, arguments ...any) {
	if len(w.events) >= 40 {
		w.events = slices.Delete(w.events, 0, 20)
	}
	w.events = append(w.events, fmt.Sprintf("%v: ", w.now)+fmt.Sprintf(format, arguments...))
}

func (w *world) step() {
	before := w.real.Flying()
	switch n := w.IntN(40); {
	case n == 0:
		node := w.node()
		w.tell("lose %c", node[0])
		w.real.Lose(node)
		w.model.lose(node)
		for of := range w.said {
			if of.node == node {
				delete(w.said, of)
			}
		}
	case n <= 6:
		w.pass()
	default:
		w.report()
	}
	if w.real.Flying() < before {
		w.expired++
	}
	w.look()
}

func (w *world) node() match.Node { return node(byte('a' + w.IntN(9))) }

// pass lets time pass: some, or until the deadline, just before which nothing happens.
func (w *world) pass() {
	at, found := w.real.Deadline()
	if !found || w.IntN(2) == 0 {
		w.now += time.Duration(w.IntN(30)) * ms / 2
		if w.IntN(100) == 0 {
			w.now -= time.Second // clocks may be set back
		}
	} else {
		at = max(at, w.now)
		_, _, claims := w.real.Size()
		flying := w.real.Flying()
		if got := w.real.Tick(at - 1); len(got) > 0 || w.real.Flying() != flying {
			w.finds(timely, "something happens before the deadline %v: %v", at, got)
		}
		if _, _, now := w.real.Size(); now != claims {
			w.finds(timely, "%d claims of %d are forgotten before the deadline %v", claims-now, claims, at)
		}
		w.model.tick(at - 1)
		w.now = at
	}
	w.tell("tick")
	w.compare(w.real.Tick(w.now), w.model.tick(w.now))
	if at, found := w.real.Deadline(); found && at <= w.now && w.now >= 0 {
		if w.model.now <= w.now {
			w.finds(timely, "the deadline %v has passed and nothing was done", at)
		}
	}
}

// report has a node say something: mostly what may be true, sometimes what can't be.
func (w *world) report() {
	of := saidOf{w.node(), match.Pool{Match: "exact", URI: string(rune('p' + w.IntN(3)))}}
	if w.IntN(200) == 0 {
		of.pool.URI = strings.Repeat("x", 1020+w.IntN(10))
	}
	w.seq[of]++
	last := w.said[of]
	l := match.Load{Seq: w.seq[of], Matched: last.Matched + uint64(w.IntN(3)), Oldest: time.Duration(w.IntN(50)) * ms}
	switch w.IntN(4) {
	case 0:
		l.Free = w.IntN(4)
	case 1:
		l.Waiting = w.IntN(4)
	case 2:
		l.Free, l.Waiting = w.IntN(20), w.IntN(2)*w.IntN(20)
	default:
		l.Free, l.Waiting = last.Free-w.IntN(2), last.Waiting-w.IntN(2)
	}
	if w.IntN(30) == 0 {
		hostile := [...]int{math.MinInt, -1, math.MaxInt, match.MaxClaim, match.MaxClaim + 1}
		l.Free, l.Waiting = hostile[w.IntN(5)], hostile[w.IntN(5)]
		l.Oldest = time.Duration([...]int64{math.MinInt64, -1, math.MaxInt64, int64(match.MaxOldest)}[w.IntN(4)])
		l.Matched = [...]uint64{0, math.MaxUint64}[w.IntN(2)]
	}
	if w.IntN(20) == 0 {
		l.Seq -= min(l.Seq, uint64(1+w.IntN(3)))
	} else if w.IntN(5000) == 0 {
		l.Seq, w.seq[of] = math.MaxUint64, math.MaxUint64-1
	}
	w.tell("%c says of %.9s: %+v", of.node[0], of.pool.URI, l)
	got := w.real.Report(w.now, of.node, of.pool, l)
	if w.vague[of] = l.Seq <= last.Seq; l.Seq > last.Seq {
		w.said[of] = l
	}
	w.keepsPromises(got)
	w.compare(got, w.model.report(w.now, of.node, of.pool, l))
}

// keepsPromises finds matches for what nobody has said.
func (w *world) keepsPromises(got []match.Match) {
	calls, slots := make(map[saidOf]int), make(map[saidOf]int)
	for _, m := range got {
		taker, supplier := saidOf{m.Taker, m.Pool}, saidOf{m.Supplier, m.Pool}
		calls[taker] += m.N
		slots[supplier] += m.N
		switch {
		case m.N < 1 || m.Taker == m.Supplier:
			w.finds(promised, "%d calls go from %c to %c", m.N, m.Taker[0], m.Supplier[0])
		case w.vague[taker] || w.vague[supplier]:
		case calls[taker] > min(w.said[taker].Waiting, match.MaxClaim):
			w.finds(promised, "%d calls of %c are matched, %d wait", calls[taker], m.Taker[0], w.said[taker].Waiting)
		case slots[supplier] > min(w.said[supplier].Free, match.MaxClaim) || w.said[supplier].Waiting > 0:
			w.finds(promised, "%d slots of %c are matched, %+v", slots[supplier], m.Supplier[0], w.said[supplier])
		}
	}
}

func (w *world) compare(got, want []match.Match) {
	w.matches += len(got)
	for _, m := range got {
		w.tell("  -> %c gets %d of %c in %s", m.Taker[0], m.N, m.Supplier[0], m.Pool.URI)
	}
	// In which order pools are looked at means nothing.
	byPool := func(a, b match.Match) int { return strings.Compare(a.Pool.URI, b.Pool.URI) }
	got = slices.Clone(got)
	slices.SortStableFunc(got, byPool)
	slices.SortStableFunc(want, byPool)
	if !slices.Equal(got, want) {
		w.finds(byModel, "matches are %v, the model's %v", got, want)
	}
}

// look holds what is kept against the limits and the model.
func (w *world) look() {
	nodes, pools, claims := w.real.Size()
	if nodes > w.limits.Nodes || claims > w.limits.Claims || pools > claims || nodes > claims {
		w.finds(bounded, "%d nodes, %d pools, %d claims are known, the limits are %+v", nodes, pools, claims, w.limits)
	}
	if claims != len(w.model.claims) {
		w.finds(bounded, "%d claims are known, %d to the model", claims, len(w.model.claims))
	}
	if err := w.real.Audit(); err != nil {
		w.finds(inOrder, "%v", err)
	}
}
