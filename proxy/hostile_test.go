package proxy

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// stage is how far a hostile client has come when it does what it does.
type stage int

const (
	connected stage = iota // it has not said HELLO
	joined                 // it has a session, and is in no pool
	member                 // it is in the pool of com.example.hostile
	busy                   // and has a call there, under the ID 1
	gone                   // it has had that call, and has said GOODBYE
)

// outcome is what comes of it.
type outcome int

const (
	aborted   outcome = iota // ABORT wamp.error.protocol_violation; nothing gets anywhere
	passed                   // its own router gets it byte for byte; the session goes on
	discarded                // nobody gets it; the session goes on
	refused                  // an ERROR for its request; the session goes on
	spoiled                  // its call ends with wamp.error.invalid_argument; the session goes on
	answered                 // its call ends with what it sent
)

// hostile is one thing that a client may do.
type hostile struct {
	name string
	at   stage
	send any      // the message, as wire writes it; uint64(0) in it is not replaced
	want outcome  //
	uri  string   // of the ERROR, if refused
	only []string // serializers that can express it, if not all
}

var hostileClients = []hostile{
	{"YIELD for an ID never sent", busy, list{70, 2, dict{}}, aborted, "", nil},
	{"ERROR for an ID never sent", busy, list{8, 68, 2, dict{}, "com.example.error"}, aborted, "", nil},
	{"YIELD with ID 0", busy, list{70, 0, dict{}}, aborted, "", nil},
	{"YIELD with ID -1", busy, list{70, -1, dict{}}, aborted, "", nil},
	{"YIELD with ID 2^53+1", busy, list{70, codec.MaxID + 1, dict{}}, aborted, "", nil},
	{"YIELD with ID 1.5", busy, list{70, 1.5, dict{}}, aborted, "", nil},
	{"YIELD without options", busy, list{70, 1}, aborted, "", nil},
	{"second HELLO", busy, helloMessage, passed, "", nil},
	{"REGISTER once more", member, list{64, 2, dict{}, "com.example.hostile"}, refused, uriAlreadyExists, nil},
	{"YIELD after GOODBYE", gone, list{70, 1, dict{}}, discarded, "", nil},
}

// TestHostileClients lets clients do the worst, each over each transport and in
// each serializer, beside a pool and a session that must not notice.
func TestHostileClients(t *testing.T) {
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		a := newArena(t, s, over)
		for _, h := range hostileClients {
			if h.only == nil || strings.Contains(strings.Join(h.only, " "), s.String()) {
				if !t.Run(h.name, func(t *testing.T) { a.suffer(t, h) }) {
					t.FailNow() // what follows may fail for this
				}
			}
		}
	})
}

// attacker is a hostile client with its end at the router.
type attacker struct {
	arena            *arena
	client, atRouter *speaker
	call             int // the pool's call that it has, 0: none
}

// bring takes a hostile client as far as that.
func (a *arena) bring(t *testing.T, to stage) *attacker {
	t.Helper()
	x := &attacker{arena: a}
	a.t, a.pool.t, a.healthy.t, a.bystander.t, a.bystanderAtRouter.t = t, t, t, t, t
	if to == connected {
		x.client, x.atRouter = a.connect(t)
		return x
	}
	x.client, x.atRouter = a.join(t)
	if to == joined {
		return x
	}
	atCallee, atPool := a.enrol(x.client, x.atRouter, "com.example.hostile")
	if to == member {
		return x
	}
	x.call = a.call(atPool)
	x.client.expect(`[68,1,%.0f,{},["ping"]]`, atCallee)
	if to == gone {
		x.leave()
	}
	return x
}

// leave says GOODBYE. Its call is answered, and its pool is given up.
func (x *attacker) leave() {
	goodbye := list{6, dict{}, "wamp.close.close_realm"}
	x.client.say(goodbye)
	x.atRouter.expectBytes(wire(x.arena.s, goodbye))
	x.lost()
}

// lost takes what the pool session says when the client is lost.
func (x *attacker) lost() {
	if x.call != 0 {
		x.arena.pool.expectError(codec.TypeInvocation, x.call, uriCanceled)
		x.call = 0
	}
	x.arena.giveUp()
}
