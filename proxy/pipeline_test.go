package proxy

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/proxy/transport"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
)

// giveUp lets the patience of all REGISTERs that have arrived be over.
func (w *world) giveUp() {
	r := w.proxy.realms["realm1"]
	var out transport.Outbox
	r.mu.Lock()
	r.start = r.start.Add(-w.proxy.admission.RegisterPatience)
	r.bring(&out, func() []admission.Action { return r.registrar.Tick(r.now()) })
	r.arm()
	r.mu.Unlock()
	out.Flush()
}

// exists answers a probe as a router does that knows the procedure as taken.
func (p *peer) exists(request int) {
	p.t.Helper()
	p.send(`[8,64,%d,{},"wamp.error.procedure_already_exists"]`, request)
}

// A router that is far away answers nothing before it has seen all of a round:
// the pool session's REGISTERs, and the callee's own.
func TestManyRegistersTakeTwoRounds(t *testing.T) {
	const procedures = 200
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	for id := 1; id <= procedures; id++ {
		client.send(`[64,%d,%s,"com.example.p%d"]`, id, shared, id)
	}
	for id := 1; id <= procedures; id++ {
		pool.expect(`[64,%d,{},"com.example.p%d"]`, id, id)
	}
	for id := 1; id <= procedures; id++ {
		pool.send(`[65,%d,%d]`, id, 1000+id)
	}
	for id := 1; id <= procedures; id++ {
		router.expect(`[64,%d,{},"com.example.p%d"]`, id, id)
	}
	for id := 1; id <= procedures; id++ {
		router.exists(id)
	}
	for id := 1; id <= procedures; id++ {
		client.expectPrefix(`[65,%d,`, id)
	}
	client.send(`[32,%d,{},"com.example.t"]`, procedures+1)
	router.expect(`[32,%d,{},"com.example.t"]`, procedures+1)
}

func TestWhatWasMissing(t *testing.T) {
	r := &realm{proxy: &Proxy{admission: admission.Defaults(0)}}
	for reason, want := range map[admission.Reason]string{
		admission.NoLink:        "the pool's own session at the router was not up",
		admission.NoPoolAnswer:  "the router did not answer the REGISTER of the pool's own session",
		admission.NoPoolEnd:     "the router did not answer the UNREGISTER of the pool's own session",
		admission.NoPool:        "the router did not let the pool's own session have the procedure",
		admission.NoTurn:        "the router did not answer the callee's own REGISTERs before this one",
		admission.NoProbeAnswer: "the router did not answer the callee's own REGISTER",
		admission.NoUndo:        "the router did not answer the UNREGISTER of what it had granted to the callee itself",
	} {
		uri, got := r.denialOf(&admission.Action{Denial: admission.Denial{Reason: reason}, Register: &codec.Register{Procedure: "com.example.p"}})
		if want := fmt.Sprintf("register for com.example.p: %s within 10s", want); got != want || uri != uriNetworkFailure {
			t.Errorf("got %s %q, want %q", uri, got, want)
		}
	}
}

// What the router grants after the callee was told otherwise is given back, and
// the callee hears nothing of it.
func TestLateAnswerToAProbe(t *testing.T) {
	for _, late := range []string{`[65,1,500]`, `[8,64,1,{},"wamp.error.procedure_already_exists"]`} {
		w, pool := newWorld(t, "")
		client, router := w.join("backend", "")
		client.send(`[64,1,%s,"com.example.p"]`, shared)
		w.registerPool(pool)
		router.expect(`[64,1,{},"com.example.p"]`)
		w.giveUp()
		client.expectPrefix(`[8,64,1,{},"wamp.error.network_failure"`)
		pool.expect(`[66,2,100]`)
		client.send(`[32,2,{},"com.example.t"]`)
		router.expect(`[32,2,{},"com.example.t"]`)
		next := 3
		router.send("%s", late)
		if late == `[65,1,500]` {
			router.expect(`[66,3,500]`)
			router.send(`[68,77,500,{}]`) // which has crossed it
			router.expectPrefix(`[8,68,77,{},"wamp.error.no_available_callee"`)
			router.send(`[67,3]`)
			next++
		}
		router.send(`[33,2,7]`)
		client.expect(`[33,2,7]`)
		client.send(`[32,3,{},"com.example.u"]`)
		router.expect(`[32,%d,{},"com.example.u"]`, next)
		router.send(`[33,%d,8]`, next)
		client.expect(`[33,3,8]`)
		w.waitFor("nothing of it is kept", func(r *realm) bool {
			s := r.calleeOf(0)
			return s.probes.len() == 0 && s.upkeep.lasting+s.upkeep.kept <= openBytes+2*probeBytes && s.upkeep.waiting == 0
		})
	}
}

// sessionOf waits for the only session of a realm that keeps something.
func (w *world) sessionOf(what string, is func(*session) bool) {
	w.t.Helper()
	w.waitFor(what, func(r *realm) bool {
		for c := range w.proxy.clients {
			if s := c.session.Load(); s != nil && is(s) {
				return true
			}
		}
		return false
	})
}

// What keeping a message and a registration costs at least, in bytes.
const heldBytes, membershipBytes = 768, 1280

// What is held counts by what holding it costs, so that messages without a payload
// are bounded too: the client is read no further.
func TestEmptyMessagesBehindARegisterAreBounded(t *testing.T) {
	const held, sent = 64 << 10, 20_000
	w, pool := newWorldOf(t, worldOptions{limits: `held_bytes = "64KiB"`})
	client, router := w.join("backend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	pool.expect(`[64,1,{},"com.example.p"]`)
	for id := 2; id <= sent; id++ {
		if err := client.conn.Send(fmt.Appendf(nil, `[16,%d,{},"t"]`, id)); err != nil {
			t.Fatal(err)
		}
	}
	client.conn.Flush()
	w.sessionOf("the client is stopped", func(s *session) bool { return s.upkeep.isFull(held) })
	w.sessionOf("no more than the bound is held", func(s *session) bool {
		state, _ := s.realm.registrar.Session(s.candidate)
		return s.upkeep.waiting <= held+heldBytes+64 && state.Held <= held/heldBytes && s.account.Held() >= held
	})
	pool.send(`[65,1,100]`)
	w.admit(client, router)
	for id := 2; id <= sent; id++ {
		router.expect(`[16,%d,{},"t"]`, id)
	}
	w.sessionOf("nothing is held", func(s *session) bool { return s.upkeep.waiting == 0 })
}

// So do registrations: what a session may have of them has a bound, and it goes on.
func TestRegistrationsOfOneSessionAreBounded(t *testing.T) {
	w, pool := newWorldOf(t, worldOptions{limits: `held_bytes = "64KiB"`})
	client, router := w.join("backend", "")
	most, id, own := 0, 0, 0
	var had []uint64
	register := func() bool {
		id++
		client.send(`[64,%d,%s,"com.example.p%d"]`, id, shared, id)
		var message string
		select {
		case message = <-pool.messages:
		case refused := <-client.messages:
			if want := fmt.Sprintf(`[8,64,%d,{},"wamp.error.unavailable",["this session has as many registrations`, id); len(refused) < len(want) || refused[:len(want)] != want {
				t.Fatalf("got %s", refused)
			}
			return false
		}
		var asked int
		if _, err := fmt.Sscanf(message, `[64,%d`, &asked); err != nil {
			t.Fatal(message, err)
		}
		pool.send(`[65,%d,%d]`, asked, 1000+id)
		own++
		router.expect(`[64,%d,{},"com.example.p%d"]`, own, id)
		router.exists(own)
		var registration uint64
		if _, err := fmt.Sscanf(client.expectPrefix(`[65,%d,`, id), fmt.Sprintf(`[65,%d,%%d]`, id), &registration); err != nil {
			t.Fatal(err)
		}
		had = append(had, registration)
		return true
	}
	for register() {
		most++
	}
	if most < 20 || most > 64<<10/membershipBytes {
		t.Errorf("a session has %d registrations", most)
	}
	for i, registration := range had[:2] {
		id++
		client.send(`[66,%d,%d]`, id, registration)
		client.expect(`[67,%d]`, id)
		pool.expectPrefix(`[66,%d,`, most+1+i)
		pool.send(`[67,%d]`, most+1+i)
	}
	if !register() {
		t.Error("there is no room after two were given back")
	}
	c := w.onlyClient()
	if least := int64(most) * membershipBytes; c.account.Held() < least {
		t.Errorf("%d are counted, want at least %d", c.account.Held(), least)
	}
	client.send(`[6,{},"wamp.close.close_realm"]`)
	client.send(`[1,"realm1",{"roles":{"callee":{}}}]`)
	router.expect(`[6,{},"wamp.close.close_realm"]`)
	router.expectPrefix(`[1,"realm1"`)
	w.waitFor("nothing is counted", func(*realm) bool { return c.session.Load() == nil && c.account.Held() == 0 })
}

func TestUpkeep(t *testing.T) {
	budget := transport.NewBudget(0)
	u := upkeep{account: budget.Open(nil)}
	n := newTable[struct{}](&u, 10)
	for id := range uint64(100) {
		n.put(id, struct{}{})
		n.put(id, struct{}{})
	}
	for id := range uint64(99) {
		n.drop(id)
	}
	u.keep(5, 0)
	if u.lasting != 1000 || budget.Held() != 1005 { // a map does not shrink
		t.Errorf("%d last, %d are held", u.lasting, budget.Held())
	}
	if u.isFull(1005) || !u.isFull(1004) || !u.hasRoom(4, 1004) || u.hasRoom(5, 1004) {
		t.Error("the bound is elsewhere")
	}
	n.drop(99)
	n.put(1, struct{}{})
	n.drop(1)
	if u.lasting != 10 || n.len() != 0 { // a small one is kept
		t.Errorf("%d last", u.lasting)
	}
	u.keep(5, 20)
	if budget.Held() != 35 || u.isFull(35) || !u.isFull(34) {
		t.Errorf("%d are held, with what the registrar keeps", budget.Held())
	}
	u.giveBack()
	u.last(7)
	u.keep(0, 3)
	if budget.Held() != 0 {
		t.Errorf("%d are held", budget.Held())
	}
	if u = (upkeep{account: budget.Open(nil)}); u.isFull(0) || !u.hasRoom(0, 0) {
		t.Error("nothing is too much")
	}
}

// A router that drops what its queue for a session cannot take is never asked
// for so much at once in a callee's session either.
func TestProbesArePaced(t *testing.T) {
	const procedures = 200
	w, pool := pacedWorld(t)
	client, router := w.join("backend", "")
	for id := 1; id <= procedures; id++ {
		client.send(`[64,%d,%s,"com.example.p%d"]`, id, shared, id)
	}
	for id := 1; id <= procedures; id++ {
		pool.expect(`[64,%d,{},"com.example.p%d"]`, id, id)
		pool.send(`[65,%d,%d]`, id, 1000+id)
	}
	for id := 1; id <= maxAsks; id++ {
		router.expect(`[64,%d,{},"com.example.p%d"]`, id, id)
	}
	router.send(`[68,1,9,{}]`) // of its own
	client.expect(`[68,1,9,{}]`)
	client.send(`[70,1,{}]`)
	router.expect(`[70,1,{}]`) // the first thing that came
	for id := 1; id <= procedures; id++ {
		router.exists(id)
		client.expectPrefix(`[65,%d,`, id)
		if next := id + maxAsks; next <= procedures {
			router.expect(`[64,%d,{},"com.example.p%d"]`, next, next)
		}
	}
	client.send(`[32,%d,{},"com.example.t"]`, procedures+1)
	router.expect(`[32,%d,{},"com.example.t"]`, procedures+1)
	w.waitFor("nobody waits", func(r *realm) bool { return r.registrar.Waiting() == 0 })
}
