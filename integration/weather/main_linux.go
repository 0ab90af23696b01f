package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/wampool/wampool/integration/harness"
	"github.com/wampool/wampool/integration/wire"
)

func main() {
	if len(os.Args) > 1 && (os.Args[1] == "call" || os.Args[1] == "work") {
		if err := play(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	length := flag.Duration("for", 10*time.Minute, "how long")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the weather")
	race := flag.Bool("race", false, "build wampool with the race detector")
	clock := flag.Bool("clock", true, "step the clock that wampool goes by, for which Go's library is built anew")
	flag.Parse()
	if err := run(*length, *seed, *race, *clock); err != nil {
		fmt.Fprintln(os.Stderr, "weather:", err)
		if errors.Is(err, errMachine) {
			os.Exit(3)
		}
		os.Exit(1)
	}
}

// errMachine is why there is no weather here, which is not wampool's fault.
var errMachine = errors.New("left out: it takes Linux, its superuser, /dev/net/tun, and what integration/setup.sh installs")

// station is all that is in the weather.
type station struct {
	dir     string // the module's
	temp    string
	ledger  *ledger
	sidecar *sidecar
	router  *program
	workers []*program
	callers []*program
	hosts   []*wire.Host // the sidecar's first
	wire    *wire.Wire
}

const (
	routerURL  = "ws://10.77.0.2:8080/ws"
	sidecarURL = "ws://10.77.0.1:9000/ws"
	rawURL     = "rs://10.77.0.1:9001"
)

func run(length time.Duration, seed uint64, race, clock bool) (err error) {
	s, err := newStation(race, clock)
	if err != nil {
		return err
	}
	defer s.clear()
	start := time.Now()
	say := func(text string) { fmt.Printf("%7.1fs  %s\n", time.Since(start).Seconds(), text) }
	fmt.Printf("weather for %s, -seed=%d\n", length, seed)
	for _, p := range s.everybody() {
		p.keep()
	}
	watched := make(chan struct{})
	defer close(watched)
	go s.sidecar.watch(watched)
	if err := s.allWork(); err != nil {
		return err
	}
	say("all work")
	w := &weather{
		random: rand.New(rand.NewPCG(seed, 0)), wire: s.wire, hosts: s.hosts, sidecar: s.sidecar, ledger: s.ledger, clock: s.sidecar.clock,
		kept: slices.Concat([]*program{s.router}, s.workers, s.callers),
	}
	w.blow(length, say)
	say("the weather is over")
	if err := s.allWork(); err != nil {
		s.ledger.note("after the weather: %v", err)
	}
	if !waitFor(longestAnswer*time.Second, func() bool { return s.ledger.oldest() < fairWait }) {
		s.ledger.note("after the weather calls wait for %.0f s", s.ledger.oldest())
	}
	say("all work again")
	s.end(say)
	fmt.Print(s.ledger)
	fmt.Printf("wampool        %9d MiB resident at most, %d files open at most, %d starts\n", s.sidecar.most.resident>>20, s.sidecar.most.files, s.sidecar.run)
	fmt.Print(w)
	for _, what := range s.sidecar.not {
		fmt.Printf("not done: %s\n", what)
	}
	if faults := s.ledger.faults(); len(faults) > 0 {
		return fmt.Errorf("-seed=%d: %d faults:\n%s", seed, len(faults), strings.Join(faults, "\n"))
	}
	return nil
}

// end sends everybody home, and looks at what is left in wampool.
func (s *station) end(say func(string)) {
	for _, p := range s.callers {
		p.rest(syscall.SIGKILL, time.Minute)
	}
	clients := len(s.workers)
	mostFiles := 2*clients + 40 // two a client; listeners, pool sessions, the log and the runtime's own
	settled := waitFor(time.Minute, func() bool {
		now, ok := resourcesOf(s.sidecar.pid())
		return ok && now.files <= mostFiles
	})
	if now, _ := resourcesOf(s.sidecar.pid()); !settled {
		s.ledger.note("wampool has %d files open with %d clients", now.files, clients)
	} else {
		say(fmt.Sprintf("callers are gone: wampool has %d files open, %d MiB resident", now.files, now.resident>>20))
	}
	if !s.sidecar.rest(syscall.SIGTERM, time.Minute) {
		s.ledger.note("wampool did not stop within a minute")
	}
	for _, p := range append(s.workers, s.router) {
		p.rest(syscall.SIGTERM, 5*time.Second)
	}
}

// allWork waits until every caller gets results, and every worker calls.
func (s *station) allWork() error {
	before := s.ledger.progress()
	var missing []string
	ok := waitFor(longestAnswer*time.Second, func() bool {
		missing = missing[:0]
		now := s.ledger.progress()
		for _, p := range slices.Concat(s.workers, s.callers) {
			if now[p.name] <= before[p.name]+10 {
				missing = append(missing, p.name)
			}
		}
		return len(missing) == 0
	})
	if ok {
		return nil
	}
	var said []string
	for _, p := range s.everybody() {
		said = append(said, p.name+" says:\n"+p.last.String())
	}
	return fmt.Errorf("no work within %d s at %s\n%s", longestAnswer, strings.Join(missing, ", "), strings.Join(said, "\n"))
}

// waitFor asks until something is so, or the patience is over.
func waitFor(patience time.Duration, is func() bool) bool {
	for end := time.Now().Add(patience); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

func (s *station) everybody() []*program {
	return slices.Concat([]*program{s.router, &s.sidecar.program}, s.workers, s.callers)
}

// clear leaves nothing behind.
func (s *station) clear() {
	for _, p := range s.everybody() {
		if p.ended != nil {
			p.rest(syscall.SIGKILL, time.Minute)
		}
	}
	if s.sidecar.cgroup != "" {
		_ = os.Remove(s.sidecar.cgroup)
	}
	_ = os.RemoveAll(s.temp)
}

// newStation makes hosts and all that runs on them, and starts nothing.
func newStation(race, clock bool) (s *station, err error) {
	s = &station{ledger: newLedger()}
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("run it within the module: %w", err)
	}
	s.dir = strings.TrimSpace(string(module))
	if _, err := os.Stat(s.path("integration/.installed")); err != nil {
		return nil, errors.Join(errMachine, err)
	}
	if s.temp, err = os.MkdirTemp("", "weather-"); err != nil {
		return nil, err
	}
	names := []string{"sidecar", "router", "workers", "callers"}
	for i, name := range names {
		h, err := wire.NewHost(name, netip.AddrFrom4([4]byte{10, 77, 0, byte(i + 1)}))
		if err != nil {
			return nil, errors.Join(errMachine, err, os.RemoveAll(s.temp))
		}
		s.hosts = append(s.hosts, h)
	}
	s.wire = wire.New(s.hosts...)
	if err := errors.Join(s.addRouter(s.hosts[1]), s.addSidecar(s.hosts[0], race, clock), s.addClients(s.hosts[2], s.hosts[3])); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.temp))
	}
	return s, nil
}

const nodeConfig = `{"version": 2, "workers": [{"type": "router",
  "realms": [{"name": "realm1", "roles": [{"name": "anonymous", "permissions": [{"uri": "", "match": "prefix",
    "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]}]}],
  "transports": [{"type": "web", "endpoint": {"type": "tcp", "port": 8080}, "paths": {"ws": {"type": "websocket",
    "options": {"auto_ping_interval": 5000, "auto_ping_timeout": 10000},
    "auth": {"anonymous": {"type": "static", "role": "anonymous"}}}}}]}]}`

func (s *station) addRouter(at *wire.Host) error {
	dir := filepath.Join(s.temp, "node")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(nodeConfig), 0o600); err != nil {
		return err
	}
	s.router = &program{name: "router", at: at, dir: dir, args: []string{s.path("integration/.venv/bin/crossbar"), "start", "--cbdir", dir}}
	s.router.begin = func(*exec.Cmd) error {
		_ = os.Remove(filepath.Join(dir, "node.pid"))
		return nil
	}
	return nil
}

// poolRules are what the weather changes of the configuration.
type poolRules struct {
	slots, queue int
	direct       bool
}

// mostSlots is what a worker has that can't ask for its own.
const mostSlots = 4

var usualRules = poolRules{slots: mostSlots, queue: 500, direct: true}

// config is wampool's, in HCL.
func (r poolRules) config() string {
	pools := ""
	for procedure, more := range map[string]string{once: "", again: "retry_lost = true\n    retries = 5"} {
		if r.direct {
			more += "\n    direct = [\"anonymous\"]"
		}
		pools += fmt.Sprintf(`
  pool %q {
    concurrency = %d
    linger      = "10s"
    %s
    queue {
      limit   = %d
      timeout = "20s"
    }
  }`, procedure, r.slots, more, r.queue)
	}
	return fmt.Sprintf(`
router {
  url = %q
}
listen %q {}
listen %q {}
limits {
  ping_interval = "5s"
  ping_timeout  = "10s"
}
drain_timeout = "3s"
realm "realm1" {%s
}
log {
  format = "json"
}
`, routerURL, sidecarURL, rawURL, pools)
}

func (s *station) addSidecar(at *wire.Host, race, clock bool) error {
	disk, config := filepath.Join(s.temp, "disk"), filepath.Join(s.temp, "wampool.hcl")
	if err := os.Mkdir(disk, 0o700); err != nil {
		return err
	}
	s.sidecar = &sidecar{ledger: s.ledger, binary: filepath.Join(s.temp, "wampool"), config: config}
	if err := s.sidecar.configure(usualRules); err != nil {
		return err
	}
	build := []string{"build", "-buildvcs=false", "-pgo=off", "-o", s.sidecar.binary}
	if race {
		build = append(build, "-race")
	}
	if clock {
		own, overlay, err := newClock(s.temp, s.path("cmd/wampool"))
		if err != nil {
			s.sidecar.cannot("no clock is stepped: %v", err)
		} else {
			s.sidecar.clock, build = own, append(build, "-overlay", overlay)
		}
	} else {
		s.sidecar.cannot("no clock is stepped: -clock has it done")
	}
	build = append(build, "./cmd/wampool")
	command := harness.Command("go", build...)
	command.Dir = s.dir
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("wampool can't be built: %w\n%s", err, out)
	}
	p := &s.sidecar.program
	p.name, p.at, p.args = "wampool", at, []string{s.sidecar.binary, "run", "-c", config}
	p.begin = s.sidecar.prepare
	p.onEnd = s.sidecar.hasEnded
	if err := s.sidecar.mountDisk(disk); err != nil {
		s.sidecar.cannot("no disk is filled: %v", err)
	}
	if err := s.sidecar.makeCgroup(); err != nil {
		s.sidecar.cannot("no limit of memory: %v", err)
	}
	return nil
}

func (s *station) path(name string) string { return filepath.Join(s.dir, name) }

// addClients makes workers at wampool, and callers at the router and at wampool.
func (s *station) addClients(workers, callers *wire.Host) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	python := []string{s.path("integration/.venv/bin/python"), s.path("integration/weather/clients/weather.py")}
	node := func(library string) []string {
		return []string{"node", s.path("integration/weather/clients/weather.mjs"), library}
	}
	for _, c := range []struct {
		at         *wire.Host
		program    []string
		role, url  string
		name       string
		serializer string
		n          string // slots, or calls a second; Wampy can't ask for slots, so it has those of the configuration
	}{
		{workers, python, "work", sidecarURL, "worker-python", "cbor", "4"},
		{workers, node("autobahn"), "work", sidecarURL, "worker-autobahn-js", "json", "3"},
		{workers, node("wampy"), "work", sidecarURL, "worker-wampy", "msgpack", "4"},
		{workers, []string{self}, "work", sidecarURL, "worker-go", "cbor", "4"},
		{workers, []string{self}, "work", rawURL, "worker-raw", "json", "2"},
		{callers, python, "call", routerURL, "caller-python", "json", "20"},
		{callers, node("wampy"), "call", routerURL, "caller-wampy", "cbor", "20"},
		{callers, []string{self}, "call", routerURL, "caller-go", "cbor", "40"},
		{callers, node("autobahn"), "call", sidecarURL, "direct-autobahn-js", "msgpack", "20"},
		{callers, []string{self}, "call", sidecarURL, "direct-go", "json", "40"},
		{callers, []string{self}, "call", rawURL, "direct-raw", "msgpack", "20"},
	} {
		p := &program{name: c.name, at: c.at, args: append(slices.Clone(c.program), c.role, c.url, c.name, c.serializer, c.n), dir: s.path("integration")}
		take := s.ledger.caller
		if c.role == "work" {
			take = s.ledger.worker
			s.workers = append(s.workers, p)
		} else {
			s.callers = append(s.callers, p)
		}
		p.onLine = func(run int, line string) { take(c.name, run, line) }
	}
	return nil
}
