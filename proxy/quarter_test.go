package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/transport/cable"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/router"
)

// quarter is several sidecars at one router, real ones all of them, on a network in
// memory and in a bubble of testing/synctest.
type quarter struct {
	t       *testing.T
	network cable.Network
	router  *router.Router
	members roster
	sides   []*side
	caller  *client.Client
	clients []*client.Client
	serving sync.WaitGroup
}

// side is one sidecar.
type side struct {
	*proxy.Proxy
	n       int
	log     journal
	stop    context.CancelFunc
	stopped chan struct{}
	ran     atomic.Int64 // calls that its callees have run
	at      atomic.Int64 // that they have now
	most    atomic.Int64 // that they had at a time
	gone    bool
	dead    atomic.Bool // as by kill -9: nobody hears anything of it any more

	mu    sync.Mutex
	ends  []*cable.End  // of all its connections
	tries map[int64]int // how often each call was run
}

// roster is the membership of all of them.
type roster struct {
	mu      sync.Mutex
	members []*member
}

// member is one sidecar's part of it.
type member struct {
	of      *roster
	self    cluster.Peer
	cut     bool // it hears of nobody, and nobody of it
	changed chan struct{}
}

func (r *roster) join(self cluster.Node, version int, url string) cluster.Membership {
	m := &member{of: r, self: cluster.Peer{Node: self, Version: version, URL: url}, changed: make(chan struct{}, 1)}
	r.change(func() { r.members = append(r.members, m) })
	return m
}

func (r *roster) change(by func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	by()
	for _, m := range r.members {
		select {
		case m.changed <- struct{}{}:
		default:
		}
	}
}

// Peers, Changed, Drain and Leave are for [cluster.Membership].
func (m *member) Peers() (peers []cluster.Peer) {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	for _, other := range m.of.members {
		if other != m && !other.cut && !m.cut {
			peers = append(peers, other.self)
		}
	}
	slices.SortFunc(peers, func(a, b cluster.Peer) int { return slices.Compare(a.Node[:], b.Node[:]) })
	return peers
}

func (m *member) Changed() <-chan struct{} { return m.changed }
func (m *member) Drain()                   { m.of.change(func() { m.self.Draining = true }) }
func (m *member) Leave() {
	m.of.change(func() {
		m.of.members = slices.DeleteFunc(m.of.members, func(other *member) bool { return other == m })
	})
}

const shared = "com.example.shared"

// inQuarter runs a test among sidecars that are linked, each with a callee of so many
// slots.
func inQuarter(t *testing.T, pool string, slots []int, work func(*side), test func(q *quarter)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := &quarter{t: t}
		var err error
		if q.router, err = router.Listen(t.Context(), "ws://127.0.0.1:8080/ws", router.Options{Realms: []string{"realm1", "realm2"}, Socket: q.network.Listen}); err != nil {
			t.Fatal(err)
		}
		q.serving.Go(func() { _ = q.router.Serve(context.Background()) })
		for i := range slots {
			q.start(i, pool)
		}
		q.settle()
		for i, n := range slots {
			if n > 0 {
				q.register(q.sides[i], n, work)
			}
		}
		q.caller = q.join(q.router.URL())
		q.settle()
		test(q)
		q.end()
	})
}

// start starts a sidecar.
func (q *quarter) start(i int, pool string) *side {
	s := &side{n: i, stopped: make(chan struct{}), tries: make(map[int64]int)}
	s.Proxy = proxy.New(q.config(i, pool), zerolog.New(&s.log))
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if s.dead.Load() {
			return nil, errLost
		}
		conn, err := q.network.Dial(ctx, network, address)
		if end, is := conn.(*cable.End); is {
			s.keep(end)
		}
		return conn, err
	}
	listen := func(ctx context.Context, network, address string) (net.Listener, error) {
		l, err := q.network.Listen(ctx, network, address)
		return &doorOf{l, s}, err
	}
	proxy.UseNetwork(s.Proxy, dial, listen)
	proxy.UseSeed(s.Proxy, uint64(i))
	proxy.UsePeers(s.Proxy, dial, q.members.join)
	if err := s.Listen(q.t.Context()); err != nil {
		q.t.Fatal(err)
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	go func() {
		defer close(s.stopped)
		if err := s.Serve(ctx); err != nil {
			q.t.Error(err)
		}
	}()
	q.sides = append(q.sides, s)
	return s
}

// config is a sidecar's.
func (q *quarter) config(i int, pool string) *configs.Config {
	q.t.Helper()
	config, err := configs.Parse(fmt.Appendf(nil, `
router { url = "ws://127.0.0.1:8080/ws" }
listen "ws://127.0.0.1:%d/ws" {}
realm "realm1" {
  pool %q {
    upstream = "roundrobin"
    %s
  }
}
cluster {
  listen = "rs://10.1.0.%d:7947"
  secret = "known to all of them"
}
drain_timeout = "20s"
`, 9000+i, shared, pool, i+1), "wampool.hcl")
	if err != nil {
		q.t.Fatal(err)
	}
	return config
}

// doorOf is a listener of a sidecar.
type doorOf struct {
	net.Listener
	of *side
}

func (d *doorOf) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !d.of.dead.Load() {
			d.of.keep(conn.(*cable.End))
			return conn, nil
		}
		conn.(*cable.End).Cut()
	}
}

func (s *side) keep(end *cable.End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, end)
}

// kill ends a sidecar as kill -9 does: its connections end, and it says nothing more.
func (q *quarter) kill(s *side) {
	s.dead.Store(true)
	s.mu.Lock()
	ends := s.ends
	s.mu.Unlock()
	for _, end := range ends {
		end.Cut()
		end.Peer().Cut()
	}
	q.members.change(func() {
		q.members.members = slices.DeleteFunc(q.members.members, func(m *member) bool {
			return m.self.URL == fmt.Sprintf("rs://10.1.0.%d:7947", s.n+1)
		})
	})
}

// join opens a session.
func (q *quarter) join(url string) *client.Client {
	c, err := client.Dial(q.t.Context(), url, client.Options{Realm: "realm1", Connect: q.network.Dial})
	if err != nil {
		q.t.Fatal(err)
	}
	q.clients = append(q.clients, c)
	return c
}

// register has a callee at a sidecar, of so many slots, whose calls take what work does.
func (q *quarter) register(s *side, slots int, work func(*side)) *client.Client {
	c := q.join(s.URLs()[0])
	options := []codec.Field{{Key: "invoke", Value: codec.FieldString("roundrobin")}, {Key: "concurrency", Value: codec.FieldUint(uint64(slots))}}
	if _, err := c.Register(q.t.Context(), shared, options, func(_ context.Context, in *client.Invocation) (client.Arguments, error) {
		now := s.at.Add(1)
		defer s.at.Add(-1)
		for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
		}
		s.ran.Add(1)
		s.noteRun(in)
		work(s)
		return in.Arguments()
	}); err != nil {
		q.t.Fatal(err)
	}
	return c
}

// noteRun notes which call is run.
func (s *side) noteRun(in *client.Invocation) {
	arguments, err := in.Arguments()
	if err != nil || len(arguments.List) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, is := arguments.List[0].(int64); is {
		s.tries[i]++
	}
}

// ranTwice tells which calls were run more than once.
func (q *quarter) ranTwice() (twice []int64) {
	all := make(map[int64]int)
	for _, s := range q.sides {
		s.mu.Lock()
		for i, n := range s.tries {
			if all[i] += n; all[i] == 2 {
				twice = append(twice, i)
			}
		}
		s.mu.Unlock()
	}
	return twice
}

// settle lets time pass until links stand and loads are said.
func (q *quarter) settle() {
	time.Sleep(3 * time.Second)
	synctest.Wait()
}

// end stops everything, and asks whether something is left.
func (q *quarter) end() {
	for _, c := range q.clients {
		c.Close()
	}
	for _, s := range q.sides {
		if !s.gone {
			s.end()
		}
		for _, left := range proxy.Left(s.Proxy) {
			q.t.Errorf("sidecar %d has left: %s", s.n, left)
		}
		if fault := s.log.fault(); fault != "" {
			q.t.Errorf("sidecar %d: %s", s.n, fault)
		}
	}
	q.router.Close()
	q.serving.Wait()
}

// end stops a sidecar in good order.
func (s *side) end() {
	s.gone = true
	s.stop()
	<-s.stopped
}

// outcome is what became of calls.
type outcome struct {
	mu       sync.Mutex
	answered int
	failed   map[string]int // by URI
	waits    []time.Duration
	pending  sync.WaitGroup
}

// call makes a call, and notes what becomes of it.
func (q *quarter) call(o *outcome, i int) {
	o.pending.Add(1)
	began := time.Now()
	go func() {
		defer o.pending.Done()
		result, err := q.caller.Call(context.Background(), shared, nil, client.Args(int64(i)))
		o.mu.Lock()
		defer o.mu.Unlock()
		if err != nil {
			if o.failed == nil {
				o.failed = make(map[string]int)
			}
			uri := err.Error()
			if refused := (*client.Error)(nil); errors.As(err, &refused) {
				uri = refused.URI
			}
			o.failed[uri]++
			return
		}
		arguments, err := result.Arguments()
		if err != nil || len(arguments.List) != 1 || arguments.List[0] != int64(i) {
			q.t.Errorf("call %d: %v, %v", i, arguments, err)
		}
		o.answered++
		o.waits = append(o.waits, time.Since(began))
	}()
}

// percentile returns a wait that so much of all are no longer than.
func (o *outcome) percentile(p float64) time.Duration {
	slices.Sort(o.waits)
	return o.waits[min(len(o.waits)-1, int(p*float64(len(o.waits))))]
}
