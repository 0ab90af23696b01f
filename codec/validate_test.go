package codec_test

import (
	"errors"
	"strings"
	"testing"

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
		{[]any{70, 1, dict{"enc_algo": "rot13"}, []byte("opaque")}, "YIELD.Options.enc_algo: not one of"},
		{[]any{70, 1, dict{"enc_algo": "mqtt", "enc_serializer": "opaque"}, []byte("opaque")}, "YIELD.Options.enc_serializer: not one of"},
		{[]any{70, 1, dict{"enc_algo": "mqtt", "enc_key": []byte("k")}, []byte("opaque")}, "YIELD.Options.enc_key: not a string"},
		{[]any{70, 1, dict{}, []byte("opaque")}, "YIELD.Arguments: not a list"},
		{[]any{70, 1, dict{"enc_algo": nil}, []byte("opaque")}, "YIELD.Arguments: not a list"},
		{[]any{70, 1, dict{"enc_algo": "mqtt"}, "text"}, "YIELD.Arguments: not a list"},
		{[]any{70, 1, dict{"enc_algo": "mqtt"}, []byte("opaque"), dict{}}, "YIELD.Arguments: not a list"},
		{[]any{70, 1, dict{}, nil}, ""},
		{[]any{70, 1, dict{}, []any{}, nil}, "YIELD.ArgumentsKw: not a dictionary"},
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
			case test.want != "" && !errors.As(err, new(*codec.MalformedError)):
				t.Errorf("%s %v: %T", s, test.sample, err)
			}
		}
	}
}

// TestValidateTellsApartWhatOnlyOneSerializerHas is about messages that are
// well formed: they cost one call, not the session.
func TestValidateTellsApartWhatOnlyOneSerializerHas(t *testing.T) {
	tests := []struct {
		name string
		s    codec.Serializer
		raw  string
		want string // empty: valid
	}{
		{"integer beyond 64 bit", codec.JSON, `[70,1,{},[[18446744073709551616]]]`, "YIELD.Arguments: integer beyond 64 bit"},
		{"integer below 64 bit", codec.JSON, `[70,1,{},[],{"a":-9223372036854775809}]`, "YIELD.ArgumentsKw: integer beyond 64 bit"},
		{"float beyond 64 bit", codec.JSON, `[70,1,{"a":1e999}]`, "YIELD.Options: number out of range"},
		{"NUL without Base64", codec.JSON, `[70,1,{},["\u0000abc"]]`, "YIELD.Arguments: string that begins with NUL"},
		{"NUL with bad Base64", codec.JSON, `[70,1,{},["\u0000ab-="]]`, "YIELD.Arguments: string that begins with NUL"},
		{"NUL with escaped Base64", codec.JSON, `[70,1,{},["\u0000ab\/\u003d"]]`, ""},
		{"binary", codec.JSON, `[70,1,{},["\u0000","\u0000AA==","\u0000AAA=","\u0000+/zZ"]]`, ""},
		{"NUL in a key", codec.JSON, `[70,1,{},[],{"\u0000":1}]`, ""},
		{"all integers", codec.JSON, `[70,1,{},[18446744073709551615,-9223372036854775808,-0,1e308,1e-400]]`, ""},
		{"extension", codec.MessagePack, "\x94\x46\x01\x80\x91\xd4\x01\x00", "YIELD.Arguments: extension type"},
		{"timestamp", codec.MessagePack, "\x94\x46\x01\x80\x91\xd6\xff\x00\x00\x00\x00", "YIELD.Arguments: extension type"},
		{"undefined", codec.MessagePack, "\x94\x46\x01\x80\x91\xd4\x00\x00", ""},
		{"tag", codec.CBOR, "\x84\x18\x46\x01\xa0\x81\xc1\x00", "YIELD.Arguments: tag or simple value"},
		{"tag in options", codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\xc1\x00", "YIELD.Options: tag or simple value"},
		{"simple value", codec.CBOR, "\x84\x18\x46\x01\xa0\x81\xe0", "YIELD.Arguments: tag or simple value"},
		{"undefined", codec.CBOR, "\x84\x18\x46\x01\xa0\x81\xf7", ""},
		{"integer below 64 bit", codec.CBOR, "\x84\x18\x46\x01\xa0\x81\x3b\x80\x00\x00\x00\x00\x00\x00\x00", "YIELD.Arguments: integer beyond 64 bit"},
		{"lowest integer", codec.CBOR, "\x84\x18\x46\x01\xa0\x81\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", ""},
	}
	for _, test := range tests {
		t.Run(test.s.String()+" "+test.name, func(t *testing.T) {
			var m codec.Yield
			if err := m.Decode(test.s, []byte(test.raw)); err != nil {
				t.Fatal(err)
			}
			if err := codec.Validate(test.s, []byte(test.raw)); err != nil {
				t.Errorf("it is well formed: %v", err)
			}
			err := m.Validate(test.s)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var inexpressible *codec.TranscodeError
			if !errors.As(err, &inexpressible) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%T %v, want %s", err, err, test.want)
			}
		})
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
	}
}
