package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/wampool/wampool/cmd/wampool/bench"
	"github.com/wampool/wampool/integration/harness"
)

// lab is what the cases share: programs that are started once, each by the
// first case that needs it.
type lab struct {
	settings
	dir     string
	wampool string // the program
	haproxy []string
	routers map[string]*node

	mu      sync.Mutex
	running []*process
}

// node is a running program that listens.
type node struct {
	*process
	url string
}

func nodeAt(p *process, port int) *node { return &node{p, fmt.Sprintf("ws://127.0.0.1:%d/ws", port)} }

func newLab(s settings) (*lab, error) {
	if err := endWithParent(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wampool-compare-")
	if err != nil {
		return nil, err
	}
	b := &lab{settings: s, dir: dir, wampool: filepath.Join(dir, "wampool"), routers: make(map[string]*node)}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() { b.abandon(<-signals) }()
	return b, nil
}

// provide builds wampool, as it is released, and finds HAProxy.
func (b *lab) provide() error {
	if _, err := b.run("go", "build", "-trimpath", "-buildvcs=false", "-pgo="+calls, "-o", b.wampool, "./cmd/wampool"); err != nil {
		return err
	}
	var err error
	b.haproxy, err = findHAProxy()
	return err
}

func (b *lab) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range slices.Backward(b.running) {
		p.stop()
	}
	b.running = nil
	_ = os.RemoveAll(b.dir)
}

// abandon ends all programs at once on a signal, and this one by an error.
func (b *lab) abandon(signal os.Signal) {
	b.mu.Lock() // for good: nothing is started any more
	for _, p := range b.running {
		p.kill()
	}
	for _, p := range b.running {
		for range p.lines { // until it is closed: then nothing writes files any more
		}
	}
	_ = os.RemoveAll(b.dir)
	fmt.Fprintf(os.Stderr, "compare: %s: all programs ended\n", signal)
	os.Exit(1)
}

// keep starts a program that ends with the bench.
func (b *lab) keep(start func() (*process, error)) (*process, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, err := start()
	if err == nil {
		b.running = append(b.running, p)
	}
	return p, err
}

// run runs a program to its end, and returns what it prints.
func (b *lab) run(args ...string) (string, error) {
	p, err := b.keep(func() (*process, error) { return start(args[0], args...) })
	if err != nil {
		return "", err
	}
	out, err := p.output()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = slices.DeleteFunc(b.running, func(other *process) bool { return other == p })
	return out, err
}

// end ends programs that one case alone has needed.
func (b *lab) end(processes ...*process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range processes {
		if i := slices.Index(b.running, p); i >= 0 {
			b.running = slices.Delete(b.running, i, i+1)
			p.stop()
		}
	}
}

// router returns the running router of that name: demo or crossbar.
func (b *lab) router(name string) (*node, error) {
	if r := b.routers[name]; r != nil {
		return r, nil
	}
	begin := b.startRouter
	if name == "crossbar" {
		begin = b.startCrossbar
	}
	r, err := begin()
	if err != nil {
		return nil, err
	}
	b.routers[name] = r
	return r, nil
}

// startRouter starts the demo's router.
func (b *lab) startRouter() (*node, error) { return b.listening("router") }

// listening starts a role that says its URL.
func (b *lab) listening(role string, args ...string) (*node, error) {
	p, err := b.play(role, args...)
	if err != nil {
		return nil, err
	}
	url, err := p.next(patience)
	return &node{p, url}, err
}

const wampoolConfig = `router { url = %q }
listen "ws://127.0.0.1:%d/ws" {}
%s
log { level = "warn" }
`

// sidecar starts wampool before a router, with this in its realm block.
func (b *lab) sidecar(router, realm string) (*node, error) {
	return b.sidecarOf(router, "realm \"realm1\" {\n"+realm+"\n}")
}

// sidecarOf starts wampool before a router with these blocks of realms, and these
// variables in its environment.
func (b *lab) sidecarOf(router, realms string, environment ...string) (*node, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := b.configured(fmt.Sprintf(wampoolConfig, router, port, realms), port, environment...)
	return nodeAt(p, port), err
}

// configured starts wampool with a configuration, by which it listens on a port.
func (b *lab) configured(config string, port int, environment ...string) (*process, error) {
	file := filepath.Join(b.dir, fmt.Sprintf("wampool-%d.hcl", port))
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	command := append(append([]string{"/usr/bin/env"}, environment...), b.wampool, "run", "-c", file)
	p, err := b.keep(func() (*process, error) { return start("wampool", command...) })
	if err != nil {
		return nil, err
	}
	return p, p.waitPort(port)
}

// beside starts wampool and HAProxy before a router.
func (b *lab) beside(router string) (sidecar, relay *node, err error) {
	if sidecar, err = b.sidecar(router, ""); err != nil {
		return nil, nil, err
	}
	relay, err = b.relay(router)
	return sidecar, relay, err
}

// play starts a role, and waits until they are ready.
func (b *lab) play(role string, args ...string) (*process, error) {
	p, err := b.keep(func() (*process, error) { return itself(role, args...) })
	if err != nil {
		return nil, err
	}
	_, err = p.expect("ready")
	return p, err
}

// measure gives callers a command, all at the same time, and returns what came of it
// and the processor time that others used meanwhile. Latencies are those of the first.
func measure(callers []*process, command string, of ...*process) (*bench.Result, []usage, error) {
	spent := make([]usage, len(of))
	for i, p := range of {
		before, err := p.cpu()
		if err != nil {
			return nil, nil, err
		}
		spent[i] = before
	}
	for _, p := range callers {
		if _, err := fmt.Fprintln(p.stdin, command); err != nil {
			return nil, nil, err
		}
	}
	result, err := told(callers)
	if err != nil {
		return nil, nil, err
	}
	for i, p := range of {
		after, err := p.cpu()
		if err != nil {
			return nil, nil, err
		}
		spent[i] = after.minus(spent[i])
	}
	return result, spent, nil
}

// told returns what came of a command, at all callers.
func told(callers []*process) (*bench.Result, error) {
	var all *bench.Result
	for _, p := range callers {
		line, err := p.next(time.Hour)
		if err != nil {
			return nil, err
		}
		result := new(bench.Result)
		if err := json.Unmarshal([]byte(line), result); err != nil {
			return nil, fmt.Errorf("%w: %s", err, line)
		}
		if all == nil {
			all = result
			continue
		}
		all.Sent += result.Sent
		all.Answered += result.Answered
		for uri, n := range result.Errors {
			all.Errors[uri] += n
		}
	}
	return all, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// waitPort waits until the program listens.
func (p *process) waitPort(port int) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen: %w\n%s", p.name, err, p.log.String())
		}
	}
}

func hostOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		panic("compare: a URL of its own must be valid: " + rawURL)
	}
	return u.Host
}

// machine describes what it ran on.
func machine(b *lab) string {
	model := "unknown processor"
	if content, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(content)) {
			if name, found := strings.CutPrefix(line, "model name"); found {
				model = strings.TrimSpace(strings.TrimLeft(name, "\t :"))
				break
			}
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%d cores of %s, Linux %s, %s, %s, %s, %d rounds of %s",
		runtime.NumCPU(), model, strings.TrimSpace(string(kernel)), runtime.Version(),
		firstLine(append(slices.Clone(b.haproxy), "-v")), firstLine([]string{"integration/.venv/bin/crossbar", "version"}), b.rounds, b.round)
}

// firstLine returns what a program says of its version.
func firstLine(command []string) string {
	out, err := harness.Command(command[0], command[1:]...).Output()
	if err != nil {
		return filepath.Base(command[0]) + " (version unknown)"
	}
	for line := range strings.Lines(string(out)) {
		if name, rest, found := strings.Cut(line, ":"); found && strings.Contains(name, "Crossbar.io") {
			return "Crossbar.io " + strings.TrimSpace(rest)
		}
		if strings.HasPrefix(line, "HAProxy") {
			return strings.Join(strings.Fields(line)[:3], " ")
		}
	}
	return filepath.Base(command[0])
}
