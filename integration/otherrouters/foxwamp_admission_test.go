package otherrouters

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// fox-wamp grants a REGISTER of what is registered already: so it does the
// probe of every callee, which wampool then undoes.

func TestFoxWampAdmissionLeavesNoTrace(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	const shared, governed = "com.example.fox.probe.shared", "com.example.fox.probe.governed"
	tap := harness.StartTap(t, f.URL())
	w := harness.StartWampool(t, tap.URL(), "realm \"realm1\" {\n"+
		"pool \""+shared+"\" { admit = [\"*\"] }\npool \""+governed+"\" { admit = [\"*\"] }\n}")
	s := harness.JoinRaw(t, "callee", w.URL)
	requests := []string{
		`[64,1,{"invoke":"roundrobin"},"` + shared + `"]`,
		`[32,2,{},"com.example.fox.topic"]`,
		`[64,3,{},"` + governed + `"]`,
		`[16,4,{"acknowledge":true,"exclude_me":true},"com.example.fox.topic",["event"]]`,
		`[48,5,{},"wamp.session.count"]`,
		`[66,6,4711]`,
		`[64,7,{},"com.example.fox.probe.plain"]`,
		`[48,8,{},"com.example.fox.nobody"]`,
	}
	s.Send(requests...)
	for _, answer := range []string{`[65,1,`, `[33,2,`, `[65,3,`, `[17,4,`, `[50,5,`, `[8,66,6,{},"wamp.error.no_such_registration"`, `[65,7,`, `[8,48,8,{},"wamp.error.no_such_procedure"`} {
		s.Expect(answer)
	}
	// At the router: the same requests and, right behind each probe, what undoes
	// it, numbered without a gap.
	var codes []int
	for i, message := range tap.Session(`"com.example.fox.topic"`)[1:] {
		var head []json.RawMessage
		if err := json.Unmarshal([]byte(message), &head); err != nil {
			t.Fatal(err)
		}
		codes = append(codes, int(harness.Element(t, message, 0)))
		if id := harness.Element(t, message, 1); id != uint64(i+1) {
			t.Errorf("request %d came to the router as number %d: %s", i+1, id, message)
		}
	}
	if want := []int{64, 66, 32, 64, 66, 16, 48, 66, 64, 48}; !slices.Equal(codes, want) {
		t.Errorf("requests came to the router as %v, want %v", codes, want)
	}
}

// invocation is the head of an INVOCATION.
var invocation = regexp.MustCompile(`^\[68,([0-9]+),([0-9]+),`)

func TestFoxWampUnregisteredCalleeGetsNoMoreCalls(t *testing.T) {
	f := harness.SharedRouter(t, "fox-wamp")
	const procedure = "com.example.fox.unregister"
	w := harness.StartWampool(t, f.URL(), harness.Whoever)
	s := harness.AtWampool(w, f)
	leaver, stayer := s.Callee(t, procedure, "first", 2), s.Callee(t, procedure, "first", 2)
	harness.EachSide(t, w, f, func(t *testing.T, callers string) {
		caller := harness.Library(t, "autobahn").Join(t, callers, f.Joining())
		running := caller.Call(procedure, 1)
		leaver.Invoked(1)
		leaver.Do("unregister", harness.Args{"procedure": procedure}).OK(t)
		next := caller.Call(procedure, 2)
		stayer.Invoked(1)
		for _, callee := range []*harness.Client{leaver, stayer} {
			callee.Release(procedure, 1)
		}
		for i, call := range []*harness.Answer{running, next} {
			if got := string(call.OK(t)); got != fmt.Sprint(i+1) {
				t.Errorf("call %d returns %s", i+1, got)
			}
		}
		leaver, stayer = stayer, leaver
		stayer.Register(procedure, "hold", harness.Args{"invoke": "first"}).OK(t)
	})
	for _, callee := range []*harness.Client{leaver, stayer} {
		callee.Do("unregister", harness.Args{"procedure": procedure}).OK(t)
	}
	s.ArrivedAt(t, harness.Library(t, "autobahn")) // behind the pool's UNREGISTER
	caller := harness.Library(t, "autobahn").Join(t, f.URL(), f.Joining())
	caller.Call(procedure, 3).Fails(t, "wamp.error.no_such_procedure")
}

func TestFoxWampKnowsNoCancel(t *testing.T) {
	const procedure = "com.example.fox.cancel"
	harness.AtBoth(t, harness.SharedRouter(t, "fox-wamp"), harness.Anybody(procedure, "queue {\n}"), func(t *testing.T, s harness.Side) {
		callee := s.Callee(t, procedure, "roundrobin", 1)
		caller := harness.JoinRaw(t, "caller", s.URL)
		for request := 1; request <= 2; request++ {
			caller.Send(fmt.Sprintf(`[48,%d,{},%q,[%d]]`, request, procedure, request))
		}
		harness.Argument(t, callee, procedure)
		for request := 1; request <= 2; request++ { // one runs, the other waits
			caller.Send(fmt.Sprintf(`[49,%d,{"mode":"kill"}]`, request))
		}
		caller.Send(`[48,3,{},"wamp.session.count"]`)
		caller.Expect(`[50,3,`) // nothing has come for the CANCELs, and nothing will
		for request := 1; request <= 2; request++ {
			if request > 1 {
				harness.Argument(t, callee, procedure)
			}
			callee.Release(procedure, 1)
			caller.Expect(fmt.Sprintf(`[50,%d,{},[%d]`, request, request))
		}
	})
}

func TestFoxWampPassesProgressiveResults(t *testing.T) {
	const procedure = "com.example.fox.progress"
	harness.AtBoth(t, harness.SharedRouter(t, "fox-wamp"), harness.Anybody(procedure, "concurrency = 1"), func(t *testing.T, s harness.Side) {
		callee, caller := harness.JoinRaw(t, "callee", s.URL), harness.JoinRaw(t, "caller", s.URL)
		callee.Send(fmt.Sprintf(`[64,1,{},%q]`, procedure))
		callee.Expect(`[65,1,`)
		caller.Send(fmt.Sprintf(`[48,1,{"receive_progress":true},%q,["go"]]`, procedure))
		called := callee.Receive()
		match := invocation.FindStringSubmatch(called)
		if match == nil || called[len(match[0]):] != `{"receive_progress":true},["go"],{}]` {
			t.Fatalf("the callee got %s", called)
		}
		for i := range 3 {
			callee.Send(fmt.Sprintf(`[70,%s,{"progress":true},[%d]]`, match[1], i))
			caller.Expect(fmt.Sprintf(`[50,1,{"progress":true},[%d]`, i))
		}
		callee.Send(fmt.Sprintf(`[70,%s,{},["end"]]`, match[1]))
		caller.Expect(`[50,1,{},["end"]`)
	})
}

func TestFoxWampIsRestarted(t *testing.T) {
	const procedure = "com.example.fox.restart"
	f := harness.OwnRouter(t, "fox-wamp")
	w := harness.StartWampool(t, f.URL(), harness.Whoever)
	callee := harness.Library(t, "asyncio").Join(t, w.URL, f.Joining())
	callee.Register(procedure, "hold", harness.Args{"invoke": "roundrobin"}).OK(t)
	printed := w.Process.Printed()
	f.Kill()
	callee.Next("disconnected")
	f.StartAgain(t)
	w.Process.AwaitFrom(t, printed, "pool session up")
	names := threeInstances(t, w, f, procedure, harness.Args{"invoke": "roundrobin"})
	caller := harness.Library(t, "autobahn").Join(t, f.URL(), f.Joining())
	if order := fmt.Sprint(takers(t, caller, procedure, names, 3)); order != "[0 1 2]" {
		t.Errorf("calls went to %s", order)
	}
}
