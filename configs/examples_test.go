package configs

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// bySecret compares secrets by what they read.
var bySecret = cmp.Comparer(func(a, b Secret) bool {
	if a.IsSet() != b.IsSet() {
		return false
	}
	if !a.IsSet() {
		return true
	}
	readA, errA := a.Read()
	readB, errB := b.Read()
	return readA == readB && errA == nil && errB == nil
})

// noWarnings leaves them out: see warnings_test.go.
var noWarnings = cmpopts.IgnoreFields(Config{}, "Warnings")

// configWith is what a file gives that says only what change does.
func configWith(change func(*Config)) *Config {
	c := withDefaults()
	c.Router.URL = "ws://127.0.0.1:8080/ws"
	c.Listen = []Listen{{URL: "ws://127.0.0.1:9000/ws"}}
	change(c)
	return c
}

func TestExamples(t *testing.T) {
	t.Setenv("WAMPOOL_TICKET", "renewed daily")
	t.Setenv("WAMPOOL_CLUSTER_SECRET", "known to all peers")
	dir := t.TempDir() // where the examples' certificates are
	writeCertificate(t, dir, "wampool")
	writeCertificate(t, dir, "ca")
	realm1 := func(auto bool, pools ...Pool) []Realm {
		return []Realm{{Name: "realm1", Auth: Auth{Method: "anonymous"}, Auto: auto, Pools: pools}}
	}
	queue := func(limit int, timeout time.Duration) *Queue {
		return &Queue{Limit: limit, Bytes: 64 << 20, Timeout: timeout}
	}
	pooled := func(uri, policy string, concurrency int, queue *Queue, change func(*Pool)) Pool {
		p := Pool{
			URI: uri, Match: "exact", Policy: policy, Concurrency: concurrency, Scope: "procedure", Upstream: "single", SlotsPerShare: 4, Overflow: true, Retries: 1,
			Queue: queue, OverloadError: "crossbar.error.max_concurrency_reached",
		}
		if change != nil {
			change(&p)
		}
		return p
	}
	want := map[string]*Config{
		"minimal.hcl": configWith(func(c *Config) { c.Realms = realm1(true) }),
		"compute.hcl": configWith(func(c *Config) {
			c.Realms = realm1(true, pooled("com.example.compute", "roundrobin", 4, queue(1000, 30*time.Second), nil))
		}),
		"plain-callees.hcl": configWith(func(c *Config) {
			c.Realms = realm1(false, pooled("com.example.thumbnail", "least", 1, queue(100, 10*time.Second), nil))
		}),
		"ticket.hcl": configWith(func(c *Config) {
			c.Router.URL = "wss://router.example.com/ws"
			c.Realms = realm1(true, pooled("com.example.compute", "roundrobin", 4, queue(1000, 30*time.Second), func(p *Pool) { p.Admit = []string{"backend", "worker"} }))
			c.Realms[0].Auth = Auth{Method: "ticket", AuthID: "wampool", Secret: NewSecret("renewed daily")}
		}),
		"direct-callers.hcl": configWith(func(c *Config) {
			c.Realms = realm1(true, pooled("com.example.orders.", "roundrobin", 4, queue(1000, 5*time.Second), func(p *Pool) {
				p.Match, p.Direct = "prefix", []string{"frontend", "backend"}
			}))
		}),
		"several-sidecars.hcl": configWith(func(c *Config) {
			c.Router.URL = "ws://router.internal:8080/ws"
			c.DrainTimeout = time.Minute
			c.Realms = realm1(true, pooled("com.example.compute", "least", 4, queue(250, 15*time.Second), func(p *Pool) { p.Upstream = "roundrobin" }))
		}),
		"cluster.hcl": configWith(func(c *Config) {
			c.Router.URL = "ws://router.internal:8080/ws"
			c.DrainTimeout = time.Minute
			c.Realms = realm1(true, pooled("com.example.compute", "least", 4, queue(250, 15*time.Second), func(p *Pool) { p.Upstream = "roundrobin" }))
			c.Cluster = &Cluster{
				Name: "compute", Join: []string{"wampool-peers.internal:7946"}, Gossip: "0.0.0.0:7946", Listen: "rs://0.0.0.0:7947",
				Secret: NewSecret("known to all peers"), MaxRTT: 5 * time.Millisecond,
			}
		}),
		"two-realms.hcl": configWith(func(c *Config) {
			c.Router.DialTimeout = time.Second
			c.Listen = append(c.Listen, Listen{URL: "ws://172.17.0.1:9000/ws"})
			c.Limits.MessageBytes = 1 << 20
			c.Limits.SendBufferBytes = 2 << 20
			c.Log = Log{Level: "debug", Format: "json", Calls: DefaultLogCalls, Slow: DefaultLogSlow}
			c.Realms = []Realm{
				{Name: "orders", Auth: Auth{Method: "anonymous"}, Auto: true, Pools: []Pool{pooled("com.example.orders.place", "first", 8, queue(50, 2*time.Second), func(p *Pool) { p.OverloadError = "com.example.error.busy" })}},
				{Name: "reports", Auth: Auth{Method: "anonymous"}, Pools: []Pool{pooled("com.example.reports.monthly", "random", 1, queue(10000, 10*time.Minute), nil)}},
			}
		}),
		"rolling-restarts.hcl": configWith(func(c *Config) {
			c.Realms = realm1(true,
				pooled("com.example.compute", "least", 4, queue(1000, 30*time.Second), func(p *Pool) {
					p.Linger, p.RetryLost, p.Retries = time.Minute, true, 2
				}),
				pooled("com.example.images.", "roundrobin", 4, &Queue{Limit: 200, Bytes: 256 << 20, Timeout: 30 * time.Second}, func(p *Pool) {
					p.Match, p.Scope, p.Linger = "prefix", "callee", 30*time.Second
				}),
				pooled("com.example..status", "", 0, nil, func(p *Pool) { p.Match, p.Policy = "wildcard", "first" }))
		}),
		"tls.hcl": configWith(func(c *Config) {
			in := func(name string) string { return filepath.Join(dir, name) }
			c.Router.URL = "wss://router.example.com/ws"
			c.Router.TLS = &TLS{CertFile: in("wampool.crt"), KeyFile: in("wampool.key"), CAFile: in("ca.crt"), ServerName: "router.internal"}
			c.Listen = []Listen{{
				URL:            "wss://0.0.0.0:9443/ws",
				TLS:            &TLS{CertFile: in("wampool.crt"), KeyFile: in("wampool.key"), CAFile: in("ca.crt")},
				AllowedOrigins: []string{"app.example.com", "*.example.org"},
			}}
			c.Realms = realm1(true)
		}),
		"rawsocket.hcl": configWith(func(c *Config) {
			c.Router.URL = "unix:///run/crossbar/router.sock"
			c.Listen = []Listen{{URL: "unix:///run/wampool/wampool.sock"}, {URL: "rs://127.0.0.1:9001"}, {URL: "ws://127.0.0.1:9000/ws"}}
			c.Limits.Connections, c.Limits.MessageBytes = 2000, 1<<20
			c.Limits.PingInterval, c.Limits.PingTimeout = 30*time.Second, 10*time.Second
			c.Realms = realm1(true)
		}),
	}
	files, err := filepath.Glob("examples/*.hcl")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d example files, %d of them known (%v)", len(files), len(want), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(src, filepath.Join(dir, filepath.Base(file)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[filepath.Base(file)], got, bySecret, noWarnings); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// An example that needs a secret says which, where it is not there.
func TestExampleWithoutItsSecret(t *testing.T) {
	_, err := Load("examples/ticket.hcl")
	wantMistakes(t, err, `environment variable "WAMPOOL_TICKET" is not set`)
}
