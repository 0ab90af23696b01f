package losses

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Rolling restarts: all callees of a pool are restarted, one by one and all at
// once, by themselves and by kill -9, while callers go on calling. No call fails.

const rollingRules = `
  policy      = "least"
  concurrency = 4
  linger      = "1m"
  retry_lost  = true
  retries     = 3

  queue {
    limit   = 1000
    timeout = "1m"
  }`

// crew are the callees of a pool, each with a program of its own.
type crew struct {
	t         *testing.T
	url       string
	procedure string
	joining   harness.Args
	libraries []string
	callees   []*harness.Client
}

// hire starts the program of a place in the crew.
func (c *crew) hire(place int) {
	c.t.Helper()
	p := harness.OwnLibrary(c.t, c.libraries[place])
	callee := p.Join(c.t, c.url, c.joining)
	callee.Do("register", harness.Args{"procedure": c.procedure, "behaviour": "work", "seconds": 0.02}).OK(c.t)
	c.callees[place] = callee
}

// retire lets a callee end as a careful one does: it unregisters, finishes what
// it has, and leaves.
func (c *crew) retire(place int) {
	c.t.Helper()
	callee := c.callees[place]
	callee.Do("unregister", harness.Args{"procedure": c.procedure}).OK(c.t)
	callee.Do("finish", harness.Args{"procedure": c.procedure}).OK(c.t)
	callee.Do("leave", nil)
	callee.Next("disconnected")
	callee.Program.Process.Kill()
}

// fire ends a callee's program by kill -9.
func (c *crew) fire(place int) { c.callees[place].Program.Process.Kill() }

func (c *crew) oneByOne(l *load, end func(place int)) {
	c.t.Helper()
	for place := range c.callees {
		end(place)
		c.hire(place)
		l.goOn(c.t, 50)
	}
}

func (c *crew) allAtOnce(l *load, end func(place int)) {
	c.t.Helper()
	for place := range c.callees {
		end(place)
	}
	for place := range c.callees {
		c.hire(place)
	}
	l.goOn(c.t, 50)
}

func rollingRestarts(t *testing.T, n harness.Router, libraries, callers []string) {
	t.Helper()
	const procedure = "com.example.rolling.restart"
	w := harness.StartWampool(t, n.URL(), harness.Anybody(procedure, rollingRules))
	c := &crew{
		t: t, url: w.URL, procedure: procedure, joining: n.Joining(),
		libraries: libraries, callees: make([]*harness.Client, 3),
	}
	for place := range c.callees {
		c.hire(place)
	}
	defer func() {
		for place := range c.callees {
			c.fire(place)
		}
	}()
	var clients []*harness.Client
	for i, name := range callers {
		clients = append(clients, harness.Library(t, name).Join(t, []string{n.URL(), w.URL}[i%2], n.Joining()))
	}
	for _, restart := range []struct {
		how string
		run func(l *load)
	}{
		{"one by one, cleanly", func(l *load) { c.oneByOne(l, c.retire) }},
		{"one by one, by kill -9", func(l *load) { c.oneByOne(l, c.fire) }},
		{"all at once, cleanly", func(l *load) { c.allAtOnce(l, c.retire) }},
		{"all at once, by kill -9", func(l *load) { c.allAtOnce(l, c.fire) }},
	} {
		l := startLoad(procedure, clients, 4)
		l.goOn(t, 50)
		restart.run(l)
		calls, failed := l.stop()
		t.Logf("all callees restarted, %s: %d failed of %d calls", restart.how, len(failed), calls)
		for _, what := range failed[:min(len(failed), 5)] {
			t.Error(what)
		}
	}
}

func TestRollingRestartFailsNoCall(t *testing.T) {
	t.Run("at Crossbar.io", func(t *testing.T) {
		rollingRestarts(t, harness.SharedCrossbar(t), []string{"asyncio", "autobahn", "wampy"}, []string{"asyncio", "twisted", "autobahn", "wampy"})
	})
	t.Run("at fox-wamp", func(t *testing.T) {
		rollingRestarts(t, harness.SharedRouter(t, "fox-wamp"), []string{"wampy", "autobahn", "wampy"}, []string{"autobahn", "wampy", "autobahn", "wampy"})
	})
}
