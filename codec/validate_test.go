package codec_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wampool/wampool/codec"
)

// TestValidateOfWhatGoesToTheRouter is about what Crossbar.io closes a session
// for, and what it takes.
func TestValidateOfWhatGoesToTheRouter(t *testing.T) {
	long := strings.Repeat("a", codec.MaxURI)
	tests := []struct {
		sample []any
		want   string // in the error; empty: valid
	}{
		{[]any{70, 1, dict{}}, ""},
		{[]any{70, 1, dict{"progress": true, "callee": 7, "callee_authid": "a", "callee_authrole": "b"}, []any{}}, ""},
		{[]any{70, 1, dict{"progress": nil}}, "YIELD.Options.progress: not a boolean"},
		{[]any{70, 1, dict{"progress": 1}}, "YIELD.Options.progress: not a boolean"},
		{[]any{70, 1, dict{"callee": 1.5}}, "YIELD.Options.callee: not an ID"},
		{[]any{70, 1, dict{"callee": "7"}}, "YIELD.Options.callee: not an ID"},
		{[]any{70, 1, dict{"callee_authid": 7}}, "YIELD.Options.callee_authid: not a string"},
		{[]any{70, 1, dict{"callee_authrole": nil}}, "YIELD.Options.callee_authrole: not a string"},
		{[]any{70, 1, dict{"ppt_scheme": 7}}, "YIELD.Options.ppt_scheme: not a string"},
		{[]any{70, 1, dict{"forward_for": dict{}}}, "YIELD.Options.forward_for: not a list"},
		{[]any{70, 1, dict{"forward_for": []any{7}}}, "YIELD.Options.forward_for: list with an element that is not a dictionary"},
		{[]any{70, 1, dict{"forward_for": []any{dict{"session": 1, "authid": "a"}}}}, "YIELD.Options.forward_for: list with"},
		{[]any{70, 1, dict{"forward_for": []any{dict{"session": 1, "authid": nil, "authrole": "r", "more": []any{}}}}}, ""},
		{[]any{70, 1, dict{"unknown": []any{dict{"x": 1}}}}, ""},
		{[]any{70, 1, dict{"enc_algo": "cryptobox", "enc_serializer": "cbor", "enc_key": "k"}, []byte("opaque")}, ""},
		{[]any{70, 1, dict{"enc_algo": "x_own", "enc_serializer": "x_own2"}, []byte("opaque")}, ""},
		{[]any{70, 1, dict{"enc_algo": nil, "enc_key": nil, "enc_serializer": nil}, []any{}}, ""},
		{[]any{70, 1, dict{"enc_algo": "x_"}, []byte("opaque")}, "YIELD.Options.enc_algo: not one of"},
		{[]any{70, 1, dict{"enc_algo": "x_Own"}, []byte("opaque")}, "YIELD.Options.enc_algo: not one of"},
		{[]any{70, 1, dict{"enc_algo": 7}, []byte("opaque")}, "YIELD.Options.enc_algo: not a string"},
		{[]any{70, 1, dict{"enc_algo": "x_o-n"}, []byte("opaque")}, "YIELD.Options.enc_algo: not one of"},
		{[]any{70, 1, dict{"enc_algo": "rot13"}, []byte("opaque")}, "YIELD.Options.enc_algo: not one of"},
		{[]any{70, 1, dict{"enc_algo": "mqtt", "enc_serializer": "opaque"}, []byte("opaque")}, "YIELD.Options.enc_serializer: not one of"},
		{[]any{70, 1, dict{"enc_algo": "mqtt", "enc_key": []byte("k")}, []byte("opaque")}, "YIELD.Options.enc_key: not a string"},
		{[]any{70, 1, dict{}, []byte("opaque")}, "YIELD.Arguments: not a list"},
		{[]any{70, 1, dict{"enc_algo": nil}, []byte("opaque")}, "YIELD.Arguments: not a list"},
		{[]any{70, 1, dict{"enc_algo": "mqtt"}, "text"}, "YIELD.Arguments: not a list"},
		{[]any{70, 1, dict{"enc_algo": "mqtt"}, []byte("opaque"), dict{}}, "YIELD.Arguments: not a list"},
		{[]any{70, 1, dict{}, nil}, ""},
		{[]any{70, 1, dict{}, []any{}, nil}, ""},
		{[]any{70, 1, dict{}, []any{}, []any{}}, "YIELD.ArgumentsKw: not a dictionary"},
		{[]any{8, 68, 1, dict{}, "com.example.error", []any{"text"}, dict{"a": 1}}, ""},
		{[]any{8, 68, 1, dict{}, long}, ""},
		{[]any{8, 68, 1, dict{}, long + "a"}, "ERROR.Error: not a URI"},
		{[]any{8, 68, 1, dict{}, "has space"}, "ERROR.Error: not a URI"},
		{[]any{8, 68, 1, dict{}, "empty..component"}, "ERROR.Error: not a URI"},
		{[]any{8, 68, 1, dict{}, ""}, "ERROR.Error: not a URI"},
		{[]any{8, 68, 1, dict{"callee": "x"}, "a.b"}, "ERROR.Details.callee: not an ID"},
		{[]any{8, 68, 1, dict{}, "a.b", "text"}, "ERROR.Arguments: not a list"},
		{[]any{48, 1, dict{"timeout": 0, "disclose_me": false}, "a.b", []any{1}}, ""},
		{[]any{48, 1, dict{"timeout": -1}, "a.b"}, "CALL.Options.timeout: not an integer"},
		{[]any{48, 1, dict{"timeout": "1"}, "a.b"}, "CALL.Options.timeout: not an integer"},
		{[]any{48, 1, dict{"receive_progress": "yes"}, "a.b"}, "CALL.Options.receive_progress: not a boolean"},
		{[]any{48, 1, dict{}, "a..b"}, "CALL.Procedure: not a URI"},
		{[]any{49, 1, dict{"mode": "skip"}}, ""},
		{[]any{49, 1, dict{"mode": "now"}}, "CANCEL.Options.mode: not one of skip, kill, killnowait"},
		{[]any{49, 1, dict{"mode": 1}}, "CANCEL.Options.mode: not a string"},
		{[]any{64, 1, dict{"match": "exact", "invoke": "last", "concurrency": 1}, "a.b"}, ""},
		{[]any{64, 1, dict{"match": "wildcard"}, "a..b"}, ""},
		{[]any{64, 1, dict{"match": "prefix"}, "a."}, ""},
		{[]any{64, 1, dict{"match": "prefix"}, "a..b"}, "REGISTER.Procedure: not a URI"},
		{[]any{64, 1, dict{}, "a."}, "REGISTER.Procedure: not a URI"},
		{[]any{64, 1, dict{"match": "regex"}, "a"}, "REGISTER.Options.match: not one of exact, prefix, wildcard"},
		{[]any{64, 1, dict{"match": 1}, "a"}, "REGISTER.Options.match: not a string"},
		{[]any{64, 1, dict{"invoke": true}, "a"}, "REGISTER.Options.invoke: not a string"},
		{[]any{64, 1, dict{"concurrency": "4"}, "a"}, "REGISTER.Options.concurrency: not an integer"},
		{[]any{64, 1, dict{"concurrency": 4.5}, "a"}, "REGISTER.Options.concurrency: not an integer"},
		{[]any{64, 1, dict{"concurrency": uint64(1 << 63)}, "a"}, "REGISTER.Options.concurrency: out of range"},
		{[]any{64, 1, dict{"force_reregister": "yes"}, "a"}, "REGISTER.Options.force_reregister: not a boolean"},
		{[]any{16, 1, dict{"exclude": []any{1.5}}, "a"}, "PUBLISH.Options.exclude: list with an element that is not an ID"},
		{[]any{16, 1, dict{}, "a b"}, "PUBLISH.Topic: not a URI"},
		{[]any{16, 1, dict{"enc_algo": "mqtt"}, "a", "text"}, ""},
		{[]any{16, 1, dict{}, "a", "text"}, "PUBLISH.Arguments: not a list"},
		{[]any{32, 1, dict{"match": "wildcard"}, ".."}, ""},
		{[]any{32, 1, dict{}, ".."}, "SUBSCRIBE.Topic: not a URI"},
		{[]any{36, 1, 2, dict{"retained": 1}}, "EVENT.Details.retained: not a boolean"},
	}
	for _, test := range tests {
		for _, s := range serializers {
			err := decoded(t, s, encode(t, s, test.sample)).(validator).Validate(s)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("%s %v: %v", s, test.sample, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%s %v: %v, want %s", s, test.sample, err, test.want)
			case test.want != "" && errors.As(err, new(*codec.ContentError)) != strings.Contains(test.want, ".Arguments"):
				t.Errorf("%s %v: %T", s, test.sample, err)
			}
		}
	}
}

// TestValidateTakesWhatOnlyOneSerializerHas is about payloads that pass as they
// are to who speaks the same serializer.
func TestValidateTakesWhatOnlyOneSerializerHas(t *testing.T) {
	for name, arguments := range map[string]map[codec.Serializer]string{
		"integers beyond 64 bit": {
			codec.JSON: `[18446744073709551616,-9223372036854775809,` + strings.Repeat("9", 4300) + `]`,
			codec.CBOR: "\x83\x3b\xff\xff\xff\xff\xff\xff\xff\xff\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00\xc3\x40",
		},
		"floats of all kinds": {
			codec.JSON:        `[1e999,1e-400,NaN,Infinity,-Infinity,-0.0]`,
			codec.MessagePack: "\x92\xca\x7f\xc0\x00\x00\xcb\xff\xf0\x00\x00\x00\x00\x00\x00",
			codec.CBOR:        "\x83\xf9\x7e\x00\xfa\x7f\x80\x00\x00\xfb\xff\xf0\x00\x00\x00\x00\x00\x00",
		},
		"halves of surrogate pairs": {codec.JSON: `["\ud800","\udc00\ud800","\ud83dx",{"\udfff":"\ud83d\ude00"}]`},
		"keys that are no strings": {
			codec.MessagePack: "\x91\x81\xc4\x01a\x01",
			codec.CBOR:        "\x81\xa8\x01\x02\x20\x02\x41a\x02\xf5\x02\xf6\x02\xf9\x3e\x00\x02\x81\x01\x02\xa0\x02",
		},
		"undefined":       {codec.MessagePack: "\x91\xd4\x00\x00", codec.CBOR: "\x81\xf7"},
		"simple values":   {codec.CBOR: "\x83\xe0\xf0\xf8\xff"},
		"extension types": {codec.MessagePack: "\x93\xd4\x05\x00\xc7\x00\x7f\xd8\x01" + strings.Repeat("\x00", 16)},
		"timestamps": {
			codec.MessagePack: "\x93\xd6\xff\x00\x00\x00\x01\xd7\xff\xee\x6b\x27\xfc\xff\xff\xff\xff\xc7\x0c\xff\x3b\x9a\xc9\xff\x80\x00\x00\x00\x00\x00\x00\x00",
			codec.CBOR:        "\x82\xc1\x1a\x5f\x5e\x10\x00\xc1\xfb\xc1\xd0\x00\x00\x00\x20\x00\x00",
		},
		"dates as text": {codec.CBOR: "\x84\xc0\x74" + "2020-02-29T23:59:59Z" + "\xc0\x78\x20" + "0001-01-01T00:00:00.123456-23:59" + "\xd9\x03\xec\x6a" + "9999-12-31" + "\xd8\x64\x39\xff\xff"},
		"numbers that are no floats": {codec.CBOR: "\x87\xc4\x82\x20\x0f\xc4\x82\x01\xc2\x40\xc5\x82\x03\x0f\xd8\x1e\x82\x01\x03\xd8\x1e\x82\xc3\x41\x01\xc2\x41\x01" +
			"\xd9\xa7\xf8\x82\x01\xf9\x3e\x00\xd9\xa7\xf8\x82\xf9\x7e\x00\x20"},
		"rational by a negative 1": {codec.CBOR: "\x81\xd8\x1e\x82\x01\xc3\x40"},
		"MIME messages":            {codec.CBOR: "\x81\xd8\x24\x61x"},
		"sets":                     {codec.CBOR: "\x82\xd9\x01\x02\x80\xd9\x01\x02\x82\x01\xd9\x01\x02\x81\x61a"},
		"UUID":                     {codec.CBOR: "\x81\xd8\x25\x50" + strings.Repeat("u", 16)},
		"addresses and networks": {codec.CBOR: "\x88\xd8\x34\x44abcd\xd8\x34\x82\x08\x41\x0a\xd8\x34\x82\x44abcd\x18\x20\xd8\x36\x50" + strings.Repeat("a", 16) +
			"\xd8\x36\x82\x18\x40\x42\x20\x01\xd9\x01\x04\x46abcdef\xd9\x01\x04\x44abcd\xd9\x01\x05\xa1\x44abcd\x08"},
		"tags of anybody's": {codec.CBOR: "\x85\xd8\x1c\x80\xd9\x01\x00\x80\xd9\xd9\xf7\x01\xd9\x27\x0f\xa0\xdb\xff\xff\xff\xff\xff\xff\xff\xff\xf7"},
		"binary":            {codec.JSON: `["\u0000","\u0000AA==","\u0000AAA=","\u0000+/zZ","\u0000ab\/\u003d"]`, codec.CBOR: "\x81\x5f\x41a\xff"},
		"NUL in a key":      {codec.JSON: `[{"\u0000":1}]`},
		"depth": {
			codec.JSON:        strings.Repeat("[", codec.MaxDepth-1) + strings.Repeat("]", codec.MaxDepth-1),
			codec.MessagePack: strings.Repeat("\x91", codec.MaxDepth-2) + "\x90",
			codec.CBOR:        "\x81" + strings.Repeat("\xd9\x27\x0f", codec.MaxDepth-2) + "\x01",
		},
	} {
		for s, raw := range arguments {
			m := yieldOf(t, s, raw)
			if err := m.Validate(s); err != nil {
				t.Errorf("%s in %s: %v", name, s, err)
			}
			if err := codec.Validate(s, m.Append(nil, s)); err != nil {
				t.Errorf("%s in %s: %v", name, s, err)
			}
		}
	}
}

// yieldOf decodes a YIELD with these Arguments, which need not be well formed.
func yieldOf(t *testing.T, s codec.Serializer, arguments string) *codec.Yield {
	t.Helper()
	raw := map[codec.Serializer]string{
		codec.JSON: "[70,1,{}," + arguments + "]", codec.MessagePack: "\x94\x46\x01\x80" + arguments, codec.CBOR: "\x84\x18\x46\x01\xa0" + arguments,
	}[s]
	m := new(codec.Yield)
	if err := m.Decode(s, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestValidateRefusesWhatEndsSessions is about payloads for which Crossbar.io
// ends the session that sends them, or that are not well formed: they cost one
// call.
func TestValidateRefusesWhatEndsSessions(t *testing.T) {
	const badTag = " before what it does not stand for"
	tests := []struct {
		name      string
		s         codec.Serializer
		arguments string
		want      string
	}{
		{"NUL without Base64", codec.JSON, `["\u0000abc"]`, "YIELD.Arguments[0]: string that begins with NUL"},
		{"NUL with bad Base64", codec.JSON, `[{"a":["\u0000ab-="]}]`, "YIELD.Arguments[0].a[0]: string that begins with NUL"},
		{"an endless integer", codec.JSON, `[` + strings.Repeat("9", 4301) + `]`, "YIELD.Arguments[0]: integer of more than 4300 digits"},
		{"NaN with a sign", codec.JSON, `[-NaN]`, "YIELD.Arguments[0]: not well formed"},
		{"NaN in small letters", codec.JSON, `[nan]`, "YIELD.Arguments[0]: not well formed"},
		{"infinity cut short", codec.JSON, `[Inf]`, "YIELD.Arguments[0]: not well formed"},
		{"a key that is a number", codec.JSON, `[{1:1}]`, "YIELD.Arguments[0]: not well formed"},
		{"a key that is NaN", codec.JSON, `[{NaN:1}]`, "YIELD.Arguments[0]: not well formed"},
		{"a value that is none behind a key that is no text", codec.JSON, `[{"\ud800":nul}]`, "YIELD.Arguments[0][?]: not well formed"},
		{"a key without value", codec.JSON, `[{"a"}]`, "YIELD.Arguments[0]: not well formed"},
		{"half an escape", codec.JSON, `["\ud8"]`, "YIELD.Arguments[0]: invalid escape"},
		{"bad UTF-8", codec.JSON, "[\"\xff\"]", "YIELD.Arguments[0]: not valid UTF-8"},
		{"bad UTF-8 in a key", codec.JSON, "[{\"\xff\":1}]", "YIELD.Arguments[0]: not valid UTF-8"},
		{"too deep", codec.JSON, strings.Repeat("[", codec.MaxDepth) + strings.Repeat("]", codec.MaxDepth), "YIELD.Arguments[0][0][0]"},
		{"key that is a number", codec.MessagePack, "\x91\x81\x01\x01", "YIELD.Arguments[0]: dictionary key is not a string"},
		{"reserved extension type", codec.MessagePack, "\x91\xd4\xfe\x00", "YIELD.Arguments[0]: extension type that is reserved"},
		{"timestamp of 8 bit", codec.MessagePack, "\x91\xd4\xff\x00", "YIELD.Arguments[0]: extension type that is reserved, or no timestamp"},
		{"timestamp of too many nanoseconds", codec.MessagePack, "\x91\xd7\xff\xee\x6b\x28\x00\xff\xff\xff\xff", "YIELD.Arguments[0]: extension type that is reserved, or no timestamp"},
		{"extension cut short", codec.MessagePack, "\x91\xd4\x05", "YIELD.Arguments[0]: ends early"},
		{"extension that ends in its length", codec.MessagePack, "\x91\xc8\x00", "YIELD.Arguments[0]: ends early"},
		{"byte never used", codec.MessagePack, "\x91\xc1", "YIELD.Arguments[0]: not well formed"},
		{"bad UTF-8", codec.MessagePack, "\x91\xa1\xff", "YIELD.Arguments[0]: not valid UTF-8"},
		{"too deep", codec.MessagePack, strings.Repeat("\x91", codec.MaxDepth-1) + "\x90", "YIELD.Arguments[0][0]"},
		{"date that is none", codec.CBOR, "\x81\xc0\x61x", "tag 0" + badTag},
		{"date before the year 1", codec.CBOR, "\x81\xc0\x74" + "0000-01-01T00:00:00Z", "tag 0" + badTag},
		{"hour of one digit", codec.CBOR, "\x81\xc0\x74" + "2020-01-01T0:00:00.0Z", "tag 0" + badTag},
		{"zone of a day", codec.CBOR, "\x81\xc0\x78\x19" + "2020-01-01T00:00:00+24:00", "tag 0" + badTag},
		{"number for a date", codec.CBOR, "\x81\xc0\x01", "tag 0" + badTag},
		{"time beyond the year 9999", codec.CBOR, "\x81\xc1\xfb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", "tag 1" + badTag},
		{"time that is NaN", codec.CBOR, "\x81\xc1\xf9\x7e\x00", "tag 1" + badTag},
		{"text for a big integer", codec.CBOR, "\x81\xc2\x61x", "tag 2" + badTag},
		{"number for a decimal", codec.CBOR, "\x81\xc4\x01", "tag 4" + badTag},
		{"decimal of a date", codec.CBOR, "\x81\xc4\x82\x01\xc1\x01", "tag 4" + badTag},
		{"decimal of a simple value that looks like a tag", codec.CBOR, "\x81\xc4\x82\x01\xe2", "tag 4" + badTag},
		{"decimal with a text for an exponent", codec.CBOR, "\x81\xc4\x82\x61x\x01", "tag 4" + badTag},
		{"decimal of three", codec.CBOR, "\x81\xc4\x83\x01\x02\x03", "tag 4" + badTag},
		{"decimal with an exponent beyond all", codec.CBOR, "\x81\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01", "tag 4" + badTag},
		{"bigfloat with a large exponent", codec.CBOR, "\x81\xc5\x82\x1a\x3b\x9a\xca\x00\x01", "tag 5" + badTag},
		{"string reference", codec.CBOR, "\x81\xd8\x19\x00", "tag 25" + badTag},
		{"shared reference", codec.CBOR, "\x81\xd8\x1d\x00", "tag 29" + badTag},
		{"rational by 0", codec.CBOR, "\x81\xd8\x1e\x82\x01\x00", "tag 30" + badTag},
		{"rational by a long 0", codec.CBOR, "\x81\xd8\x1e\x82\x01\xc2\x42\x00\x00", "tag 30" + badTag},
		{"rational by a simple value that looks like a tag", codec.CBOR, "\x81\xd8\x1e\x82\x01\xe2", "tag 30" + badTag},
		{"rational of one", codec.CBOR, "\x81\xd8\x1e\x81\x01", "tag 30" + badTag},
		{"rational of a float", codec.CBOR, "\x81\xd8\x1e\x82\xf9\x3c\x00\x01", "tag 30" + badTag},
		{"rational by a float", codec.CBOR, "\x81\xd8\x1e\x82\x01\xf9\x3c\x00", "tag 30" + badTag},
		{"MIME message that is binary", codec.CBOR, "\x81\xd8\x24\x41x", "tag 36" + badTag},
		{"regular expression", codec.CBOR, "\x81\xd8\x23\x61(", "tag 35" + badTag},
		{"UUID cut short", codec.CBOR, "\x81\xd8\x25\x41x", "tag 37" + badTag},
		{"UUID as text", codec.CBOR, "\x81\xd8\x25\x70" + strings.Repeat("u", 16), "tag 37" + badTag},
		{"number for an address", codec.CBOR, "\x81\xd8\x34\x01", "tag 52" + badTag},
		{"network of a text", codec.CBOR, "\x81\xd8\x34\x82\x08\x61a", "tag 52" + badTag},
		{"network whose prefix is too long", codec.CBOR, "\x81\xd8\x34\x82\x18\x21\x41\x0a", "tag 52" + badTag},
		{"network longer than an address", codec.CBOR, "\x81\xd8\x34\x82\x18\x20\x45abcde", "tag 52" + badTag},
		{"address with a text for a prefix", codec.CBOR, "\x81\xd8\x34\x82\x44abcd\x61x", "tag 52" + badTag},
		{"address too long for its network", codec.CBOR, "\x81\xd8\x34\x82\x45abcde\x08", "tag 52" + badTag},
		{"address with a prefix below 0", codec.CBOR, "\x81\xd8\x34\x82\x44abcd\x20", "tag 52" + badTag},
		{"hardware address of five", codec.CBOR, "\x81\xd9\x01\x04\x45abcde", "tag 260" + badTag},
		{"address range as a list", codec.CBOR, "\x81\xd9\x01\x05\x81\x44abcd", "tag 261" + badTag},
		{"address range of two", codec.CBOR, "\x81\xd9\x01\x05\xa2\x44abcd\x08\x44abce\x08", "tag 261" + badTag},
		{"address range by text", codec.CBOR, "\x81\xd9\x01\x05\xa1\x64abcd\x08", "tag 261" + badTag},
		{"address range of five bytes", codec.CBOR, "\x81\xd9\x01\x05\xa1\x45abcde\x08", "tag 261" + badTag},
		{"address range with a prefix too long", codec.CBOR, "\x81\xd9\x01\x05\xa1\x44abcd\x18\x21", "tag 261" + badTag},
		{"address cut short", codec.CBOR, "\x81\xd8\x34\x43abc", "tag 52" + badTag},
		{"network with more than its prefix", codec.CBOR, "\x81\xd8\x34\x82\x08\x42\x0a\x01", "tag 52" + badTag},
		{"prefix too long", codec.CBOR, "\x81\xd8\x34\x82\x44abcd\x18\x21", "tag 52" + badTag},
		{"set of a dictionary", codec.CBOR, "\x81\xd9\x01\x02\xa0", "tag 258" + badTag},
		{"complex number of text", codec.CBOR, "\x81\xd9\xa7\xf8\x82\x61a\x01", "tag 43000" + badTag},
		{"bad tag in a key", codec.CBOR, "\x81\xa1\xc0\x61x\x01", "tag 0" + badTag},
		{"bad UTF-8", codec.CBOR, "\x81\x61\xff", "YIELD.Arguments[0]: not valid UTF-8"},
		{"too deep", codec.CBOR, strings.Repeat("\x81", codec.MaxDepth-1) + "\x80", "YIELD.Arguments[0][0]"},
		{"too deep in tags", codec.CBOR, "\x81" + strings.Repeat("\xd9\x27\x0f", codec.MaxDepth) + "\x01", "YIELD.Arguments[0]: nested too deeply"},
		{"a deep key", codec.CBOR, "\x81" + strings.Repeat("\xa1", codec.MaxDepth) + "\x01", "YIELD.Arguments[0]: nested too deeply"},
		{"cut short", codec.CBOR, "\x82\x01", "YIELD.Arguments: ends early"},
	}
	for _, test := range tests {
		m := yieldOf(t, test.s, test.arguments)
		err := m.Validate(test.s)
		if !errors.As(err, new(*codec.ContentError)) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s in %s: %T %v, want %s", test.name, test.s, err, err, test.want)
		}
		if err != nil && (len(err.Error()) > 400 || !utf8.ValidString(err.Error())) {
			t.Errorf("%s in %s: an error of %d bytes", test.name, test.s, len(err.Error()))
		}
	}
}

// TestValidateRefusesOptionsThatOnlyOneSerializerHas is about options, which the
// other side acts on: they cost the call.
func TestValidateRefusesOptionsThatOnlyOneSerializerHas(t *testing.T) {
	for _, test := range []struct {
		s    codec.Serializer
		raw  string
		want string
	}{
		{codec.JSON, `[70,1,{"a":[1e999]}]`, "YIELD.Options[0]: number out of range"},
		{codec.JSON, `[70,1,{"a":["\u0000?"]}]`, "YIELD.Options[0]: string that begins with NUL is not Base64 behind it"},
		{codec.MessagePack, "\x93\x46\x01\x81\xa1a\x91\xd4\x05\x00", "YIELD.Options[0]: extension type"},
		{codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\x81\xc1\x00", "YIELD.Options[0]: tag or simple value"},
		{codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\x81\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "YIELD.Options[0]: integer beyond 64 bit"},
		{codec.JSON, `[70,1,{"forward_for":[{"session":1,"authid":"a","authrole":"r","more":[1e999]}]}]`, "YIELD.Options[0].more[0]: number out of range"},
	} {
		var m codec.Yield
		if err := m.Decode(test.s, []byte(test.raw)); err != nil {
			t.Fatal(err)
		}
		if err := m.Validate(test.s); !errors.As(err, new(*codec.ContentError)) || err.Error() != "codec: "+test.want {
			t.Errorf("%s: %T %v\nwant %s", test.s, err, err, test.want)
		}
	}
}

func TestPayloadValidate(t *testing.T) {
	tests := []struct {
		s    codec.Serializer
		raw  string
		want string // empty: valid
	}{
		{codec.JSON, `[50,1,{}]`, ""},
		{codec.JSON, `[50,1,{},[1] , {"a":2} ]`, ""},
		{codec.JSON, `[50,1,{},"opaque"]`, ""},
		{codec.JSON, `[50,1,{},[1],{},{}]`, "codec: message.ArgumentsKw: is followed by more elements"},
		{codec.JSON, `[50,1,{},[1],{}],[1]`, "codec: message.ArgumentsKw: is followed by more elements"},
		{codec.JSON, `[50,1,{},[1]] [2]`, "codec: message.Arguments: not well formed"},
		{codec.JSON, `[50,1,{},[1 2]]`, "codec: message.Arguments: not well formed"},
		{codec.JSON, `[50,1,{},[1,]]`, "codec: message.Arguments: not well formed"},
		{codec.JSON, `[50,1,{},{}]`, "codec: message.Arguments: not a list"},
		{codec.MessagePack, "\x94\x32\x01\x80\x91", "codec: message.Arguments: ends early"},
		{codec.MessagePack, "\x94\x32\x01\x80\x90\x80", "codec: message.ArgumentsKw: is followed by more elements"},
		{codec.MessagePack, "\x95\x32\x01\x80\x91\xc4\x01", "codec: message.Arguments: ends early"},
		{codec.MessagePack, "\x95\x32\x01\x80\x91\x01", "codec: message.ArgumentsKw: ends early"},
		{codec.CBOR, "\x84\x18\x32\x01\xa0\x9f\xff", ""},
		{codec.CBOR, "\x84\x18\x32\x01\xa0\x9f", "codec: message.Arguments: ends early"},
	}
	for _, test := range tests {
		var m codec.Result
		if err := m.Decode(test.s, []byte(test.raw)); err != nil {
			t.Errorf("%s %q: %v", test.s, test.raw, err)
			continue
		}
		if err := m.Payload.Validate(test.s); (err == nil) != (test.want == "") || err != nil && err.Error() != test.want {
			t.Errorf("%s %q: %v, want %q", test.s, test.raw, err, test.want)
		}
		if _, _, err := m.Payload.Arguments(test.s); (err == nil) != (test.want == "") || err != nil && err.Error() != test.want {
			t.Errorf("%s %q: its arguments: %v, want %q", test.s, test.raw, err, test.want)
		}
	}
}
