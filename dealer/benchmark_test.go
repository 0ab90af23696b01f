package dealer_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// benchmarkBody carries 100 bytes of text.
func benchmarkBody() codec.Body {
	return bodyIn(fmt.Appendf(nil, `[68,1,1,{},[%q]]`, strings.Repeat("x", 100)))
}

// benchmarkPool returns a dealer with one pool, and its first callee.
func benchmarkPool(tb testing.TB, policy dealer.Policy, callees, limit, queue int) (d *dealer.Dealer, in dealer.Call) {
	d = dealer.New(1)
	in = dealer.Call{Origin: d.AddOrigin(false), Body: benchmarkBody()}
	in.Pool = d.OpenPool("com.example.compute", dealer.PoolConfig{QueueLimit: queue, KeptBytes: 64 << 20})
	for i := range callees {
		_, err := d.Join(0, dealer.Registration{
			Pool: in.Pool, Callee: d.AddCallee(codec.CalleeFeatures{CallCanceling: true}, 0), ID: uint64(i + 1), Policy: policy, Limit: limit,
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return d, in
}

// BenchmarkDispatchAndAnswer is one call through an idle pool: INVOCATION in,
// dispatched at once, answered.
func BenchmarkDispatchAndAnswer(b *testing.B) {
	for _, policy := range []dealer.Policy{dealer.First, dealer.Last, dealer.RoundRobin, dealer.Random, dealer.Least} {
		b.Run(policy.String(), func(b *testing.B) { dispatchAndAnswer(b, policy, 4) })
	}
}

// BenchmarkCallees is the same in pools of more callees: what a pick costs.
func BenchmarkCallees(b *testing.B) {
	for _, callees := range []int{1, 10, 100, 9000} {
		b.Run(fmt.Sprint(callees), func(b *testing.B) { dispatchAndAnswer(b, dealer.RoundRobin, callees) })
	}
}

func dispatchAndAnswer(b *testing.B, policy dealer.Policy, callees int) {
	d, in := benchmarkPool(b, policy, callees, 4, 0)
	b.ReportAllocs()
	for b.Loop() {
		in.Request++
		a := d.Call(0, in)[0]
		d.Done()
		if kind := d.Answer(0, a.Callee, a.ID, dealer.Final)[0].Kind; kind != dealer.Forward {
			b.Fatal(actionNames[kind])
		}
		d.Done()
	}
}

// BenchmarkWaiting is one call through a pool whose callees are full: it waits
// behind others, and an answer dispatches the one at the head.
func BenchmarkWaiting(b *testing.B) {
	for _, waiting := range []int{0, 1000, 1_000_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			d, in := benchmarkPool(b, dealer.RoundRobin, 4, 1, waiting+1)
			busy := make([]dealer.Action, 0, 4)
			for range 4 + waiting {
				in.Request++
				busy = append(busy, d.Call(0, in)...)
				d.Done()
			}
			turn := 0
			b.ReportAllocs()
			for b.Loop() {
				in.Request++
				if actions := d.Call(0, in); len(actions) != 0 {
					b.Fatal(actionString(actions[0]))
				}
				a := &busy[turn]
				*a = d.Answer(0, a.Callee, a.ID, dealer.Final)[1]
				d.Done()
				turn = (turn + 1) % len(busy)
			}
		})
	}
}

// BenchmarkTravel is one call that finds nobody with room here, and goes to a peer for a
// credit that was just offered; its answer comes.
func BenchmarkTravel(b *testing.B) {
	d, in := benchmarkPool(b, dealer.RoundRobin, 1, 1, 100)
	d.FollowLoads(true)
	in.Request++
	d.Call(0, in)
	d.Done()
	peer := d.AddPeer(codec.CalleeFeatures{CallCanceling: true}, 0)
	b.ReportAllocs()
	for b.Loop() {
		d.Offer(0, in.Pool, peer, 1)
		d.Done()
		in.Request++
		a := d.Call(0, in)[0]
		d.Done()
		d.Answer(0, a.Callee, a.ID, dealer.Final)
		d.Done()
		d.Changed()
	}
}

// BenchmarkMemory reports the bytes held for each call that waits, its body of
// 100 bytes included.
func BenchmarkMemory(b *testing.B) {
	const calls = 100_000
	for b.Loop() {
		before := heap()
		d, in := benchmarkPool(b, dealer.Single, 1, 1, calls)
		for range calls {
			in.Request++
			d.Call(0, in)
			d.Done()
		}
		b.ReportMetric(float64(heap()-before)/calls, "B/waiting")
		runtime.KeepAlive(d)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
