package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/admin"
)

// Calls that can't come to their pool are counted, and told of, as those that do: too
// long for any callee, unreadable, or on their way while the pool is given up. Those of
// no pool that is known are not.
func TestCallsThatMissTheirPoolAreCounted(t *testing.T) {
	w := makeWorld(t)
	w.start(worldOptions{realm: directly(""), limits: `message_bytes = "1KiB"`, more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, `{}`, "")
	calls, _ := w.following(admin.NewClient(w.proxy.admin.Address()), admin.Trace{Pool: "com.example.p"})

	pool.send(`[68,1,100,{},["%s"]]`, strings.Repeat("x", 1<<10))
	pool.expectPrefix(`[8,68,1,{},"wamp.error.payload_size_exceeded"`)
	pool.send(`[68,2,100,"x"]`)
	pool.expectPrefix(`[8,68,2,{},"wamp.error.invalid_argument"`)
	pool.send(`[68,3,100,{"progress":true},["%s"]]`, strings.Repeat("x", 1<<10))
	pool.expectPrefix(`[8,68,3,{},"wamp.error.payload_size_exceeded"`)
	pool.send(`[68,3,100,{}]`) // the rest of it
	callee.send(`[66,2,%d]`, registration)
	callee.expect(`[67,2]`)
	pool.expectPrefix(`[66,`)
	pool.send(`[68,4,100,{}]`) // before the router knows
	pool.expectPrefix(`[8,68,4,{},"wamp.error.no_available_callee"`)
	pool.send(`[68,5,999,{}]`) // of no registration that was ever there
	pool.expectPrefix(`[8,68,5,{},"wamp.error.no_available_callee"`)

	for _, want := range []string{
		"1: error wamp.error.payload_size_exceeded", "2: error wamp.error.invalid_argument",
		"3: error wamp.error.payload_size_exceeded", "4: no_callee wamp.error.no_available_callee",
	} {
		c := <-calls
		if got := fmt.Sprintf("%d: %s %s", c.Request, c.Outcome, c.Error); got != want || c.Bytes == 0 || c.AnswerBytes == 0 || c.Callee != 0 || c.Pool != "com.example.p" {
			t.Errorf("told is %+v, want %s", c, want)
		}
	}
	w.shows(
		`wampool_calls_received_total{origin="router",pool="com.example.p",realm="realm1"} 4`,
		`wampool_calls_ended_total{outcome="error",pool="com.example.p",realm="realm1"} 3`,
		`wampool_calls_ended_total{outcome="no_callee",pool="com.example.p",realm="realm1"} 1`,
		`wampool_ledger_difference{pool="com.example.p",realm="realm1"} 0`,
	)
}

// So are those of callers here while wampool drains.
func TestDirectCallsInADrainAreCounted(t *testing.T) {
	w, pool := newWorldOf(t, worldOptions{realm: directly("")})
	callee, _, registration := w.callee(pool, `{}`, "")
	caller, _ := w.join("frontend", "")
	caller.send(`[48,1,{},"com.example.p"]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	w.stop()
	pool.expectPrefix(`[66,`)
	caller.send(`[48,2,{},"com.example.p"]`)
	caller.expectPrefix(`[8,48,2,{},"wamp.error.unavailable"`)
	w.waitFor("two calls were received, one has ended, and one runs", func(r *realm) bool {
		var c dealer.Count
		for id := range r.dealer.MaxPool() {
			if r.dealer.Count(r.now(), id, &c) && c.Direct == 2 && c.Over() == 1 && c.Ended[dealer.ReasonDraining.Outcome()] == 1 && c.Running == 1 {
				return true
			}
		}
		return false
	})
	callee.send(`[70,1,{}]`)
	caller.expect(`[50,1,{}]`)
}
