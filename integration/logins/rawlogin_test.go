package logins

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/login"
)

// logIn opens a session by a method that no library has, or none whose messages
// a test can see: with wampool's own side of it.
func logIn(t *testing.T, s *harness.RawSession, method, authID, secret string) {
	t.Helper()
	l, err := login.New(method, authID, secret)
	if err != nil {
		t.Fatal(err)
	}
	fields := append(l.Fields(), codec.Field{Key: "roles", Value: codec.FieldDict([]codec.Field{
		{Key: "callee", Value: codec.FieldDict(nil)},
	})})
	hello := codec.Hello{Realm: "realm1", Details: codec.NewDict(codec.JSON, fields...)}
	s.Send(string(hello.Append(nil, codec.JSON)))
	var challenge codec.Challenge
	if err := challenge.Decode(codec.JSON, []byte(s.Expect("[4,"))); err != nil {
		t.Fatal(err)
	}
	answer, err := l.Answer(codec.JSON, &challenge)
	if err != nil {
		t.Fatal(err)
	}
	s.Send(string(answer.Append(nil, codec.JSON)))
	var welcome codec.Welcome
	if err := welcome.Decode(codec.JSON, []byte(s.Expect("[2,"))); err != nil {
		t.Fatal(err)
	}
	if err := l.Accept(codec.JSON, &welcome); err != nil { // the router's own signature has passed unharmed
		t.Error(err)
	}
}

// TestClientLogsInBySCRAMWithPBKDF2 has the one key derivation of the router
// that none of the libraries masters.
func TestClientLogsInBySCRAMWithPBKDF2(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.AuthURL(), admitting)
	callee := harness.DialRaw(t, "callee", w.URL)
	logIn(t, callee, login.SCRAM, "wampool-pbkdf2", "wampool-secret")
	callee.Send(`[64,1,{},"com.example.ofrole.backend.pbkdf2"]`)
	registration := harness.Element(t, callee.Expect("[65,1,"), 2)
	caller := harness.Library(t, "asyncio").Join(t, c.AuthURL(), harness.Args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"})
	call := caller.Call("com.example.ofrole.backend.pbkdf2")
	invocation := callee.Receive()
	if got := harness.Element(t, invocation, 2); harness.Element(t, invocation, 0) != 68 || got != registration {
		t.Fatalf("got %s, want an INVOCATION of registration %d", invocation, registration)
	}
	callee.Send(fmt.Sprintf(`[70,%d,{},["done"]]`, harness.Element(t, invocation, 1)))
	if got := string(call.OK(t)); got != `"done"` {
		t.Errorf("the call returns %s", got)
	}
	if w.Process.Said("wampool-secret") {
		t.Errorf("the log holds the secret:\n%s", w.Process.Output())
	}
}

// TestRefusedLoginIsTheRoutersOwn has logins that fail in each way, and compares
// the ABORT byte for byte. Crossbar.io leaves the connection open.
func TestRefusedLoginIsTheRoutersOwn(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.AuthURL(), admitting)
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
			for i, url := range []string{c.AuthURL(), w.URL} {
				s := harness.DialRaw(t, story.name, url)
				s.Send(story.hello)
				if story.authenticate != "" {
					s.Expect("[4,") // its random part differs
					s.Send(story.authenticate)
				}
				told[i] = s.Expect("[3,")
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
