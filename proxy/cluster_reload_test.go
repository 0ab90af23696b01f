package proxy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy"
)

// What of a cluster a reload changes, and what it names; a pool that is shared no more
// gets nothing from peers, and gives them nothing.
func TestReloadOfACluster(t *testing.T) {
	inQuarter(t, queued, []int{2, 1}, work, func(q *quarter) {
		for _, s := range q.sides {
			config := q.config(s.n, queued+"\noverflow = false")
			config.Cluster.MaxRTT, config.Cluster.Join = time.Second, []string{"10.9.9.9:7946"}
			config.Cluster.Name, config.Cluster.Gossip = "other", "127.0.0.1:7999"
			told, err := s.Reload(config)
			if err != nil {
				t.Error(err)
				return
			}
			for _, want := range []string{"cluster.join", "cluster.max_rtt"} {
				if !slices.Contains(told.Changed, want) {
					t.Errorf("changed: %q, and not %s", told.Changed, want)
				}
			}
			if deferred := strings.Join(told.Deferred, "\n"); len(told.Deferred) != 2 || !strings.Contains(deferred, "cluster.name") || !strings.Contains(deferred, "cluster.gossip") {
				t.Errorf("deferred: %q", told.Deferred)
			}
		}
		q.settle()
		before := proxy.Forwarded(q.sides[0].Proxy, "realm1") + proxy.Forwarded(q.sides[1].Proxy, "realm1")
		var o outcome
		q.burst(&o, 30)
		o.pending.Wait()
		if after := proxy.Forwarded(q.sides[0].Proxy, "realm1") + proxy.Forwarded(q.sides[1].Proxy, "realm1"); after != before || o.answered != 30 {
			t.Errorf("%d were forwarded, %d answered", after-before, o.answered)
		}
		alone := q.config(0, queued)
		alone.Cluster = nil
		if told, err := q.sides[0].Reload(alone); err != nil || len(told.Deferred) != 1 || !strings.HasPrefix(told.Deferred[0], "cluster:") {
			t.Errorf("%q, %v", told.Deferred, err)
		}
	})
}

// A pool that people drain or pause offers nothing and takes nothing; its calls go to
// peers while it drains, and stay while it is paused.
func TestSteeredPoolInACluster(t *testing.T) {
	inQuarter(t, queued, []int{4, 1}, work, func(q *quarter) {
		if err := proxy.Steer(q.sides[0].Proxy, "pause", `{"pool": "`+shared+`"}`); err != nil {
			t.Error(err)
			return
		}
		q.settle()
		before := proxy.Forwarded(q.sides[1].Proxy, "realm1")
		var o outcome
		q.burst(&o, 20)
		q.settle()
		if n := proxy.Forwarded(q.sides[1].Proxy, "realm1") - before; n > 0 || o.answered != 10 {
			t.Errorf("%d calls have gone to a paused pool; %d answered", n, o.answered)
		}
		if err := proxy.Steer(q.sides[0].Proxy, "resume", `{"pool": "`+shared+`"}`); err != nil {
			t.Error(err)
		}
		o.pending.Wait()
		if o.answered != 20 {
			t.Errorf("%d answered, the others: %v", o.answered, o.failed)
		}
	})
}

// A realm that comes is linked with the peers that have it, and one that goes is not any
// more; the calls of others go on, to peers too. So it is when it comes again.
func TestRealmsOfACluster(t *testing.T) {
	inQuarter(t, queued, []int{4, 1}, work, func(q *quarter) {
		reload := func(realms ...string) {
			for _, s := range q.sides {
				config := q.config(s.n, queued)
				for _, name := range realms {
					other := config.Realms[0]
					other.Name = name
					config.Realms = append(config.Realms, other)
				}
				if _, err := s.Reload(config); err != nil {
					t.Error(err)
				}
			}
			q.settle()
		}
		linked := func(realm string, want int) {
			t.Helper()
			for _, s := range q.sides {
				if n := proxy.LinkedPeers(s.Proxy, realm); n != want {
					t.Errorf("sidecar %d has %d peers in %s, want %d", s.n, n, realm, want)
				}
			}
		}
		for range 2 {
			reload("realm2")
			linked("realm2", 1)
			reload()
			linked("realm2", 0)
			linked("realm1", 1)
		}
		before := proxy.Forwarded(q.sides[0].Proxy, "realm1") + proxy.Forwarded(q.sides[1].Proxy, "realm1")
		var o outcome
		q.burst(&o, 40)
		o.pending.Wait()
		if after := proxy.Forwarded(q.sides[0].Proxy, "realm1") + proxy.Forwarded(q.sides[1].Proxy, "realm1"); after == before || o.answered != 40 {
			t.Errorf("%d were forwarded, %d answered", after-before, o.answered)
		}
	})
}
