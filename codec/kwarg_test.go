package codec_test

import (
	"slices"
	"testing"

	"github.com/wampool/wampool/codec"
)

const (
	kwarg       = "traceparent"
	traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
)

// invocationOf returns a decoded INVOCATION with this payload.
func invocationOf(t testing.TB, s codec.Serializer, payload ...any) codec.Invocation {
	t.Helper()
	var m codec.Invocation
	if err := m.Decode(s, encode(t, s, append([]any{68, 1, 2, dict{}}, payload...))); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestKwarg(t *testing.T) {
	for name, test := range map[string]struct {
		payload []any
		want    string // "": none
	}{
		"alone":                  {[]any{[]any{}, dict{kwarg: traceparent}}, traceparent},
		"beside others":          {[]any{[]any{1, "a", dict{kwarg: "inner"}}, dict{"a": []any{dict{kwarg: 1}}, kwarg: traceparent, "z": 2.5}}, traceparent},
		"behind null":            {[]any{nil, dict{kwarg: traceparent}}, traceparent},
		"with what JSON escapes": {[]any{[]any{}, dict{kwarg: "a\"b\\c\nd"}}, "a\"b\\c\nd"},
		"no payload":             {nil, ""},
		"no keywords":            {[]any{[]any{traceparent}}, ""},
		"null for keywords":      {[]any{[]any{}, nil}, ""},
		"another keyword":        {[]any{[]any{}, dict{"tracestate": "a=b", "traceparen": traceparent}}, ""},
		"a number":               {[]any{[]any{}, dict{kwarg: 7}}, ""},
		"a dictionary":           {[]any{[]any{}, dict{kwarg: dict{kwarg: traceparent}}}, ""},
		"opaque":                 {[]any{[]byte(traceparent)}, ""},
	} {
		for _, s := range serializers {
			m := invocationOf(t, s, test.payload...)
			before := slices.Clone(m.Payload.Raw())
			got, is := m.Payload.Kwarg(s, kwarg)
			if is != (test.want != "") || string(got) != test.want {
				t.Errorf("%s in %s: %q, %t; want %q", name, s, got, is, test.want)
			}
			if !slices.Equal(before, m.Payload.Raw()) {
				t.Errorf("%s in %s: the payload has changed", name, s)
			}
		}
	}
}

// What the libraries don't write.
func TestKwargAsOthersWriteIt(t *testing.T) {
	for _, test := range []struct {
		s    codec.Serializer
		raw  string
		want string // "": none
	}{
		{codec.JSON, ` [68, 1, 2, {} , [ NaN ] , { "\u0074raceparent" : "00-\u0061" , "z" : [ ] } ] `, "00-a"},
		{codec.JSON, `[68,1,2,{},[],{"traceparent":"1","traceparent":"2"}]`, "2"},
		{codec.JSON, `[68,1,2,{},[],{"traceparent":"1","traceparent":null}]`, ""},
		{codec.JSON, `[68,1,2,{},[],{"traceparent":"1"},{}]`, ""},
		{codec.JSON, `[68,1,2,{},[],{"traceparent":"1",]]`, ""},
		{codec.JSON, `[68,1,2,{},[}],{"traceparent":"1"}]`, ""},
		{codec.JSON, `[68,1,2,{},"opaque",{"traceparent":"1"}]`, ""},
		{codec.JSON, `[68,1,2,{},[]{"traceparent":"1"}]`, ""},
		{codec.JSON, `[68,1,2,{},[],{"traceparent":"\ud800"}]`, ""},
		{codec.MessagePack, "\x96\x44\x01\x02\x80\x90\x82\x07\x01\xabtraceparent\xa11", "1"},
		{codec.MessagePack, "\x96\x44\x01\x02\x80\x90\x81\xabtraceparent\xa1\xff", ""},
		{codec.MessagePack, "\x96\x44\x01\x02\x80\x90\xdf\xff\xff\xff\xff\xabtraceparent\xa11", ""},
		{codec.CBOR, "\x86\x18\x44\x01\x02\xa0\x80\xbf\x6btraceparent\x7f\x61a\x61b\xff\xff", "ab"},
		{codec.CBOR, "\x9f\x18\x44\x01\x02\xa0\x9f\xff\xa1\x7f\x65trace\x66parent\xff\x611\xff", "1"},
		{codec.CBOR, "\x86\x18\x44\x01\x02\xa0\x80\xa1\x6btraceparent\x4a0123456789", ""},
	} {
		var m codec.Invocation
		if err := m.Decode(test.s, []byte(test.raw)); err != nil {
			t.Fatalf("%s: %v", test.raw, err)
		}
		if got, is := m.Payload.Kwarg(test.s, kwarg); is != (test.want != "") || string(got) != test.want {
			t.Errorf("%s %q: %q, %t; want %q", test.s, test.raw, got, is, test.want)
		}
	}
}

// Reading it costs no memory, but for what JSON escapes.
func TestKwargAllocatesNothing(t *testing.T) {
	for _, s := range serializers {
		m := invocationOf(t, s, []any{1, "a"}, dict{kwarg: traceparent})
		if n := testing.AllocsPerRun(100, func() { m.Payload.Kwarg(s, kwarg) }); n > 0 {
			t.Errorf("%s: %v allocations", s, n)
		}
	}
}

func FuzzKwarg(f *testing.F) {
	for _, s := range serializers {
		for _, payload := range [][]any{
			nil, {[]any{}}, {[]any{1}, dict{kwarg: traceparent}}, {nil, dict{"a": dict{kwarg: 1}, kwarg: "b"}}, {[]any{}, nil}, {[]byte{1}},
		} {
			f.Add(uint8(s), encode(f, s, append([]any{68, 1, 2, dict{}}, payload...)))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, raw []byte) {
		s := codec.Serializer(which%3) + codec.JSON
		before := slices.Clone(raw)
		var m codec.Invocation
		if m.Decode(s, raw) != nil {
			return
		}
		got, is := m.Payload.Kwarg(s, kwarg)
		if !slices.Equal(before, raw) {
			t.Fatalf("%s: %q has become %q", s, before, raw)
		}
		if is && m.Payload.Validate(s) != nil {
			t.Errorf("%s %q: %q of a payload that is not well formed", s, raw, got)
		}
		whole, err := value(s, raw)
		if err != nil || codec.Validate(s, raw) != nil {
			return // the oracle takes less
		}
		var want any
		if list := whole.([]any); len(list) == 6 && isList(list[4]) {
			if kw, isDict := list[5].(dict); isDict {
				want = kw[kwarg]
			}
		}
		if text, isText := want.(string); isText != is || text != string(got) {
			if _, isBinary := want.([]byte); !isBinary { // in JSON, a string that begins with NUL
				t.Errorf("%s %q: %q, %t; want %v", s, raw, got, is, want)
			}
		}
	})
}

// isList tells whether that is what a payload's first element can be.
func isList(v any) bool {
	_, list := v.([]any)
	return list || v == nil
}
