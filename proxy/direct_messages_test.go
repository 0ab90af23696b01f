package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestDirectDisclosure(t *testing.T) {
	w, pool := newWorld(t, directly(`policy = "roundrobin"`))
	plain, _, registration := w.callee(pool, "{}", "")
	asking, atRouter := w.join("backend", "")
	asking.send(`[64,1,{"disclose_caller":true},"com.example.p"]`)
	atRouter.expect(`[64,1,{"disclose_caller":true},"com.example.p"]`)
	atRouter.send(`[8,64,1,{},"wamp.error.procedure_already_exists"]`)
	registered := strings.TrimSuffix(asking.expectPrefix(`[65,1,`), "]")[len("[65,1,"):]
	caller, _ := w.join("frontend", "")
	const disclosed = `"caller":7,"caller_authid":"joe","caller_authrole":"frontend"`
	caller.send(`[48,1,{},"com.example.p"]`)
	plain.expect(`[68,1,%d,{}]`, registration)
	caller.send(`[48,2,{"timeout":0},"com.example.p"]`)
	asking.expect(`[68,1,%s,{"timeout":0,%s}]`, registered, disclosed)
	caller.send(`[48,3,{"disclose_me":true},"com.example.p"]`)
	plain.expect(`[68,2,%d,{%s}]`, registration, disclosed)
	caller.send(`[48,4,{"disclose_me":true},"com.example.p"]`)
	asking.expect(`[68,2,%s,{%s}]`, registered, disclosed)
	pool.send(`[68,1,100,{}]`) // whom the router does not disclose is not disclosed
	plain.expect(`[68,3,%d,{}]`, registration)
}

// A callee that wants its callers disclosed asks the router too, through the
// pool's registration.
func TestPoolAsksForCallers(t *testing.T) {
	w, pool := newWorld(t, directly(""))
	callee, router := w.join("backend", "")
	callee.send(`[64,1,{"disclose_caller":true},"com.example.p"]`)
	pool.expect(`[64,1,{"disclose_caller":true},"com.example.p"]`)
	pool.send(`[65,1,100]`)
	router.expect(`[64,1,{"disclose_caller":true},"com.example.p"]`)
}

func TestDirectPassthru(t *testing.T) {
	_, _, callee, caller, _, registration := directWorld(t, "", `"payload_passthru_mode":true`)
	const options = `"ppt_scheme":"x_a","ppt_serializer":"cbor"`
	caller.send(`[48,1,{%s},"com.example.p",["\u0000AAEC"]]`, options)
	callee.expect(`[68,1,%d,{%s},["\u0000AAEC"]]`, registration, options)
	callee.send(`[70,1,{%s},["\u0000AwQF"]]`, options)
	caller.expect(`[50,1,{%s},["\u0000AwQF"]]`, options)

	_, _, _, caller, _, _ = directWorld(t, "", "") // its callee knows nothing of it
	caller.send(`[48,1,{%s},"com.example.p",["\u0000AAEC"]]`, options)
	caller.expectPrefix(`[8,48,1,{},"wamp.error.feature_not_supported"`)
	caller.send(`[48,2,{"progress":true},"com.example.p"]`)
	caller.expectPrefix(`[8,48,2,{},"wamp.error.feature_not_supported"`)
}

// What a caller sends goes to callees that others need: it is looked at first.
func TestDirectCallIsValidated(t *testing.T) {
	for _, bad := range []string{
		`[48,2,{"timeout":"soon"},"com.example.p"]`,
		`[48,2,{},"com.example.p",[1],{},3]`,
	} {
		_, pool, callee, caller, _, registration := directWorld(t, "", "")
		caller.send(`[48,1,{},"com.example.p"]`)
		callee.expect(`[68,1,%d,{}]`, registration)
		caller.sendBytes([]byte(bad))
		caller.expectPrefix(`[3,{"message":"codec: CALL`)
		pool.send(`[68,1,100,{},["next"]]`)
		callee.expect(`[68,2,%d,{},["next"]]`, registration)
	}
}

// What is wrong in a payload costs the call.
func TestDirectCallWithAnUnfitPayload(t *testing.T) {
	_, pool, callee, caller, _, registration := directWorld(t, "", "")
	caller.send(`[48,1,{},"com.example.p"]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	for i, bad := range []string{`[1,]`, `{}`, `[1],[]`, `["\u0000no Base64"]`} {
		caller.sendBytes(fmt.Appendf(nil, `[48,%d,{},"com.example.p",%s]`, i+2, bad))
		caller.expectPrefix(`[8,48,%d,{},"wamp.error.invalid_argument",["the call can't be passed on: codec: CALL.Arguments`, i+2)
	}
	pool.send(`[68,1,100,{},["next"]]`)
	callee.expect(`[68,2,%d,{},["next"]]`, registration)
	callee.send(`[70,1,{},["the first"]]`)
	caller.expect(`[50,1,{},["the first"]]`)
}

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

// A callee whose role is listed too: its own REGISTERs, the probes inserted among
// its requests, and its calls of its own pool.
func TestDirectCallerIsACallee(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {
		direct = ["backend"]
	}`)
	client, router := w.join("backend", "")
	client.send(`[64,1,{"concurrency":0},"com.example.p"]`)
	client.expectPrefix(`[8,64,1,{},"wamp.error.invalid_argument"`)
	client.send(`[64,2,{},"com.example.p"]`)
	w.registerPool(pool)
	router.expect(`[64,1,{},"com.example.p"]`)
	router.send(`[65,1,500]`) // a router that lets anybody register
	router.expect(`[66,2,500]`)
	router.send(`[67,2]`)
	registration := strings.TrimSuffix(client.expectPrefix(`[65,2,`), "]")[len("[65,2,"):]
	client.send(`[48,3,{},"com.example.p",["to itself"]]`)
	client.expect(`[68,1,%s,{},["to itself"]]`, registration)
	client.send(`[70,1,{},["from itself"]]`)
	client.expect(`[50,3,{},["from itself"]]`)
	client.send(`[66,4,%s]`, registration)
	client.expect(`[67,4]`)
	pool.expect(`[66,2,100]`)
	client.send(`[48,5,{},"com.example.p"]`)
	router.expect(`[48,3,{},"com.example.p"]`)
	client.conn.Abort(errStopped)
}

// The pool that matches best answers, or nobody here does.
func TestDirectMatching(t *testing.T) {
	w, pool := newWorld(t, `
		pool "com.example." {
			match = "prefix"
			direct = ["frontend"]
		}
		pool "com.example.private" {}
		pool "com..worker" {
			match = "wildcard"
			direct = ["frontend"]
		}`)
	callee, router := w.join("backend", "")
	request := 0
	register := func(match, procedure string) string {
		request++
		options := fmt.Sprintf(`{"match":%q}`, match)
		callee.send(`[64,%d,%s,%q]`, request, options, procedure)
		atPool := options
		if match == "exact" {
			atPool = "{}"
		}
		pool.expect(`[64,%d,%s,%q]`, request, atPool, procedure)
		pool.send(`[65,%d,%d]`, request, 100+request)
		router.expect(`[64,%d,%s,%q]`, request, options, procedure)
		router.send(`[8,64,%d,{},"wamp.error.procedure_already_exists"]`, request)
		begin := fmt.Sprintf("[65,%d,", request)
		return strings.TrimSuffix(callee.expectPrefix("%s", begin), "]")[len(begin):]
	}
	short := register("prefix", "com.example.a")
	long := register("prefix", "com.example.a.b")
	exact := register("exact", "com.example.a.b.c")
	register("exact", "com.example.private")
	wild := register("wildcard", "com..worker")
	caller, atRouter := w.join("frontend", "")
	calls := 0
	for _, test := range []struct{ procedure, registration, details string }{
		{"com.example.a.b.c", exact, `{}`},
		{"com.example.a.b.d", long, `{"procedure":"com.example.a.b.d"}`},
		{"com.example.a.bb", long, `{"procedure":"com.example.a.bb"}`},
		{"com.example.ab", short, `{"procedure":"com.example.ab"}`},
		{"com.example.worker", wild, `{"procedure":"com.example.worker"}`},
	} {
		calls++
		caller.send(`[48,%d,{},%q]`, calls, test.procedure)
		callee.expect(`[68,%d,%s,%s]`, calls, test.registration, test.details)
	}
	for i, procedure := range []string{"com.example.private", "com.example.x", "com.elsewhere.a", "wamp.session.count"} {
		caller.send(`[48,%d,{},%q]`, calls+i+1, procedure)
		atRouter.expect(`[48,%d,{},%q]`, i+1, procedure)
	}
}

// A callee's pattern may match more than the block by which it is pooled:
// calls of what the block itself does not match are the router's to judge, and
// so are those that another block governs which does not name the role.
func TestDirectHoldsForWhatTheBlockMatches(t *testing.T) {
	w, pool := newWorld(t, `
		pool "com.app.public" {
			direct = ["frontend"]
		}
		pool "com.shop." {
			match  = "prefix"
			direct = ["frontend"]
		}
		pool "com.shop.till" {}
		pool "com.shop.list" {
			direct = ["frontend"]
		}`)
	callee, router := w.join("backend", "")
	registered := make(map[string]string)
	for i, register := range []struct{ match, procedure string }{{"prefix", "com.app.public"}, {"prefix", "com.shop."}, {"wildcard", "com..public"}} {
		options := fmt.Sprintf(`{"match":%q}`, register.match)
		if register.match == "wildcard" { // governed by no block
			options = fmt.Sprintf(`{"match":%q,"invoke":"roundrobin"}`, register.match)
		}
		callee.send(`[64,%d,%s,%q]`, i+1, options, register.procedure)
		pool.expect(`[64,%d,{"match":%q},%q]`, i+1, register.match, register.procedure)
		pool.send(`[65,%d,%d]`, i+1, 101+i)
		router.expect(`[64,%d,{"match":%q},%q]`, i+1, register.match, register.procedure)
		router.send(`[8,64,%d,{},"wamp.error.procedure_already_exists"]`, i+1)
		begin := fmt.Sprintf("[65,%d,", i+1)
		registered[register.procedure] = strings.TrimSuffix(callee.expectPrefix("%s", begin), "]")[len(begin):]
	}
	caller, atRouter := w.join("frontend", "")
	here, passed := 0, 0
	for i, test := range []struct{ called, by string }{
		{"com.app.public", "com.app.public"},
		{"com.app.public.admin.delete", ""},
		{"com.app.publicity", ""},
		{"com.shop.find", "com.shop."},
		{"com.shop.list", "com.shop."},
		{"com.shop.till", ""},
		{"com.shop.till.open", "com.shop."},
		{"com.other.public", ""},
	} {
		caller.send(`[48,%d,{},%q]`, i+1, test.called)
		if test.by == "" {
			passed++
			atRouter.expect(`[48,%d,{},%q]`, passed, test.called)
			continue
		}
		here++
		callee.expect(`[68,%d,%s,{"procedure":%q}]`, here, registered[test.by], test.called)
	}
}
