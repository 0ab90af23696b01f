package integration

import (
	"encoding/json"
	"fmt"
	"testing"
)

// Stories with the real libraries at routers that share no registrations, have
// no limits and never queue: xconn for Python and jawampa. What each of them
// lacks beyond that stands in behaviours_at_test.go.

func eachSmall(t *testing.T, story func(t *testing.T, r *smallRouter)) {
	for _, name := range []string{"xconn", "jawampa"} {
		t.Run(name, func(t *testing.T) { story(t, small(t, name)) })
	}
}

func TestSmallRoutersShareByPolicy(t *testing.T) {
	eachSmall(t, func(t *testing.T, r *smallRouter) {
		w := startWampool(t, r.url(), whoever)
		for policy, want := range map[string]string{
			"first": "[0 0 0 0 0 0]", "last": "[2 2 2 2 2 2]", "roundrobin": "[0 1 2 0 1 2]", "random": "",
		} {
			procedure := "com.example.small.policy." + policy
			names := threeInstances(t, w, r, procedure, args{"invoke": policy})
			caller := library(t, "autobahn").join(t, r.url(), r.joining())
			order := takers(t, caller, procedure, names, 6)
			if want != "" && fmt.Sprint(order) != want {
				t.Errorf("%s: calls went to %v, want %s", policy, order, want)
			}
		}
	})
}

func TestSmallRoutersServeWithinLimitsInOrder(t *testing.T) {
	eachSmall(t, func(t *testing.T, r *smallRouter) {
		const procedure = "com.example.small.limits"
		s := side{startWampool(t, r.url(), anybody(procedure, "queue {\n limit = 3\n}")).url, true, r.joining()}
		a, b := s.callee(t, procedure, "first", 2), s.callee(t, procedure, "first", 1)
		caller := library(t, "wampy").join(t, r.url(), r.joining())
		var calls []*answer
		for i := range 8 { // three run, three wait, two are refused
			calls = append(calls, caller.call(procedure, i))
		}
		for _, call := range calls[6:] {
			call.fails(t, maxConcurrency)
		}
		for i, callee := range []*client{a, a, b} {
			if got := argument(t, callee, procedure); got != i {
				t.Errorf("call %d came in the place of call %d", got, i)
			}
		}
		for i := range 3 { // the second callee takes what waits, one by one
			b.release(procedure, 1)
			if got := argument(t, b, procedure); got != 3+i {
				t.Errorf("call %d came in the place of call %d", got, 3+i)
			}
		}
		a.release(procedure, 2)
		b.release(procedure, 1)
		for i, call := range calls[:6] {
			if got := normal(t, call.ok(t)); got != fmt.Sprintf(`{"args":[%d]}`, i) {
				t.Errorf("call %d returns %s", i, got)
			}
		}
		if a.peak(procedure) != 2 || b.peak(procedure) != 1 {
			t.Errorf("%d and %d calls ran at once at callees of 2 and 1", a.peak(procedure), b.peak(procedure))
		}
	})
}

func TestSmallRoutersLoseNoOtherCallOfALostCallee(t *testing.T) {
	eachSmall(t, func(t *testing.T, r *smallRouter) {
		const procedure = "com.example.small.lost"
		s := side{startWampool(t, r.url(), anybody(procedure, "policy = \"first\"\nqueue {\n}")).url, true, r.joining()}
		victim, survivor := s.callee(t, procedure, "first", 1), s.callee(t, procedure, "first", 1)
		caller := library(t, "autobahn").join(t, r.url(), r.joining())
		lost, kept, waiting := caller.call(procedure, 0), caller.call(procedure, 1), caller.call(procedure, 2)
		victim.invoked(1)
		survivor.invoked(1)
		victim.do("drop", nil).ok(t)
		victim.next("disconnected")
		lost.fails(t, "wamp.error.canceled")
		for i, call := range []*answer{kept, waiting} {
			survivor.release(procedure, 1)
			if got := string(call.ok(t)); got != fmt.Sprint(i+1) {
				t.Errorf("call %d returns %s", i+1, got)
			}
			if i == 0 {
				survivor.invoked(1)
			}
		}
	})
}

// Each old instance goes as one of new takes its place, while calls run.
func TestSmallRoutersAreRolledOverWithoutALostCall(t *testing.T) {
	eachSmall(t, func(t *testing.T, r *smallRouter) {
		const procedure = "com.example.small.rolling"
		w := startWampool(t, r.url(), anybody(procedure, "linger = \"30s\"\nqueue {\n}"))
		caller := library(t, "autobahn").join(t, r.url(), r.joining())
		instances := func(names ...string) (joined []*client) {
			for _, name := range names {
				callee := library(t, name).join(t, w.url, r.joining())
				callee.register(procedure, "name", args{"invoke": "roundrobin"}).ok(t)
				joined = append(joined, callee)
			}
			return joined
		}
		callees := instances("asyncio", "autobahn")
		var calls []*answer
		for i := range 4 {
			for range 10 {
				calls = append(calls, caller.call(procedure))
			}
			callees = append(callees, instances([]string{"wampy", "twisted"}[i%2])...)
			callees[0].do("leave", nil).ok(t)
			callees[0].next("disconnected")
			callees = callees[1:]
		}
		for _, callee := range callees { // all of them: calls wait for the next
			callee.do("leave", nil).ok(t)
			callee.next("disconnected")
		}
		waiting := caller.call(procedure)
		calls = append(calls, waiting)
		last := instances("asyncio")[0]
		if got := string(waiting.ok(t)); got != fmt.Sprintf("%q", last.name) {
			t.Errorf("the call that waited was answered by %s", got)
		}
		for i, call := range calls[:len(calls)-1] {
			// A callee that leaves takes what it runs with it.
			if reply := call.wait(t); reply.Error != nil && reply.Error.URI != "wamp.error.canceled" {
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
	eachSmall(t, func(t *testing.T, r *smallRouter) {
		w := startWampool(t, r.url(), whoever)
		for _, callees := range speaks[r.name()] {
			procedure := "com.example.small.bytes." + callees
			callee := library(t, "asyncio").join(t, w.url, args{"serializer": callees})
			callee.register(procedure, "echo", args{"invoke": "roundrobin"}).ok(t)
			for _, callers := range speaks[r.name()] {
				caller := library(t, "twisted").join(t, w.url, args{"serializer": callers})
				var payload any = args{"$bytes": "AAEC/w=="}
				if (callers == "json") != (callees == "json") {
					payload = "text"
				}
				got := caller.call(procedure, payload, 1.5, int64(9007199254740991)).ok(t)
				want, _ := json.Marshal(args{"args": []any{payload, 1.5, int64(9007199254740991)}, "kwargs": args{}})
				if normal(t, got) != normal(t, want) {
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
			r := startSmall(t, name)
			w := startWampool(t, r.url(), whoever)
			callee := library(t, "asyncio").join(t, w.url, r.joining())
			callee.register(procedure, "hold", args{"invoke": "roundrobin"}).ok(t)
			printed := w.process.printed()
			r.process.kill()
			callee.next("disconnected")
			r.startAgain(t)
			if _, err := w.process.waitLine(printed, "pool session up"); err != nil {
				t.Fatal(err)
			}
			names := threeInstances(t, w, r, procedure, args{"invoke": "roundrobin"})
			caller := library(t, "autobahn").join(t, r.url(), r.joining())
			if order := fmt.Sprint(takers(t, caller, procedure, names, 3)); order != "[0 1 2]" {
				t.Errorf("calls went to %s", order)
			}
		})
	}
}
