package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// eachSide runs a story with the callers at the router, and with the callers at
// wampool.
func eachSide(t *testing.T, w *wampool, c node, story func(t *testing.T, callers string)) {
	t.Run("callers at the router", func(t *testing.T) { story(t, c.url()) })
	t.Run("callers at wampool", func(t *testing.T) { story(t, w.url) })
}

// eachFramework runs a story with Autobahn|Python on Twisted and on asyncio.
func eachFramework(t *testing.T, story func(t *testing.T, p *program)) {
	for _, framework := range []string{"twisted", "asyncio"} {
		t.Run(framework, func(t *testing.T) { story(t, library(t, framework)) })
	}
}

func TestCallsGoRoundOverThreeInstances(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	eachFramework(t, func(t *testing.T, p *program) {
		eachSide(t, w, c, func(t *testing.T, callers string) {
			names := map[string]int{}
			for range 3 {
				callee := p.join(t, w.url, nil)
				callee.register("com.example.compute", "name", args{"invoke": "roundrobin"}).ok(t)
				names[callee.name] = 0
			}
			caller := p.join(t, callers, nil)
			var order []string
			for range 9 {
				var name string
				if err := json.Unmarshal(caller.call("com.example.compute").ok(t), &name); err != nil {
					t.Fatal(err)
				}
				names[name]++
				order = append(order, name)
			}
			for i := 3; i < len(order); i++ {
				if order[i] != order[i-3] {
					t.Fatalf("calls went to %v: not round", order)
				}
			}
			for name, n := range names {
				if n != 3 {
					t.Errorf("%s got %d of 9 calls, want 3", name, n)
				}
			}
		})
	})
}

func TestFifthCallInFlightIsDenied(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), auto)
	eachFramework(t, func(t *testing.T, p *program) {
		eachSide(t, w, c, func(t *testing.T, callers string) {
			callee := p.join(t, w.url, nil)
			callee.register("com.example.four", "hold", args{"invoke": "roundrobin", "concurrency": 4}).ok(t)
			caller := p.join(t, callers, nil)
			var calls []*answer
			for i := range 4 {
				calls = append(calls, caller.call("com.example.four", i))
			}
			callee.invoked(4)
			if text := caller.call("com.example.four").fails(t, "crossbar.error.max_concurrency_reached"); !strings.Contains(text, "maximum concurrency 4") {
				t.Errorf("the refused caller is told %s", text)
			}
			callee.release("com.example.four", 4)
			for i, call := range calls {
				if got := string(call.ok(t)); got != fmt.Sprint(i) {
					t.Errorf("call %d returns %s", i, got)
				}
			}
			callee.do("unregister", args{"procedure": "com.example.four"}).ok(t)
		})
	})
}

func TestThousandCallsWaitAndTheNextIsRefused(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), pooled("com.example.queued", "queue {\n limit = 1000\n timeout = \"10m\"\n}"))
	eachSide(t, w, c, func(t *testing.T, callers string) {
		p := library(t, "asyncio")
		callees := map[string]*client{}
		for range 2 {
			callee := p.join(t, w.url, nil)
			callee.register("com.example.queued", "hold", args{"invoke": "roundrobin", "concurrency": 4}).ok(t)
			callees[callee.name] = callee
		}
		caller := library(t, "twisted").join(t, callers, nil)
		const all = 8 + 1000
		calls := make([]*answer, all)
		for i := range calls {
			calls[i] = caller.call("com.example.queued", i)
		}
		caller.call("com.example.queued", all).fails(t, "crossbar.error.max_concurrency_reached")
		// Both callees are of one program, so its lines show the order in which
		// invocations began: in order on each callee's connection, and none
		// before more than those that can be in flight with it. How late one
		// begins says nothing: it may lie unread on its connection while the
		// other callee gets on.
		seen, last := 0, map[string]int{}
		from := 0
		for seen < all {
			line, err := p.process.waitLine(from, `"procedure": "com.example.queued"`)
			if err != nil {
				t.Fatal(err)
			}
			_ = line
			p.process.mu.Lock()
			lines := p.process.lines[from:]
			p.process.mu.Unlock()
			for _, line := range lines {
				from++
				var e event
				if json.Unmarshal([]byte(line), &e) != nil || e.Event != "invoked" || callees[e.Session] == nil {
					continue
				}
				var call [1]int
				if err := json.Unmarshal(e.Args, &call); err != nil {
					t.Fatal(err)
				}
				if before, some := last[e.Session]; some && call[0] <= before {
					t.Fatalf("call %d came to %s after call %d", call[0], e.Session, before)
				}
				if call[0] >= seen+8 {
					t.Fatalf("call %d is the one that began at place %d: not in order", call[0], seen)
				}
				last[e.Session] = call[0]
				seen++
				callees[e.Session].do("release", args{"procedure": "com.example.queued", "n": 1})
			}
		}
		for i, call := range calls {
			if got := string(call.ok(t)); got != fmt.Sprint(i) {
				t.Fatalf("call %d returns %s", i, got)
			}
		}
		for _, callee := range callees {
			if peak := callee.peak("com.example.queued"); peak > 4 {
				t.Errorf("%d calls ran at once at a callee that takes 4", peak)
			}
			callee.do("unregister", args{"procedure": "com.example.queued"}).ok(t)
		}
	})
}

func TestTwentyCallsOverThreeAndTwoThreadsTakeFourRounds(t *testing.T) {
	c := router(t) // without a store: Crossbar.io itself would refuse
	w := startWampool(t, c.url(), pooled("com.example.work", "queue {\n}"))
	eachSide(t, w, c, func(t *testing.T, callers string) {
		p := library(t, "twisted")
		callees := map[int]*client{}
		for _, concurrency := range []int{3, 2} {
			callee := p.join(t, w.url, nil)
			callee.do("register", args{
				"procedure": "com.example.work", "behaviour": "block", "seconds": 2,
				"options": args{"invoke": "roundrobin", "concurrency": concurrency},
			}).ok(t)
			callees[concurrency] = callee
		}
		caller := library(t, "asyncio").join(t, callers, nil)
		begin := time.Now()
		var calls []*answer
		for range 20 {
			calls = append(calls, caller.call("com.example.work"))
		}
		results := map[string]int{}
		for _, call := range calls {
			results[string(call.ok(t))]++
		}
		took := time.Since(begin)
		t.Logf("20 calls of 2 s over 3 + 2 took %s: %v", took.Round(time.Millisecond), results)
		if took < 8*time.Second {
			t.Errorf("20 calls of 2 s took %s: more than 5 ran at once", took)
		}
		if took > 20*time.Second { // one callee alone, or calls one by one, take longer
			t.Errorf("20 calls of 2 s took %s: slots were idle while calls waited", took)
		}
		for concurrency, callee := range callees {
			if got := results[fmt.Sprintf("%q", callee.name)]; got != 4*concurrency {
				t.Errorf("the callee of %d took %d calls, want %d", concurrency, got, 4*concurrency)
			}
			if peak := callee.peak("com.example.work"); peak != concurrency {
				t.Errorf("%d calls ran at once at a callee of %d", peak, concurrency)
			}
			callee.do("unregister", args{"procedure": "com.example.work"}).ok(t)
		}
	})
}
