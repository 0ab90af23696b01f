package crossbar

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"

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
func startDirect(t *testing.T, c *harness.Crossbar) (*harness.Wampool, *harness.Tap) {
	t.Helper()
	tap := harness.StartTap(t, c.URL())
	return harness.StartWampool(t, tap.URL(), direct), tap
}

func TestDirectCallsBetweenLibraries(t *testing.T) {
	w, tap := startDirect(t, harness.SharedCrossbar(t))
	for _, calleeName := range harness.Libraries {
		procedure := "com.example.direct.between." + calleeName
		callee := harness.Library(t, calleeName).Join(t, w.URL, nil)
		callee.Register(procedure+".echo", "echo", nil).OK(t)
		callee.Register(procedure+".error", "error", nil).OK(t)
		callee.Register(procedure+".hold", "hold", nil).OK(t)
		for _, callerName := range harness.Libraries {
			t.Run(callerName+" calls "+calleeName, func(t *testing.T) {
				caller := harness.Library(t, callerName).Join(t, w.URL, nil)
				if got := string(caller.Call(procedure+".echo", 1, "Grüße", nil).OK(t)); !strings.Contains(got, "Gr") {
					t.Errorf("the call returns %s", got)
				}
				if r := caller.Call(procedure + ".error").Wait(t); r.Error == nil || !strings.HasPrefix(r.Error.URI, "com.example.") {
					t.Errorf("the callee's error came as %+v", r)
				}
				first, second := caller.Call(procedure+".hold", 1), caller.Call(procedure+".hold", 2)
				for call, answer := range []*harness.Answer{first, second} {
					if got := harness.Argument(t, callee, procedure+".hold"); got != call+1 {
						t.Fatalf("call %d runs, want %d", got, call+1)
					}
					callee.Release(procedure+".hold", 1)
					answer.OK(t)
				}
				caller.Call("com.example.direct.nobody").Fails(t, "wamp.error.no_such_procedure") // by the router
			})
		}
	}
	if tap.RouterSaw("com.example.direct.between") || !tap.RouterSaw("com.example.direct.nobody") {
		t.Error("the router saw calls that the pool answers, or missed one that it does not")
	}
}

func TestDirectProgressiveResults(t *testing.T) {
	w, tap := startDirect(t, harness.SharedCrossbar(t))
	for _, calleeName := range []string{"asyncio", "twisted", "autobahn"} {
		procedure := "com.example.direct.progressive." + calleeName
		callee := harness.Library(t, calleeName).Join(t, w.URL, nil)
		callee.Register(procedure, "hold", nil).OK(t)
		for _, callerName := range harness.Libraries {
			t.Run(callerName+" calls "+calleeName, func(t *testing.T) {
				caller := harness.Library(t, callerName).Join(t, w.URL, nil)
				call := caller.Do("call", harness.Args{"procedure": procedure, "args": []any{1}, "progress": true})
				callee.Invoked(1)
				for part := range 3 {
					if !callee.Progress(procedure, part) {
						t.Fatal("the callee may not send parts of the result")
					}
					if got := strings.Trim(string(caller.Next("progress").Args), "[]"); got != fmt.Sprint(part) {
						t.Errorf("part %d came as %s", part, got)
					}
				}
				callee.Release(procedure, 1)
				call.OK(t)
			})
		}
	}
	if tap.RouterSaw("com.example.direct.progressive") {
		t.Error("the router saw calls that the pool answers")
	}
}

func TestDirectCanceling(t *testing.T) {
	w, _ := startDirect(t, harness.SharedCrossbar(t))
	for calleeName, interruptible := range announced {
		for _, mode := range []string{"kill", "killnowait", "skip"} {
			t.Run(calleeName+", "+mode, func(t *testing.T) {
				procedure := fmt.Sprintf("com.example.direct.cancel.%s.%s", calleeName, mode)
				callee := harness.Library(t, calleeName).Join(t, w.URL, nil)
				callee.Register(procedure, "hold", nil).OK(t)
				caller := harness.JoinRaw(t, "caller", w.URL)
				caller.Send(fmt.Sprintf(`[48,1,{},%q,[1]]`, procedure))
				harness.Argument(t, callee, procedure)
				caller.Send(fmt.Sprintf(`[48,2,{},%q,[2]]`, procedure), `[49,2,{"mode":"`+mode+`"}]`)
				caller.Expect(`[8,48,2,{},"wamp.error.canceled"`) // it waited
				caller.Send(fmt.Sprintf(`[48,3,{},%q,[3]]`, procedure), `[49,1,{"mode":"`+mode+`"}]`)
				if interruptible && mode == "kill" { // the callee's own answer: Autobahn|Python's is this
					caller.Expect(`[8,48,1,{},"wamp.error.runtime_error"`)
				} else {
					caller.Expect(`[8,48,1,{},"wamp.error.canceled"`)
				}
				if interruptible && mode != "skip" {
					callee.Next("interrupted")
				} else {
					noticesNothing(t, callee, procedure)
				}
				if got := harness.Argument(t, callee, procedure); got != 3 {
					t.Errorf("the slot went to call %d", got)
				}
				callee.Release(procedure, 2) // the interrupted one is still in its list
				caller.Expect(`[50,3,`)
			})
		}
	}
}

func TestLibrariesCancelTheirDirectCalls(t *testing.T) {
	w, tap := startDirect(t, harness.SharedCrossbar(t))
	const procedure = "com.example.direct.canceler"
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	callee.Register(procedure, "hold", nil).OK(t)
	for name, mode := range map[string]string{"wampy": "killnowait", "autobahn": "kill", "asyncio": "", "twisted": ""} {
		t.Run(name, func(t *testing.T) {
			caller := harness.Library(t, name).Join(t, w.URL, nil)
			call := caller.Call(procedure, name)
			callee.Invoked(1)
			caller.Cancel(call, mode)
			callee.Next("interrupted")
			if r := call.Wait(t); r.Error == nil {
				t.Errorf("the canceled call returns %s", r.OK)
			}
			again := caller.Call(procedure, "again")
			callee.Invoked(1)
			callee.Release(procedure, 2)
			again.OK(t)
		})
	}
	if tap.RouterSaw(procedure) {
		t.Error("the router saw calls that the pool answers")
	}
}

func TestDirectTimeouts(t *testing.T) {
	w, tap := startDirect(t, harness.SharedCrossbar(t))
	const procedure = "com.example.direct.deadline"
	callee := harness.Library(t, "twisted").Join(t, w.URL, nil)
	callee.Register(procedure, "hold", nil).OK(t)
	for _, name := range harness.Libraries {
		t.Run(name, func(t *testing.T) {
			caller := harness.Library(t, name).Join(t, w.URL, nil)
			call := caller.Do("call", harness.Args{"procedure": procedure, "options": harness.Args{"timeout": 1}})
			callee.Next("interrupted")
			call.Fails(t, "wamp.error.timeout")
		})
	}
	again := harness.Library(t, "asyncio").Join(t, w.URL, nil).Call(procedure, "again") // the slot is free
	callee.Invoked(1)
	callee.Release(procedure, 1+len(harness.Libraries))
	again.OK(t)
	if tap.RouterSaw(procedure) {
		t.Error("the router saw calls that the pool answers")
	}
}

func TestDirectCallerLeaves(t *testing.T) {
	w, _ := startDirect(t, harness.SharedCrossbar(t))
	for _, name := range []string{"asyncio", "autobahn"} {
		t.Run(name, func(t *testing.T) {
			procedure := "com.example.direct.leaver." + name
			callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
			callee.Register(procedure, "hold", nil).OK(t)
			leaver, stayer := harness.Library(t, name).Join(t, w.URL, nil), harness.Library(t, "twisted").Join(t, w.URL, nil)
			leaver.Call(procedure, 1)
			harness.Argument(t, callee, procedure)
			leaver.Call(procedure, 2)
			leaver.Call("wamp.session.count").OK(t) // the call before it has arrived
			leaver.Leave()
			callee.Next("interrupted")
			last := stayer.Call(procedure, 3)
			if got := harness.Argument(t, callee, procedure); got != 3 {
				t.Errorf("call %d of a caller who is gone got the slot", got)
			}
			callee.Release(procedure, 2)
			last.OK(t)
		})
	}
}

// A callee of each kind of pattern, and what it is told.
func TestDirectCallsByPattern(t *testing.T) {
	w, tap := startDirect(t, harness.SharedCrossbar(t))
	for _, calleeName := range []string{"asyncio", "autobahn"} {
		t.Run(calleeName, func(t *testing.T) {
			base := "com.example.direct.pattern." + calleeName
			callee := harness.Library(t, calleeName).Join(t, w.URL, nil)
			callee.Register(base+".", "hold", harness.Args{"match": "prefix"}).OK(t)
			callee.Register(base+"..deep", "hold", harness.Args{"match": "wildcard"}).OK(t)
			callee.Register(base+".exact.deep", "hold", nil).OK(t)
			caller := harness.JoinRaw(t, "caller", w.URL)
			for i, test := range []struct{ called, registered, told string }{
				{base + ".exact.deep", base + ".exact.deep", ""},
				{base + ".other.deep", base + ".", base + ".other.deep"}, // a prefix before a wildcard
				{base + ".more", base + ".", base + ".more"},
			} {
				caller.Send(fmt.Sprintf(`[48,%d,{},%q]`, i+1, test.called))
				e := callee.Next("invoked")
				if e.Procedure != test.registered {
					t.Errorf("%s came to %s, want %s", test.called, e.Procedure, test.registered)
				}
				if test.told != "" && e.Details.Procedure != test.told {
					t.Errorf("the callee of %s is told %q, want %q", e.Procedure, e.Details.Procedure, test.told)
				}
				callee.Release(e.Procedure, 1)
				caller.Expect(fmt.Sprintf(`[50,%d,`, i+1))
			}
		})
	}
	if tap.RouterSaw("com.example.direct.pattern") {
		t.Error("the router saw calls that the pool answers")
	}
}

// What no library here sends: progressive calls, disclosure, opaque payloads.
func TestDirectCallsOnTheWire(t *testing.T) {
	w, tap := startDirect(t, harness.SharedCrossbar(t))
	const procedure = "com.example.direct.wire"
	callee := harness.RawCallee(t, w.URL, procedure, "progressive_call_invocations", "progressive_call_results", "call_canceling", "payload_passthru_mode")
	caller := harness.JoinRaw(t, "caller", w.URL)
	caller.Send(
		fmt.Sprintf(`[48,1,{"progress":true,"receive_progress":true},%q,[1]]`, procedure),
		fmt.Sprintf(`[48,1,{"progress":true},%q,[2]]`, procedure), fmt.Sprintf(`[48,1,{},%q,[3]]`, procedure))
	first := callee.Expect(`[68,`)
	id := harness.Element(t, first, 1)
	callee.Expect(fmt.Sprintf(`[68,%d,%d,{"progress":true},[2]]`, id, harness.Element(t, first, 2)))
	callee.Expect(fmt.Sprintf(`[68,%d,%d,{},[3]]`, id, harness.Element(t, first, 2)))
	callee.Send(fmt.Sprintf(`[70,%d,{"progress":true},["a"]]`, id), fmt.Sprintf(`[70,%d,{},["b"]]`, id))
	caller.Expect(`[50,1,{"progress":true,"callee":`)
	caller.Expect(`[50,1,{"callee":`)

	caller.Send(fmt.Sprintf(`[48,2,{"disclose_me":true},%q]`, procedure))
	if got := callee.Expect(fmt.Sprintf(`[68,%d,`, id+1)); !strings.Contains(got, `"caller":`) || !strings.Contains(got, `"caller_authrole":"anonymous"`) {
		t.Errorf("the callee is told %s", got)
	}
	callee.Send(fmt.Sprintf(`[70,%d,{}]`, id+1))
	caller.Expect(`[50,2,{`)

	caller.Send(fmt.Sprintf(`[48,3,{"ppt_scheme":"x_seal","ppt_serializer":"cbor"},%q,["\u0000AAEC"]]`, procedure))
	if got := callee.Expect(fmt.Sprintf(`[68,%d,`, id+2)); !strings.HasSuffix(got, `,{"ppt_scheme":"x_seal","ppt_serializer":"cbor"},["\u0000AAEC"]]`) {
		t.Errorf("the callee got %s", got)
	}
	callee.Send(fmt.Sprintf(`[70,%d,{"ppt_scheme":"x_seal"},["\u0000AwQ="]]`, id+2))
	if got := caller.Expect(`[50,3,{"ppt_scheme":"x_seal",`); !strings.HasSuffix(got, `,["\u0000AwQ="]]`) {
		t.Errorf("the caller got %s", got)
	}
	if tap.RouterSaw(procedure) {
		t.Error("the router saw calls that the pool answers")
	}
}

// One caller's calls come to one callee in the order in which they were made.
func TestDirectCallsKeepTheirOrder(t *testing.T) {
	w, _ := startDirect(t, harness.SharedCrossbar(t))
	const procedure, calls = "com.example.direct.order", 300
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	callee.Register(procedure, "echo", nil).OK(t)
	caller := harness.Library(t, "autobahn").Join(t, w.URL, nil)
	var answers []*harness.Answer
	for i := range calls {
		answers = append(answers, caller.Call(procedure, i))
	}
	for i := range calls {
		if got := harness.Argument(t, callee, procedure); got != i {
			t.Fatalf("call %d came where %d was due", got, i)
		}
	}
	for _, a := range answers {
		a.OK(t)
	}
}

// Who asks the router for a pool's callees through wampool is told its members.
func TestCalleesOfAPoolAreItsMembers(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.members"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, `policy = "roundrobin"`))
	var members []string
	for _, name := range harness.Libraries {
		callee := harness.Library(t, name).Join(t, w.URL, nil)
		callee.Register(procedure, "echo", nil).OK(t)
		members = append(members, fmt.Sprint(callee.Session))
	}
	for _, name := range harness.Libraries {
		caller := harness.Library(t, name).Join(t, w.URL, nil)
		id := strings.Trim(string(caller.Call("wamp.registration.lookup", procedure).OK(t)), `[]`)
		var registration uint64
		if _, err := fmt.Sscan(number.FindString(id), &registration); err != nil {
			t.Fatalf("%s: %v in %s", name, err, id)
		}
		if got := number.FindString(string(caller.Call("wamp.registration.count_callees", registration).OK(t))); got != fmt.Sprint(len(members)) {
			t.Errorf("%s: the pool has %s callees, want %d", name, got, len(members))
		}
		got := number.FindAllString(string(caller.Call("wamp.registration.list_callees", registration).OK(t)), -1)
		if d := cmp.Diff(members, got); d != "" {
			t.Errorf("%s: callees (- as they joined, + as told):\n%s", name, d)
		}
	}
}

var number = regexp.MustCompile(`[0-9]+`)

// A session that mixes calls that the pool answers with everything else gets
// the same messages as the same program at Crossbar.io.
func TestDirectTranscriptIsTheRouters(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w, tap := startDirect(t, c)
	if d := cmp.Diff(mixture(t, c.URL()), mixture(t, w.URL)); d != "" {
		t.Errorf("transcripts differ (- at the router, + through wampool):\n%s", d)
	}
	if tap.RouterSaw("com.example.direct.mixed") || !tap.RouterSaw("com.example.plain.mixed") {
		t.Error("the router saw calls that the pool answers, or missed those that it does not")
	}
}

// mixture runs a program of two sessions at a URL, and returns each message
// that they got, in order.
func mixture(t *testing.T, url string) []string {
	t.Helper()
	log := harness.NewRecorder()
	callee, caller := harness.DialRaw(t, "callee", url), harness.DialRaw(t, "caller", url)
	for _, s := range []*harness.RawSession{callee, caller} {
		s.Send(harness.RawHello)
		log.Next(s)
	}
	for i, procedure := range []string{"com.example.direct.mixed", "com.example.plain.mixed"} {
		callee.Send(fmt.Sprintf(`[64,%d,{},%q]`, i+1, procedure))
		log.Next(callee)
	}
	request := 0
	next := func() int { request++; return request }
	ask := func(format string, arguments ...any) {
		caller.Send(fmt.Sprintf(format, append([]any{next()}, arguments...)...))
		log.Next(caller)
	}
	for _, procedure := range []string{"com.example.direct.mixed", "com.example.plain.mixed", "com.example.direct.mixed"} {
		caller.Send(fmt.Sprintf(`[48,%d,{},%q,[1,2.5,"text",null],{"k":[{}]}]`, next(), procedure))
		callee.Send(fmt.Sprintf(`[70,%d,{},[1,2.5,"x"],{"ok":true}]`, harness.Element(t, log.Next(callee), 1)))
		log.Next(caller)
		ask(`[32,%d,{},"com.example.mixed.topic.%d"]`, request)
		caller.Send(fmt.Sprintf(`[16,%d,{"exclude_me":false},"com.example.mixed.topic.%d",["own"]]`, next(), request-2))
		log.Next(caller)
		ask(`[16,%d,{"acknowledge":true},"com.example.mixed.nobody"]`)
		caller.Send(fmt.Sprintf(`[48,%d,{"receive_progress":true},%q]`, next(), procedure))
		id := harness.Element(t, log.Next(callee), 1)
		callee.Send(fmt.Sprintf(`[70,%d,{"progress":true},[50]]`, id), fmt.Sprintf(`[70,%d,{},[100]]`, id))
		log.Next(caller)
		log.Next(caller)
		ask(`[64,%d,{},"com.example.mixed.own.%d"]`, request)
		ask(`[66,%d,4711]`)
		caller.Send(fmt.Sprintf(`[48,%d,{},%q,[true]]`, next(), procedure))
		callee.Send(fmt.Sprintf(`[8,68,%d,{},"com.example.error",["why"],{"code":7}]`, harness.Element(t, log.Next(callee), 1)))
		log.Next(caller)
		ask(`[34,%d,4711]`)
		ask(`[48,%d,{},"com.example.mixed.nobody"]`)
		caller.Send(fmt.Sprintf(`[48,%d,{},%q]`, next(), procedure))
		id = harness.Element(t, log.Next(callee), 1)
		caller.Send(fmt.Sprintf(`[49,%d,{"mode":"kill"}]`, request))
		log.Next(callee)
		callee.Send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, id))
		log.Next(caller)
		ask(`[48,%d,{},"wamp.session.get",[4711]]`)
	}
	for _, s := range []*harness.RawSession{caller, callee} {
		s.Send(`[6,{},"wamp.close.close_realm"]`)
		log.Next(s)
	}
	return log.Lines
}
