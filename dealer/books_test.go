package dealer_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// books is what the checkers of the simulation know. It is written from events
// and actions alone: what the dealer holds inside is not consulted.
type books struct {
	now      time.Duration
	draining bool
	pools    []*poolBook // by their IDs; nil: none
	callees  []*calleeBook
	origins  []*originBook
	live     int // calls of all origins that have not ended for their callers
	held     int // slots taken

	// Of the event at hand.
	undelivered int         // parts of running calls that no Invoke has carried yet
	interrupted []*callBook // calls with an Interrupt
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
}

// place is one callee in one pool: its slots outlive its registration.
type place struct {
	callee       *calleeBook
	registration uint64
	limit        int // 0: none
	inFlight     int
	active       bool
}

func (p *place) hasRoom() bool { return p.active && (p.limit == 0 || p.inFlight < p.limit) }

// calleeBook is a callee's session.
type calleeBook struct {
	id       dealer.CalleeID
	features codec.CalleeFeatures
	first    uint64 // IDs up to here passed before it was added
	last     uint64 // ID given out last
	open     map[uint64]openID
	busy     []uint64          // the keys of open, oldest first
	own      map[uint64]uint64 // the router's own invocations that are open: its ID to the callee's
	places   map[*poolBook]*place
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
}

// originBook is where calls come from.
type originBook struct {
	id    dealer.OriginID
	local bool
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
	receiveProgress bool
	open            bool // more parts may come
	progressive     bool
	passthru        bool
	arrived         time.Duration
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
	membership     = "membership"      // who may join, and what happens when the last one leaves
	nothingLeft    = "nothing-left"    // the state agrees with the books, and is empty at the end
)

var allCheckers = []string{
	answeredOnce, withinLimit, workConserving, fifo, queueBounds, queueTimeout, policyObeyed, requestIDs, interrupts,
	bodiesIntact, featuresKept, membership, nothingLeft,
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
		b.now = max(b.now, e.now)
	}
	b.undelivered = 0
	b.record(e, out)
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
		b.checkRelease(p)
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
		p.config = e.config
	}
	p.open = true
}

func (b *books) recordAddCallee(e event, id dealer.CalleeID) {
	b.callees = grow(b.callees, int(id))
	must(b.callees[id] == nil, membership, "callee %d was added, and exists", id)
	b.callees[id] = &calleeBook{
		id: id, features: e.features, first: e.id, last: e.id,
		open: make(map[uint64]openID), own: make(map[uint64]uint64), places: make(map[*poolBook]*place),
	}
}

func (b *books) recordAddOrigin(e event, id dealer.OriginID) {
	b.origins = grow(b.origins, int(id))
	must(b.origins[id] == nil, membership, "origin %d was added, and exists", id)
	b.origins[id] = &originBook{id: id, local: e.local, calls: make(map[uint64]*callBook), ended: make(map[uint64]bool)}
}

// forget ends a call for its caller.
func (b *books) forget(c *callBook) {
	delete(c.origin.calls, c.request)
	if c.open {
		c.origin.ended[c.request] = true
	}
	b.live--
}

// vacate gives a slot back.
func (b *books) vacate(c *callBook) {
	c.at.callee.close(c.id)
	c.at.inFlight--
	c.pool.held--
	b.held--
	if c.at.inFlight == 0 && !c.at.active {
		delete(c.at.callee.places, c.pool)
	}
	c.state = ended
	b.sweep(c.pool)
}

// sweep forgets a pool that is closed and has no calls: its ID is free.
func (b *books) sweep(p *poolBook) {
	if !p.open && len(p.members) == 0 && p.held == 0 && b.pools[p.id] == p {
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
