package integration

import "testing"

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
	joining   args
	libraries []string
	callees   []*client
}

// hire starts the program of a place in the crew.
func (c *crew) hire(place int) {
	c.t.Helper()
	p := ownLibrary(c.t, c.libraries[place])
	callee := p.join(c.t, c.url, c.joining)
	callee.do("register", args{"procedure": c.procedure, "behaviour": "work", "seconds": 0.02}).ok(c.t)
	c.callees[place] = callee
}

// retire lets a callee end as a careful one does: it unregisters, finishes what
// it has, and leaves.
func (c *crew) retire(place int) {
	c.t.Helper()
	callee := c.callees[place]
	callee.do("unregister", args{"procedure": c.procedure}).ok(c.t)
	callee.do("finish", args{"procedure": c.procedure}).ok(c.t)
	callee.do("leave", nil)
	callee.next("disconnected")
	callee.program.process.kill()
}

// fire ends a callee's program by kill -9.
func (c *crew) fire(place int) { c.callees[place].program.process.kill() }

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

func rollingRestarts(t *testing.T, n node, libraries, callers []string) {
	t.Helper()
	const procedure = "com.example.rolling.restart"
	w := startWampool(t, n.url(), anybody(procedure, rollingRules))
	c := &crew{
		t: t, url: w.url, procedure: procedure, joining: n.joining(),
		libraries: libraries, callees: make([]*client, 3),
	}
	for place := range c.callees {
		c.hire(place)
	}
	defer func() {
		for place := range c.callees {
			c.fire(place)
		}
	}()
	var clients []*client
	for i, name := range callers {
		clients = append(clients, library(t, name).join(t, []string{n.url(), w.url}[i%2], n.joining()))
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
		rollingRestarts(t, router(t), []string{"asyncio", "autobahn", "wampy"}, []string{"asyncio", "twisted", "autobahn", "wampy"})
	})
	t.Run("at fox-wamp", func(t *testing.T) {
		rollingRestarts(t, foxRouter(t), []string{"wampy", "autobahn", "wampy"}, []string{"autobahn", "wampy", "autobahn", "wampy"})
	})
}
