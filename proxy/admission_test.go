package proxy

import (
	"fmt"
	"strings"
	"testing"
)

// A router that names no authrole gives no equal role: only where any role may
// join, the probe alone decides.
func TestRouterWithoutRoles(t *testing.T) {
	for _, test := range []struct {
		block         string
		pools, client string // roles in their WELCOMEs
		pooled        bool
	}{
		{block: ``},
		{block: `admit = ["backend"]`},
		{block: `admit = ["*"]`, pooled: true},
		{block: ``, pools: "backend"},
		{block: ``, client: "backend"},
		{block: `admit = ["backend"]`, client: "backend", pooled: true},
		{block: `admit = ["*"]`, pools: "backend", pooled: true},
		{block: `admit = ["*"]`, pools: "backend", client: "worker", pooled: true},
		{block: ``, pools: "backend", client: "worker"},
		{block: ``, pools: "backend", client: "backend", pooled: true},
		{block: `admit = ["worker"]`, pools: "backend", client: "backend"},
	} {
		t.Run(strings.NewReplacer(" ", "", `"`, "").Replace(fmt.Sprintf("%s,%s,%s", test.block, test.pools, test.client)), func(t *testing.T) {
			w := makeWorld(t)
			w.start(worldOptions{realm: fmt.Sprintf("pool %q {\n%s\n}", "com.example.p", test.block)})
			welcome := func(at *peer, role string) {
				details := `{"realm":"realm1","roles":{}}`
				if role != "" {
					details = fmt.Sprintf(`{"realm":"realm1","authrole":%q,"roles":{}}`, role)
				}
				at.send("[2,7,%s]", details)
			}
			pool := w.accept()
			pool.expectPrefix(`[1,"realm1"`)
			welcome(pool, test.pools)
			client, router := w.connect()
			client.send("%s", helloOne)
			router.expect("%s", helloOne)
			welcome(router, test.client)
			client.expectPrefix(`[2,7,`)
			client.send(`[64,1,%s,"com.example.p"]`, shared)
			if !test.pooled {
				router.expect(`[64,1,%s,"com.example.p"]`, shared)
				return
			}
			w.registerPool(pool)
			w.admit(client, router)
		})
	}
}

func TestRouterWithoutRolesIsTold(t *testing.T) {
	for _, test := range []struct {
		realm string
		logs  string
		ready string // what it says; "ready" else
	}{
		{``, `there is no pool block with admit`, ""},
		{`pool "com.example.p" { admit = ["*"] }`, `whom the router lets register joins them`, ""},
		{`pool "com.example.p" {}`, `nobody is admitted by role to com.example.p`, `realm realm1: the router names no authrole, so nobody is admitted by role to com.example.p: set admit = ["*"]`},
		{`pool "com.example.p" {
			admit  = ["*"]
			direct = ["frontend"]
		}`, `direct answers nobody's calls of com.example.p`, `realm realm1: the router names no authrole, so direct answers nobody's calls of com.example.p`},
	} {
		w, log := loggingWorld(t)
		w.start(worldOptions{realm: test.realm, more: `admin { address = "127.0.0.1:0" }`})
		pool := w.accept()
		pool.expectPrefix(`[1,"realm1"`)
		pool.send(`[2,1,{"realm":"realm1","roles":{"dealer":{}}}]`)
		line := log.find(t, "router names no authrole")
		if !strings.Contains(line, test.logs) {
			t.Errorf("%s: the log says %s", test.realm, line)
		}
		status, why := w.ready()
		if test.ready == "" && status != 200 || !strings.Contains(why, test.ready) {
			t.Errorf("%s: readiness is %d %q", test.realm, status, why)
		}
		pool.conn.Abort(errStopped)
		pool = w.accept()
		pool.expectPrefix(`[1,"realm1"`)
		pool.send(`[2,1,{"realm":"realm1","roles":{"dealer":{}}}]`)
		client, router := w.connect()
		client.send("%s", helloOne)
		router.expect("%s", helloOne)
		if n := strings.Count(log.String(), "router names no authrole: "); n != 1 {
			t.Errorf("%s: told %d times", test.realm, n)
		}
	}
}
