package integration

import (
	"fmt"
	"strings"
	"testing"
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
	{"cryptosign", "cryptosign", "wampool", keys["wampool"], ""},
	{"cryptosign, by the key alone", "cryptosign", "", keys["wampool"], ""},
}

// TestPoolSessionLogsIn has a pool at work behind each login of wampool's own.
func TestPoolSessionLogsIn(t *testing.T) {
	c := router(t)
	for i, l := range poolLogins {
		t.Run(l.name, func(t *testing.T) {
			w := startWampool(t, c.authURL(), identity(l.method, l.authID, l.secret))
			procedure := fmt.Sprintf("com.example.login%d", i)
			worker := args{"authmethod": "ticket", "authid": "worker", "secret": "worker-secret"}
			callees := []string{}
			for range 2 {
				callee := library(t, "twisted").join(t, w.url, worker)
				callee.register(procedure, "name", args{"invoke": "roundrobin"}).ok(t)
				callees = append(callees, fmt.Sprintf("%q", callee.name))
			}
			caller := library(t, "asyncio").join(t, c.authURL(), args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"})
			for n := range 4 {
				if got, want := string(caller.call(procedure).ok(t)), callees[n%2]; got != want {
					t.Errorf("call %d was answered by %s, want %s", n, got, want)
				}
			}
			if contains(w.process, l.secret) {
				t.Errorf("the log holds the secret:\n%s", w.process.output())
			}
		})
	}
}

// TestPoolSessionIsRefused has the wrong secret for each login: the log tells
// method and reason and not the secret.
func TestPoolSessionIsRefused(t *testing.T) {
	c := router(t)
	for _, l := range poolLogins {
		t.Run(l.name, func(t *testing.T) {
			wrong := "wrong" + l.secret
			if l.method == "cryptosign" {
				wrong = strings.Repeat("78", 32)
			}
			w := launchWampool(t, c.authURL(), identity(l.method, l.authID, wrong))
			line, err := w.process.waitLine(0, "waiting and retrying")
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{fmt.Sprintf(`login by \"%s\": router refused it: `, l.method), l.refused} {
				if !strings.Contains(line, want) {
					t.Errorf("the log says %s, want %s", line, want)
				}
			}
			if contains(w.process, wrong) {
				t.Errorf("the log holds the secret:\n%s", w.process.output())
			}
		})
	}
}
