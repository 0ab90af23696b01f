package proxy

import "testing"

// Calls of a callee's plain registrations that it never answers are remembered
// up to limits.held_bytes, for their IDs: those beyond are refused in its stead.
func TestUnansweredPlainCallsAreBounded(t *testing.T) {
	const held = 64 << 10
	w := makeWorld(t)
	w.prepare = func(p *Proxy) { p.config().Limits.HeldBytes = held }
	w.start(worldOptions{})
	pool := w.welcomePool()
	callee, router, _ := w.callee(pool, shared, "")
	for i := 1; i <= held/ownBytes+1; i++ {
		router.send(`[68,%d,5,{}]`, 1000+i)
	}
	router.expectPrefix(`[8,68,`)
	const taken = held/ownBytes - 8 // at least: the registration counts too
	for i := range taken {
		callee.expect(`[68,%d,5,{}]`, i+1)
		callee.send(`[70,%d,{}]`, i+1)
	}
	for got := router.next(); got != "[70,1001,{}]"; got = router.next() {
		if got[:6] != `[8,68,` {
			t.Fatal(got)
		}
	}
	for i := range taken - 1 {
		router.expect(`[70,%d,{}]`, 1002+i)
	}
}
