package otherrouters

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Stories with the real libraries at routers that share no registrations, have
// no limits and never queue: xconn for Python and jawampa. What each of them
// lacks beyond that stands in behaviours/at_test.go.

func eachSmall(t *testing.T, story func(t *testing.T, r harness.Router)) {
	for _, name := range []string{"xconn", "jawampa"} {
		t.Run(name, func(t *testing.T) { story(t, harness.SharedRouter(t, name)) })
	}
}

func TestSmallRoutersShareByPolicy(t *testing.T) {
	eachSmall(t, func(t *testing.T, r harness.Router) {
		w := harness.StartWampool(t, r.URL(), harness.Whoever)
		for policy, want := range map[string]string{
			"first": "[0 0 0 0 0 0]", "last": "[2 2 2 2 2 2]", "roundrobin": "[0 1 2 0 1 2]", "random": "",
		} {
			procedure := "com.example.small.policy." + policy
			names := threeInstances(t, w, r, procedure, harness.Args{"invoke": policy})
			caller := harness.Library(t, "autobahn").Join(t, r.URL(), r.Joining())
			order := takers(t, caller, procedure, names, 6)
			if want != "" && fmt.Sprint(order) != want {
				t.Errorf("%s: calls went to %v, want %s", policy, order, want)
			}
		}
	})
}

func TestSmallRoutersServeWithinLimitsInOrder(t *testing.T) {
	eachSmall(t, func(t *testing.T, r harness.Router) {
		const procedure = "com.example.small.limits"
		s := harness.AtWampool(harness.StartWampool(t, r.URL(), harness.Anybody(procedure, "queue {\n limit = 3\n}")), r)
		a, b := s.Callee(t, procedure, "first", 2), s.Callee(t, procedure, "first", 1)
		caller := harness.Library(t, "wampy").Join(t, r.URL(), r.Joining())
		var calls []*harness.Answer
		for i := range 8 { // three run, three wait, two are refused
			calls = append(calls, caller.Call(procedure, i))
		}
		for _, call := range calls[6:] {
			call.Fails(t, harness.MaxConcurrency)
		}
		for i, callee := range []*harness.Client{a, a, b} {
			if got := harness.Argument(t, callee, procedure); got != i {
				t.Errorf("call %d came in the place of call %d", got, i)
			}
		}
		for i := range 3 { // the second callee takes what waits, one by one
			b.Release(procedure, 1)
			if got := harness.Argument(t, b, procedure); got != 3+i {
				t.Errorf("call %d came in the place of call %d", got, 3+i)
			}
		}
		a.Release(procedure, 2)
		b.Release(procedure, 1)
		for i, call := range calls[:6] {
			if got := harness.Normal(t, call.OK(t)); got != fmt.Sprintf(`{"args":[%d]}`, i) {
				t.Errorf("call %d returns %s", i, got)
			}
		}
		if a.Peak(procedure) != 2 || b.Peak(procedure) != 1 {
			t.Errorf("%d and %d calls ran at once at callees of 2 and 1", a.Peak(procedure), b.Peak(procedure))
		}
	})
}

func TestSmallRoutersLoseNoOtherCallOfALostCallee(t *testing.T) {
	eachSmall(t, func(t *testing.T, r harness.Router) {
		const procedure = "com.example.small.lost"
		s := harness.AtWampool(harness.StartWampool(t, r.URL(), harness.Anybody(procedure, "policy = \"first\"\nqueue {\n}")), r)
		victim, survivor := s.Callee(t, procedure, "first", 1), s.Callee(t, procedure, "first", 1)
		caller := harness.Library(t, "autobahn").Join(t, r.URL(), r.Joining())
		lost, kept, waiting := caller.Call(procedure, 0), caller.Call(procedure, 1), caller.Call(procedure, 2)
		victim.Invoked(1)
		survivor.Invoked(1)
		victim.Do("drop", nil).OK(t)
		victim.Next("disconnected")
		lost.Fails(t, "wamp.error.canceled")
		for i, call := range []*harness.Answer{kept, waiting} {
			survivor.Release(procedure, 1)
			if got := string(call.OK(t)); got != fmt.Sprint(i+1) {
				t.Errorf("call %d returns %s", i+1, got)
			}
			if i == 0 {
				survivor.Invoked(1)
			}
		}
	})
}

// Each old instance goes as one of new takes its place, while calls run.
func TestSmallRoutersAreRolledOverWithoutALostCall(t *testing.T) {
	eachSmall(t, func(t *testing.T, r harness.Router) {
		const procedure = "com.example.small.rolling"
		w := harness.StartWampool(t, r.URL(), harness.Anybody(procedure, "linger = \"30s\"\nqueue {\n}"))
		caller := harness.Library(t, "autobahn").Join(t, r.URL(), r.Joining())
		instances := func(names ...string) (joined []*harness.Client) {
			for _, name := range names {
				callee := harness.Library(t, name).Join(t, w.URL, r.Joining())
				callee.Register(procedure, "name", harness.Args{"invoke": "roundrobin"}).OK(t)
				joined = append(joined, callee)
			}
			return joined
		}
		callees := instances("asyncio", "autobahn")
		var calls []*harness.Answer
		for i := range 4 {
			for range 10 {
				calls = append(calls, caller.Call(procedure))
			}
			callees = append(callees, instances([]string{"wampy", "twisted"}[i%2])...)
			callees[0].Do("leave", nil).OK(t)
			callees[0].Next("disconnected")
			callees = callees[1:]
		}
		for _, callee := range callees { // all of them: calls wait for the next
			callee.Do("leave", nil).OK(t)
			callee.Next("disconnected")
		}
		waiting := caller.Call(procedure)
		calls = append(calls, waiting)
		last := instances("asyncio")[0]
		if got := string(waiting.OK(t)); got != fmt.Sprintf("%q", last.Name) {
			t.Errorf("the call that waited was answered by %s", got)
		}
		for i, call := range calls[:len(calls)-1] {
			// A callee that leaves takes what it runs with it.
			if reply := call.Wait(t); reply.Error != nil && reply.Error.URI != "wamp.error.canceled" {
				t.Errorf("call %d ends with %s", i, reply.Error.URI)
			}
		}
	})
}

// Callees and callers of all serializers that a router speaks. Bytes stay bytes
// where neither or both are JSON: between JSON and another, these routers lose
// them, or their caller.
func TestSmallRoutersPassBytesBetweenSerializers(t *testing.T) {
	speaks := map[string][]string{"xconn": {"json", "msgpack", "cbor"}, "jawampa": {"json", "msgpack"}}
	eachSmall(t, func(t *testing.T, r harness.Router) {
		w := harness.StartWampool(t, r.URL(), harness.Whoever)
		for _, callees := range speaks[r.Name()] {
			procedure := "com.example.small.bytes." + callees
			callee := harness.Library(t, "asyncio").Join(t, w.URL, harness.Args{"serializer": callees})
			callee.Register(procedure, "echo", harness.Args{"invoke": "roundrobin"}).OK(t)
			for _, callers := range speaks[r.Name()] {
				caller := harness.Library(t, "twisted").Join(t, w.URL, harness.Args{"serializer": callers})
				var payload any = harness.Args{"$bytes": "AAEC/w=="}
				if (callers == "json") != (callees == "json") {
					payload = "text"
				}
				got := caller.Call(procedure, payload, 1.5, int64(9007199254740991)).OK(t)
				want, _ := json.Marshal(harness.Args{"args": []any{payload, 1.5, int64(9007199254740991)}, "kwargs": harness.Args{}})
				if harness.Normal(t, got) != harness.Normal(t, want) {
					t.Errorf("%s calls %s: got %s, want %s", callers, callees, got, want)
				}
			}
		}
	})
}

func TestSmallRoutersAreRestarted(t *testing.T) {
	for _, name := range []string{"xconn", "jawampa"} {
		t.Run(name, func(t *testing.T) {
			const procedure = "com.example.small.restart"
			r := harness.OwnRouter(t, name)
			w := harness.StartWampool(t, r.URL(), harness.Whoever)
			callee := harness.Library(t, "asyncio").Join(t, w.URL, r.Joining())
			callee.Register(procedure, "hold", harness.Args{"invoke": "roundrobin"}).OK(t)
			printed := w.Process.Printed()
			r.Kill()
			callee.Next("disconnected")
			r.StartAgain(t)
			w.Process.AwaitFrom(t, printed, "pool session up")
			names := threeInstances(t, w, r, procedure, harness.Args{"invoke": "roundrobin"})
			caller := harness.Library(t, "autobahn").Join(t, r.URL(), r.Joining())
			if order := fmt.Sprint(takers(t, caller, procedure, names, 3)); order != "[0 1 2]" {
				t.Errorf("calls went to %s", order)
			}
		})
	}
}
