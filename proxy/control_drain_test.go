package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wampool/wampool/proxy/admin"
)

// A pool that drains gives its registration up and keeps its callees: what comes until
// the router has taken that back is served, what waits gets its turn, and nobody joins.
func TestDrainOfAPool(t *testing.T) {
	w, pool, control := controlled(t, directly("concurrency = 1\n queue {}\n"))
	client, _, registration := w.callee(pool, `{}`, ``)
	caller, callerRouter := w.join("frontend", "")
	var told DrainedPool
	post := func(path string, request map[string]any) {
		t.Helper()
		request["pool"] = "com.example.p"
		if err := control.Post(t.Context(), "/api/v1/"+path, request, &told); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	pool.send(`[68,1,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	pool.send(`[68,2,100,{}]`)
	w.waitFor("a call waits", func(r *realm) bool { waiting, _ := r.dealer.Load(); return waiting == 1 })
	post("drain", map[string]any{})
	if want := (DrainedPool{"realm1", "com.example.p", true, 1, 1, 1}); told != want || told.IsDone() {
		t.Errorf("told %+v, want %+v", told, want)
	}
	pool.expect(`[66,2,100]`)
	pool.send(`[68,3,100,{}]`) // it has crossed our UNREGISTER
	pool.send(`[67,2]`)
	if status, why := w.ready(); status != http.StatusOK {
		t.Errorf("not ready: %s", why)
	}
	// A call of a caller here goes where the pool is served now.
	caller.send(`[48,1,{},"com.example.p"]`)
	callerRouter.expect(`[48,1,{},"com.example.p"]`)
	late, _ := w.join("backend", "")
	late.send(`[64,1,{},"com.example.p"]`)
	late.expectPrefix(`[8,64,1,{},"wamp.error.unavailable",["the pool of com.example.p was drained here`)

	waited := make(chan error)
	go func() {
		waited <- control.Post(t.Context(), "/api/v1/drain", map[string]any{"pool": "com.example.p", "wait_seconds": 600}, &told)
	}()
	w.waitFor("somebody waits", func(r *realm) bool { return len(r.awaits) > 0 })
	for request := 1; request <= 3; request++ {
		client.send(`[70,%d,{}]`, request)
		pool.expect(`[70,%d,{}]`, request)
		if request < 3 {
			client.expect(`[68,%d,%d,{}]`, request+1, registration)
		}
	}
	if err := <-waited; err != nil || !told.IsDone() || !told.IsDraining {
		t.Errorf("waited for %+v, %v", told, err)
	}
	var pools admin.Pools
	if err := control.Get(t.Context(), "/api/v1/pools", &pools); err != nil || !pools.Pools[0].IsDrained || pools.Pools[0].IsLive || len(pools.Pools[0].Callees) != 1 {
		t.Errorf("pools are %+v, %v", pools, err)
	}

	post("undrain", map[string]any{})
	pool.expect(`[64,3,{},"com.example.p"]`)
	if told.IsDraining || told.Registrations != 1 {
		t.Errorf("undrained is %+v", told)
	}
	pool.send(`[65,3,101]`)
	pool.send(`[68,4,101,{}]`)
	client.expect(`[68,4,%d,{}]`, registration)
}

// All pools drain at once, behind a readyz that says so; what is configured anew, and
// what a reload changes, drains too; and it can be undone.
func TestDrainOfAll(t *testing.T) {
	w, pool, control := controlled(t, `pool "com.example.p" {}`)
	client, _, registration := w.callee(pool, `{}`, ``)
	var told DrainedAll
	post := func(path string, request map[string]any) {
		t.Helper()
		request["all"] = true
		if err := control.Post(t.Context(), "/api/v1/"+path, request, &told); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	pool.send(`[68,1,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	post("drain", map[string]any{})
	if want := (DrainedAll{true, 1, 0, 1}); told != want {
		t.Errorf("told %+v, want %+v", told, want)
	}
	if status, why := w.ready(); status != http.StatusServiceUnavailable || !strings.Contains(why, "was drained") {
		t.Errorf("ready: %d, %s", status, why)
	}
	pool.expect(`[66,2,100]`)
	post("drain", map[string]any{"wait_seconds": 0.01})
	if told.IsDone() || told.Running != 1 {
		t.Errorf("a wait in vain tells %+v", told)
	}
	w.waitFor("nobody waits", func(r *realm) bool { return len(r.awaits) == 0 })
	pool.send(`[67,2]`)
	client.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	post("drain", map[string]any{"wait_seconds": 600})
	if !told.IsDone() {
		t.Errorf("told %+v", told)
	}
	late, _ := w.join("backend", "")
	late.send(`[64,1,{"invoke":"roundrobin"},"com.example.q"]`)
	late.expectPrefix(`[8,64,1,{},"wamp.error.unavailable",["the proxy was drained`)
	w.reload(worldOptions{realm: "pool \"com.example.p\" {\n concurrency = 1\n}", more: "admin {\n address = \"127.0.0.1:0\"\n control = true\n}"})
	post("undrain", map[string]any{})
	pool.expect(`[64,3,{},"com.example.p"]`)
	if status, why := w.ready(); status != http.StatusOK {
		t.Errorf("not ready: %s", why)
	}
}

// A drain of a callee can be waited for.
func TestWaitForTheDrainOfACallee(t *testing.T) {
	w, pool, control := controlled(t, `pool "com.example.p" {}`)
	client, _, registration := w.callee(pool, `{}`, ``)
	pool.send(`[68,1,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	var told Drained
	waited := make(chan error)
	go func() {
		waited <- control.Post(t.Context(), "/api/v1/drain", map[string]any{"name": "joe", "wait_seconds": 600}, &told)
	}()
	w.waitFor("somebody waits", func(r *realm) bool { return len(r.awaits) > 0 })
	client.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	if err := <-waited; err != nil || told.InFlight != 0 || !told.IsDraining {
		t.Errorf("waited for %+v, %v", told, err)
	}
}

// What a request may name is one thing, and what is done with it has to fit.
func TestDrainRequests(t *testing.T) {
	w, _, _ := controlled(t, "")
	for _, c := range []struct{ path, request, want string }{
		{"drain", `{"name":"joe","pool":"p"}`, "of one of them"},
		{"drain", `{"all":true,"session":3}`, "of one of them"},
		{"drain", `{"all":true,"realm":"realm1"}`, "of one of them"},
		{"drain", `{"pool":"p","goodbye":true}`, "goodbye is of a callee's drain alone"},
		{"drain", `{"pool":"p","procedure":"p"}`, `"pool" is missing`},
		{"drain", `{"realm":"realm1"}`, `"name" is missing`},
		{"drain", `{"pool":"p"}`, "there is no pool"},
		{"drain", `{"all":true,"wait_seconds":-1}`, "from 0 to 3600"},
		{"drain", `{"all":true,"wait_seconds":1e9}`, "from 0 to 3600"},
		{"undrain", `{"all":true,"wait_seconds":1}`, "of drain alone"},
	} {
		if _, err := w.proxy.commands()[c.path](t.Context(), []byte(c.request)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %q", c.path, c.request, err, c.want)
		}
	}
}
