package proxy

import "testing"

// onlyClient returns the sidecar's only client.
func (w *world) onlyClient() *client {
	w.t.Helper()
	w.proxy.mu.Lock()
	defer w.proxy.mu.Unlock()
	if len(w.proxy.clients) != 1 {
		w.t.Fatalf("there are %d clients", len(w.proxy.clients))
	}
	for c := range w.proxy.clients {
		return c
	}
	return nil
}

// A callee is busy while it has a call in flight: of a pool, of its own
// registration, and of that from before it joined a pool.
func TestCalleeIsBusyWhileItHasCalls(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.connect()
	client.send(`[1,"elsewhere",{"roles":{"callee":{}}}]`)
	router.expectPrefix(`[1,"elsewhere"`) // the session has begun by now
	c := w.onlyClient()
	busy := func(when string, want bool) {
		t.Helper()
		if got := c.isBusy(); got != want {
			t.Errorf("%s: busy %v, want %v", when, got, want)
		}
	}
	invoke := func(from *peer, sent, got string) {
		t.Helper()
		from.send("%s", sent)
		client.expectPrefix("%s", got)
	}
	answer := func(to *peer, sent, got string) {
		t.Helper()
		client.send("%s", sent)
		to.expect("%s", got)
	}
	busy("at first", false)
	router.send(`[2,7,{"realm":"elsewhere"}]`)
	client.expectPrefix(`[2,7,`)
	invoke(router, `[68,1,900,{}]`, `[68,1,900,{}]`)
	busy("with a call in a realm that has no pools", true)
	client.send(`[6,{},"wamp.close.close_realm"]`)
	router.expectPrefix(`[6,`)
	router.send(`[6,{},"wamp.close.goodbye_and_out"]`)
	client.expectPrefix(`[6,`)
	w.welcome(client, router, "backend", `"progressive_call_results":true`)
	busy("in the next session", false)
	invoke(router, `[68,1,900,{"receive_progress":true}]`, `[68,1,900,`)
	busy("with a call of its own", true)
	answer(router, `[70,1,{"progress":true}]`, `[70,1,{"progress":true}]`)
	busy("behind a part of the result", true)
	answer(router, `[8,68,1,{},"com.example.error"]`, `[8,68,1,{},"com.example.error"]`)
	busy("behind the error", false)

	invoke(router, `[68,2,900,{}]`, `[68,2,900,`)
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	w.registerPool(pool)
	w.admit(client, router)
	busy("with a call from before it joined the pool", true)
	answer(router, `[70,2,{}]`, `[70,2,{}]`)
	busy("behind its answer", false)
	invoke(pool, `[68,11,100,{}]`, `[68,3,`)
	busy("with a call of the pool", true)
	answer(pool, `[70,3,{}]`, `[70,11,{}]`)
	busy("behind the pool's answer", false)
	invoke(router, `[68,5,900,{}]`, `[68,4,900,`)
	busy("with another call of its own", true)
	answer(router, `[70,4,{}]`, `[70,5,{}]`)
	busy("at last", false)
}
