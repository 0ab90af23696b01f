package configs

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
	realm1 := func(auto bool, pools ...Pool) []Realm {
		return []Realm{{Name: "realm1", Auth: Auth{Method: "anonymous"}, Auto: auto, Pools: pools}}
	}
	busy := "crossbar.error.max_concurrency_reached"
	want := map[string]*Config{
		"minimal.hcl": configWith(func(c *Config) { c.Realms = realm1(true) }),
		"compute.hcl": configWith(func(c *Config) {
			c.Realms = realm1(true, Pool{
				URI: "com.example.compute", Policy: "roundrobin", Concurrency: 4, Upstream: "single",
				Queue: &Queue{Limit: 1000, Timeout: 30 * time.Second}, OverloadError: busy,
			})
		}),
		"plain-callees.hcl": configWith(func(c *Config) {
			c.Realms = realm1(false, Pool{
				URI: "com.example.thumbnail", Policy: "least", Concurrency: 1, Upstream: "single",
				Queue: &Queue{Limit: 100, Timeout: 10 * time.Second}, OverloadError: busy,
			})
		}),
		"ticket.hcl": configWith(func(c *Config) {
			c.Router.URL = "wss://router.example.com/ws"
			c.Realms = realm1(true, Pool{
				URI: "com.example.compute", Policy: "roundrobin", Concurrency: 4, Upstream: "single",
				Admit: []string{"backend", "worker"},
				Queue: &Queue{Limit: 1000, Timeout: 30 * time.Second}, OverloadError: busy,
			})
			c.Realms[0].Auth = Auth{Method: "ticket", AuthID: "wampool", Secret: NewSecret("renewed daily")}
		}),
		"several-sidecars.hcl": configWith(func(c *Config) {
			c.Router.URL = "ws://router.internal:8080/ws"
			c.DrainTimeout = time.Minute
			c.Realms = realm1(true, Pool{
				URI: "com.example.compute", Policy: "least", Concurrency: 4, Upstream: "roundrobin",
				Queue: &Queue{Limit: 250, Timeout: 15 * time.Second}, OverloadError: busy,
			})
		}),
		"two-realms.hcl": configWith(func(c *Config) {
			c.Router.DialTimeout = time.Second
			c.Listen = append(c.Listen, Listen{URL: "ws://172.17.0.1:9000/ws"})
			c.Limits.MessageBytes = 1 << 20
			c.Limits.SendBufferBytes = 2 << 20
			c.Log = Log{Level: "debug", Format: "json"}
			c.Realms = []Realm{
				{Name: "orders", Auth: Auth{Method: "anonymous"}, Auto: true, Pools: []Pool{{
					URI: "com.example.orders.place", Policy: "first", Concurrency: 8, Upstream: "single",
					Queue: &Queue{Limit: 50, Timeout: 2 * time.Second}, OverloadError: "com.example.error.busy",
				}}},
				{Name: "reports", Auth: Auth{Method: "anonymous"}, Pools: []Pool{{
					URI: "com.example.reports.monthly", Policy: "random", Concurrency: 1, Upstream: "single",
					Queue: &Queue{Limit: 10000, Timeout: 10 * time.Minute}, OverloadError: busy,
				}}},
			}
		}),
		// It spells out every default, so it must equal the file that says none of them.
		"defaults.hcl": configWith(func(c *Config) {
			pool := defaultPool("com.example.compute")
			pool.Queue = &Queue{Limit: DefaultQueueLimit, Timeout: DefaultQueueTimeout}
			c.Realms = []Realm{defaultRealm("realm1")}
			c.Realms[0].Pools = []Pool{pool}
		}),
	}
	files, err := filepath.Glob("examples/*.hcl")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d example files, %d of them known (%v)", len(files), len(want), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[filepath.Base(file)], got, bySecret); diff != "" {
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
