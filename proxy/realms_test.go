package proxy

import (
	"fmt"
	"strings"
	"testing"
)

// joinIn connects a client to a realm.
func (w *world) joinIn(realm string) (client, router *peer) {
	w.t.Helper()
	client, router = w.connect()
	hello := fmt.Sprintf(`[1,%q,{"roles":{"callee":{"features":{}}}}]`, realm)
	client.send("%s", hello)
	router.expect("%s", hello)
	welcome := fmt.Sprintf(`[2,7,{"realm":%q,"authid":"joe","authrole":"backend","roles":{}}]`, realm)
	router.send("%s", welcome)
	client.expect("%s", welcome)
	return client, router
}

// welcomeIn takes the HELLO of a realm's pool session.
func (w *world) welcomeIn(realm string) *peer {
	w.t.Helper()
	pool := w.accept()
	pool.expectPrefix(`[1,%q,{"agent":"wampool"`, realm)
	pool.send(`[2,1,{"realm":%q,"authrole":"backend","roles":{"dealer":{}}}]`, realm)
	return pool
}

const realm2 = "realm \"realm2\" {\n pool \"com.example.p\" {\n concurrency = 1\n queue {}\n }\n}"

// A realm that a reload brings is joined, and its callees are pooled; one that goes
// gives its registrations up, finishes its calls, and has its callees come back to
// register at the router. The other realm hears nothing of it.
func TestReloadOfRealms(t *testing.T) {
	w, first := newWorld(t, `pool "com.example.p" {}`)
	callee1, _, registration1 := w.callee(first, `{}`, ``)
	early, earlyRouter := w.joinIn("realm2") // no realm of the configuration yet

	w.tells(w.reload(worldOptions{realm: `pool "com.example.p" {}`, more: realm2}), []string{`realm "realm2" is new`}, nil)
	pool := w.welcomeIn("realm2")
	early.send(`[64,1,{},"com.example.p"]`) // its session is older
	earlyRouter.expect(`[64,1,{},"com.example.p"]`)
	earlyRouter.send(`[8,64,1,{},"wamp.error.not_authorized"]`)
	early.expect(`[8,64,1,{},"wamp.error.not_authorized"]`)

	callee, router := w.joinIn("realm2")
	callee.send(`[64,1,{},"com.example.p"]`)
	pool.expect(`[64,1,{},"com.example.p"]`)
	pool.send(`[65,1,100]`)
	registration := w.admit(callee, router)
	plain, plainRouter := w.joinIn("realm2")
	plain.send(`[64,1,{},"com.example.q"]`)
	plainRouter.expect(`[64,1,{},"com.example.q"]`)
	plainRouter.send(`[65,1,200]`)
	plain.expect(`[65,1,200]`)
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)

	w.tells(w.reload(worldOptions{realm: `pool "com.example.p" {}`}), []string{`realm "realm2" is gone: its pools drain`}, nil)
	pool.expect(`[66,2,100]`)
	pool.send(`[68,2,100,{}]`) // it has crossed our UNREGISTER, and waits
	pool.send(`[67,2]`)
	if pools := (view{w.proxy}).Pools(); len(pools) != 2 || pools[1].Realm != "realm2" {
		t.Errorf("while realm2 goes, pools are %+v", pools)
	}
	for request := 1; request <= 2; request++ {
		callee.send(`[70,%d,{}]`, request)
		pool.expect(`[70,%d,{}]`, request)
		if request == 1 {
			callee.expect(`[68,2,%d,{}]`, registration)
		}
	}
	router.expect(`[6,{},"wamp.close.close_realm"]`)
	router.send(andOut)
	callee.expectPrefix(`[6,{"message":"the proxy pools nothing in this realm any more"}`)
	callee.expectEnd()
	pool.expect(`[6,{},"wamp.close.system_shutdown"]`)
	pool.send(andOut)
	w.proxy.retirements.Wait()

	// Who is left there has it to itself, and the router.
	plainRouter.send(`[68,9,200,{}]`)
	plain.expect(`[68,9,200,{}]`)
	plain.send(`[64,2,{"invoke":"roundrobin"},"com.example.p"]`)
	plainRouter.expect(`[64,2,{"invoke":"roundrobin"},"com.example.p"]`)

	first.send(`[68,1,100,{}]`)
	callee1.expect(`[68,1,%d,{}]`, registration1)
	if pools := (view{w.proxy}).Pools(); len(pools) != 1 {
		t.Errorf("pools are %+v", pools)
	}

	// It comes again, under the same name.
	w.reload(worldOptions{realm: `pool "com.example.p" {}`, more: realm2})
	again := w.welcomeIn("realm2")
	callee, router = w.joinIn("realm2")
	callee.send(`[64,1,{},"com.example.p"]`)
	again.expect(`[64,1,{},"com.example.p"]`)
	again.send(`[65,1,300]`)
	registration = w.admit(callee, router)
	again.send(`[68,1,300,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
}

// A clean stop while a realm goes lets its calls finish too; and a realm that comes to
// a sidecar that was drained drains.
func TestStopWhileARealmGoes(t *testing.T) {
	w, _, control := controlled(t, "")
	w.reload(worldOptions{more: realm2})
	pool := w.welcomeIn("realm2")
	callee, router := w.joinIn("realm2")
	callee.send(`[64,1,{},"com.example.p"]`)
	pool.expect(`[64,1,{},"com.example.p"]`)
	pool.send(`[65,1,100]`)
	registration := w.admit(callee, router)
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	if err := control.Post(t.Context(), "/api/v1/drain", map[string]any{"all": true}, nil); err != nil {
		t.Fatal(err)
	}
	pool.expect(`[66,2,100]`)
	pool.send(`[67,2]`)
	w.reload(worldOptions{more: strings.ReplaceAll(realm2, "realm2", "realm3")})
	w.welcomeIn("realm3")
	client, _ := w.joinIn("realm3")
	client.send(`[64,1,{},"com.example.p"]`)
	client.expectPrefix(`[8,64,1,{},"wamp.error.unavailable"`)

	w.stop()
	callee.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
}
