package proxy

import (
	"testing"
	"unicode/utf8"

	"github.com/wampool/wampool/codec"
)

// A router is trusted with the sessions that it gives: what it sends to a
// client passes, and the client judges. But whatever it sends to one client's
// session, the pool and the other sessions go on; and no IDs get mixed up.

// routerOutcome is what comes of a message of the router to a client's own
// session.
type routerOutcome int

const (
	delivered  routerOutcome = iota // the client gets it byte for byte
	renumbered                      // the client gets it as the INVOCATION with its next ID, 2
	swallowed                       // nobody gets it
	dismissed                       // the client gets it, and its session is over
)

// hostileRouters are messages of the router to a client that has one call of
// the pool, under the ID 1.
var hostileRouters = []struct {
	name string
	send any
	want routerOutcome
}{
	{"INVOCATION for an unknown registration", list{68, 900, 4711, dict{}}, renumbered},
	{"INVOCATION under an ID of the pool's", list{68, 1, 4711, dict{}}, renumbered},
	{"INVOCATION with ID 2^53", list{68, uint64(codec.MaxID), 4711, dict{}}, renumbered},
	{"INVOCATION with ID 2^53+1", list{68, uint64(codec.MaxID + 1), 4711, dict{}}, delivered},
	{"INVOCATION with ID 0", list{68, 0, 4711, dict{}}, delivered},
	{"INVOCATION with ID -1", list{68, -1, 4711, dict{}}, delivered},
	{"INVOCATION with ID 1.5", list{68, 1.5, 4711, dict{}}, delivered},
	{"INVOCATION for registration 0", list{68, 900, 0, dict{}}, delivered},
	{"INVOCATION cut short", list{68, 900}, delivered},
	{"INVOCATION with details as a list", list{68, 900, 4711, list{}}, delivered},
	{"INVOCATION with details too deep", list{68, 900, 4711, dict{"a", nested(1000)}}, delivered},
	{"INVOCATION with bad UTF-8 in its details", list{68, 900, 4711, dict{"a", "\xff"}}, delivered},
	{"INTERRUPT of what never was", list{69, 900, dict{}}, swallowed},
	{"INTERRUPT under the pool's ID", list{69, 1, dict{"mode", "kill"}}, swallowed},
	{"INTERRUPT with ID 0", list{69, 0, dict{}}, delivered},
	{"INTERRUPT cut short", list{69}, delivered},
	{"second WELCOME", welcomeMessage, delivered},
	{"WELCOME for another role", list{2, 8, dict{"realm", "elsewhere", "authrole", "admin", "roles", dict{}}}, delivered},
	{"CHALLENGE after WELCOME", list{4, "ticket", dict{}}, delivered},
	{"REGISTERED that nobody waits for", list{65, 77, 78}, delivered},
	{"REGISTERED of the probe once more", list{65, 1, 78}, delivered},
	{"REGISTERED with ID 0", list{65, 0, 78}, delivered},
	{"UNREGISTERED that nobody waits for", list{67, 77}, delivered},
	{"revocation of a registration that never was", list{67, 0, dict{"registration", 4711}}, delivered},
	{"revocation without a registration", list{67, 0, dict{}}, delivered},
	{"ERROR of the probe once more", list{8, 64, 1, dict{}, "wamp.error.procedure_already_exists"}, delivered},
	{"ERROR for a request that never was", list{8, 48, 77, dict{}, "com.example.error"}, delivered},
	{"ERROR without a URI", list{8, 48, 77, dict{}}, delivered},
	{"RESULT that nobody waits for", list{50, 77, dict{}}, delivered},
	{"RESULT with bad UTF-8", list{50, 77, dict{}, list{"\xff"}}, delivered},
	{"EVENT of 100000 elements", list{36, 1, 1, dict{}, many(100000)}, delivered},
	{"EVENT of 100000 lists in one another", list{36, 1, 1, dict{}, nested(100000)}, delivered},
	{"YIELD from a router", list{70, 1, dict{}}, delivered},
	{"HELLO from a router", helloMessage, delivered},
	{"REGISTER from a router", list{64, 1, dict{}, "com.example.healthy"}, delivered},
	{"a message type of nobody's", list{337, 1}, delivered},
	{"an empty list", list{}, delivered},
	{"a number", 68, delivered},
	{"garbage", verbatim{codec.JSON: "HTTP/1.1 502", codec.MessagePack: "\xc1\xc1", codec.CBOR: "\xff\xff"}, delivered},
	{"GOODBYE", list{6, dict{}, "wamp.close.system_shutdown"}, dismissed},
	{"GOODBYE without a reason", list{6}, dismissed},
	{"ABORT", list{3, dict{}, "wamp.error.protocol_violation"}, dismissed},
	{"ABORT with bad UTF-8", list{3, dict{"message", "\xff"}, "wamp.error.canceled"}, dismissed},
}

// TestHostileRouters lets the router do the worst to a callee's own session.
func TestHostileRouters(t *testing.T) {
	cases := 0
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		a := newArena(t, s, over)
		for _, h := range hostileRouters {
			cases++
			if !t.Run(h.name, func(t *testing.T) { a.bring(t, busy).gets(t, wire(s, h.send), h.want) }) {
				t.FailNow()
			}
		}
	})
	t.Logf("%d cases", cases)
}

// gets lets the router send these bytes to the client, and checks what comes of it.
func (x *attacker) gets(t *testing.T, raw []byte, want routerOutcome) {
	a := x.arena
	x.atRouter.shout(raw)
	if a.checksText() && !utf8.Valid(raw) {
		x.atRouter.expectClose(1007)
		x.client.expectEnd()
		x.lost()
		a.ping()
		return
	}
	switch want {
	case delivered:
		x.client.expectBytes(raw)
	case renumbered:
		request, _ := codec.ID(a.s, raw, 1)
		x.client.expect(`[68,2,4711,{}]`)
		x.client.say(list{70, 2, dict{}})
		x.atRouter.expect(`[70,%d,{}]`, request)
	case dismissed:
		x.client.expectBytes(raw)
		x.lost()
	case swallowed:
	}
	a.ping()
	event := wire(a.s, list{36, 1, 1, dict{}})
	x.atRouter.shout(event)
	x.client.expectBytes(event)
	x.goesOn(t)
}

// A router that ends a client's connection, in whatever way, ends it alone.
func TestRouterEndsOneSession(t *testing.T) {
	ends := map[string]func(atRouter *speaker){
		"at once":               func(atRouter *speaker) { atRouter.conn.Abort(errStopped) },
		"with 1002":             func(atRouter *speaker) { atRouter.conn.Close(1002, "protocol", closeLinger) },
		"with its going away":   func(atRouter *speaker) { atRouter.conn.Close(1001, "restart", closeLinger) },
		"behind half a message": func(atRouter *speaker) { atRouter.shout([]byte("[68,")); atRouter.conn.Abort(errStopped) },
	}
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		a := newArena(t, s, over)
		for _, at := range []stage{connected, joined, member, busy, gone} {
			for name, end := range ends {
				x := a.bring(t, at)
				end(x.atRouter)
				exhaust(x.client)
				x.lost()
				a.ping()
				if t.Failed() {
					t.Fatalf("at stage %d, %s", at, name)
				}
			}
		}
	})
}
