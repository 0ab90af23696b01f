package proxy

import (
	"context"
	"fmt"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/spans"
)

// keptSpans keeps what is exported, beyond the end too.
type keptSpans struct{ tracetest.InMemoryExporter }

func (*keptSpans) Shutdown(context.Context) error { return nil }

// tracingWorld is a world in which calls are traced, once it has started. The function
// that it returns ends that, and tells of their spans.
func tracingWorld(t *testing.T, o worldOptions, speaks ...codec.Serializer) (w *world, traced func() []string) {
	t.Helper()
	t.Setenv("OTEL_SDK_DISABLED", "true") // nothing is to be sent anywhere
	for _, name := range []string{"OTEL_TRACES_SAMPLER", "OTEL_BSP_MAX_QUEUE_SIZE"} {
		t.Setenv(name, "")
	}
	w = makeWorld(t)
	w.speaks = append(w.speaks, speaks...)
	if o.more == "" {
		o.more = "trace {\n context = \"kwargs.traceparent\"\n}"
	}
	w.start(o)
	var to keptSpans
	recorder, err := spans.New(w.log, "v1", &to)
	if err != nil {
		t.Fatal(err)
	}
	w.proxy.setSpans(recorder)
	return w, func() (told []string) {
		stopRecorder(w.proxy.setSpans(nil))
		for _, s := range to.GetSpans() {
			told = append(told, spanText(s))
		}
		return told
	}
}

// spanText is a span's name, the caller's span that it is in by the last digits of its ID
// or else "root" or "child", and what became of the call.
func spanText(s tracetest.SpanStub) string {
	text := s.Name
	switch {
	case s.Parent.IsRemote():
		id := s.Parent.SpanID().String()
		text += " in " + strings.TrimLeft(id, "0")
	case s.Parent.IsValid():
		return text + " child"
	default:
		text += " root"
	}
	for _, a := range s.Attributes {
		switch a.Key {
		case "wampool.outcome", "wamp.request.id", "wampool.origin", "wamp.callee.authid", "rpc.response.status_code":
			text += " " + a.Value.String()
		}
	}
	return text
}

var _ sdktrace.SpanExporter = (*keptSpans)(nil)

// within is the keyword of a call that was made in a span, of which id is one digit.
func within(id int) string {
	return fmt.Sprintf(`{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-%016x-01"}`, id)
}

func sameSpans(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("spans:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A call's span is in that of its caller, whatever becomes of it, and its payload passes
// as it is.
func TestSpansOfCalls(t *testing.T) {
	w, traced := tracingWorld(t, worldOptions{realm: `pool "com.example.p" {
		concurrency = 1
		queue { limit = 1 }
	}`})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, `{}`, "")
	pool.send(`[68,11,100,{},[],%s]`, within(1))
	callee.expect(`[68,1,%d,{},[],%s]`, registration, within(1))
	pool.send(`[68,12,100,{},[],%s]`, within(2))
	pool.send(`[68,13,100,{},[],%s]`, within(3))
	pool.expectPrefix(`[8,68,13,{},"crossbar.error.max_concurrency_reached"`)
	pool.send(`[69,12,{"mode":"kill"}]`)
	pool.expectPrefix(`[8,68,12,{},"wamp.error.canceled"`)
	callee.send(`[70,1,{}]`)
	pool.expect(`[70,11,{}]`)
	pool.send(`[68,14,100,{},[],{"traceparent":"nonsense"}]`)
	callee.expect(`[68,2,%d,{},[],{"traceparent":"nonsense"}]`, registration)
	callee.send(`[8,68,2,{},"com.example.error.bad"]`)
	pool.expect(`[8,68,14,{},"com.example.error.bad"]`)
	w.waitFor("no call is remembered", func(r *realm) bool { return len(r.parents) == 0 })
	sameSpans(t, traced(),
		"com.example.p in 3 router 13 queue_full crossbar.error.max_concurrency_reached",
		"wait child",
		"com.example.p in 2 router 12 canceled wamp.error.canceled",
		"run child",
		"com.example.p in 1 router 11 result joe",
		"run child",
		"com.example.p root router 14 error joe com.example.error.bad",
	)
}

// An opaque payload is nobody's to look into, one that is long costs too much, and what
// comes behind the first part of a call has no say.
func TestContextsThatAreNotRead(t *testing.T) {
	w, traced := tracingWorld(t, worldOptions{realm: `pool "com.example.p" {}`})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, `{}`, `"payload_passthru_mode":true,"progressive_call_invocations":true`)
	long := strings.Repeat("x", maxContextPayload)
	for i, message := range []string{
		`{"ppt_scheme":"x_y"},[],` + within(1), `{},["` + long + `"],` + within(2), `{},[` + within(3) + `]`,
	} {
		pool.send(`[68,%d,100,%s]`, 11+i, message)
		callee.expect(`[68,%d,%d,%s]`, 1+i, registration, message)
		callee.send(`[70,%d,{}]`, 1+i)
		pool.expect(`[70,%d,{}]`, 11+i)
	}
	pool.send(`[68,14,100,{"progress":true}]`)
	callee.expect(`[68,4,%d,{"progress":true}]`, registration)
	pool.send(`[68,14,100,{},[],%s]`, within(4))
	callee.expect(`[68,4,%d,{},[],%s]`, registration, within(4))
	callee.send(`[70,4,{}]`)
	pool.expect(`[70,14,{}]`)
	w.waitFor("no call is remembered", func(r *realm) bool { return len(r.parents) == 0 })
	sameSpans(t, traced(),
		"run child", "com.example.p root router 11 result joe", "run child", "com.example.p root router 12 result joe",
		"run child", "com.example.p root router 13 result joe", "run child", "com.example.p root router 14 result joe",
	)
}

// Request IDs begin anew with each pool session, while what came by the one before may
// still run.
func TestSpansOfTwoCallsWithOneRequestID(t *testing.T) {
	w, traced := tracingWorld(t, worldOptions{realm: `pool "com.example.p" {}`})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, `{}`, "")
	pool.send(`[68,1,100,{},[],%s]`, within(1))
	callee.expect(`[68,1,%d,{},[],%s]`, registration, within(1))
	pool.conn.Abort(errStopped)
	pool = w.welcomePool()
	w.registerPool(pool)
	pool.send(`[68,1,100,{},[],%s]`, within(2))
	callee.expect(`[68,2,%d,{},[],%s]`, registration, within(2))
	callee.send(`[70,2,{}]`)
	pool.expect(`[70,1,{}]`)
	callee.send(`[70,1,{}]`)
	w.waitFor("no call is remembered", func(r *realm) bool { return len(r.parents) == 0 })
	sameSpans(t, traced(),
		"run child", "com.example.p in 2 router 1 result joe", "run child", "com.example.p in 1 router 1 caller_gone joe",
	)
}

// A call that is answered here is traced in whatever serializer it comes.
func TestSpansOfDirectCalls(t *testing.T) {
	w, traced := tracingWorld(t, worldOptions{realm: directly("")}, codec.MessagePack, codec.CBOR)
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, "{}", "")
	want := []string{}
	for i, s := range serializers {
		caller, router := w.connectBy(s)
		w.welcome(caller, router, "frontend", "")
		caller.send(`[48,1,{},"com.example.p",[],%s]`, within(1+i))
		callee.expect(`[68,%d,%d,{},[],%s]`, 1+i, registration, within(1+i))
		callee.send(`[70,%d,{}]`, 1+i)
		caller.expect(`[50,1,{}]`)
		want = append(want, "run child", fmt.Sprintf("com.example.p in %d direct 1 result joe", 1+i))
	}
	sameSpans(t, traced(), want...)
}

// Without a word of it in the configuration, nothing of a payload is looked at.
func TestContextIsReadOnlyWhereItIsAskedFor(t *testing.T) {
	w, traced := tracingWorld(t, worldOptions{realm: `pool "com.example.p" {}`, more: "trace {}"})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, `{}`, "")
	pool.send(`[68,1,100,{},[],%s]`, within(1))
	callee.expect(`[68,1,%d,{},[],%s]`, registration, within(1))
	w.waitFor("no call is remembered", func(r *realm) bool { return len(r.parents) == 0 && r.dealer.InFlight(0) == 1 })
	callee.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	sameSpans(t, traced(), "run child", "com.example.p root router 1 result joe")
}

// Tracing begins and ends while calls run; a variable that can't be meant changes
// nothing.
func TestReloadOfTrace(t *testing.T) {
	t.Setenv("OTEL_SDK_DISABLED", "")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")
	w, _ := newWorld(t, "")
	with := worldOptions{listen: "ws://127.0.0.1:0/ws", more: "trace {\n context = \"kwargs.a\"\n}"}
	config, err := w.config(with)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.proxy.Reload(config); err == nil || !strings.Contains(err.Error(), "carrier-pigeon") || w.proxy.config().Trace != nil {
		t.Errorf("reloaded: %v", err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "")
	w.tells(w.reload(with), []string{"trace"}, nil)
	isOn := func(r *realm) bool { return r.following.which == dealer.FollowAll && r.proxy.spans.Load() != nil }
	w.waitFor("calls are followed", isOn)
	w.tells(w.reload(worldOptions{more: "trace {}"}), []string{"trace"}, nil)
	w.waitFor("calls are followed", isOn)
	w.tells(w.reload(worldOptions{}), []string{"trace"}, nil)
	w.waitFor("nobody follows", func(r *realm) bool { return r.following.which == dealer.FollowNone && r.proxy.spans.Load() == nil })
}

// Where a variable can't be meant, nothing begins.
func TestListenWithAWrongVariable(t *testing.T) {
	t.Setenv("OTEL_SDK_DISABLED", "")
	t.Setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
	w := makeWorld(t)
	w.listen("ws://127.0.0.1:0/ws")
	config, err := w.config(worldOptions{listen: "ws://127.0.0.1:0/ws", more: "trace {}"})
	if err != nil {
		t.Fatal(err)
	}
	p := New(config, w.log)
	if err := p.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "carrier-pigeon") || len(p.URLs()) > 0 {
		t.Errorf("it listens at %v: %v", p.URLs(), err)
	}
}
