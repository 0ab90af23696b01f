package integration

import (
	"fmt"
	"testing"
)

// force_reregister, and registrations that the router takes away.

// At Crossbar.io a callee that forces its way into a shared registration of two
// is never answered; here it is, and those who were there finish their calls.
func TestForceReregisterEmptiesThePool(t *testing.T) {
	const procedure = "com.example.force"
	atBoth(t, router(t), pooled(procedure, "concurrency = 1\nqueue {\n}"), func(t *testing.T, s side) {
		python := s.callee(t, procedure, "roundrobin", 1)
		javaScript := library(t, "autobahn").join(t, s.url, nil)
		javaScript.register(procedure, "hold", args{"invoke": "roundrobin", "concurrency": 1}).ok(t)
		caller := s.caller(t)
		running := []*answer{caller.call(procedure, 0), caller.call(procedure, 1)}
		python.invoked(1)
		javaScript.invoked(1)
		raw := joinRaw(t, "usurper", s.url)
		raw.send(fmt.Sprintf(`[64,1,{"invoke":"roundrobin","force_reregister":true},%q]`, procedure))
		raw.send(`[48,2,{},"wamp.session.count"]`)
		if !s.wampool {
			raw.expect(`[50,2,`) // and nothing else, ever
			return
		}
		raw.expect(`[65,1,`)
		raw.expect(`[50,2,`)
		if e := javaScript.next("unregistered"); e.Procedure != procedure || e.Reason != "wamp.error.unregistered" {
			t.Errorf("the callee in JavaScript is told %+v", e)
		}
		last := caller.call(procedure, 2)
		invoked := raw.expect(`[68,`)
		for i, callee := range []*client{python, javaScript} {
			callee.release(procedure, 1)
			if got := string(running[i].ok(t)); got != fmt.Sprint(i) {
				t.Errorf("call %d returns %s", i, got)
			}
		}
		raw.send(fmt.Sprintf(`[70,%d,{},["forced"]]`, element(t, invoked, 1)))
		if got := string(last.ok(t)); got != `"forced"` {
			t.Errorf("the call after it returns %s", got)
		}
	})
}

// Somebody at the router takes the procedure away from the pool.
func TestRouterThatRevokesThePoolsRegistration(t *testing.T) {
	c := router(t)
	const procedure = "com.example.revoked"
	w := startWampool(t, c.url(), pooled(procedure, "policy = \"roundrobin\""))
	announces := rawCallee(t, w.url, procedure, "registration_revocation", "shared_registration")
	silent := rawCallee(t, w.url, procedure, "shared_registration")
	javaScript := library(t, "autobahn").join(t, w.url, nil)
	javaScript.register(procedure, "name", nil).ok(t)
	caller := library(t, "asyncio").join(t, c.url(), nil)
	running := caller.call(procedure, 1)
	id := element(t, announces.expect(`[68,`), 1)

	usurper := library(t, "twisted").join(t, c.url(), nil)
	usurper.register(procedure, "name", args{"force_reregister": true}).ok(t)
	announces.expect(`[67,0,{"registration":`)
	if e := javaScript.next("unregistered"); e.Procedure != procedure {
		t.Errorf("the callee in JavaScript is told %+v", e)
	}
	silent.send(`[48,2,{},"wamp.session.count"]`)
	silent.expect(`[50,2,`) // and nothing before it
	if got := string(caller.call(procedure).ok(t)); got != fmt.Sprintf("%q", usurper.name) {
		t.Errorf("the call went to %s", got)
	}
	announces.send(fmt.Sprintf(`[70,%d,{},["late"]]`, id)) // what runs is answered all the same
	if got := string(running.ok(t)); got != `"late"` {
		t.Errorf("the call that ran returns %s", got)
	}

	again := library(t, "asyncio").join(t, w.url, nil)
	again.register(procedure, "name", nil).fails(t, "wamp.error.procedure_already_exists")
	usurper.do("unregister", args{"procedure": procedure}).ok(t)
	again.register(procedure, "name", nil).ok(t)
	if got := string(caller.call(procedure).ok(t)); got != fmt.Sprintf("%q", again.name) {
		t.Errorf("the call went to %s", got)
	}
}
