package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/login"
)

// logIn opens a session by a method that no library has, or none whose messages
// a test can see: with wampool's own side of it.
func (s *rawSession) logIn(method, authID, secret string) {
	s.t.Helper()
	l, err := login.New(method, authID, secret)
	if err != nil {
		s.t.Fatal(err)
	}
	fields := append(l.Fields(), codec.Field{Key: "roles", Value: codec.FieldDict([]codec.Field{
		{Key: "callee", Value: codec.FieldDict(nil)},
	})})
	hello := codec.Hello{Realm: "realm1", Details: codec.NewDict(codec.JSON, fields...)}
	s.send(string(hello.Append(nil, codec.JSON)))
	var challenge codec.Challenge
	if err := challenge.Decode(codec.JSON, []byte(s.expect("[4,"))); err != nil {
		s.t.Fatal(err)
	}
	answer, err := l.Answer(codec.JSON, &challenge)
	if err != nil {
		s.t.Fatal(err)
	}
	s.send(string(answer.Append(nil, codec.JSON)))
	var welcome codec.Welcome
	if err := welcome.Decode(codec.JSON, []byte(s.expect("[2,"))); err != nil {
		s.t.Fatal(err)
	}
	if err := l.Accept(codec.JSON, &welcome); err != nil { // the router's own signature has passed unharmed
		s.t.Error(err)
	}
}

// TestClientLogsInBySCRAMWithPBKDF2 has the one key derivation of the router
// that none of the libraries masters.
func TestClientLogsInBySCRAMWithPBKDF2(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.authURL(), admitting)
	callee := dialRaw(t, "callee", w.url)
	callee.logIn(login.SCRAM, "wampool-pbkdf2", "wampool-secret")
	callee.send(`[64,1,{},"com.example.ofrole.backend.pbkdf2"]`)
	registration := element(t, callee.expect("[65,1,"), 2)
	caller := library(t, "asyncio").join(t, c.authURL(), args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"})
	call := caller.call("com.example.ofrole.backend.pbkdf2")
	invocation := callee.receive()
	if got := element(t, invocation, 2); element(t, invocation, 0) != 68 || got != registration {
		t.Fatalf("got %s, want an INVOCATION of registration %d", invocation, registration)
	}
	callee.send(fmt.Sprintf(`[70,%d,{},["done"]]`, element(t, invocation, 1)))
	if got := string(call.ok(t)); got != `"done"` {
		t.Errorf("the call returns %s", got)
	}
	if contains(w.process, "wampool-secret") {
		t.Errorf("the log holds the secret:\n%s", w.process.output())
	}
}

// TestRefusedLoginIsTheRoutersOwn has logins that fail in each way, and compares
// the ABORT byte for byte. Crossbar.io leaves the connection open.
func TestRefusedLoginIsTheRoutersOwn(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.authURL(), admitting)
	hello := func(method, authID, extra string) string {
		return fmt.Sprintf(`[1,"realm1",{"roles":{"callee":{}},"authmethods":[%q],"authid":%q,"authextra":%s}]`, method, authID, extra)
	}
	kim := `{"pubkey":"8320a51977d8c38ca8a4927c670df5821e449761945e15e9efb26a1509d230ea","channel_binding":null}`
	nonce := `{"nonce":"c2l4dGVlbiBieXRlcyEh"}`
	for _, story := range []struct{ name, hello, authenticate, abort string }{
		{"ticket", hello("ticket", "guest", "{}"), `[5,"wrong",{}]`, "ticket in static WAMP-Ticket authentication is invalid"},
		{"wampcra", hello("wampcra", "joe", "{}"), `[5,"wrong",{}]`, "WAMP-CRA client signature is invalid"},
		{"scram", hello("scram", "sam", nonce), `[5,"` + strings.Repeat("A", 43) + `=",{}]`, "SCRAM authentication failed"},
		{"cryptosign", hello("cryptosign", "kim", kim), `[5,"` + strings.Repeat("00", 96) + `",{}]`, "signed message has invalid signature"},
		{"nobody", hello("ticket", "nobody", "{}"), "", `no principal with authid \"nobody\" exists`},
		{"no such method", hello("telepathy", "guest", "{}"), "", `invalid authmethod \"telepathy\"`},
		{"a method that is not configured", hello("cookie", "guest", "{}"), "", `cannot authenticate [2] using any of the offered authmethods ['cookie']`},
		{"no such realm", strings.Replace(hello("ticket", "guest", "{}"), "realm1", "realm2", 1), "", `no realm \"realm2\" exists on this router`},
	} {
		t.Run(story.name, func(t *testing.T) {
			var told [2]string
			for i, url := range []string{c.authURL(), w.url} {
				s := dialRaw(t, story.name, url)
				s.send(story.hello)
				if story.authenticate != "" {
					s.expect("[4,") // its random part differs
					s.send(story.authenticate)
				}
				told[i] = s.expect("[3,")
			}
			if told[0] != told[1] {
				t.Errorf("through wampool the client gets\n%s\nand from the router\n%s", told[1], told[0])
			}
			if !strings.Contains(told[0], story.abort) {
				t.Errorf("got %s, want %s", told[0], story.abort)
			}
		})
	}
}
