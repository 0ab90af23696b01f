package crossbar

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

func TestCallsGoRoundOverThreeInstances(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	harness.EachFramework(t, func(t *testing.T, p *harness.Program) {
		harness.EachSide(t, w, c, func(t *testing.T, callers string) {
			names := map[string]int{}
			for range 3 {
				callee := p.Join(t, w.URL, nil)
				callee.Register("com.example.compute", "name", harness.Args{"invoke": "roundrobin"}).OK(t)
				names[callee.Name] = 0
			}
			caller := p.Join(t, callers, nil)
			var order []string
			for range 9 {
				var name string
				if err := json.Unmarshal(caller.Call("com.example.compute").OK(t), &name); err != nil {
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
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Auto)
	harness.EachFramework(t, func(t *testing.T, p *harness.Program) {
		harness.EachSide(t, w, c, func(t *testing.T, callers string) {
			callee := p.Join(t, w.URL, nil)
			callee.Register("com.example.four", "hold", harness.Args{"invoke": "roundrobin", "concurrency": 4}).OK(t)
			caller := p.Join(t, callers, nil)
			var calls []*harness.Answer
			for i := range 4 {
				calls = append(calls, caller.Call("com.example.four", i))
			}
			callee.Invoked(4)
			if text := caller.Call("com.example.four").Fails(t, "crossbar.error.max_concurrency_reached"); !strings.Contains(text, "maximum concurrency 4") {
				t.Errorf("the refused caller is told %s", text)
			}
			callee.Release("com.example.four", 4)
			for i, call := range calls {
				if got := string(call.OK(t)); got != fmt.Sprint(i) {
					t.Errorf("call %d returns %s", i, got)
				}
			}
			callee.Do("unregister", harness.Args{"procedure": "com.example.four"}).OK(t)
		})
	})
}

func TestThousandCallsWaitAndTheNextIsRefused(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), harness.Pooled("com.example.queued", "queue {\n limit = 1000\n timeout = \"10m\"\n}"))
	harness.EachSide(t, w, c, func(t *testing.T, callers string) {
		p := harness.Library(t, "asyncio")
		callees := map[string]*harness.Client{}
		for range 2 {
			callee := p.Join(t, w.URL, nil)
			callee.Register("com.example.queued", "hold", harness.Args{"invoke": "roundrobin", "concurrency": 4}).OK(t)
			callees[callee.Name] = callee
		}
		caller := harness.Library(t, "twisted").Join(t, callers, nil)
		const all = 8 + 1000
		calls := make([]*harness.Answer, all)
		for i := range calls {
			calls[i] = caller.Call("com.example.queued", i)
		}
		caller.Call("com.example.queued", all).Fails(t, "crossbar.error.max_concurrency_reached")
		comeInOrder(t, p, callees, "com.example.queued", all)
		for i, call := range calls {
			if got := string(call.OK(t)); got != fmt.Sprint(i) {
				t.Fatalf("call %d returns %s", i, got)
			}
		}
		for _, callee := range callees {
			if peak := callee.Peak("com.example.queued"); peak > 4 {
				t.Errorf("%d calls ran at once at a callee that takes 4", peak)
			}
			callee.Do("unregister", harness.Args{"procedure": "com.example.queued"}).OK(t)
		}
	})
}

// comeInOrder releases calls as they come to two callees of one program, whose
// lines therefore show the order in which invocations began: in order on each
// callee's connection, and none before more than those that can be in flight
// with it. How late one begins says nothing: it may lie unread on its connection
// while the other callee gets on.
func comeInOrder(t *testing.T, p *harness.Program, callees map[string]*harness.Client, procedure string, calls int) {
	t.Helper()
	seen, last := 0, map[string]int{}
	from := 0
	for seen < calls {
		p.Process.AwaitFrom(t, from, fmt.Sprintf(`"procedure": %q`, procedure))
		for _, line := range p.Process.LinesFrom(from) {
			from++
			var e harness.Event
			if json.Unmarshal([]byte(line), &e) != nil || e.Kind != "invoked" || callees[e.Session] == nil {
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
			callees[e.Session].Do("release", harness.Args{"procedure": procedure, "n": 1})
		}
	}
}

func TestTwentyCallsOverThreeAndTwoThreadsTakeFourRounds(t *testing.T) {
	c := harness.SharedCrossbar(t) // without a store: Crossbar.io itself would refuse
	w := harness.StartWampool(t, c.URL(), harness.Pooled("com.example.work", "queue {\n}"))
	harness.EachSide(t, w, c, func(t *testing.T, callers string) {
		p := harness.Library(t, "twisted")
		callees := map[int]*harness.Client{}
		for _, concurrency := range []int{3, 2} {
			callee := p.Join(t, w.URL, nil)
			callee.Do("register", harness.Args{
				"procedure": "com.example.work", "behaviour": "block", "seconds": 2,
				"options": harness.Args{"invoke": "roundrobin", "concurrency": concurrency},
			}).OK(t)
			callees[concurrency] = callee
		}
		caller := harness.Library(t, "asyncio").Join(t, callers, nil)
		begin := time.Now()
		var calls []*harness.Answer
		for range 20 {
			calls = append(calls, caller.Call("com.example.work"))
		}
		results := map[string]int{}
		for _, call := range calls {
			results[string(call.OK(t))]++
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
			if got := results[fmt.Sprintf("%q", callee.Name)]; got != 4*concurrency {
				t.Errorf("the callee of %d took %d calls, want %d", concurrency, got, 4*concurrency)
			}
			if peak := callee.Peak("com.example.work"); peak != concurrency {
				t.Errorf("%d calls ran at once at a callee of %d", peak, concurrency)
			}
			callee.Do("unregister", harness.Args{"procedure": "com.example.work"}).OK(t)
		}
	})
}
