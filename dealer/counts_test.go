package dealer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// totals sums what is counted of all pools, and returns how many are by themselves.
func totals(d *dealer.Dealer) (sum dealer.Tally, named int) {
	sum = d.Others(0).Tally
	for id := range d.MaxPool() {
		var c dealer.Count
		if !d.Count(0, id, &c) {
			continue
		}
		if c.Named {
			sum.Add(&c.Tally)
			named++
		}
	}
	for _, key := range d.Past() {
		t, _ := d.PastTally(key)
		sum.Add(&t)
		named++
	}
	return sum, named
}

// Beyond so many pools, they are counted together: none is counted less for it, and
// whoever has a name of its own keeps it until another one needs it.
func TestManyPools(t *testing.T) {
	d := dealer.New(1)
	from := d.AddOrigin(true)
	request := uint64(0)
	open := func(n int) dealer.PoolID { return d.OpenPool(fmt.Sprintf("exact p%d", n), dealer.PoolConfig{}) }
	refused := func(id dealer.PoolID) {
		request++
		d.Call(0, dealer.Call{Pool: id, Origin: from, Request: request, Body: bodyIn(message(nil, 1))})
		d.Done()
	}
	closePool := func(id dealer.PoolID) { d.ClosePool(0, id); d.Done() }
	check := func(when string, named int) {
		t.Helper()
		sum, got := totals(d)
		if got != named || sum.Direct != request || sum.Over() != request || sum.Ended[outcomeNamed(t, "no_callee")] != request {
			t.Errorf("%s: %d calls of %d counted, and %d have ended; %d pools by themselves, not %d", when, sum.Direct, request, sum.Over(), got, named)
		}
	}
	var pools []dealer.PoolID
	for n := range dealer.MaxNamed + 2 {
		pools = append(pools, open(n))
		refused(pools[n])
	}
	check("with two more than may be", dealer.MaxNamed)
	closePool(pools[dealer.MaxNamed])
	check("one of the others is gone", dealer.MaxNamed)
	closePool(pools[0])
	check("one with a name is gone", dealer.MaxNamed)
	again := open(0)
	var c dealer.Count
	if d.Count(0, again, &c); !c.Named || c.Direct != 1 {
		t.Errorf("opened again, it has %+v", c)
	}
	closePool(again)
	other := open(5000) // takes the place of the first, whose call goes to the others'
	refused(other)
	check("one gave its place", dealer.MaxNamed)
	if d.Count(0, other, &c); !c.Named || c.Direct != 1 || len(d.Past()) > 0 {
		t.Errorf("in place of another it has %+v; past: %q", c, d.Past())
	}
	if _, is := d.PastTally("exact p0"); is {
		t.Error("what had to go is still there")
	}
}

// A call that comes for a pool that time closes in that very moment is counted, too:
// among the others where the pool has no name of its own.
func TestCallForAPoolThatTimeCloses(t *testing.T) {
	d := dealer.New(1)
	from, callee := d.AddOrigin(true), d.AddCallee(codec.CalleeFeatures{}, 0)
	for n := range dealer.MaxNamed {
		d.OpenPool(fmt.Sprintf("exact p%d", n), dealer.PoolConfig{})
	}
	last := d.OpenPool("exact of the others", dealer.PoolConfig{Linger: time.Second})
	if _, err := d.Join(0, dealer.Registration{Pool: last, Callee: callee, ID: 1, Policy: dealer.RoundRobin}); err != nil {
		t.Fatal(err)
	}
	d.Done()
	if _, is := d.Leave(0, callee, 1); !is {
		t.Fatal("it had not joined")
	}
	d.Done()
	d.Call(time.Second, dealer.Call{Pool: last, Origin: from, Request: 1, Body: bodyIn(message(nil, 1))})
	d.Done()
	others := d.Others(time.Second)
	if others.Direct != 1 || others.Ended[outcomeNamed(t, "no_callee")] != 1 || others.Callees != 0 {
		t.Errorf("of the others is counted %+v", others)
	}
}

// outcomeNamed returns the one of a name.
func outcomeNamed(t *testing.T, name string) dealer.Outcome {
	t.Helper()
	for o := range dealer.Outcomes {
		if o.String() == name {
			return o
		}
	}
	t.Fatalf("there is no outcome %s", name)
	return 0
}

func TestOutcomes(t *testing.T) {
	seen := make(map[string]bool)
	for o := range dealer.Outcomes {
		if name := o.String(); name != "" {
			if seen[name] {
				t.Errorf("%s twice", name)
			}
			seen[name] = true
		}
	}
	for _, name := range []string{
		"result", "error", "canceled", "caller_gone", "callee_lost", "concurrency", "queue_full", "queue_bytes", "queue_timeout", "deadline",
		"no_callee", "draining", "feature_not_supported", "forwarded", "full",
	} {
		if !seen[name] {
			t.Errorf("there is no %s", name)
		}
		delete(seen, name)
	}
	if len(seen) > 0 {
		t.Errorf("and there are %v", seen)
	}
}

func TestHistogram(t *testing.T) {
	var h, other dealer.Histogram
	for _, d := range []time.Duration{0, dealer.Bounds[0], dealer.Bounds[0] + 1, 999 * time.Millisecond, 999 * time.Millisecond, time.Hour} {
		h.Observe(d)
	}
	other.Observe(500 * time.Millisecond)
	other.Observe(499 * time.Millisecond)
	h.Add(&other)
	if h.Buckets[0] != 2 || h.Buckets[1] != 1 || h.Buckets[len(dealer.Bounds)] != 1 || h.Count() != 8 {
		t.Errorf("%+v", h)
	}
	if want := 3602.9972001; h.Sum() < want-1e-4 || h.Sum() > want+1e-4 || h.Rest >= time.Second {
		t.Errorf("the sum is %f", h.Sum())
	}
}
