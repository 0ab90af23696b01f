package passing

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestEventsPassInAllDirections(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	for i, from := range []string{c.URL(), w.URL} {
		for j, to := range []string{c.URL(), w.URL} {
			for _, name := range []string{"twisted", "autobahn", "wampy"} {
				topic := fmt.Sprintf("com.example.topic.%d.%d.%s", i, j, name)
				subscriber := harness.Library(t, name).Join(t, to, nil)
				subscriber.Do("subscribe", harness.Args{"topic": topic}).OK(t)
				publisher := harness.Library(t, "asyncio").Join(t, from, nil)
				publisher.Do("publish", harness.Args{"topic": topic, "args": []any{1, "two"}, "kwargs": harness.Args{"k": nil}}).OK(t)
				e := subscriber.Next("event")
				if harness.Normal(t, e.Args) != `[1,"two"]` || harness.Normal(t, e.Kwargs) != `{"k":null}` || e.Topic != topic {
					t.Errorf("event came as %+v", e)
				}
			}
		}
	}
}

func TestProceduresThatAreNotPooledPass(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	callee := harness.Library(t, "twisted").Join(t, w.URL, nil)
	callee.Register("com.example.plain", "echo", nil).OK(t)
	callee.Register("com.example.single", "error", harness.Args{"invoke": "single"}).OK(t)
	callee.Register("com.example.beside", "echo", harness.Args{"invoke": "roundrobin"}).OK(t) // pooled, at the same callee
	for _, url := range []string{c.URL(), w.URL} {
		caller := harness.Library(t, "asyncio").Join(t, url, nil)
		for _, procedure := range []string{"com.example.plain", "com.example.beside", "com.example.plain"} {
			if got := string(caller.Call(procedure, "x").OK(t)); got != `"x"` {
				t.Errorf("%s returns %s", procedure, got)
			}
		}
		caller.Call("com.example.single", "why").Fails(t, "com.example.failed")
		caller.Call("com.example.unknown").Fails(t, "wamp.error.no_such_procedure")
	}
	callee.Do("unregister", harness.Args{"procedure": "com.example.plain"}).OK(t)
	callee.Call("com.example.plain").Fails(t, "wamp.error.no_such_procedure")
}

func TestMetaProceduresPass(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	a := harness.Library(t, "twisted").Join(t, w.URL, nil)
	a.Register("com.example.meta", "echo", harness.Args{"invoke": "roundrobin"}).OK(t)
	asker := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	var details struct{ Session uint64 }
	if err := json.Unmarshal(asker.Call("wamp.session.get", a.Session).OK(t), &details); err != nil || details.Session != a.Session {
		t.Errorf("wamp.session.get of %d returns %d (%v)", a.Session, details.Session, err)
	}
	var id uint64
	if err := json.Unmarshal(asker.Call("wamp.registration.lookup", "com.example.meta").OK(t), &id); err != nil || id == 0 {
		t.Errorf("wamp.registration.lookup returns %d (%v)", id, err)
	}
	if got := string(asker.Call("wamp.registration.count_callees", id).OK(t)); got != "1" {
		t.Errorf("wamp.registration.count_callees returns %s, want the pool session alone", got)
	}
	asker.Call("wamp.registration.get", 1).Fails(t, "wamp.error.no_such_registration")
}
