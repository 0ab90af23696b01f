package proxy

import (
	"testing"
	"time"
)

// ends waits for the end of the sidecar.
func (w *world) ends() {
	w.t.Helper()
	select {
	case err := <-w.stopped:
		if err != nil {
			w.t.Error(err)
		}
		w.stopped <- nil // for the end of the test
	case <-time.After(patience):
		w.t.Fatal("the sidecar does not stop")
	}
}

// isUp waits until the pool session that was welcomed is up: a call that nobody
// has registered is refused.
func (p *peer) isUp() {
	p.t.Helper()
	p.send(`[68,1,999,{}]`)
	p.expectPrefix(`[8,68,1,{},"wamp.error.no_available_callee"`)
}

// Calls past the pools are in flight too: a clean stop lets clients' calls be
// answered, and their plain registrations answer.
func TestStopLetsPlainCallsFinish(t *testing.T) {
	for name, test := range map[string]struct {
		realm      string
		call, more []string // what the client, and what the router, say before the stop
		last       string
		byClient   bool // last is the client's
	}{
		"a result": {
			call: []string{`[48,1,{},"com.example.q"]`}, last: `[50,1,{},["done"]]`,
		},
		"an error": {
			call: []string{`[48,1,{},"com.example.q"]`}, last: `[8,48,1,{},"com.example.error"]`,
		},
		"results in parts": {
			call: []string{`[48,1,{"receive_progress":true},"com.example.q"]`},
			more: []string{`[50,1,{"progress":true},[1]]`, `[50,1,{"progress":true},[2]]`},
			last: `[50,1,{"progress":false},[3]]`,
		},
		"arguments in parts": {
			call: []string{`[48,1,{"progress":true},"com.example.q"]`, `[48,1,{"progress":true},"com.example.q"]`, `[48,1,{},"com.example.q"]`},
			last: `[50,1,{}]`,
		},
		"one of two": {
			call: []string{`[48,1,{},"com.example.q"]`, `[48,2,{},"com.example.q"]`},
			more: []string{`[50,2,{}]`}, last: `[50,1,{}]`,
		},
		"an error of another request": {
			call: []string{`[48,1,{},"com.example.q"]`, `[32,2,{},"u"]`},
			more: []string{`[8,32,2,{},"wamp.error.not_authorized"]`}, last: `[50,1,{}]`,
		},
		"an answer": {
			more: []string{`[68,9,5,{}]`}, last: `[70,9,{},["done"]]`, byClient: true,
		},
		"an answer in parts": {
			more: []string{`[68,9,5,{"receive_progress":true}]`, `[68,10,5,{}]`}, call: []string{`[70,9,{"progress":true}]`, `[70,10,{}]`},
			last: `[8,68,9,{},"com.example.error"]`, byClient: true,
		},
		"renumbered": {
			realm: directly(""), call: []string{`[48,1,{},"com.example.q"]`}, last: `[50,1,{}]`,
		},
		"another realm": {
			realm: "none", call: []string{`[48,1,{},"com.example.q"]`}, last: `[50,1,{}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			realm := test.realm
			if realm == "none" {
				realm = ""
			}
			w, pool := newWorld(t, realm)
			pool.isUp()
			role := "frontend"
			client, router := w.connect()
			if test.realm == "none" {
				client.send("%s", helloTwo)
				router.expect("%s", helloTwo)
				router.send("%s", noRealm)
				client.expect("%s", noRealm)
			} else {
				w.welcome(client, router, role, "")
			}
			idle, atRouter := w.join(role, "")
			order := []struct {
				from, to *peer
				says     []string
			}{{client, router, test.call}, {router, client, test.more}}
			if test.byClient {
				order[0], order[1] = order[1], order[0]
			}
			for _, o := range order {
				for _, message := range o.says {
					o.from.send("%s", message)
					o.to.expect("%s", message)
				}
			}
			w.stop()
			pool.expectPrefix(`[6,`)
			pool.send("%s", andOut)
			atRouter.expectPrefix(`[6,`) // who has nothing in flight goes
			atRouter.send("%s", andOut)
			idle.expectPrefix(`[6,`)
			client.send(`[32,9,{},"still here"]`)
			router.expect(`[32,9,{},"still here"]`)
			from, to := router, client
			if test.byClient {
				from, to = client, router
			}
			from.send("%s", test.last)
			to.expect("%s", test.last)
			router.expectPrefix(`[6,`)
			router.send("%s", andOut)
			client.expectPrefix(`[6,`)
			w.ends()
		})
	}
}

// A callee in a pool has plain registrations too.
func TestStopLetsPooledCalleesAnswerPlainCalls(t *testing.T) {
	w, pool := newWorld(t, "")
	callee, router := w.join("backend", "")
	router.send(`[68,3,5,{}]`) // before it was in a pool
	callee.expect(`[68,3,5,{}]`)
	callee.send(`[64,1,%s,"com.example.p"]`, shared)
	w.registerPool(pool)
	registration := w.admit(callee, router)
	router.send(`[68,5,5,{}]`)
	callee.expect(`[68,4,5,{}]`)
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,5,%d,{}]`, registration)
	callee.send(`[70,5,{}]`)
	pool.expect(`[70,1,{}]`)
	w.stop()
	pool.expect(`[66,2,100]`)
	pool.expectPrefix(`[6,`)
	pool.send("%s", andOut)
	callee.send(`[70,4,{}]`)
	router.expect(`[70,5,{}]`)
	callee.send(`[70,3,{}]`)
	router.expect(`[70,3,{}]`)
	router.expectPrefix(`[6,`)
	router.send("%s", andOut)
	callee.expectPrefix(`[6,`)
	w.ends()
}

// Who ends its session, or whose answer never comes, does not keep the sidecar.
func TestStopEndsWithoutAnswers(t *testing.T) {
	for name, leaves := range map[string]func(w *world, client, router *peer){
		"goodbye":  func(_ *world, client, router *peer) { client.send("%s", goodbye); router.expect("%s", goodbye) },
		"lost":     func(_ *world, client, _ *peer) { client.conn.Abort(errStopped) },
		"at once":  func(w *world, _, _ *peer) { w.proxy.Stop() },
		"deadline": func(*world, *peer, *peer) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := makeWorld(t)
			w.prepare = func(p *Proxy) {
				if p.config.DrainTimeout = time.Hour; name == "deadline" {
					p.config.DrainTimeout = 50 * time.Millisecond
				}
			}
			w.start(worldOptions{})
			pool := w.welcomePool()
			pool.isUp()
			client, router := w.join("backend", "")
			client.send(`[48,1,{},"com.example.q"]`)
			router.expect(`[48,1,{},"com.example.q"]`)
			w.stop()
			pool.expectPrefix(`[6,`)
			pool.send("%s", andOut)
			leaves(w, client, router)
			if name == "deadline" { // a stop at once may drop the connection before anybody reads
				router.expectPrefix(`[6,`)
			}
			client.conn.Abort(errStopped)
			w.ends()
		})
	}
}

// The registrations of many pools are given up at the pace of all requests,
// whatever the router answers, and though calls are in flight.
func TestStopGivesUpManyPools(t *testing.T) {
	const procedures = maxAsks + 8
	w := makeWorld(t)
	w.prepare = func(p *Proxy) { p.patience, p.answerPatience = time.Hour, time.Hour }
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
