package proxy

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/transport"
)

// bomb panics once, where a message is logged: in the place that a test needs.
type bomb struct {
	message string
	armed   atomic.Bool
}

func (b *bomb) Run(_ *zerolog.Event, _ zerolog.Level, message string) {
	if message == b.message && b.armed.CompareAndSwap(true, false) {
		panic("bomb")
	}
}

// minedWorld has two realms, each with a pool, and a bomb.
func minedWorld(t *testing.T, message, block string) (w *world, pool, other *peer, b *bomb, log *journal) {
	w, log = loggingWorld(t)
	b = &bomb{message: message}
	w.log = w.log.Hook(b)
	w.start(worldOptions{realm: block, more: `realm "realm2" {}`})
	for range 2 {
		at := w.accept()
		hello := at.next()
		at.send(`[2,1,{"authrole":"backend","roles":{"dealer":{}}}]`)
		if strings.HasPrefix(hello, `[1,"realm1"`) {
			pool = at
		} else {
			other = at
		}
	}
	pool.isUp()
	other.isUp()
	return w, pool, other, b, log
}

// failed waits for a connection that ends by an error of wampool's own.
func (p *peer) failed() {
	p.t.Helper()
	p.expectEnd()
	var closed *transport.CloseError
	if err := p.conn.Err(); !errors.As(err, &closed) || closed.Code != 1011 {
		p.t.Errorf("it ended by %v, want close code 1011", err)
	}
}

// told finds the panic in the log, once.
func (j *journal) told(t *testing.T) {
	t.Helper()
	line := j.find(t, "internal error: please report this")
	if !strings.Contains(line, `"panic":"bomb"`) || !strings.Contains(line, "contain_test.go") {
		t.Errorf("log: %s", line)
	}
	if n := strings.Count(j.String(), "please report"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// A panic while one session's message is handled ends that session.
func TestPanicEndsItsSessionAlone(t *testing.T) {
	w, pool, _, b, log := minedWorld(t, "session opened", "")
	callee, _, registration := w.callee(pool, shared, "")
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	plain, atRouter := w.join("backend", "")
	b.armed.Store(true)
	client, router := w.connect()
	client.send("%s", helloOne)
	router.expect("%s", helloOne)
	router.send("%s", realmOne)
	client.failed()
	router.failed()
	log.told(t)
	callee.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	plain.send(`[48,1,{},"com.example.q"]`)
	atRouter.expect(`[48,1,{},"com.example.q"]`)
}

// One within an event of the dealer, whose decisions are not carried out: the
// realm's calls are answered once, its callees stay, and nothing else notices.
func TestPanicUnderTheLock(t *testing.T) {
	w, pool, other, b, log := minedWorld(t, "pool member joined", `pool "com.example.p" {
		policy = "first"
		concurrency = 1
		queue { limit = 5 }
		direct = ["frontend"]
	}`)
	callee, atRouter, registration := w.callee(pool, "{}", "")
	caller, _ := w.join("frontend", "")

	stranger, strangerAtRouter := w.connect()
	stranger.send("%s", helloTwo)
	strangerAtRouter.expect("%s", helloTwo)
	strangerAtRouter.send("%s", noRealm)
	stranger.expect("%s", noRealm)
	stranger.send(`[64,1,%s,"com.example.p"]`, shared)
	w.registerPool(other)
	strange := w.admit(stranger, strangerAtRouter)
	other.send(`[68,1,100,{}]`)
	stranger.expect(`[68,1,%d,{}]`, strange)

	pool.send(`[68,1,100,{},["runs"]]`)
	callee.expect(`[68,1,%d,{},["runs"]]`, registration)
	pool.send(`[68,2,100,{},["waits"]]`)
	pool.send(`[68,3,999,{}]`)
	pool.expectPrefix(`[8,68,3,{},"wamp.error.no_available_callee"`)
	caller.send(`[48,1,{},"com.example.p",["waits too"]]`)
	w.waitFor("both calls wait", func(r *realm) bool { waiting, _ := r.dealer.Load(); return waiting == 2 })
	atRouter.send(`[68,44,5,{}]`) // the router's own
	callee.expect(`[68,2,5,{}]`)

	second, secondAtRouter := w.join("backend", "")
	second.send(`[64,1,{},"com.example.p"]`)
	secondAtRouter.expect(`[64,1,{},"com.example.p"]`)
	b.armed.Store(true)
	secondAtRouter.send(`[8,64,1,{},"wamp.error.procedure_already_exists"]`)
	const lost = `"wamp.error.canceled",["the call was lost by an internal error of the proxy"]]`
	answers := map[string]bool{pool.next(): true, pool.next(): true}
	if !answers[`[8,68,1,{},`+lost] || !answers[`[8,68,2,{},`+lost] {
		t.Errorf("calls by the router: %v", answers)
	}
	caller.expect(`[8,48,1,{},%s`, lost)
	second.expectPrefix(`[65,1,`)
	second.failed()
	secondAtRouter.failed()
	log.told(t)

	pool.send(`[68,4,100,{},["next"]]`) // it waits, for the only slot is taken
	pool.send(`[68,5,999,{}]`)
	pool.expectPrefix(`[8,68,5,{},"wamp.error.no_available_callee"`)
	callee.send(`[70,1,{}]`) // nobody waits for it any more
	callee.expect(`[68,3,%d,{},["next"]]`, registration)
	callee.send(`[70,2,{}]`)
	atRouter.expect(`[70,44,{}]`)
	callee.send(`[70,3,{}]`)
	pool.expect(`[70,4,{}]`)
	caller.send(`[48,2,{},"com.example.p"]`)
	callee.expect(`[68,4,%d,{}]`, registration)
	callee.send(`[66,2,%d]`, registration)
	callee.expect(`[67,2]`)
	callee.send(`[70,4,{}]`)
	caller.expect(`[50,2,{}]`)
	pool.expect(`[66,2,100]`)
	stranger.send(`[70,1,{}]`)
	other.expect(`[70,1,{}]`)
}

// One after everything was decided and done costs the realm nothing.
func TestPanicBetweenEvents(t *testing.T) {
	w, pool, _, b, log := minedWorld(t, "pool member left", `pool "com.example.p" { policy = "first" }`)
	callee, _, registration := w.callee(pool, "{}", "")
	second, router := w.join("backend", "")
	second.send(`[64,1,{},"com.example.p"]`)
	w.admit(second, router)
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	b.armed.Store(true)
	second.conn.Abort(errStopped)
	router.expectEnd()
	log.told(t)
	callee.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
}

// One while the clock does what is due does not stop it.
func TestPanicOfTheClock(t *testing.T) {
	w, pool, _, b, log := minedWorld(t, endOf(dealer.ReasonQueueTimeout), `pool "com.example.p" {
		concurrency = 1
		queue { timeout = "10ms" }
	}`)
	callee, _, registration := w.callee(pool, "{}", "")
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	b.armed.Store(true)
	pool.send(`[68,2,100,{}]`)
	first := pool.next()
	if second := pool.next(); !strings.HasPrefix(first, `[8,68,`) || !strings.HasPrefix(second, `[8,68,`) || first[:7] == second[:7] {
		t.Errorf("answers %s and %s", first, second)
	}
	log.told(t)
	pool.send(`[68,3,100,{}]`) // the slot is taken still
	pool.expectPrefix(`[8,68,3,{},"wamp.error.timeout"`)
}

// A callee that the dealer knows, and nobody else, is lost; the call that was to
// go there is answered, and the pool session stays.
func TestPanicOfThePoolSession(t *testing.T) {
	w, pool, _, _, log := minedWorld(t, "", "")
	callee, _, registration := w.callee(pool, shared, "")
	r := w.proxy.realms["realm1"]
	r.mu.Lock()
	stray := r.dealer.AddCallee(codec.CalleeFeatures{}, 0)
	if _, err := r.dealer.Join(r.now(), dealer.Registration{Callee: stray, ID: 1, Policy: dealer.RoundRobin}); err != nil {
		t.Error(err)
	}
	r.mu.Unlock()
	callee.send(`[66,2,%d]`, registration)
	callee.expect(`[67,2]`)
	pool.send(`[68,1,100,{}]`)
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	pool.expect(`[66,2,100]`)
	log.find(t, "please report this")
}

// What can't be brought in order is not contained.
func TestPanicThatEndsTheProcess(t *testing.T) {
	w, _, _, _, _ := minedWorld(t, "", "")
	func() {
		defer func() {
			if _, is := recover().(final); !is {
				t.Error("it was contained")
			}
		}()
		c := &client{proxy: w.proxy}
		defer c.contain(nil, "client")
		r := &realm{proxy: w.proxy, log: zerolog.Nop()}
		r.mu.Lock()
		defer r.unlock(nil, nil)
		panic("bomb")
	}()
}

// One within the registrar, whose books may disagree then: who is in a pool stays, who
// was on the way to one ends, and the pool session is begun anew.
func TestPanicOfTheRegistrar(t *testing.T) {
	w, pool, _, _, log := minedWorld(t, "", "")
	callee, _, registration := w.callee(pool, shared, "")
	second, secondAtRouter := w.join("backend", "")
	second.send(`[64,1,%s,"com.example.q"]`, shared)
	pool.expect(`[64,2,{},"com.example.q"]`)
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	r := w.proxy.realms["realm1"]
	func() {
		var out transport.Outbox
		defer out.Flush()
		r.mu.Lock()
		defer r.unlock(&out, nil)
		r.bring(&out, func() []admission.Action { panic("it must be contained") })
	}()
	second.failed()
	secondAtRouter.failed()
	log.find(t, "please report this")
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	pool.expect(`[6,{},"wamp.close.close_realm"]`)
	callee.send(`[70,1,{}]`) // nobody waits for it any more
	pool.send(`[6,{},"wamp.close.goodbye_and_out"]`)
	pool = w.welcomePool()
	w.registerPool(pool)
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,2,%d,{}]`, registration)
	callee.send(`[70,2,{}]`)
	pool.expect(`[70,1,{}]`)
}

// One while a callee joins, of which the dealer knows nothing yet: nobody is in the
// pool, whose registration is given up, though it would linger for one who has left.
func TestPanicBeforeTheDealerHasTheCallee(t *testing.T) {
	for _, block := range []string{"", `pool "com.example.p" { linger = "1h" }`} {
		w, pool, _, _, log := minedWorld(t, "", block)
		client, router := w.join("backend", "")
		client.send(`[64,1,%s,"com.example.p"]`, shared)
		w.registerPool(pool)
		router.expect(`[64,1,{},"com.example.p"]`)
		s := w.onlyClient().session.Load()
		func() {
			r := s.realm
			var out transport.Outbox
			defer out.Flush()
			r.mu.Lock()
			defer r.unlock(&out, s)
			q, _ := s.probes.get(1)
			r.bring(&out, func() []admission.Action {
				r.registrar.ProbeRefused(r.now(), q.pending, admission.Exists)
				return []admission.Action{{Kind: admission.Join, Session: s.candidate, Pool: "of nobody"}}
			})
		}()
		client.failed()
		router.failed()
		log.find(t, "please report this")
		pool.expect(`[66,2,100]`)
		pool.send(`[67,2]`)
		w.waitFor("nothing is left of it", func(r *realm) bool { return len(r.pools) == 0 && len(r.dealer.Pools()) == 0 })
	}
}

// One while the sidecar drains: it has answered the last calls, and the drain ends.
func TestPanicWhileDraining(t *testing.T) {
	w, pool, _, b, log := minedWorld(t, "call refused", "")
	callee, _, registration := w.callee(pool, shared, "")
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	r := w.proxy.realms["realm1"]
	r.drain()
	pool.expect(`[66,2,100]`)
	b.armed.Store(true)
	pool.send(`[68,2,100,{}]`)
	pool.expectPrefix(`[8,68,2,{},"wamp.error.unavailable"`)
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	log.told(t)
	select {
	case <-r.await(r.isIdle, 0):
	default:
		t.Error("the drain waits for calls that were answered")
	}
}

// One that leaves a pool and its pool session unopened, which the registrar takes for
// open: they are opened, and the pool is given up with the session.
func TestPanicWhileAPoolIsOpened(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{})
	w.welcomePool()
	w.waitFor("the pool session is up", func(r *realm) bool {
		for _, l := range r.links {
			return l.session != 0
		}
		return false
	})
	client, _ := w.join("backend", "")
	s := w.onlyClient().session.Load()
	r := s.realm
	func() {
		var out transport.Outbox
		defer out.Flush()
		r.mu.Lock()
		defer r.unlock(&out, s)
		s.candidate = r.registrar.OpenSession(admission.Session{Serializer: codec.CBOR, Role: "backend"})
		r.candidates[s.candidate] = s
		r.bring(&out, func() []admission.Action {
			actions := r.registrar.Register(r.now(), s.candidate, admission.Register{
				Message: admission.Message{Type: codec.TypeRegister}, Block: r.rulesOf(nil),
				Asks: codec.Register{Request: 1, Procedure: "com.example.p", Invoke: "roundrobin"},
			})
			if actions[0].Kind != admission.OpenLink || actions[1].Kind != admission.OpenPool {
				t.Errorf("actions %v", actions)
			}
			return []admission.Action{{Kind: admission.Held, Link: 99}}
		})
	}()
	client.failed()
	log.find(t, "please report this")
	w.waitFor("nothing is left of it", func(r *realm) bool {
		return len(r.pools) == 0 && len(r.dealer.Pools()) == 0 && len(r.links) == len(r.registrar.Links())
	})
}
