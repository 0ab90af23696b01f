package proxy

import (
	"testing"

	"github.com/wampool/wampool/codec"
)

// suffer lets a hostile client do what it does, and checks what comes of it.
func (a *arena) suffer(t *testing.T, h hostile) {
	x := a.bring(t, h.at)
	raw := wire(a.s, h.send)
	x.client.shout(raw)
	inPool := h.at == member || h.at == busy
	switch h.want {
	case aborted:
		x.client.expectAbort()
		x.atRouter.expectEnd()
		if inPool {
			x.lost()
		}
		a.ping()
		return
	case passed:
		x.atRouter.expectBytes(raw)
	case discarded:
	case refused:
		got := x.client.expectType(codec.TypeError)
		if got[4] != h.uri {
			t.Errorf("got %v, want %s", got, h.uri)
		}
	case spoiled:
		a.pool.expectError(codec.TypeInvocation, x.call, uriInvalidArgument)
		x.call = 0
	case answered:
		if got := a.pool.next(); codec.Validate(a.s, []byte(got)) != nil {
			t.Errorf("the pool session sent %.200q", got)
		}
		x.call = 0
	}
	a.ping()
	x.goesOn(inPool)
	a.ping()
}

// goesOn proves that the hostile client's own session goes on: what it sends
// arrives behind what it sent, its call still has its answer; and it ends in
// good order.
func (x *attacker) goesOn(inPool bool) {
	a := x.arena
	sentinel := list{16, 1 << 40, dict{}, "com.example.sentinel"}
	x.client.say(sentinel)
	got := x.atRouter.expectType(codec.TypePublish)
	if got[3] != "com.example.sentinel" {
		x.client.t.Errorf("got %v, want the sentinel", got)
	}
	if x.call != 0 {
		x.client.say(list{70, 1, dict{}})
		a.pool.expect(`[70,%d,{}]`, x.call)
	}
	x.client.conn.Abort(errStopped)
	if inPool {
		a.giveUp()
	}
	x.atRouter.expectEnd()
}
