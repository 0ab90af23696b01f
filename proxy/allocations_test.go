//go:build !race

package proxy

import (
	"testing"

	"github.com/wampool/wampool/codec"
)

// In steady state nothing is allocated for a call, nor for its answer: all that is
// is the test's own, as it is for messages that pass.
func TestCallsAreNotAllocatedFor(t *testing.T) {
	const calls = 100
	a := newArena(t, codec.CBOR, webSocket)
	caller, _ := a.joinAs(t, "caller")
	callee, atRouter := a.join(t)
	a.enrol(callee, atRouter, "com.example.direct")
	publish := wire(a.s, list{16, 5, dict{}, "com.example.topic", list{"x"}})
	passing := allocations(calls, func(int) {
		exchange(a.bystander, a.bystanderAtRouter, publish)
		exchange(a.bystanderAtRouter, a.bystander, publish)
	})
	for _, c := range []struct {
		what     string
		from, to *speaker
		call     func(id int) list
	}{
		{"call by the router", a.pool, a.healthy, func(id int) list { return list{68, id, int(a.healthyAtRouter), dict{}, list{"x"}} }},
		{"call that is answered here", caller, callee, func(id int) list { return list{48, id, dict{}, "com.example.direct", list{"x"}} }},
	} {
		var call, yield [2*calls + 1][]byte
		for i := range call {
			call[i] = wire(a.s, c.call(i+1))
			yield[i] = wire(a.s, list{70, i + 1, dict{}, list{"x"}})
		}
		n := allocations(calls, func(i int) {
			exchange(c.from, c.to, call[i])
			exchange(c.to, c.from, yield[i])
		})
		if n > passing+0.5 {
			t.Errorf("%s: %.2f allocations more than for messages that pass", c.what, n-passing)
		}
	}
}

// allocations returns how often a call of f allocates, on average, once it has been
// called as often before.
func allocations(calls int, f func(i int)) float64 {
	i := 0
	next := func() {
		f(i)
		i++
	}
	for range calls {
		next()
	}
	return testing.AllocsPerRun(calls, next)
}
