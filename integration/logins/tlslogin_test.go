package logins

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"

	"github.com/wampool/wampool/proxy/transport/authority"
)

// tlsOnly is Crossbar.io behind TLS that asks for certificates, and takes them
// for logins.
const tlsOnly = `{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{
      "name": "realm1",
      "roles": [
        {"name": "backend", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]},
        {"name": "frontend", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": false, "publish": true, "subscribe": true}}]}
      ]
    }],
    "transports": [{
      "type": "web",
      "endpoint": {"type": "tcp", "port": %d, "interface": "127.0.0.1", "tls": {"certificate": %q, "key": %q, "ca_certificates": [%q]}},
      "paths": {
        "ws": {"type": "websocket", "auth": {
          "tls": {"type": "static", "principals": {
            "wampool": {"certificate-sha1": %q, "role": "backend"},
            "laptop": {"certificate-sha1": %q, "role": "frontend"}
          }},
          "ticket": {"type": "static", "principals": {
            "wampool": {"ticket": "wampool-secret", "role": "backend"},
            "guest": {"ticket": "guest-secret", "role": "frontend"}
          }},
          "cryptosign": {"type": "static", "principals": {
            "kim": {"role": "frontend", "authorized_keys": ["8320a51977d8c38ca8a4927c670df5821e449761945e15e9efb26a1509d230ea"]}
          }}
        }}
      }
    }]
  }]
}`

// secured is what a test needs of such a router and of wampool before it.
type secured struct {
	router  string // URL
	wampool *harness.Wampool
	ca      string
	laptop  []string // certificate and key of a client
}

func startSecured(t *testing.T) *secured {
	t.Helper()
	a := authority.New(t, "CA")
	port := harness.OwnPort(t)
	routerCert, routerKey := a.Issue("router.example")
	ownCert, ownKey := a.Issue("wampool.example")
	laptopCert, laptopKey := a.Issue("laptop.example")
	harness.OwnNode(t, fmt.Sprintf(tlsOnly, port, routerCert, routerKey, a.File, fingerprint(t, ownCert), fingerprint(t, laptopCert)))
	s := &secured{router: fmt.Sprintf("wss://127.0.0.1:%d/ws", port), ca: a.File, laptop: []string{laptopCert, laptopKey}}
	hcl := fmt.Sprintf("router {\n  url = %q\n  tls {\n    ca_file = %q\n    cert_file = %q\n    key_file = %q\n    server_name = \"router.example\"\n  }\n}\n",
		s.router, a.File, ownCert, ownKey) +
		fmt.Sprintf("listen \"wss://127.0.0.1:0/ws\" {\n  tls {\n    cert_file = %q\n    key_file = %q\n  }\n}\n", ownCert, ownKey) +
		"limits {\n  " + harness.Unhurried + "\n}\ndrain_timeout = \"1s\"\n" + authenticated
	s.wampool = harness.LaunchConfig(t, hcl)
	s.wampool.Process.Await(t, "pool session up")
	return s
}

// fingerprint is the name that Crossbar.io has for a certificate.
func fingerprint(t *testing.T, certFile string) string {
	t.Helper()
	b, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	sum := sha1.Sum(block.Bytes)
	var octets []string
	for _, octet := range sum {
		octets = append(octets, strings.ToUpper(hex.EncodeToString([]byte{octet})))
	}
	return strings.Join(octets, ":")
}

// try logs in with a client that has a certificate of its own.
func (s *secured) try(t *testing.T, url string, login harness.Args) *harness.Answer {
	t.Helper()
	login["ca"], login["certificate"] = s.ca, s.laptop
	_, answer := harness.Library(t, "asyncio").TryJoin(t, url, login)
	return answer
}

// TestLoginBoundToItsConnectionIsRefused has what the router takes, and wampool
// can't pass: the client is told, and the log names the method.
func TestLoginBoundToItsConnectionIsRefused(t *testing.T) {
	s := startSecured(t)
	ticket := func(offers ...string) harness.Args {
		return harness.Args{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret", "offers": offers}
	}
	cryptosign := func(extra harness.Args) harness.Args {
		return harness.Args{"authmethod": "cryptosign", "authid": "kim", "secret": harness.Keys["kim"], "authextra": extra}
	}
	const byCertificate = `["authentication by \"tls\" cannot pass a proxy, whose own certificate the router would go by: offer other methods only, or connect to the router itself"]`
	for _, story := range []struct {
		name    string
		login   harness.Args
		direct  string // authmethod of the router's WELCOME
		through string // what the client is told by wampool
	}{
		{"cryptosign bound to the channel", cryptosign(harness.Args{"channel_binding": "tls-unique"}), "cryptosign",
			`["authentication by \"cryptosign\" with channel binding cannot pass a proxy: log in without it, or connect to the router itself"]`},
		{"certificate", harness.Args{"authmethod": "tls"}, "tls", byCertificate},
		{"certificate or ticket", ticket("tls", "ticket"), "tls", byCertificate},
		{"ticket or certificate", ticket("ticket", "tls"), "ticket", byCertificate},
	} {
		t.Run(story.name, func(t *testing.T) {
			if got := whoAmI(t, s.try(t, s.router, story.login)).AuthMethod; got != story.direct {
				t.Errorf("at the router the login is by %q, want %q", got, story.direct)
			}
			if got := s.try(t, s.wampool.URL, story.login).Fails(t, "wamp.error.feature_not_supported"); got != story.through {
				t.Errorf("through wampool the client is told %s, want %s", got, story.through)
			}
		})
	}
	for _, method := range []string{"cryptosign", "tls"} {
		s.wampool.Process.Await(t, fmt.Sprintf(`"method":%q,"asked_by":"client"`, method))
	}
}

// TestLoginNotBoundToItsConnectionPasses has what does not depend on TLS, from a
// router that wants certificates.
func TestLoginNotBoundToItsConnectionPasses(t *testing.T) {
	s := startSecured(t)
	for _, login := range []harness.Args{
		{"authmethod": "ticket", "authid": "guest", "secret": "guest-secret"},
		{"authmethod": "cryptosign", "authid": "kim", "secret": harness.Keys["kim"]},
		{"authmethod": "cryptosign", "authid": "kim", "secret": harness.Keys["kim"], "authextra": harness.Args{"channel_binding": nil}},
	} {
		if got, want := whoAmI(t, s.try(t, s.wampool.URL, login)), (welcomed{login["authmethod"].(string), "frontend"}); got != want {
			t.Errorf("%v is welcomed as %+v, want %+v", login, got, want)
		}
	}
}
