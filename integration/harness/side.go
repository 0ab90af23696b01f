package harness

import (
	"encoding/json"
	"testing"
)

// Side is where a story is told.
type Side struct {
	URL     string // of callees and callers
	Wampool bool   // not the router itself
	Joining Args   // what clients must say there, for [Program.Join]
}

// AtWampool is a side at wampool, before that router.
func AtWampool(w *Wampool, c Router) Side {
	return Side{URL: w.URL, Wampool: true, Joining: c.Joining()}
}

// AtBoth tells a story at a router itself, and at wampool before it.
func AtBoth(t *testing.T, c Router, realm string, story func(t *testing.T, s Side)) {
	t.Helper()
	t.Run("at "+c.Name(), func(t *testing.T) { story(t, Side{URL: c.URL(), Joining: c.Joining()}) })
	t.Run("at wampool", func(t *testing.T) { story(t, AtWampool(StartWampool(t, c.URL(), realm), c)) })
}

// Callee joins and registers a procedure whose calls are held.
func (s Side) Callee(t *testing.T, procedure, invoke string, concurrency int) *Client {
	t.Helper()
	c := Library(t, "asyncio").Join(t, s.URL, s.Joining)
	c.Register(procedure, "hold", Args{"invoke": invoke, "concurrency": concurrency}).OK(t)
	return c
}

// Caller joins there.
func (s Side) Caller(t *testing.T) *Client {
	t.Helper()
	return Library(t, "twisted").Join(t, s.URL, s.Joining)
}

// Argument is what the next invocation of a procedure was called with.
func Argument(t *testing.T, callee *Client, procedure string) int {
	t.Helper()
	for {
		e := callee.Next("invoked")
		if e.Procedure != procedure {
			continue
		}
		var list []int
		if err := json.Unmarshal(e.Args, &list); err != nil || len(list) != 1 {
			t.Fatalf("invoked with %s", e.Args)
		}
		return list[0]
	}
}

// Settled makes sure that everything a session has caused at the router so far
// has been dealt with: an answer has come for something that was asked later.
func Settled(t *testing.T, c *Client) {
	t.Helper()
	c.Call("wamp.session.count").OK(t)
}

// Arrived makes sure that everything the router has sent to wampool so far has
// been dealt with there, and what the pool session has sent to the router: a
// REGISTER and a call of another pool have passed behind it.
func (s Side) Arrived(t *testing.T) {
	t.Helper()
	s.ArrivedAt(t, Library(t, "asyncio"))
}

// ArrivedAt is Arrived with a library that bears the router's messages.
func (s Side) ArrivedAt(t *testing.T, p *Program) {
	t.Helper()
	const procedure = "com.example.barrier"
	callee := p.Join(t, s.URL, s.Joining)
	callee.Register(procedure, "echo", Args{"invoke": "roundrobin"}).OK(t)
	callee.Call(procedure, 1).OK(t)
	callee.Do("unregister", Args{"procedure": procedure}).OK(t)
}

// MaxConcurrency is the error of a call that finds all callees full.
const MaxConcurrency = "crossbar.error.max_concurrency_reached"

// EachSide runs a story with the callers at the router, and with the callers at
// wampool.
func EachSide(t *testing.T, w *Wampool, c Router, story func(t *testing.T, callers string)) {
	t.Run("callers at the router", func(t *testing.T) { story(t, c.URL()) })
	t.Run("callers at wampool", func(t *testing.T) { story(t, w.URL) })
}

// EachFramework runs a story with Autobahn|Python on Twisted and on asyncio.
func EachFramework(t *testing.T, story func(t *testing.T, p *Program)) {
	for _, framework := range []string{"twisted", "asyncio"} {
		t.Run(framework, func(t *testing.T) { story(t, Library(t, framework)) })
	}
}
