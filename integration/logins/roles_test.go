package logins

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// What a role may not do, it may not do through wampool either.

// authenticated is a realm block whose pool session logs in by ticket.
const authenticated = `realm "realm1" {
  auth {
    method = "ticket"
    authid = "wampool"
    secret = "wampool-secret"
  }
}`

func TestUnauthorizedRegisterIsRefusedAsTheRouterRefusesIt(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.AuthURL(), authenticated)
	guest := harness.Args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"}
	direct := harness.Library(t, "twisted").Join(t, c.AuthURL(), guest).Register("com.example.denied", "echo", harness.Args{"invoke": "roundrobin"})
	through := harness.Library(t, "twisted").Join(t, w.URL, guest).Register("com.example.denied", "echo", harness.Args{"invoke": "roundrobin"})
	session := regexp.MustCompile(`session_id=[0-9]+`)
	told := func(a *harness.Answer) string {
		return session.ReplaceAllString(a.Fails(t, "wamp.error.not_authorized"), "session_id=…")
	}
	if d, th := told(direct), told(through); d != th {
		t.Errorf("through wampool the callee is told\n%s\nand at the router\n%s", th, d)
	}
}

func TestCalleeOfAnotherRoleDoesNotGetIntoThePool(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.AuthURL(), authenticated)
	worker := harness.Args{"authmethod": "ticket", "authid": "worker", "secret": "worker-secret"}
	guest := harness.Args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"}
	member := harness.Library(t, "twisted").Join(t, w.URL, worker)
	member.Register("com.example.closed", "name", harness.Args{"invoke": "roundrobin"}).OK(t)
	stranger := harness.Library(t, "twisted").Join(t, w.URL, guest)
	r := stranger.Register("com.example.closed", "name", harness.Args{"invoke": "roundrobin"}).Wait(t)
	if r.Error == nil {
		t.Fatal("a callee of role frontend got into the pool of role backend")
	}
	caller := harness.Library(t, "asyncio").Join(t, w.URL, guest)
	for range 4 {
		if got := string(caller.Call("com.example.closed").OK(t)); got != fmt.Sprintf("%q", member.Name) {
			t.Errorf("the call went to %s", got)
		}
	}
}
