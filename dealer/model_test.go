package dealer_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// TestModel compares the dealer with the reference model, action by action, and
// finds its books in agreement.
func TestModel(t *testing.T) {
	const worlds = 150
	seed := *simSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	for number := range worlds {
		w, steps := worldOf(seed, number)
		m := &model{pools: make(map[dealer.PoolID]*modelPool), callees: make(map[dealer.CalleeID]*modelCallee), kinds: make(map[dealer.OriginID]dealer.OriginKind), ledgers: make(ledgers)}
		w.watch = func(e event, out outcome) error {
			if w.steps%16 == 0 {
				if err := w.d.Audit(); err != nil {
					return err
				}
			}
			if err := m.compare(e, out); err != nil {
				return err
			}
			return m.compareCounts(w.d)
		}
		if _, found := w.run(steps); found != nil {
			t.Fatalf("checker %s: %s\n-sim.seed=%d, world %d; the last events and their actions:\n%s",
				found.checker, found.text, seed, number, w.history())
		}
	}
}

// TestRandomIsUniform holds the policy random against what the model leaves
// open: each callee with room is as likely as any other.
func TestRandomIsUniform(t *testing.T) {
	const callees, calls, share = 8, 40_000, 40_000 / 7
	d := dealer.New(1)
	from := d.AddOrigin(false)
	pool := d.OpenPool("com.example.p", dealer.PoolConfig{})
	for i := range callees {
		c := d.AddCallee(codec.CalleeFeatures{}, 0)
		if _, err := d.Join(0, dealer.Registration{Pool: pool, Callee: c, ID: uint64(i + 1), Policy: dealer.Random, Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	body := bodyIn(message(nil, 1))
	full := d.Call(0, dealer.Call{Pool: pool, Origin: from, Request: 1, Body: body})[0].Callee
	d.Done()
	var got [callees]int
	for request := range uint64(calls) {
		a := d.Call(0, dealer.Call{Pool: pool, Origin: from, Request: 2 + request, Body: body})[0]
		got[a.Callee]++
		d.Done()
		d.Answer(0, a.Callee, a.ID, dealer.Final)
		d.Done()
	}
	for c, n := range got {
		if c == int(full) {
			if n > 0 {
				t.Errorf("callee %d is full, and got %d calls", c, n)
			}
		} else if n < share*9/10 || n > share*11/10 {
			t.Errorf("callee %d got %d calls of about %d", c, n, share)
		}
	}
}

// model is a dealer that is slow and obvious: one list of calls, from which
// everything else is counted. It gives the actions that must come out; where
// the policy is random, it follows the dealer's pick if that one was possible.
type model struct {
	now      time.Duration
	draining bool
	pools    map[dealer.PoolID]*modelPool
	callees  map[dealer.CalleeID]*modelCallee
	kinds    map[dealer.OriginID]dealer.OriginKind
	calls    []*modelCall // in the order of their arrival, until their slots are free

	handed  int // calls that were handed on
	follows bool
	ledgers ledgers

	got  []dealer.Action // what the dealer gave
	want []dealer.Action
}

type modelPool struct {
	id      dealer.PoolID
	key     string
	config  dealer.PoolConfig
	open    bool
	members []modelMember
	names   map[dealer.CalleeID]uint64 // the registration ID that each callee had last
	after   int                        // index in members at which the next round begins
	scopes  map[dealer.CalleeID]string // in which each callee's calls count
	lingers bool
	vacated time.Duration // if it lingers: when its last member left
	until   time.Duration
	paused  bool
	offers  []modelOffer
	mean    time.Duration
}

// modelOffer is the credits that a peer has in a pool.
type modelOffer struct {
	peer dealer.CalleeID
	n    int
}

type modelMember struct {
	callee       dealer.CalleeID
	registration uint64
	asked, limit int
}

type modelCallee struct {
	features    codec.CalleeFeatures
	draining    bool
	peer        bool
	oneWay      time.Duration
	first, last uint64
	again       bool                 // IDs have begun anew at 1
	own         map[uint64]*modelOwn // by their IDs here
	past        map[uint64]bool      // the router's own that were answered before their last part
}

// modelOwn is one of the router's own invocations.
type modelOwn struct {
	request uint64
	open    bool // more parts may come
}

type modelCall struct {
	in       event
	pool     *modelPool
	arrived  time.Duration
	since    time.Duration
	begun    time.Duration // it was dispatched
	fate     string        // how it ends
	counted  bool          // it has ended, but for late parts
	killed   bool          // its callee's answer tells that it was canceled
	waits    bool          // in the queue
	answers  bool          // its caller waits for an answer
	open     bool          // more parts may come
	gone     bool          // its origin's session is over
	over     bool          // neither waits nor runs: only known for its late parts
	callee   dealer.CalleeID
	id       uint64
	parts    []uint64 // bodies that are held
	deadline time.Duration
	handed   int  // when it was handed on: waits in front, in this order; 0: never
	tied     bool // stays with its callee
	kept     bool // can be handed on
	refusers []dealer.CalleeID
	retries  int
}

func (c *modelCall) size() (n int) {
	for _, serial := range c.parts {
		n += size(serial)
	}
	return n
}

// timed tells whether the call ends here when its own time is over.
func (m *model) timed(c *modelCall) bool {
	return c.answers && c.in.timeout > 0 && (c.waits || !c.over && !m.callees[c.callee].features.CallTimeout)
}

func (m *model) compare(e event, out outcome) error {
	m.got, m.want = out.actions, nil
	if e.kind != openPool && e.kind != addCallee && e.kind != addOrigin && e.kind != ownInvocation && e.kind != pausePool && e.kind != withdraw && e.kind != followLoads && out.err == nil {
		m.now = max(m.now, min(e.now, ever-1))
	}
	m.apply(e, out)
	got, want := m.got, m.want
	if len(got) != len(want) {
		return m.different(e)
	}
	if e.kind == shutdown { // in no order that a driver could rely on
		got = slices.Clone(got)
		order := func(a, b dealer.Action) int { return bytes.Compare([]byte(actionString(a)), []byte(actionString(b))) }
		slices.SortFunc(got, order)
		slices.SortFunc(want, order)
	}
	for i := range got {
		same := actionString(got[i]) == actionString(want[i])
		if same && got[i].Kind == dealer.Invoke {
			same = bytes.Equal(appendMessage(nil, got[i].Body), appendMessage(nil, want[i].Body))
		}
		if !same {
			return m.different(e)
		}
	}
	return nil
}

func (m *model) different(e event) error {
	text := fmt.Sprintf("%s gives", e)
	for _, a := range m.got {
		text += "\n\t" + actionString(a)
	}
	text += "\ninstead of"
	for _, a := range m.want {
		text += "\n\t" + actionString(a)
	}
	return fmt.Errorf("%s", text)
}

func (m *model) do(a dealer.Action) { m.want = append(m.want, a) }

// find returns the call of a request whose caller still waits.
func (m *model) find(origin dealer.OriginID, request uint64) *modelCall {
	for _, c := range m.calls {
		if c.answers && c.in.origin == origin && c.in.request == request {
			return c
		}
	}
	return nil
}

// at returns the call that a callee has under an ID.
func (m *model) at(callee dealer.CalleeID, id uint64) *modelCall {
	for _, c := range m.calls {
		if !c.waits && !c.over && c.callee == callee && c.id == id {
			return c
		}
	}
	return nil
}

// waiting returns the calls that wait in their order: those that were handed on
// come first.
func (m *model) waiting(p *modelPool) (calls []*modelCall) {
	for _, c := range m.calls {
		if c.pool == p && c.waits {
			calls = append(calls, c)
		}
	}
	slices.SortStableFunc(calls, func(a, b *modelCall) int {
		if a.handed == 0 || b.handed == 0 {
			return b.handed - a.handed
		}
		return a.handed - b.handed
	})
	return calls
}

func (m *model) inFlight(p *modelPool, callee dealer.CalleeID) (n int) {
	for _, c := range m.calls {
		if c.pool == p && !c.waits && !c.over && c.callee == callee {
			n++
		}
	}
	return n
}

// inScope counts a callee's calls in all pools of a scope.
func (m *model) inScope(scope string, callee dealer.CalleeID) (n int) {
	for _, c := range m.calls {
		if c.pool.scopes[callee] == scope && !c.waits && !c.over && c.callee == callee {
			n++
		}
	}
	return n
}

// shared returns the limit that a pool's callees have over its whole scope, 0
// for none.
func (p *modelPool) shared() int {
	if p.config.Scope == "" {
		return 0
	}
	return p.config.Concurrency
}

// withRoom returns the members that may get a call, in their order.
func (m *model) withRoom(p *modelPool) (members []int) {
	for i, member := range p.members {
		if !p.paused && !m.callees[member.callee].draining && (member.limit == 0 || m.inFlight(p, member.callee) < member.limit) &&
			(p.shared() == 0 || m.inScope(p.config.Scope, member.callee) < p.shared()) {
			members = append(members, i)
		}
	}
	return members
}

// willing returns those of them that have not refused the call.
func (m *model) willing(c *modelCall) []int {
	return slices.DeleteFunc(m.withRoom(c.pool), func(i int) bool {
		return slices.Contains(c.refusers, c.pool.members[i].callee)
	})
}

// sums returns the bytes that wait in a pool, and those that are kept.
func (m *model) sums(p *modelPool) (waiting, kept int) {
	for _, c := range m.calls {
		switch {
		case c.pool != p || c.over:
		case c.waits:
			waiting += c.size()
		case c.kept && c.answers:
			kept += c.size()
		}
	}
	return waiting, kept
}

// end removes a call. What is left of a progressive one is only that it was.
func (m *model) end(c *modelCall) {
	if !c.counted {
		c.counted = true
		m.ledgers.of(c.pool.key).ended[c.fate]++
	}
	c.waits, c.answers, c.over = false, false, true
	if !c.open {
		m.calls = slices.DeleteFunc(m.calls, func(other *modelCall) bool { return other == c })
	}
}

func (m *model) refuse(c *modelCall, reason dealer.Reason, limit int, waited time.Duration) {
	m.do(dealer.Action{Kind: dealer.Refuse, Pool: c.pool.id, Origin: c.in.origin, Request: c.in.request, Refusal: dealer.Refusal{
		Reason: reason, Pool: c.pool.key, Limit: limit, Queued: len(m.waiting(c.pool)), Waited: waited, Paused: c.pool.paused,
	}})
	c.answers, c.fate = false, reason.String()
}

// compareCounts holds what the dealer counts against the model.
func (m *model) compareCounts(d *dealer.Dealer) error {
	waiting, running := make(map[string]int), make(map[string]int)
	for _, c := range m.calls {
		switch {
		case c.waits:
			waiting[c.pool.key]++
		case !c.over:
			running[c.pool.key]++
		}
	}
	if difference := m.ledgers.compare(d, waiting, running); difference != "" {
		return fmt.Errorf("%s", difference)
	}
	return nil
}
