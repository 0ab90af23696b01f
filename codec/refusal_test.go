package codec_test

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// TestOptionsBesideTheRules is about single options that are nearly right, and those
// that are just so.
func TestOptionsBesideTheRules(t *testing.T) {
	for _, test := range []struct {
		message string
		stands  bool
	}{
		{`[16,1,{"exclude":[1]},"com.example.topic"]`, true},
		{`[16,1,{"exclude":[0]},"com.example.topic"]`, false},
		{`[16,1,{"exclude":[1.5]},"com.example.topic"]`, false},
		{`[70,1,{"forward_for":[{"session":1,"authid":"a","authrole":"r"}]}]`, true},
		{`[70,1,{"forward_for":[{"session":1,"authid":null,"authrole":"r"}]}]`, true},
		{`[70,1,{"forward_for":[{"session":1,"authid":5,"authrole":"r"}]}]`, false},
		{`[70,1,{"forward_for":[{"authid":"a","authrole":"r"}]}]`, false},
		{`[70,1,{"forward_for":[{"session":1,"authrole":"r"}]}]`, false},
		{`[70,1,{"forward_for":[{"session":1,"authid":"a"}]}]`, false},
		{`[70,1,{"ppt_scheme":"x","enc_algo":""}]`, true},
		{`[70,1,{"ppt_scheme":"x","enc_algo":null}]`, true},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"x_abc"}]`, true},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"x_az"}]`, true},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"x_z09az_"}]`, true},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"x_a"}]`, false},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"y_abc"}]`, false},
		{"[70,1,{\"ppt_scheme\":\"x\",\"enc_algo\":\"x_`bc\"}]", false},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"x_{bc"}]`, false},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"x_ab{"}]`, false},
		{"[70,1,{\"ppt_scheme\":\"x\",\"enc_algo\":\"x_ab`\"}]", false},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"x_ab:"}]`, false},
		{`[70,1,{"ppt_scheme":"x","enc_algo":"x_ab/"}]`, false},
	} {
		m := decoded(t, codec.JSON, []byte(test.message)).(validator)
		if err := m.Validate(codec.JSON); (err == nil) != test.stands {
			t.Errorf("%s: %v", test.message, err)
		}
	}
}

// TestNearlyJSON is about strings that JSON almost has.
func TestNearlyJSON(t *testing.T) {
	for _, arguments := range []string{
		"[\"\x80\"]", `["\u00/0"]`, `["\u00:0"]`, `["\u00@0"]`, "[\"\\u00`0\"]", `["\u00g0"]`, `["\u00G0"]`,
		`["\ud83d`, `["\ud83d"`, `["\ud83d\`, `["\ud83d\u`, `["\ud83d\ude0`,
	} {
		if err := codec.Validate(codec.JSON, []byte("[70,1,{},"+arguments+"]")); err == nil {
			t.Errorf("%s is taken", arguments)
		}
	}
	for _, arguments := range []string{`["\u0000ab{="]`, `["\u0000ab@="]`, `["\u0000ab:="]`, `["\u0000a==="]`, `["\u0000===="]`} {
		if err := yieldOf(t, codec.JSON, arguments).Validate(codec.JSON); err == nil {
			t.Errorf("%s is taken for Base64", arguments)
		}
	}
	for _, key := range []string{`\ud83d\nde00`, `\ud83dnude00`, `\ud83d\ud83d`, `\ud83d\u0041`, `\ud83dxxxxxxxx`} {
		var m codec.Yield
		if err := m.Decode(codec.JSON, []byte(`[70,1,{"`+key+`":1}]`)); err == nil {
			t.Errorf("%s is taken for a key", key)
		}
	}
}

// TestNoDictionary is about Options that begin as an empty dictionary does in
// another serializer.
func TestNoDictionary(t *testing.T) {
	for s, list := range map[codec.Serializer][]string{
		codec.MessagePack: {"\x94\x46\x01\x7b\x7d\x90", "\x94\x46\x01\xa0\x90"},
		codec.CBOR:        {"\x84\x18\x46\x01\x80\x80"},
		codec.JSON:        {`[70,1,[],[]]`, `[70,1,{,[]]`},
	} {
		for _, raw := range list {
			var m codec.Yield
			if err := m.Decode(s, []byte(raw)); err == nil {
				t.Errorf("%s: % x is taken", s, raw)
			}
		}
	}
}

// TestNearlyBinary is about tags and extension types beside those that every
// serializer can express.
func TestNearlyBinary(t *testing.T) {
	for name, arguments := range map[string]struct {
		from codec.Serializer
		raw  string
	}{
		"the tag of a byte array before a text":   {codec.CBOR, "\x81\xd8\x40\x61a"},
		"the next tag before binary data":         {codec.CBOR, "\x81\xd8\x41\x41a"},
		"an extension type with that tag's bytes": {codec.MessagePack, "\x91\xd8\x40" + strings.Repeat("\x41", 16)},
		"two bytes of the type of undefined":      {codec.MessagePack, "\x91\xd5\x00\x00\x00"},
		"another byte of the type of undefined":   {codec.MessagePack, "\x91\xd4\x00\x01"},
		"one byte of another type":                {codec.MessagePack, "\x91\xd4\x01\x00"},
	} {
		for _, to := range serializers {
			if to == arguments.from {
				continue
			}
			m := yieldOf(t, arguments.from, arguments.raw)
			if _, _, err := codec.TranscodePayload(nil, m.Payload, arguments.from, to); err == nil {
				t.Errorf("%s becomes something in %s", name, to)
			}
		}
	}
}

// TestHighestOfTheirKind is about the last message type, and the names of what has none.
func TestHighestOfTheirKind(t *testing.T) {
	for raw, want := range map[string]string{`[65535]`: "message type 65535", `[71]`: "message type 71", `[65536]`: ""} {
		var h codec.Head
		err := h.Read(codec.JSON, []byte(raw))
		if got := h.Type.String(); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v", raw, got, err)
		}
	}
	var e codec.Error
	if err := e.Decode(codec.JSON, []byte(`[8,65535,1,{},"com.example.error"]`)); err != nil || e.RequestType != 65535 {
		t.Errorf("ERROR for the last type: %v, %v", e.RequestType, err)
	}
	if got := (codec.CBOR + 1).String(); got != "no serializer" {
		t.Errorf("the one behind CBOR is %s", got)
	}
	var r codec.Register
	if err := r.Decode(codec.JSON, []byte(`[64,1,{"concurrency":9007199254740992},"com.example.add"]`)); err != nil || r.Concurrency != codec.MaxID || r.OptionError != nil {
		t.Errorf("concurrency 2^53: %d, %v, %v", r.Concurrency, err, r.OptionError)
	}
}

// TestEitherOf is about a feature that clients write in two ways, and
// options of which either one makes a payload opaque.
func TestEitherOf(t *testing.T) {
	for raw, want := range map[string]bool{
		`{"call_canceling":true,"call_cancelling":false}`:  true,
		`{"call_canceling":false,"call_cancelling":true}`:  true,
		`{"call_canceling":false,"call_cancelling":false}`: false,
	} {
		var m codec.Hello
		if err := m.Decode(codec.JSON, []byte(`[1,"r",{"roles":{"callee":{"features":`+raw+`}}}]`)); err != nil || m.Callee.CallCanceling != want {
			t.Errorf("%s: %v, %v", raw, m.Callee.CallCanceling, err)
		}
	}
	for raw, want := range map[string]bool{
		`{"ppt_scheme":"x","enc_algo":null}`:  true,
		`{"ppt_scheme":null,"enc_algo":"x"}`:  true,
		`{"ppt_scheme":null,"enc_algo":null}`: false,
	} {
		var i codec.Invocation
		if err := i.Decode(codec.JSON, []byte(`[68,1,2,`+raw+`]`)); err != nil || i.Passthru != want {
			t.Errorf("INVOCATION with %s: %v, %v", raw, i.Passthru, err)
		}
		var y codec.Yield
		if err := y.Decode(codec.JSON, []byte(`[70,1,`+raw+`]`)); err != nil || y.Passthru != want {
			t.Errorf("YIELD with %s: %v, %v", raw, y.Passthru, err)
		}
	}
}

// A revocation always has Details, and other confirmations keep those that they have.
func TestDetailsOfConfirmations(t *testing.T) {
	for raw, m := range map[string]codec.Unregistered{`[67,0,{}]`: {}, `[67,5]`: {Request: 5}} {
		if got := string(m.Append(nil, codec.JSON)); got != raw {
			t.Errorf("%s, want %s", got, raw)
		}
	}
	const raw = `[67,5,{"a":1}]`
	var m codec.Unregistered
	if err := m.Decode(codec.JSON, []byte(raw)); err != nil || string(m.Append(nil, codec.JSON)) != raw {
		t.Errorf("%s becomes %s, %v", raw, m.Append(nil, codec.JSON), err)
	}
}
