package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/proxy/admin"
)

// controlled is a world whose admin listener takes commands.
func controlled(t *testing.T, realm string) (*world, *peer, *admin.Client) {
	w, pool := newWorldOf(t, worldOptions{realm: realm, more: "admin {\n address = \"127.0.0.1:0\"\n control = true\n}"})
	return w, pool, admin.NewClient(w.proxy.admin.Address())
}

// A callee that drains gets no new call, finishes, and stays; or goes, if asked.
func TestDrainOfACallee(t *testing.T) {
	w, pool, control := controlled(t, `pool "com.example.p" {
		concurrency = 1
		queue {}
	}`)
	client, router, registration := w.callee(pool, `{}`, ``)
	post := func(path string, request, answer any) {
		t.Helper()
		if err := control.Post(t.Context(), "/api/v1/"+path, request, answer); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	pool.send(`[68,1,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	var drained Drained
	post("drain", map[string]any{"name": "joe"}, &drained)
	if !drained.IsDraining || drained.Session != 7 || drained.AuthID != "joe" || drained.InFlight != 1 {
		t.Errorf("drained is %+v", drained)
	}
	pool.send(`[68,2,100,{}]`)
	client.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	var pools admin.Pools
	if err := control.Get(t.Context(), "/api/v1/pools", &pools); err != nil || !pools.Pools[0].Callees[0].IsDraining || pools.Pools[0].Queue.Waiting != 1 {
		t.Errorf("pools are %+v, %v", pools, err)
	}
	post("undrain", map[string]any{"name": "7"}, &drained)
	client.expect(`[68,2,%d,{}]`, registration)
	post("drain", map[string]any{"name": drained.Address, "goodbye": true}, nil)
	client.send(`[70,2,{}]`)
	pool.expect(`[70,2,{}]`)
	router.expect(`[6,{},"wamp.close.close_realm"]`)
	router.send(andOut)
	client.expect(`[6,{"message":"this callee was drained"},"wamp.close.close_realm"]`)
	client.expectEnd()
}

// A name may be nobody's, or that of many.
func TestDrainNames(t *testing.T) {
	w, pool, control := controlled(t, `pool "com.example.p" { policy = "roundrobin" }`)
	w.callee(pool, `{}`, ``)
	second, secondRouter := w.join("backend", "")
	second.send(`[64,1,{},"com.example.p"]`)
	w.admit(second, secondRouter)
	w.join("backend", "") // no callee
	for request, want := range map[string]string{
		`{"name":"nobody"}`: "no callee of a pool is called",
		`{"name":"joe"}`:    `"joe" is the name of 2 callees, name one by its session's ID or its address: session 7 of joe at 127.0.0.1:`,
		`{}`:                `"name" is missing`,

		`{"name":"joe","session":1}`: "no callee of a pool is called",
		`{"nom":"joe"}`:              "not what is expected",
	} {
		if _, err := w.proxy.commands()["drain"](t.Context(), []byte(request)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", request, err, want)
		}
	}
	if err := control.Post(t.Context(), "/api/v1/undrain", map[string]any{"name": "joe", "goodbye": true}, nil); err == nil || !strings.Contains(err.Error(), "of drain alone") {
		t.Errorf("undrain with a GOODBYE: %v", err)
	}
}

// A session's ID by itself is that alone, though another callee goes by it as its authid.
func TestDrainOfASession(t *testing.T) {
	w, pool, control := controlled(t, `pool "com.example.p" { policy = "roundrobin" }`)
	w.callee(pool, `{}`, ``) // session 7
	second, router := w.connect()
	second.send(`[1,"realm1",{"roles":{"callee":{}}}]`)
	router.expectPrefix(`[1,"realm1",`)
	router.send(`[2,8,{"realm":"realm1","authid":"7","authrole":"backend","roles":{}}]`)
	second.expectPrefix(`[2,8,`)
	second.send(`[64,1,{},"com.example.p"]`)
	w.admit(second, router)
	var drained Drained
	if err := control.Post(t.Context(), "/api/v1/drain", map[string]any{"session": 7}, &drained); err != nil || drained.Session != 7 {
		t.Errorf("drained is %+v, %v", drained, err)
	}
	if err := control.Post(t.Context(), "/api/v1/drain", map[string]any{"name": "7"}, nil); err == nil || !strings.Contains(err.Error(), "the name of 2 callees") {
		t.Errorf("a name of two: %v", err)
	}
}

// Two pools may go by one name, since a procedure may begin with prefix: or be called
// other. They are counted together then, and are named by match and procedure.
func TestPoolsOfOneName(t *testing.T) {
	w, pool, control := controlled(t, `pool "p" {
		match  = "prefix"
		policy = "roundrobin"
	}
	pool "prefix:p" {
		concurrency = 1
	}`)
	client, router := w.join("backend", "")
	for i, register := range []string{`{"match":"prefix"},"p"]`, `{},"prefix:p"]`} {
		client.send(`[64,%d,%s`, i+1, register)
		pool.expect(`[64,%d,%s`, i+1, register)
		pool.send(`[65,%d,%d]`, i+1, 100+i)
		router.expect(`[64,%d,%s`, i+1, register)
		router.send(`[8,64,%d,{},"wamp.error.procedure_already_exists"]`, i+1)
		client.expectPrefix(`[65,%d,`, i+1)
	}
	const of = `{pool="prefix:p",realm="realm1"} `
	w.shows(`wampool_pool_callees`+of+`2`, `wampool_pool_slots`+of+`1`, `wampool_ledger_difference`+of+`0`,
		`wampool_registers_total{outcome="pooled",pool="prefix:p",realm="realm1"} 2`)
	if err := control.Post(t.Context(), "/api/v1/pause", map[string]any{"pool": "prefix:p"}, nil); err == nil || !strings.Contains(err.Error(), "2 pools") {
		t.Errorf("pause of either: %v", err)
	}
	for _, path := range []string{"pause", "drain"} {
		if err := control.Post(t.Context(), "/api/v1/"+path, map[string]any{"match": "prefix", "procedure": "p"}, nil); err != nil {
			t.Errorf("%s of one: %v", path, err)
		}
	}
	var pools admin.Pools
	if err := control.Get(t.Context(), "/api/v1/pools", &pools); err != nil {
		t.Fatal(err)
	}
	for _, p := range pools.Pools {
		if is := p.Match == "prefix"; p.IsPaused != is || p.IsDrained != is {
			t.Errorf("%s %s: paused %t, drained %t", p.Match, p.Procedure, p.IsPaused, p.IsDrained)
		}
	}
}

// A pool that is paused has its calls wait, or refuses them where nothing waits; it
// stays so while its callees come and go.
func TestPauseOfAPool(t *testing.T) {
	w, pool, control := controlled(t, `pool "com.example.p" {
		queue {
			limit = 1
		}
	}`)
	client, router, registration := w.callee(pool, `{}`, ``)
	var paused Paused
	pause := func(path, name string) {
		t.Helper()
		if err := control.Post(t.Context(), "/api/v1/"+path, map[string]any{"pool": name}, &paused); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	pause("pause", "com.example.p")
	pool.send(`[68,1,100,{}]`)
	pool.send(`[68,2,100,{}]`)
	pool.expectPrefix(`[8,68,2,{},"crossbar.error.max_concurrency_reached",["the pool of com.example.p is paused, and 1 calls wait in its queue"]`)
	pause("resume", "com.example.p")
	if paused.IsPaused || paused.Realm != "realm1" {
		t.Errorf("resumed is %+v", paused)
	}
	client.expect(`[68,1,%d,{}]`, registration)
	client.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)

	pause("pause", "com.example.p")
	client.send(`[66,2,%d]`, registration)
	client.expect(`[67,2]`)
	pool.expect(`[66,2,100]`)
	pool.send(`[67,2]`)
	client.send(`[64,3,{},"com.example.p"]`)
	pool.expect(`[64,3,{},"com.example.p"]`)
	pool.send(`[65,3,101]`)
	router.expect(`[64,2,{},"com.example.p"]`)
	router.send(`[8,64,2,{},"wamp.error.procedure_already_exists"]`)
	client.expectPrefix(`[65,3,`)
	pool.send(`[68,3,101,{}]`)
	pause("resume", "com.example.p")
	client.expectPrefix(`[68,2,`)
	if err := control.Post(t.Context(), "/api/v1/pause", map[string]any{"match": "prefix", "procedure": "com.example.p"}, nil); err == nil || !strings.Contains(err.Error(), "there is no pool") {
		t.Errorf("a pool that is not there: %v", err)
	}
	if err := control.Post(t.Context(), "/api/v1/reload", nil, nil); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Error(fmt.Errorf("reload without a file: %w", err))
	}
}
