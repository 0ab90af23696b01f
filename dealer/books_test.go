package dealer_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// ever is the end of all time.
const ever time.Duration = 1<<63 - 1

func later(t, wait time.Duration) time.Duration {
	if sum := t + wait; sum >= t {
		return sum
	}
	return ever
}

// books is what the checkers of the simulation know. It is written from events
// and actions alone: what the dealer holds inside is not consulted.
type books struct {
	now      time.Duration
	draining bool
	pools    []*poolBook // by their IDs; nil: none
	callees  []*calleeBook
	origins  []*originBook
	live     int                 // calls of all origins that have not ended for their callers
	held     int                 // slots taken
	ledgers  ledgers             // nil: nobody looks at them
	turns    uint64              // calls that have come
	follows  bool                // loads
	asked    map[*poolBook]asked // what was told of them last

	// Of the event at hand.
	undelivered int         // parts of running calls that no Invoke has carried yet
	interrupted []*callBook // calls with an Interrupt
	handed      []*callBook // calls that wait again
	revoked     []*place    // members that must be told of their end
	ends        []endBook   // calls that have ended
	got, want   []byte      // messages to compare
}

// poolBook is a pool as its events tell of it. A pool that was released is
// another one after it has been opened again, except for the slots.
type poolBook struct {
	id      dealer.PoolID
	key     string
	config  dealer.PoolConfig
	open    bool
	members []*place // in the order in which they registered
	waiting []*callBook
	cursor  int // index of the member picked last, or of the one before it once it has left; -1: none
	held    int // slots taken
	lingers bool
	vacated time.Duration // if it lingers: when its last member left
	until   time.Duration
	paused  bool
	peers   []*place                        // that have credits, the nearest first
	mean    time.Duration                   // how long callees here have a call, while loads are followed
	over    struct{ all, calls, bytes int } // that may wait beyond its bounds: they did when these were lowered
}

// generous tells whether the pool can hold on to every message of these worlds.
func (p *poolBook) generous() bool { return p.config.KeptBytes >= 1<<20 }

// place is one callee in one pool: its slots outlive its registration.
type place struct {
	callee       *calleeBook
	pool         *poolBook
	registration uint64
	asked        int // most calls that the callee wants; 0: no limit
	limit        int // 0: none
	scope        string
	inFlight     int
	active       bool
	credits      int // of a peer, which is never active
}

func (p *place) hasRoom() bool {
	return p.active && !p.pool.paused && !p.callee.draining && (p.limit == 0 || p.inFlight < p.limit) && (p.shared() == 0 || p.inScope() < p.shared())
}

// shared returns the limit that the callee has over all pools of the scope, 0
// for none.
func (p *place) shared() int {
	if p.scope == "" {
		return 0
	}
	return p.pool.config.Concurrency
}

// allot sets the limits by the pool's rules as they are.
func (p *place) allot() {
	p.limit, p.scope = p.asked, p.pool.config.Scope
	if most := p.pool.config.Concurrency; p.scope == "" && most > 0 && (p.limit == 0 || p.limit > most) {
		p.limit = most
	}
}

// inScope counts the callee's calls there.
func (p *place) inScope() (n int) {
	for _, other := range p.callee.places {
		if other.scope == p.scope {
			n += other.inFlight
		}
	}
	return n
}

// bound returns the most calls that the callee may have here, 0 for no limit.
func (p *place) bound() int {
	if shared := p.shared(); shared > 0 && (p.limit == 0 || p.limit > shared) {
		return shared
	}
	return p.limit
}

// calleeBook is a callee's session.
type calleeBook struct {
	id       dealer.CalleeID
	features codec.CalleeFeatures
	first    uint64 // IDs up to here passed before it was added
	last     uint64 // ID given out last
	again    bool   // IDs have begun anew at 1
	open     map[uint64]openID
	busy     []uint64 // the keys of open, oldest first
	draining bool
	peer     bool // it is another sidecar
	oneWay   time.Duration
	own      map[uint64]uint64 // the router's own invocations that are open: its ID to the callee's
	past     map[uint64]bool   // those that were answered before their last part came
	places   map[*poolBook]*place
}

// next takes the ID that the callee's next invocation must have.
func (c *calleeBook) next() uint64 {
	for {
		if c.last++; c.last > maxID || c.last == 0 {
			c.last, c.again = 1, true
		}
		if _, open := c.open[c.last]; !open {
			return c.last
		}
	}
}

// passed tells whether the router's own invocations had that ID before the
// callee was added, and none that came later has had it.
func (c *calleeBook) passed(id uint64) bool {
	return id >= 1 && id <= c.first && (!c.again || id > c.last)
}

// had tells whether an invocation of the callee has, or has had, that ID.
func (c *calleeBook) had(id uint64) bool {
	return id >= 1 && id <= c.last || c.again && id >= 1 && id <= maxID
}

func (c *calleeBook) issue(id uint64, open openID) {
	c.open[id] = open
	c.busy = append(c.busy, id)
}

func (c *calleeBook) close(id uint64) {
	delete(c.open, id)
	i := slices.Index(c.busy, id)
	c.busy = slices.Delete(c.busy, i, i+1)
}

// openID is an invocation that the callee has not answered.
type openID struct {
	call *callBook // nil: one of the router's own
	own  uint64
	more bool // of the router's own: more parts may come
}

// originBook is where calls come from.
type originBook struct {
	id    dealer.OriginID
	local bool
	peer  bool                 // it is another sidecar
	calls map[uint64]*callBook // those that have not ended for their caller
	ended map[uint64]bool      // ended before the last part came
}

type callState uint8

const (
	arriving callState = iota
	waiting
	running
	defunct // the caller is gone or told, the callee is still busy
	ended
)

// callBook is one call.
type callBook struct {
	state           callState
	pool            *poolBook
	origin          *originBook
	request         uint64
	at              *place
	id              uint64
	parts           []uint64 // serial numbers of the bodies that the callee has not got yet
	sent            []uint64 // and of those that it has
	receiveProgress bool
	open            bool // more parts may come
	progressive     bool
	passthru        bool
	arrived         time.Duration
	since           time.Duration // it arrived or was handed on
	begun           time.Duration // it was dispatched
	fate            string        // how it ends, as far as that is known
	killed          bool          // it is canceled by its callee's answer
	timeout         time.Duration // 0: none
	deadline        time.Duration
	bytes           int           // of its message, and of its parts
	handed          bool          // waits in front of the others
	tied            bool          // stays with its callee
	generous        bool          // every message of it was held on to
	refusers        []*calleeBook // those that will not have it
	retries         int
	turn            uint64 // its place among all that have come
	returned        bool   // a peer had no room for it
}

// timed tells whether the dealer ends the call when its own time is over.
func (c *callBook) timed() bool {
	return c.timeout > 0 && (c.state == waiting || c.state == running && !c.at.callee.features.CallTimeout)
}

// takers returns the members that may get the call now.
func (c *callBook) takers() (takers []*place) {
	for _, m := range c.pool.members {
		if m.hasRoom() && !slices.Contains(c.refusers, m.callee) {
			takers = append(takers, m)
		}
	}
	return takers
}

// held returns the bytes of a waiting call.
func (c *callBook) held() (n int) {
	for _, serial := range c.parts {
		n += size(serial)
	}
	return n
}

// broken is the finding of a checker.
type broken struct{ checker, text string }

// The checkers, by the promise each watches.
const (
	answeredOnce   = "answered-once"   // each call is answered exactly once, by whom it was for
	withinLimit    = "within-limit"    // never more calls at a callee than its limit
	workConserving = "work-conserving" // nobody waits, and nobody is refused, while a callee has room
	fifo           = "fifo"            // first in, first out within a pool
	queueBounds    = "queue-bounds"    // never more calls waiting than allowed, none refused before that
	queueTimeout   = "queue-timeout"   // none waits longer than allowed, none is refused before that
	policyObeyed   = "policy"          // the policy picks among the members with room
	requestIDs     = "request-ids"     // IDs +1 each per callee; answers under others are violations or discarded
	interrupts     = "interrupts"      // canceling reaches whom it may and must reach
	bodiesIntact   = "bodies"          // each Invoke carries its own call's bytes
	featuresKept   = "features"        // a callee gets nothing that it did not announce, and its calls are not refused else
	membership     = "membership"      // who may join, who has to go, and what happens when the last one leaves
	deadlinesKept  = "deadlines"       // a call's own timeout spans its wait and its run
	handover       = "handover"        // what its callee will not answer goes to another one where it may, and only then
	counted        = "counted"         // what is counted is what happened, and each call once
	told           = "told"            // each call that ends is told of once, as it was
	creditsKept    = "credits"         // an offer alone adds credits, a dispatch takes one, and who is full has none
	localFirst     = "local-first"     // a call travels only where nobody here has room, and as many wait before as may be served
	oneHop         = "one-hop"         // what a peer has forwarded runs at once or not at all, and travels no further
	placeKept      = "place"           // what comes back from a peer waits where it waited, since when it did
	loadsTold      = "loads"           // what peers are told of a pool is so, and each change is seen
	nothingLeft    = "nothing-left"    // the state agrees with the books, and is empty at the end
)

var allCheckers = []string{
	answeredOnce, withinLimit, workConserving, fifo, queueBounds, queueTimeout, policyObeyed, requestIDs, interrupts,
	bodiesIntact, featuresKept, membership, nothingLeft, deadlinesKept, handover, counted, told, creditsKept, localFirst, oneHop, placeKept, loadsTold,
}

// must panics with the checker's finding unless ok; check recovers it.
func must(ok bool, checker, format string, args ...any) {
	if !ok {
		panic(broken{checker, fmt.Sprintf(format, args...)})
	}
}

// check takes an event with what came out of it into the books, and returns
// the finding of the first checker that objects.
func (b *books) check(e event, out outcome) (finding *broken) {
	defer recoverFinding(&finding)
	if out.err == nil { // a refused join changes nothing, not even the time
		b.now = max(b.now, min(e.now, ever-1))
	}
	b.undelivered = 0
	b.handed, b.revoked, b.ends = b.handed[:0], b.revoked[:0], b.ends[:0]
	b.record(e, out)
	must(len(b.revoked) == 0, membership, "%d members had to go and were not told", len(b.revoked))
	must(b.undelivered == 0, bodiesIntact, "%d parts of running calls were not handed on", b.undelivered)
	for _, p := range b.pools {
		if p != nil {
			b.checkPool(p)
		}
	}
	return nil
}

func recoverFinding(finding **broken) {
	if r := recover(); r != nil {
		f, ok := r.(broken)
		if !ok {
			panic(r)
		}
		*finding = &f
	}
}

func (b *books) record(e event, out outcome) {
	switch e.kind {
	case openPool:
		b.recordOpenPool(e, dealer.PoolID(out.id))
	case closePool:
		p := b.pools[e.pool]
		b.acts(e, out)
		if len(p.members) == 0 && !p.lingers {
			b.checkRelease(p)
		}
	case revokePool:
		b.recordRevoke(e, out)
	case addCallee:
		b.recordAddCallee(e, dealer.CalleeID(out.id))
	case join:
		b.recordJoin(e, out)
	case leave:
		b.recordLeave(e, out)
	case lose:
		b.recordLose(e, out)
	case addOrigin:
		b.recordAddOrigin(e, dealer.OriginID(out.id))
	case dropOrigin:
		b.recordDropOrigin(e, out)
	case removeOrigin:
		b.origins[e.origin] = nil
	case call:
		b.recordCall(e, out)
	case answer:
		b.recordAnswer(e, out)
	case cancel:
		b.recordCancel(e, out)
	case ownInvocation:
		b.recordOwn(e, out)
	case tick:
		b.acts(e, out)
	case drain:
		b.draining = true
	case shutdown:
		b.recordShutdown(e, out)
	case configure:
		b.recordConfigure(e, out)
	case drainCallee:
		b.callees[e.callee].draining = true
		b.acts(e, out)
	case undrainCallee:
		b.callees[e.callee].draining = false
		b.acts(e, out)
	case pausePool:
		b.pools[e.pool].paused = true
	case resumePool:
		b.pools[e.pool].paused = false
		b.acts(e, out)
	case offer:
		b.recordOffer(e, out)
	case withdraw:
		if m := b.callees[e.callee].places[b.pools[e.pool]]; m != nil {
			m.withdraw()
		}
	case setDelay:
		b.recordDelay(e, out)
	case followLoads:
		b.follows = e.on
	}
}

// grow returns s with room for the index i.
func grow[T any](s []*T, i int) []*T {
	for len(s) <= i {
		s = append(s, nil)
	}
	return s
}

func (b *books) recordOpenPool(e event, id dealer.PoolID) {
	var p *poolBook
	for _, known := range b.pools {
		if known != nil && known.key == e.key {
			p = known
		}
	}
	if p == nil {
		b.pools = grow(b.pools, int(id))
		must(b.pools[id] == nil, membership, "pool %d opened for %s is taken", id, e.key)
		p = &poolBook{id: id, key: e.key, cursor: -1}
		b.pools[id] = p
	}
	must(p.id == id, membership, "pool %s is %d and %d", e.key, p.id, id)
	if !p.open || len(p.members) == 0 {
		p.withdrawAll()
		p.follow(e.config)
	}
	p.open = true
}

func (b *books) recordAddCallee(e event, id dealer.CalleeID) {
	b.callees = grow(b.callees, int(id))
	must(b.callees[id] == nil, membership, "callee %d was added, and exists", id)
	b.callees[id] = &calleeBook{
		id: id, features: e.features, first: e.id, last: e.id, peer: e.peer, oneWay: e.oneWay,
		open: make(map[uint64]openID), own: make(map[uint64]uint64), past: make(map[uint64]bool), places: make(map[*poolBook]*place),
	}
}

func (b *books) recordAddOrigin(e event, id dealer.OriginID) {
	b.origins = grow(b.origins, int(id))
	must(b.origins[id] == nil, membership, "origin %d was added, and exists", id)
	b.origins[id] = &originBook{id: id, local: e.local, peer: e.peer, calls: make(map[uint64]*callBook), ended: make(map[uint64]bool)}
}

// forget ends a call for its caller.
func (b *books) forget(c *callBook) {
	delete(c.origin.calls, c.request)
	if c.open {
		c.origin.ended[c.request] = true
	}
	b.live--
}

// vacate gives a slot back and ends the call.
func (b *books) vacate(c *callBook) {
	b.freeSlot(c)
	b.end(c)
	b.sweep(c.pool)
}

// end ends a call that neither waits nor runs any more.
func (b *books) end(c *callBook) {
	b.tell(c)
	c.state = ended
	b.ledgers.of(c.pool.key).ended[c.fate]++
}

func (b *books) freeSlot(c *callBook) {
	c.at.callee.close(c.id)
	c.at.inFlight--
	c.pool.held--
	b.held--
	if c.at.inFlight == 0 && !c.at.active && c.at.credits == 0 {
		delete(c.at.callee.places, c.pool)
	}
}

// handOn puts a running call in front of those that wait, behind others that
// were handed on before.
func (b *books) handOn(c *callBook) {
	b.freeSlot(c)
	p := c.pool
	i := 0
	for i < len(p.waiting) && p.waiting[i].handed {
		i++
	}
	p.waiting = slices.Insert(p.waiting, i, c)
	c.state, c.handed, c.returned, c.since = waiting, true, false, b.now
	b.turns++
	c.turn = b.turns
	c.parts, c.sent = append(c.sent, c.parts...), nil
	b.handed = append(b.handed, c)
}

// sweep forgets a pool that is closed and has no calls: its ID is free.
func (b *books) sweep(p *poolBook) {
	if !p.open && len(p.members) == 0 && p.held == 0 && len(p.waiting) == 0 && b.pools[p.id] == p {
		b.pools[p.id] = nil
	}
}

// resign takes a member out; the cursor stays where it points.
func (p *poolBook) resign(m *place) {
	i := slices.Index(p.members, m)
	p.members = slices.Delete(p.members, i, i+1)
	if i <= p.cursor {
		p.cursor--
	}
	m.active = false
	if m.inFlight == 0 {
		delete(m.callee.places, p)
	}
	if len(p.members) == 0 {
		p.cursor = -1
	}
}

// unqueue takes a call that waits out of the queue.
func (p *poolBook) unqueue(c *callBook) {
	i := slices.Index(p.waiting, c)
	must(i >= 0, fifo, "request %d is not in the queue", c.request)
	p.waiting = slices.Delete(p.waiting, i, i+1)
}
