package dealer

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
)

// Time is a point in time, as the time since an arbitrary start. A Time that
// lies before an earlier event's is taken as that event's: time never goes back.
type Time = time.Duration

// PoolID names a pool of this dealer, from [Dealer.OpenPool] until the pool is
// closed and its last call has ended.
type PoolID int32

// CalleeID names a client's session in its role as callee, from
// [Dealer.AddCallee] until [Dealer.Lose].
type CalleeID int32

// OriginID names where calls come from and their answers go: the pool session
// at the router, or a caller's own session. From [Dealer.AddOrigin] until
// [Dealer.RemoveOrigin].
type OriginID int32

// Dealer is the state of all pools of one realm. It is not safe for concurrent
// use: its owner serializes the events.
type Dealer struct {
	now      Time
	random   uint64
	draining bool

	pools     []*pool
	byKey     map[string]PoolID
	callees   []*callee
	origins   []*origin
	calls     table
	deadlines deadlines

	// next is a lower bound of the earliest moment at which time alone changes
	// something.
	next Time

	peers   []*callee
	nearest Time   // the least of their delays
	loads   *loads // nil: nobody follows them

	past   past
	others Tally // of pools that are no more, and were not counted by themselves
	named  int   // pools that are

	follows Following
	ends    []End // in this event

	actions []Action
	spent   [][]byte        // buffers of calls dispatched in this event, reused from the next on
	buffers [][]byte        // free buffers
	lent    []*codec.Memory // held until the next event, as spent is
}

// never is later than every deadline, and than every event.
const never Time = 1<<63 - 1

// later returns the time that lies that long after t: never, where no time does.
func later(t Time, wait time.Duration) Time {
	if wait > never-t {
		return never
	}
	return t + wait
}

// New returns an empty dealer. The seed feeds the policy "random" alone; the
// same seed and the same events give the same actions.
func New(seed uint64) *Dealer {
	return &Dealer{random: seed, byKey: make(map[string]PoolID), next: never, calls: newTable()}
}

// PoolConfig are the rules of one pool.
type PoolConfig struct {
	Policy       Policy
	Concurrency  int           // most calls in flight at one callee; 0: what the callee asks for, or no limit
	Scope        string        // pools of one Scope count Concurrency over all of them; "": each by itself
	QueueLimit   int           // most calls that wait; 0: nothing waits
	QueueBytes   int           // most bytes that those hold; 0: no bound
	QueueTimeout time.Duration // longest wait of a call; 0: no bound
	Linger       time.Duration // how long the pool stays open without a callee
	Retries      int           // how often a call whose callee is lost goes to another one; 0: never
	KeptBytes    int           // most bytes of calls in flight that are kept, so that another callee can get them
}

// pool is one shared registration: its callees and the calls that wait for them.
type pool struct {
	id      PoolID
	key     string
	config  PoolConfig
	open    bool // holds, or is about to hold, its registration at the router
	paused  bool // nobody gets a call
	roster  roster
	peers   []*registration // of peers that have credits, the nearest first
	queue   queue
	calls   int           // all calls of this pool in the table
	kept    int           // bytes of calls in flight
	away    int           // calls that peers have
	mean    time.Duration // how long callees here have a call; 0: not known
	loads   *loads        // nil: nobody follows them
	changed bool          // its load, since somebody asked
	tally   Tally
	named   bool // it is counted by itself

	lingers   bool // it is open, and has lost its last callee
	vacatedAt Time // when it did
	lingerEnd Time // and when it is given up
}

// callee is one client's session in its role as callee.
type callee struct {
	id            CalleeID
	features      codec.CalleeFeatures
	requests      requestIDs
	registrations map[PoolID]*registration
	shares        map[string]*share // by scope
	draining      bool              // it gets no new call
	peer          bool              // it is another sidecar
	oneWay        Time              // how far away that is
}

// pools returns the IDs of the pools that the callee has a registration in.
func (c *callee) pools() []PoolID { return slices.Sorted(maps.Keys(c.registrations)) }

// registration is one callee's place in one pool. It outlives its UNREGISTER
// while calls are in flight there, so that a callee which registers again finds
// their slots taken.
type registration struct {
	id       uint64 // as the callee knows it
	callee   *callee
	pool     *pool
	asked    int    // most calls in flight that the callee wants; 0: no limit
	limit    int    // for this registration alone; 0: none
	share    *share // counts what the pool's Concurrency bounds over a scope; nil: limit has it in
	inFlight int    // running and defunct calls; changed only in slot.go, counted anew in restart.go
	active   bool
	position int   // in the pool's roster while active
	free     int64 // slots, as counted in the roster
	credits  int   // of a peer, which is never active
}

// origin is where calls come from.
type origin struct {
	kind  OriginKind
	calls index         // by the origin's request ID, plus one: waiting and running, not defunct
	ended endedRequests // progressive calls that have ended
}

// call returns the call of a request, noCall if there is none.
func (o *origin) call(request uint64) callIndex { return callIndex(o.calls.get(request)) - 1 }

// OriginKind says what an origin is.
type OriginKind uint8

// The kinds of origins.
const (
	RouterOrigin OriginKind = iota // a session at a router, which answers callers itself
	LocalOrigin                    // a caller here
	PeerOrigin                     // another sidecar, which forwards calls
)

// AddOrigin adds a source of calls. A local origin is a caller of this very
// router or proxy, to which the Dealer's whole duty is owed: its cancellations
// are answered here. Otherwise the origin is a session at a router that answers
// them itself.
func (d *Dealer) AddOrigin(local bool) OriginID {
	if local {
		return d.addOrigin(LocalOrigin)
	}
	return d.addOrigin(RouterOrigin)
}

// AddPeerOrigin adds another sidecar as a source of calls that it forwards. They run at
// once or are refused with [ReasonFull] before anything has run: they never wait here,
// and never go to a peer. Each of them is answered, canceled ones as well. One that all
// callees here refuse, or that was to go to another one and finds none, ends by
// [ReasonNoCallee] or [ReasonCalleeLost] as any call.
func (d *Dealer) AddPeerOrigin() OriginID { return d.addOrigin(PeerOrigin) }

func (d *Dealer) addOrigin(kind OriginKind) OriginID {
	d.taken()
	o := &origin{kind: kind}
	for i, free := range d.origins {
		if free == nil {
			d.origins[i] = o
			return OriginID(i)
		}
	}
	d.origins = append(d.origins, o)
	return OriginID(len(d.origins) - 1) //nolint:gosec // one for each client
}

// RemoveOrigin forgets an origin after [Dealer.DropOrigin]; its ID may be used again.
func (d *Dealer) RemoveOrigin(id OriginID) {
	d.taken()
	if o := d.origin(id); o.calls.len() > 0 {
		panic("dealer: an origin must be dropped before it is removed")
	}
	d.origins[id] = nil
}

// AddCallee adds a client's session. highestID is the highest ID of an
// INVOCATION already passed to it: the IDs given out here continue from it.
func (d *Dealer) AddCallee(features codec.CalleeFeatures, highestID uint64) CalleeID {
	d.taken()
	c := &callee{
		features:      features,
		requests:      newRequestIDs(highestID),
		registrations: make(map[PoolID]*registration),
	}
	for i, free := range d.callees {
		if free == nil {
			c.id = CalleeID(i)
			d.callees[i] = c
			return c.id
		}
	}
	c.id = CalleeID(len(d.callees)) //nolint:gosec // one for each client
	d.callees = append(d.callees, c)
	return c.id
}

func (d *Dealer) pool(id PoolID) *pool {
	if int(id) >= len(d.pools) || d.pools[id] == nil {
		panic(fmt.Sprintf("dealer: pool %d must exist", id))
	}
	return d.pools[id]
}

func (d *Dealer) callee(id CalleeID) *callee {
	if int(id) >= len(d.callees) || d.callees[id] == nil {
		panic(fmt.Sprintf("dealer: callee %d must exist", id))
	}
	return d.callees[id]
}

func (d *Dealer) origin(id OriginID) *origin {
	if int(id) >= len(d.origins) || d.origins[id] == nil {
		panic(fmt.Sprintf("dealer: origin %d must exist", id))
	}
	return d.origins[id]
}

// begin opens an event: the actions of the event before have been taken, and the
// buffers they pointed into may be used again.
func (d *Dealer) begin(now Time) {
	d.taken()
	d.now = max(d.now, min(now, never-1))
	for i, buffer := range d.spent {
		if len(d.buffers) < maxFreeBuffers && cap(buffer) <= maxFreeBufferBytes {
			d.buffers = append(d.buffers, buffer)
		}
		d.spent[i] = nil
	}
	d.spent = d.spent[:0]
	for i, memory := range d.lent {
		memory.Release()
		d.lent[i] = nil
	}
	d.lent = d.lent[:0]
	d.ends = d.ends[:0]
}

// taken sees to it that events do not run into one another: what an event has
// decided may be untrue after the next one, and lies in the same memory.
func (d *Dealer) taken() {
	if len(d.actions) > 0 {
		panic("dealer: the actions of an event must be carried out, and Done be told, before the next event begins")
	}
}

// Done tells that the actions of the last event have been carried out. Their
// bodies stay what they are until the next one begins.
func (d *Dealer) Done() { d.actions = d.actions[:0] }

// Undone returns the actions of the last event, if nobody has said Done since.
// After a panic within an event, they are those decided until then.
func (d *Dealer) Undone() []Action { return d.actions }

const (
	maxFreeBuffers     = 1024
	maxFreeBufferBytes = 4096
)

// buffer returns a free buffer for a waiting call's body.
func (d *Dealer) buffer() []byte {
	n := len(d.buffers)
	if n == 0 {
		return nil
	}
	b := d.buffers[n-1]
	d.buffers[n-1] = nil
	d.buffers = d.buffers[:n-1]
	return b
}

// randomBelow returns a number in [0, n), by Vigna's splitmix64.
func (d *Dealer) randomBelow(n int) int {
	d.random += 0x9e3779b97f4a7c15
	z := d.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return int(z>>33) % n // the bias of % is below n/2^31
}
