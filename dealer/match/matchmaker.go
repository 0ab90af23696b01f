package match

import "time"

// Time is a point in time, as the time since an arbitrary start. A Time that lies
// before an earlier event's is taken as that event's: time never goes back.
type Time = time.Duration

// Match tells a taker that a supplier has room for n of its calls.
type Match struct {
	Pool            Pool
	Taker, Supplier Node
	N               int
}

// Limits bound what a matchmaker keeps. A zero is the default.
type Limits struct {
	Nodes  int           // most nodes that have said something; default 1024
	Claims int           // most pools of nodes together; default 1 << 17
	Stale  time.Duration // older loads don't count; default 25 s
	Flight time.Duration // how long a match may be on its way; default 100 ms
}

const (
	defaultNodes  = 1024
	defaultClaims = 1 << 17
	defaultStale  = 5 * Repeat / 2
	defaultFlight = 100 * time.Millisecond
)

// maxNameBytes is the longest name of a pool that counts.
const maxNameBytes = 1 << 10

// Tally is what a matchmaker has done.
type Tally struct {
	Loads   uint64 // that counted
	Late    uint64 // behind another of the same node and pool
	Refused uint64 // beyond the limits
	Matches uint64
	Calls   uint64 // that these matches were for
}

// Matchmaker finds slots for calls that wait elsewhere. It is not safe for
// concurrent use: its owner serializes the events.
type Matchmaker struct {
	limits Limits
	now    Time
	pools  map[Pool]*pool
	nodes  map[Node]*node
	claims int
	oldest *claim // of all, in the order in which they were said last
	newest *claim
	flying []flight // in the order in which they end
	turn   uint64   // matches so far
	tally  Tally
	out    []Match
}

// pool is what is known of one pool.
type pool struct {
	key       Pool
	claims    int
	takers    line // who has calls that no match is for, the oldest call first
	suppliers line // who has slots that no match is for
}

// node is one that has said something.
type node struct {
	id     Node
	claims map[*pool]*claim
}

// claim is what one node has said of one pool.
type claim struct {
	node         *node
	pool         *pool
	load         Load
	at           Time // when it was said
	older, newer *claim
	given        uint64 // calls that its matches were for, as the node counts them
	gaveAt       Time   // when the last of them was made
	way          way    // calls on their way to its slots
	turn         uint64 // of its last match as a supplier
	in           *line
	place        int // there
}

// New returns a matchmaker that knows nothing.
func New(limits Limits) *Matchmaker {
	orElse := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	orElse(&limits.Nodes, defaultNodes)
	orElse(&limits.Claims, defaultClaims)
	if limits.Stale <= 0 {
		limits.Stale = defaultStale
	}
	if limits.Flight <= 0 {
		limits.Flight = defaultFlight
	}
	return &Matchmaker{limits: limits, pools: make(map[Pool]*pool), nodes: make(map[Node]*node)}
}

// Report takes what a node says of a pool, and returns the matches that are to be
// told to their takers: valid until the next event. A load that is no newer than one
// that is known means nothing, nor does one that is beyond the limits. The numbers
// of loads begin at 1.
func (m *Matchmaker) Report(now Time, from Node, of Pool, load Load) []Match {
	m.begin(now)
	c := m.claim(from, of)
	switch {
	case c == nil:
		m.tally.Refused++
	case load.Seq <= c.load.Seq:
		m.tally.Late++
	default:
		m.tally.Loads++
		m.say(c, load.within())
		m.pair(c.pool)
	}
	return m.out
}

// Tick does what time alone demands: what was on its way for too long is not awaited
// any more, and what was said too long ago does not count.
func (m *Matchmaker) Tick(now Time) []Match {
	m.begin(now)
	return m.out
}

// Deadline returns a time before which Tick has nothing to do; false if there is
// none at all.
func (m *Matchmaker) Deadline() (at Time, found bool) {
	if len(m.flying) > 0 {
		at, found = m.flying[0].until, true
	}
	if m.oldest != nil {
		if end := later(m.oldest.at, m.limits.Stale); !found || end < at {
			at, found = end, true
		}
	}
	return at, found
}

// Lose forgets a node: its link is gone.
func (m *Matchmaker) Lose(id Node) {
	if n := m.nodes[id]; n != nil {
		for _, c := range n.claims {
			m.forget(c)
		}
	}
}

// Tally returns what has been done so far.
func (m *Matchmaker) Tally() Tally { return m.tally }

// Size returns how many nodes and pools are known, and how many pools of nodes.
func (m *Matchmaker) Size() (nodes, pools, claims int) { return len(m.nodes), len(m.pools), m.claims }
