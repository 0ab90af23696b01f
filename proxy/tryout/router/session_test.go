package router_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/router"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

func TestWelcomeSaysWhoAndWhat(t *testing.T) {
	p := dial(t, tryouttest.StartRouter(t))
	p.say(`[1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket", "anonymous"]}]`)
	m := p.hear()
	if m[0] != 2.0 {
		t.Fatalf("got %v, want WELCOME", m)
	}
	if id := m[1].(float64); id < 1 || id > codec.MaxID {
		t.Errorf("session ID %v", id)
	}
	details := m[2].(map[string]any)
	for key, want := range map[string]string{"realm": "realm1", "authrole": "anonymous", "authmethod": "anonymous"} {
		if details[key] != want {
			t.Errorf("%s is %v, want %s", key, details[key], want)
		}
	}
	if authid, _ := details["authid"].(string); authid == "" {
		t.Error("no authid")
	}
	roles := details["roles"].(map[string]any)
	for role, feature := range map[string]string{"broker": "publisher_exclusion", "dealer": "call_canceling"} {
		features := roles[role].(map[string]any)["features"].(map[string]any)
		if features[feature] != true {
			t.Errorf("%s does not announce %s: %v", role, feature, features)
		}
		if features["pattern_based_registration"] != nil {
			t.Errorf("%s announces what it has not: %v", role, features)
		}
	}
}

func TestHelloIsRefused(t *testing.T) {
	for hello, want := range map[string]string{
		`[1, "realm2", {"roles": {"caller": {}}}]`:                            "wamp.error.no_such_realm",
		`[1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket"]}]`: "wamp.error.no_matching_auth_method",
		`[1, "realm1", {}]`:                 "wamp.error.protocol_violation",
		`[1, "realm1", {"roles": {}}]`:      "wamp.error.protocol_violation",
		`[1, "realm1"]`:                     "wamp.error.protocol_violation",
		`[1, 1, {"roles": {"caller": {}}}]`: "wamp.error.protocol_violation",
		`[48, 1, {}, "com.example.add"]`:    "wamp.error.protocol_violation",
		`[6, {}, "wamp.close.close_realm"]`: "wamp.error.protocol_violation",
		`[]`:                                "wamp.error.protocol_violation",
		`{}`:                                "wamp.error.protocol_violation",
		`nonsense`:                          "wamp.error.protocol_violation",
	} {
		t.Run(hello, func(t *testing.T) {
			p := dial(t, tryouttest.StartRouter(t))
			p.say(hello)
			p.wantAbort(want)
		})
	}
}

// wantAbort expects ABORT for that reason, and the end of the connection.
func (p *peer) wantAbort(reason string) {
	p.t.Helper()
	m := p.hear()
	if m[0] != 3.0 || m[2] != reason {
		p.t.Fatalf("got %v, want ABORT %s", m, reason)
	}
	if text, _ := m[1].(map[string]any)["message"].(string); text == "" {
		p.t.Error("ABORT says nothing to people")
	}
	if message, ended := p.next(); !ended {
		p.t.Errorf("got %s after ABORT", message)
	}
}

func TestViolationsEndTheSession(t *testing.T) {
	for name, messages := range map[string][]string{
		"second HELLO":                {`[1, "realm1", {"roles": {"caller": {}}}]`},
		"a router's message":          {`[50, 1, {}]`},
		"unknown message":             {`[99, 1]`},
		"request ID skipped":          {`[48, 2, {}, "com.example.add"]`},
		"request ID repeated":         {`[32, 1, {}, "com.example.news"]`, `[32, 1, {}, "com.example.news"]`},
		"request ID 0":                {`[48, 0, {}, "com.example.add"]`},
		"options no dictionary":       {`[48, 1, [], "com.example.add"]`},
		"procedure no string":         {`[64, 1, {}, 7]`},
		"arguments no list":           {`[48, 1, {}, "com.example.add", {}]`},
		"too many elements":           {`[48, 1, {}, "com.example.add", [], {}, []]`},
		"malformed payload":           {`[48, 1, {}, "com.example.add", [1, }]]`},
		"acknowledge no boolean":      {`[16, 1, {"acknowledge": 1}, "com.example.news"]`},
		"match no string":             {`[32, 1, {"match": true}, "com.example.news"]`},
		"cancel mode unknown":         {`[49, 1, {"mode": "gently"}]`},
		"answer to no invocation":     {`[70, 1, {}]`},
		"ERROR for no invocation":     {`[8, 68, 1, {}, "com.example.error"]`},
		"ERROR for a request":         {`[8, 48, 1, {}, "com.example.error"]`},
		"progress of a YIELD no bool": {`[70, 1, {"progress": "yes"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, tryouttest.StartRouter(t))
			p.say(messages...)
			for range messages[1:] {
				p.hear()
			}
			p.wantAbort("wamp.error.protocol_violation")
		})
	}
}

func TestGoodbyeEndsTheSessionAndAnotherMayBegin(t *testing.T) {
	r := tryouttest.StartRouter(t)
	p := open(t, r)
	p.say(`[64, 1, {}, "com.example.add"]`)
	p.hear()
	p.say(`[6, {}, "wamp.close.close_realm"]`)
	if m := p.hear(); m[0] != 6.0 || m[2] != "wamp.close.goodbye_and_out" {
		t.Fatalf("got %v, want GOODBYE", m)
	}
	// Its registration is gone, and its request IDs begin anew.
	p.say(`[1, "realm1", {"roles": {"callee": {}}}]`, `[64, 1, {}, "com.example.add"]`)
	if m := p.hear(); m[0] != 2.0 {
		t.Fatalf("got %v, want WELCOME", m)
	}
	if m := p.hear(); m[0] != 65.0 || m[1] != 1.0 {
		t.Fatalf("got %v, want REGISTERED", m)
	}
}

func TestCloseSaysGoodbye(t *testing.T) {
	r := tryouttest.StartRouter(t)
	p := open(t, r)
	c := tryouttest.Join(t, r.URL(), client.Options{})
	r.Close()
	if m := p.hear(); m[0] != 6.0 || m[2] != "wamp.close.system_shutdown" {
		t.Errorf("got %v, want GOODBYE", m)
	}
	if message, ended := p.next(); !ended {
		t.Errorf("got %s after GOODBYE", message)
	}
	<-c.Done()
	if err := c.Err(); !strings.Contains(err.Error(), "wamp.close.system_shutdown") {
		t.Errorf("the client's session ended by %v", err)
	}
}

func TestLoopbackOnly(t *testing.T) {
	for _, url := range []string{"ws://0.0.0.0:0/ws", "ws://192.0.2.1:8080/ws", "ws://:0/ws", "ws://example.com/ws"} {
		r, err := router.Listen(t.Context(), url, router.Options{Realms: []string{"realm1"}})
		if err == nil {
			r.Close()
			t.Errorf("listens at %s", url)
			continue
		}
		if !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestListenErrors(t *testing.T) {
	r := tryouttest.StartRouter(t)
	if _, err := router.Listen(t.Context(), r.URL(), router.Options{Realms: []string{"realm1"}}); err == nil {
		t.Error("listens at a port in use")
	}
	for _, realms := range [][]string{nil, {"no realm"}} {
		if _, err := router.Listen(t.Context(), "ws://127.0.0.1:0/ws", router.Options{Realms: realms}); err == nil {
			t.Errorf("accepts the realms %q", realms)
		}
	}
}

func TestEndpointsOtherThanWAMP(t *testing.T) {
	_, err := transport.Dial(tryouttest.Within(t), tryouttest.StartRouter(t).URL()+"/elsewhere", transport.DialOptions{Serializers: serializers})
	if refused := (*transport.RefusedError)(nil); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("got %v, want 404", err)
	}
}
