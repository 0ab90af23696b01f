package proxy

import (
	"testing"

	"github.com/wampool/wampool/codec"
)

// hostileLogins are what the router sends in answer to the pool session's
// HELLO. Each costs it this session, and the next one is as good as the first.
var hostileLogins = []struct {
	name string
	send any
}{
	{"garbage", verbatim{codec.JSON: "HTTP/1.1 502", codec.MessagePack: "\xc1\xc1", codec.CBOR: "\xff\xff"}},
	{"an empty list", list{}},
	{"WELCOME cut short", list{2}},
	{"WELCOME without details", list{2, 1}},
	{"WELCOME with session 0", list{2, 0, dict{"authrole", "backend"}}},
	{"WELCOME with session -1", list{2, -1, dict{"authrole", "backend"}}},
	{"WELCOME with session 2^53+1", list{2, uint64(codec.MaxID + 1), dict{"authrole", "backend"}}},
	{"WELCOME with session 1.5", list{2, 1.5, dict{"authrole", "backend"}}},
	{"WELCOME with details as a list", list{2, 1, list{}}},
	{"WELCOME with details too deep", list{2, 1, dict{"roles", nestedDicts(100000)}}},
	{"WELCOME with bad UTF-8", list{2, 1, dict{"authrole", "\xff"}}},
	{"CHALLENGE nobody is prepared for", list{4, "ticket", dict{}}},
	{"CHALLENGE by a method that is none", list{4, "", dict{}}},
	{"CHALLENGE cut short", list{4, "ticket"}},
	{"INVOCATION before WELCOME", list{68, 1, 101, dict{}}},
	{"REGISTERED before WELCOME", list{65, 1, 101}},
	{"HELLO", helloMessage},
	{"ABORT", list{3, dict{"message", "no"}, "wamp.error.not_authorized"}},
	{"ABORT without a reason", list{3, dict{}}},
	{"ABORT with a message as a list", list{3, dict{"message", list{}}, "wamp.error.not_authorized"}},
	{"GOODBYE", list{6, dict{}, "wamp.close.system_shutdown"}},
	{"nothing, and the end", nil},
}

func TestHostileLogins(t *testing.T) {
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		arenas := make([]*arena, len(hostileLogins))
		for i, h := range hostileLogins {
			a := startArena(t, s, over)
			a.pool = a.accept(t)
			a.pool.expectType(codec.TypeHello)
			if h.send == nil {
				a.pool.conn.Abort(errStopped)
			} else {
				a.pool.shout(wire(s, h.send))
			}
			arenas[i] = a
		}
		for i, h := range hostileLogins {
			t.Run(h.name, func(t *testing.T) {
				a := arenas[i]
				exhaust(a.pool)
				a.t = t
				a.pool = a.accept(t)
				a.welcomePool()
				a.populate()
				a.ping()
			})
		}
	})
}

// The router may answer in any order: what counts is the request.
func TestAnswersOutOfOrder(t *testing.T) {
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		a := newArena(t, s, over)
		first, firstAtRouter := a.join(t)
		second, secondAtRouter := a.join(t)
		random := dict{"invoke", "random"}
		first.say(list{64, 1, random, "com.example.first"})
		firstRequest := a.pool.expectType(codec.TypeRegister)[1].(float64)
		second.say(list{64, 1, random, "com.example.second"})
		secondRequest := a.pool.expectType(codec.TypeRegister)[1].(float64)

		a.pool.say(list{65, int(secondRequest), 302})
		inSecond := a.admitted(second, secondAtRouter, "com.example.second")
		a.pool.say(list{65, int(firstRequest), 301})
		inFirst := a.admitted(first, firstAtRouter, "com.example.first")

		toFirst, toSecond := a.call(301), a.call(302)
		first.expect(`[68,1,%.0f,{},["ping"]]`, inFirst)
		second.expect(`[68,1,%.0f,{},["ping"]]`, inSecond)
		second.say(list{70, 1, dict{}})
		a.pool.expect(`[70,%d,{}]`, toSecond)
		first.say(list{70, 1, dict{}})
		a.pool.expect(`[70,%d,{}]`, toFirst)
		a.ping()
	})
}

// A router that gives two registrations one ID gets its calls answered.
func TestOneRegistrationIDForTwoPools(t *testing.T) {
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		a := newArena(t, s, over)
		client, atRouter := a.join(t)
		client.say(list{64, 1, dict{"invoke", "random"}, "com.example.other"})
		request := a.pool.expectType(codec.TypeRegister)[1].(float64)
		a.pool.say(list{65, int(request), int(a.healthyAtRouter)})
		inOther := a.admitted(client, atRouter, "com.example.other")
		id := a.call(a.healthyAtRouter)
		client.expect(`[68,1,%.0f,{},["ping"]]`, inOther)
		client.say(list{70, 1, dict{}})
		a.pool.expect(`[70,%d,{}]`, id)
	})
}

// admitted answers a client's probe as a router does that knows the procedure
// as taken, and returns the registration that the client gets.
func (a *arena) admitted(client, atRouter *speaker, procedure string) float64 {
	a.t.Helper()
	atRouter.expect(`[64,1,{},%q]`, procedure)
	atRouter.say(list{8, 64, 1, dict{}, "wamp.error.procedure_already_exists"})
	return client.expectType(codec.TypeRegistered)[2].(float64)
}
