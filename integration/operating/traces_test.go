package operating

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// tracedSidecar is a sidecar that traces the calls of a procedure, of which one runs at
// a time and two wait.
func tracedSidecar(t *testing.T, routerURL, procedure string, variables ...string) *harness.Wampool {
	t.Helper()
	w := harness.LaunchConfigIn(t, append(variables, "OTEL_EXPORTER_OTLP_HEADERS=api-key=hunter2"), fmt.Sprintf(`router {
  url = %q
}
listen "ws://127.0.0.1:0/ws" {}
realm "realm1" {
  pool %q {
    concurrency = 1
    queue {
      limit = 2
    }
  }
}
trace {
  context = "kwargs.traceparent"
}
drain_timeout = "10s"
`, routerURL, procedure))
	w.Process.Await(t, "pool session up")
	return w
}

const callersTrace = "0af7651916cd43dd8448eb211c80319c"

// callWithin is a CALL that is made in a span of its caller's.
func callWithin(span, request int, procedure string) string {
	return fmt.Sprintf(`[48,%d,{},%q,[%d],{"traceparent":"00-%s-%016x-01"}]`, request, procedure, request, callersTrace, span)
}

// tree is a call's span, and its children by name.
type tree struct {
	harness.Span
	children map[string]harness.Span
}

// trees returns the spans of calls by the caller's spans that they are in.
func trees(t *testing.T, spans []harness.Span) map[string]tree {
	t.Helper()
	all, calls := make(map[string]tree), make(map[string]string) // by the span's ID
	for _, s := range spans {
		if s.Kind == 2 {
			all[s.Parent], calls[s.ID] = tree{s, make(map[string]harness.Span)}, s.Parent
		}
		if s.Trace != callersTrace {
			t.Errorf("%s is in the trace %s", s.Name, s.Trace)
		}
	}
	for _, s := range spans {
		if call, known := calls[s.Parent]; s.Kind != 2 && known {
			all[call].children[s.Name] = s
		} else if s.Kind != 2 {
			t.Errorf("%s has no call: %+v", s.Name, s)
		}
	}
	return all
}

// A collector gets what became of each call, with its wait and its run, in its caller's
// trace; the last of it when wampool stops.
func TestTracesOfCalls(t *testing.T) {
	router := harness.SharedCrossbar(t)
	collector := harness.OwnCollector(t)
	for protocol, url := range map[string]string{"http/protobuf": collector.HTTP(), "http/json": collector.HTTP(), "grpc": collector.GRPC()} {
		t.Run(protocol, func(t *testing.T) {
			before := len(collector.Spans())
			procedure := "com.example.traced." + strings.ReplaceAll(protocol, "/", "_")
			w := tracedSidecar(t, router.URL(), procedure, "OTEL_EXPORTER_OTLP_ENDPOINT="+url, "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol,
				"OTEL_BSP_SCHEDULE_DELAY=3600000", "OTEL_SERVICE_NAME=sidecar", "OTEL_RESOURCE_ATTRIBUTES=host.name=h")
			callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
			callee.Register(procedure, "hold", nil).OK(t)
			caller := harness.JoinRaw(t, "caller", router.URL())
			begun := time.Now()
			caller.Send(callWithin(1, 1, procedure))
			callee.Invoked(1)
			caller.Send(callWithin(2, 2, procedure), callWithin(3, 3, procedure), callWithin(4, 4, procedure))
			caller.Expect(`[8,48,4,{},"crossbar.error.max_concurrency_reached"`)
			caller.Send(`[49,3,{"mode":"kill"}]`)
			caller.Expect(`[8,48,3,{},"wamp.error.canceled"`)
			callee.Release(procedure, 1)
			caller.Expect(`[50,1,`)
			callee.Invoked(1)
			callee.Release(procedure, 1)
			caller.Expect(`[50,2,`)
			ended := time.Now()
			if err := w.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			w.Process.End(t)
			if w.Process.Said("hunter2") {
				t.Error("a header is in the log")
			}
			calls := trees(t, collector.Spans()[before:])
			if len(calls) != 4 {
				t.Fatalf("%d calls: %+v", len(calls), calls)
			}
			for id, want := range map[int]struct{ outcome, children, uri string }{
				1: {"result", "run", ""}, 2: {"result", "run wait", ""},
				3: {"canceled", "wait", "wamp.error.canceled"}, 4: {"queue_full", "", "crossbar.error.max_concurrency_reached"},
			} {
				checkCall(t, calls[fmt.Sprintf("%016x", id)], procedure, begun, ended)
				call := calls[fmt.Sprintf("%016x", id)]
				if got := call.Attributes["wampool.outcome"]; got != want.outcome {
					t.Errorf("call %d: outcome %q, want %q", id, got, want.outcome)
				}
				if got := call.Attributes["rpc.response.status_code"]; got != want.uri {
					t.Errorf("call %d: status %q, want %q", id, got, want.uri)
				}
				if got := strings.Join(slices.Sorted(maps.Keys(call.children)), " "); got != want.children {
					t.Errorf("call %d: children %q, want %q", id, got, want.children)
				}
				if isError := call.Status.Code == 2; isError != (id == 4) {
					t.Errorf("call %d: it is an error: %t", id, isError)
				}
			}
			if call := calls[fmt.Sprintf("%016x", 2)]; call.Attributes["wamp.callee.session"] != fmt.Sprint(callee.Session) {
				t.Errorf("it ran at %v, want %d", call.Attributes, callee.Session)
			}
		})
	}
}

// checkCall checks what is true of each call: who says it, and when it was.
func checkCall(t *testing.T, call tree, procedure string, begun, ended time.Time) {
	t.Helper()
	if call.Name != procedure || call.Attributes["rpc.method"] != procedure || call.Attributes["rpc.system.name"] != "wamp" || call.Attributes["wamp.realm"] != "realm1" {
		t.Errorf("%s: %v", call.Name, call.Attributes)
	}
	if r := call.Resource; r["service.name"] != "sidecar" || r["host.name"] != "h" || r["service.version"] == "" {
		t.Errorf("resource %v", r)
	}
	if call.Begun.Before(begun) || call.Ended.After(ended) || call.Ended.Before(call.Begun.Time) {
		t.Errorf("it was from %s to %s, and the test from %s to %s", call.Begun, call.Ended, begun, ended)
	}
	dispatched := call.Begun.Time
	if wait, is := call.children["wait"]; is {
		if !wait.Begun.Equal(call.Begun.Time) || !wait.Ended.After(wait.Begun.Time) {
			t.Errorf("it waited from %s to %s, and came at %s", wait.Begun, wait.Ended, call.Begun)
		}
		dispatched = wait.Ended.Time
	}
	if run, is := call.children["run"]; is && (!run.Begun.Equal(dispatched) || !run.Ended.Equal(call.Ended.Time)) {
		t.Errorf("it ran from %s to %s, and was dispatched at %s and over at %s", run.Begun, run.Ended, dispatched, call.Ended)
	}
}

// A collector that is killed, and comes back, costs no call, and not more than a line
// of the log at each turn.
func TestCollectorIsKilled(t *testing.T) {
	const procedure = "com.example.traced.on"
	router := harness.SharedCrossbar(t)
	collector := harness.OwnCollector(t)
	w := tracedSidecar(t, router.URL(), procedure, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.HTTP(), "OTEL_BSP_SCHEDULE_DELAY=20")
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	callee.Register(procedure, "echo", nil).OK(t)
	caller := harness.JoinRaw(t, "caller", router.URL())
	request := 0
	calls := func(until func() bool) {
		t.Helper()
		for begun := request; !until() && request < begun+100_000; {
			request++
			caller.Send(callWithin(request, request, procedure))
			caller.Expect(fmt.Sprintf(`[50,%d,`, request))
		}
		if !until() {
			t.Fatalf("no end of it after %d calls:\n%s", request, w.Process.Output())
		}
	}
	calls(func() bool { return len(collector.Spans()) > 0 })
	collector.Kill()
	calls(func() bool { return w.Process.Said("traces are lost") })
	sent := len(collector.Spans())
	collector.StartAgain()
	calls(func() bool { return len(collector.Spans()) > sent })
	w.Process.Await(t, "traces are sent again")
	lines := 0
	for _, line := range w.Process.LinesFrom(0) {
		if strings.Contains(line, "traces are") {
			lines++
		}
	}
	if lines != 2 {
		t.Errorf("%d lines tell of it:\n%s", lines, w.Process.Output())
	}
}
