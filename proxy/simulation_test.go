package proxy_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

var (
	seeds = flag.Int("seeds", 200, "how many simulations of the whole sidecar")
	seed  = flag.Uint64("seed", 1, "the first of them")
)

// TestSimulation plays the whole sidecar at random, from one seed each: clients
// that come, register, answer, call and go, a router that is slow, forgets or
// lets anybody register, and connections that stall, break at any byte or bring
// it all in pieces. Its checkers know the bytes of the connections and nothing
// else (simulation_check_test.go). One that fails is printed as a transcript.
func TestSimulation(t *testing.T) {
	for i := range uint64(*seeds) {
		n := *seed + i
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newSimulation(t, n).run() })
		})
		if t.Failed() {
			return
		}
	}
}

// simulation is one run.
type simulation struct {
	*stage
	*rand.Rand
	world   simWorld
	lines   []string // the transcript
	router  simRouter
	clients []*simClient
	calls   map[string]*simCall // by what they carry
	names   int
	count   int // of calls
	ending  bool
}

// simWorld is a configuration.
type simWorld struct {
	config   string
	retries  bool // a lost callee's calls are handed on
	anybody  bool // the router lets anybody register
	disturbs bool // connections stall and break
	forgets  bool // the router leaves requests of wampool's own without an answer
	mixed    bool // clients speak differently
}

const simSteps = 60

func newSimulation(t *testing.T, seed uint64) *simulation {
	rng := rand.New(rand.NewPCG(seed, 2))
	w := simWorld{retries: rng.IntN(3) == 0, anybody: rng.IntN(4) == 0, disturbs: rng.IntN(2) == 0, forgets: rng.IntN(4) == 0, mixed: rng.IntN(4) == 0}
	rules := []string{`direct = ["frontend"]`, `policy = "roundrobin"`}
	if rng.IntN(2) == 0 {
		rules = append(rules, fmt.Sprintf("queue {\n limit = %d\n timeout = \"20s\"\n}", 1+rng.IntN(4)))
	}
	if w.retries {
		rules = append(rules, "retry_lost = true\nretries = 3")
	}
	if rng.IntN(3) == 0 {
		rules = append(rules, `linger = "5s"`)
	}
	if rng.IntN(3) == 0 {
		rules = append(rules, `scope = "callee"`, `concurrency = 2`)
	}
	w.config = fmt.Sprintf("realm \"realm1\" {\npool \"com.example.\" {\nmatch = \"prefix\"\n%s\n}\n}\n", strings.Join(rules, "\n"))
	speaks := []string{"json"}
	if w.mixed {
		speaks = []string{"cbor", "msgpack", "json"}
	}
	s := &simulation{
		stage: newStage(t, settings{config: w.config, serializers: speaks, router: "ws", here: "ws"}),
		Rand:  rng, world: w, calls: make(map[string]*simCall),
	}
	s.router = simRouter{simulation: s, held: make(map[string]*simRegistration)}
	s.lines = append(s.lines, fmt.Sprintf("# Seed %d.", seed), strings.TrimSpace(w.config), "router speaks "+strings.Join(speaks, " "), "start")
	return s
}

// run goes through all of a scenario. Whatever fails, its transcript is shown.
func (s *simulation) run() {
	defer func() {
		if s.t.Failed() {
			s.t.Log("\n" + strings.Join(s.lines, "\n"))
		}
	}()
	s.observe()
	for range simSteps {
		s.step()
	}
	s.end()
	s.close()
}

// act does a step, and looks at what comes of it.
func (s *simulation) act(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.lines = append(s.lines, text)
	s.at = text
	s.do(text)
	s.observe()
}

// observe takes what everybody has got, for the checkers and for those who answer.
func (s *simulation) observe() {
	s.settle()
	s.mu.Lock()
	actors := slices.Clone(s.actors)
	s.mu.Unlock()
	for _, a := range actors {
		seen := a.seen
		a.seen = nil
		for _, h := range seen {
			text := h.text
			if h.message != nil {
				s.draw(a, h.message, "")
				a.greeted = a.greeted || h.begins("[1,")
				text = s.textOf(h.message)
			}
			s.lines = append(s.lines, got{a.name, text}.String())
			s.took(a, text)
		}
	}
}

// took has what an actor got looked at by whom it concerns.
func (s *simulation) took(a *actor, text string) {
	words := elementsOf(text)
	switch {
	case strings.HasPrefix(a.name, "pool"):
		s.router.pool(a, words)
	case strings.HasSuffix(a.name, "@router"):
		s.router.client(a, words)
	default:
		for _, c := range s.clients {
			if c.name == a.name {
				c.took(words)
			}
		}
	}
}

// step does one thing at random.
func (s *simulation) step() {
	switch n := s.IntN(100); {
	case n < 12 && len(s.clients) < 12:
		s.newcomer()
	case n < 37:
		s.router.call()
	case n < 40:
		s.router.part()
	case n < 48:
		s.router.interrupt()
	case n < 52:
		s.router.mischief()
	case n < 70:
		s.router.speak()
	case n < 94:
		if live := s.live(); len(live) > 0 {
			live[s.IntN(len(live))].step()
		}
	case n < 96:
		if i := slices.IndexFunc(s.clients, func(c *simClient) bool { return c.stalled && !c.gone }); i >= 0 {
			s.clients[i].resume()
		}
	default:
		s.act("after %dms", []int{1, 100, 1000, 3000, 6000}[s.IntN(5)])
	}
}

// newcomer has a client join.
func (s *simulation) newcomer() {
	s.names++
	c := &simClient{simulation: s, name: fmt.Sprintf("c%d", s.names), role: "backend", pending: make(map[string]string), open: make(map[string]*simInvocation), members: make(map[string]*simMember)}
	if s.IntN(3) == 0 {
		c.role = "frontend"
	}
	features := []string{}
	for _, f := range []string{"call_canceling", "progressive_call_results", "progressive_call_invocations", "registration_revocation"} {
		if s.IntN(2) == 0 {
			features = append(features, fmt.Sprintf("%q:true", f))
		}
	}
	c.features = strings.Join(features, ",")
	s.clients = append(s.clients, c)
	s.router.flush() // its own HELLO is not behind anything
	if s.world.mixed {
		s.act("%s connects by %s", c.name, s.settings.serializers[s.IntN(3)])
	}
	s.act("%s joins %s {%s}", c.name, c.role, c.features)
	if s.IntN(3) == 0 {
		s.act("%s pieces %d", c.name, 1+s.IntN(40))
	}
}

// live returns the clients that are there.
func (s *simulation) live() (live []*simClient) {
	for _, c := range s.clients {
		if !c.gone && !c.stalled {
			live = append(live, c)
		}
	}
	return live
}

// end lets everything come to its end, and looks whether it does.
func (s *simulation) end() {
	s.ending = true
	for _, c := range s.clients {
		if c.stalled && !c.gone {
			c.resume()
		}
	}
	s.router.resume()
	for _, c := range s.clients { // whose connection has yet to break
		if a := s.find(c.name); c.gone && !a.isOver() {
			s.act("%s ▶ lost", c.name)
		}
	}
	drained := s.IntN(4) == 0
	if drained {
		s.act("drain")
	}
	for round := 0; s.unsettled() != ""; round++ {
		if round == 40 {
			s.fail("it does not come to its end: %s", s.unsettled())
		}
		s.router.flush()
		for _, c := range s.live() {
			c.answerAll()
		}
		s.act("after 3s")
	}
	s.checkLedger()
	if !drained {
		rounds := 3          // for a pool session that comes back: WELCOME, then REGISTERED
		if s.world.forgets { // a session is begun anew once a minute at most
			rounds = 20
		}
		for range rounds {
			s.act("after 10s") // longer than any pool lingers
			s.router.flush()
		}
		s.checkRegistrations()
		s.act("drain")
	}
	for range 4 {
		s.router.flush()
		s.act("after 5s")
	}
	if !s.ended && !s.hasStopped() {
		s.fail("the sidecar does not stop")
	}
}

// isDraining tells whether the sidecar is to stop.
func (s *simulation) isDraining() bool { return slices.Contains(s.lines, "drain") }

// unsettled says what has no end yet.
func (s *simulation) unsettled() string {
	if len(s.router.says) > 0 {
		return "the router has something to say"
	}
	for _, c := range s.live() {
		for request, what := range c.pending {
			return fmt.Sprintf("%s has no answer to %s %s", c.name, what, request)
		}
		if len(c.open) > 0 {
			return c.name + " has calls to answer"
		}
	}
	for token, call := range s.calls {
		if call.isOpen() {
			return "no answer to the call of " + token
		}
	}
	if len(s.pools()) == 0 && !s.isDraining() {
		return "the pool session is down"
	}
	return ""
}
