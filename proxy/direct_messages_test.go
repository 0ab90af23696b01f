package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestDirectAcrossSerializers(t *testing.T) {
	w := makeWorld(t)
	w.speaks = serializers
	w.start(worldOptions{realm: directly("")})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, "{}", "")
	for _, s := range serializers {
		caller, router := w.connectBy(s)
		w.welcome(caller, router, "frontend", "")
		caller.send(`[48,1,{"disclose_me":true},"com.example.p",[1,"x",null],{"k":[1.5]}]`)
		got := callee.expectPrefix(`[68,`)
		if want := fmt.Sprintf(`%d,{"caller":7,"caller_authid":"joe","caller_authrole":"frontend"},[1,"x",null],{"k":[1.5]}]`, registration); !strings.HasSuffix(got, want) {
			t.Fatalf("got %s, want …%s", got, want)
		}
		id := strings.Split(got, ",")[1]
		callee.send(`[70,%s,{},["y"]]`, id)
		caller.expect(`[50,1,{},["y"]]`)
	}
	// What one serializer alone can say ends the call, not a session.
	caller, router := w.connectBy(codec.CBOR)
	w.welcome(caller, router, "frontend", "")
	caller.sendBytes(wire(codec.CBOR, list{48, 1, dict{}, "com.example.p", list{verbatim{codec.CBOR: "\xc1\x01"}}}))
	caller.expectPrefix(`[8,48,1,{},"wamp.error.invalid_argument",["the call's payload does not fit the callee's serializer`)
	caller.sendBytes(wire(codec.CBOR, list{48, 2, dict{}, "com.example.p", list{verbatim{codec.CBOR: "\xf9\x7e\x00"}}})) // NaN
	caller.expectPrefix(`[8,48,2,{},"wamp.error.invalid_argument",["the call's payload does not fit the callee's serializer`)
	caller.send(`[48,3,{},"com.example.p"]`)
	callee.expectPrefix(`[68,`)
}

func TestDirectProgressThatCannotBePassedOnEndsTheCall(t *testing.T) {
	w := makeWorld(t)
	w.speaks = serializers
	w.start(worldOptions{realm: directly("")})
	pool := w.welcomePool()
	callee, router := w.connectBy(codec.CBOR)
	w.welcome(callee, router, "backend", `"progressive_call_results":true,"call_canceling":true`)
	callee.send(`[64,1,{},"com.example.p"]`)
	w.registerPool(pool)
	registration := w.admit(callee, router)
	caller, atRouter := w.join("frontend", "")
	caller.send(`[48,1,{"receive_progress":true},"com.example.p"]`)
	callee.expect(`[68,1,%d,{"receive_progress":true}]`, registration)
	callee.sendBytes(wire(codec.CBOR, list{70, 1, dict{"progress", true}, list{verbatim{codec.CBOR: "\xf9\x7e\x00"}}}))
	caller.expectPrefix(`[8,48,1,{},"wamp.error.invalid_argument"`)
	callee.expect(`[69,1,{"mode":"killnowait"}]`)
	callee.send(`[70,1,{},["late"]]`)
	caller.send(`[48,2,{},"com.example.p"]`)
	callee.expect(`[68,2,%d,{}]`, registration)
	arrived(caller, atRouter, 3, 1)
}

// The rest of a progressive call that was refused is for nobody.
func TestDirectPartsOfRefusedCalls(t *testing.T) {
	w := makeWorld(t)
	w.speaks = serializers
	w.start(worldOptions{realm: directly("")})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, "{}", `"progressive_call_invocations":true,"progressive_call_results":true,"call_canceling":true`)
	pool = w.pool // the callee's own
	caller, router := w.connectBy(codec.CBOR)
	w.welcome(caller, router, "frontend", "")
	const tagged, notANumber = "\xc1\x01", "\xf9\x7e\x00"
	for i, value := range []string{tagged, notANumber} {
		id := i + 1
		caller.sendBytes(wire(codec.CBOR, list{48, id, dict{"progress", true}, "com.example.p", list{verbatim{codec.CBOR: value}}}))
		caller.expectPrefix(`[8,48,%d,{},"wamp.error.invalid_argument"`, id)
		caller.send(`[48,%d,{"progress":true},"com.example.p",["more"]]`, id)
		caller.send(`[48,%d,{},"com.example.p",["end"]]`, id)
	}
	caller.send(`[48,3,{"progress":true},"com.example.p",[1]]`)
	if got := callee.expectPrefix(`[68,`); !strings.HasSuffix(got, fmt.Sprintf(`,%d,{"progress":true},[1]]`, registration)) {
		t.Fatalf("the callee got %s", got)
	}
	caller.sendBytes(wire(codec.CBOR, list{48, 3, dict{"progress", true}, "com.example.p", list{verbatim{codec.CBOR: tagged}}}))
	caller.expectPrefix(`[8,48,3,{},"wamp.error.invalid_argument"`)
	callee.expectPrefix(`[69,`)
	caller.send(`[48,3,{},"com.example.p",["end"]]`)
	arrived(caller, router, 4, 1)
	w.stop()
	pool.expect(`[66,2,100]`)
	caller.send(`[48,5,{"progress":true},"com.example.p"]`)
	caller.expectPrefix(`[8,48,5,{},"wamp.error.unavailable"`)
	caller.send(`[48,5,{},"com.example.p"]`)
	arrived(caller, router, 6, 2)
}
