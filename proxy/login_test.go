package proxy

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// journal is a log that a test reads while it is written.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines chan string
}

func newJournal() *journal { return &journal{lines: make(chan string, 1024)} }

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.lines <- string(line):
	default: // nobody reads so many
	}
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// find waits for a line that holds a text.
func (j *journal) find(t *testing.T, text string) string {
	t.Helper()
	for {
		select {
		case line := <-j.lines:
			if strings.Contains(line, text) {
				return line
			}
		case <-time.After(patience):
			t.Fatalf("the log never says %q", text)
		}
	}
}

// loggingWorld is a world that is not yet started, and its log.
func loggingWorld(t *testing.T) (*world, *journal) {
	w, j := makeWorld(t), newJournal()
	w.log = zerolog.New(j)
	return w, j
}

const aurelia = "ticket of Aurelia" // a secret

func TestPoolSessionLogsInByTicket(t *testing.T) {
	path := t.TempDir() + "/ticket"
	renew := func(ticket string) {
		if err := os.WriteFile(path, []byte(ticket+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	renew("old")
	w, log := loggingWorld(t)
	w.start(worldOptions{realm: fmt.Sprintf(`auth {
		method = "ticket"
		authid = "wampool"
		secret = file(%q)
	}`, path)})
	hello := `[1,"realm1",{"agent":"wampool"`
	pool := w.accept()
	pool.expectPrefix("%s", hello)
	pool.send(`[4,"ticket",{}]`)
	pool.expect(`[5,"old",{}]`)
	renew(aurelia)
	pool.send(`[3,{"message":"the ticket has expired"},"wamp.error.authentication_failed"]`)
	line := log.find(t, "can't join")
	if !strings.Contains(line, `login by \"ticket\": router refused it: wamp.error.authentication_failed: the ticket has expired`) {
		t.Errorf("log: %s", line)
	}
	pool = w.accept()
	pool.expectPrefix("%s", hello)
	pool.send(`[4,"ticket",{}]`)
	pool.expect(`[5,%q,{}]`, aurelia)
	pool.send(`[3,{"message":"%s is wrong"},"wamp.error.authentication_failed"]`, aurelia)
	log.find(t, "repeats the secret")
	pool = w.accept()
	pool.expectPrefix("%s", hello)
	pool.send(`[2,1,{"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}]`)
	w.callee(pool, shared, "")
	if strings.Contains(log.String(), aurelia) {
		t.Errorf("the log has the secret: %s", log)
	}
}

// TestPoolSessionRefusesChallenges has each challenge that it can't, or won't,
// answer: it says ABORT, tells why in the log, and comes again.
func TestPoolSessionRefusesChallenges(t *testing.T) {
	seed := strings.Repeat("7e", 32)
	for _, c := range []struct{ method, secret, challenge, why string }{
		{"ticket", aurelia, `[4,"wampcra",{"challenge":"{}"}]`, `router asks for authentication by \"wampcra\", and the realm is configured for \"ticket\"`},
		{"wampcra", aurelia, `[4,"ticket",{}]`, `router asks for authentication by \"ticket\"`},
		{"wampcra", aurelia, `[4,"wampcra",{}]`, `login by \"wampcra\": CHALLENGE lacks challenge`},
		{"scram", aurelia, `[4,"scram",{"nonce":"x"}]`, `login by \"scram\": CHALLENGE: nonce does not begin with the one in HELLO`},
		{"cryptosign", seed, `[4,"cryptosign",{"challenge":"00","channel_binding":"tls-unique"}]`, `login by \"cryptosign\": CHALLENGE asks for channel binding`},
		{"cryptosign", seed, `[4,"cryptosign",{"challenge":"00"}]`, `login by \"cryptosign\": CHALLENGE: challenge is not 64 hex digits`},
	} {
		w, log := loggingWorld(t)
		w.start(worldOptions{realm: fmt.Sprintf(`auth {
			method = %q
			authid = "wampool"
			secret = %q
		}`, c.method, c.secret)})
		pool := w.accept()
		pool.expectPrefix(`[1,"realm1"`)
		pool.send("%s", c.challenge)
		pool.expect(`[3,{},"wamp.error.authentication_failed"]`)
		pool.expectEnd()
		if line := log.find(t, "can't join"); !strings.Contains(line, c.why) {
			t.Errorf("%s: log %s, want %s", c.challenge, line, c.why)
		}
		if strings.Contains(log.String(), c.secret) {
			t.Errorf("the log has the secret: %s", log)
		}
		again := w.accept()
		again.expectPrefix(`[1,"realm1"`)
	}
}

func TestPoolSessionLeavesARouterThatDoesNotProveItself(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{realm: fmt.Sprintf(`auth {
		method = "scram"
		authid = "wampool"
		secret = %q
	}`, aurelia)})
	pool := w.accept()
	pool.expectPrefix(`[1,"realm1"`)
	pool.send(`[2,1,{"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}]`)
	pool.expectEnd()
	log.find(t, "has not proved that it knows the client")
	w.accept()
}

func TestSecretThatCanNotBeReadIsTriedAgain(t *testing.T) {
	path := t.TempDir() + "/key"
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Repeat("7e", 32))
	w, log := loggingWorld(t)
	w.start(worldOptions{realm: fmt.Sprintf(`auth {
		method = "cryptosign"
		secret = file(%q)
	}`, path)})
	pool := w.accept()
	pool.expectPrefix(`[1,"realm1"`)
	write("half a k")
	pool.conn.Abort(errStopped)
	line := log.find(t, "the secret must be a private key of 64 hex digits")
	if strings.Contains(line, "half a k") {
		t.Errorf("the log has the secret: %s", line)
	}
	write(strings.Repeat("7f", 32))
	w.accept().expectPrefix(`[1,"realm1"`)
}
