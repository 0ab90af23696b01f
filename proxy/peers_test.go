package proxy_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/transport/cable"
)

// work is a call of 50 ms.
func work(*side) { time.Sleep(50 * time.Millisecond) }

// poisson makes so many calls a second for as long, at random.
func (q *quarter) poisson(o *outcome, perSecond float64, lasting time.Duration) {
	random := rand.New(rand.NewPCG(1, 2))
	until := time.Now().Add(lasting)
	for i := 0; time.Now().Before(until); i++ {
		time.Sleep(time.Duration(random.ExpFloat64() / perSecond * float64(time.Second)))
		q.call(o, i)
	}
	o.pending.Wait()
}

// Two sidecars of 8 slots and 1, of which the router deals each second call to either:
// at 80 % of what both can, each call is answered.
func TestUnequalSidecars(t *testing.T) {
	inQuarter(t, "slots_per_share = 16\nqueue { limit = 10 }", []int{8, 1}, work, func(q *quarter) {
		for _, s := range q.sides {
			if n := proxy.LinkedPeers(s.Proxy, "realm1"); n != 1 {
				t.Errorf("sidecar %d is linked with %d peers\n%s", s.n, n, s.log.text.String())
			}
		}
		var o outcome
		q.poisson(&o, 0.8*9/0.05, 20*time.Second)
		if len(o.failed) > 0 {
			t.Errorf("%d answered, and of the others: %v", o.answered, o.failed)
		}
		if p99 := o.percentile(0.99); p99 > 150*time.Millisecond {
			t.Errorf("p99 is %v", p99)
		}
		for i, most := range []int64{8, 1} {
			if got := q.sides[i].most.Load(); got > most {
				t.Errorf("sidecar %d had %d calls at a time", i, got)
			}
		}
		t.Logf("%d answered, p99 %v; forwarded %d and %d", o.answered, o.percentile(0.99), proxy.Forwarded(q.sides[0].Proxy, "realm1"), proxy.Forwarded(q.sides[1].Proxy, "realm1"))
	})
}

// queued is a pool whose calls may wait for long.
const queued = "slots_per_share = 16\nqueue { limit = 1000 }"

// burst makes n calls at once, and lets those be that can.
func (q *quarter) burst(o *outcome, n int) {
	for i := range n {
		q.call(o, i)
	}
}

// kill -9 of a sidecar: each call is answered once, and none runs twice. The calls that it
// had, from the router or from its peer, are canceled.
func TestSidecarIsKilled(t *testing.T) {
	for name, victim := range map[string]int{"that supplies": 0, "that takes": 1} {
		t.Run(name, func(t *testing.T) {
			inQuarter(t, queued, []int{8, 1}, work, func(q *quarter) {
				var o outcome
				began := q.sides[0].ran.Load()
				for i := range 300 {
					time.Sleep(7 * time.Millisecond)
					q.call(&o, i)
					if i == 150 {
						q.kill(q.sides[victim])
					}
				}
				o.pending.Wait()
				if q.sides[0].ran.Load() == began || proxy.Forwarded(q.sides[1].Proxy, "realm1") == 0 {
					t.Error("nothing was forwarded")
				}
				if n := o.failed["wamp.error.canceled"]; n == 0 || n > 30 || len(o.failed) > 1 {
					t.Errorf("%d answered, the others: %v", o.answered, o.failed)
				}
				if twice := q.ranTwice(); len(twice) > 0 {
					t.Errorf("run twice: %d", twice)
				}
			})
		})
	}
}

// With retry_lost, what a peer had that is lost goes to another callee.
func TestLostPeersCallsAreRetried(t *testing.T) {
	inQuarter(t, queued+"\nretry_lost = true", []int{8, 1}, work, func(q *quarter) {
		var o outcome
		q.burst(&o, 12) // the router deals each second one to the sidecar of one slot
		time.Sleep(20 * time.Millisecond)
		if proxy.Forwarded(q.sides[1].Proxy, "realm1") == 0 {
			t.Error("nothing was forwarded")
		}
		q.kill(q.sides[0])
		o.pending.Wait()
		if o.answered != 6 || o.failed["wamp.error.canceled"] != 6 { // those that the router had dealt to the one that is gone
			t.Errorf("%d answered, the others: %v", o.answered, o.failed)
		}
	})
}

// A matchmaker that is lost is replaced: calls go on to peers within a tenth of a second.
func TestMatchmakerIsLost(t *testing.T) {
	inQuarter(t, queued, []int{4, 1, 1, 0}, work, func(q *quarter) {
		for _, s := range q.sides[1:] {
			before := proxy.Forwarded(q.sides[1].Proxy, "realm1")
			var o outcome
			q.burst(&o, 12)
			o.pending.Wait()
			if len(o.failed) > 0 || proxy.Forwarded(q.sides[1].Proxy, "realm1") == before {
				t.Errorf("%d answered, the others: %v; forwarded: %d", o.answered, o.failed, proxy.Forwarded(q.sides[1].Proxy, "realm1")-before)
			}
			if s != q.sides[1] {
				q.kill(s)
				time.Sleep(100 * time.Millisecond)
			}
		}
	})
}

// One who stops offers nothing, and what waits there travels: no call fails, whoever is
// restarted.
func TestRollingRestartOfSidecars(t *testing.T) {
	inQuarter(t, queued, []int{2, 2, 2}, work, func(q *quarter) {
		var o outcome
		over := make(chan struct{})
		go func() {
			defer close(over)
			for i := range 2000 {
				time.Sleep(15 * time.Millisecond)
				q.call(&o, i)
			}
		}()
		for i := range 3 {
			time.Sleep(3 * time.Second)
			q.sides[i].end()
			next := q.start(i, queued)
			q.settle()
			q.register(next, 2, work)
		}
		<-over
		o.pending.Wait()
		if len(o.failed) > 0 {
			t.Errorf("%d answered, the others: %v", o.answered, o.failed)
		}
		if twice := q.ranTwice(); len(twice) > 0 {
			t.Errorf("run twice: %d", twice)
		}
	})
}

// A sidecar that stops with calls that wait lets them travel.
func TestWhatWaitsTravelsAtAStop(t *testing.T) {
	inQuarter(t, queued, []int{1, 8}, work, func(q *quarter) {
		var o outcome
		q.burst(&o, 60)
		time.Sleep(time.Millisecond)
		before := proxy.Forwarded(q.sides[0].Proxy, "realm1")
		q.sides[0].end()
		o.pending.Wait()
		if len(o.failed) > 0 || proxy.Forwarded(q.sides[0].Proxy, "realm1") <= before {
			t.Errorf("%d answered, the others: %v; forwarded %d", o.answered, o.failed, proxy.Forwarded(q.sides[0].Proxy, "realm1"))
		}
	})
}

// A sidecar that keeps its registration without a callee is no trap: its calls travel.
func TestLingerInACluster(t *testing.T) {
	inQuarter(t, queued+"\nlinger = \"1h\"", []int{2, 2}, work, func(q *quarter) {
		q.clients[0].Close() // the callee of the first one
		q.settle()
		var o outcome
		for i := range 100 {
			time.Sleep(40 * time.Millisecond)
			q.call(&o, i)
		}
		o.pending.Wait()
		if len(o.failed) > 0 || o.percentile(0.99) > 200*time.Millisecond {
			t.Errorf("%d answered, p99 %v, the others: %v", o.answered, o.percentile(0.99), o.failed)
		}
	})
}

// A peer that can't be reached any more, while the router can, costs what it had.
func TestLinkIsCut(t *testing.T) {
	inQuarter(t, queued, []int{8, 1}, work, func(q *quarter) {
		var o outcome
		for i := range 200 {
			time.Sleep(8 * time.Millisecond)
			q.call(&o, i)
			if i == 100 {
				q.cutLinks()
			}
		}
		o.pending.Wait()
		q.settle()
		if n := o.failed["wamp.error.canceled"]; len(o.failed) > 1 || n > 8 {
			t.Errorf("%d answered, the others: %v", o.answered, o.failed)
		}
		if proxy.LinkedPeers(q.sides[0].Proxy, "realm1") != 1 {
			t.Error("they are not linked again")
		}
		if twice := q.ranTwice(); len(twice) > 0 {
			t.Errorf("run twice: %d", twice)
		}
	})
}

// A peer that hangs, so that its link stands still before it is lost, gets no more calls
// than until its answer to a ping is late.
func TestPeerHangs(t *testing.T) {
	inQuarter(t, queued, []int{8, 1}, work, func(q *quarter) {
		var o outcome
		for i := range 500 {
			time.Sleep(8 * time.Millisecond)
			q.call(&o, i)
			if i == 100 {
				q.ends(func(end *cable.End) { end.Stall(); end.Peer().Stall() })
			}
		}
		o.pending.Wait()
		if n := o.failed["wamp.error.canceled"]; len(o.failed) > 1 || n > 24 { // 110 in the three seconds until it is lost
			t.Errorf("%d answered, the others: %v", o.answered, o.failed)
		}
		if twice := q.ranTwice(); len(twice) > 0 {
			t.Errorf("run twice: %d", twice)
		}
	})
}

// cutLinks breaks all links that stand.
func (q *quarter) cutLinks() { q.ends(func(end *cable.End) { end.Cut(); end.Peer().Cut() }) }

// ends has something happen to an end of each link that stands.
func (q *quarter) ends(do func(*cable.End)) {
	for _, s := range q.sides {
		s.mu.Lock()
		for _, end := range s.ends {
			if strings.HasPrefix(end.LocalAddr().String(), "10.1.0.") {
				do(end)
			}
		}
		s.mu.Unlock()
	}
}

// Calls that are over at once get their slots again and again, as fast as they come: what
// a matchmaker takes for being on its way does not hold them up.
func TestQuickCallsTravel(t *testing.T) {
	blocked := true
	quick := func(s *side) {
		if s.n == 1 && blocked { // its one slot is never free
			blocked = false
			time.Sleep(time.Hour)
		}
		time.Sleep(time.Millisecond)
	}
	inQuarter(t, "slots_per_share = 1000\nqueue { limit = 1000 }", []int{32, 1}, quick, func(q *quarter) {
		var first, o outcome
		q.burst(&first, 2)
		q.settle()
		began := time.Now()
		for range 100 {
			q.burst(&o, 40)
			time.Sleep(2 * time.Millisecond)
		}
		o.pending.Wait()
		if took := time.Since(began); took > 400*time.Millisecond || len(o.failed) > 0 {
			t.Errorf("%d answered within %v, the others: %v; forwarded %d", o.answered, took, o.failed, proxy.Forwarded(q.sides[1].Proxy, "realm1"))
		}
		first.pending.Wait()
	})
}
