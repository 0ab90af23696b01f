package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// wampool is the program under test.
type wampool struct {
	t       *testing.T
	process *process
	url     string
}

// startWampool runs wampool in front of a router, with this body of its realm
// block. It is up when this returns, and is stopped cleanly at the test's end.
func startWampool(t *testing.T, routerURL, realm string) *wampool {
	t.Helper()
	w := launchWampool(t, routerURL, realm)
	if _, err := w.process.waitLine(0, "pool session up"); err != nil {
		t.Fatal(err)
	}
	return w
}

// launchWampool does not wait for the pool session.
func launchWampool(t *testing.T, routerURL, realm string) *wampool {
	t.Helper()
	return launch(t, routerURL, realm, "1s")
}

func launch(t *testing.T, routerURL, realm, drainTimeout string) *wampool {
	t.Helper()
	return launchConfig(t, "router {\n  url = \""+routerURL+"\"\n}\n"+
		"listen \"ws://127.0.0.1:0/ws\" {}\n"+
		"drain_timeout = \""+drainTimeout+"\"\n"+realm+"\n")
}

// launchConfig runs wampool with a whole configuration.
func launchConfig(t *testing.T, config string) *wampool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "wampool.hcl")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return launchWith(t, "-c", file)
}

// launchWith runs wampool with these flags.
func launchWith(t *testing.T, flags ...string) *wampool {
	t.Helper()
	process, err := start("wampool", ".", nil, append([]string{wampoolBinary, "run"}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	w := &wampool{t: t, process: process}
	t.Cleanup(w.stop)
	line, err := process.waitLine(0, `"listening"`)
	if err != nil {
		t.Fatal(err)
	}
	var listening struct{ Address string }
	if err := json.Unmarshal([]byte(line), &listening); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	w.url = listening.Address
	return w
}

// addresses waits for the pool session, and returns the URLs of all listeners by
// their schemes.
func (w *wampool) addresses() map[string]string {
	w.t.Helper()
	if _, err := w.process.waitLine(0, "pool session up"); err != nil {
		w.t.Fatal(err)
	}
	urls := make(map[string]string)
	w.process.mu.Lock()
	defer w.process.mu.Unlock()
	for _, line := range w.process.lines {
		var listening struct{ Message, Address string }
		if json.Unmarshal([]byte(line), &listening) == nil && listening.Message == "listening" {
			scheme, _, _ := strings.Cut(listening.Address, ":")
			urls[scheme] = listening.Address
		}
	}
	return urls
}

// stop ends wampool as a service manager does, and checks how it ends.
func (w *wampool) stop() {
	_ = w.process.signal(syscall.SIGTERM)
	code, err := w.process.wait()
	if err != nil {
		w.process.kill()
		w.t.Error(err)
		return
	}
	if code != 0 {
		w.t.Errorf("wampool ended with exit code %d:\n%s", code, w.process.output())
	}
}

// pooled is a realm block with one pool.
func pooled(procedure, rules string) string {
	return "realm \"realm1\" {\n  pool \"" + procedure + "\" {\n" + rules + "\n  }\n}"
}

// anybody is [pooled] for routers that name no authrole.
func anybody(procedure, rules string) string { return pooled(procedure, rules+"\nadmit = [\"*\"]") }

// whoever is a realm block that pools whatever callees register, whoever they
// are: what auto can't do where the router names no authrole.
const whoever = `realm "realm1" {
  pool "com.example." {
    match = "prefix"
    admit = ["*"]
  }
}`

// auto is a realm block that pools what callees ask to share.
const auto = "realm \"realm1\" {\n}"
