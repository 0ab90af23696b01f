package logins

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// clientLogins are the logins of clients that the router has, which libraries
// have them too, and what the router says to a wrong secret.
var clientLogins = []struct {
	name, authMethod, authID, secret, authRole string
	refused                                    string
	libraries                                  []string
}{
	{"anonymous", "anonymous", "", "", "anonymous", "", harness.Libraries},
	{"ticket", "ticket", "worker", "worker-secret", "backend", "ticket in static WAMP-Ticket authentication is invalid", harness.Libraries},
	{"wampcra", "wampcra", "joe", "joe-secret", "service", "WAMP-CRA client signature is invalid", harness.Libraries},
	{"wampcra, salted", "wampcra", "sue", "sue-secret", "service", "WAMP-CRA client signature is invalid", harness.Libraries},
	{"scram", "scram", "sam", "sam-secret", "service", "SCRAM authentication failed", []string{"twisted", "asyncio"}},
	{"cryptosign", "cryptosign", "kim", harness.Keys["kim"], "service",
		"extra.pubkey provided does not match any one of authorized_keys for the principal", harness.Libraries},
}

// admitting is a realm block with a pool for the role of wampool's own session,
// and one for roles by name. Their callees register as if they were alone.
const admitting = `realm "realm1" {
  auth {
    method = "ticket"
    authid = "wampool"
    secret = "wampool-secret"
  }
  pool "com.example.ofrole.backend." {
    match  = "prefix"
    policy = "roundrobin"
  }
  pool "com.example.ofrole." {
    match  = "prefix"
    policy = "roundrobin"
    admit  = ["service", "anonymous"]
  }
}`

// TestClientsLogInThroughWampool has callees of each library in one pool behind
// each login, and a caller at the router whose calls go round them.
func TestClientsLogInThroughWampool(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.AuthURL(), admitting)
	for i, l := range clientLogins {
		t.Run(l.name, func(t *testing.T) {
			procedure := fmt.Sprintf("com.example.ofrole.%s.login%d", l.authRole, i)
			login := harness.Args{"authmethod": l.authMethod, "authid": l.authID, "secret": l.secret}
			var names []string
			for _, name := range l.libraries {
				callee, answer := harness.Library(t, name).TryJoin(t, w.URL, login)
				if got, want := whoAmI(t, answer), (welcomed{l.authMethod, l.authRole}); got != want {
					t.Errorf("%s is welcomed as %+v, want %+v", name, got, want)
				}
				callee.Register(procedure, "name", nil).OK(t)
				names = append(names, fmt.Sprintf("%q", callee.Name))
			}
			caller := harness.Library(t, "asyncio").Join(t, c.AuthURL(), harness.Args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"})
			for n := range 2 * len(names) {
				if got, want := string(caller.Call(procedure).OK(t)), names[n%len(names)]; got != want {
					t.Errorf("call %d was answered by %s, want %s", n, got, want)
				}
			}
		})
	}
	keptSecret(t, w)
}

// TestWrongSecretsAreRefusedAsTheRouterRefusesThem has each library tell what it
// was told, through wampool and by the router itself.
func TestWrongSecretsAreRefusedAsTheRouterRefusesThem(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.AuthURL(), admitting)
	for _, l := range clientLogins {
		for _, name := range l.libraries {
			if l.secret == "" {
				continue
			}
			t.Run(l.name+" "+name, func(t *testing.T) {
				wrong := harness.Args{"authmethod": l.authMethod, "authid": l.authID, "secret": mistaken(l.authMethod, l.secret)}
				_, direct := harness.Library(t, name).TryJoin(t, c.AuthURL(), wrong)
				_, through := harness.Library(t, name).TryJoin(t, w.URL, wrong)
				text := fmt.Sprintf("[%q]", l.refused)
				if name == "wampy" { // which keeps the router's words to itself
					text = `["Router aborted connection"]`
				}
				for side, answer := range map[string]*harness.Answer{"the router": direct, "wampool": through} {
					if got := answer.Fails(t, "wamp.error.not_authorized"); got != text {
						t.Errorf("at %s it is told %s, want %s", side, got, text)
					}
				}
			})
		}
	}
	keptSecret(t, w)
}

// mistaken makes a secret a wrong one of the same kind.
func mistaken(authMethod, secret string) string {
	if authMethod == "cryptosign" {
		return strings.Repeat("78", 32)
	}
	return "wrong " + secret
}

// welcomed is what a client learns of itself.
type welcomed struct{ AuthMethod, AuthRole string }

func whoAmI(t *testing.T, join *harness.Answer) (w welcomed) {
	t.Helper()
	if err := json.Unmarshal(join.OK(t), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// keptSecret checks that wampool's log holds none of the clients' secrets.
func keptSecret(t *testing.T, w *harness.Wampool) {
	t.Helper()
	for _, l := range clientLogins {
		if l.secret != "" && w.Process.Said(l.secret) {
			t.Errorf("the log holds the secret of %s:\n%s", l.authID, w.Process.Output())
		}
	}
}
