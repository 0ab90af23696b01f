package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// meeting is a membership on real sockets of this machine, with its log.
type meeting struct {
	*Members
	log  journal
	self Peer
	end  context.CancelFunc
	over chan struct{}
}

// meet opens one that looks for others at these addresses.
func meet(t *testing.T, name, secret string, join ...string) *meeting {
	t.Helper()
	k, err := deriveKeys(name, secret)
	if err != nil {
		t.Fatal(err)
	}
	m := &meeting{self: Peer{Node: newNode(), Version: version}, over: make(chan struct{})}
	m.Members, err = openMembers(&membersOptions{
		name: name, key: k.gossip, bind: netip.MustParseAddrPort("127.0.0.1:0"), join: join,
		self: meta{Version: version, Node: Text(m.self.Node)}, link: func(host string) string { return linkURL("rs", host, 7947) }, log: zerolog.New(&m.log),
	})
	if err != nil {
		t.Fatal(err)
	}
	m.resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "peers.example" {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		return nil, fmt.Errorf("no such host")
	}
	var ctx context.Context
	ctx, m.end = context.WithCancel(context.Background())
	go func() {
		defer close(m.over)
		m.run(ctx)
	}()
	t.Cleanup(func() {
		m.end()
		<-m.over
		m.Leave()
	})
	return m
}

// await waits until the peers are as they should be.
func (m *meeting) await(t *testing.T, what string, is func([]Peer) bool) {
	t.Helper()
	timeout, ticker := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer ticker.Stop()
	for !is(m.Peers()) {
		select {
		case <-m.Changed():
		case <-ticker.C:
		case <-timeout:
			t.Fatalf("%s: %+v\n%s", what, m.Peers(), m.log.text.String())
		}
	}
}

// knows tells whether all of these, and nobody else, are among the peers.
func knows(of ...*meeting) func([]Peer) bool {
	return func(peers []Peer) bool {
		for _, m := range of {
			found := false
			for _, p := range peers {
				found = found || p.Node == m.self.Node && p.URL == "rs://127.0.0.1:7947"
			}
			if !found {
				return false
			}
		}
		return len(peers) == len(of)
	}
}

func TestMembership(t *testing.T) {
	a := meet(t, "village", secret)
	_, port, _ := strings.Cut(a.Address(), ":")
	b := meet(t, "village", secret, a.Address())
	c := meet(t, "village", secret, "peers.example:"+port, "nobody.example:1")
	a.await(t, "all meet", knows(b, c))
	b.await(t, "all meet", knows(a, c))
	c.await(t, "all meet", knows(a, b))
	b.Drain()
	a.await(t, "a drain is told", func(peers []Peer) bool {
		for _, p := range peers {
			if p.Node == b.self.Node {
				return p.Draining
			}
		}
		return false
	})
	b.Leave()
	a.await(t, "a leaver is gone", knows(c))
	if len(c.log.lines("no address of peers")) != 1 {
		t.Error(c.log.text.String())
	}
}

// Other names and secrets keep clusters apart, though they know one another's addresses.
func TestClustersAreApart(t *testing.T) {
	a := meet(t, "village", secret)
	b := meet(t, "town", secret, a.Address())
	c := meet(t, "village", "known to nobody else", a.Address())
	d := meet(t, "village", "", a.Address())
	e := meet(t, "village", secret, a.Address())
	a.await(t, "its own", knows(e))
	for _, other := range []*meeting{b, c, d} {
		other.lookUp(t.Context())
		if n := len(other.Peers()); n > 0 {
			t.Errorf("%d peers", n)
		}
		if text := other.log.text.String(); strings.Contains(text, secret) || len(other.log.lines("")) > 30 {
			t.Errorf("a flood, or a secret: %s", text)
		}
	}
	if n := len(a.Peers()); n != 1 {
		t.Errorf("%d peers", n)
	}
}
