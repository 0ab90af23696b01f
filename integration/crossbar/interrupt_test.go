package crossbar

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// What becomes of a call that is canceled while its callee has it: in all modes,
// with callees that announce call_canceling (Autobahn|Python) and with those
// that don't (Autobahn|JS, which closes its connection on an INTERRUPT; Wampy).

// announced tells which libraries take INTERRUPT.
var announced = map[string]bool{"asyncio": true, "twisted": true, "autobahn": false, "wampy": false}

func TestCancelOfARunningCall(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), `realm "realm1" {
  pool "com.example.interrupt." {
    match = "prefix"
    concurrency = 1
    queue {
    }
  }
}`)
	for name, interruptible := range announced {
		for _, mode := range []string{"kill", "killnowait", "skip"} {
			t.Run(name+", "+mode, func(t *testing.T) {
				procedure := fmt.Sprintf("com.example.interrupt.%s.%s", name, mode)
				callee := harness.Library(t, name).Join(t, w.URL, nil)
				callee.Register(procedure, "hold", nil).OK(t)
				caller := harness.JoinRaw(t, "caller", w.URL)
				caller.Send(fmt.Sprintf(`[48,1,{},%q,[1]]`, procedure))
				harness.Argument(t, callee, procedure)
				caller.Send(fmt.Sprintf(`[48,2,{},%q,[2]]`, procedure), fmt.Sprintf(`[49,1,{"mode":%q}]`, mode))
				if mode == "skip" { // Crossbar.io never answers it, and tells nobody
					interruptible = false
				} else {
					caller.Expect(`[8,48,1,{},"wamp.error.canceled"`)
				}
				if interruptible {
					callee.Next("interrupted")
				} else {
					noticesNothing(t, callee, procedure)
				}
				if got := harness.Argument(t, callee, procedure); got != 2 {
					t.Errorf("the slot went to call %d", got)
				}
				callee.Release(procedure, 2) // the interrupted one is still in its list
				caller.Expect(`[50,2,`)
				if peak := callee.Peak(procedure); peak != 1 {
					t.Errorf("%d calls ran at once at a callee of 1", peak)
				}
			})
		}
	}
}

// noticesNothing checks that a callee was not told of a CANCEL: its slot is held
// until it answers, and that is discarded.
func noticesNothing(t *testing.T, callee *harness.Client, procedure string) {
	t.Helper()
	harness.Settled(t, callee)
	if len(callee.Events) != 0 {
		t.Errorf("after the CANCEL the callee saw %+v", <-callee.Events)
	}
	callee.Release(procedure, 1)
}

// A callee that is interrupted and answers when it likes.
func TestSlotIsHeldUntilTheLateAnswerCame(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), `realm "realm1" {
  pool "com.example.late." {
    match = "prefix"
    concurrency = 1
    queue {
    }
  }
}`)
	for _, mode := range []string{"kill", "killnowait"} {
		for answer, late := range map[string]string{
			"YIELD":       `[70,%d,{},["late"]]`,
			"ERROR":       `[8,68,%d,{},"wamp.error.canceled"]`,
			"other ERROR": `[8,68,%d,{},"com.example.failed",["late"]]`,
		} {
			t.Run(mode+", "+answer, func(t *testing.T) {
				procedure := fmt.Sprintf("com.example.late.%s.%s", mode, answer[:5])
				callee, caller := harness.JoinRaw(t, "callee", w.URL), harness.JoinRaw(t, "caller", c.URL())
				callee.Send(fmt.Sprintf(`[64,1,{},%q]`, procedure))
				callee.Expect(`[65,1,`)
				caller.Send(fmt.Sprintf(`[48,1,{},%q,[1]]`, procedure), fmt.Sprintf(`[48,2,{},%q,[2]]`, procedure))
				first := harness.Element(t, callee.Expect(`[68,`), 1)
				caller.Send(fmt.Sprintf(`[49,1,{"mode":%q}]`, mode))
				if mode == "killnowait" {
					caller.Expect(`[8,48,1,{},"wamp.error.canceled"`)
				}
				callee.Expect(fmt.Sprintf(`[69,%d,{"mode":%q}]`, first, mode))
				callee.Send(`[48,2,{},"wamp.session.count"]`)
				callee.Expect(`[50,2,`) // and no INVOCATION before it
				callee.Send(fmt.Sprintf(late, first))
				if mode == "kill" { // whatever the answer, Crossbar.io makes it this
					caller.Expect(`[8,48,1,{},"wamp.error.canceled"`)
				}
				second := callee.Expect(fmt.Sprintf(`[68,%d,`, first+1))
				callee.Send(fmt.Sprintf(`[70,%d,{},["answered"]]`, harness.Element(t, second, 1)))
				caller.Expect(`[50,2,`)
			})
		}
	}
}

// What callers send that real libraries know: JavaScript with modes, Python without.
func TestLibrariesCancelTheirCalls(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.canceler"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, "queue {\n}")) // for the next call may be there before the slot is free
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	callee.Register(procedure, "hold", harness.Args{"invoke": "roundrobin", "concurrency": 1}).OK(t)
	for name, modes := range map[string][]string{
		"wampy":    {"kill", "killnowait"},
		"autobahn": {"kill"}, // in other modes it forgets the call, and closes its connection on the ERROR
		"asyncio":  {""}, "twisted": {""},
	} {
		for _, mode := range modes {
			t.Run(name+" "+mode, func(t *testing.T) {
				harness.EachSide(t, w, c, func(t *testing.T, callers string) {
					caller := harness.Library(t, name).Join(t, callers, nil)
					call := caller.Call(procedure, 1)
					callee.Invoked(1)
					caller.Cancel(call, mode)
					callee.Next("interrupted")
					if r := call.Wait(t); r.Error == nil {
						t.Errorf("the canceled call returns %s", r.OK)
					} else if mode != "" && r.Error.URI != "wamp.error.canceled" {
						t.Errorf("the canceled call fails with %s", r.Error.URI)
					}
					again := caller.Call(procedure, 2)
					callee.Invoked(1)
					callee.Release(procedure, 2)
					again.OK(t)
				})
			})
		}
	}
}
