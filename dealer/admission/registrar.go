package admission

import (
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// Time is a point in time, as the time since an arbitrary start. A Time that
// lies before an earlier event's is taken as that event's.
type Time = dealer.Time

// SessionID names a client's session, from [Registrar.OpenSession] until
// [Registrar.CloseSession]. None is used twice.
type SessionID uint64

// PendingID names a REGISTER for a pool from its arrival until it has its
// answer, and its probe too. None is used twice.
type PendingID uint64

// LinkID names a pool session, from [OpenLink] until [CloseLink], however often
// it joins the router. None is used twice.
type LinkID int32

// FirstLink is the pool session that is always there.
const FirstLink LinkID = 0

// Config are the bounds that all pools of a realm have in common.
type Config struct {
	RegisterPatience time.Duration // of a REGISTER, from its arrival to its answer
	AnswerPatience   time.Duration // with the answer to a request of a pool session, at first
	AskPause         time.Duration // the shortest between requests without an answer: see pace
	RenewalPause     time.Duration // between two sessions of a link that are begun anew for a lost answer
	WeightPause      time.Duration // between two changes of a pool's weight
	LinkIdle         time.Duration // how long a link stays that has no pool
	HeldBytes        int64         // most that is kept for a session
}

// Defaults returns what holds where nothing else is said, with these HeldBytes.
func Defaults(heldBytes int64) Config {
	return Config{
		RegisterPatience: 10 * time.Second,
		AnswerPatience:   3 * time.Second,
		AskPause:         5 * time.Millisecond,
		RenewalPause:     time.Minute,
		WeightPause:      10 * time.Second,
		LinkIdle:         time.Minute,
		HeldBytes:        heldBytes,
	}
}

// Block are the rules of a pool block; those of pools without a block are one
// too, whose callees say themselves how they share.
type Block struct {
	AnyRole       bool              // whoever the router lets register may join
	Admit         []string          // roles whose callees may join; none: the pool session's own
	Policy        string            // rules whatever callees ask for; "": the first one's
	Shared        bool              // the pool's registration at the router is one of several
	SlotsPerShare int               // of a shared one: see weigh
	Config        dealer.PoolConfig // all but its Policy
}

// Registrar decides for the pools of one realm who is in them, and what the
// router is asked for. It is not safe for concurrent use: its owner serializes
// the events.
type Registrar struct {
	config   Config
	now      Time
	random   uint64
	draining bool                // all pools drain: see Drain
	drained  map[string]struct{} // keys of those that drain by themselves: see DrainPool

	sessions    map[SessionID]*session
	lastSession SessionID
	pendings    map[PendingID]*pending
	lastPending PendingID
	waiting     line[*pending] // those without an answer, in the order of their IDs
	undecided   line[*pending] // of them, those that wait for a pool session to be up

	pools      map[string]*pool
	poolsNow   line[*pool] // in the order in which they came
	lastPool   uint64      // how many ever came
	lastMember uint64      // how many ever joined one
	links      []*link     // the first one stays
	lastLink   LinkID

	timers  timers
	changed []*session // in this event, whose costs are to be told
	ripe    []*session // in this event, of whom something may be let go
	actions []Action
}

// latest is the last moment that there is: whatever is due after it can be told.
const latest Time = 1 << 62

// New returns a registrar without a callee, whose first link is down. The seed
// is for the registration IDs that callees get.
func New(config Config, seed uint64) *Registrar {
	r := &Registrar{
		config: config, random: seed, sessions: make(map[SessionID]*session),
		pendings: make(map[PendingID]*pending), pools: make(map[string]*pool), drained: make(map[string]struct{}),
	}
	r.links = []*link{r.newLink(FirstLink, 0, 0)}
	return r
}

// SetHeldBytes changes what is kept for a session at most, for what comes from now on.
func (r *Registrar) SetHeldBytes(bytes int64) { r.config.HeldBytes = bytes }

// begin opens an event.
func (r *Registrar) begin(now Time) {
	if len(r.actions) > 0 {
		panic("admission: the actions of an event must be taken before the next one begins")
	}
	r.now = max(r.now, min(now, latest))
}

// end closes it: what is held is let go as far as it may, and costs are told.
func (r *Registrar) end() []Action {
	for len(r.ripe) > 0 {
		s := r.ripe[0]
		r.ripe = r.ripe[1:]
		r.letGo(s)
	}
	r.ripe = nil
	r.tellCosts()
	return r.actions
}

// Done tells that the actions of the last event were taken.
func (r *Registrar) Done() { r.actions = r.actions[:0] }

// Deadline returns when time alone changes something next; false if never.
func (r *Registrar) Deadline() (Time, bool) {
	if len(r.timers.heap) == 0 {
		return 0, false
	}
	return r.timers.heap[0].at, true
}

// Tick does what time alone demands.
func (r *Registrar) Tick(now Time) []Action {
	r.begin(now)
	until := r.timers.last // what is set from here on is for the next one
	for len(r.timers.heap) > 0 {
		t := r.timers.heap[0]
		if t.at > r.now || t.order > until {
			break
		}
		r.timers.stop(t)
		t.due()
	}
	return r.end()
}

// drawID returns an ID between 1 and 2^53, by Vigna's splitmix64.
func (r *Registrar) drawID() uint64 {
	r.random += 0x9e3779b97f4a7c15
	z := r.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return z>>11 + 1
}

// keyOf names the pool that a REGISTER asks for: how it matches, and the procedure.
func keyOf(m *codec.Register) string {
	match := m.Match
	if match == "" {
		match = "exact"
	}
	return match + " " + m.Procedure
}
