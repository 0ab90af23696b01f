package losses

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
	"github.com/wampool/wampool/proxy/transport/authority"
)

var (
	reloadEvery = flag.Duration("reload.every", 50*time.Millisecond, "how often TestReloadUnderLoad reloads")
	reloads     = flag.Int("reload.times", 15, "and how many times")
)

// reloadRules are what a block says in turn: other limits, policies, queues, lingers
// and retries, always with room for the load to wait.
var reloadRules = []string{
	"policy = \"roundrobin\"\n concurrency = 1\n queue {\n limit = 1000\n timeout = \"1m\"\n }",
	"policy = \"least\"\n concurrency = 8\n linger = \"5s\"\n queue {\n limit = 500\n timeout = \"2m\"\n }",
	"policy = \"random\"\n retry_lost = true\n queue {\n limit = 2000\n bytes = \"1MiB\"\n timeout = \"90s\"\n }",
	"policy = \"first\"\n concurrency = 3\n scope = \"callee\"\n queue {\n timeout = \"1m\"\n }",
}

// reloaded is a program whose file changes again and again.
type reloaded struct {
	t          *testing.T
	w          *harness.Wampool
	file       string
	router     string
	procedure  string
	identities [2]identity
}

// identity is a certificate of a listener, and who has signed it.
type identity struct {
	cert, key string
	roots     *x509.CertPool
}

func newIdentity(t *testing.T, name string) identity {
	t.Helper()
	a := authority.New(t, name)
	pem, err := os.ReadFile(a.File)
	if err != nil {
		t.Fatal(err)
	}
	i := identity{roots: x509.NewCertPool()}
	i.roots.AppendCertsFromPEM(pem)
	i.cert, i.key = a.Issue(name)
	return i
}

// write writes the configuration of that turn: of the pool that is called, other rules;
// other limits, another certificate of a listener that stays, and now and then a
// listener, a pool and a realm that were not there before, or are no more.
func (r *reloaded) write(n int) {
	r.t.Helper()
	var more strings.Builder
	if n%2 == 0 {
		fmt.Fprintf(&more, "listen \"rs://127.0.0.1:0\" {}\n")
	}
	if n%4 == 3 {
		fmt.Fprintf(&more, "realm \"realm2\" {\n}\n")
	}
	other := ""
	if n%3 == 0 {
		other = fmt.Sprintf("pool \"%s.other\" {\n concurrency = %d\n }\n", r.procedure, 1+n)
	}
	i := r.identities[n%2]
	r.rewrite(fmt.Sprintf(`router {
  url = %q
}
listen "ws://127.0.0.1:0/ws" {}
listen "wss://127.0.0.1:0/ws" {
  tls {
    cert_file = %q
    key_file  = %q
  }
}
limits {
  %s
  send_buffer = "%dMiB"
}
log {
  level = %q
}
drain_timeout = "30s"
realm "realm1" {
  pool %q {
    %s
  }
  %s
}
%s`, r.router, i.cert, i.key, harness.Unhurried, 8+n%2, []string{"info", "debug"}[n%2], r.procedure, reloadRules[n%len(reloadRules)], other, more.String()))
}

func (r *reloaded) rewrite(config string) {
	r.t.Helper()
	if err := os.WriteFile(r.file, []byte(config), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// hangUp has the program read its file, and returns what it says of that.
func (r *reloaded) hangUp(says string) string {
	r.t.Helper()
	printed := r.w.Process.Printed()
	if err := r.w.Process.Signal(syscall.SIGHUP); err != nil {
		r.t.Fatal(err)
	}
	return r.w.Process.AwaitFrom(r.t, printed, says)
}

// shows looks at the certificate that the listener of TLS shows in that turn.
func (r *reloaded) shows(n int, address string) {
	r.t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: r.identities[n%2].roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}) //nolint:noctx // it is bounded by the test's own patience
	if err != nil {
		r.t.Errorf("reload %d: the listener shows another certificate: %v", n, err)
		return
	}
	_ = conn.Close()
}

// The configuration changes again and again while callers call, and in between it is
// broken: no call fails, and no connection ends. Then the program is told to stop, under
// the same load: what it has taken is answered, and what comes afterwards is refused for
// that. -reload.every 1s -reload.times 60 is a minute of it.
func TestReloadUnderLoad(t *testing.T) {
	c := harness.SharedCrossbar(t)
	r := &reloaded{
		t: t, file: filepath.Join(t.TempDir(), "wampool.hcl"), router: c.URL(), procedure: "com.example.reload",
		identities: [2]identity{newIdentity(t, "first"), newIdentity(t, "second")},
	}
	r.write(0)
	r.w = harness.LaunchWith(t, "-c", r.file)
	secured := addressOf(t, r.w.Process.Await(t, `"address":"wss://`))
	r.w.Process.Await(t, "pool session up")
	library := harness.Library(t, "asyncio")
	for range 3 {
		library.Join(t, r.w.URL, nil).Do("register", harness.Args{"procedure": r.procedure, "behaviour": "work", "seconds": 0.002}).OK(t)
	}
	var callers []*harness.Client
	for range 2 {
		callers = append(callers, library.Join(t, c.URL(), nil))
	}
	l := startLoad(r.procedure, callers, 8)
	l.goOn(t, 20)
	ticker := time.NewTicker(*reloadEvery)
	defer ticker.Stop()
	for n := range *reloads {
		<-ticker.C
		r.rewrite("router {\n url = \"ws://127.0.0.1:1/ws\"\n}\nrealm \"realm1\" {\n pool {\n}\n")
		r.hangUp("configuration not reloaded")
		r.write(n + 1)
		if line := r.hangUp("configuration reloaded"); !strings.Contains(line, "pool") || !strings.Contains(line, "listen") {
			t.Errorf("reload %d changes too little: %s", n, line)
		}
		r.shows(n+1, secured)
	}
	l.goOn(t, 20)
	stopUnderLoad(t, r.w, l)
}

// addressOf is where a line of the log says that something listens.
func addressOf(t *testing.T, line string) string {
	t.Helper()
	var said struct{ Address string }
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(said.Address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// stopUnderLoad tells the program to stop while callers call.
func stopUnderLoad(t *testing.T, w *harness.Wampool, l *load) {
	t.Helper()
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
	answered, refused := calls-len(after), map[string]int{}
	for _, text := range after[failed:] {
		// Until the router has taken the UNREGISTER: draining. After it: no such procedure.
		switch {
		case strings.Contains(text, "wamp.error.unavailable"):
			refused["wamp.error.unavailable"]++
		case strings.Contains(text, "wamp.error.no_such_procedure"):
			refused["wamp.error.no_such_procedure"]++
		default:
			t.Errorf("by the end: %s", text)
		}
	}
	t.Logf("%d calls were answered during %d reloads, as many of a broken file, and the stop; none failed before SIGTERM; refused after it: %v; none lost", answered, *reloads, refused)
}
