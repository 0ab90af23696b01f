package admission_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
)

// TestModel compares the registrar with the reference model in random runs: what
// each session, and the router on the pool session, is told at each event, in its
// order.
func TestModel(t *testing.T) {
	const runs, steps = 400, 250
	seed := *simSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	told := make(map[string]int)
	for number := range uint64(runs) {
		c := newComparison(rand.New(rand.NewPCG(seed, number)), told)
		for range steps {
			if c.step(); c.differs != "" {
				t.Fatalf("%s\n-sim.seed=%d, run %d; the last events:\n%s", c.differs, seed, number, strings.Join(c.events[max(0, len(c.events)-40):], "\n"))
			}
		}
	}
	for _, what := range []string{
		"pass", "swallow", "probe", "undo", "join", "deny", "leave", "unknown", "depart", "renumber", "REGISTER", "UNREGISTER",
		"pass late", "deny conflict", "deny taken", "deny draining", "deny pool refused", "deny probe refused", "deny invalid",
		"expel", "deny no link", "deny no pool answer", "deny no pool end", "deny no probe answer", "deny no undo", "deny unsettled",
	} {
		if told[what] == 0 {
			t.Errorf("nobody was ever told %q: the runs are too tame", what)
		}
	}
}

// comparison is one run of both.
type comparison struct {
	rng    *rand.Rand
	r      *admission.Registrar
	m      *model
	blocks []*admission.Block

	grabs bool // the router takes a pool's registration away, and gives it to probes
	taken int  // one in so many REGISTERs of pools is refused: it exists

	ids       []admission.SessionID
	last      map[admission.SessionID]uint64 // request IDs of the clients
	asked     map[uint64]string              // pools, by requests on the pool session
	gives     map[uint64]string              // the same for what is given back
	holds     map[string]uint64              // registrations of pools at the router
	probes    map[admission.PendingID]*modelRegister
	undoing   map[admission.PendingID]*modelRegister
	next      uint64 // registration at the router
	attention []string

	told    map[string]int
	events  []string
	differs string
}

func newComparison(rng *rand.Rand, told map[string]int) *comparison {
	config := admission.Defaults(1 << 40)
	config.AnswerPatience, config.AskPause = 1000*time.Hour, 0
	lingers := dealer.PoolConfig{Linger: time.Second}
	return &comparison{
		rng: rng, r: admission.New(config, rng.Uint64()), m: newModel(), told: told,
		grabs: rng.IntN(3) == 0, taken: []int{2, 4, 4, 8}[rng.IntN(4)],
		blocks: []*admission.Block{
			{SlotsPerShare: 4}, {SlotsPerShare: 4, Policy: "roundrobin", Config: lingers}, {SlotsPerShare: 4, AnyRole: true, Config: lingers}, {SlotsPerShare: 4, Admit: []string{"other"}},
		},
		last: make(map[admission.SessionID]uint64), asked: make(map[uint64]string), gives: make(map[uint64]string), holds: make(map[string]uint64),
		probes: make(map[admission.PendingID]*modelRegister), undoing: make(map[admission.PendingID]*modelRegister),
	}
}

// step brings one event to both.
func (c *comparison) step() {
	if len(c.attention) > 0 { // the dealer says at once that a pool without linger is over
		key := c.attention[0]
		c.attention = c.attention[1:]
		c.bring("released "+key, func() []admission.Action { return c.r.Released(c.m.now, key) }, func() { c.m.released(key) })
		return
	}
	switch c.rng.IntN(25) {
	case 24:
		c.reconfigure()
	case 0:
		if len(c.ids) < 4 {
			role := []string{"backend", "backend", "other", ""}[c.rng.IntN(4)]
			id := c.r.OpenSession(admission.Session{Serializer: codec.JSON, Role: role})
			c.ids = append(c.ids, id)
			c.m.sessions[id] = &modelSession{id: id, role: role, has: make(map[uint64]string), had: make(map[uint64]bool)}
		}
	case 1, 2, 3, 4, 5:
		c.send(codec.TypeRegister)
	case 6, 7:
		c.send(codec.TypeCall)
	case 8, 9:
		c.send(codec.TypeUnregister)
	case 10:
		if c.rng.IntN(4) == 0 {
			c.send(codec.TypeGoodbye)
		}
	case 11:
		if s := c.someone(); s != nil && c.rng.IntN(4) == 0 {
			c.bring(fmt.Sprintf("part %d", s.id), func() []admission.Action { return c.r.Part(c.m.now, s.id) }, func() { c.m.part(s) })
			c.ids = slices.DeleteFunc(c.ids, func(id admission.SessionID) bool { return id == s.id })
		}
	case 12:
		c.link()
	case 13, 14, 15, 16:
		c.answerPool()
	case 17, 18, 19, 20:
		c.answerProbe()
	case 21:
		if keys := slices.Sorted(maps.Keys(c.holds)); len(keys) > 0 {
			c.revoke(c.m.pools[keys[c.rng.IntN(len(keys))]])
		}
	case 22:
		c.wait()
	case 23:
		if c.rng.IntN(8) == 0 {
			c.drain()
		} else if keys := slices.Sorted(maps.Keys(c.m.pools)); len(keys) > 0 {
			if p := c.m.pools[keys[c.rng.IntN(len(keys))]]; p.lingers {
				c.attention = append(c.attention, p.key)
			}
		}
	}
}

func (c *comparison) someone() *modelSession {
	if len(c.ids) == 0 {
		return nil
	}
	return c.m.sessions[c.ids[c.rng.IntN(len(c.ids))]]
}

// send has a client send something.
func (c *comparison) send(kind codec.MessageType) {
	s := c.someone()
	if s == nil {
		return
	}
	if c.last[s.id]++; c.rng.IntN(20) == 0 && c.last[s.id] > 2 {
		c.last[s.id] -= 2 // a client that repeats an ID
	}
	in := &modelMessage{kind: kind, request: c.last[s.id]}
	m := admission.Message{Type: kind, Raw: []byte{1}, Read: in}
	switch kind {
	case codec.TypeRegister:
		key := c.rng.IntN(len(c.blocks))
		in.asks = &codec.Register{
			Request: in.request, Procedure: fmt.Sprintf("p%d", key), Invoke: []string{"", "roundrobin", "roundrobin", "first", "none"}[c.rng.IntN(5)],
			HasConcurrency: c.rng.IntN(8) == 0, Concurrency: int64(c.rng.IntN(3)), ForceReregister: c.rng.IntN(8) == 0,
		}
		in.block = c.blocks[key]
		c.bring(fmt.Sprintf("session %d: REGISTER %d %+v", s.id, in.request, *in.asks), func() []admission.Action {
			return c.r.Register(c.m.now, s.id, admission.Register{Message: m, Asks: *in.asks, Block: in.block})
		}, func() { c.m.arrives(s, in) })
	case codec.TypeUnregister:
		known := slices.Concat(slices.Sorted(maps.Keys(s.has)), slices.Sorted(maps.Keys(s.had)), []uint64{77})
		in.registration = known[c.rng.IntN(len(known))]
		c.bring(fmt.Sprintf("session %d: UNREGISTER %d %d", s.id, in.request, in.registration), func() []admission.Action {
			return c.r.Unregister(c.m.now, s.id, admission.Unregister{Message: m, Request: in.request, Registration: in.registration})
		}, func() { c.m.arrives(s, in) })
	default:
		c.bring(fmt.Sprintf("session %d: %s %d", s.id, kind, in.request), func() []admission.Action {
			return c.r.Send(c.m.now, s.id, m)
		}, func() { c.m.arrives(s, in) })
	}
}

// reconfigure gives one block other rules.
func (c *comparison) reconfigure() {
	i := c.rng.IntN(len(c.blocks))
	block := *c.blocks[i]
	switch c.rng.IntN(4) {
	case 0:
		block.AnyRole = !block.AnyRole
	case 1:
		block.Admit = [][]string{nil, {"other"}, {"backend"}, {"other", "backend"}}[c.rng.IntN(4)]
	case 2:
		block.Policy = []string{"", "roundrobin", "last", "single"}[c.rng.IntN(4)]
	default:
		block.Config.Linger = time.Duration(c.rng.IntN(2)) * time.Second
	}
	c.blocks = slices.Clone(c.blocks)
	c.blocks[i] = &block
	blocks := c.blocks
	govern := func(procedure string) *admission.Block { return blocks[int(procedure[1]-'0')] }
	c.bring(fmt.Sprintf("reconfigure %d: %+v", i, block), func() []admission.Action {
		return c.r.Reconfigure(c.m.now, govern)
	}, func() { c.m.reconfigure(govern) })
}

// drain drains a pool, or all, or undrains it.
func (c *comparison) drain() {
	procedure := fmt.Sprintf("p%d", c.rng.IntN(len(c.blocks)))
	key := "exact " + procedure
	switch c.rng.IntN(12) {
	case 0:
		c.bring("drain", func() []admission.Action { return c.r.Drain(c.m.now) }, func() { c.m.drain("") })
	case 1, 2, 3:
		c.bring("undrain", func() []admission.Action { return c.r.Undrain(c.m.now) }, func() { c.m.undrain("") })
	case 4, 5, 6:
		c.bring("drain "+key, func() []admission.Action { return c.r.DrainPool(c.m.now, key) }, func() { c.m.drain(procedure) })
	default:
		c.bring("undrain "+key, func() []admission.Action { return c.r.UndrainPool(c.m.now, key) }, func() { c.m.undrain(procedure) })
	}
}

func (c *comparison) link() {
	if !c.m.up {
		role := []string{"backend", "backend", "backend", ""}[c.rng.IntN(4)]
		c.bring("pool session up as "+role, func() []admission.Action {
			return c.r.LinkUp(c.m.now, admission.FirstLink, admission.LinkSession{Serializer: codec.JSON, Role: role})
		}, func() { c.m.linkUp(role) })
		return
	}
	if c.rng.IntN(5) == 0 {
		clear(c.asked)
		clear(c.gives)
		clear(c.holds)
		c.bring("pool session down", func() []admission.Action { return c.r.LinkDown(c.m.now, admission.FirstLink) }, c.m.linkDown)
	}
}

// answerPool answers a request of the pool session.
func (c *comparison) answerPool() {
	requests := slices.Sorted(maps.Keys(c.asked))
	if gives := slices.Sorted(maps.Keys(c.gives)); len(gives) > 0 && (len(requests) == 0 || c.rng.IntN(2) == 0) {
		request := gives[c.rng.IntN(len(gives))]
		p := c.m.pools[c.gives[request]]
		delete(c.gives, request)
		c.bring("router: UNREGISTERED "+p.key, func() []admission.Action {
			return c.r.Unregistered(c.m.now, admission.FirstLink, request)
		}, func() { c.m.ended(p, false) })
		return
	}
	if len(requests) == 0 {
		return
	}
	request := requests[c.rng.IntN(len(requests))]
	p := c.m.pools[c.asked[request]]
	delete(c.asked, request)
	if c.rng.IntN(c.taken) == 0 {
		why := []admission.Refusal{admission.Exists, admission.Exists, admission.OtherError}[c.rng.IntN(3)]
		c.bring(fmt.Sprintf("router: ERROR %d for %s", why, p.key), func() []admission.Action {
			return c.r.Refused(c.m.now, admission.FirstLink, request, why)
		}, func() { c.m.refused(p, why) })
		return
	}
	c.next++
	c.holds[p.key] = c.next
	c.bring("router: REGISTERED "+p.key, func() []admission.Action {
		return c.r.Registered(c.m.now, admission.FirstLink, request, c.holds[p.key])
	}, func() { c.m.granted(p) })
}

// answerProbe answers a probe, or what undoes one.
func (c *comparison) answerProbe() {
	if ids := slices.Sorted(maps.Keys(c.undoing)); len(ids) > 0 && c.rng.IntN(2) == 0 {
		id := ids[c.rng.IntN(len(ids))]
		g := c.undoing[id]
		delete(c.undoing, id)
		c.bring(fmt.Sprintf("router: %d undone", g.request), func() []admission.Action { return c.r.ProbeUndone(c.m.now, id) }, func() { c.m.probeUndone(g) })
		return
	}
	ids := slices.Sorted(maps.Keys(c.probes))
	if len(ids) == 0 {
		return
	}
	id := ids[c.rng.IntN(len(ids))]
	g := c.probes[id]
	delete(c.probes, id)
	if c.rng.IntN(3) == 0 || c.grabs && c.rng.IntN(4) > 0 {
		if c.grabs {
			c.revoke(g.pool)
		}
		c.next++
		if !g.of.gone {
			c.undoing[id] = g
		}
		registration := c.next
		c.bring(fmt.Sprintf("router: probe %d granted", g.request), func() []admission.Action {
			return c.r.ProbeGranted(c.m.now, id, registration)
		}, func() { c.m.probeGranted(g, registration) })
		return
	}
	why := []admission.Refusal{admission.Exists, admission.Exists, admission.Exists, admission.OtherError}[c.rng.IntN(4)]
	c.bring(fmt.Sprintf("router: probe %d refused %d", g.request, why), func() []admission.Action {
		return c.r.ProbeRefused(c.m.now, id, why)
	}, func() { c.m.probeRefused(g, why) })
}

// revoke takes a pool's registration away, if it has one.
func (c *comparison) revoke(p *modelPool) {
	if p == nil || p.router != "holds" || c.holds[p.key] == 0 {
		return
	}
	registration := c.holds[p.key]
	delete(c.holds, p.key)
	c.bring("router: revokes "+p.key, func() []admission.Action {
		actions, _ := c.r.Revoked(c.m.now, admission.FirstLink, registration)
		return actions
	}, func() { c.m.ended(p, true) })
}

// wait lets time pass, from deadline to deadline.
func (c *comparison) wait() {
	until := c.m.now + time.Duration(c.rng.Int64N(int64(6*time.Second)))
	for c.differs == "" {
		at, ok := c.r.Deadline()
		if !ok || at > until {
			break
		}
		c.m.now = max(c.m.now, at)
		c.bring(fmt.Sprintf("tick at %s", c.m.now), func() []admission.Action { return c.r.Tick(c.m.now) }, c.m.tick)
	}
	c.m.now = until
}

// bring brings an event to both, and compares what they say.
func (c *comparison) bring(event string, real func() []admission.Action, reference func()) {
	c.events = append(c.events, event)
	if c.differs != "" {
		return
	}
	clear(c.m.said)
	reference()
	said := make(map[string][]string)
	for _, a := range real() {
		if to, text := c.words(&a); text != "" {
			said[to] = append(said[to], text)
			c.count(text)
		}
	}
	c.r.Done()
	slices.Sort(said["router"]) // pools have no order among them
	slices.Sort(c.m.said["router"])
	for _, to := range slices.Sorted(maps.Keys(said)) {
		c.events = append(c.events, fmt.Sprintf("    %s: %s", to, strings.Join(said[to], ", ")))
	}
	if err := c.r.Audit(); err != nil {
		c.differs = err.Error()
	}
	for _, to := range slices.Concat(slices.Sorted(maps.Keys(said)), slices.Sorted(maps.Keys(c.m.said))) {
		if !slices.Equal(said[to], c.m.said[to]) {
			c.differs = fmt.Sprintf("%s is told %q, the model says %q", to, said[to], c.m.said[to])
		}
	}
	c.empty()
}

// empty tells of pools without a linger that have lost their last callee.
func (c *comparison) empty() {
	for _, key := range slices.Sorted(maps.Keys(c.m.pools)) {
		p := c.m.pools[key]
		if p.open && !p.linger && p.pending == 0 && len(p.members) == 0 && !slices.Contains(c.attention, key) {
			c.attention = append(c.attention, key)
		}
	}
}

func (c *comparison) count(text string) {
	words := strings.Fields(text)
	c.told[words[0]]++
	switch words[0] {
	case "deny":
		c.told["deny "+strings.Join(words[2:], " ")]++
	case "pass":
		if words[1] == "late" {
			c.told["pass late"]++
		}
	}
}

// words tell an action as the model does, and take note of what is to be answered.
func (c *comparison) words(a *admission.Action) (to, text string) {
	s := c.m.sessions[a.Session]
	if s != nil {
		to = s.name()
	}
	switch a.Kind {
	case admission.Pass:
		return to, fmt.Sprintf("pass %d", a.Message.Read.(*modelMessage).request)
	case admission.Swallow:
		return to, fmt.Sprintf("swallow %d", a.Request)
	case admission.Probe:
		c.probes[a.Pending] = c.waitsFor(s, a.Request)
		return to, fmt.Sprintf("probe %d first=%t", a.Request, a.First)
	case admission.Undo:
		return to, fmt.Sprintf("undo %d", a.Registration)
	case admission.PassLate:
		return to, fmt.Sprintf("pass late %d first=%t", a.Request, a.First)
	case admission.Renumber:
		return to, "renumber"
	case admission.Join:
		c.m.joined(s, a.Pool, a.Registration)
		return to, fmt.Sprintf("join %d %s %s", a.Request, a.Pool, a.Policy)
	case admission.Deny:
		return to, fmt.Sprintf("deny %d %s", a.Request, a.Denial.Reason)
	case admission.Expel:
		return to, fmt.Sprintf("expel %d", a.Registration)
	case admission.Leave:
		return to, fmt.Sprintf("leave %d", a.Registration)
	case admission.Unknown:
		return to, fmt.Sprintf("unknown %d", a.Registration)
	case admission.Depart:
		return to, "depart"
	case admission.Ask:
		c.asked[a.Request] = a.Pool
		return "router", "REGISTER " + a.Pool
	case admission.GiveBack:
		c.gives[a.Request] = a.Pool
		delete(c.holds, a.Pool)
		return "router", "UNREGISTER " + a.Pool
	}
	return "", ""
}

// waitsFor finds the model's REGISTER of a request.
func (c *comparison) waitsFor(s *modelSession, request uint64) *modelRegister {
	for _, g := range s.pending {
		if g.request == request {
			return g
		}
	}
	return &modelRegister{modelMessage: &modelMessage{request: request}, of: s, pool: &modelPool{}, late: true}
}
