package proxy_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy"
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
				t.Fatalf("sidecar %d is linked with %d peers\n%s", s.n, n, s.log.text.String())
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
