package admission_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
)

// world is one random history of a registrar: a dealer beside it, clients and
// a router that may be well-behaved, slow, forgetful or hostile.
type world struct {
	rng    *rand.Rand
	r      *admission.Registrar
	d      *dealer.Dealer
	b      *books
	router router

	now       time.Duration
	ticked    time.Duration // the dealer's latest
	steps     int
	weights   []int
	clients   []*client
	links     map[admission.LinkID]*pole
	blocks    []*admission.Block
	role      string        // of the pool session at the router
	roundTrip time.Duration // of its WELCOME; 0: as it comes
	keys      int           // how many procedures there are
	probes    map[admission.PendingID]string
	pools     map[string]dealer.PoolID
	follow    []event // what the dealer has caused
	quiet     bool    // nothing comes from outside any more
	jumps     bool    // time does
	busyLinks bool    // calls that came by them are open, always
	again     bool    // what happens has happened before, and was audited

	log  [60]logEntry
	seen tally
}

// client is a session of one.
type client struct {
	id       admission.SessionID
	conn     *conn
	honest   bool
	last     uint64
	callee   dealer.CalleeID
	isCallee bool
	joined   []uint64 // registrations that it was given
	gone     bool     // Part was told
}

// pole is the driver's side of a link.
type pole struct {
	serializer codec.Serializer
	conn       *conn // nil while it is down
	ends       bool  // Renew was asked for
	turnedAway bool
}

type logEntry struct {
	event   event
	actions []admission.Action
}

// failed ends a world.
type failed struct{ checker, text string }

// Steps of which some worlds have many, or few.
const (
	deliverStep = 6
	revokeStep  = 12
)

// stepWeights are the usual odds of each kind of step; every world bends them.
var stepWeights = [...]struct {
	step   func(*world) (event, bool)
	weight int
}{
	{(*world).newClient, 20}, {(*world).someRegister, 160}, {(*world).someMessage, 60}, {(*world).someUnregister, 40},
	{(*world).leave, 6}, {(*world).close, 10}, {(*world).deliver, 260}, {(*world).wait, 60}, {(*world).jump, 25},
	{(*world).linkComes, 40}, {(*world).linkGoes, 4}, {(*world).linkLeaves, 1}, {(*world).revoke, 6}, {(*world).stray, 12}, {(*world).drain, 1},
	{(*world).beside, 3}, {(*world).burst, 2}, {(*world).reconfigure, 8}, {(*world).undrain, 4}, {(*world).drainPool, 5},
}

func newWorld(rng *rand.Rand) *world {
	config := admission.Defaults(int64(4_000 + rng.IntN(60_000)))
	if rng.IntN(5) == 0 {
		config.HeldBytes = int64(1_500 + rng.IntN(3_000))
	}
	if rng.IntN(2) == 0 {
		config.WeightPause, config.RenewalPause, config.LinkIdle = time.Second, time.Second, 5*time.Second
	}
	w := &world{
		rng: rng, r: admission.New(config, rng.Uint64()), d: dealer.New(rng.Uint64()), b: newBooks(config), role: "backend",
		links: map[admission.LinkID]*pole{0: {serializer: codec.JSON}}, probes: make(map[admission.PendingID]string),
		pools: make(map[string]dealer.PoolID), keys: 1 + rng.IntN(5),
		router: router{rng: rng, procedures: make(map[string][]*grant), denies: make(map[string]bool)},
	}
	if rng.IntN(6) == 0 {
		w.role = ""
	}
	w.router.permissive, w.router.others = rng.IntN(6) == 0, rng.IntN(4) == 0
	w.router.loses = []float64{0, 0, 0, 0.1, 0.5}[rng.IntN(5)]
	w.router.refuses = []float64{0, 0, 0.1}[rng.IntN(3)]
	w.router.unordered, w.router.scarce = rng.IntN(5) == 0, rng.IntN(6) == 0
	w.b.hostile = w.router.unordered
	w.busyLinks, w.jumps = rng.IntN(4) == 0, rng.IntN(20) == 0
	for key := range w.keys {
		if rng.IntN(5) == 0 {
			w.router.denies[[]string{"backend ", "other "}[rng.IntN(2)]+keyOf(key)] = true
		}
	}
	linger := dealer.PoolConfig{Linger: time.Duration(rng.IntN(3)) * time.Second, QueueLimit: 2, Concurrency: rng.IntN(3)}
	w.blocks = []*admission.Block{
		{SlotsPerShare: 4}, {SlotsPerShare: 4, Policy: "roundrobin", Config: linger}, {SlotsPerShare: 1 + rng.IntN(4), Shared: true, Policy: "random", Config: linger},
		{SlotsPerShare: 4, AnyRole: rng.IntN(2) == 0, Policy: "first"}, {SlotsPerShare: 4, Admit: []string{"other"}, Config: linger},
	}
	for _, s := range stepWeights {
		w.weights = append(w.weights, 1+s.weight*(20+rng.IntN(180))/100)
	}
	switch rng.IntN(8) {
	case 0: // the router takes back what it has just given
		w.weights[revokeStep] *= 60
	case 1: // many procedures, and few answers
		w.keys = []int{50, 150}[rng.IntN(2)]
		w.weights[deliverStep] /= 4
	}
	return w
}

func keyOf(n int) string { return fmt.Sprintf("exact p%d", n) }

// run lives through about that many steps and ends the world. It returns how
// many there were, and what was found, nil if nothing.
func (w *world) run(steps int) (n int, found *failed) {
	defer func() {
		n = w.steps
		switch r := recover().(type) {
		case nil:
		case broken:
			found = &failed{r.checker, r.text}
		default:
			found = &failed{"panic", fmt.Sprintf("%v\n%s", r, debug.Stack())}
		}
	}()
	for w.steps < steps {
		if e, possible := stepWeights[w.choose()].step(w); possible {
			w.do(e)
		} else {
			w.log[w.steps%len(w.log)].event = event{}
			w.steps++
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

// do brings an event to the registrar, what comes out to the checkers, and
// carries it out; then what that has caused.
func (w *world) do(e event) outcome {
	if e.kind != openSession {
		e.now = w.now
	}
	entry := &w.log[w.steps%len(w.log)]
	w.steps++
	entry.event, entry.actions = e, entry.actions[:0]
	out := e.apply(w.r)
	w.seen.count(e, out.actions)
	entry.actions = append(entry.actions, out.actions...)
	out.actions = slices.Clone(out.actions)
	w.r.Done()
	w.b.check(e, out)
	w.b.checkTime(w.r, e)
	if *simAudit && !w.again {
		w.audit()
	}
	for _, a := range out.actions {
		w.carryOut(a)
	}
	w.doFollowing()
	return out
}

// audit has the registrar look at its own books.
func (w *world) audit() {
	if err := w.r.Audit(); err != nil {
		panic(broken{nothingLeft, err.Error()})
	}
}

// clientOf returns the client of a session.
func (w *world) clientOf(id admission.SessionID) *client {
	for _, c := range w.clients {
		if c.id == id {
			return c
		}
	}
	return nil
}

// carryOut does what the driver has to.
func (w *world) carryOut(a admission.Action) {
	c := w.clientOf(a.Session)
	switch a.Kind {
	case admission.Probe:
		key := keyFor(a.Register)
		w.probes[a.Pending] = key
		w.router.register(c.conn, key, false, event{kind: probeGranted, pending: a.Pending}, event{kind: probeRefused, pending: a.Pending})
	case admission.Undo:
		w.router.unregister(c.conn, a.Registration, event{kind: probeUndone, pending: a.Pending})
	case admission.Pass, admission.PassLate:
		if a.Register != nil { // it has the procedure to itself, if it is free
			none := event{kind: tick}
			w.router.register(c.conn, keyFor(a.Register), false, none, none)
		}
	case admission.Ask:
		l := w.links[a.Link]
		e := event{link: a.Link, request: a.Request}
		granted, denied := e, e
		granted.kind, denied.kind = registered, refused
		w.router.register(l.conn, a.Pool, w.isShared(a.Pool), granted, denied)
	case admission.GiveBack:
		w.router.unregister(w.links[a.Link].conn, a.Registration, event{kind: unregistered, link: a.Link, request: a.Request})
	case admission.OpenLink:
		w.links[a.Link] = &pole{serializer: a.Serializer}
	case admission.CloseLink:
		w.router.hangUp(w.links[a.Link].conn)
		delete(w.links, a.Link)
	case admission.Renew:
		w.links[a.Link].ends = true
	case admission.Idle:
		if w.quiet || !w.busyLinks && w.rng.IntN(2) == 0 {
			w.follow = append(w.follow, event{kind: retire, link: a.Link})
		}
	default:
		w.tellDealer(a, c)
	}
}

func keyFor(m *codec.Register) string { return "exact " + m.Procedure }

// isShared tells whether a pool's registration is one of several.
func (w *world) isShared(key string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(key, "exact p"))
	must(err == nil, membership, "there is no pool %s", key)
	return w.blocks[n%len(w.blocks)].Shared
}

// history tells the last events and their actions.
func (w *world) history() string { return w.since(0) }

// since tells the events from that step on, and their actions.
func (w *world) since(step int) string {
	var b strings.Builder
	for i := max(step, w.steps-len(w.log)); i < w.steps; i++ {
		entry := &w.log[i%len(w.log)]
		if entry.event.kind == 0 {
			continue
		}
		fmt.Fprintf(&b, "%6d %s\n", i, entry.event)
		for _, a := range entry.actions {
			fmt.Fprintf(&b, "                 -> %s\n", actionString(a))
		}
	}
	return b.String()
}

// end lets everything come to rest, and then takes everybody away: nothing is
// left.
func (w *world) end() {
	w.now = max(w.now, w.b.now, w.ticked)
	if w.now >= latest-time.Hour {
		return // time itself is over
	}
	w.quiet = true
	w.router.loses, w.router.unordered, w.router.refuses = 0, false, 0
	w.settle(30 * time.Second)
	for _, id := range slices.Sorted(maps.Keys(w.b.links)) {
		for registration, key := range w.b.links[id].owed {
			p := w.b.pools[key]
			must(w.b.links[id].ending || p != nil && p.open, givenBack, "registration %d on link %d is held by pool %s, which is closed", registration, id, key)
			must(w.b.links[id].ending || !w.b.drains(key) || w.b.hostile, givenBack, "registration %d on link %d is held by pool %s, which drains", registration, id, key)
		}
	}
	for _, c := range w.clients {
		if !c.gone {
			w.do(event{kind: part, session: c.id})
			w.lose(c)
			w.doFollowing()
		}
		w.router.hangUp(c.conn)
		w.do(event{kind: closeSession, session: c.id})
	}
	w.clients = nil
	w.settle(10 * time.Minute)
	if pools := w.r.Pools(); len(pools) > 0 || w.r.Waiting() > 0 {
		panic(broken{nothingLeft, fmt.Sprintf("%d REGISTERs and pools are left: %+v", w.r.Waiting(), pools)})
	}
	links := w.r.Links()
	for _, l := range links {
		must(l.Claims+l.Open+l.Registrations == 0, nothingLeft, "something of links is left: %+v", links)
	}
	must(len(links) == 1 || w.b.draining, nothingLeft, "links are left: %+v", links)
	if at, any := w.r.Deadline(); any {
		panic(broken{nothingLeft, fmt.Sprintf("a tick at %s for nobody", at)})
	}
	for _, id := range slices.Sorted(maps.Keys(w.b.links)) {
		must(len(w.b.links[id].owed) == 0, givenBack, "link %d still has %d registrations", id, len(w.b.links[id].owed))
	}
	must(len(w.b.asked) == 0, answeredOnce, "%d probes are left", len(w.b.asked))
}

// settle lets the router answer and time pass, so long, without anything from
// outside.
func (w *world) settle(atMost time.Duration) {
	until := w.now + atMost
	for range 20_000 {
		switch e, any := w.pendingAnswer(); {
		case any:
			w.do(e)
		default:
			if e, any := w.comeBack(); any {
				w.do(e)
				continue
			}
			at, any := w.r.Deadline()
			if its, lingers := w.d.Deadline(); lingers && (!any || its < at) {
				at, any = its, true
			}
			if !any || at > until {
				w.now = max(w.now, until)
				w.do(event{kind: tick})
				return
			}
			w.now = max(w.now, at)
			w.tickDealer()
			w.do(event{kind: tick})
		}
	}
	panic(broken{onTime, "it does not come to rest"})
}

func (w *world) pendingAnswer() (event, bool) {
	for _, c := range w.conns() {
		if len(c.answers) > 0 {
			return w.router.next(c), true
		}
	}
	return event{}, false
}

// conns are all connections to the router, in a fixed order.
func (w *world) conns() (all []*conn) {
	for _, id := range slices.Sorted(maps.Keys(w.links)) {
		if c := w.links[id].conn; c != nil {
			all = append(all, c)
		}
	}
	for _, c := range w.clients {
		all = append(all, c.conn)
	}
	return all
}

// comeBack has a link end that is to, or join that is down.
func (w *world) comeBack() (event, bool) {
	for _, id := range slices.Sorted(maps.Keys(w.links)) {
		l := w.links[id]
		switch {
		case l.conn != nil && (l.ends || w.b.links[id].ending):
			return w.cutLink(id), true
		case l.conn == nil && !l.turnedAway:
			return w.joinLink(id), true
		}
	}
	return event{}, false
}

func (w *world) cutLink(id admission.LinkID) event {
	l := w.links[id]
	w.router.hangUp(l.conn)
	l.conn, l.ends = nil, false
	return event{kind: linkDown, link: id}
}

func (w *world) joinLink(id admission.LinkID) event {
	l := w.links[id]
	l.conn = &conn{link: id, isLink: true, role: w.role}
	up := admission.LinkSession{Serializer: l.serializer, Role: w.role, RoundTrip: w.roundTrip}
	if w.roundTrip == 0 {
		up.RoundTrip = time.Duration(w.rng.IntN(3)) * 4 * time.Millisecond
	}
	return event{kind: linkUp, link: id, up: up}
}
