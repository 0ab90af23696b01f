package codec_test

import (
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestTextPayload(t *testing.T) {
	for _, s := range serializers {
		kw := []codec.Field{{Key: "limit", Value: codec.FieldUint(4)}, {Key: "reason", Value: codec.FieldString("concurrency")}}
		with := codec.Error{RequestType: codec.TypeInvocation, Request: 1, URI: []byte("a"), Payload: codec.TextPayload(s, nil, "full", kw)}
		same(t, s, encode(t, s, []any{8, 68, 1, dict{}, "a", []any{"full"}, dict{"limit": 4, "reason": "concurrency"}}), s, with.Append(nil, s))
		without := codec.Error{RequestType: codec.TypeInvocation, Request: 1, URI: []byte("a"), Payload: codec.TextPayload(s, make([]byte, 9), "full", nil)}
		same(t, s, encode(t, s, []any{8, 68, 1, dict{}, "a", []any{"full"}}), s, without.Append(nil, s))
	}
}

func TestNewPayload(t *testing.T) {
	for _, s := range serializers {
		list, kw := encode(t, s, []any{1, "a"}), encode(t, s, dict{"k": 2})
		tests := []struct {
			payload codec.Payload
			want    []any
		}{
			{codec.NewPayload(s, nil, nil), []any{70, 1, dict{}}},
			{codec.NewPayload(s, list, nil), []any{70, 1, dict{}, []any{1, "a"}}},
			{codec.NewPayload(s, list, kw), []any{70, 1, dict{}, []any{1, "a"}, dict{"k": 2}}},
			{codec.NewPayload(s, nil, kw), []any{70, 1, dict{}, []any{}, dict{"k": 2}}},
		}
		for _, test := range tests {
			m := codec.Yield{Request: 1, Payload: test.payload}
			same(t, s, encode(t, s, test.want), s, m.Append(nil, s))
		}
	}
}

// Null in the place of what is left out gets the form of the specification.
func TestPayloadInForm(t *testing.T) {
	list, kw := []any{1, nil}, dict{"k": nil}
	for _, test := range []struct{ came, left []any }{
		{nil, nil},
		{[]any{list}, []any{list}},
		{[]any{[]any{}}, []any{[]any{}}},
		{[]any{list, kw}, []any{list, kw}},
		{[]any{nil}, nil},
		{[]any{nil, nil}, nil},
		{[]any{nil, kw}, []any{[]any{}, kw}},
		{[]any{list, nil}, []any{list}},
		{[]any{"opaque"}, []any{"opaque"}},
	} {
		for _, s := range serializers {
			raw := encode(t, s, append([]any{70, 1, dict{}}, test.came...))
			var m codec.Yield
			if err := m.Decode(s, raw); err != nil {
				t.Fatal(err)
			}
			m.Payload = m.Payload.InForm(s)
			same(t, s, encode(t, s, append([]any{70, 1, dict{}}, test.left...)), s, m.Append(nil, s))
		}
	}
}

// Who has not checked a payload finds it as it was.
func TestPayloadInFormLeavesWhatIsMalformed(t *testing.T) {
	for s, raw := range map[codec.Serializer]string{
		codec.JSON: "[70,1,{},null,nul]", codec.MessagePack: "\x95\x46\x01\x80\xc0\xc1", codec.CBOR: "\x85\x18\x46\x01\xa0\xf6\x1c",
	} {
		var m codec.Yield
		if err := m.Decode(s, []byte(raw)); err != nil {
			t.Fatal(err)
		}
		m.Payload = m.Payload.InForm(s)
		if got := m.Append(nil, s); string(got) != raw {
			t.Errorf("%s: %q became %q", s, raw, got)
		}
	}
}

func TestHeldBody(t *testing.T) {
	for _, s := range serializers {
		for _, sample := range samples {
			if typeOf(sample) != codec.TypeInvocation {
				continue
			}
			raw := encode(t, s, sample)
			m := decoded(t, s, raw).(*codec.Invocation)
			body := codec.Body{Serializer: s, Details: m.Details, Payload: m.Payload}
			held := body.Hold(make([]byte, 5, 256))
			clone := held.Body()
			if clone.Len() != body.Len() || held.Len() != body.Len() {
				t.Errorf("%s: %d bytes and %d, want %d", s, clone.Len(), held.Len(), body.Len())
			}
			want := m.Append(nil, s)
			clear(raw) // the clone must not depend on it
			m.Details, m.Payload = clone.Details, clone.Payload
			same(t, s, want, s, m.Append(nil, s))
			if n := testing.AllocsPerRun(10, func() { held = body.Hold(held.Release()) }); n != 0 {
				t.Errorf("%s: %v allocations", s, n)
			}
			if held.Release(); held.Len() != 0 || held.Release() != nil {
				t.Errorf("%s: held after its release", s)
			}
		}
	}
}
