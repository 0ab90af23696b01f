package losses

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Two sidecars serve a procedure that is called without end. One of them is drained, as
// an orchestrator does before it stops it, and stopped: no call fails, not even one that
// crosses its UNREGISTER at the router. So it is with a pool that is drained and taken
// back.
func TestEmptiedBeforeItsStop(t *testing.T) {
	const procedure = "com.example.emptied"
	c := harness.SharedCrossbar(t)
	library := harness.Library(t, "asyncio")
	launch := func() (*harness.Wampool, string) {
		dir := t.TempDir()
		file, socket := filepath.Join(dir, "wampool.hcl"), "unix://"+filepath.Join(dir, "admin.sock")
		config := fmt.Sprintf("router {\n url = %q\n}\nlisten \"ws://127.0.0.1:0/ws\" {}\nlimits {\n %s\n}\nadmin {\n address = %q\n}\nrealm \"realm1\" {\n pool %q {\n policy = \"least\"\n concurrency = 4\n upstream = \"roundrobin\"\n queue {\n timeout = \"1m\"\n }\n }\n}\n",
			c.URL(), harness.Unhurried, socket, procedure)
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		w := harness.LaunchWith(t, "-c", file)
		w.Process.Await(t, "pool session up")
		for range 2 {
			library.Join(t, w.URL, nil).Do("register", harness.Args{"procedure": procedure, "behaviour": "work", "seconds": 0.01}).OK(t)
		}
		return w, socket
	}
	first, firstSocket := launch()
	_, secondSocket := launch()
	var callers []*harness.Client
	for range 2 {
		callers = append(callers, library.Join(t, c.URL(), nil))
	}
	l := startLoad(procedure, callers, 8)
	l.goOn(t, 50)
	do := func(want string, args ...string) {
		t.Helper()
		if said := harness.Tool(t, args...); !strings.Contains(said, want) {
			t.Errorf("%s says %q, want %q", args, said, want)
		}
	}
	for range 3 {
		do("not registered at the router", "drain", "--pool", procedure, "--wait", "1m", "--address", secondSocket)
		l.goOn(t, 50)
		do("served here again", "undrain", "--pool", procedure, "--address", secondSocket)
		l.goOn(t, 50)
	}
	do("all pools: not registered at the router; 0 calls wait, 0 run", "drain", "--all", "--wait", "1m", "--address", firstSocket)
	if err := first.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	first.Process.Await(t, `"stopped"`)
	l.goOn(t, 50)
	calls, failed := l.stop()
	if len(failed) > 0 {
		t.Errorf("of %d calls %d failed: %v", calls, len(failed), failed)
	}
	t.Logf("%d calls were answered, and none failed", calls)
}
