package peers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/integration/harness"
	"github.com/wampool/wampool/proxy/tryout/client"
)

const procedure = "com.example.shared"

// fleet is several sidecars before one router.
type fleet struct {
	t      *testing.T
	router harness.Router
	gossip []string // addresses, one for each that was started
	sides  []*side
}

// side is one sidecar, and its callee.
type side struct {
	*harness.Wampool
	callee *client.Client
}

// secret is known to all peers of all tests here.
const secret = "known to all of these peers"

// start starts a sidecar that knows of the first one, if there is one.
func (f *fleet) start(pool string) *side {
	f.t.Helper()
	port, err := harness.FreePort()
	if err != nil {
		f.t.Fatal(err)
	}
	join := ""
	if len(f.gossip) > 0 {
		join = fmt.Sprintf("join = [%q]", f.gossip[0])
	}
	f.gossip = append(f.gossip, fmt.Sprintf("127.0.0.1:%d", port))
	w := harness.LaunchConfig(f.t, fmt.Sprintf(`
router { url = %q }
listen "ws://127.0.0.1:0/ws" {}
limits { %s }
realm "realm1" {
  pool %q {
    upstream = "roundrobin"
    admit    = ["*"]
    %s
  }
}
cluster {
  name   = %q
  gossip = %q
  listen = "rs://127.0.0.1:0"
  secret = %q
  %s
  max_rtt = "1s" # on a machine that does other work
}
admin { address = "127.0.0.1:0" }
drain_timeout = "10s"
`, f.router.URL(), harness.Unhurried, procedure, pool, f.t.Name(), f.gossip[len(f.gossip)-1], secret, join))
	w.Process.Await(f.t, "pool session up")
	s := &side{Wampool: w}
	f.sides = append(f.sides, s)
	return s
}

// meet waits until each of the sidecars has links with all others.
func (f *fleet) meet() {
	f.t.Helper()
	for _, s := range f.sides {
		for n := 0; n < len(f.sides)-1; {
			n = s.linked(f.t)
		}
	}
}

// linked returns with how many peers a sidecar is linked.
func (s *side) linked(t *testing.T) (n int) {
	t.Helper()
	for _, p := range s.peers(t) {
		if p.Gets && p.Gives {
			n++
		}
	}
	return n
}

// given is how many calls a sidecar has let peers have.
func (s *side) given(t *testing.T) (calls int) {
	t.Helper()
	for _, p := range s.peers(t) {
		calls += p.Given
	}
	return calls
}

// peer is what a sidecar tells of another one.
type peer struct {
	Gets  bool `json:"gets_calls"`
	Gives bool `json:"gives_calls"`
	Given int
}

func (s *side) peers(t *testing.T) []peer {
	t.Helper()
	var all struct{ Peers []peer }
	if err := json.Unmarshal(s.read(t, "/api/v1/peers"), &all); err != nil {
		t.Fatal(err)
	}
	return all.Peers
}

// read returns what the admin listener says.
func (s *side) read(t *testing.T, path string) []byte {
	t.Helper()
	response, err := http.Get("http://" + s.Admin() + path) //nolint:noctx // the test's end is its own
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// await waits for a line of the metrics that begins and ends so.
func (s *side) await(t *testing.T, begins, ends string) {
	t.Helper()
	for ctx := within(t); ctx.Err() == nil; {
		for line := range strings.Lines(string(s.read(t, "/metrics"))) {
			if strings.HasPrefix(line, begins) && strings.HasSuffix(line, ends+"\n") {
				return
			}
		}
	}
	t.Fatalf("no line of the metrics that begins with %s and ends with %s", begins, ends)
}

// within is the patience with what must happen.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	t.Cleanup(cancel)
	return ctx
}

// register has a callee of so many slots at a sidecar, whose calls take as long.
func (f *fleet) register(s *side, slots int, work time.Duration) {
	f.t.Helper()
	c, err := client.Dial(within(f.t), s.URL, client.Options{Realm: "realm1"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	options := []codec.Field{{Key: "invoke", Value: codec.FieldString("roundrobin")}, {Key: "concurrency", Value: codec.FieldUint(uint64(slots))}}
	if _, err := c.Register(within(f.t), procedure, options, func(ctx context.Context, in *client.Invocation) (client.Arguments, error) {
		select {
		case <-time.After(work):
		case <-ctx.Done():
		}
		return in.Arguments()
	}); err != nil {
		f.t.Fatal(err)
	}
	s.callee = c
}

// caller joins at the router.
func (f *fleet) caller() *client.Client {
	f.t.Helper()
	c, err := client.Dial(within(f.t), f.router.URL(), client.Options{Realm: "realm1"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	return c
}

// books are what became of calls.
type books struct {
	t       *testing.T
	mu      sync.Mutex
	took    []time.Duration // by those that were answered
	failed  map[string]int  // by URI
	pending sync.WaitGroup
}

func newBooks(t *testing.T) *books { return &books{t: t, failed: make(map[string]int)} }

// call makes one call.
func (b *books) call(caller *client.Client, i int) {
	began := time.Now()
	b.pending.Go(func() {
		result, err := caller.Call(context.Background(), procedure, nil, client.Args(int64(i)))
		took := time.Since(began)
		b.mu.Lock()
		defer b.mu.Unlock()
		if err != nil {
			uri := err.Error()
			if refused := (*client.Error)(nil); errors.As(err, &refused) {
				uri = refused.URI
			}
			b.failed[uri]++
			return
		}
		if arguments, err := result.Arguments(); err != nil || len(arguments.List) != 1 || arguments.List[0] != int64(i) {
			b.t.Errorf("call %d returns %v (%v)", i, arguments, err)
		}
		b.took = append(b.took, took)
	})
}

// openLoop makes so many calls a second for as long, at random, and waits for all of them.
func (b *books) openLoop(caller *client.Client, perSecond float64, lasting time.Duration) {
	random := rand.New(rand.NewPCG(1, 2))
	began, next := time.Now(), time.Duration(0)
	for i := 0; next < lasting; i++ {
		next += time.Duration(random.ExpFloat64() / perSecond * float64(time.Second))
		<-time.After(next - time.Since(began))
		b.call(caller, i)
	}
	b.pending.Wait()
}

func (b *books) percentile(p float64) time.Duration {
	if len(b.took) == 0 {
		return 0
	}
	slices.Sort(b.took)
	return b.took[min(len(b.took)-1, int(p*float64(len(b.took))))]
}

// String tells of all calls.
func (b *books) String() string {
	var failed []string
	for uri, n := range b.failed {
		failed = append(failed, fmt.Sprintf("%d %s", n, uri))
	}
	return fmt.Sprintf("%d answered, p50 %v, p99 %v; failed: %s", len(b.took), b.percentile(0.5), b.percentile(0.99), strings.Join(failed, ", "))
}
