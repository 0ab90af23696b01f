package proxy

import "testing"

// Nothing of one WAMP session is in the next one on the same connections.

// sayGoodbye ends a client's session, and the router answers.
func (w *world) sayGoodbye(client, router *peer) {
	w.t.Helper()
	client.send("%s", goodbye)
	router.expect("%s", goodbye)
	router.send("%s", andOut)
	client.expect("%s", andOut)
}

// passesAll checks that a session's requests and answers pass as they are, from
// the first ID on.
func passesAll(t *testing.T, client, router *peer) {
	t.Helper()
	for _, message := range []string{
		`[48,1,{},"com.example.p",["up"]]`, `[16,2,{"acknowledge":true},"com.example.t"]`, `[32,3,{},"com.example.t"]`,
		`[64,4,{},"com.example.own"]`, `[66,5,4711]`, `[70,1,{}]`, `[8,68,2,{},"com.example.error"]`,
	} {
		client.send("%s", message)
		router.expect("%s", message)
	}
	for _, message := range []string{
		`[50,1,{},["down"]]`, `[17,2,9]`, `[33,3,10]`, `[65,4,11]`, `[8,66,5,{},"wamp.error.no_such_registration"]`,
		`[68,1,11,{}]`, `[68,5,11,{}]`, `[69,5,{}]`,
	} {
		router.send("%s", message)
		client.expect("%s", message)
	}
}

// A callee of a pool, with a call in flight and one of its own registration.
func TestNextSessionOfACallee(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router, registration := w.callee(pool, shared, `"registration_revocation":true`)
	pool.send(`[68,1,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	router.send(`[68,77,5,{}]`)
	client.expect(`[68,2,5,{}]`)
	w.sayGoodbye(client, router)
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	pool.expect(`[66,2,100]`)
	w.welcome(client, router, "backend", "")
	if n := w.onlyClient().inFlight(); n != 0 || w.onlyClient().isBusy() {
		t.Errorf("%d in flight, or busy", n)
	}
	passesAll(t, client, router)
	client.send(`[66,6,%d]`, registration)
	router.expect(`[66,6,%d]`, registration)
}

// A caller whose calls are answered here, with one that waits, one that was
// answered, and one at the router; in the next session its role is another.
func TestNextSessionOfADirectCaller(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {
		direct = ["frontend"]
		concurrency = 1
		queue { limit = 5 }
	}`)
	callee, _, registration := w.callee(pool, "{}", "")
	client, router := w.join("frontend", "")
	client.send(`[48,1,{},"com.example.p"]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	callee.send(`[70,1,{}]`)
	client.expect(`[50,1,{}]`)
	client.send(`[48,2,{},"com.example.q"]`)
	router.expect(`[48,1,{},"com.example.q"]`)
	client.send(`[48,3,{},"com.example.p"]`)
	callee.expect(`[68,2,%d,{}]`, registration)
	client.send(`[48,4,{},"com.example.p",["waits"]]`)
	w.waitFor("it waits", func(r *realm) bool { waiting, _ := r.dealer.Load(); return waiting == 1 })
	w.sayGoodbye(client, router)
	w.welcome(client, router, "stranger", "")
	callee.send(`[70,2,{}]`) // nobody's any more
	passesAll(t, client, router)
	w.sayGoodbye(client, router)
	w.welcome(client, router, "frontend", "")
	client.send(`[48,1,{},"com.example.p",["again"]]`)
	callee.expect(`[68,3,%d,{},["again"]]`, registration)
	callee.send(`[70,3,{}]`)
	client.expect(`[50,1,{}]`)
	client.send(`[16,2,{"acknowledge":true},"com.example.t"]`)
	router.expect(`[16,1,{"acknowledge":true},"com.example.t"]`)
}

// A session whose requests have other IDs at the router. The answer that comes
// behind the client's GOODBYE is still mapped back, for its session is not over.
func TestNextSessionBehindRenumbering(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router, registration := w.callee(pool, shared, "")
	client.send(`[66,2,%d]`, registration)
	client.expect(`[67,2]`)
	pool.expect(`[66,2,100]`)
	client.send(`[48,3,{},"com.example.q"]`)
	router.expect(`[48,2,{},"com.example.q"]`)
	client.send("%s", goodbye)
	router.expect("%s", goodbye)
	router.send(`[50,2,{},["late"]]`)
	client.expect(`[50,3,{},["late"]]`)
	router.send("%s", andOut)
	client.expect("%s", andOut)
	w.welcome(client, router, "backend", "")
	passesAll(t, client, router)
}

// A client that does not wait: its GOODBYE and the next HELLO are behind a
// REGISTER that is pending, and all that is held behind that comes to the router
// in order. The router's late answers concern nobody.
func TestNextSessionBehindAPendingRegister(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	pool.expect(`[64,1,{},"com.example.p"]`)
	client.send(`[48,2,{},"com.example.q",["held"]]`)
	client.send("%s", goodbye)
	client.send(`[1,"realm1",{"roles":{"callee":{}}}]`)
	router.expect(`[48,1,{},"com.example.q",["held"]]`)
	router.expect("%s", goodbye)
	router.expect(`[1,"realm1",{"roles":{"callee":{}}}]`)
	pool.send(`[65,1,100]`)
	pool.expect(`[66,2,100]`)
	router.send("%s", andOut)
	client.expect("%s", andOut)
	router.send(`[2,8,{"realm":"realm1","authrole":"backend","roles":{}}]`)
	client.expectPrefix(`[2,8,`)
	passesAll(t, client, router)
}

// What is in flight is counted for each session alone, and the end of one that
// comes behind the HELLO of the next one is not taken for the end of that.
func TestNextSessionCountsAnew(t *testing.T) {
	for _, realm := range []string{"realm1", "elsewhere"} {
		w, _ := newWorld(t, "")
		client, router := w.connect()
		join := func() {
			client.send(`[1,%q,{"roles":{"callee":{}}}]`, realm)
			router.expectPrefix(`[1,`)
		}
		welcome := func() {
			router.send(`[2,7,{"realm":%q,"authrole":"backend","roles":{}}]`, realm)
			client.expectPrefix(`[2,7,`)
		}
		join()
		c := w.onlyClient()
		counts := func(when string, calls, invocations int64) {
			t.Helper()
			if n := c.inFlight(); n != calls+invocations || c.isBusy() != (invocations > 0) {
				t.Errorf("%s, %s: %d in flight, busy %v; want %d and %d", realm, when, n, c.isBusy(), calls, invocations)
			}
		}
		welcome()
		client.send(`[48,5,{},"com.example.q"]`)
		router.expectPrefix(`[48,5,`)
		router.send(`[68,9,5,{}]`)
		client.expectPrefix(`[68,9,`)
		counts("in the first session", 1, 1)
		client.send("%s", goodbye)
		router.expect("%s", goodbye)
		join()
		counts("between them", 0, 0)
		router.send(`[68,10,5,{}]`) // of the first one still
		client.expectPrefix(`[68,10,`)
		router.send("%s", andOut)
		client.expectPrefix(`[6,`)
		welcome()
		counts("at first in the second", 0, 0)
		client.send(`[48,1,{},"com.example.q"]`) // a lower ID than before
		router.expectPrefix(`[48,1,`)
		router.send(`[68,1,5,{}]`)
		client.expectPrefix(`[68,1,`)
		counts("in the second session", 1, 1)
		client.send(`[70,1,{}]`)
		router.expectPrefix(`[70,1,`)
		router.send(`[50,1,{}]`)
		client.expectPrefix(`[50,1,`)
		counts("at last", 0, 0)
	}
}
