package losses

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestKilledCalleeTakesOnlyItsOwnCallsAlong(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Pooled("com.example.lossy", "queue {\n}"))
	harness.EachSide(t, w, c, func(t *testing.T, callers string) {
		doomed := harness.OwnLibrary(t, "asyncio")
		defer doomed.Process.Kill()
		options := harness.Args{"invoke": "first", "concurrency": 2}
		victim := doomed.Join(t, w.URL, nil)
		victim.Register("com.example.lossy", "hold", options).OK(t)
		survivor := harness.Library(t, "twisted").Join(t, w.URL, nil)
		survivor.Register("com.example.lossy", "hold", options).OK(t)
		caller := harness.Library(t, "asyncio").Join(t, callers, nil)
		var calls []*harness.Answer
		for i := range 8 { // 0, 1 at the victim; 2, 3 at the survivor; the others wait
			calls = append(calls, caller.Call("com.example.lossy", i))
			if i < 2 {
				victim.Invoked(1)
			} else if i < 4 {
				survivor.Invoked(1)
			}
		}
		doomed.Process.Kill()
		for _, call := range calls[:2] {
			call.Fails(t, "wamp.error.canceled")
		}
		for i, call := range calls[2:] {
			if i >= 2 {
				survivor.Invoked(1)
			}
			survivor.Release("com.example.lossy", 1)
			if got := string(call.OK(t)); got != fmt.Sprint(i+2) {
				t.Errorf("call %d returns %s", i+2, got)
			}
		}
		if peak := survivor.Peak("com.example.lossy"); peak != 2 {
			t.Errorf("%d calls ran at once at a callee of 2", peak)
		}
		survivor.Do("unregister", harness.Args{"procedure": "com.example.lossy"}).OK(t)
	})
}

func TestRestartOfTheRouter(t *testing.T) {
	c := harness.OwnCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	p := harness.Library(t, "twisted")
	callee := p.Join(t, w.URL, nil)
	callee.Register("com.example.restart", "hold", harness.Args{"invoke": "roundrobin"}).OK(t)
	caller := p.Join(t, w.URL, nil)
	caller.Call("com.example.restart") // Autobahn leaves it open when the connection is lost
	callee.Invoked(1)
	printed := w.Process.Printed()
	c.Kill()
	callee.Next("disconnected")
	caller.Next("disconnected")
	c.StartAgain(t)
	w.Process.AwaitFrom(t, printed, "pool session up")
	again := p.Join(t, w.URL, nil)
	again.Register("com.example.restart", "echo", harness.Args{"invoke": "roundrobin"}).OK(t)
	if got := string(p.Join(t, c.URL(), nil).Call("com.example.restart", "again").OK(t)); got != `"again"` {
		t.Errorf("after the restart the call returns %s", got)
	}
}

// A client tells a connection that is lost from one that was closed, as it does
// without wampool.
func TestKilledRouterIsALostConnection(t *testing.T) {
	c := harness.OwnCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	client := harness.Library(t, "autobahn").Join(t, w.URL, nil)
	c.Kill()
	if reason := client.Next("disconnected").Reason; reason != "lost" {
		t.Errorf("the client says that its connection was %s, want lost", reason)
	}
}

func TestRouterThatIsDownAtTheStart(t *testing.T) {
	c := harness.OwnCrossbar(t)
	c.Kill()
	w := harness.LaunchWampool(t, c.URL(), harness.Auto)
	w.Process.Await(t, "retrying")
	c.StartAgain(t)
	w.Process.Await(t, "pool session up")
}

func TestCleanStopLetsCallsFinish(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.Launch(t, c.URL(), harness.Auto, "30s")
	w.Process.Await(t, "pool session up")
	p := harness.Library(t, "asyncio")
	callee := p.Join(t, w.URL, nil)
	callee.Register("com.example.draining", "hold", harness.Args{"invoke": "roundrobin"}).OK(t)
	atRouter, atWampool := p.Join(t, c.URL(), nil), p.Join(t, w.URL, nil)
	calls := []*harness.Answer{atRouter.Call("com.example.draining", 1), atWampool.Call("com.example.draining", 2)}
	callee.Invoked(2)
	if err := w.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.Process.Await(t, "stopping")
	callee.Release("com.example.draining", 2)
	for i, call := range calls {
		if got := string(call.OK(t)); got != fmt.Sprint(i+1) {
			t.Errorf("call %d returns %s", i+1, got)
		}
	}
	if reason := callee.Next("left").Reason; reason != "wamp.close.system_shutdown" {
		t.Errorf("the callee is told %s", reason)
	}
}
