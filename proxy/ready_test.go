package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// ready asks the admin listener whether wampool is ready.
func (w *world) ready() (status int, why string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.proxy.admin.Address()+"/readyz", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestReadiness(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{
		realm: `auth {
			method = "ticket"
			authid = "wampool"
			secret = "do-not-tell"
		}
		pool "com.example.p" {}`,
		more: `admin { address = "127.0.0.1:0" }`,
	})
	is := func(status int, why string) {
		t.Helper()
		if got, text := w.ready(); got != status || !strings.Contains(text, why) || strings.Contains(text, "do-not-tell") {
			t.Errorf("readiness is %d %q, want %d with %q", got, text, status, why)
		}
	}
	pool := w.accept()
	pool.expectPrefix(`[1,"realm1"`)
	is(503, "realm realm1: the pool session is not up: it has yet to join the router\n")
	pool.send(`[3,{"message":"no such\\nticket"},"wamp.error.authentication_failed"]`)
	log.find(t, "can't join")
	is(503, "wamp.error.authentication_failed")
	pool = w.accept()
	pool.expectPrefix(`[1,"realm1"`)
	pool.send(`[4,"ticket",{}]`)
	pool.expect(`[5,"do-not-tell",{}]`)
	pool.send(`[2,1,{"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}]`)
	callee, _, _ := w.callee(pool, "{}", "") // by then it is up
	is(200, "ready\n")
	pool.send(`[68,1,100,{}]`)
	callee.expectPrefix(`[68,1,`)
	w.stop()
	pool.expect(`[66,2,100]`)
	is(503, "wampool is stopping\n") // as long as the call runs
	callee.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	pool.send(`[67,2]`)
	pool.expectPrefix(`[6,`)
}
