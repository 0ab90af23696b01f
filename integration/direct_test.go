package integration

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Callers at wampool whose calls the pool answers itself, past the router.

// direct is a realm block whose pools below com.example.direct answer anonymous
// callers, one call at a time for each callee.
const direct = `realm "realm1" {
  pool "com.example.direct." {
    match = "prefix"
    concurrency = 1
    direct = ["anonymous"]
    queue {
    }
  }
}`

// startDirect starts wampool before a router, with a tap that shows what comes
// to the router.
func startDirect(t *testing.T, c *crossbar) (*wampool, *tap) {
	t.Helper()
	tap := startTap(t, c.url())
	return startWampool(t, tap.listener.URL(), direct), tap
}

// routerSaw tells whether a CALL of a procedure came to the router.
func (tp *tap) routerSaw(procedure string) bool {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	for _, session := range tp.sessions {
		for _, message := range session {
			if strings.HasPrefix(message, "[48,") && strings.Contains(message, procedure) {
				return true
			}
		}
	}
	return false
}

var libraries = []string{"asyncio", "twisted", "autobahn", "wampy"}

func TestDirectCallsBetweenLibraries(t *testing.T) {
	w, tap := startDirect(t, router(t))
	for _, calleeName := range libraries {
		procedure := "com.example.direct.between." + calleeName
		callee := library(t, calleeName).join(t, w.url, nil)
		callee.register(procedure+".echo", "echo", nil).ok(t)
		callee.register(procedure+".error", "error", nil).ok(t)
		callee.register(procedure+".hold", "hold", nil).ok(t)
		for _, callerName := range libraries {
			t.Run(callerName+" calls "+calleeName, func(t *testing.T) {
				caller := library(t, callerName).join(t, w.url, nil)
				if got := string(caller.call(procedure+".echo", 1, "Grüße", nil).ok(t)); !strings.Contains(got, "Gr") {
					t.Errorf("the call returns %s", got)
				}
				if r := caller.call(procedure + ".error").wait(t); r.Error == nil || !strings.HasPrefix(r.Error.URI, "com.example.") {
					t.Errorf("the callee's error came as %+v", r)
				}
				first, second := caller.call(procedure+".hold", 1), caller.call(procedure+".hold", 2)
				for call, answer := range []*answer{first, second} {
					if got := argument(t, callee, procedure+".hold"); got != call+1 {
						t.Fatalf("call %d runs, want %d", got, call+1)
					}
					callee.release(procedure+".hold", 1)
					answer.ok(t)
				}
				caller.call("com.example.direct.nobody").fails(t, "wamp.error.no_such_procedure") // by the router
			})
		}
	}
	if tap.routerSaw("com.example.direct.between") || !tap.routerSaw("com.example.direct.nobody") {
		t.Error("the router saw calls that the pool answers, or missed one that it does not")
	}
}

func TestDirectProgressiveResults(t *testing.T) {
	w, tap := startDirect(t, router(t))
	for _, calleeName := range []string{"asyncio", "twisted", "autobahn"} {
		procedure := "com.example.direct.progressive." + calleeName
		callee := library(t, calleeName).join(t, w.url, nil)
		callee.register(procedure, "hold", nil).ok(t)
		for _, callerName := range libraries {
			t.Run(callerName+" calls "+calleeName, func(t *testing.T) {
				caller := library(t, callerName).join(t, w.url, nil)
				call := caller.do("call", args{"procedure": procedure, "args": []any{1}, "progress": true})
				callee.invoked(1)
				for part := range 3 {
					if !callee.progress(procedure, part) {
						t.Fatal("the callee may not send parts of the result")
					}
					if got := strings.Trim(string(caller.next("progress").Args), "[]"); got != fmt.Sprint(part) {
						t.Errorf("part %d came as %s", part, got)
					}
				}
				callee.release(procedure, 1)
				call.ok(t)
			})
		}
	}
	if tap.routerSaw("com.example.direct.progressive") {
		t.Error("the router saw calls that the pool answers")
	}
}

func TestDirectCanceling(t *testing.T) {
	w, _ := startDirect(t, router(t))
	for calleeName, interruptible := range announced {
		for _, mode := range []string{"kill", "killnowait", "skip"} {
			t.Run(calleeName+", "+mode, func(t *testing.T) {
				procedure := fmt.Sprintf("com.example.direct.cancel.%s.%s", calleeName, mode)
				callee := library(t, calleeName).join(t, w.url, nil)
				callee.register(procedure, "hold", nil).ok(t)
				caller := joinRaw(t, "caller", w.url)
				caller.send(fmt.Sprintf(`[48,1,{},%q,[1]]`, procedure))
				argument(t, callee, procedure)
				caller.send(fmt.Sprintf(`[48,2,{},%q,[2]]`, procedure), `[49,2,{"mode":"`+mode+`"}]`)
				caller.expect(`[8,48,2,{},"wamp.error.canceled"`) // it waited
				caller.send(fmt.Sprintf(`[48,3,{},%q,[3]]`, procedure), `[49,1,{"mode":"`+mode+`"}]`)
				if interruptible && mode == "kill" { // the callee's own answer: Autobahn|Python's is this
					caller.expect(`[8,48,1,{},"wamp.error.runtime_error"`)
				} else {
					caller.expect(`[8,48,1,{},"wamp.error.canceled"`)
				}
				if interruptible && mode != "skip" {
					callee.next("interrupted")
				} else {
					noticesNothing(t, callee, procedure)
				}
				if got := argument(t, callee, procedure); got != 3 {
					t.Errorf("the slot went to call %d", got)
				}
				callee.release(procedure, 2) // the interrupted one is still in its list
				caller.expect(`[50,3,`)
			})
		}
	}
}

func TestLibrariesCancelTheirDirectCalls(t *testing.T) {
	w, tap := startDirect(t, router(t))
	const procedure = "com.example.direct.canceler"
	callee := library(t, "asyncio").join(t, w.url, nil)
	callee.register(procedure, "hold", nil).ok(t)
	for name, mode := range map[string]string{"wampy": "killnowait", "autobahn": "kill", "asyncio": "", "twisted": ""} {
		t.Run(name, func(t *testing.T) {
			caller := library(t, name).join(t, w.url, nil)
			call := caller.call(procedure, name)
			callee.invoked(1)
			caller.cancel(call, mode)
			callee.next("interrupted")
			if r := call.wait(t); r.Error == nil {
				t.Errorf("the canceled call returns %s", r.OK)
			}
			again := caller.call(procedure, "again")
			callee.invoked(1)
			callee.release(procedure, 2)
			again.ok(t)
		})
	}
	if tap.routerSaw(procedure) {
		t.Error("the router saw calls that the pool answers")
	}
}

func TestDirectTimeouts(t *testing.T) {
	w, tap := startDirect(t, router(t))
	const procedure = "com.example.direct.deadline"
	callee := library(t, "twisted").join(t, w.url, nil)
	callee.register(procedure, "hold", nil).ok(t)
	for _, name := range libraries {
		t.Run(name, func(t *testing.T) {
			caller := library(t, name).join(t, w.url, nil)
			call := caller.do("call", args{"procedure": procedure, "options": args{"timeout": 1}})
			callee.next("interrupted")
			call.fails(t, "wamp.error.timeout")
		})
	}
	again := library(t, "asyncio").join(t, w.url, nil).call(procedure, "again") // the slot is free
	callee.invoked(1)
	callee.release(procedure, 1+len(libraries))
	again.ok(t)
	if tap.routerSaw(procedure) {
		t.Error("the router saw calls that the pool answers")
	}
}

func TestDirectCallerLeaves(t *testing.T) {
	w, _ := startDirect(t, router(t))
	for _, name := range []string{"asyncio", "autobahn"} {
		t.Run(name, func(t *testing.T) {
			procedure := "com.example.direct.leaver." + name
			callee := library(t, "asyncio").join(t, w.url, nil)
			callee.register(procedure, "hold", nil).ok(t)
			leaver, stayer := library(t, name).join(t, w.url, nil), library(t, "twisted").join(t, w.url, nil)
			leaver.call(procedure, 1)
			argument(t, callee, procedure)
			leaver.call(procedure, 2)
			leaver.call("wamp.session.count").ok(t) // the call before it has arrived
			leaver.leave()
			callee.next("interrupted")
			last := stayer.call(procedure, 3)
			if got := argument(t, callee, procedure); got != 3 {
				t.Errorf("call %d of a caller who is gone got the slot", got)
			}
			callee.release(procedure, 2)
			last.ok(t)
		})
	}
}

// A callee of each kind of pattern, and what it is told.
func TestDirectCallsByPattern(t *testing.T) {
	w, tap := startDirect(t, router(t))
	for _, calleeName := range []string{"asyncio", "autobahn"} {
		t.Run(calleeName, func(t *testing.T) {
			base := "com.example.direct.pattern." + calleeName
			callee := library(t, calleeName).join(t, w.url, nil)
			callee.register(base+".", "hold", args{"match": "prefix"}).ok(t)
			callee.register(base+"..deep", "hold", args{"match": "wildcard"}).ok(t)
			callee.register(base+".exact.deep", "hold", nil).ok(t)
			caller := joinRaw(t, "caller", w.url)
			for i, test := range []struct{ called, registered, told string }{
				{base + ".exact.deep", base + ".exact.deep", ""},
				{base + ".other.deep", base + ".", base + ".other.deep"}, // a prefix before a wildcard
				{base + ".more", base + ".", base + ".more"},
			} {
				caller.send(fmt.Sprintf(`[48,%d,{},%q]`, i+1, test.called))
				e := callee.next("invoked")
				if e.Procedure != test.registered {
					t.Errorf("%s came to %s, want %s", test.called, e.Procedure, test.registered)
				}
				if test.told != "" && e.Details.Procedure != test.told {
					t.Errorf("the callee of %s is told %q, want %q", e.Procedure, e.Details.Procedure, test.told)
				}
				callee.release(e.Procedure, 1)
				caller.expect(fmt.Sprintf(`[50,%d,`, i+1))
			}
		})
	}
	if tap.routerSaw("com.example.direct.pattern") {
		t.Error("the router saw calls that the pool answers")
	}
}

// What no library here sends: progressive calls, disclosure, opaque payloads.
func TestDirectCallsOnTheWire(t *testing.T) {
	w, tap := startDirect(t, router(t))
	const procedure = "com.example.direct.wire"
	callee := rawCallee(t, w.url, procedure, "progressive_call_invocations", "progressive_call_results", "call_canceling", "payload_passthru_mode")
	caller := joinRaw(t, "caller", w.url)
	caller.send(
		fmt.Sprintf(`[48,1,{"progress":true,"receive_progress":true},%q,[1]]`, procedure),
		fmt.Sprintf(`[48,1,{"progress":true},%q,[2]]`, procedure), fmt.Sprintf(`[48,1,{},%q,[3]]`, procedure))
	first := callee.expect(`[68,`)
	id := element(t, first, 1)
	callee.expect(fmt.Sprintf(`[68,%d,%d,{"progress":true},[2]]`, id, element(t, first, 2)))
	callee.expect(fmt.Sprintf(`[68,%d,%d,{},[3]]`, id, element(t, first, 2)))
	callee.send(fmt.Sprintf(`[70,%d,{"progress":true},["a"]]`, id), fmt.Sprintf(`[70,%d,{},["b"]]`, id))
	caller.expect(`[50,1,{"progress":true,"callee":`)
	caller.expect(`[50,1,{"callee":`)

	caller.send(fmt.Sprintf(`[48,2,{"disclose_me":true},%q]`, procedure))
	if got := callee.expect(fmt.Sprintf(`[68,%d,`, id+1)); !strings.Contains(got, `"caller":`) || !strings.Contains(got, `"caller_authrole":"anonymous"`) {
		t.Errorf("the callee is told %s", got)
	}
	callee.send(fmt.Sprintf(`[70,%d,{}]`, id+1))
	caller.expect(`[50,2,{`)

	caller.send(fmt.Sprintf(`[48,3,{"ppt_scheme":"x_seal","ppt_serializer":"cbor"},%q,["\u0000AAEC"]]`, procedure))
	if got := callee.expect(fmt.Sprintf(`[68,%d,`, id+2)); !strings.HasSuffix(got, `,{"ppt_scheme":"x_seal","ppt_serializer":"cbor"},["\u0000AAEC"]]`) {
		t.Errorf("the callee got %s", got)
	}
	callee.send(fmt.Sprintf(`[70,%d,{"ppt_scheme":"x_seal"},["\u0000AwQ="]]`, id+2))
	if got := caller.expect(`[50,3,{"ppt_scheme":"x_seal",`); !strings.HasSuffix(got, `,["\u0000AwQ="]]`) {
		t.Errorf("the caller got %s", got)
	}
	if tap.routerSaw(procedure) {
		t.Error("the router saw calls that the pool answers")
	}
}

// One caller's calls come to one callee in the order in which they were made.
func TestDirectCallsKeepTheirOrder(t *testing.T) {
	w, _ := startDirect(t, router(t))
	const procedure, calls = "com.example.direct.order", 300
	callee := library(t, "asyncio").join(t, w.url, nil)
	callee.register(procedure, "echo", nil).ok(t)
	caller := library(t, "autobahn").join(t, w.url, nil)
	var answers []*answer
	for i := range calls {
		answers = append(answers, caller.call(procedure, i))
	}
	for i := range calls {
		if got := argument(t, callee, procedure); got != i {
			t.Fatalf("call %d came where %d was due", got, i)
		}
	}
	for _, a := range answers {
		a.ok(t)
	}
}

// Who asks the router for a pool's callees through wampool is told its members.
func TestCalleesOfAPoolAreItsMembers(t *testing.T) {
	c := router(t)
	const procedure = "com.example.members"
	w := startWampool(t, c.url(), pooled(procedure, `policy = "roundrobin"`))
	var members []string
	for _, name := range libraries {
		callee := library(t, name).join(t, w.url, nil)
		callee.register(procedure, "echo", nil).ok(t)
		members = append(members, fmt.Sprint(callee.session))
	}
	for _, name := range libraries {
		caller := library(t, name).join(t, w.url, nil)
		id := strings.Trim(string(caller.call("wamp.registration.lookup", procedure).ok(t)), `[]`)
		var registration uint64
		if _, err := fmt.Sscan(number.FindString(id), &registration); err != nil {
			t.Fatalf("%s: %v in %s", name, err, id)
		}
		if got := number.FindString(string(caller.call("wamp.registration.count_callees", registration).ok(t))); got != fmt.Sprint(len(members)) {
			t.Errorf("%s: the pool has %s callees, want %d", name, got, len(members))
		}
		got := number.FindAllString(string(caller.call("wamp.registration.list_callees", registration).ok(t)), -1)
		if d := cmp.Diff(members, got); d != "" {
			t.Errorf("%s: callees (- as they joined, + as told):\n%s", name, d)
		}
	}
}

var number = regexp.MustCompile(`[0-9]+`)

// A session that mixes calls that the pool answers with everything else gets
// the same messages as the same program at Crossbar.io.
func TestDirectTranscriptIsTheRouters(t *testing.T) {
	c := router(t)
	w, tap := startDirect(t, c)
	if d := cmp.Diff(mixture(t, c.url()), mixture(t, w.url)); d != "" {
		t.Errorf("transcripts differ (- at the router, + through wampool):\n%s", d)
	}
	if tap.routerSaw("com.example.direct.mixed") || !tap.routerSaw("com.example.plain.mixed") {
		t.Error("the router saw calls that the pool answers, or missed those that it does not")
	}
}

// mixture runs a program of two sessions at a URL, and returns each message
// that they got, in order.
func mixture(t *testing.T, url string) []string {
	t.Helper()
	log := &recorder{names: make(map[string]string)}
	callee, caller := dialRaw(t, "callee", url), dialRaw(t, "caller", url)
	for _, s := range []*rawSession{callee, caller} {
		s.send(rawHello)
		log.next(s)
	}
	for i, procedure := range []string{"com.example.direct.mixed", "com.example.plain.mixed"} {
		callee.send(fmt.Sprintf(`[64,%d,{},%q]`, i+1, procedure))
		log.next(callee)
	}
	request := 0
	next := func() int { request++; return request }
	ask := func(format string, arguments ...any) {
		caller.send(fmt.Sprintf(format, append([]any{next()}, arguments...)...))
		log.next(caller)
	}
	for _, procedure := range []string{"com.example.direct.mixed", "com.example.plain.mixed", "com.example.direct.mixed"} {
		caller.send(fmt.Sprintf(`[48,%d,{},%q,[1,2.5,"text",null],{"k":[{}]}]`, next(), procedure))
		callee.send(fmt.Sprintf(`[70,%d,{},[1,2.5,"x"],{"ok":true}]`, element(t, log.next(callee), 1)))
		log.next(caller)
		ask(`[32,%d,{},"com.example.mixed.topic.%d"]`, request)
		caller.send(fmt.Sprintf(`[16,%d,{"exclude_me":false},"com.example.mixed.topic.%d",["own"]]`, next(), request-2))
		log.next(caller)
		ask(`[16,%d,{"acknowledge":true},"com.example.mixed.nobody"]`)
		caller.send(fmt.Sprintf(`[48,%d,{"receive_progress":true},%q]`, next(), procedure))
		id := element(t, log.next(callee), 1)
		callee.send(fmt.Sprintf(`[70,%d,{"progress":true},[50]]`, id), fmt.Sprintf(`[70,%d,{},[100]]`, id))
		log.next(caller)
		log.next(caller)
		ask(`[64,%d,{},"com.example.mixed.own.%d"]`, request)
		ask(`[66,%d,4711]`)
		caller.send(fmt.Sprintf(`[48,%d,{},%q,[true]]`, next(), procedure))
		callee.send(fmt.Sprintf(`[8,68,%d,{},"com.example.error",["why"],{"code":7}]`, element(t, log.next(callee), 1)))
		log.next(caller)
		ask(`[34,%d,4711]`)
		ask(`[48,%d,{},"com.example.mixed.nobody"]`)
		caller.send(fmt.Sprintf(`[48,%d,{},%q]`, next(), procedure))
		id = element(t, log.next(callee), 1)
		caller.send(fmt.Sprintf(`[49,%d,{"mode":"kill"}]`, request))
		log.next(callee)
		callee.send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, id))
		log.next(caller)
		ask(`[48,%d,{},"wamp.session.get",[4711]]`)
	}
	for _, s := range []*rawSession{caller, callee} {
		s.send(`[6,{},"wamp.close.close_realm"]`)
		log.next(s)
	}
	return log.lines
}
