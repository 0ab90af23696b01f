package proxy

import (
	"testing"
	"time"

	"github.com/wampool/wampool/dealer/admission"
)

// isUp waits until the pool session that was welcomed is up: a call that nobody
// has registered is refused.
func (p *peer) isUp() {
	p.t.Helper()
	p.send(`[68,1,999,{}]`)
	p.expectPrefix(`[8,68,1,{},"wamp.error.no_available_callee"`)
}

// The registrations of many pools are given up at the pace of all requests,
// whatever the router answers, and though calls are in flight.
func TestStopGivesUpManyPools(t *testing.T) {
	const procedures = maxAsks + 8
	w := makeWorld(t)
	w.tune = func(c *admission.Config) { c.RegisterPatience, c.AnswerPatience = time.Hour, time.Hour }
	w.start(worldOptions{})
	pool := w.welcomePool()
	client, router := w.join("backend", "")
	for id := 1; id <= procedures; id++ {
		client.send(`[64,%d,%s,"com.example.p%d"]`, id, shared, id)
		pool.expect(`[64,%d,{},"com.example.p%d"]`, id, id)
		pool.send(`[65,%d,%d]`, id, 1000+id)
		router.expect(`[64,%d,{},"com.example.p%d"]`, id, id)
		router.exists(id)
		client.expectPrefix(`[65,%d,`, id)
	}
	pool.send(`[68,1,1001,{}]`)
	client.expectPrefix(`[68,1,`)
	w.stop()
	for range procedures {
		pool.expectPrefix(`[66,`)
	}
	client.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
}
