package harness

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// Client is one WAMP session of a program.
type Client struct {
	t       *testing.T
	Program *Program
	Name    string
	Session uint64        // its WAMP session ID
	Events  chan Event    // what nobody has waited for yet
	gone    chan struct{} // closed once it is disconnected
}

// Args are named parameters: of a command, or of WAMP's Options.
type Args = map[string]any

// joined counts the sessions, to name them: no two of any program are alike.
var joined atomic.Int64

// Join opens a session at a URL. options are serializer, authmethod, authid,
// secret and realm.
func (p *Program) Join(t *testing.T, url string, options Args) *Client {
	t.Helper()
	c, answer := p.TryJoin(t, url, options)
	var welcome struct{ Session json.Number }
	ok := answer.OK(t)
	if json.Unmarshal(ok, &welcome) == nil {
		id, _ := welcome.Session.Int64()
		c.Session = uint64(id) //nolint:gosec // an ID is positive
	}
	return c
}

// TryJoin is Join whose answer the test waits for, for it may be a refusal.
func (p *Program) TryJoin(t *testing.T, url string, options Args) (*Client, *Answer) {
	t.Helper()
	p.mu.Lock()
	c := &Client{t: t, Program: p, Name: fmt.Sprintf("s%d", joined.Add(1)), Events: make(chan Event, 1<<16), gone: make(chan struct{})}
	p.clients[c.Name] = c
	p.mu.Unlock()
	command := Args{"url": url}
	for k, v := range options {
		command[k] = v
	}
	answer := c.Do("join", command)
	t.Cleanup(func() {
		c.Leave()
		p.mu.Lock()
		delete(p.clients, c.Name)
		p.mu.Unlock()
	})
	return c, answer
}

// Leave ends the session, if there still is one, and waits for that: its
// procedures are nobody's when it returns.
func (c *Client) Leave() {
	timeout := time.After(Patience)
	select {
	case r := <-c.Do("leave", nil).c:
		if r.Error != nil {
			return // it had left, or never joined
		}
	case <-c.Program.Process.ended:
		return
	case <-timeout:
		c.t.Errorf("%s of %s does not leave", c.Name, c.Program.Process.Name)
		return
	}
	select {
	case <-c.gone:
	case <-c.Program.Process.ended:
	case <-timeout:
		c.t.Errorf("%s of %s stays connected", c.Name, c.Program.Process.Name)
	}
}

// Event is what happens at a client by itself.
type Event struct {
	Kind      string          `json:"event"` // invoked, interrupted, progress, unregistered, event, left, disconnected
	Session   string          `json:"session"`
	Procedure string          `json:"procedure"`
	Topic     string          `json:"topic"`
	Reason    string          `json:"reason"`
	Args      json.RawMessage `json:"args"`
	Kwargs    json.RawMessage `json:"kwargs"`
	Details   details         `json:"details"`
}

// details are what a callee knows of a call besides its arguments.
type details struct {
	Procedure string      `json:"procedure"`
	Caller    json.Number `json:"caller"`
	Progress  bool        `json:"progress"` // the caller takes parts of the result
}

// Do begins a command.
func (c *Client) Do(command string, parameters Args) *Answer {
	p := c.Program
	p.mu.Lock()
	p.last++
	id := p.last
	a := &Answer{id, command, p.Process, make(chan Reply, 1)}
	p.pending[id] = a.c
	p.mu.Unlock()
	line := Args{"id": id, "cmd": command, "session": c.Name}
	for k, v := range parameters {
		line[k] = v
	}
	b, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.Process.stdin.Write(append(b, '\n'))
	return a
}

// Register registers a procedure. behaviour is echo, name, error, busy (answers
// wamp.error.unavailable), hold, work (takes its seconds) or, in Python, block
// (takes them in a thread).
func (c *Client) Register(procedure, behaviour string, options Args) *Answer {
	if options == nil {
		options = Args{}
	}
	return c.Do("register", Args{"procedure": procedure, "behaviour": behaviour, "options": options})
}

// Call begins a call.
func (c *Client) Call(procedure string, arguments ...any) *Answer {
	if arguments == nil {
		arguments = []any{}
	}
	return c.Do("call", Args{"procedure": procedure, "args": arguments})
}

// Cancel cancels a call. Autobahn|Python sends no mode, whatever is asked.
func (c *Client) Cancel(call *Answer, mode string) {
	c.t.Helper()
	c.Do("cancel", Args{"call": call.id, "mode": mode}).OK(c.t)
}

// Progress lets the oldest held call of a procedure send a part of its result.
// It returns whether the caller takes any.
func (c *Client) Progress(procedure string, arguments ...any) bool {
	c.t.Helper()
	return string(c.Do("progress", Args{"procedure": procedure, "args": arguments}).OK(c.t)) == "true"
}

// Release lets the oldest n held calls of a procedure return.
func (c *Client) Release(procedure string, n int) {
	c.t.Helper()
	c.Do("release", Args{"procedure": procedure, "n": n}).OK(c.t)
}

// Peak returns the most calls that have run at once.
func (c *Client) Peak(procedure string) int {
	c.t.Helper()
	var n int
	if err := json.Unmarshal(c.Do("peak", Args{"procedure": procedure}).OK(c.t), &n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// Next waits for the next event of that kind; others are passed over.
func (c *Client) Next(kind string) Event {
	c.t.Helper()
	timeout := time.After(Patience)
	for {
		select {
		case e := <-c.Events:
			if e.Kind == kind {
				return e
			}
		case <-timeout:
			c.t.Fatalf("%s of %s: no %q came; it printed\n%s", c.Name, c.Program.Process.Name, kind, c.Program.Process.Output())
		}
	}
}

// Invoked waits for n invocations.
func (c *Client) Invoked(n int) {
	c.t.Helper()
	for range n {
		c.Next("invoked")
	}
}
