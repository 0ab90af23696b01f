package proxy

import (
	"bytes"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wampool/wampool/codec"
)

// victim is a callee whose pool answers direct callers: what they send comes to
// it without a router in between.
type victim struct {
	*speaker
	arena  *arena
	atPool float64
}

func (a *arena) newVictim(t testing.TB) *victim {
	t.Helper()
	client, atRouter := a.join(t)
	_, atPool := a.enrol(client, atRouter, "com.example.direct")
	return &victim{client, a, atPool}
}

// takes answers all calls that have come to the victim, by a call of the router
// that comes behind them, and returns how many they were. All must be sound.
func (v *victim) takes(t *testing.T) (calls int) {
	t.Helper()
	v.arena.by(t)
	v.t = t
	ping := v.arena.call(v.atPool)
	for {
		message := []byte(v.next())
		if err := codec.Validate(v.s, message); err != nil {
			t.Fatalf("the callee got %q: %v", message, err)
		}
		var m codec.Invocation
		if err := m.Decode(v.s, message); err != nil {
			t.Fatalf("the callee got %q: %v", message, err)
		}
		v.say(list{70, int(m.Request), dict{}})
		if arguments, _, _ := m.Payload.Arguments(v.s); bytes.Equal(arguments, wire(v.s, list{"ping"})) {
			break
		}
		calls++
	}
	v.arena.pool.expect(`[70,%d,{}]`, ping)
	return calls
}

// directShapes are of a CALL that the victim's pool answers, and of the CANCEL
// of one.
var directShapes = []struct {
	elements string
	message  list
}{
	{"tiduak", list{48, 2, dict{}, "com.example.direct", list{1}, dict{"a", 1}}},
	{"tid", list{49, 1, dict{}}},
}

// TestHostileDirectCalls lets callers send CALLs and CANCELs with something wrong
// in each part of them: none of those reaches the callee; the router gets what
// is not the pool's, or the caller is aborted.
func TestHostileDirectCalls(t *testing.T) {
	cases := 0
	overAll(t, func(t *testing.T, s codec.Serializer, over string) {
		a := newArena(t, s, over)
		v := a.newVictim(t)
		for _, h := range directShapes {
			for _, shape := range shapesOf(s, h.elements, h.message) {
				cases++
				isCall := h.message[0] == 48
				caller, atRouter := a.joinAs(t, "caller")
				caller.say(list{48, 1, dict{}, "com.example.direct"})
				caller.shout(shape.raw)
				if caller.conn.Send(wire(s, sentinel)) == nil {
					caller.conn.Flush()
				}
				passed, goesOn := atRouter.untilSentinel()
				calls := v.takes(t)
				sound := shape.sound && (utf8.Valid(shape.raw) || !a.checksText())
				unfit := shape.unfit && (utf8.Valid(shape.raw) || !a.checksText())
				switch {
				case isCall && sound && (calls != 2 || passed != 0 || !goesOn),
					!isCall && sound && (calls != 1 || passed != 0 || !goesOn):
					t.Errorf("%s: %d calls came to the callee, %d messages to the router; the session goes on: %t", shape.name, calls, passed, goesOn)
				case !sound && unfit:
					if calls != 1 || passed != 0 || !goesOn {
						t.Errorf("%s: %d calls came to the callee, %d messages to the router; the session goes on: %t", shape.name, calls, passed, goesOn)
					}
					caller.expectError(codec.TypeCall, 2, uriInvalidArgument)
				case !sound && (calls != 1 || goesOn != (passed == 1)):
					t.Errorf("%s: %d calls came to the callee, %d messages to the router; the session goes on: %t", shape.name, calls, passed, goesOn)
				}
				if !isCall && sound {
					caller.expectError(codec.TypeCall, 1, uriCanceled)
				}
				caller.conn.Abort(errStopped)
				exhaust(caller)
				exhaust(atRouter)
			}
		}
		a.by(t)
		a.ping()
	})
	t.Logf("%d cases", cases)
}

var sentinel = list{16, uint64(1 << 40), dict{}, "com.example.sentinel"}

// untilSentinel counts the messages before the sentinel, or before the
// connection's end, which it tells apart.
func (p *speaker) untilSentinel() (before int, came bool) {
	p.t.Helper()
	for {
		select {
		case message, open := <-p.messages:
			if !open {
				return before, false
			}
			var m codec.Publish
			if m.Decode(p.s, []byte(message)) == nil && m.Topic == "com.example.sentinel" {
				return before, true
			}
			before++
		case <-time.After(patience):
			p.t.Fatal("neither the sentinel nor the end came")
		}
	}
}
