package codec_test

import (
	"bytes"
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestDictEdit(t *testing.T) {
	all := dict{"a": 1, "b": []any{dict{"a": 2}}, "c": "x", "d": true}
	set := []codec.Field{{Key: "mode", Value: codec.FieldString("kill")}, {Key: "n", Value: codec.FieldUint(7)}}
	tests := []struct {
		name string
		from dict
		drop []string
		set  []codec.Field
		want dict
	}{
		{"one", all, []string{"a"}, nil, dict{"b": []any{dict{"a": 2}}, "c": "x", "d": true}},
		{"all", all, []string{"a", "b", "c", "d", "e"}, nil, dict{}},
		{"append", all, nil, set, dict{"a": 1, "b": []any{dict{"a": 2}}, "c": "x", "d": true, "mode": "kill", "n": 7}},
		{"replace", dict{"mode": "skip"}, []string{"mode"}, set, dict{"mode": "kill", "n": 7}},
		{"empty", dict{}, []string{"a"}, set, dict{"mode": "kill", "n": 7}},
	}
	for _, test := range tests {
		for _, s := range serializers {
			d := decoded(t, s, encode(t, s, []any{6, test.from, "bye"})).(*codec.Goodbye).Details
			before := bytes.Clone(d.Raw())
			got, buffer := d.Edit(s, make([]byte, 3, 256), test.drop, test.set)
			if len(buffer) != len(got.Raw()) {
				t.Errorf("%s %s: buffer of %d bytes for %d", s, test.name, len(buffer), len(got.Raw()))
			}
			same(t, s, encode(t, s, test.want), s, got.Raw())
			if !bytes.Equal(before, d.Raw()) {
				t.Errorf("%s %s: Edit wrote into the dictionary", s, test.name)
			}
		}
	}
}

func TestDictEditWithNothingToDoReturnsTheDictionary(t *testing.T) {
	for _, s := range serializers {
		d := decoded(t, s, encode(t, s, []any{6, dict{"a": 1}, "bye"})).(*codec.Goodbye).Details
		got, _ := d.Edit(s, nil, []string{"b"}, nil)
		if &got.Raw()[0] != &d.Raw()[0] {
			t.Errorf("%s: it has been copied", s)
		}
		if got, _ := (codec.Dict{}).Edit(s, nil, []string{"b"}, nil); got.Raw() != nil {
			t.Errorf("%s: the zero Dict became %q", s, got.Raw())
		}
	}
}

func TestDictEditOfIndefiniteLength(t *testing.T) {
	var m codec.Goodbye
	if err := m.Decode(codec.CBOR, []byte("\x83\x06\xbf\x61a\x01\x61b\x02\xff\x61x")); err != nil {
		t.Fatal(err)
	}
	got, _ := m.Details.Edit(codec.CBOR, nil, []string{"a"}, nil)
	if want := "\xa1\x61b\x02"; string(got.Raw()) != want {
		t.Errorf("%q, want %q", got.Raw(), want)
	}
}

func TestDictLookup(t *testing.T) {
	for _, s := range serializers {
		d := decoded(t, s, encode(t, s, []any{6, dict{
			"n": 7, "max": uint64(1 << 53), "neg": -8, "f": 2.0, "half": 0.5, "yes": true, "text": "\u00fc\n",
			"list": []any{"a", "b"}, "mixed": []any{"a", 1}, "dict": dict{"in": "side"}, "null": nil, "big": uint64(1<<53 + 1), "farBelow": int64(-1<<53 - 1),
		}, "bye"})).(*codec.Goodbye).Details
		v := func(key string) codec.Value {
			v, ok := d.Lookup(s, key)
			if !ok {
				t.Errorf("%s: no %s", s, key)
			}
			return v
		}
		if _, ok := d.Lookup(s, "absent"); ok {
			t.Errorf("%s: found what is absent", s)
		}
		if got, ok := v("max").Int(); !ok || got != 1<<53 {
			t.Errorf("%s: %d, %v", s, got, ok)
		}
		for _, key := range []string{"big", "farBelow", "text"} {
			if got, ok := v(key).Int(); ok {
				t.Errorf("%s: %s: %d as integer", s, key, got)
			}
		}
		for key, want := range map[string]uint64{"n": 7, "max": 1 << 53, "f": 2} {
			if got, ok := v(key).Uint(); !ok || got != want {
				t.Errorf("%s: %s: %d, %v", s, key, got, ok)
			}
		}
		for _, key := range []string{"neg", "half", "yes", "text", "list", "dict", "null", "big"} {
			if got, ok := v(key).Uint(); ok {
				t.Errorf("%s: %s: %d as unsigned", s, key, got)
			}
		}
		if got, ok := v("neg").Int(); !ok || got != -8 {
			t.Errorf("%s: %d, %v", s, got, ok)
		}
		if got, ok := v("n").Int(); !ok || got != 7 {
			t.Errorf("%s: %d, %v", s, got, ok)
		}
		if _, ok := v("f").Int(); ok {
			t.Errorf("%s: a float as integer", s)
		}
		if got, ok := v("yes").Bool(); !ok || !got {
			t.Errorf("%s: %v, %v", s, got, ok)
		}
		if _, ok := v("n").Bool(); ok {
			t.Errorf("%s: an integer as boolean", s)
		}
		if got, ok := v("text").Str(); !ok || string(got) != "\u00fc\n" {
			t.Errorf("%s: %q, %v", s, got, ok)
		}
		if got, ok := v("list").Strings(); !ok || len(got) != 2 || got[1] != "b" {
			t.Errorf("%s: %q, %v", s, got, ok)
		}
		if _, ok := v("mixed").Strings(); ok {
			t.Errorf("%s: a number as string", s)
		}
		for _, key := range []string{"n", "null"} {
			if got, ok := v(key).Str(); ok {
				t.Errorf("%s: %s: %q as string", s, key, got)
			}
			if got, ok := v(key).Strings(); ok {
				t.Errorf("%s: %s: %q as list of strings", s, key, got)
			}
			if got, ok := v(key).Dict(); ok {
				t.Errorf("%s: %s: %q as dictionary", s, key, got.Raw())
			}
		}
		inner, ok := v("dict").Dict()
		if in, found := inner.Lookup(s, "in"); !ok || !found {
			t.Errorf("%s: nothing in the inner dictionary", s)
		} else if text, _ := in.Str(); string(text) != "side" {
			t.Errorf("%s: %q", s, text)
		}
	}
}

// TestLookupTakesTheLast is about a key that is there twice: all common
// decoders take the last one, and who checks must see what they see.
func TestLookupTakesTheLast(t *testing.T) {
	var m codec.Yield
	if err := m.Decode(codec.JSON, []byte(`[70,1,{"progress":true,"pr\u006fgress":false}]`)); err != nil {
		t.Fatal(err)
	}
	v, ok := m.Options.Lookup(codec.JSON, "progress")
	if got, isBool := v.Bool(); !ok || !isBool || got || m.Progress {
		t.Errorf("%v, decoded %v", got, m.Progress)
	}
}

func TestDictEmpty(t *testing.T) {
	tests := []struct {
		s     codec.Serializer
		raw   string // GOODBYE
		empty bool
	}{
		{codec.JSON, `[6,{},"a"]`, true},
		{codec.JSON, `[6, { } ,"a"]`, true},
		{codec.JSON, `[6,{"":0},"a"]`, false},
		{codec.MessagePack, "\x93\x06\x80\xa1a", true},
		{codec.MessagePack, "\x93\x06\xde\x00\x00\xa1a", true},
		{codec.MessagePack, "\x93\x06\xdf\x00\x00\x00\x00\xa1a", true},
		{codec.MessagePack, "\x93\x06\x81\xa0\x00\xa1a", false},
		{codec.MessagePack, "\x93\x06\xde\x00\x01\xa0\x00\xa1a", false},
		{codec.CBOR, "\x83\x06\xa0\x61a", true},
		{codec.CBOR, "\x83\x06\xbf\xff\x61a", true},
		{codec.CBOR, "\x83\x06\xb8\x00\x61a", true},
		{codec.CBOR, "\x83\x06\xa1\x60\x00\x61a", false},
		{codec.CBOR, "\x83\x06\xbf\x60\x00\xff\x61a", false},
	}
	for _, test := range tests {
		var m codec.Goodbye
		if err := m.Decode(test.s, []byte(test.raw)); err != nil {
			t.Errorf("%s %q: %v", test.s, test.raw, err)
		} else if got := m.Details.Empty(); got != test.empty {
			t.Errorf("%s %q: %v", test.s, test.raw, got)
		}
	}
}

func TestNewDict(t *testing.T) {
	for _, s := range serializers {
		got := codec.NewDict(s,
			codec.Field{Key: "text", Value: codec.FieldString("\"\x00\u00fc\x7f")},
			codec.Field{Key: "max", Value: codec.FieldUint(1<<64 - 1)},
			codec.Field{Key: "min", Value: codec.FieldInt(-1 << 63)},
			codec.Field{Key: "int", Value: codec.FieldInt(5)},
			codec.Field{Key: "yes", Value: codec.FieldBool(true)},
			codec.Field{Key: "no", Value: codec.FieldBool(false)},
			codec.Field{Key: "list", Value: codec.FieldStrings([]string{"a", "b"})},
			codec.Field{Key: "none", Value: codec.FieldStrings(nil)},
			codec.Field{Key: "dict", Value: codec.FieldDict([]codec.Field{{Key: "in", Value: codec.FieldDict(nil)}})},
			codec.Field{Key: "null"},
		)
		want := dict{
			"text": "\"\x00\u00fc\x7f", "max": uint64(1<<64 - 1), "min": int64(-1 << 63), "int": 5, "yes": true, "no": false,
			"list": []any{"a", "b"}, "none": []any{}, "dict": dict{"in": dict{}}, "null": nil,
		}
		same(t, s, encode(t, s, want), s, got.Raw())
		if codec.NewDict(s).Raw() != nil {
			t.Errorf("%s: no fields are not the zero Dict", s)
		}
	}
}
