package harness

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Program is a client program: a library in its language, with any number of
// sessions.
type Program struct {
	Process *Process

	mu      sync.Mutex
	last    int
	pending map[int]chan Reply
	clients map[string]*Client
}

// programs are the libraries, by the commands that run them.
var programs = map[string][]string{
	"twisted":  {".venv/bin/python", "clients/client.py", "twisted"},
	"asyncio":  {".venv/bin/python", "clients/client.py", "asyncio"},
	"autobahn": {"node", "clients/autobahn.mjs"},
	"wampy":    {"node", "clients/wampy.mjs"},
	"java":     {"java", "-cp", ".java/classes:.java/lib/*", "AutobahnClient"}, // autobahn-java
	"rust":     {".rust/debug/wampool-integration-client"},                     // wamp_async
}

// Libraries are those that everybody's machine can have.
var Libraries = []string{"asyncio", "twisted", "autobahn", "wampy"}

// Library returns the package's program of a library.
func Library(t *testing.T, name string) *Program {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if p := shared.programs[name]; p != nil {
		return p
	}
	p, err := startLibrary(nil, name)
	if err != nil {
		giveUp(err)
	}
	shared.programs[name] = p
	return p
}

// OwnLibrary starts a program for one test alone, that may be killed. Who
// starts it kills it.
func OwnLibrary(t *testing.T, name string) *Program {
	t.Helper()
	p, err := startLibrary(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func startLibrary(on Host, name string) (*Program, error) {
	command := slices.Clone(programs[name])
	if strings.Contains(command[0], "/") {
		command[0] = Path(command[0])
	}
	p := &Program{pending: make(map[int]chan Reply), clients: make(map[string]*Client)}
	process, err := start(name, Path(""), p.take, on.command(command...)...)
	if err != nil {
		return nil, err
	}
	p.Process = process
	if _, err := process.waitLine(0, `"ready"`); err != nil {
		process.Kill()
		return nil, err
	}
	return p, nil
}

// take handles one line that the program prints.
func (p *Program) take(line string) {
	var message struct {
		ID int `json:"id"`
		Reply
		Event
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
		answer <- message.Reply
		return
	}
	if c := p.clients[message.Session]; c != nil {
		c.Events <- message.Event
		if message.Kind == "disconnected" {
			select {
			case <-c.gone:
			default:
				close(c.gone)
			}
		}
	}
}
