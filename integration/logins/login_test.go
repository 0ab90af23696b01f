package logins

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// identity is the auth block of wampool's own session.
func identity(method, authID, secret string) string {
	return fmt.Sprintf("realm \"realm1\" {\n  auth {\n    method = %q\n    authid = %q\n    secret = %q\n  }\n}", method, authID, secret)
}

var poolLogins = []struct{ name, method, authID, secret, refused string }{
	{"ticket", "ticket", "wampool", "wampool-secret", "ticket in static WAMP-Ticket authentication is invalid"},
	{"wampcra", "wampcra", "wampool", "wampool-secret", "WAMP-CRA client signature is invalid"},
	{"wampcra, salted", "wampcra", "wampool-salted", "wampool-secret", "WAMP-CRA client signature is invalid"},
	{"scram, Argon2", "scram", "wampool", "wampool-secret", "SCRAM authentication failed"},
	{"scram, PBKDF2", "scram", "wampool-pbkdf2", "wampool-secret", "SCRAM authentication failed"},
	{"cryptosign", "cryptosign", "wampool", harness.Keys["wampool"], ""},
	{"cryptosign, by the key alone", "cryptosign", "", harness.Keys["wampool"], ""},
}

// TestPoolSessionLogsIn has a pool at work behind each login of wampool's own.
func TestPoolSessionLogsIn(t *testing.T) {
	c := harness.SharedCrossbar(t)
	for i, l := range poolLogins {
		t.Run(l.name, func(t *testing.T) {
			w := harness.StartWampool(t, c.AuthURL(), identity(l.method, l.authID, l.secret))
			procedure := fmt.Sprintf("com.example.login%d", i)
			worker := harness.Args{"authmethod": "ticket", "authid": "worker", "secret": "worker-secret"}
			callees := []string{}
			for range 2 {
				callee := harness.Library(t, "twisted").Join(t, w.URL, worker)
				callee.Register(procedure, "name", harness.Args{"invoke": "roundrobin"}).OK(t)
				callees = append(callees, fmt.Sprintf("%q", callee.Name))
			}
			caller := harness.Library(t, "asyncio").Join(t, c.AuthURL(), harness.Args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"})
			for n := range 4 {
				if got, want := string(caller.Call(procedure).OK(t)), callees[n%2]; got != want {
					t.Errorf("call %d was answered by %s, want %s", n, got, want)
				}
			}
			if w.Process.Said(l.secret) {
				t.Errorf("the log holds the secret:\n%s", w.Process.Output())
			}
		})
	}
}

// TestPoolSessionIsRefused has the wrong secret for each login: the log tells
// method and reason and not the secret.
func TestPoolSessionIsRefused(t *testing.T) {
	c := harness.SharedCrossbar(t)
	for _, l := range poolLogins {
		t.Run(l.name, func(t *testing.T) {
			wrong := "wrong" + l.secret
			if l.method == "cryptosign" {
				wrong = strings.Repeat("78", 32)
			}
			w := harness.LaunchWampool(t, c.AuthURL(), identity(l.method, l.authID, wrong))
			line := w.Process.Await(t, "waiting and retrying")
			for _, want := range []string{fmt.Sprintf(`login by \"%s\": router refused it: `, l.method), l.refused} {
				if !strings.Contains(line, want) {
					t.Errorf("the log says %s, want %s", line, want)
				}
			}
			if w.Process.Said(wrong) {
				t.Errorf("the log holds the secret:\n%s", w.Process.Output())
			}
		})
	}
}
