package crossbar

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Progressive call results through wampool: callee and caller of each library
// that knows them, the slot held to the end, and nothing for who did not ask.

func TestProgressiveResultsBetweenLibraries(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.progressive"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, "concurrency = 1\nqueue {\n}"))
	for calleeName, takes := range map[string]bool{
		"asyncio": true, "twisted": true, "autobahn": true,
		"wampy": false, // announces no progressive_call_results as callee
	} {
		t.Run("callee "+calleeName, func(t *testing.T) {
			callee := harness.Library(t, calleeName).Join(t, w.URL, nil)
			callee.Register(procedure, "hold", nil).OK(t)
			for _, callerName := range []string{"asyncio", "twisted", "autobahn", "wampy"} {
				t.Run("caller "+callerName, func(t *testing.T) {
					harness.EachSide(t, w, c, func(t *testing.T, callers string) {
						caller := harness.Library(t, callerName).Join(t, callers, nil)
						progressive := caller.Do("call", harness.Args{"procedure": procedure, "args": []any{1}, "progress": true})
						if got := callee.Next("invoked").Details.Progress; got != takes {
							t.Errorf("the callee may send parts of the result: %t, want %t", got, takes)
						}
						plain := caller.Call(procedure, 2)
						for part := range 3 {
							if sent := callee.Progress(procedure, part); sent != takes {
								t.Fatalf("the callee sent a part: %t", sent)
							}
							if takes {
								if got := strings.Trim(string(caller.Next("progress").Args), "[]"); got != fmt.Sprint(part) {
									t.Errorf("part %d came as %s", part, got)
								}
							}
						}
						harness.Settled(t, callee)
						if len(callee.Events) != 0 {
							t.Errorf("the slot was given back by a part of the result: %+v", <-callee.Events)
						}
						callee.Release(procedure, 1)
						progressive.OK(t)
						if callee.Next("invoked").Details.Progress || callee.Progress(procedure, "unasked") {
							t.Error("the callee may send parts of a result that the caller wants whole")
						}
						callee.Release(procedure, 1)
						plain.OK(t)
					})
				})
			}
			callee.Do("unregister", harness.Args{"procedure": procedure}).OK(t)
		})
	}
}

func TestReceiveProgressIsStrippedWhereNotAnnounced(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.stripped"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, `policy = "last"`))
	for _, feature := range []string{"progressive_call_results", "call_canceling"} {
		t.Run(feature, func(t *testing.T) {
			callee := harness.RawCallee(t, w.URL, procedure, feature)
			caller := harness.JoinRaw(t, "caller", c.URL())
			caller.Send(fmt.Sprintf(`[48,1,{"receive_progress":true},%q,["payload"]]`, procedure))
			invoked := callee.Expect(`[68,`)
			kept := strings.Contains(invoked, "receive_progress")
			if kept != (feature == "progressive_call_results") {
				t.Errorf("a callee of %s got %s", feature, invoked)
			}
			id := harness.Element(t, invoked, 1)
			callee.Send(fmt.Sprintf(`[70,%d,{"progress":true},["part"]]`, id), fmt.Sprintf(`[70,%d,{},["whole"]]`, id))
			if kept {
				caller.Expect(`[50,1,{"progress":true`)
			}
			if whole := caller.Expect(`[50,1,{`); !strings.HasSuffix(whole, `,["whole"]]`) {
				t.Errorf("the caller got %s", whole)
			}
		})
	}
}

// Parts that nobody asked for: Crossbar.io passes them on all the same, wampool
// does not.
func TestUnaskedProgressIsDiscarded(t *testing.T) {
	const procedure = "com.example.unasked"
	harness.AtBoth(t, harness.SharedCrossbar(t), harness.Pooled(procedure, ""), func(t *testing.T, s harness.Side) {
		callee := harness.RawCallee(t, s.URL, procedure, "progressive_call_results")
		caller := harness.JoinRaw(t, "caller", s.URL)
		caller.Send(fmt.Sprintf(`[48,1,{},%q]`, procedure))
		id := harness.Element(t, callee.Expect(`[68,`), 1)
		callee.Send(fmt.Sprintf(`[70,%d,{"progress":true},["part"]]`, id), fmt.Sprintf(`[70,%d,{},["whole"]]`, id))
		if !s.Wampool {
			caller.Expect(`[50,1,{"progress":true`)
		}
		if whole := caller.Expect(`[50,1,{`); !strings.HasSuffix(whole, `,["whole"]]`) {
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
	harness.AtBoth(t, harness.SharedCrossbar(t), harness.Pooled(procedure, "concurrency = 2"), func(t *testing.T, s harness.Side) {
		callee := harness.RawCallee(t, s.URL, procedure, "progressive_call_invocations", "progressive_call_results")
		caller := harness.JoinRaw(t, "caller", s.URL)
		caller.Send(fmt.Sprintf(`[48,1,{"progress":true},%q,[1]]`, procedure), fmt.Sprintf(`[48,1,{},%q,[2]]`, procedure))
		first, second := callee.Expect(`[68,`), callee.Expect(`[68,`)
		if strings.Contains(first, "progress") || harness.Element(t, first, 1) == harness.Element(t, second, 1) {
			t.Errorf("Crossbar.io passes progressive calls on: the callee got %s and %s", first, second)
		}
		answer := func(invocation, request string) {
			t.Helper()
			callee.Send(fmt.Sprintf(`[70,%d,{},["done"]]`, harness.Element(t, invocation, 1)))
			if got := caller.Expect(request); !strings.HasSuffix(got, `,["done"]]`) {
				t.Errorf("the caller got %s", got)
			}
		}
		answer(second, `[50,1,`)
		answer(first, `[50,1,`)
		for request := 2; request <= 4; request++ { // the slots are free
			caller.Send(fmt.Sprintf(`[48,%d,{},%q]`, request, procedure))
			answer(callee.Expect(`[68,`), fmt.Sprintf(`[50,%d,`, request))
		}
	})
}
