package proxy

import (
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

// hostile is one thing that a client may do.
type hostile struct {
	name string
	at   stage
	send any // the message, for wire; verbatim may leave out serializers that can't express it
	want outcome
}

// hostileClients are the cases, each in a table of the file about its subject.
var hostileClients = [][]hostile{hostileAnswers, hostileRegisters, hostileOrders}

// TestHostileClients lets clients do the worst, each over each transport and in
// each serializer, beside a pool and a session that must not notice.
func TestHostileClients(t *testing.T) {
	cases := 0
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		a := newArena(t, s, over)
		for _, table := range hostileClients {
			for _, h := range table {
				if v, own := h.send.(verbatim); own && v[s] == "" {
					continue
				}
				cases++
				if !t.Run(h.name, func(t *testing.T) {
					x := a.bring(t, h.at)
					if x.does(wire(s, h.send), h.want) {
						x.goesOn(t)
					}
				}) {
					t.FailNow() // what follows may fail for this
				}
			}
		}
	})
	t.Logf("%d cases", cases)
}

// attacker is a hostile client with its end at the router.
type attacker struct {
	arena            *arena
	client, atRouter *speaker
	inPool           bool
	atCallee, atPool float64 // the registration, as the client and the router know it
	call             int     // the pool's call that it has, 0: none
}

// bring takes a hostile client as far as that.
func (a *arena) bring(t *testing.T, to stage) *attacker {
	t.Helper()
	a.by(t)
	x := &attacker{arena: a}
	if to == connected {
		x.client, x.atRouter = a.connect(t)
		return x
	}
	if x.client, x.atRouter = a.join(t); to == joined {
		return x
	}
	x.atCallee, x.atPool = a.enrol(x.client, x.atRouter, "com.example.hostile")
	if x.inPool = true; to == member {
		return x
	}
	x.call = a.call(x.atPool)
	x.client.expect(`[68,1,%.0f,{},["ping"]]`, x.atCallee)
	if to == gone {
		goodbye := list{6, dict{}, "wamp.close.close_realm"}
		x.client.say(goodbye)
		x.atRouter.expectBytes(wire(a.s, goodbye))
		x.lost()
	}
	return x
}
