package proxy

import (
	"testing"
	"unicode/utf8"

	"github.com/wampool/wampool/codec"
)

// poolRouterOutcome is what comes of a message of the router to the pool session.
type poolRouterOutcome int

const (
	ignored    poolRouterOutcome = iota // nothing happens
	turnedAway                          // the call has the ERROR wamp.error.no_available_callee
	unread                              // the call has the ERROR wamp.error.invalid_argument
	asksAgain                           // the registration is asked for once more
	lost                                // the pool session is ended, comes back, and registers again
)

// hostilePoolRouters are messages of the router to the pool session, while the
// healthy callee has the call 1, which is its INVOCATION 1.
var hostilePoolRouters = []struct {
	name string
	send any
	want poolRouterOutcome
}{
	{"INVOCATION for an unknown registration", list{68, 900, 4711, dict{}}, turnedAway},
	{"INVOCATION for an unknown registration, with a payload that is none", list{68, 900, 4711, dict{}, 7}, turnedAway},
	{"INVOCATION under an ID in use", list{68, 1, 101, dict{}}, ignored},
	{"INVOCATION under an ID in use, for another registration", list{68, 1, 4711, dict{}}, turnedAway},
	{"INTERRUPT of what never was", list{69, 900, dict{}}, ignored},
	{"INTERRUPT with a mode that is none", list{69, 900, dict{"mode", "worst"}}, ignored},
	{"REGISTERED that nobody waits for", list{65, 77, 78}, ignored},
	{"REGISTERED once more", list{65, 1, 78}, ignored},
	{"UNREGISTERED that nobody waits for", list{67, 77}, ignored},
	{"revocation of a registration that never was", list{67, 0, dict{"registration", 4711}}, ignored},
	{"revocation without a registration", list{67, 0, dict{}}, ignored},
	{"revocation of a registration as text", list{67, 0, dict{"registration", "101"}}, ignored},
	{"revocation", list{67, 0, dict{"registration", 101}}, asksAgain},
	{"ERROR for a request that never was", list{8, 64, 77, dict{}, "com.example.error"}, ignored},
	{"ERROR for a REGISTER that was granted", list{8, 64, 1, dict{}, "com.example.error"}, ignored},
	{"ERROR for an INVOCATION", list{8, 68, 1, dict{}, "com.example.error"}, ignored},
	{"ERROR for a YIELD", list{8, 70, 1, dict{}, "com.example.error"}, ignored},
	{"second WELCOME", welcomeMessage, ignored},
	{"CHALLENGE after WELCOME", list{4, "ticket", dict{}}, ignored},
	{"HELLO", helloMessage, ignored},
	{"REGISTER", list{64, 1, dict{}, "com.example.healthy"}, ignored},
	{"YIELD", list{70, 1, dict{}}, ignored},
	{"RESULT", list{50, 1, dict{}}, ignored},
	{"EVENT cut short", list{36}, ignored},
	{"a message type of nobody's", list{337, 1}, ignored},

	{"garbage", verbatim{codec.JSON: "HTTP/1.1 502", codec.MessagePack: "\xc1\xc1", codec.CBOR: "\xff\xff"}, lost},
	{"nothing", verbatim{codec.JSON: " ", codec.MessagePack: "\x90", codec.CBOR: "\x80"}, lost},
	{"a number", 68, lost},
	{"message type 0", list{0}, lost},
	{"INVOCATION cut short", list{68, 900}, unread},
	{"INVOCATION with ID 0", list{68, 0, 101, dict{}}, ignored},
	{"INVOCATION with ID -1", list{68, -1, 101, dict{}}, ignored},
	{"INVOCATION with ID 2^53+1", list{68, uint64(codec.MaxID + 1), 101, dict{}}, ignored},
	{"INVOCATION with ID 1.5", list{68, 1.5, 101, dict{}}, ignored},
	{"INVOCATION for registration 0", list{68, 900, 0, dict{}}, unread},
	{"INVOCATION with details as a list", list{68, 900, 101, list{}}, unread},
	{"INVOCATION with details too deep", list{68, 900, 101, dict{"a", nested(100000)}}, unread},
	{"INVOCATION with bad UTF-8 in its details", list{68, 900, 101, dict{"a", "\xff"}}, unread},
	{"INVOCATION with too many elements", verbatim{
		codec.MessagePack: "\x97\x44\xcd\x03\x84\x65\x80\x90\x80\x01", codec.CBOR: "\x87\x18\x44\x19\x03\x84\x18\x65\xa0\x80\xa0\x01",
	}, unread},
	{"INVOCATION with a key that is no text in its details", verbatim{
		codec.MessagePack: "\x94\x44\xcd\x03\x84\x65\x81\x01\x01", codec.CBOR: "\x84\x18\x44\x19\x03\x84\x18\x65\xa1\x01\x01",
	}, unread},
	{"INVOCATION without an ID", list{68}, ignored},
	{"INTERRUPT cut short", list{69}, ignored},
	{"INTERRUPT with options as a list", list{69, 900, list{}}, ignored},
	{"REGISTERED cut short", list{65, 1}, ignored},
	{"RESULT cut short", list{50}, ignored},
	{"REGISTERED with registration 0", list{65, 1, 0}, ignored},
	{"UNREGISTERED with ID -1", list{67, -1}, ignored},
	{"ERROR without a URI", list{8, 64, 77, dict{}}, ignored},
	{"ABORT", list{3, dict{}, "wamp.error.protocol_violation"}, lost},
	{"ABORT without a reason", list{3, dict{}}, lost},
	{"GOODBYE", list{6, dict{}, "wamp.close.system_shutdown"}, lost},
	{"GOODBYE without a reason", list{6}, lost},
}

// TestHostilePoolRouters lets the router do the worst to the pool session. No
// callee's session ends for it, and the pool is back as soon as its session is.
// All sidecars are attacked before the first is looked at, so that they come
// back at the same time.
func TestHostilePoolRouters(t *testing.T) {
	cases := 0
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		arenas := make([]*arena, len(hostilePoolRouters))
		for i, h := range hostilePoolRouters {
			if v, own := h.send.(verbatim); own && v[s] == "" {
				continue
			}
			cases++
			a := newArena(t, s, over)
			a.call(a.healthyAtRouter)
			a.healthyID++
			a.healthy.expect(`[68,1,%.0f,{},["ping"]]`, a.healthyAtCallee)
			a.pool.shout(wire(s, h.send))
			arenas[i] = a
		}
		for i, h := range hostilePoolRouters {
			if arenas[i] != nil {
				t.Run(h.name, func(t *testing.T) { arenas[i].stands(t, wire(s, h.send), h.want) })
			}
		}
	})
	t.Logf("%d cases", cases)
}

// stands checks what came of a message to the pool session.
func (a *arena) stands(t *testing.T, sent []byte, want poolRouterOutcome) {
	a.by(t)
	if a.checksText() && !utf8.Valid(sent) {
		want = lost
	}
	switch want {
	case turnedAway:
		request, err := codec.ID(a.s, sent, 1)
		if err != nil {
			t.Fatal(err)
		}
		a.pool.expectError(codec.TypeInvocation, int(request), uriNoCallee)
	case unread:
		a.pool.expectError(codec.TypeInvocation, 900, uriInvalidArgument)
	case asksAgain:
		a.healthyAtRouter = a.registers()
	case lost:
		exhaust(a.pool)
		a.pool = a.accept(t)
		a.welcomePool()
		a.healthyAtRouter = a.registers()
	}
	a.healthy.say(list{70, 1, dict{}}) // nobody waits for it any more, if the session was lost
	if want != lost {
		a.pool.expect(`[70,1,{}]`)
	}
	a.ping()
}

// registers grants the pool its registration.
func (a *arena) registers() float64 {
	a.t.Helper()
	asked := a.pool.expectType(codec.TypeRegister)
	if asked[3] != "com.example.healthy" {
		a.t.Errorf("got %v", asked)
	}
	granted := 500 + asked[1].(float64)
	a.pool.say(list{65, int(asked[1].(float64)), int(granted)})
	return granted
}
