package losses

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

var (
	reloadEvery = flag.Duration("reload.every", 50*time.Millisecond, "how often TestReloadUnderLoad reloads")
	reloads     = flag.Int("reload.times", 40, "and how many times")
)

// reloadRules are what a block says in turn: other limits, policies, queues, lingers
// and retries, always with room for the load to wait.
var reloadRules = []string{
	"policy = \"roundrobin\"\n concurrency = 1\n queue {\n limit = 1000\n timeout = \"1m\"\n }",
	"policy = \"least\"\n concurrency = 8\n linger = \"5s\"\n queue {\n limit = 500\n timeout = \"2m\"\n }",
	"policy = \"random\"\n retry_lost = true\n queue {\n limit = 2000\n bytes = \"1MiB\"\n timeout = \"90s\"\n }",
	"policy = \"first\"\n concurrency = 3\n scope = \"callee\"\n queue {\n timeout = \"1m\"\n }",
}

// The configuration changes again and again while callers call: no call fails, and
// no connection ends. Then the program is told to stop, under the same load: what it
// has taken is answered, and what comes afterwards is refused for that.
func TestReloadUnderLoad(t *testing.T) {
	const procedure = "com.example.reload"
	c := harness.SharedCrossbar(t)
	file := filepath.Join(t.TempDir(), "wampool.hcl")
	write := func(n int) {
		config := fmt.Sprintf("router {\n url = %q\n}\nlisten \"ws://127.0.0.1:0/ws\" {}\nlimits {\n %s\n send_buffer = \"%dMiB\"\n}\ndrain_timeout = \"30s\"\nrealm \"realm1\" {\n pool %q {\n %s\n }\n}\n",
			c.URL(), harness.Unhurried, 8+n%2, procedure, reloadRules[n%len(reloadRules)])
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(0)
	w := harness.LaunchWith(t, "-c", file)
	w.Process.Await(t, "pool session up")
	library := harness.Library(t, "asyncio")
	for range 3 {
		library.Join(t, w.URL, nil).Do("register", harness.Args{"procedure": procedure, "behaviour": "work", "seconds": 0.002}).OK(t)
	}
	var callers []*harness.Client
	for range 2 {
		callers = append(callers, library.Join(t, c.URL(), nil))
	}
	l := startLoad(procedure, callers, 8)
	l.goOn(t, 20)
	ticker := time.NewTicker(*reloadEvery)
	defer ticker.Stop()
	for n := range *reloads {
		<-ticker.C
		write(n + 1)
		printed := w.Process.Printed()
		if err := w.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if line := w.Process.AwaitFrom(t, printed, "configuration reloaded"); !strings.Contains(line, "pool") {
			t.Errorf("reload %d changes nothing: %s", n, line)
		}
	}
	l.goOn(t, 20)
	l.mu.Lock()
	done, failed := l.done, len(l.failed)
	l.mu.Unlock()
	if failed > 0 {
		t.Errorf("of %d calls during %d reloads %d failed: %v", done, *reloads, failed, l.failed)
	}
	if err := w.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.Process.Await(t, `"stopped"`)
	calls, after := l.stop()
	answered, refused := calls-len(after), 0
	for _, text := range after[failed:] {
		// Until the router has taken the UNREGISTER: draining. After it: no such procedure.
		if strings.Contains(text, "wamp.error.unavailable") || strings.Contains(text, "wamp.error.no_such_procedure") {
			refused++
		} else {
			t.Errorf("by the end: %s", text)
		}
	}
	t.Logf("%d calls were answered during %d reloads and the stop, %d refused after SIGTERM, none lost", answered, *reloads, refused)
}
