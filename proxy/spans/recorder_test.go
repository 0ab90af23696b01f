package spans

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func parsed(t testing.TB, text string) Parent {
	t.Helper()
	p, is := ParseParent([]byte(text))
	if !is {
		t.Fatalf("%q is no traceparent", text)
	}
	return p
}

// clean unsets the variables that a developer may have set.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		envDisabled, envExporter, envProtocol, envTracesProtocol, envEndpoint, envTracesEndpoint, envInsecure, envTracesInsecure,
		envHeaders, envTracesHeaders, envSampler, "OTEL_TRACES_SAMPLER_ARG", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
		"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
	} {
		t.Setenv(name, "")
	}
}

// kept keeps what is exported, beyond the end too.
type kept struct{ tracetest.InMemoryExporter }

func (*kept) Shutdown(context.Context) error { return nil }

func begun(t *testing.T, log zerolog.Logger, to sdktrace.SpanExporter) *Recorder {
	t.Helper()
	r, err := New(log, "v1", to)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recorded returns the spans of these calls.
func recorded(t *testing.T, calls ...Call) tracetest.SpanStubs {
	t.Helper()
	var to kept
	r := begun(t, zerolog.New(t.Output()), &to)
	for i := range calls {
		if r.Sample(&calls[i].Parent) {
			r.Add(&calls[i])
		}
	}
	r.Stop(t.Context())
	return to.GetSpans()
}

// said returns what a span says of itself.
func said(s *tracetest.SpanStub) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", s.Name, s.SpanKind, s.Status.Code)
	if s.Status.Description != "" {
		fmt.Fprintf(&b, " (%s)", s.Status.Description)
	}
	for _, a := range s.Attributes {
		fmt.Fprintf(&b, " %s=%s", a.Key, a.Value.String())
	}
	return b.String()
}

var ended = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestSpansOfACall(t *testing.T) {
	clean(t)
	got := recorded(t, Call{
		Parent: parsed(t, caller), Realm: "realm1", Pool: "com.example.p", Origin: "direct", Caller: 5, Request: 11, Callee: 7, AuthID: "joe",
		CalleeRequest: 3, Peer: "ab12", Outcome: "error", IsFault: true, Error: "com.example.error.bad", Bytes: 40,
		Ended: ended, Waited: 2 * time.Second, Ran: 3 * time.Second,
	})
	if len(got) != 3 {
		t.Fatalf("%d spans, want 3: %v", len(got), got)
	}
	wait, run, whole := got[0], got[1], got[2]
	for i, want := range []string{
		"wait internal Unset",
		"run client Unset",
		"com.example.p server Error (error) rpc.system.name=wamp rpc.method=com.example.p wamp.realm=realm1 wampool.origin=direct" +
			" wamp.request.id=11 wampool.outcome=error wampool.call.bytes=40 wamp.caller.session=5 wamp.callee.request.id=3" +
			" wamp.callee.session=7 wamp.callee.authid=joe wampool.peer=ab12 rpc.response.status_code=com.example.error.bad error.type=error",
	} {
		if text := said(&got[i]); text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
	}
	begun, dispatched := ended.Add(-5*time.Second), ended.Add(-3*time.Second)
	for _, s := range []struct {
		of       tracetest.SpanStub
		from, to time.Time
	}{{wait, begun, dispatched}, {run, dispatched, ended}, {whole, begun, ended}} {
		if !s.of.StartTime.Equal(s.from) || !s.of.EndTime.Equal(s.to) {
			t.Errorf("%s from %s to %s; want %s to %s", s.of.Name, s.of.StartTime, s.of.EndTime, s.from, s.to)
		}
	}
	if whole.Parent.TraceID().String() != caller[3:35] || whole.Parent.SpanID().String() != caller[36:52] || !whole.Parent.IsRemote() {
		t.Errorf("its parent is %v, want %s", whole.Parent, caller)
	}
	for _, child := range []tracetest.SpanStub{wait, run} {
		if child.Parent.SpanID() != whole.SpanContext.SpanID() || child.SpanContext.TraceID() != whole.SpanContext.TraceID() {
			t.Errorf("%s is not its child", child.Name)
		}
	}
	if text := whole.Resource.String(); !strings.Contains(text, "service.name=wampool,service.version=v1") {
		t.Errorf("resource %s", text)
	}
}

// What did not happen has no span, and what is no fault is none.
func TestSpansOfACallThatWasCanceledInTheQueue(t *testing.T) {
	clean(t)
	t.Setenv("OTEL_SERVICE_NAME", "sidecar")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "host.name=h,service.version=v7")
	got := recorded(t, Call{Realm: "r", Pool: "prefix:a.", Origin: "router", Request: 1, Outcome: "canceled", Ended: ended, Waited: time.Second})
	if len(got) != 2 || got[0].Name != "wait" || got[1].Parent.IsValid() || got[1].Status.Code != codes.Unset {
		t.Errorf("got %v", got)
	}
	if text := got[1].Resource.String(); !strings.Contains(text, "host.name=h,service.name=sidecar,service.version=v7") {
		t.Errorf("resource %s", text)
	}
	if got := recorded(t, Call{Pool: "a", Outcome: "concurrency", IsFault: true, Ended: ended}); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestSampling(t *testing.T) {
	unsampled := caller[:len(caller)-1] + "0"
	for _, test := range []struct {
		sampler, argument string
		parent            string
		want              int
	}{
		{"", "", "", 1},
		{"", "", caller, 1},
		{"", "", unsampled, 0},
		{"parentbased_traceidratio", "0", "", 0},
		{"parentbased_traceidratio", "0", caller, 1},
		{"always_off", "", caller, 0},
		{"parentbased_always_off", "", caller, 1},
		{"parentbased_always_off", "", "", 0},
		{"parentbased_always_on", "", "", 1},
		{"traceidratio", "1", unsampled, 1},
		{"traceidratio", "", "", 1},
		{"always_on", "", unsampled, 1},
	} {
		clean(t)
		t.Setenv(envSampler, test.sampler)
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", test.argument)
		call := Call{Pool: "a", Ended: ended}
		if test.parent != "" {
			call.Parent = parsed(t, test.parent)
		}
		if got := recorded(t, call); len(got) != test.want {
			t.Errorf("%+v: %d spans", test, len(got))
		}
	}
}

// stuck is an exporter whose collector does not answer.
type stuck struct{}

func (stuck) ExportSpans(ctx context.Context, _ []sdktrace.ReadOnlySpan) error {
	<-ctx.Done()
	return ctx.Err()
}

func (stuck) Shutdown(context.Context) error { return nil }

// lines returns what was logged.
func lines(t *testing.T, log *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for text := range strings.Lines(log.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	return all
}

// Nobody waits for a collector that does not answer, what is lost is counted, and said
// once a minute.
func TestStuckCollectorHoldsUpNobody(t *testing.T) {
	clean(t)
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "100")
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "50")
	t.Setenv("OTEL_BSP_EXPORT_TIMEOUT", "30000")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := begun(t, zerolog.New(&log), stuck{})
		const calls = 3 * maxPending
		since := time.Now()
		for range calls {
			r.Add(&Call{Pool: "a"})
		}
		if took := time.Since(since); took > 0 {
			t.Errorf("Add has waited %s", took)
		}
		<-time.After(10 * time.Minute) // of this world
		for range calls {
			r.Add(&Call{Pool: "a"})
		}
		since = time.Now()
		within, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		r.Stop(within)
		if took := time.Since(since); took > 2*time.Second {
			t.Errorf("Stop took %s", took)
		}
		r.Add(&Call{Pool: "a"})
		r.Stop(within)
		lost, told := 0.0, lines(t, &log)
		for _, line := range told {
			lost += line["spans_lost"].(float64) + line["calls_lost"].(float64)
		}
		if lost != 2*calls {
			t.Errorf("%v of %d are told to be lost", lost, 2*calls)
		}
		if len(told) < 2 || len(told) > 12 {
			t.Errorf("%d lines in ten minutes:\n%s", len(told), &log)
		}
	})
}

// broken is an exporter whose collector is not there for a while.
type broken struct {
	kept
	isBack atomic.Bool
}

func (b *broken) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if !b.isBack.Load() {
		return errors.New("connection refused")
	}
	return b.kept.ExportSpans(ctx, spans)
}

func TestCollectorThatComesBack(t *testing.T) {
	clean(t)
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		to := new(broken)
		r := begun(t, zerolog.New(&log), to)
		for range 30 {
			r.Add(&Call{Pool: "a"})
			<-time.After(time.Second) // of this world
		}
		to.isBack.Store(true)
		r.Add(&Call{Pool: "b"})
		<-time.After(time.Minute)
		r.Stop(t.Context())
		told := lines(t, &log)
		if len(told) != 2 || told[0]["level"] != "warn" || told[0]["cause"] != "connection refused" || told[1]["message"] != "traces are sent again" {
			t.Fatalf("told:\n%s", &log)
		}
		if lost := told[0]["spans_lost"].(float64) + told[1]["spans_lost"].(float64); int(lost)+len(to.GetSpans()) != 31 {
			t.Errorf("%v lost and %d sent of 31", lost, len(to.GetSpans()))
		}
	})
}

func TestParseParent(t *testing.T) {
	for text, want := range map[string]bool{
		caller:                                 true,
		"cc" + caller[2:] + "-what-comes-then": true,
		caller + "-more":                       false,
		strings.ToUpper(caller):                false,
		"ff" + caller[2:]:                      false,
		"":                                     false,
		"00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01": false,
		"cc" + caller[2:] + "-" + strings.Repeat("x", 300):       false,
	} {
		if p, is := ParseParent([]byte(text)); is != want || is == (p == Parent{}) {
			t.Errorf("%q: %v, %t", text, p, is)
		}
	}
}

func FuzzParseParent(f *testing.F) {
	f.Add([]byte(caller))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, is := ParseParent(text)
		if sc := trace.SpanContextFromContext(p.context()); sc.IsValid() != is {
			t.Errorf("%q: %v, %t", text, p, is)
		}
	})
}
