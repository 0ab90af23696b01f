package client_test

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

func TestArgumentsKeepTheirValues(t *testing.T) {
	r := tryouttest.StartRouter(t)
	sent := client.Arguments{
		List: []any{
			nil, true, false, int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), uint64(math.MaxUint64),
			0.0, 1.0, -2.5, 1e300, math.SmallestNonzeroFloat64, "", "Grüße 🎉 \u2028 <&>", []byte{}, []byte{0, 1, 255},
			[]any{}, []any{int64(1), []any{"a", 2.0}}, map[string]any{}, map[string]any{"k": []byte{1}},
		},
		Dict: map[string]any{"one": int64(1), "bytes": []byte("b"), "nested": map[string]any{"float": 3.0}},
	}
	for _, s := range serializers {
		t.Run(s.String(), func(t *testing.T) {
			c := tryouttest.Join(t, r.URL(), client.Options{Serializer: s})
			procedure := "com.example." + s.String()
			if _, err := c.Register(tryouttest.Within(t), procedure, nil, echo); err != nil {
				t.Fatal(err)
			}
			for name, arguments := range map[string]client.Arguments{
				"both": sent, "list only": {List: sent.List}, "dict only": {List: []any{}, Dict: sent.Dict}, "none": {},
			} {
				result, err := c.Call(tryouttest.Within(t), procedure, nil, arguments)
				if err != nil {
					t.Fatal(err)
				}
				got, err := result.Arguments()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(arguments.List, got.List); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
				if diff := cmp.Diff(arguments.Dict, got.Dict); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		})
	}
}

func TestRawPayloadPassesAsItIs(t *testing.T) {
	c := tryouttest.Join(t, tryouttest.StartRouter(t).URL(), client.Options{Serializer: codec.JSON})
	raw := func(_ context.Context, in *client.Invocation) (client.Arguments, error) {
		return client.Arguments{Raw: in.Payload}, nil
	}
	if _, err := c.Register(tryouttest.Within(t), "com.example.raw", nil, raw); err != nil {
		t.Fatal(err)
	}
	const list = `[1,  2.50, "spaces  stay"]`
	result, err := c.Call(tryouttest.Within(t), "com.example.raw", nil, client.Arguments{Raw: codec.NewPayload(codec.JSON, []byte(list), nil)})
	if err != nil {
		t.Fatal(err)
	}
	got, dict, err := result.Payload.Arguments(codec.JSON)
	if err != nil || string(got) != list || dict != nil {
		t.Errorf("got %s, %s, %v", got, dict, err)
	}
}
