package router_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

func echo(_ context.Context, in *client.Invocation) (client.Arguments, error) { return in.Arguments() }

// wantURI expects an ERROR of that URI, with a sentence for people.
func wantURI(t *testing.T, err error, uri string) {
	t.Helper()
	failure := (*client.Error)(nil)
	if !errors.As(err, &failure) || failure.URI != uri {
		t.Fatalf("got %v, want %s", err, uri)
	}
	if failure.Message == "" {
		t.Errorf("%s comes without a sentence", uri)
	}
}

func TestCallsBetweenAllSerializers(t *testing.T) {
	r := tryouttest.StartRouter(t)
	sent := client.Arguments{
		List: []any{int64(1), int64(-9007199254740993), uint64(math.MaxUint64), 1.0, 0.1, "Grüße \u2028", []byte{0, 1, 255}, nil, true, []any{}},
		Dict: map[string]any{"nested": map[string]any{"list": []any{int64(1), []any{"a"}}}},
	}
	for _, from := range serializers {
		for _, to := range serializers {
			t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
				procedure := fmt.Sprintf("com.example.%s.%s", from, to)
				callee := tryouttest.Join(t, r.URL(), client.Options{Serializer: to})
				if _, err := callee.Register(tryouttest.Within(t), procedure, nil, echo); err != nil {
					t.Fatal(err)
				}
				result, err := tryouttest.Join(t, r.URL(), client.Options{Serializer: from}).Call(tryouttest.Within(t), procedure, nil, sent)
				if err != nil {
					t.Fatal(err)
				}
				got, err := result.Arguments()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(sent.List, got.List); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(sent.Dict, got.Dict); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestPayloadThatCantBeExpressedFailsTheCallAlone(t *testing.T) {
	r := tryouttest.StartRouter(t)
	asJSON, asCBOR := tryouttest.Join(t, r.URL(), client.Options{Serializer: codec.JSON}), tryouttest.Join(t, r.URL(), client.Options{Serializer: codec.CBOR})
	if _, err := asJSON.Register(tryouttest.Within(t), "com.example.echo", nil, echo); err != nil {
		t.Fatal(err)
	}
	nan := func(_ context.Context, in *client.Invocation) (client.Arguments, error) {
		if in.ReceiveProgress {
			if err := in.Progress(client.Args(math.NaN())); err != nil {
				return client.Arguments{}, err
			}
		}
		return client.Args(math.NaN()), nil
	}
	if _, err := asCBOR.Register(tryouttest.Within(t), "com.example.nan", nil, nan); err != nil {
		t.Fatal(err)
	}
	_, err := asCBOR.Call(tryouttest.Within(t), "com.example.echo", nil, client.Args(math.NaN()))
	wantURI(t, err, "wamp.error.invalid_argument")
	_, err = asJSON.Call(tryouttest.Within(t), "com.example.nan", nil, client.Arguments{})
	wantURI(t, err, "wamp.error.invalid_argument")

	progressive := &client.Call{Procedure: "com.example.nan", Progress: func(*client.Result) {}}
	asJSON.Go(tryouttest.Within(t), progressive)
	<-progressive.Done
	wantURI(t, progressive.Err, "wamp.error.invalid_argument")

	if _, err = asCBOR.Call(tryouttest.Within(t), "com.example.echo", nil, client.Args(1)); err != nil {
		t.Errorf("the callee's next call: %v", err)
	}
}

func TestCallErrors(t *testing.T) {
	r := tryouttest.StartRouter(t)
	caller, callee := tryouttest.Join(t, r.URL(), client.Options{}), tryouttest.Join(t, r.URL(), client.Options{})
	fail := func(context.Context, *client.Invocation) (client.Arguments, error) {
		return client.Arguments{}, &client.Error{URI: "com.example.error", Message: "as told"}
	}
	if _, err := callee.Register(tryouttest.Within(t), "com.example.fail", nil, fail); err != nil {
		t.Fatal(err)
	}
	plain := tryouttest.Join(t, r.URL(), client.Options{Features: []string{}})
	if _, err := plain.Register(tryouttest.Within(t), "com.example.plain", nil, echo); err != nil {
		t.Fatal(err)
	}
	yes := codec.FieldBool(true)
	for _, c := range []struct {
		procedure string
		options   []codec.Field
		want      string
	}{
		{"com.example.fail", nil, "com.example.error"},
		{"com.example.nobody", nil, "wamp.error.no_such_procedure"},
		{"com..example", nil, "wamp.error.invalid_uri"},
		{"com.example.plain", option("progress", yes), "wamp.error.feature_not_supported"},
		{"com.example.plain", option("ppt_scheme", codec.FieldString("x_custom")), "wamp.error.feature_not_supported"},
	} {
		_, err := caller.Call(tryouttest.Within(t), c.procedure, c.options, client.Args("hello"))
		wantURI(t, err, c.want)
	}
}

func TestRegisterErrors(t *testing.T) {
	r := tryouttest.StartRouter(t)
	one, other := tryouttest.Join(t, r.URL(), client.Options{}), tryouttest.Join(t, r.URL(), client.Options{})
	id, err := one.Register(tryouttest.Within(t), "com.example.add", nil, echo)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		procedure string
		options   []codec.Field
		want      string
	}{
		{"com.example.add", nil, "wamp.error.procedure_already_exists"},
		{"com.example add", nil, "wamp.error.invalid_uri"},
		{"wamp.session.count", nil, "wamp.error.invalid_uri"},
		{"com.example", option("match", codec.FieldString("prefix")), "wamp.error.option_not_allowed"},
		{"com.example.add", option("invoke", codec.FieldString("roundrobin")), "wamp.error.procedure_already_exists"},
		{"com.example.odd", option("invoke", codec.FieldString("odd")), "wamp.error.option_not_allowed"},
		{"com.example.odd", option("invoke", codec.FieldBool(true)), "wamp.error.invalid_argument"},
	} {
		_, err := other.Register(tryouttest.Within(t), c.procedure, c.options, echo)
		wantURI(t, err, c.want)
	}
	wantURI(t, other.Unregister(tryouttest.Within(t), id), "wamp.error.no_such_registration")
	if err := one.Unregister(tryouttest.Within(t), id); err != nil {
		t.Fatal(err)
	}
	wantURI(t, one.Unregister(tryouttest.Within(t), id), "wamp.error.no_such_registration")
	if _, err := other.Register(tryouttest.Within(t), "com.example.add", nil, echo); err != nil {
		t.Errorf("after the first has unregistered: %v", err)
	}
}

// A procedure that several have registered goes round, until the last of them leaves.
func TestSharedRegistration(t *testing.T) {
	r := tryouttest.StartRouter(t)
	round := option("invoke", codec.FieldString("roundrobin"))
	var counts [2]atomic.Int32
	var callees [2]*client.Client
	for i := range callees {
		callees[i] = tryouttest.Join(t, r.URL(), client.Options{})
		if _, err := callees[i].Register(tryouttest.Within(t), "com.example.shared", round, func(_ context.Context, in *client.Invocation) (client.Arguments, error) {
			counts[i].Add(1)
			return in.Arguments()
		}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := callees[0].Register(tryouttest.Within(t), "com.example.shared", round, echo)
	wantURI(t, err, "wamp.error.procedure_already_exists")
	caller := tryouttest.Join(t, r.URL(), client.Options{})
	_, err = caller.Register(tryouttest.Within(t), "com.example.shared", option("invoke", codec.FieldString("random")), echo)
	wantURI(t, err, "wamp.error.procedure_exists_with_different_invocation_policy")
	for range 4 {
		if _, err := caller.Call(tryouttest.Within(t), "com.example.shared", nil, client.Args("a")); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := counts[0].Load(), counts[1].Load(); a != 2 || b != 2 {
		t.Errorf("one was called %d times, the other %d", a, b)
	}
	callees[0].Close()
	for range 4 { // it may be there for the first of them
		_, _ = caller.Call(tryouttest.Within(t), "com.example.shared", nil, client.Args("a"))
	}
	if b := counts[1].Load(); b < 5 {
		t.Errorf("the one that is left was called %d times", b)
	}
}

func TestProgressiveResults(t *testing.T) {
	r := tryouttest.StartRouter(t)
	count := func(_ context.Context, in *client.Invocation) (client.Arguments, error) {
		for i := range 3 {
			if !in.ReceiveProgress {
				break
			}
			if err := in.Progress(client.Args(i)); err != nil {
				return client.Arguments{}, err
			}
		}
		return client.Args("end"), nil
	}
	capable, plain := tryouttest.Join(t, r.URL(), client.Options{}), tryouttest.Join(t, r.URL(), client.Options{Features: []string{}})
	if _, err := capable.Register(tryouttest.Within(t), "com.example.count", nil, count); err != nil {
		t.Fatal(err)
	}
	if _, err := plain.Register(tryouttest.Within(t), "com.example.plain", nil, count); err != nil {
		t.Fatal(err)
	}
	caller := tryouttest.Join(t, r.URL(), client.Options{Serializer: codec.JSON})
	for procedure, want := range map[string]int{"com.example.count": 3, "com.example.plain": 0} {
		var parts []any
		call := &client.Call{Procedure: procedure, Progress: func(part *client.Result) {
			arguments, err := part.Arguments()
			if err != nil {
				t.Error(err)
				return
			}
			parts = append(parts, arguments.List...)
		}}
		caller.Go(tryouttest.Within(t), call)
		if <-call.Done; call.Err != nil {
			t.Fatal(call.Err)
		}
		if diff := cmp.Diff([]any{int64(0), int64(1), int64(2)}[:want], parts, cmp.Transformer("", func(l []any) string { return fmt.Sprint(l) })); diff != "" {
			t.Errorf("%s: %s", procedure, diff)
		}
	}
}

// What a callee is told of a call, and its caller of the answer.
func TestCallsKeepWhatConcernsTheOtherSide(t *testing.T) {
	r := tryouttest.StartRouter(t)
	callee, caller := dial(t, r), dial(t, r)
	callee.say(`[1, "realm1", {"roles": {"callee": {"features": {"progressive_call_results": true,
		"progressive_call_invocations": true, "call_canceling": true, "payload_passthru_mode": true}}}}]`)
	caller.say(`[1, "realm1", {"roles": {"caller": {}}}]`)
	welcome := caller.hear()
	callee.hear()
	callee.say(`[64, 1, {}, "com.example.p"]`)
	registration := callee.hear()[2]
	wants := func(p *peer, want ...any) {
		t.Helper()
		if diff := cmp.Diff(want, p.hear()); diff != "" {
			t.Fatal(diff)
		}
	}
	type dict = map[string]any
	caller.say(`[48, 1, {"progress": true, "receive_progress": true, "x": 1}, "com.example.p", ["a"]]`)
	wants(callee, 68.0, 1.0, registration, dict{"progress": true, "receive_progress": true}, []any{"a"})
	caller.say(`[48, 1, {}, "com.example.p", ["b"]]`)
	wants(callee, 68.0, 1.0, registration, dict{}, []any{"b"})
	callee.say(`[70, 1, {"progress": true, "x": 1}, ["c"]]`)
	wants(caller, 50.0, 1.0, dict{"progress": true}, []any{"c"})
	callee.say(`[70, 1, {}, ["d"]]`)
	wants(caller, 50.0, 1.0, dict{}, []any{"d"})
	caller.say(`[48, 2, {"ppt_scheme": "x_a", "disclose_me": true}, "com.example.p", ["e"]]`)
	wants(callee, 68.0, 2.0, registration, dict{
		"ppt_scheme": "x_a", "caller": welcome[1], "caller_authid": welcome[2].(dict)["authid"], "caller_authrole": "anonymous",
	}, []any{"e"})
	callee.say(`[8, 68, 2, {"ppt_scheme": "x_a", "x": 1}, "com.example.error"]`)
	wants(caller, 8.0, 48.0, 2.0, dict{"ppt_scheme": "x_a"}, "com.example.error")
	caller.say(`[48, 3, {"progress": true}, "com.example.p"]`)
	wants(callee, 68.0, 3.0, registration, dict{"progress": true})
	callee.say(`[70, 3, {}]`)
	wants(caller, 50.0, 3.0, dict{})
	caller.say(`[48, 3, {}, "com.example.p"]`) // a part that comes too late
	caller.say(`[48, 4, {}, "com.example.p"]`)
	wants(callee, 68.0, 4.0, registration, dict{})
}
