package proxy_test

import (
	"cmp"
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
// that come, register, answer, call and go, a router of one kind or another that is
// slow, forgets, restarts or lets anybody register, and connections that stall, take
// their time, break at any byte or bring it all in pieces. Its checkers know the bytes
// of the connections (simulation_check_test.go), and in the end what wampool has left
// behind. One that fails is made small, and printed as a transcript
// (simulation_shrink_test.go).
func TestSimulation(t *testing.T) {
	if *only != "" {
		playScenario(t, scenarioOf(t))
		return
	}
	for i := range uint64(*seeds) {
		of := scenario{seed: *seed + i}
		t.Run(fmt.Sprint(of.seed), func(t *testing.T) {
			playScenario(t, of)
			if t.Failed() && *shrinks > 0 {
				fmt.Print(shrink(t, of)) // as it is, to be copied
			}
		})
		if t.Failed() {
			return
		}
	}
}

// TestSimulationIsTheSameAgain plays some seeds twice.
func TestSimulationIsTheSameAgain(t *testing.T) {
	for seed := range uint64(20) {
		first, second := playScenario(t, scenario{seed: seed}), playScenario(t, scenario{seed: seed})
		if !slices.Equal(first, second) {
			t.Errorf("seed %d comes to another end when it is played again", seed)
		}
	}
}

// playScenario is one run, and returns its transcript. It fails with a line
// "checker NAME: TEXT".
func playScenario(t *testing.T, of scenario) (lines []string) {
	t.Run("play", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSimulation(t, of)
			s.run()
			lines = s.lines
		})
	})
	return lines
}

// scenario is what a simulation is made of.
type scenario struct {
	seed    uint64
	steps   []int    // those that are done; nil: all of them
	without []string // what its world would have, and has not
}

// simulation is one run.
type simulation struct {
	*stage
	*rand.Rand // of the step at hand: it draws the same whatever was done before
	scenario   scenario
	world      simWorld
	lines      []string // the transcript
	steering   steering
	router     simRouter
	clients    []*simClient
	calls      map[string]*simCall // by what they carry
	number     int                 // of the step at hand
	count      int                 // of calls
	ending     bool
}

const simSteps = 60

// Random numbers are drawn for the world and for the end as for steps of their own.
const (
	ofWorld = 0
	ofEnd   = simSteps + 1
)

// stepRand is what a step draws from.
func stepRand(seed uint64, step int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(step)))
}

func newSimulation(t *testing.T, of scenario) *simulation {
	w := newSimWorld(stepRand(of.seed, ofWorld), of.without)
	s := &simulation{
		stage:    newStage(t, w.settings()),
		scenario: of, world: w, steering: newSteering(&w), calls: make(map[string]*simCall),
	}
	s.router = simRouter{simulation: s, invoked: make(map[*actor]int)}
	s.lines = append([]string{fmt.Sprintf("# Seed %d.", of.seed)}, s.settings.head()...)
	return s
}

// run goes through all of a scenario. The transcript of one that fails is shown, and of
// one that is asked for by -v -seeds 1.
func (s *simulation) run() {
	defer func() {
		if s.t.Failed() || testing.Verbose() && *seeds == 1 {
			fmt.Printf("%s%s\n%s", transcriptBegins, strings.Join(s.lines, "\n"), transcriptEnds)
		}
	}()
	s.observe()
	for n := 1; n <= simSteps; n++ {
		if s.scenario.steps == nil || slices.Contains(s.scenario.steps, n) {
			s.number, s.Rand = n, stepRand(s.scenario.seed, n)
			s.step()
		}
	}
	s.number, s.Rand = ofEnd, stepRand(s.scenario.seed, ofEnd)
	s.end()
	s.close()
}

// find reports what a checker has found.
func (s *simulation) found(checker, format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("step %d: %s\nchecker %s: %s", s.number, s.at, checker, fmt.Sprintf(format, args...))
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
			line := got{a.name, text}
			line.elide(nil)
			s.lines = append(s.lines, line.String())
			s.took(a, text)
		}
	}
	if s.hasStopped() {
		s.lines = append(s.lines, got{"wampool", hasStopped}.String())
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

// step does one thing at random, but for the first ones.
func (s *simulation) step() {
	switch n := s.IntN(100); {
	case s.number <= 2 && !s.world.empty:
		s.newcomer("backend")
		s.clients[len(s.clients)-1].register()
		s.router.flush()
	case s.number == 3 && !s.world.empty:
		s.newcomer("frontend")
	case n < 12 && len(s.clients) < 12 && !s.router.isDown:
		s.newcomer([]string{"backend", "backend", "frontend", "frontend", "backend", "guest"}[s.IntN(6)])
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
	case n < 73:
		s.steer()
	case n < 94:
		if c := s.one(s.live()); c != nil {
			c.step()
		}
	case n < 96:
		if c := s.one(s.stalled()); c != nil {
			c.resume()
		}
	case n < 98:
		s.steer()
	default:
		s.act("after %dms", []int{1, 100, 1000, 3000, 6000}[s.IntN(5)])
	}
}

// one returns one of some clients, which is the same as long as it is there, whoever
// else is; nil of none.
func (s *simulation) one(of []*simClient) *simClient {
	drawn := s.Uint64()
	if len(of) == 0 {
		return nil
	}
	return slices.MaxFunc(of, func(a, b *simClient) int { return cmp.Compare(a.rank(drawn), b.rank(drawn)) })
}

// newcomer has a client join. A guest has no right to register.
func (s *simulation) newcomer(role string) {
	c := &simClient{
		simulation: s, number: uint64(s.number), name: fmt.Sprintf("c%d", s.number), role: role,
		pending: make(map[string]string), open: make(map[string]*simInvocation), members: make(map[string]*simMember),
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
	if s.world.delays && s.IntN(2) == 0 {
		c.isDelayed = true
		s.act("%s delays %dms", c.name, 1+s.IntN(400))
	}
}

// live returns the clients that are there.
func (s *simulation) live() (live []*simClient) {
	for _, c := range s.clients {
		if !c.gone && !c.isStalled {
			live = append(live, c)
		}
	}
	return live
}

func (s *simulation) stalled() (stalled []*simClient) {
	for _, c := range s.clients {
		if !c.gone && c.isStalled {
			stalled = append(stalled, c)
		}
	}
	return stalled
}
