package integration

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
)

func TestEventsPassInAllDirections(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	for i, from := range []string{c.url(), w.url} {
		for j, to := range []string{c.url(), w.url} {
			for _, name := range []string{"twisted", "autobahn", "wampy"} {
				topic := fmt.Sprintf("com.example.topic.%d.%d.%s", i, j, name)
				subscriber := library(t, name).join(t, to, nil)
				subscriber.do("subscribe", args{"topic": topic}).ok(t)
				publisher := library(t, "asyncio").join(t, from, nil)
				publisher.do("publish", args{"topic": topic, "args": []any{1, "two"}, "kwargs": args{"k": nil}}).ok(t)
				e := subscriber.next("event")
				if normal(t, e.Args) != `[1,"two"]` || normal(t, e.Kwargs) != `{"k":null}` || e.Topic != topic {
					t.Errorf("event came as %+v", e)
				}
			}
		}
	}
}

func TestProceduresThatAreNotPooledPass(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	callee := library(t, "twisted").join(t, w.url, nil)
	callee.register("com.example.plain", "echo", nil).ok(t)
	callee.register("com.example.single", "error", args{"invoke": "single"}).ok(t)
	callee.register("com.example.beside", "echo", args{"invoke": "roundrobin"}).ok(t) // pooled, at the same callee
	for _, url := range []string{c.url(), w.url} {
		caller := library(t, "asyncio").join(t, url, nil)
		for _, procedure := range []string{"com.example.plain", "com.example.beside", "com.example.plain"} {
			if got := string(caller.call(procedure, "x").ok(t)); got != `"x"` {
				t.Errorf("%s returns %s", procedure, got)
			}
		}
		caller.call("com.example.single", "why").fails(t, "com.example.failed")
		caller.call("com.example.unknown").fails(t, "wamp.error.no_such_procedure")
	}
	callee.do("unregister", args{"procedure": "com.example.plain"}).ok(t)
	callee.call("com.example.plain").fails(t, "wamp.error.no_such_procedure")
}

func TestMetaProceduresPass(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	a := library(t, "twisted").join(t, w.url, nil)
	a.register("com.example.meta", "echo", args{"invoke": "roundrobin"}).ok(t)
	asker := library(t, "asyncio").join(t, w.url, nil)
	var details struct{ Session uint64 }
	if err := json.Unmarshal(asker.call("wamp.session.get", a.session).ok(t), &details); err != nil || details.Session != a.session {
		t.Errorf("wamp.session.get of %d returns %d (%v)", a.session, details.Session, err)
	}
	var id uint64
	if err := json.Unmarshal(asker.call("wamp.registration.lookup", "com.example.meta").ok(t), &id); err != nil || id == 0 {
		t.Errorf("wamp.registration.lookup returns %d (%v)", id, err)
	}
	if got := string(asker.call("wamp.registration.count_callees", id).ok(t)); got != "1" {
		t.Errorf("wamp.registration.count_callees returns %s, want the pool session alone", got)
	}
	asker.call("wamp.registration.get", 1).fails(t, "wamp.error.no_such_registration")
}

// authenticated is a realm block whose pool session logs in by ticket.
const authenticated = `realm "realm1" {
  auth {
    method = "ticket"
    authid = "wampool"
    secret = "wampool-secret"
  }
}`

func TestUnauthorizedRegisterIsRefusedAsTheRouterRefusesIt(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.authURL(), authenticated)
	guest := args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"}
	direct := library(t, "twisted").join(t, c.authURL(), guest).register("com.example.denied", "echo", args{"invoke": "roundrobin"})
	through := library(t, "twisted").join(t, w.url, guest).register("com.example.denied", "echo", args{"invoke": "roundrobin"})
	session := regexp.MustCompile(`session_id=[0-9]+`)
	told := func(a *answer) string {
		return session.ReplaceAllString(a.fails(t, "wamp.error.not_authorized"), "session_id=…")
	}
	if d, th := told(direct), told(through); d != th {
		t.Errorf("through wampool the callee is told\n%s\nand at the router\n%s", th, d)
	}
}

func TestCalleeOfAnotherRoleDoesNotGetIntoThePool(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.authURL(), authenticated)
	worker := args{"authmethod": "ticket", "authid": "worker", "secret": "worker-secret"}
	guest := args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"}
	member := library(t, "twisted").join(t, w.url, worker)
	member.register("com.example.closed", "name", args{"invoke": "roundrobin"}).ok(t)
	stranger := library(t, "twisted").join(t, w.url, guest)
	r := stranger.register("com.example.closed", "name", args{"invoke": "roundrobin"}).wait(t)
	if r.Error == nil {
		t.Fatal("a callee of role frontend got into the pool of role backend")
	}
	caller := library(t, "asyncio").join(t, w.url, guest)
	for range 4 {
		if got := string(caller.call("com.example.closed").ok(t)); got != fmt.Sprintf("%q", member.name) {
			t.Errorf("the call went to %s", got)
		}
	}
}
