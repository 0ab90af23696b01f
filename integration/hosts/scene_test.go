package hosts

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

const (
	procedure = "com.example.compute"
	work      = 50 * time.Millisecond
	secret    = "the cluster's own, as long as one should be"
)

// scene is a router and several sidecars, each on its host.
type scene struct {
	t        *testing.T
	network  *network // nil on the loopback
	callers  *host
	router   *harness.Crossbar
	routerAt *host
	url      string   // of the router
	gossip   []string // addresses of the sidecars, quoted
	sidecars []*sidecar
	loads    int // so far
}

const crossbarConfig = `{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{
      "name": "realm1",
      "roles": [
        {"name": "anonymous", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]}
      ]
    }],
    "transports": [{
      "type": "web",
      "endpoint": {"type": "tcp", "port": %d, "interface": "%s"},
      "paths": {"ws": {"type": "websocket", "auth": {"anonymous": {"type": "static", "role": "anonymous"}}}}
    }]
  }]
}`

// newScene starts the router, and a sidecar for each number of slots, with a callee
// that takes so many calls. None is there where it is 0.
func newScene(t *testing.T, slots ...int) *scene {
	t.Helper()
	names := []string{"callers", "router"}
	for i := range slots {
		names = append(names, fmt.Sprintf("sidecar%d", i+1))
	}
	s := &scene{t: t}
	var hosts []*host
	s.network, hosts = newNetwork(t, names...)
	s.callers, s.routerAt = hosts[0], hosts[1]
	port := freePort(t)
	s.router = s.routerAt.on.OwnNode(t, fmt.Sprintf(crossbarConfig, port, s.routerAt.address))
	s.url = fmt.Sprintf("ws://%s:%d/ws", s.routerAt.address, port)
	for i := range slots {
		s.gossip = append(s.gossip, fmt.Sprintf("%q", fmt.Sprintf("%s:%d", hosts[2+i].address, freePort(t))))
	}
	for i, n := range slots {
		side := s.newSidecar(hosts[2+i], secret)
		s.sidecars = append(s.sidecars, side)
		side.start()
		if n > 0 {
			side.employ(n)
		}
	}
	s.linked()
	return s
}

// sidecar is one wampool, with the callees on its host.
type sidecar struct {
	*scene
	host    *host
	config  string
	port    int
	admin   string
	wampool *harness.Wampool
	program *harness.Program
	callees []*harness.Client
	slots   []int // of each; gone: it can't be asked any more
}

const gone = 0

// newSidecar configures one. Each knows all others as those to ask; one beyond them is at
// an address of its own.
func (s *scene) newSidecar(at *host, secret string) *sidecar {
	s.t.Helper()
	side := &sidecar{scene: s, host: at, port: freePort(s.t), admin: filepath.Join(s.t.TempDir(), "admin.sock")}
	gossip := fmt.Sprintf("%q", fmt.Sprintf("%s:%d", at.address, freePort(s.t)))
	if n := len(s.sidecars); n < len(s.gossip) {
		gossip = s.gossip[n]
	}
	side.config = fmt.Sprintf(`
router {
  url = %q
}
listen "ws://%[2]s:%[3]d/ws" {}
limits {
  %[4]s
}
realm "realm1" {
  pool %[5]q {
    policy   = "least"
    upstream = "roundrobin"
    slots_per_share = 16
    linger   = "1m"
    queue {
      limit   = 100
      timeout = "30s"
    }
  }
  pool "com.example.idle." {
    match    = "prefix"
    upstream = "roundrobin"
    queue {}
  }
}
cluster {
  name   = "hosts"
  join   = [%[6]s]
  gossip = %[7]s
  listen = "rs://%[2]s:%[8]d"
  secret = %[9]q
}
admin {
  address = "unix://%[10]s"
}
drain_timeout = "10s"
`, s.url, side.host.address, side.port, harness.Unhurried, procedure, strings.Join(s.gossip, ", "), gossip, freePort(s.t), secret, side.admin)
	return side
}

// start runs wampool, and waits until it is at the router.
func (s *sidecar) start() {
	s.t.Helper()
	s.wampool = s.host.on.Wampool(s.t, s.config)
	s.wampool.Process.Await(s.t, "pool session up")
}

// employ joins a callee that takes so many calls at once, each for 50 ms.
func (s *sidecar) employ(slots int) {
	s.t.Helper()
	if s.program == nil {
		s.program = s.host.on.OwnLibrary(s.t, "asyncio")
	}
	c := s.program.Join(s.t, fmt.Sprintf("ws://%s:%d/ws", s.host.address, s.port), nil)
	c.Do("register", harness.Args{
		"procedure": procedure, "behaviour": "work", "seconds": work.Seconds(),
		"options": harness.Args{"concurrency": slots, "invoke": "roundrobin"},
	}).OK(s.t)
	s.callees, s.slots = append(s.callees, c), append(s.slots, slots)
}

// killCallees ends the callees by kill -9.
func (s *sidecar) killCallees() {
	s.program.Process.Kill()
	s.program = nil
	for i := range s.slots {
		s.slots[i] = gone
	}
}

// read returns what the admin listener says.
func (s *sidecar) read(path string) []byte {
	s.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", s.admin)
	}}}
	answer, err := client.Get("http://wampool" + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return body
}

// get decodes what the admin listener says.
func (s *sidecar) get(path string, into any) {
	s.t.Helper()
	if body := s.read(path); json.Unmarshal(body, into) != nil {
		s.t.Fatalf("%s: %s", path, body)
	}
}

// ledger is what the books of its pools do not account for, from its metrics.
func (s *sidecar) ledger() (differences []string) {
	s.t.Helper()
	for line := range strings.Lines(string(s.read("/metrics"))) {
		if strings.HasPrefix(line, "wampool_ledger_difference") && !strings.HasSuffix(line, " 0\n") {
			differences = append(differences, strings.TrimSpace(line))
		}
	}
	return differences
}

// given is how many calls it has let peers have.
func (s *sidecar) given() (calls int) {
	s.t.Helper()
	var state struct{ Peers []struct{ Given int } }
	s.get("/api/v1/peers", &state)
	for _, peer := range state.Peers {
		calls += peer.Given
	}
	return calls
}

// linked is how many peers it has whose calls it gets, and who get its own.
func (s *sidecar) linked() (n int) {
	s.t.Helper()
	var state struct {
		Peers []struct {
			Gets  bool `json:"gets_calls"`
			Gives bool `json:"gives_calls"`
			Near  bool
		}
	}
	s.get("/api/v1/peers", &state)
	for _, peer := range state.Peers {
		if peer.Gets && peer.Gives && peer.Near {
			n++
		}
	}
	return n
}

// linked waits until each sidecar has each other one for a peer, in both directions.
func (s *scene) linked() {
	s.t.Helper()
	for _, side := range s.sidecars {
		s.await(side.host.name+" is linked with all others", func() bool { return side.linked() == len(s.sidecars)-1 })
	}
}

// await asks until something is so.
func (s *scene) await(what string, is func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(harness.Patience); time.Now().Before(until); <-tick.C {
		if is() {
			return
		}
	}
	s.t.Fatalf("within %s it never was so that %s", harness.Patience, what)
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}
