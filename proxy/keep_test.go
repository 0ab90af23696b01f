package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// A call that its callee refuses goes to another one as it came, however long it is
// and whatever has come meanwhile.
func TestLongCallIsHandedOnAsItCame(t *testing.T) {
	for _, size := range []int{1_000, 10_000, 100_000, 400_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			overAll(t, func(t *testing.T, s codec.Serializer, over string) { testLongCallIsHandedOn(t, s, over, size) })
		})
	}
}

func testLongCallIsHandedOn(t *testing.T, s codec.Serializer, over string, size int) {
	a := newArena(t, s, over)
	const calls = 6
	var callees []*speaker
	for i := range 2 {
		callee, atRouter := a.join(t)
		callee.say(list{64, 1, dict{"invoke", "roundrobin"}, "com.example.hostile"})
		if i == 0 {
			request := a.pool.expectType(codec.TypeRegister)[1].(float64)
			a.pool.say(list{65, int(request), 777})
		}
		a.admitted(callee, atRouter, "com.example.hostile")
		callees = append(callees, callee)
	}
	for i := range calls {
		a.pool.say(list{68, 100 + i, 777, dict{}, list{strings.Repeat(string(rune('a'+i)), size)}})
	}
	got := make(map[string]int)
	for range calls { // each callee gets each call, and refuses it
		for _, callee := range callees {
			m := callee.expectType(codec.TypeInvocation)
			text := m[len(m)-1].([]any)[0].(string)
			if len(text) != size || text != strings.Repeat(text[:1], size) {
				t.Fatalf("a callee got %d bytes, %.20s…", len(text), text)
			}
			got[text[:1]]++
			callee.say(list{8, 68, int(m[1].(float64)), dict{}, "wamp.error.unavailable"})
		}
	}
	for range calls {
		a.pool.expectType(codec.TypeError)
	}
	for i := range calls {
		if n := got[string(rune('a'+i))]; n != 2 {
			t.Errorf("call %d came %d times", i, n)
		}
	}
}
