package dealer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// office is a dealer with all that its books can hold: calls that wait, run and
// are defunct, two pools of one scope, a third without a limit, a callee that has
// left, the router's own invocations, another sidecar that has calls and credits.
type office struct {
	*Dealer
	pools   []PoolID
	callees []CalleeID
	peer    CalleeID
	router  OriginID
	local   OriginID
	runs    []Action // what the callees have been sent
	live    []Owed   // calls that have had no answer
}

func newOffice(t *testing.T) *office {
	o := &office{Dealer: New(1)}
	o.FollowLoads(true)
	o.router, o.local = o.AddOrigin(false), o.AddOrigin(true)
	config := PoolConfig{Concurrency: 1, Scope: "s", QueueLimit: 10, KeptBytes: 1000}
	o.pools = []PoolID{o.OpenPool("a", config), o.OpenPool("b", config), o.OpenPool("c", PoolConfig{QueueLimit: 10})}
	for i := range 3 {
		o.callees = append(o.callees, o.AddCallee(codec.CalleeFeatures{CallCanceling: true}, uint64(i)))
	}
	registration := uint64(0)
	for _, p := range o.pools {
		for _, c := range o.callees[:2] {
			registration++
			if _, err := o.Join(0, Registration{Pool: p, Callee: c, ID: registration, Policy: RoundRobin, Limit: 2}); err != nil {
				t.Fatal(err)
			}
			o.Done()
		}
	}
	if _, err := o.Join(0, Registration{Pool: o.pools[2], Callee: o.callees[2], ID: 99, Policy: RoundRobin}); err != nil {
		t.Fatal(err)
	}
	o.OwnInvocation(o.callees[0], 70, true)
	o.OwnInvocation(o.callees[2], 71, false)
	for request := range uint64(24) {
		o.call(o.router, request+1, int(request)%3)
		o.call(o.local, (request+1)*1000, int(request+1)%3)
	}
	o.peer = o.AddPeer(codec.CalleeFeatures{}, 5)
	o.runs = append(o.runs, o.Offer(1, o.pools[0], o.peer, 2)...)
	o.Done()
	o.Offer(1, o.pools[2], o.peer, 3) // where nothing is kept
	o.Done()
	o.Cancel(1, o.router, 3, codec.CancelKillNoWait)
	o.Done()
	o.Leave(1, o.callees[2], 99)
	o.Done()
	for request := range uint64(24) {
		for _, call := range []Owed{{o.router, request + 1}, {o.local, (request + 1) * 1000}} {
			if state, _ := o.CallState(call.Origin, call.Request); state == Open || state == Complete {
				o.live = append(o.live, call)
			}
		}
	}
	if err := o.Audit(); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) call(from OriginID, request uint64, pool int) {
	in := Call{Pool: o.pools[pool], Origin: from, Request: request, Timeout: 50, Progress: request == 24}
	in.Body = codec.Body{Serializer: codec.JSON, Payload: codec.NewPayload(codec.JSON, []byte(`["x"]`), nil)}
	for _, a := range o.Call(1, in) {
		if a.Kind == Invoke {
			o.runs = append(o.runs, a)
		}
	}
	o.Done()
}

// faults are what an event that ended half way may leave behind.
var bookFaults = map[string]func(o *office){
	"a slot that nobody has":      func(o *office) { o.Dealer.callees[0].registrations[o.pools[2]].inFlight++ },
	"a slot that is not counted":  func(o *office) { o.Dealer.callees[1].registrations[o.pools[2]].inFlight-- },
	"the scope's count":           func(o *office) { o.Dealer.callees[0].shares["s"].inFlight = 0 },
	"a length":                    func(o *office) { o.pool(o.pools[0]).queue.length++ },
	"bytes":                       func(o *office) { o.pool(o.pools[0]).queue.bytes++ },
	"kept bytes":                  func(o *office) { o.pool(o.pools[0]).kept++ },
	"a head":                      func(o *office) { o.pool(o.pools[0]).queue.head = noCall },
	"a tail":                      func(o *office) { o.pool(o.pools[1]).queue.tail = 3 },
	"calls of a pool":             func(o *office) { o.pool(o.pools[0]).calls-- },
	"a call without a queue":      func(o *office) { o.insert(o.pool(o.pools[0]), o.local, 7) },
	"a call that its caller lost": func(o *office) { o.origin(o.router).calls.remove(5) },
	"a caller's call of nobody":   func(o *office) { o.origin(o.router).calls.put(4711, 900) },
	"an invocation of nobody":     func(o *office) { o.callee(o.callees[0]).requests.open.put(4711, 12) },
	"an invocation forgotten":     func(o *office) { o.callee(o.callees[0]).requests.open.remove(o.runs[0].ID) },
	"a member twice":              func(o *office) { o.pool(o.pools[0]).roster.size++ },
	"a member without its place":  func(o *office) { o.pool(o.pools[0]).roster.members[0] = nil },
	"room in the tree":            func(o *office) { o.pool(o.pools[0]).roster.room[1]++ },
	"a registration forgotten":    func(o *office) { delete(o.callee(o.callees[1]).registrations, o.pools[1]) },
	"the router's own":            func(o *office) { clear(o.callee(o.callees[0]).requests.given) },
	"a deadline of nobody":        func(o *office) { o.deadlines.heap = append(o.deadlines.heap, 1) },
	"no deadlines":                func(o *office) { o.deadlines.heap = nil },
	"a key":                       func(o *office) { delete(o.byKey, "a") },
	"a free place in use":         func(o *office) { o.calls.free = 2 },
	"a loop of free places":       func(o *office) { o.calls.free, *o.calls.at(2) = 2, call{after: 2} },
	"a call away":                 func(o *office) { o.pool(o.pools[0]).away++ },
	"credits of nobody":           func(o *office) { o.pool(o.pools[2]).peers[0].credits = 0 },
	"credits that nobody knows":   func(o *office) { o.pool(o.pools[2]).peers = nil },
	"a peer that is none":         func(o *office) { o.callee(o.peer).peer = false },
	"a peer that is forgotten":    func(o *office) { o.peers = nil },
	"a turn":                      func(o *office) { o.calls.at(o.pool(o.pools[1]).queue.head).turn = 1 << 60 },
	"slots that serve":            func(o *office) { o.pool(o.pools[2]).roster.serving++ },
	"slots that are free":         func(o *office) { o.pool(o.pools[0]).roster.free++ },
	"a change that nobody hears":  func(o *office) { o.loads.changed = nil },
	"a state":                     func(o *office) { o.calls.at(0).state = waiting },
}

// Whatever disagrees is seen, and a dealer that begins anew agrees again: it owes
// each call that somebody knows one answer, and works.
func TestRestart(t *testing.T) {
	for name, fault := range bookFaults {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			o := newOffice(t)
			fault(o)
			if err := o.Audit(); err == nil {
				t.Error("the audit finds nothing")
			} else {
				t.Log(err)
			}
			o.restarts(t)
		})
	}
	t.Run("nothing", func(t *testing.T) { newOffice(t).restarts(t) })
}

func (o *office) restarts(t *testing.T) {
	t.Helper()
	owed := o.Restart(o.runs[:1])
	if err := o.Audit(); err != nil {
		t.Fatalf("after it began anew: %v", err)
	}
	for i, call := range owed {
		if slices.Contains(owed[:i], call) {
			t.Errorf("%v is owed twice", call)
		}
		if state, _ := o.CallState(call.Origin, call.Request); state != Unknown && state != Over {
			t.Errorf("%v is owed an answer, and goes on", call)
		}
	}
	for _, call := range o.live {
		if !slices.Contains(owed, call) {
			t.Errorf("%v is not answered", call)
		}
	}
	if waiting, running := o.Load(); waiting+running > 0 {
		t.Errorf("%d wait and %d run", waiting, running)
	}
	for i, run := range o.runs {
		a := o.Answer(2, run.Callee, run.ID, Final)
		if len(a) != 1 || a[0].Kind != Discard {
			t.Errorf("the answer to invocation %d of callee %d: %v", run.ID, run.Callee, a)
		}
		o.Done()
		if i == 0 {
			continue // its slot was given back at once
		}
		if err := o.Audit(); err != nil {
			t.Fatal(err)
		}
	}
	if id, _ := o.OwnInterrupt(o.callees[0], 70); id == 0 || o.Answer(2, o.callees[0], id, Final)[0].Kind != ForwardOwn {
		t.Error("the router's own invocation is lost")
	}
	o.Done()
	for _, s := range o.Pools() {
		if !s.Open || len(s.Callees) != 2 {
			t.Errorf("pool %s has %d callees", s.Key, len(s.Callees))
		}
		for _, c := range s.Callees {
			if c.InFlight > 0 {
				t.Errorf("callee %d has %d calls of pool %s", c.Callee, c.InFlight, s.Key)
			}
		}
	}
	o.runs = nil
	o.call(o.local, 1, 0)
	o.call(o.local, 2, 2)
	if len(o.runs) != 2 || o.runs[0].ID <= 2 {
		t.Errorf("new calls: %v", fmt.Sprint(o.runs))
	}
	for _, c := range o.callees {
		o.Lose(3, c)
		o.Done()
	}
	if err := o.Audit(); err != nil {
		t.Fatal(err)
	}
}
