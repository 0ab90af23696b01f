package integration

import (
	"fmt"
	"testing"
)

// What becomes of a call that is canceled while its callee has it: in all modes,
// with callees that announce call_canceling (Autobahn|Python) and with those
// that don't (Autobahn|JS, which closes its connection on an INTERRUPT; Wampy).

// announced tells which libraries take INTERRUPT.
var announced = map[string]bool{"asyncio": true, "twisted": true, "autobahn": false, "wampy": false}

func TestCancelOfARunningCall(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), `realm "realm1" {
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
				callee := library(t, name).join(t, w.url, nil)
				callee.register(procedure, "hold", nil).ok(t)
				caller := joinRaw(t, "caller", w.url)
				caller.send(fmt.Sprintf(`[48,1,{},%q,[1]]`, procedure))
				argument(t, callee, procedure)
				caller.send(fmt.Sprintf(`[48,2,{},%q,[2]]`, procedure), fmt.Sprintf(`[49,1,{"mode":%q}]`, mode))
				if mode == "skip" { // Crossbar.io never answers it, and tells nobody
					interruptible = false
				} else {
					caller.expect(`[8,48,1,{},"wamp.error.canceled"`)
				}
				if interruptible {
					callee.next("interrupted")
				} else {
					noticesNothing(t, callee, procedure)
				}
				if got := argument(t, callee, procedure); got != 2 {
					t.Errorf("the slot went to call %d", got)
				}
				callee.release(procedure, 2) // the interrupted one is still in its list
				caller.expect(`[50,2,`)
				if peak := callee.peak(procedure); peak != 1 {
					t.Errorf("%d calls ran at once at a callee of 1", peak)
				}
			})
		}
	}
}

// noticesNothing checks that a callee was not told of a CANCEL: its slot is held
// until it answers, and that is discarded.
func noticesNothing(t *testing.T, callee *client, procedure string) {
	t.Helper()
	settled(t, callee)
	if len(callee.events) != 0 {
		t.Errorf("after the CANCEL the callee saw %+v", <-callee.events)
	}
	callee.release(procedure, 1)
}

// A callee that is interrupted and answers when it likes.
func TestSlotIsHeldUntilTheLateAnswerCame(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), `realm "realm1" {
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
				callee, caller := joinRaw(t, "callee", w.url), joinRaw(t, "caller", c.url())
				callee.send(fmt.Sprintf(`[64,1,{},%q]`, procedure))
				callee.expect(`[65,1,`)
				caller.send(fmt.Sprintf(`[48,1,{},%q,[1]]`, procedure), fmt.Sprintf(`[48,2,{},%q,[2]]`, procedure))
				first := element(t, callee.expect(`[68,`), 1)
				caller.send(fmt.Sprintf(`[49,1,{"mode":%q}]`, mode))
				if mode == "killnowait" {
					caller.expect(`[8,48,1,{},"wamp.error.canceled"`)
				}
				callee.expect(fmt.Sprintf(`[69,%d,{"mode":%q}]`, first, mode))
				callee.send(`[48,2,{},"wamp.session.count"]`)
				callee.expect(`[50,2,`) // and no INVOCATION before it
				callee.send(fmt.Sprintf(late, first))
				if mode == "kill" { // whatever the answer, Crossbar.io makes it this
					caller.expect(`[8,48,1,{},"wamp.error.canceled"`)
				}
				second := callee.expect(fmt.Sprintf(`[68,%d,`, first+1))
				callee.send(fmt.Sprintf(`[70,%d,{},["answered"]]`, element(t, second, 1)))
				caller.expect(`[50,2,`)
			})
		}
	}
}

// What callers send that real libraries know: JavaScript with modes, Python without.
func TestLibrariesCancelTheirCalls(t *testing.T) {
	c := router(t)
	const procedure = "com.example.canceler"
	w := startWampool(t, c.url(), pooled(procedure, "queue {\n}")) // for the next call may be there before the slot is free
	callee := library(t, "asyncio").join(t, w.url, nil)
	callee.register(procedure, "hold", args{"invoke": "roundrobin", "concurrency": 1}).ok(t)
	for name, modes := range map[string][]string{
		"wampy":    {"kill", "killnowait"},
		"autobahn": {"kill"}, // in other modes it forgets the call, and closes its connection on the ERROR
		"asyncio":  {""}, "twisted": {""},
	} {
		for _, mode := range modes {
			t.Run(name+" "+mode, func(t *testing.T) {
				eachSide(t, w, c, func(t *testing.T, callers string) {
					caller := library(t, name).join(t, callers, nil)
					call := caller.call(procedure, 1)
					callee.invoked(1)
					caller.cancel(call, mode)
					callee.next("interrupted")
					if r := call.wait(t); r.Error == nil {
						t.Errorf("the canceled call returns %s", r.OK)
					} else if mode != "" && r.Error.URI != "wamp.error.canceled" {
						t.Errorf("the canceled call fails with %s", r.Error.URI)
					}
					again := caller.call(procedure, 2)
					callee.invoked(1)
					callee.release(procedure, 2)
					again.ok(t)
				})
			})
		}
	}
}
