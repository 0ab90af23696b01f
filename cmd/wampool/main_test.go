package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// asProgram, in the environment, makes the test binary the program itself.
const asProgram = "WAMPOOL_TEST_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// buffer collects what a command writes while a test reads it.
type buffer struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{} // has room for one: something new is there
}

func newBuffer() *buffer { return &buffer{written: make(chan struct{}, 1)} }

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.written <- struct{}{}:
	default:
	}
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// program is a command that runs in the background.
type program struct {
	t       *testing.T
	out     *buffer
	err     *buffer
	signals chan os.Signal
	code    chan int
}

func begin(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, out: newBuffer(), err: newBuffer(), signals: make(chan os.Signal, 2), code: make(chan int, 1)}
	go func() {
		p.code <- execute(args, streams{strings.NewReader(""), p.out, p.err, func() <-chan os.Signal { return p.signals }})
	}()
	return p
}

const patience = 20 * time.Second

// waitFor waits until the program has logged something.
func (p *program) waitFor(text string) {
	p.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for !strings.Contains(p.err.String(), text) {
		select {
		case <-p.err.written:
		case code := <-p.code:
			p.t.Fatalf("ended with %d before %q:\n%s", code, text, p.err)
		case <-late.C:
			p.t.Fatalf("no %q:\n%s", text, p.err)
		}
	}
}

// wait returns the exit code.
func (p *program) wait() int {
	p.t.Helper()
	select {
	case code := <-p.code:
		return code
	case <-time.After(patience):
		p.t.Fatalf("does not end:\n%s", p.err)
		return -1
	}
}

// runToEnd runs a command that ends by itself.
func runToEnd(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	p := begin(t, args...)
	code = p.wait()
	return code, p.out.String(), p.err.String()
}

// address returns where the program listens, by its log.
func (p *program) address() string {
	p.t.Helper()
	p.waitFor(`"message":"listening"`)
	for line := range strings.Lines(p.err.String()) {
		var entry struct{ Message, Address, Time string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			p.t.Fatalf("%v in %q", err, line)
		}
		if entry.Message == "listening" {
			if _, err := time.Parse(logTime, entry.Time); err != nil {
				p.t.Error(err)
			}
			return entry.Address
		}
	}
	return ""
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wampool.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"rum", `unknown command "rum" for "wampool"; did you mean "run"?`},
		{"chek wampool.hcl", `did you mean "check"?`},
		{"run", "run needs -c FILE, or --router URL"},
		{"run --router ws://127.0.0.1:8080/ws -c wampool.hcl", "-c FILE and --router exclude each other"},
		{"run -c wampool.hcl --realm realm2", "-c FILE and --realm exclude"},
		{"run -c wampool.hcl --timeout-unit s", "-c FILE and --timeout-unit exclude"},
		{"run --router ws://127.0.0.1:8080/ws --timeout-unit m", "--timeout-unit must be one of auto, ms, s, and is \"m\""},
		{"run -c wampool.hcl --listen ws://127.0.0.1:0/ws", "-c FILE and --listen exclude"},
		{"run --rooter ws://127.0.0.1:8080/ws", "unknown flag: --rooter"},
		{"run --router ws://127.0.0.1:8080/ws more", `unknown command "more"`},
		{"check", "check needs the FILE"},
		{"check -c a.hcl b.hcl", "check takes FILE alone or -c FILE, not both"},
		{"config", "config needs -c FILE"},
		{"import crossbar", "accepts 1 arg(s), received 0"},
		{"fmt", "fmt needs the FILE"},
		{"health", "health needs -c FILE or --address"},
		{"demo --for 15", "15"},
		{"demo --for 1ms", "--for must be from 2s to 1h0m0s"},
		{"demo --for 2h", "--for must be from"},
		{"version now", `unknown command "now"`},
	} {
		t.Run(c.args, func(t *testing.T) {
			code, out, err := runToEnd(t, strings.Fields(c.args)...)
			if code != exitUsage || out != "" {
				t.Errorf("exit code %d, output %q", code, out)
			}
			lines := strings.Split(strings.TrimSuffix(err, "\n"), "\n")
			if len(lines) != 2 || !strings.Contains(lines[0], c.want) || !strings.HasPrefix(lines[1], "Try 'wampool") {
				t.Errorf("want a line with %q and a hint, got %q", c.want, err)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"", "--help", "run --help", "check --help", "config --help", "fmt --help", "import --help", "import crossbar --help", "health --help", "demo --help", "bench --help", "version --help"} {
		code, out, err := runToEnd(t, strings.Fields(args)...)
		if code != exitClean || err != "" || !strings.Contains(out, "Usage:") {
			t.Errorf("%q: exit code %d, output %q, errors %q", args, code, out, err)
		}
	}
}

func TestVersion(t *testing.T) {
	code, out, err := runToEnd(t, "version")
	if code != exitClean || err != "" || !strings.HasPrefix(out, "wampool ") || !strings.Contains(out, "go1.") {
		t.Errorf("exit code %d, output %q, errors %q", code, out, err)
	}
	if code, flag, err := runToEnd(t, "--version"); code != exitClean || flag != out || err != "" {
		t.Errorf("--version: exit code %d, output %q, errors %q", code, flag, err)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, err := runToEnd(t, "completion", shell); code != exitClean || !strings.Contains(out, "wampool") || err != "" {
			t.Errorf("%s: exit code %d, %d bytes, errors %q", shell, code, len(out), err)
		}
	}
}

func TestCheck(t *testing.T) {
	const sound = `router { url = "ws://127.0.0.1:8080/ws" }
listen "ws://127.0.0.1:9000/ws" {}
limits { connections = 10 }
realm "realm1" {
  pool "com.example.a" {}
  pool "com.example.b" {}
}
`
	good := writeFile(t, sound)
	bad := writeFile(t, "router {\n  url = 8080\n}\n")
	code, out, errors := runToEnd(t, "check", good)
	if want := good + ": ok: 1 realm, 2 pools\n"; code != exitClean || out != want || errors != "" {
		t.Errorf("a sound file: exit code %d, output %q, errors %q", code, out, errors)
	}
	code, out, errors = runToEnd(t, "check", bad, good, filepath.Join(t.TempDir(), "nowhere.hcl"))
	if code != exitUsage || out != good+": ok: 1 realm, 2 pools\n" {
		t.Errorf("three files: exit code %d, output %q", code, out)
	}
	for _, want := range []string{bad + ":2,", "listen", "nowhere.hcl: cannot read"} {
		if !strings.Contains(errors, want) {
			t.Errorf("the mistakes lack %q:\n%s", want, errors)
		}
	}
}

// Warnings are told and leave the exit code alone; programs get JSON, and the
// standard input is a file like any other.
func TestCheckForPrograms(t *testing.T) {
	const source = "router { url = \"ws://127.0.0.1:8080/ws\" }\nlisten \"ws://127.0.0.1:9000/ws\" {}\nlimits { connections = 10 }\n"
	var out, err bytes.Buffer
	check := func(source string, args ...string) int {
		out.Reset()
		err.Reset()
		return execute(append([]string{"check"}, args...), streams{in: strings.NewReader(source), out: &out, err: &err})
	}
	if code := check(source, "-"); code != exitClean || out.String() != "-: ok: 0 realms, 0 pools\n" ||
		!strings.HasPrefix(err.String(), "standard input:1,1: warning: there is no realm block") {
		t.Errorf("exit code %d, output %q, errors %q", code, &out, &err)
	}
	if code := check(source, "--json", "-"); code != exitClean || err.Len() > 0 || !strings.HasPrefix(out.String(),
		`{"file":"-","ok":true,"realms":0,"pools":0,"mistakes":[],"warnings":[{"file":"standard input","line":1,"column":1,"summary":"there is no realm block`) {
		t.Errorf("exit code %d, output %q, errors %q", code, &out, &err)
	}
	if code := check(source+"rounter {}", "--json", "-"); code != exitUsage || err.Len() > 0 || out.String() !=
		`{"file":"-","ok":false,"realms":0,"pools":0,"mistakes":[{"file":"standard input","line":4,"column":1,"summary":"unknown block \"rounter\" at the top of the file","hint":"did you mean \"router\"?"}],"warnings":[]}`+"\n" {
		t.Errorf("exit code %d, output %q, errors %q", code, &out, &err)
	}
}

// Files and a folder after -c are one configuration; by themselves they are not.
func TestCheckOfSeveralFiles(t *testing.T) {
	dir := filepath.Dir(writeFile(t, "router { url = \"ws://127.0.0.1:8080/ws\" }\n"))
	conf := filepath.Join(dir, "conf.d")
	if err := os.Mkdir(conf, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"listen.hcl.json": `{"listen": {"ws://127.0.0.1:0/ws": {}}, "admin": {"address": "127.0.0.1:0"}}`, "realm.hcl": "realm \"realm1\" {}\nlimits { connections = 10 }\n",
	} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := filepath.Join(dir, "wampool.hcl")
	code, out, errors := runToEnd(t, "check", "-c", first, "-c", conf)
	if want := first + ", " + conf + ": ok: 1 realm, 0 pools\n"; code != exitClean || out != want || errors != "" {
		t.Errorf("together: exit code %d, output %q, errors %q", code, out, errors)
	}
	if code, out, errors := runToEnd(t, "check", first, conf); code != exitUsage || out != "" || strings.Count(errors, "is missing") != 2 {
		t.Errorf("each by itself: exit code %d, output %q, errors %q", code, out, errors)
	}
	p := begin(t, "run", "-c", first, "-c", conf)
	p.address()
	p.signals <- syscall.SIGTERM
	if code := p.wait(); code != exitClean {
		t.Errorf("run: exit code %d", code)
	}
	if code, _, errors := runToEnd(t, "health", "-c", first, "-c", filepath.Join(conf, "realm.hcl")); code != exitUsage || !strings.Contains(errors, "a listen block is missing") {
		t.Errorf("health: exit code %d, errors %q", code, errors)
	}
}

func TestRunConfigurationErrors(t *testing.T) {
	for _, args := range [][]string{
		{"run", "-c", writeFile(t, "router {}\n")},
		{"run", "--router", "http://127.0.0.1:8080/ws"},
		{"run", "--router", "ws://127.0.0.1:8080/ws", "--listen", "nowhere"},
		{"run", "--router", "ws://127.0.0.1:8080/ws", "--realm", "no realm"},
	} {
		if code, _, err := runToEnd(t, args...); code != exitUsage || err == "" {
			t.Errorf("%q: exit code %d, errors %q", args, code, err)
		}
	}
}

func TestRunUntilSignal(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			r := tryouttest.StartRouter(t)
			p := begin(t, "run", "--router", r.URL(), "--listen", "ws://127.0.0.1:0/ws")
			p.waitFor("pool session up")
			p.signals <- signal
			if code := p.wait(); code != exitClean {
				t.Errorf("exit code %d:\n%s", code, p.err)
			}
		})
	}
}

func TestRunByFile(t *testing.T) {
	r := tryouttest.StartRouter(t)
	file := writeFile(t, `router { url = "`+r.URL()+`" }
listen "ws://127.0.0.1:0/ws" {}
realm "realm1" {}
log { format = "console" }
`)
	p := begin(t, "run", "-c", file)
	p.waitFor("listening")
	p.waitFor("pool session up")
	if log := p.err.String(); strings.Contains(log, "{") {
		t.Errorf("not a console's log:\n%s", log)
	}
	p.signals <- syscall.SIGTERM
	if code := p.wait(); code != exitClean {
		t.Errorf("exit code %d", code)
	}
}

func TestPortInUse(t *testing.T) {
	r := tryouttest.StartRouter(t)
	first := begin(t, "run", "--router", r.URL(), "--listen", "ws://127.0.0.1:0/ws")
	address := first.address()
	code, _, err := runToEnd(t, "run", "--router", r.URL(), "--listen", address)
	if code != exitFailure || !strings.Contains(err, address) || !strings.Contains(err, "in use") || strings.Count(err, "\n") != 1 {
		t.Errorf("exit code %d, errors %q", code, err)
	}
	first.signals <- syscall.SIGINT
	if code := first.wait(); code != exitClean {
		t.Errorf("exit code %d", code)
	}
}

func TestRouterDownAtTheStart(t *testing.T) {
	r := tryouttest.StartRouter(t)
	url := r.URL()
	r.Close()
	p := begin(t, "run", "--router", url, "--listen", "ws://127.0.0.1:0/ws")
	p.waitFor("waiting and retrying")
	if log := p.err.String(); !strings.Contains(log, url) {
		t.Errorf("the log does not say what it waits for:\n%s", log)
	}
	tryouttest.StartRouterAt(t, url)
	p.waitFor("pool session up")
	p.signals <- syscall.SIGTERM
	if code := p.wait(); code != exitClean {
		t.Errorf("exit code %d:\n%s", code, p.err)
	}
}

func TestPrintConfig(t *testing.T) {
	code, out, err := runToEnd(t, "demo", "--print-config")
	if code != exitClean || err != "" {
		t.Fatalf("exit code %d, errors %q", code, err)
	}
	code, checked, err := runToEnd(t, "check", writeFile(t, out))
	if code != exitClean || !strings.HasSuffix(checked, ": ok: 1 realm, 1 pool\n") {
		t.Errorf("exit code %d, output %q, errors %q", code, checked, err)
	}
}

func TestDemo(t *testing.T) {
	code, out, err := runToEnd(t, "demo", "--for", "2s")
	if code != exitClean || err != "" || !strings.Contains(out, "It holds") {
		t.Errorf("exit code %d, errors %q:\n%s", code, err, out)
	}
}

func TestDemoEndsBySignal(t *testing.T) {
	p := begin(t, "demo", "--for", "1h")
	<-p.out.written
	p.signals <- syscall.SIGINT
	if code := p.wait(); code != exitClean {
		t.Errorf("exit code %d, errors %q", code, p.err)
	}
	if !strings.Contains(p.out.String(), "calls sent =") {
		t.Errorf("no summary:\n%s", p.out)
	}
}
