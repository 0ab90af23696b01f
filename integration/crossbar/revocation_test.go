package crossbar

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// force_reregister, and registrations that the router takes away.

// At Crossbar.io a callee that forces its way into a shared registration of two
// is never answered; here it is, and those who were there finish their calls.
func TestForceReregisterEmptiesThePool(t *testing.T) {
	const procedure = "com.example.force"
	harness.AtBoth(t, harness.SharedCrossbar(t), harness.Pooled(procedure, "concurrency = 1\nqueue {\n}"), func(t *testing.T, s harness.Side) {
		python := s.Callee(t, procedure, "roundrobin", 1)
		javaScript := harness.Library(t, "autobahn").Join(t, s.URL, nil)
		javaScript.Register(procedure, "hold", harness.Args{"invoke": "roundrobin", "concurrency": 1}).OK(t)
		caller := s.Caller(t)
		running := []*harness.Answer{caller.Call(procedure, 0), caller.Call(procedure, 1)}
		python.Invoked(1)
		javaScript.Invoked(1)
		raw := harness.JoinRaw(t, "usurper", s.URL)
		raw.Send(fmt.Sprintf(`[64,1,{"invoke":"roundrobin","force_reregister":true},%q]`, procedure))
		raw.Send(`[48,2,{},"wamp.session.count"]`)
		if !s.Wampool {
			raw.Expect(`[50,2,`) // and nothing else, ever
			return
		}
		raw.Expect(`[65,1,`)
		raw.Expect(`[50,2,`)
		if e := javaScript.Next("unregistered"); e.Procedure != procedure || e.Reason != "wamp.error.unregistered" {
			t.Errorf("the callee in JavaScript is told %+v", e)
		}
		last := caller.Call(procedure, 2)
		invoked := raw.Expect(`[68,`)
		for i, callee := range []*harness.Client{python, javaScript} {
			callee.Release(procedure, 1)
			if got := string(running[i].OK(t)); got != fmt.Sprint(i) {
				t.Errorf("call %d returns %s", i, got)
			}
		}
		raw.Send(fmt.Sprintf(`[70,%d,{},["forced"]]`, harness.Element(t, invoked, 1)))
		if got := string(last.OK(t)); got != `"forced"` {
			t.Errorf("the call after it returns %s", got)
		}
	})
}

// Somebody at the router takes the procedure away from the pool.
func TestRouterThatRevokesThePoolsRegistration(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.revoked"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, "policy = \"roundrobin\""))
	announces := harness.RawCallee(t, w.URL, procedure, "registration_revocation", "shared_registration")
	silent := harness.RawCallee(t, w.URL, procedure, "shared_registration")
	javaScript := harness.Library(t, "autobahn").Join(t, w.URL, nil)
	javaScript.Register(procedure, "name", nil).OK(t)
	caller := harness.Library(t, "asyncio").Join(t, c.URL(), nil)
	running := caller.Call(procedure, 1)
	id := harness.Element(t, announces.Expect(`[68,`), 1)

	usurper := harness.Library(t, "twisted").Join(t, c.URL(), nil)
	usurper.Register(procedure, "name", harness.Args{"force_reregister": true}).OK(t)
	announces.Expect(`[67,0,{"registration":`)
	if e := javaScript.Next("unregistered"); e.Procedure != procedure {
		t.Errorf("the callee in JavaScript is told %+v", e)
	}
	silent.Send(`[48,2,{},"wamp.session.count"]`)
	silent.Expect(`[50,2,`) // and nothing before it
	if got := string(caller.Call(procedure).OK(t)); got != fmt.Sprintf("%q", usurper.Name) {
		t.Errorf("the call went to %s", got)
	}
	announces.Send(fmt.Sprintf(`[70,%d,{},["late"]]`, id)) // what runs is answered all the same
	if got := string(running.OK(t)); got != `"late"` {
		t.Errorf("the call that ran returns %s", got)
	}

	again := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	again.Register(procedure, "name", nil).Fails(t, "wamp.error.procedure_already_exists")
	usurper.Do("unregister", harness.Args{"procedure": procedure}).OK(t)
	again.Register(procedure, "name", nil).OK(t)
	if got := string(caller.Call(procedure).OK(t)); got != fmt.Sprintf("%q", again.Name) {
		t.Errorf("the call went to %s", got)
	}
}
