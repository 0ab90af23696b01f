package crossbar

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Callees that register patterns, and ask to share them: each is a pool of its
// own. Which of those that match gets a call is the router's choice.

func TestPatternRegistrationsArePools(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	for match, uris := range map[string]struct{ pattern, called string }{
		"prefix":   {"com.example.tree", "com.example.tree.leaf.green"},
		"wildcard": {"com.example.cell..state", "com.example.cell.b7.state"},
	} {
		t.Run(match, func(t *testing.T) {
			var callees []*harness.Client
			for _, name := range []string{"asyncio", "autobahn", "wampy", "twisted"} {
				callee := harness.Library(t, name).Join(t, w.URL, nil)
				callee.Register(uris.pattern, "name", harness.Args{"match": match, "invoke": "roundrobin"}).OK(t)
				callees = append(callees, callee)
			}
			harness.EachSide(t, w, c, func(t *testing.T, callers string) {
				caller := harness.Library(t, "asyncio").Join(t, callers, nil)
				for range 2 {
					for _, callee := range callees {
						if got := string(caller.Call(uris.called).OK(t)); got != fmt.Sprintf("%q", callee.Name) {
							t.Errorf("the call went to %s, want %s", got, callee.Name)
						}
						if called := callee.Next("invoked").Details.Procedure; called != uris.called {
							t.Errorf("%s is told that %q was called, want %q", callee.Program.Process.Name, called, uris.called)
						}
					}
				}
			})
		})
	}
}

func TestOverlappingPatternsAreTheRoutersChoice(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	const called = "com.example.overlap.deep.state"
	patterns := []struct{ match, uri string }{
		{"exact", called}, {"prefix", "com.example.overlap.deep"}, {"prefix", "com.example.overlap"}, {"wildcard", "com.example.overlap..state"},
	}
	var callees []*harness.Client
	for _, p := range patterns {
		callee := harness.Library(t, "twisted").Join(t, w.URL, nil)
		callee.Register(p.uri, "name", harness.Args{"match": p.match, "invoke": "first"}).OK(t)
		callees = append(callees, callee)
	}
	caller := harness.Library(t, "asyncio").Join(t, c.URL(), nil)
	for i, callee := range callees {
		if got := string(caller.Call(called).OK(t)); got != fmt.Sprintf("%q", callee.Name) {
			t.Errorf("with %v gone the call went to %s, want %s", patterns[:i], got, callee.Name)
		}
		callee.Do("unregister", harness.Args{"procedure": patterns[i].uri}).OK(t)
		harness.AtWampool(w, c).Arrived(t) // the pool's UNREGISTER at the router, before what follows it
	}
	caller.Call(called).Fails(t, "wamp.error.no_such_procedure")
}

func TestOneURIByEachMatchIsThreePools(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	const uri = "com.example.threefold"
	callees := map[string]*harness.Client{}
	for match, policy := range map[string]string{"exact": "first", "prefix": "last", "wildcard": "random"} {
		callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
		callee.Register(uri, "hold", harness.Args{"match": match, "invoke": policy, "concurrency": 1}).OK(t)
		callees[match] = callee
	}
	caller := harness.Library(t, "twisted").Join(t, c.URL(), nil)
	exact, prefix := caller.Call(uri, 1), caller.Call(uri+".below", 2)
	callees["exact"].Invoked(1)
	callees["prefix"].Invoked(1)
	caller.Call(uri, 3).Fails(t, harness.MaxConcurrency) // a full pool is not another's business
	caller.Call(uri+".below", 4).Fails(t, harness.MaxConcurrency)
	for match, call := range map[string]*harness.Answer{"exact": exact, "prefix": prefix} {
		callees[match].Release(uri, 1)
		call.OK(t)
	}
	if len(callees["wildcard"].Events) != 0 {
		t.Error("the wildcard's callee got a call")
	}
}
