package proxy

import (
	"strings"
	"testing"
)

const (
	helloOne  = `[1,"realm1",{"roles":{"callee":{}}}]`
	helloTwo  = `[1,"realm2",{"roles":{"callee":{}}}]`
	noRealm   = `[2,7,{"authrole":"backend","roles":{}}]`
	realmOne  = `[2,7,{"realm":"realm1","authrole":"backend","roles":{}}]`
	abort     = `[3,{},"wamp.close.normal"]`
	goodbye   = `[6,{},"wamp.close.normal"]`
	andOut    = `[6,{},"wamp.close.goodbye_and_out"]`
	announced = `[64,2,{"invoke":"roundrobin","concurrency":1},"com.example.p"]`
)

// Which realm a session is in is known by WELCOME, or by the only HELLO that it
// can be the answer to. Else the session is pooled nowhere, and its calls go to
// the router.
func TestRealmOfASession(t *testing.T) {
	type step struct{ client, router string } // which side says what
	up := func(message string) step { return step{client: message} }
	down := func(message string) step { return step{router: message} }
	for name, test := range map[string]struct {
		steps []step
		known bool
	}{
		"named by WELCOME":                       {[]step{up(helloOne), down(realmOne)}, true},
		"named by the one HELLO":                 {[]step{up(helloOne), down(noRealm)}, true},
		"another realm":                          {[]step{up(helloTwo), down(noRealm)}, false},
		"ABORT and HELLO for another realm":      {[]step{up(helloOne), up(abort), up(helloTwo), down(noRealm)}, false},
		"ABORT and HELLO for this realm":         {[]step{up(helloTwo), up(abort), up(helloOne), down(noRealm)}, false},
		"after a CHALLENGE":                      {[]step{up(helloOne), down(`[4,"ticket",{}]`), up(abort), up(helloTwo), down(noRealm)}, false},
		"ABORT within the session":               {[]step{up(helloOne), down(noRealm), up(abort), up(helloTwo), down(noRealm)}, false},
		"two HELLOs at once":                     {[]step{up(helloOne), up(helloTwo), down(noRealm)}, false},
		"two HELLOs at once for one realm":       {[]step{up(helloOne), up(helloOne), down(noRealm)}, false},
		"two, and WELCOME says which":            {[]step{up(helloTwo), up(helloOne), down(realmOne)}, true},
		"two, and one is refused":                {[]step{up(helloTwo), up(helloOne), down(abort), down(noRealm)}, false},
		"two, one is refused, and a third":       {[]step{up(helloTwo), up(helloTwo), down(abort), up(helloOne), down(noRealm)}, false},
		"GOODBYE before WELCOME":                 {[]step{up(helloTwo), up(goodbye), down(andOut), up(helloOne), down(noRealm)}, false},
		"HELLO that can't be read before":        {[]step{up(`[1,7]`), up(helloOne), down(noRealm)}, false},
		"HELLO within the session":               {[]step{up(helloOne), down(noRealm), up(helloTwo)}, true},
		"HELLO within the session, and WELCOME":  {[]step{up(helloOne), down(noRealm), up(helloTwo), down(noRealm)}, false},
		"refused by the router, and again":       {[]step{up(helloTwo), down(abort), up(helloOne), down(noRealm)}, true},
		"GOODBYE, and another":                   {[]step{up(helloTwo), down(noRealm), up(goodbye), down(andOut), up(helloOne), down(noRealm)}, true},
		"GOODBYE of a pooled one, and another":   {[]step{up(helloOne), down(noRealm), up(goodbye), down(andOut), up(helloTwo), down(noRealm)}, false},
		"GOODBYE of the router, and another":     {[]step{up(helloTwo), down(noRealm), down(goodbye), up(andOut), up(helloOne), down(noRealm)}, true},
		"ended by the router's ABORT, and again": {[]step{up(helloTwo), down(noRealm), down(abort), up(helloOne), down(noRealm)}, true},
		"in doubt, then GOODBYE, then one HELLO": {[]step{up(helloTwo), up(abort), up(helloOne), down(noRealm), up(goodbye), down(andOut), up(helloOne), down(noRealm)}, true},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			w, pool := newWorld(t, `pool "com.example.p" {
 direct = ["backend"]
}`)
			member, _, _ := w.callee(pool, shared, "")
			client, router := w.connect()
			for _, s := range test.steps {
				from, to, message := client, router, s.client
				if s.router != "" {
					from, to, message = router, client, s.router
				}
				from.send("%s", message)
				to.expect("%s", message)
			}
			client.send(`[48,1,{},"com.example.p"]`)
			if !test.known {
				router.expect(`[48,1,{},"com.example.p"]`)
				client.send("%s", announced)
				router.expect("%s", announced)
				return
			}
			member.expectPrefix(`[68,1,`)
			client.send("%s", announced)
			router.expectPrefix(`[64,1,{},`)
		})
	}
}

// A session that is welcomed once more, in whatever realm, is in no pool of the
// first one any longer.
func TestSecondWelcomeEndsMembership(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {}`)
	callee, router, _ := w.callee(pool, shared, `"call_canceling":true`)
	callee.send("%s", helloTwo)
	router.expect("%s", helloTwo)
	pool.send(`[68,1,100,{}]`)
	callee.expectPrefix(`[68,1,`)
	router.send("%s", noRealm)
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	callee.expect("%s", noRealm)
}
