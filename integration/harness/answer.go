package harness

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// Answer is the answer to a command, once it comes.
type Answer struct {
	id      int
	what    string
	process *Process
	c       chan Reply
}

// Reply is the answer to a command.
type Reply struct {
	OK    json.RawMessage `json:"ok"`
	Error *struct {
		URI    string          `json:"uri"`
		Args   json.RawMessage `json:"args"`
		Kwargs json.RawMessage `json:"kwargs"`
	} `json:"error"`
}

// Reply waits for it, and tells why it can't come.
func (a *Answer) Reply() (Reply, error) {
	select {
	case r := <-a.c:
		return r, nil
	case <-a.process.ended:
		return Reply{}, fmt.Errorf("%s: %s ended:\n%s", a.what, a.process.Name, a.process.Output())
	case <-time.After(Patience):
		return Reply{}, fmt.Errorf("%s was never answered; %s printed\n%s", a.what, a.process.Name, a.process.Output())
	}
}

// Wait waits for it, whichever it is.
func (a *Answer) Wait(t *testing.T) Reply {
	t.Helper()
	r, err := a.Reply()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// OK waits for a result.
func (a *Answer) OK(t *testing.T) json.RawMessage {
	t.Helper()
	r := a.Wait(t)
	if r.Error != nil {
		t.Fatalf("%s: %s %s", a.what, r.Error.URI, r.Error.Args)
	}
	return r.OK
}

// Fails waits for an error, and returns its arguments.
func (a *Answer) Fails(t *testing.T, uri string) string {
	t.Helper()
	r := a.Wait(t)
	if r.Error == nil {
		t.Fatalf("%s: got %s, want %s", a.what, r.OK, uri)
	}
	if r.Error.URI != uri {
		t.Fatalf("%s: got %s %s, want %s", a.what, r.Error.URI, r.Error.Args, uri)
	}
	return string(r.Error.Args)
}

// Open tells whether there is no answer yet.
func (a *Answer) Open() bool { return len(a.c) == 0 }
