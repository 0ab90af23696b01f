package proxy

import (
	"testing"
	"unicode/utf8"

	"github.com/wampool/wampool/codec"
)

// outcome is what comes of what a hostile client does.
type outcome struct {
	kind outcomeKind
	uri  string // of the ERROR, if refusing
}

type outcomeKind int

var (
	aborted   = outcome{kind: aborting}   // ABORT wamp.error.protocol_violation; nobody else gets anything
	passed    = outcome{kind: passing}    // its own router gets it byte for byte; the session goes on
	discarded = outcome{kind: discarding} // nobody gets it; the session goes on
	spoiled   = outcome{kind: spoiling}   // its call ends with wamp.error.invalid_argument; the session goes on
	answered  = outcome{kind: answering}  // its call ends with what it sent
	untouched = outcome{kind: keeping}    // and that byte for byte, but for the ID
	parted    = outcome{kind: parting}    // its own router gets it; the session is over, its connection is not
)

// refused is an ERROR for the client's request; the session goes on.
func refused(uri string) outcome { return outcome{kind: refusing, uri: uri} }

const (
	aborting outcomeKind = iota
	passing
	discarding
	refusing
	spoiling
	answering
	keeping
	parting
)

// does lets the client send these bytes, checks what comes of it, and that
// nobody else notices. It tells whether the session goes on.
func (x *attacker) does(raw []byte, want outcome) bool {
	x.client.t.Helper()
	a := x.arena
	x.client.shout(raw)
	if a.checksText() && !utf8.Valid(raw) {
		x.client.expectClose(1007) // RFC 6455, 8.1
		x.ended()
		return false
	}
	switch want.kind {
	case aborting:
		x.client.expectAbort()
		x.ended()
		return false
	case passing:
		x.atRouter.expectBytes(raw)
	case parting:
		x.atRouter.expectBytes(raw)
		x.lost()
	case refusing:
		if got := x.client.expectType(codec.TypeError); got[4] != want.uri {
			x.client.t.Errorf("got %v, want %s", got, want.uri)
		}
	case spoiling:
		a.pool.expectError(codec.TypeInvocation, x.call, uriInvalidArgument)
		x.call = 0
	case keeping:
		element := 1
		if of, _ := codec.PeekType(a.s, raw); of == codec.TypeError {
			element = 2
		}
		kept, err := codec.AppendWithID(nil, a.s, raw, element, uint64(x.call))
		if err != nil {
			x.client.t.Fatal(err)
		}
		a.pool.expectBytes(kept)
		x.call = 0
	case answering:
		if got := elements(x.client.t, a.s, a.pool.next()); got[0] == float64(codec.TypeError) && got[2] != float64(x.call) ||
			got[0] == float64(codec.TypeYield) && got[1] != float64(x.call) {
			x.client.t.Errorf("the pool session sent %v", got)
		}
		x.call = 0
	}
	a.ping()
	return true
}

// checksText tells whether the transport checks that what claims to be text is.
func (a *arena) checksText() bool { return a.s == codec.JSON && a.over == webSocket }

// ended checks that the client's end has reached its router and its pool, and
// nobody else.
func (x *attacker) ended() {
	x.client.t.Helper()
	x.atRouter.expectEnd()
	x.lost()
	x.arena.ping()
}

// lost takes what the pool session says when the client is lost.
func (x *attacker) lost() {
	x.client.t.Helper()
	if x.call != 0 {
		x.arena.pool.expectError(codec.TypeInvocation, x.call, uriCanceled)
		x.call = 0
	}
	if x.inPool {
		x.arena.giveUp()
		x.inPool = false
	}
}

// goesOn proves that the hostile client's own session goes on: what it sends
// arrives behind what it sent, its call still has its answer. Then it leaves.
func (x *attacker) goesOn(t *testing.T) {
	a := x.arena
	x.client.say(list{16, uint64(1 << 40), dict{}, "com.example.sentinel"})
	if got := x.atRouter.expectType(codec.TypePublish); got[3] != "com.example.sentinel" {
		t.Errorf("got %v, want the sentinel", got)
	}
	if x.call != 0 {
		x.client.say(list{70, 1, dict{}})
		a.pool.expect(`[70,%d,{}]`, x.call)
		x.call = 0
	}
	x.client.conn.Abort(errStopped)
	x.ended()
}
