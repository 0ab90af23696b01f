package logins

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// cookieWelcome is what a client learns of itself. Crossbar.io calls a login by
// cookie by the method that the cookie was got with, and says who vouches.
type cookieWelcome struct {
	AuthMethod, AuthProvider, AuthID, AuthRole string
	SetCookie                                  *string `json:"set_cookie"`
}

func cookieLogin(t *testing.T, p *harness.Program, url string, options harness.Args) (*harness.Client, cookieWelcome) {
	t.Helper()
	var w cookieWelcome
	c, answer := p.TryJoin(t, url, options)
	if err := json.Unmarshal(answer.OK(t), &w); err != nil {
		t.Fatal(err)
	}
	return c, w
}

// TestCookieLogin has clients that log in by ticket, and are known again by the
// cookie that they got at that, as browsers are: without secret or CHALLENGE.
func TestCookieLogin(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.CookieURL(), authenticated)
	byTicket := harness.Args{"authmethod": "ticket", "authid": "wampool", "secret": "wampool-secret", "offers": []string{"cookie", "ticket"}}
	harness.EachFramework(t, func(t *testing.T, p *harness.Program) {
		procedure := "com.example.cookie." + p.Process.Name
		first, welcome := cookieLogin(t, p, w.URL, byTicket)
		if welcome.AuthMethod != "ticket" || welcome.AuthProvider != "static" || welcome.SetCookie == nil {
			t.Fatalf("the first login is welcomed as %+v, want one by ticket that gets a cookie", welcome)
		}
		set, err := http.ParseSetCookie(*welcome.SetCookie)
		if err != nil {
			t.Fatal(err)
		}
		if set.Name != "cbtid" || set.MaxAge != 7*24*60*60 || set.Secure {
			t.Errorf("Set-Cookie is %q, want the router's own", set)
		}
		cookie := harness.Args{"Cookie": fmt.Sprintf("theme=dark; %s=%s; lang=en", set.Name, set.Value)}
		again, welcome := cookieLogin(t, p, w.URL, harness.Args{"authmethod": "cookie", "headers": cookie})
		if want := (cookieWelcome{"ticket", "cookie", "wampool", "backend", nil}); welcome != want {
			t.Errorf("the second login is welcomed as %+v, want %+v", welcome, want)
		}
		for _, callee := range []*harness.Client{first, again} { // its role counts, however it was got
			callee.Register(procedure, "name", harness.Args{"invoke": "roundrobin"}).OK(t)
		}
		caller, _ := cookieLogin(t, p, c.CookieURL(), byTicket)
		for n := range 4 {
			if got, want := string(caller.Call(procedure).OK(t)), fmt.Sprintf("%q", []*harness.Client{first, again}[n%2].Name); got != want {
				t.Errorf("call %d was answered by %s, want %s", n, got, want)
			}
		}
		if w.Process.Said(set.Value) {
			t.Errorf("the log holds the cookie:\n%s", w.Process.Output())
		}
	})
}

// TestCookieOfNobody has clients that no cookie vouches for: neither that of
// another client nor that of wampool's own session is lent to them.
func TestCookieOfNobody(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.CookieURL(), authenticated)
	harness.EachFramework(t, func(t *testing.T, p *harness.Program) {
		for _, headers := range []harness.Args{nil, {"Cookie": "cbtid=000000000000000000000000"}, {"Cookie": "theme=dark"}} {
			_, answer := p.TryJoin(t, w.URL, harness.Args{"authmethod": "cookie", "headers": headers})
			got := answer.Fails(t, "wamp.error.no_auth_method")
			if want := `["cannot authenticate [2] using any of the offered authmethods ['cookie']"]`; got != want {
				t.Errorf("%v: got %s, want %s", headers, got, want)
			}
		}
	})
}
