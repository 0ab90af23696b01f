package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/cable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nearest is how many peers a sidecar dials here at once.
const nearest = 3

// village is a network with sidecars, whose membership always is as it is told.
type village struct {
	t       *testing.T
	network cable.Network
	tls     func() (server, client *tls.Config) // of who is built next; nil: none

	mu     sync.Mutex
	houses []*house
}

// house is one sidecar: a cluster and its host.
type house struct {
	*Cluster
	of    *village
	known *hearsay
	log   journal
	end   context.CancelFunc
	ended chan error

	mu       sync.Mutex
	roles    map[string]string // by realm
	taken    map[lane]*Link
	supplied map[lane]*Link
	ends     []string
}

type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) lines(with string) (lines []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, line := range strings.Split(j.text.String(), "\n") {
		if strings.Contains(line, with) {
			lines = append(lines, line)
		}
	}
	return lines
}

// hearsay is a membership by word of mouth.
type hearsay struct {
	mu      sync.Mutex
	peers   []Peer
	changed chan struct{}
	told    []string
}

func (k *hearsay) Peers() []Peer {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.peers)
}

func (k *hearsay) Changed() <-chan struct{} { return k.changed }
func (k *hearsay) Drain()                   { k.tell("drain") }
func (k *hearsay) Leave()                   { k.tell("leave") }

func (k *hearsay) tell(what string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.told = append(k.told, what)
}

func (k *hearsay) set(peers ...Peer) {
	k.mu.Lock()
	k.peers = peers
	k.mu.Unlock()
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// build opens a sidecar at an address of its own.
func (v *village) build(secret string, roles map[string]string) *house {
	v.t.Helper()
	v.mu.Lock()
	n := len(v.houses) + 1
	v.mu.Unlock()
	return v.buildAt(fmt.Sprintf("10.0.%d.%d", n/200, n%200+1), secret, roles)
}

func (v *village) buildAt(address, secret string, roles map[string]string) *house {
	v.t.Helper()
	h := &house{of: v, known: &hearsay{changed: make(chan struct{}, 1)}, ended: make(chan error, 1), roles: roles, taken: make(map[lane]*Link), supplied: make(map[lane]*Link)}
	scheme := "rs"
	if v.tls != nil {
		scheme = "rss"
	}
	config := &configs.Cluster{Name: "village", Listen: scheme + "://" + address + ":7947", MaxRTT: 5 * time.Millisecond, Secret: configs.NewSecret(secret)}
	limits := func(k *transport.Keepalive) transport.Limits { return transport.Limits{Keepalive: k} }
	var err error
	h.Cluster, err = Open(v.t.Context(), Options{
		Config: config, Log: zerolog.New(&h.log), Host: h, Budget: transport.NewBudget(0), Quota: transport.NewQuota(1000, 0),
		Limits: limits, DialLimits: limits, Connect: v.network.Dial, Socket: v.network.Listen,
		Membership: func(Node, int, string) Membership { return h.known }, Nearest: nearest, TLS: v.tls,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	h.end = end
	go func() { h.ended <- h.Run(ctx) }()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.houses = append(v.houses, h)
	return h
}

// stop ends a sidecar in good order.
func (h *house) stop() {
	h.end()
	h.Close()
	if err := <-h.ended; err != nil {
		h.of.t.Error(err)
	}
}

func (h *house) peer() Peer { return Peer{Node: h.Self(), Version: version, URL: h.URL()} }

// introduce has all know one another, and lets them link.
func (v *village) introduce() {
	for _, h := range v.houses {
		var others []Peer
		for _, other := range v.houses {
			if other != h {
				others = append(others, other.peer())
			}
		}
		h.known.set(others...)
	}
	v.settle()
}

// settle waits until nothing happens for as long as it takes to dial again.
func (v *village) settle() {
	synctest.Wait()
	time.Sleep(lastBackoff + time.Second)
	synctest.Wait()
}

// Realms, Role, Meet, Take and Supply are for [Host].
func (h *house) Realms() (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name := range h.roles {
		names = append(names, name)
	}
	return names
}

func (h *house) Role(realm string) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	role, known := h.roles[realm]
	return role, known
}

func (h *house) setRole(realm, role string) {
	h.mu.Lock()
	h.roles[realm] = role
	h.mu.Unlock()
	h.Poke()
}

func (h *house) Meet([]Peer)    {}
func (h *house) Take(l *Link)   { h.stand(l, h.taken) }
func (h *house) Supply(l *Link) { h.stand(l, h.supplied) }

func (h *house) stand(l *Link, in map[lane]*Link) {
	at := lane{l.Peer, l.Realm}
	h.mu.Lock()
	in[at] = l
	h.mu.Unlock()
	for {
		message, err := l.Conn.Read()
		if err == nil {
			if t, _ := codec.PeekType(Serializer, message); t != codec.TypeGoodbye {
				continue
			}
			err = io.EOF
		}
		l.Conn.Close(1000, "", time.Second)
		h.mu.Lock()
		if in[at] == l {
			delete(in, at)
		}
		h.ends = append(h.ends, err.Error())
		h.mu.Unlock()
		return
	}
}

// with returns the two links with another sidecar.
func (h *house) with(other *house, realm string) (taken, supplied *Link) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := lane{other.Self(), realm}
	return h.taken[at], h.supplied[at]
}

func (h *house) links() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.taken) + len(h.supplied)
}

// dial connects to a sidecar by hand.
func (v *village) dial(to *house) *transport.Conn {
	v.t.Helper()
	dialed, err := transport.Dial(context.Background(), to.URL(), transport.DialOptions{Serializers: []codec.Serializer{Serializer}, Connect: v.network.Dial})
	if err != nil {
		v.t.Fatal(err)
	}
	return dialed.Conn
}
