package integration

import (
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// foxWamp is a running fox-wamp. It speaks JSON only, has no roles, lets anybody
// register a procedure again (the first who did gets all calls), knows no CANCEL,
// and makes every ERROR of a callee a wamp.error.callee_failure whose one
// argument is the callee's error URI.
type foxWamp struct {
	process *process
	address string
}

// startFoxWamp starts it on that port, or on any if that is 0.
func startFoxWamp(port int) (*foxWamp, error) {
	script, err := filepath.Abs("routers/foxwamp.mjs")
	if err != nil {
		return nil, err
	}
	process, err := start("fox-wamp", ".", nil, "node", script, strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	line, err := process.waitLine(0, "listening on ")
	if err != nil {
		process.kill()
		return nil, err
	}
	return &foxWamp{process, strings.TrimPrefix(line, "listening on ")}, nil
}

func (f *foxWamp) name() string { return "fox-wamp" }
func (f *foxWamp) url() string  { return f.address }

// port is where it listens.
func (f *foxWamp) port(t *testing.T) int {
	t.Helper()
	u, err := url.Parse(f.address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// joining is what a client must say to it, for [program.join].
func (f *foxWamp) joining() args { return args{"serializer": "json"} }

// foxRouter returns the shared fox-wamp. Tests keep apart by the names they use.
func foxRouter(t *testing.T) *foxWamp {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.foxWamp == nil {
		f, err := startFoxWamp(0)
		if err != nil {
			giveUp(err)
		}
		shared.foxWamp = f
	}
	return shared.foxWamp
}

// failsWith waits for an error that a caller at fox-wamp gets in place of the
// one that a callee gave.
func (f *foxWamp) failsWith(t *testing.T, a *answer, uri string) {
	t.Helper()
	if got := a.fails(t, "wamp.error.callee_failure"); normal(t, []byte(got)) != `["`+uri+`"]` {
		t.Errorf("%s: got %s, want %s", a.what, got, uri)
	}
}
