package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// program is a client program: a library in its language, with any number of
// sessions.
type program struct {
	process *process

	mu      sync.Mutex
	last    int
	pending map[int]chan reply
	clients map[string]*client
}

// reply is the answer to a command.
type reply struct {
	OK    json.RawMessage `json:"ok"`
	Error *struct {
		URI    string          `json:"uri"`
		Args   json.RawMessage `json:"args"`
		Kwargs json.RawMessage `json:"kwargs"`
	} `json:"error"`
}

// event is what happens at a client by itself.
type event struct {
	Event     string          `json:"event"` // invoked, interrupted, progress, unregistered, event, left, disconnected
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

var programs = map[string][]string{
	"twisted":  {".venv/bin/python", "clients/client.py", "twisted"},
	"asyncio":  {".venv/bin/python", "clients/client.py", "asyncio"},
	"autobahn": {"node", "clients/autobahn.mjs"},
	"wampy":    {"node", "clients/wampy.mjs"},
	"java":     {"java", "-cp", ".java/classes:.java/lib/*", "AutobahnClient"}, // autobahn-java
	"rust":     {".rust/debug/wampool-integration-client"},                     // wamp_async
}

// library returns the shared program of a library.
func library(t *testing.T, name string) *program {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if p := shared.programs[name]; p != nil {
		return p
	}
	p, err := startLibrary(name)
	if err != nil {
		giveUp(err)
	}
	if shared.programs == nil {
		shared.programs = make(map[string]*program)
	}
	shared.programs[name] = p
	return p
}

// ownLibrary starts a program for one test alone, that may be killed. Who
// starts it kills it.
func ownLibrary(t *testing.T, name string) *program {
	t.Helper()
	p, err := startLibrary(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func startLibrary(name string) (*program, error) {
	args := programs[name]
	command := args[0]
	if filepath.Base(command) != command {
		command, _ = filepath.Abs(command)
	}
	p := &program{pending: make(map[int]chan reply), clients: make(map[string]*client)}
	process, err := start(name, ".", p.take, append([]string{command}, args[1:]...)...)
	if err != nil {
		return nil, err
	}
	p.process = process
	if _, err := process.waitLine(0, `"ready"`); err != nil {
		process.kill()
		return nil, err
	}
	return p, nil
}

// take handles one line that the program prints.
func (p *program) take(line string) {
	var message struct {
		ID int `json:"id"`
		reply
		event
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(line)))
	decoder.UseNumber()
	if decoder.Decode(&message) != nil {
		return // what the library itself prints
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer := p.pending[message.ID]; answer != nil {
		delete(p.pending, message.ID)
		answer <- message.reply
		return
	}
	if c := p.clients[message.Session]; c != nil {
		c.events <- message.event
		if message.Event == "disconnected" {
			select {
			case <-c.gone:
			default:
				close(c.gone)
			}
		}
	}
}

// client is one WAMP session of a program.
type client struct {
	t       *testing.T
	program *program
	name    string
	session uint64
	events  chan event
	gone    chan struct{} // closed once it is disconnected
}

type args = map[string]any

// joined counts the sessions, to name them: no two of any program are alike.
var joined atomic.Int64

// join opens a session at a URL. options are serializer, authmethod, authid,
// secret and realm.
func (p *program) join(t *testing.T, url string, options args) *client {
	t.Helper()
	c, answer := p.tryJoin(t, url, options)
	var welcome struct{ Session json.Number }
	ok := answer.ok(t)
	if json.Unmarshal(ok, &welcome) == nil {
		id, _ := welcome.Session.Int64()
		c.session = uint64(id)
	}
	return c
}

func (p *program) tryJoin(t *testing.T, url string, options args) (*client, *answer) {
	t.Helper()
	p.mu.Lock()
	c := &client{t: t, program: p, name: fmt.Sprintf("s%d", joined.Add(1)), events: make(chan event, 1<<16), gone: make(chan struct{})}
	p.clients[c.name] = c
	p.mu.Unlock()
	command := args{"url": url}
	for k, v := range options {
		command[k] = v
	}
	answer := c.do("join", command)
	t.Cleanup(func() {
		c.leave()
		p.mu.Lock()
		delete(p.clients, c.name)
		p.mu.Unlock()
	})
	return c, answer
}

// leave ends the session, if there still is one, and waits for that: its
// procedures are nobody's when it returns.
func (c *client) leave() {
	timeout := time.After(patience)
	select {
	case r := <-c.do("leave", nil).c:
		if r.Error != nil {
			return // it had left, or never joined
		}
	case <-c.program.process.ended:
		return
	case <-timeout:
		c.t.Errorf("%s of %s does not leave", c.name, c.program.process.name)
		return
	}
	select {
	case <-c.gone:
	case <-c.program.process.ended:
	case <-timeout:
		c.t.Errorf("%s of %s stays connected", c.name, c.program.process.name)
	}
}

// answer is the answer to a command, once it comes.
type answer struct {
	id      int
	what    string
	process *process
	c       chan reply
}

// do begins a command.
func (c *client) do(command string, parameters args) *answer {
	p := c.program
	p.mu.Lock()
	p.last++
	id := p.last
	a := &answer{id, command, p.process, make(chan reply, 1)}
	p.pending[id] = a.c
	p.mu.Unlock()
	line := args{"id": id, "cmd": command, "session": c.name}
	for k, v := range parameters {
		line[k] = v
	}
	b, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.process.stdin.Write(append(b, '\n'))
	return a
}

func (a *answer) wait(t *testing.T) reply {
	t.Helper()
	select {
	case r := <-a.c:
		return r
	case <-a.process.ended:
		t.Fatalf("%s: %s ended:\n%s", a.what, a.process.name, a.process.output())
	case <-time.After(patience):
		t.Fatalf("%s was never answered; %s printed\n%s", a.what, a.process.name, a.process.output())
	}
	return reply{}
}

// ok waits for a result.
func (a *answer) ok(t *testing.T) json.RawMessage {
	t.Helper()
	r := a.wait(t)
	if r.Error != nil {
		t.Fatalf("%s: %s %s", a.what, r.Error.URI, r.Error.Args)
	}
	return r.OK
}

// fails waits for an error, and returns its arguments.
func (a *answer) fails(t *testing.T, uri string) string {
	t.Helper()
	r := a.wait(t)
	if r.Error == nil {
		t.Fatalf("%s: got %s, want %s", a.what, r.OK, uri)
	}
	if r.Error.URI != uri {
		t.Fatalf("%s: got %s %s, want %s", a.what, r.Error.URI, r.Error.Args, uri)
	}
	return string(r.Error.Args)
}

// open tells whether there is no answer yet.
func (a *answer) open() bool { return len(a.c) == 0 }

// register registers a procedure. behaviour is echo, name, error, busy (answers
// wamp.error.unavailable), hold, work (takes its seconds) or, in Python, block
// (takes them in a thread).
func (c *client) register(procedure, behaviour string, options args) *answer {
	if options == nil {
		options = args{}
	}
	return c.do("register", args{"procedure": procedure, "behaviour": behaviour, "options": options})
}

// call begins a call.
func (c *client) call(procedure string, arguments ...any) *answer {
	if arguments == nil {
		arguments = []any{}
	}
	return c.do("call", args{"procedure": procedure, "args": arguments})
}

// cancel cancels a call. Autobahn|Python sends no mode, whatever is asked.
func (c *client) cancel(call *answer, mode string) {
	c.t.Helper()
	c.do("cancel", args{"call": call.id, "mode": mode}).ok(c.t)
}

// progress lets the oldest held call of a procedure send a part of its result.
// It returns whether the caller takes any.
func (c *client) progress(procedure string, arguments ...any) bool {
	c.t.Helper()
	return string(c.do("progress", args{"procedure": procedure, "args": arguments}).ok(c.t)) == "true"
}

// release lets the oldest n held calls of a procedure return.
func (c *client) release(procedure string, n int) {
	c.t.Helper()
	c.do("release", args{"procedure": procedure, "n": n}).ok(c.t)
}

// peak returns the most calls that have run at once.
func (c *client) peak(procedure string) int {
	c.t.Helper()
	var n int
	if err := json.Unmarshal(c.do("peak", args{"procedure": procedure}).ok(c.t), &n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// next waits for the next event of that kind; others are passed over.
func (c *client) next(kind string) event {
	c.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case e := <-c.events:
			if e.Event == kind {
				return e
			}
		case <-timeout:
			c.t.Fatalf("%s of %s: no %q came; it printed\n%s", c.name, c.program.process.name, kind, c.program.process.output())
		}
	}
}

// invoked waits for n invocations.
func (c *client) invoked(n int) {
	c.t.Helper()
	for range n {
		c.next("invoked")
	}
}
