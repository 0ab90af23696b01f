package proxy_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// steering is what people have done to callees, pools and the configuration.
type steering struct {
	paused  map[string]bool // by procedure, as a message has it
	limit   int             // of the queue
	lingers bool            // pools linger, or have done so
	policy  string
	direct  bool // calls of frontends are answered here
}

func newSteering(w *simWorld) steering {
	return steering{paused: make(map[string]bool), limit: w.queueLimit, lingers: w.lingers, policy: "roundrobin", direct: true}
}

// steer does what people do while calls run.
func (s *simulation) steer() {
	if !s.world.steered {
		return
	}
	procedure := []string{"com.example.p", "com.example.q"}[s.IntN(2)]
	quoted := fmt.Sprintf("%q", procedure)
	switch s.IntN(8) {
	case 0, 1:
		s.drainCallee()
	case 2:
		if c := s.one(s.drained()); c != nil && s.isCallee(c) {
			c.isDrained = false // who was told to leave does so
			s.act("%s is undrained", c.name)
		}
	case 3:
		if !s.steering.paused[quoted] && s.hasPool(quoted) {
			s.steering.paused[quoted] = true
			s.act("pause %s", procedure)
		}
	case 4:
		s.unpause(quoted)
	default:
		s.reconfigure()
	}
}

// isCallee tells whether wampool knows a client as a callee of a pool.
func (s *simulation) isCallee(c *simClient) bool {
	return !c.isDelayed && c.mayBeCallee() && !c.wasStalled
}

func (c *simClient) mayBeCallee() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(c.members)), func(m *simMember) bool { return m.isPooled() && m.registration != "" })
}

func (s *simulation) hasPool(procedure string) bool {
	return slices.ContainsFunc(s.live(), func(c *simClient) bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(c.members)), func(m *simMember) bool {
			return m.procedure == procedure && m.registration != "" && m.leaving == "" && !m.ousted
		})
	})
}

func (s *simulation) drained() (drained []*simClient) {
	for _, c := range s.live() {
		if c.isDrained {
			drained = append(drained, c)
		}
	}
	return drained
}

// drainCallee has a callee get no more calls, and perhaps leave then.
func (s *simulation) drainCallee() {
	c := s.one(slices.DeleteFunc(s.live(), func(c *simClient) bool { return !s.isCallee(c) || c.isDrained }))
	leaves := s.IntN(3) == 0
	switch {
	case c == nil:
	case leaves:
		c.isDrained, c.isToLeave = true, true
		s.act("%s is drained to leave", c.name)
	default:
		c.isDrained = true
		s.act("%s is drained", c.name)
	}
}

func (s *simulation) unpause(procedure string) {
	if s.steering.paused[procedure] {
		delete(s.steering.paused, procedure)
		s.act("resume %s", strings.Trim(procedure, `"`))
	}
}

// reconfigure changes a rule of the pool's block.
func (s *simulation) reconfigure() {
	g := &s.steering
	switch s.IntN(4) {
	case 0:
		if s.world.queues {
			before := g.limit
			g.limit = 1 + s.IntN(5)
			s.reload(fmt.Sprintf("limit = %d", before), fmt.Sprintf("limit = %d", g.limit))
		}
	case 1:
		before := g.policy
		g.policy = []string{"first", "last", "roundrobin", "least", "random"}[s.IntN(5)]
		s.reload(fmt.Sprintf("policy = %q", before), fmt.Sprintf("policy = %q", g.policy))
	case 2:
		before, now := `direct = ["frontend"]`, "direct = []"
		if !g.direct {
			before, now = now, before
		}
		g.direct = !g.direct
		s.reload(before, now)
	default:
		if !g.lingers {
			g.lingers = true
			s.reload(`match = "prefix"`, "match = \"prefix\"\nlinger = \"3s\"")
		}
	}
}

func (s *simulation) reload(old, now string) { s.act("reload %q %q", old, now) }

// checkSteering looks whether a callee may get a new call.
func (c *simClient) checkSteering(by *simMember, text string) {
	if c.isDelayed || c.wasStalled || !by.isPooled() || c.gone {
		return
	}
	if c.isDrained {
		c.found(delivered, "%s gets a call, and drains: %s", c.name, text)
	}
	if c.steering.paused[by.procedure] {
		c.found(delivered, "%s gets a call of a pool that is paused: %s", c.name, text)
	}
}
