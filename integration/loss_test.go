package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// contains tells whether a program has printed text.
func contains(p *process, text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.lines {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

func TestKilledCalleeTakesOnlyItsOwnCallsAlong(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), pooled("com.example.lossy", "queue {\n}"))
	eachSide(t, w, c, func(t *testing.T, callers string) {
		doomed := ownLibrary(t, "asyncio")
		defer doomed.process.kill()
		options := args{"invoke": "first", "concurrency": 2}
		victim := doomed.join(t, w.url, nil)
		victim.register("com.example.lossy", "hold", options).ok(t)
		survivor := library(t, "twisted").join(t, w.url, nil)
		survivor.register("com.example.lossy", "hold", options).ok(t)
		caller := library(t, "asyncio").join(t, callers, nil)
		var calls []*answer
		for i := range 8 { // 0, 1 at the victim; 2, 3 at the survivor; the others wait
			calls = append(calls, caller.call("com.example.lossy", i))
			if i < 2 {
				victim.invoked(1)
			} else if i < 4 {
				survivor.invoked(1)
			}
		}
		doomed.process.kill()
		for _, call := range calls[:2] {
			call.fails(t, "wamp.error.canceled")
		}
		for i, call := range calls[2:] {
			if i >= 2 {
				survivor.invoked(1)
			}
			survivor.release("com.example.lossy", 1)
			if got := string(call.ok(t)); got != fmt.Sprint(i+2) {
				t.Errorf("call %d returns %s", i+2, got)
			}
		}
		if peak := survivor.peak("com.example.lossy"); peak != 2 {
			t.Errorf("%d calls ran at once at a callee of 2", peak)
		}
		survivor.do("unregister", args{"procedure": "com.example.lossy"}).ok(t)
	})
}

func TestRestartOfTheRouter(t *testing.T) {
	c, err := startCrossbar("")
	if err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	w := startWampool(t, c.url(), auto)
	p := library(t, "twisted")
	callee := p.join(t, w.url, nil)
	callee.register("com.example.restart", "hold", args{"invoke": "roundrobin"}).ok(t)
	caller := p.join(t, w.url, nil)
	caller.call("com.example.restart") // Autobahn leaves it open when the connection is lost
	callee.invoked(1)
	printed := w.process.printed()
	c.process.kill()
	callee.next("disconnected")
	caller.next("disconnected")
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.process.waitLine(printed, "pool session up"); err != nil {
		t.Fatal(err)
	}
	again := p.join(t, w.url, nil)
	again.register("com.example.restart", "echo", args{"invoke": "roundrobin"}).ok(t)
	if got := string(p.join(t, c.url(), nil).call("com.example.restart", "again").ok(t)); got != `"again"` {
		t.Errorf("after the restart the call returns %s", got)
	}
}

// A client tells a connection that is lost from one that was closed, as it does
// without wampool.
func TestKilledRouterIsALostConnection(t *testing.T) {
	c, err := startCrossbar("")
	if err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	w := startWampool(t, c.url(), auto)
	client := library(t, "autobahn").join(t, w.url, nil)
	c.process.kill()
	if reason := client.next("disconnected").Reason; reason != "lost" {
		t.Errorf("the client says that its connection was %s, want lost", reason)
	}
}

func TestRouterThatIsDownAtTheStart(t *testing.T) {
	c, err := startCrossbar("")
	if err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	c.process.kill()
	w := launchWampool(t, c.url(), auto)
	if _, err := w.process.waitLine(0, "retrying"); err != nil {
		t.Fatal(err)
	}
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.process.waitLine(0, "pool session up"); err != nil {
		t.Fatal(err)
	}
}

func TestCleanStopLetsCallsFinish(t *testing.T) {
	c := router(t)
	w := launch(t, c.url(), auto, "30s")
	if _, err := w.process.waitLine(0, "pool session up"); err != nil {
		t.Fatal(err)
	}
	p := library(t, "asyncio")
	callee := p.join(t, w.url, nil)
	callee.register("com.example.draining", "hold", args{"invoke": "roundrobin"}).ok(t)
	atRouter, atWampool := p.join(t, c.url(), nil), p.join(t, w.url, nil)
	calls := []*answer{atRouter.call("com.example.draining", 1), atWampool.call("com.example.draining", 2)}
	callee.invoked(2)
	if err := w.process.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := w.process.waitLine(0, "stopping"); err != nil {
		t.Fatal(err)
	}
	callee.release("com.example.draining", 2)
	for i, call := range calls {
		if got := string(call.ok(t)); got != fmt.Sprint(i+1) {
			t.Errorf("call %d returns %s", i+1, got)
		}
	}
	if reason := callee.next("left").Reason; reason != "wamp.close.system_shutdown" {
		t.Errorf("the callee is told %s", reason)
	}
}
