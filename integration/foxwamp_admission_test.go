package integration

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"testing"
)

// fox-wamp grants a REGISTER of what is registered already: so it does the
// probe of every callee, which wampool then undoes.

func TestFoxWampAdmissionLeavesNoTrace(t *testing.T) {
	f := foxRouter(t)
	const shared, governed = "com.example.fox.probe.shared", "com.example.fox.probe.governed"
	tap := startTap(t, f.url())
	w := startWampool(t, tap.listener.URL(), "realm \"realm1\" {\n"+
		"pool \""+shared+"\" { admit = [\"*\"] }\npool \""+governed+"\" { admit = [\"*\"] }\n}")
	s := joinRaw(t, "callee", w.url)
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
	s.send(requests...)
	for _, answer := range []string{`[65,1,`, `[33,2,`, `[65,3,`, `[17,4,`, `[50,5,`, `[8,66,6,{},"wamp.error.no_such_registration"`, `[65,7,`, `[8,48,8,{},"wamp.error.no_such_procedure"`} {
		s.expect(answer)
	}
	// At the router: the same requests and, right behind each probe, what undoes
	// it, numbered without a gap.
	var codes []int
	for i, message := range tap.session(`"com.example.fox.topic"`)[1:] {
		var head []json.RawMessage
		if err := json.Unmarshal([]byte(message), &head); err != nil {
			t.Fatal(err)
		}
		codes = append(codes, int(element(t, message, 0)))
		if id := element(t, message, 1); id != uint64(i+1) {
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
	f := foxRouter(t)
	const procedure = "com.example.fox.unregister"
	w := startWampool(t, f.url(), whoever)
	s := side{w.url, true, f.joining()}
	leaver, stayer := s.callee(t, procedure, "first", 2), s.callee(t, procedure, "first", 2)
	eachSide(t, w, f, func(t *testing.T, callers string) {
		caller := library(t, "autobahn").join(t, callers, f.joining())
		running := caller.call(procedure, 1)
		leaver.invoked(1)
		leaver.do("unregister", args{"procedure": procedure}).ok(t)
		next := caller.call(procedure, 2)
		stayer.invoked(1)
		for _, callee := range []*client{leaver, stayer} {
			callee.release(procedure, 1)
		}
		for i, call := range []*answer{running, next} {
			if got := string(call.ok(t)); got != fmt.Sprint(i+1) {
				t.Errorf("call %d returns %s", i+1, got)
			}
		}
		leaver, stayer = stayer, leaver
		stayer.register(procedure, "hold", args{"invoke": "first"}).ok(t)
	})
	for _, callee := range []*client{leaver, stayer} {
		callee.do("unregister", args{"procedure": procedure}).ok(t)
	}
	s.arrivedAt(t, library(t, "autobahn")) // behind the pool's UNREGISTER
	caller := library(t, "autobahn").join(t, f.url(), f.joining())
	caller.call(procedure, 3).fails(t, "wamp.error.no_such_procedure")
}

func TestFoxWampKnowsNoCancel(t *testing.T) {
	const procedure = "com.example.fox.cancel"
	atBoth(t, foxRouter(t), anybody(procedure, "queue {\n}"), func(t *testing.T, s side) {
		callee := s.callee(t, procedure, "roundrobin", 1)
		caller := joinRaw(t, "caller", s.url)
		for request := 1; request <= 2; request++ {
			caller.send(fmt.Sprintf(`[48,%d,{},%q,[%d]]`, request, procedure, request))
		}
		argument(t, callee, procedure)
		for request := 1; request <= 2; request++ { // one runs, the other waits
			caller.send(fmt.Sprintf(`[49,%d,{"mode":"kill"}]`, request))
		}
		caller.send(`[48,3,{},"wamp.session.count"]`)
		caller.expect(`[50,3,`) // nothing has come for the CANCELs, and nothing will
		for request := 1; request <= 2; request++ {
			if request > 1 {
				argument(t, callee, procedure)
			}
			callee.release(procedure, 1)
			caller.expect(fmt.Sprintf(`[50,%d,{},[%d]`, request, request))
		}
	})
}

func TestFoxWampPassesProgressiveResults(t *testing.T) {
	const procedure = "com.example.fox.progress"
	atBoth(t, foxRouter(t), anybody(procedure, "concurrency = 1"), func(t *testing.T, s side) {
		callee, caller := joinRaw(t, "callee", s.url), joinRaw(t, "caller", s.url)
		callee.send(fmt.Sprintf(`[64,1,{},%q]`, procedure))
		callee.expect(`[65,1,`)
		caller.send(fmt.Sprintf(`[48,1,{"receive_progress":true},%q,["go"]]`, procedure))
		called := callee.receive()
		match := invocation.FindStringSubmatch(called)
		if match == nil || called[len(match[0]):] != `{"receive_progress":true},["go"],{}]` {
			t.Fatalf("the callee got %s", called)
		}
		for i := range 3 {
			callee.send(fmt.Sprintf(`[70,%s,{"progress":true},[%d]]`, match[1], i))
			caller.expect(fmt.Sprintf(`[50,1,{"progress":true},[%d]`, i))
		}
		callee.send(fmt.Sprintf(`[70,%s,{},["end"]]`, match[1]))
		caller.expect(`[50,1,{},["end"]`)
	})
}

func TestFoxWampIsRestarted(t *testing.T) {
	const procedure = "com.example.fox.restart"
	f, err := startFoxWamp(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { f.process.kill() }()
	w := startWampool(t, f.url(), whoever)
	callee := library(t, "asyncio").join(t, w.url, f.joining())
	callee.register(procedure, "hold", args{"invoke": "roundrobin"}).ok(t)
	printed := w.process.printed()
	f.process.kill()
	callee.next("disconnected")
	again, err := startFoxWamp(f.port(t))
	if err != nil {
		t.Fatal(err)
	}
	f = again
	if _, err := w.process.waitLine(printed, "pool session up"); err != nil {
		t.Fatal(err)
	}
	names := threeInstances(t, w, f, procedure, args{"invoke": "roundrobin"})
	caller := library(t, "autobahn").join(t, f.url(), f.joining())
	if order := fmt.Sprint(takers(t, caller, procedure, names, 3)); order != "[0 1 2]" {
		t.Errorf("calls went to %s", order)
	}
}
