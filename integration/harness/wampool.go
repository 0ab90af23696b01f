package harness

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Wampool is the program under test.
type Wampool struct {
	t       *testing.T
	Process *Process
	URL     string // of its first listener
	killed  bool
}

// binary is the program under test, built by who first asks for it, with the
// race detector where the tests have it.
var binary = sync.OnceValue(func() string {
	file := filepath.Join(temporary, "wampool")
	build := Command("go", "build", raceDetector, "-buildvcs=false", "-pgo=off", "-o", file, "github.com/wampool/wampool/cmd/wampool") // git may know this checkout as another user's
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Printf("%s", out)
		giveUp(fmt.Errorf("wampool can't be built: %w", err))
	}
	return file
})

// Binary is where the program under test lies.
func Binary() string { return binary() }

// Unhurried is a line of the block limits: on a busy machine a client may need
// longer for its login than wampool gives it by default, most of all to derive a
// key in Python.
const Unhurried = `handshake_timeout = "1m"`

// StartWampool runs wampool in front of a router, with this body of its realm
// block. It is up when this returns, and is stopped cleanly at the test's end.
func StartWampool(t *testing.T, routerURL, realm string) *Wampool {
	t.Helper()
	w := LaunchWampool(t, routerURL, realm)
	w.Process.Await(t, "pool session up")
	return w
}

// LaunchWampool does not wait for the pool session.
func LaunchWampool(t *testing.T, routerURL, realm string) *Wampool {
	t.Helper()
	return Launch(t, routerURL, realm, "1s")
}

// Launch sets how long wampool may take to stop.
func Launch(t *testing.T, routerURL, realm, drainTimeout string) *Wampool {
	t.Helper()
	return LaunchConfig(t, "router {\n  url = \""+routerURL+"\"\n}\n"+
		"listen \"ws://127.0.0.1:0/ws\" {}\n"+
		"limits {\n  "+Unhurried+"\n}\n"+
		"drain_timeout = \""+drainTimeout+"\"\n"+realm+"\n")
}

// LaunchConfig runs wampool with a whole configuration.
func LaunchConfig(t *testing.T, config string) *Wampool {
	t.Helper()
	return LaunchConfigIn(t, nil, config)
}

// LaunchConfigIn is LaunchConfig with further variables in wampool's environment,
// "NAME=value".
func LaunchConfigIn(t *testing.T, variables []string, config string) *Wampool {
	t.Helper()
	return append(Host{"env"}, variables...).Wampool(t, config)
}

// LaunchWith runs wampool with these flags.
func LaunchWith(t *testing.T, flags ...string) *Wampool {
	t.Helper()
	return Host(nil).launch(t, flags...)
}

func (h Host) launch(t *testing.T, flags ...string) *Wampool {
	t.Helper()
	process, err := start("wampool", temporary, nil, h.command(append([]string{binary(), "run"}, flags...)...)...)
	if err != nil {
		t.Fatal(err)
	}
	w := &Wampool{t: t, Process: process}
	t.Cleanup(w.stop)
	line := process.Await(t, `"listening"`)
	var listening struct{ Address string }
	if err := json.Unmarshal([]byte(line), &listening); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	w.URL = listening.Address
	return w
}

// Tool runs another command of wampool to its end, and returns what it prints.
func Tool(t *testing.T, args ...string) string {
	t.Helper()
	command := Command(binary(), args...)
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("wampool %s: %v\n%s", strings.Join(args, " "), err, &complaints)
	}
	return string(out)
}

// Addresses waits for the pool session, and returns the URLs of all listeners by
// their schemes.
func (w *Wampool) Addresses() map[string]string {
	w.t.Helper()
	w.Process.Await(w.t, "pool session up")
	urls := make(map[string]string)
	for _, line := range w.Process.LinesFrom(0) {
		var listening struct{ Message, Address string }
		if json.Unmarshal([]byte(line), &listening) == nil && listening.Message == "listening" {
			scheme, _, _ := strings.Cut(listening.Address, ":")
			urls[scheme] = listening.Address
		}
	}
	return urls
}

// Admin waits for the admin listener, and returns its "host:port".
func (w *Wampool) Admin() string {
	w.t.Helper()
	var listening struct{ Address string }
	if line := w.Process.Await(w.t, `"admin listening"`); json.Unmarshal([]byte(line), &listening) != nil {
		w.t.Fatalf("no address in %s", line)
	}
	return strings.TrimPrefix(listening.Address, "http://")
}

// Kill ends wampool by kill -9.
func (w *Wampool) Kill() {
	w.killed = true
	w.Process.Kill()
}

// Stop ends wampool by SIGTERM, as a service manager does, and checks how it ends.
func (w *Wampool) Stop() { w.stop() }

func (w *Wampool) stop() {
	if w.killed {
		return
	}
	_ = w.Process.Signal(syscall.SIGTERM)
	code, err := w.Process.wait()
	if err != nil {
		w.Process.Kill()
		w.t.Error(err)
		return
	}
	if code != 0 {
		w.t.Errorf("wampool ended with exit code %d:\n%s", code, w.Process.Output())
	}
}

// Pooled is a realm block with one pool.
func Pooled(procedure, rules string) string {
	return "realm \"realm1\" {\n  pool \"" + procedure + "\" {\n" + rules + "\n  }\n}"
}

// Anybody is [Pooled] for routers that name no authrole.
func Anybody(procedure, rules string) string { return Pooled(procedure, rules+"\nadmit = [\"*\"]") }

// Whoever is a realm block that pools whatever callees register, whoever they
// are: what auto can't do where the router names no authrole.
const Whoever = `realm "realm1" {
  pool "com.example." {
    match = "prefix"
    admit = ["*"]
  }
}`

// Auto is a realm block that pools what callees ask to share.
const Auto = "realm \"realm1\" {\n}"
