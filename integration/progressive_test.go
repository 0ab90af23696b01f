package integration

import (
	"fmt"
	"strings"
	"testing"
)

// Progressive call results through wampool: callee and caller of each library
// that knows them, the slot held to the end, and nothing for who did not ask.

func TestProgressiveResultsBetweenLibraries(t *testing.T) {
	c := router(t)
	const procedure = "com.example.progressive"
	w := startWampool(t, c.url(), pooled(procedure, "concurrency = 1\nqueue {\n}"))
	for calleeName, takes := range map[string]bool{
		"asyncio": true, "twisted": true, "autobahn": true,
		"wampy": false, // announces no progressive_call_results as callee
	} {
		t.Run("callee "+calleeName, func(t *testing.T) {
			callee := library(t, calleeName).join(t, w.url, nil)
			callee.register(procedure, "hold", nil).ok(t)
			for _, callerName := range []string{"asyncio", "twisted", "autobahn", "wampy"} {
				t.Run("caller "+callerName, func(t *testing.T) {
					eachSide(t, w, c, func(t *testing.T, callers string) {
						caller := library(t, callerName).join(t, callers, nil)
						progressive := caller.do("call", args{"procedure": procedure, "args": []any{1}, "progress": true})
						if got := callee.next("invoked").Details.Progress; got != takes {
							t.Errorf("the callee may send parts of the result: %t, want %t", got, takes)
						}
						plain := caller.call(procedure, 2)
						for part := range 3 {
							if sent := callee.progress(procedure, part); sent != takes {
								t.Fatalf("the callee sent a part: %t", sent)
							}
							if takes {
								if got := strings.Trim(string(caller.next("progress").Args), "[]"); got != fmt.Sprint(part) {
									t.Errorf("part %d came as %s", part, got)
								}
							}
						}
						settled(t, callee)
						if len(callee.events) != 0 {
							t.Errorf("the slot was given back by a part of the result: %+v", <-callee.events)
						}
						callee.release(procedure, 1)
						progressive.ok(t)
						if callee.next("invoked").Details.Progress || callee.progress(procedure, "unasked") {
							t.Error("the callee may send parts of a result that the caller wants whole")
						}
						callee.release(procedure, 1)
						plain.ok(t)
					})
				})
			}
			callee.do("unregister", args{"procedure": procedure}).ok(t)
		})
	}
}

// rawCallee joins a session that announces these features as callee, and
// registers a procedure.
func rawCallee(t *testing.T, url, procedure string, features ...string) *rawSession {
	t.Helper()
	s := dialRaw(t, "callee", url)
	for i, feature := range features {
		features[i] = fmt.Sprintf("%q:true", feature)
	}
	s.send(`[1,"realm1",{"roles":{"caller":{},"callee":{"features":{` + strings.Join(features, ",") + `}}}}]`)
	s.expect(`[2,`)
	s.send(fmt.Sprintf(`[64,1,{},%q]`, procedure))
	s.expect(`[65,1,`)
	return s
}

func TestReceiveProgressIsStrippedWhereNotAnnounced(t *testing.T) {
	c := router(t)
	const procedure = "com.example.stripped"
	w := startWampool(t, c.url(), pooled(procedure, `policy = "last"`))
	for _, feature := range []string{"progressive_call_results", "call_canceling"} {
		t.Run(feature, func(t *testing.T) {
			callee := rawCallee(t, w.url, procedure, feature)
			caller := joinRaw(t, "caller", c.url())
			caller.send(fmt.Sprintf(`[48,1,{"receive_progress":true},%q,["payload"]]`, procedure))
			invoked := callee.expect(`[68,`)
			kept := strings.Contains(invoked, "receive_progress")
			if kept != (feature == "progressive_call_results") {
				t.Errorf("a callee of %s got %s", feature, invoked)
			}
			id := element(t, invoked, 1)
			callee.send(fmt.Sprintf(`[70,%d,{"progress":true},["part"]]`, id), fmt.Sprintf(`[70,%d,{},["whole"]]`, id))
			if kept {
				caller.expect(`[50,1,{"progress":true`)
			}
			if whole := caller.expect(`[50,1,{`); !strings.HasSuffix(whole, `,["whole"]]`) {
				t.Errorf("the caller got %s", whole)
			}
		})
	}
}

// Parts that nobody asked for: Crossbar.io passes them on all the same, wampool
// does not.
func TestUnaskedProgressIsDiscarded(t *testing.T) {
	const procedure = "com.example.unasked"
	atBoth(t, router(t), pooled(procedure, ""), func(t *testing.T, s side) {
		callee := rawCallee(t, s.url, procedure, "progressive_call_results")
		caller := joinRaw(t, "caller", s.url)
		caller.send(fmt.Sprintf(`[48,1,{},%q]`, procedure))
		id := element(t, callee.expect(`[68,`), 1)
		callee.send(fmt.Sprintf(`[70,%d,{"progress":true},["part"]]`, id), fmt.Sprintf(`[70,%d,{},["whole"]]`, id))
		if !s.wampool {
			caller.expect(`[50,1,{"progress":true`)
		}
		if whole := caller.expect(`[50,1,{`); !strings.HasSuffix(whole, `,["whole"]]`) {
			t.Errorf("the caller got %s", whole)
		}
	})
}

// Crossbar.io does not know progressive call invocations: each part of the call
// is a call of its own there, with an ID of its own, and no callee is told that
// more follows. So it comes out of wampool as it went in. Neither of the two
// loses a call by it, or a slot.
func TestProgressiveCallIsSeveralCallsAtCrossbar(t *testing.T) {
	const procedure = "com.example.parts"
	atBoth(t, router(t), pooled(procedure, "concurrency = 2"), func(t *testing.T, s side) {
		callee := rawCallee(t, s.url, procedure, "progressive_call_invocations", "progressive_call_results")
		caller := joinRaw(t, "caller", s.url)
		caller.send(fmt.Sprintf(`[48,1,{"progress":true},%q,[1]]`, procedure), fmt.Sprintf(`[48,1,{},%q,[2]]`, procedure))
		first, second := callee.expect(`[68,`), callee.expect(`[68,`)
		if strings.Contains(first, "progress") || element(t, first, 1) == element(t, second, 1) {
			t.Errorf("Crossbar.io passes progressive calls on: the callee got %s and %s", first, second)
		}
		answer := func(invocation, request string) {
			t.Helper()
			callee.send(fmt.Sprintf(`[70,%d,{},["done"]]`, element(t, invocation, 1)))
			if got := caller.expect(request); !strings.HasSuffix(got, `,["done"]]`) {
				t.Errorf("the caller got %s", got)
			}
		}
		answer(second, `[50,1,`)
		answer(first, `[50,1,`)
		for request := 2; request <= 4; request++ { // the slots are free
			caller.send(fmt.Sprintf(`[48,%d,{},%q]`, request, procedure))
			answer(callee.expect(`[68,`), fmt.Sprintf(`[50,%d,`, request))
		}
	})
}
