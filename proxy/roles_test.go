package proxy

import (
	"strings"
	"testing"
)

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
