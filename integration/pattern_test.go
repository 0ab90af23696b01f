package integration

import (
	"fmt"
	"testing"
)

// Callees that register patterns, and ask to share them: each is a pool of its
// own. Which of those that match gets a call is the router's choice.

func TestPatternRegistrationsArePools(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	for match, uris := range map[string]struct{ pattern, called string }{
		"prefix":   {"com.example.tree", "com.example.tree.leaf.green"},
		"wildcard": {"com.example.cell..state", "com.example.cell.b7.state"},
	} {
		t.Run(match, func(t *testing.T) {
			var callees []*client
			for _, name := range []string{"asyncio", "autobahn", "wampy", "twisted"} {
				callee := library(t, name).join(t, w.url, nil)
				callee.register(uris.pattern, "name", args{"match": match, "invoke": "roundrobin"}).ok(t)
				callees = append(callees, callee)
			}
			eachSide(t, w, c, func(t *testing.T, callers string) {
				caller := library(t, "asyncio").join(t, callers, nil)
				for range 2 {
					for _, callee := range callees {
						if got := string(caller.call(uris.called).ok(t)); got != fmt.Sprintf("%q", callee.name) {
							t.Errorf("the call went to %s, want %s", got, callee.name)
						}
						if called := callee.next("invoked").Details.Procedure; called != uris.called {
							t.Errorf("%s is told that %q was called, want %q", callee.program.process.name, called, uris.called)
						}
					}
				}
			})
		})
	}
}

func TestOverlappingPatternsAreTheRoutersChoice(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	const called = "com.example.overlap.deep.state"
	patterns := []struct{ match, uri string }{
		{"exact", called}, {"prefix", "com.example.overlap.deep"}, {"prefix", "com.example.overlap"}, {"wildcard", "com.example.overlap..state"},
	}
	var callees []*client
	for _, p := range patterns {
		callee := library(t, "twisted").join(t, w.url, nil)
		callee.register(p.uri, "name", args{"match": p.match, "invoke": "first"}).ok(t)
		callees = append(callees, callee)
	}
	caller := library(t, "asyncio").join(t, c.url(), nil)
	for i, callee := range callees {
		if got := string(caller.call(called).ok(t)); got != fmt.Sprintf("%q", callee.name) {
			t.Errorf("with %v gone the call went to %s, want %s", patterns[:i], got, callee.name)
		}
		callee.do("unregister", args{"procedure": patterns[i].uri}).ok(t)
		side{w.url, true, c.joining()}.arrived(t) // the pool's UNREGISTER at the router, before what follows it
	}
	caller.call(called).fails(t, "wamp.error.no_such_procedure")
}

func TestOneURIByEachMatchIsThreePools(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	const uri = "com.example.threefold"
	callees := map[string]*client{}
	for match, policy := range map[string]string{"exact": "first", "prefix": "last", "wildcard": "random"} {
		callee := library(t, "asyncio").join(t, w.url, nil)
		callee.register(uri, "hold", args{"match": match, "invoke": policy, "concurrency": 1}).ok(t)
		callees[match] = callee
	}
	caller := library(t, "twisted").join(t, c.url(), nil)
	exact, prefix := caller.call(uri, 1), caller.call(uri+".below", 2)
	callees["exact"].invoked(1)
	callees["prefix"].invoked(1)
	caller.call(uri, 3).fails(t, maxConcurrency) // a full pool is not another's business
	caller.call(uri+".below", 4).fails(t, maxConcurrency)
	for match, call := range map[string]*answer{"exact": exact, "prefix": prefix} {
		callees[match].release(uri, 1)
		call.ok(t)
	}
	if len(callees["wildcard"].events) != 0 {
		t.Error("the wildcard's callee got a call")
	}
}
