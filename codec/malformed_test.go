package codec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// TestDecodeNamesTheElementThatIsWrong takes a good message of each type, and
// breaks one element after the other.
func TestDecodeNamesTheElementThatIsWrong(t *testing.T) {
	elements := map[codec.MessageType][]string{
		codec.TypeHello:        {"Realm", "Details"},
		codec.TypeWelcome:      {"Session", "Details"},
		codec.TypeAbort:        {"Details", "Reason"},
		codec.TypeChallenge:    {"AuthMethod", "Extra"},
		codec.TypeAuthenticate: {"Signature", "Extra"},
		codec.TypeGoodbye:      {"Details", "Reason"},
		codec.TypeError:        {"RequestType", "Request", "Details", "Error"},
		codec.TypePublish:      {"Request", "Options", "Topic"},
		codec.TypePublished:    {"Request", "Publication"},
		codec.TypeSubscribe:    {"Request", "Options", "Topic"},
		codec.TypeSubscribed:   {"Request", "Subscription"},
		codec.TypeUnsubscribe:  {"Request", "Subscription"},
		codec.TypeUnsubscribed: {"Request"},
		codec.TypeEvent:        {"Subscription", "Publication", "Details"},
		codec.TypeCall:         {"Request", "Options", "Procedure"},
		codec.TypeCancel:       {"Request", "Options"},
		codec.TypeResult:       {"Request", "Details"},
		codec.TypeRegister:     {"Request", "Options", "Procedure"},
		codec.TypeRegistered:   {"Request", "Registration"},
		codec.TypeUnregister:   {"Request", "Registration"},
		codec.TypeUnregistered: {"Request"},
		codec.TypeInvocation:   {"Request", "Registration", "Details"},
		codec.TypeInterrupt:    {"Request", "Options"},
		codec.TypeYield:        {"Request", "Options"},
	}
	tested := map[codec.MessageType]bool{}
	for _, sample := range samples {
		mt := typeOf(sample)
		if tested[mt] {
			continue
		}
		tested[mt] = true
		for _, s := range serializers {
			for i, element := range elements[mt] {
				wrong := append([]any{}, sample...)
				wrong[i+1] = true // nothing of a header may be a boolean
				refused(t, s, mt, element, encode(t, s, wrong))
				refused(t, s, mt, element, encode(t, s, sample[:i+1]))
			}
			other := append([]any{7}, sample[1:]...)
			refused(t, s, mt, "Type", encode(t, s, other))
		}
	}
	if len(tested) != len(messages) {
		t.Errorf("%d types tested, want %d", len(tested), len(messages))
	}
}

// refused checks that a message is refused, for that element.
func refused(t *testing.T, s codec.Serializer, mt codec.MessageType, element string, raw []byte) {
	t.Helper()
	err := messages[mt]().Decode(s, raw)
	var malformed *codec.MalformedError
	if !errors.As(err, &malformed) || malformed.Type != mt || malformed.Element != element {
		t.Errorf("%s %q as %v: %v, want an error about %q", s, raw, mt, err, element)
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat("[", codec.MaxDepth) + strings.Repeat("]", codec.MaxDepth)
	tests := []struct {
		name string
		s    codec.Serializer
		raw  string
		into message
		want string
	}{
		{"nothing", codec.JSON, "", &codec.Yield{}, "codec: YIELD.Type: not a list"},
		{"nothing", codec.MessagePack, "", &codec.Yield{}, "codec: YIELD.Type: ends early"},
		{"nothing", codec.CBOR, "", &codec.Yield{}, "codec: YIELD.Type: ends early"},
		{"no list", codec.JSON, `{"a":1}`, &codec.Yield{}, "codec: YIELD.Type: not a list"},
		{"empty list", codec.JSON, `[]`, &codec.Yield{}, "codec: YIELD.Type: empty message"},
		{"empty list", codec.MessagePack, "\x90", &codec.Yield{}, "codec: YIELD.Type: empty message"},
		{"empty list", codec.CBOR, "\x80", &codec.Yield{}, "codec: YIELD.Type: empty message"},
		{"type is text", codec.JSON, `["70"]`, &codec.Yield{}, "codec: YIELD.Type: not a message type"},
		{"type 0", codec.JSON, `[0]`, &codec.Yield{}, "codec: YIELD.Type: not a message type"},
		{"type beyond 16 bit", codec.JSON, `[65606,1,{}]`, &codec.Yield{}, "codec: YIELD.Type: not a message type"},
		{"ID 0", codec.JSON, `[70,0,{}]`, &codec.Yield{}, "codec: YIELD.Request: not an ID (1 to 2^53)"},
		{"ID negative", codec.JSON, `[70,-1,{}]`, &codec.Yield{}, "codec: YIELD.Request: not an ID (1 to 2^53)"},
		{"ID too large", codec.JSON, `[70,9007199254740993,{}]`, &codec.Yield{}, "codec: YIELD.Request: not an ID (1 to 2^53)"},
		{"ID far too large", codec.JSON, `[70,184467440737095516160,{}]`, &codec.Yield{}, "codec: YIELD.Request: not an ID (1 to 2^53)"},
		{"ID broken", codec.JSON, `[70,1.5,{}]`, &codec.Yield{}, "codec: YIELD.Request: not an ID (1 to 2^53)"},
		{"ID with leading zero", codec.JSON, `[70,01,{}]`, &codec.Yield{}, "codec: YIELD.Request: not an ID (1 to 2^53)"},
		{"ID is NaN", codec.CBOR, "\x83\x18\x46\xf9\x7e\x00\xa0", &codec.Yield{}, "codec: YIELD.Request: not an ID (1 to 2^53)"},
		{"options end early", codec.JSON, `[70,1,{"a":1`, &codec.Yield{}, "codec: YIELD.Options: ends early"},
		{"options end early", codec.MessagePack, "\x93\x46\x01\x82\xa1a\x01", &codec.Yield{}, "codec: YIELD.Options: ends early"},
		{"options end early", codec.CBOR, "\x83\x18\x46\x01\xa2\x61a\x01", &codec.Yield{}, "codec: YIELD.Options: ends early"},
		{"options claim 2^32 entries", codec.MessagePack, "\x93\x46\x01\xdf\xff\xff\xff\xff", &codec.Yield{}, "codec: YIELD.Options: ends early"},
		{"options claim 2^64 entries", codec.CBOR, "\x83\x18\x46\x01\xbb\xff\xff\xff\xff\xff\xff\xff\xff", &codec.Yield{}, "codec: YIELD.Options: ends early"},
		{"key is a number", codec.MessagePack, "\x93\x46\x01\x81\x01\x01", &codec.Yield{}, "codec: YIELD.Options: dictionary key is not a string"},
		{"key is a number", codec.CBOR, "\x83\x18\x46\x01\xa1\x01\x01", &codec.Yield{}, "codec: YIELD.Options: dictionary key is not a string"},
		{"key is binary", codec.CBOR, "\x83\x18\x46\x01\xa1\x41a\x01", &codec.Yield{}, "codec: YIELD.Options: dictionary key is not a string"},
		{"bad UTF-8 in options", codec.JSON, "[70,1,{\"a\":\"\xff\"}]", &codec.Yield{}, "codec: YIELD.Options: not valid UTF-8"},
		{"bad UTF-8 in options", codec.MessagePack, "\x93\x46\x01\x81\xa1a\xa1\xff", &codec.Yield{}, "codec: YIELD.Options: not valid UTF-8"},
		{"bad UTF-8 in options", codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\x61\xff", &codec.Yield{}, "codec: YIELD.Options: not valid UTF-8"},
		{"half a surrogate pair", codec.JSON, `[70,1,{"a":"\ud800"}]`, &codec.Yield{}, "codec: YIELD.Options: half of a surrogate pair in a string"},
		{"surrogates swapped", codec.JSON, `[70,1,{"a":"\udc00\ud800"}]`, &codec.Yield{}, "codec: YIELD.Options: half of a surrogate pair in a string"},
		{"unknown escape", codec.JSON, `[70,1,{"a":"\x41"}]`, &codec.Yield{}, "codec: YIELD.Options: invalid escape in a string"},
		{"control character", codec.JSON, "[70,1,{\"a\":\"\n\"}]", &codec.Yield{}, "codec: YIELD.Options: control character in a string"},
		{"comma at the end", codec.JSON, `[70,1,{"a":1,}]`, &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"comma missing", codec.JSON, `[70,1,{"a":1 "b":2}]`, &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"colon missing", codec.JSON, `[70,1,{"a" 1}]`, &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"word cut", codec.JSON, `[70,1,{"a":tru}]`, &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"number cut", codec.JSON, `[70,1,{"a":1.}]`, &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"exponent cut", codec.JSON, `[70,1,{"a":1e+}]`, &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"NaN", codec.JSON, `[70,1,{"a":NaN}]`, &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"byte never used", codec.MessagePack, "\x93\x46\x01\x81\xa1a\xc1", &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"reserved length", codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\x1c", &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"simple value of two bytes below 32", codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\xf8\x14", &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"break in the place of a value", codec.CBOR, "\x83\x18\x46\x01\xbf\x61a\xff", &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"chunk of another kind", codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\x7f\x41b\xff", &codec.Yield{}, "codec: YIELD.Options: not well formed"},
		{"no end of the chunks", codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\x7f\x61b", &codec.Yield{}, "codec: YIELD.Options: ends early"},
		{"rune over two chunks", codec.CBOR, "\x83\x18\x46\x01\xa1\x61a\x7f\x61\xc3\x61\xbc\xff", &codec.Yield{}, "codec: YIELD.Options: not valid UTF-8"},
		{"too deep", codec.JSON, `[70,1,{"a":` + deep + `}]`, &codec.Yield{}, "codec: YIELD.Options: nested too deeply"},
		{"too deep", codec.MessagePack, "\x93\x46\x01\x81\xa1a" + strings.Repeat("\x91", codec.MaxDepth) + "\x90", &codec.Yield{}, "codec: YIELD.Options: nested too deeply"},
		{"too deep in tags", codec.CBOR, "\x83\x18\x46\x01\xa1\x61a" + strings.Repeat("\xc1", codec.MaxDepth) + "\x00", &codec.Yield{}, "codec: YIELD.Options: nested too deeply"},
		{"list never ends", codec.JSON, `[70,1,{}`, &codec.Yield{}, "codec: YIELD: ends early"},
		{"payload never ends", codec.JSON, `[70,1,{},[1`, &codec.Yield{}, "codec: YIELD: ends early"},
		{"payload missing behind the comma", codec.JSON, `[70,1,{},]`, &codec.Yield{}, "codec: YIELD: ends early"},
		{"payload missing", codec.MessagePack, "\x94\x46\x01\x80", &codec.Yield{}, "codec: YIELD.Arguments: ends early"},
		{"three payload elements", codec.MessagePack, "\x96\x46\x01\x80\x90\x80\x80", &codec.Yield{}, "codec: YIELD: has too many elements"},
		{"three payload elements", codec.CBOR, "\x9f\x18\x46\x01\xa0\x80\xa0\xa0\xff", &codec.Yield{}, "codec: YIELD: has too many elements"},
		{"element that is none", codec.CBOR, "\x9f\x18\x46\x01\xa0\x81\x1c\xff", &codec.Yield{}, "codec: YIELD.Arguments: not well formed"},
		{"no break", codec.CBOR, "\x9f\x18\x46\x01\xa0\x80", &codec.Yield{}, "codec: YIELD: ends early"},
		{"more behind", codec.JSON, `[70,1,{}] x`, &codec.Yield{}, "codec: YIELD: is followed by more bytes"},
		{"more behind", codec.MessagePack, "\x93\x46\x01\x80\x00", &codec.Yield{}, "codec: YIELD: is followed by more bytes"},
		{"more behind", codec.CBOR, "\x9f\x18\x46\x01\xa0\xff\x00", &codec.Yield{}, "codec: YIELD: is followed by more bytes"},
		{"more behind a payload", codec.CBOR, "\x9f\x18\x46\x01\xa0\x80\xff\x00", &codec.Yield{}, "codec: YIELD: is followed by more bytes"},
		{"element too many", codec.JSON, `[65,1,2,3]`, &codec.Registered{}, "codec: REGISTERED: has too many elements"},
		{"more behind", codec.JSON, `[65,1,2]]`, &codec.Registered{}, "codec: REGISTERED: is followed by more bytes"},
		{"revocation without details", codec.JSON, `[67,0]`, &codec.Unregistered{}, "codec: UNREGISTERED.Details: is missing"},
		{"request type 0", codec.JSON, `[8,0,1,{},"a"]`, &codec.Error{}, "codec: ERROR.RequestType: not a message type"},
		{"URI with bad UTF-8", codec.MessagePack, "\x95\x08\x44\x01\x80\xa1\xff", &codec.Error{}, "codec: ERROR.Error: not valid UTF-8"},
		{"realm is a number", codec.JSON, `[1,7,{}]`, &codec.Hello{}, "codec: HELLO.Realm: not a string"},
	}
	for _, test := range tests {
		t.Run(test.s.String()+" "+test.name, func(t *testing.T) {
			err := test.into.Decode(test.s, []byte(test.raw))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
			if err := codec.Validate(test.s, []byte(test.raw)); err == nil && wellFormed(test.s, []byte(test.raw)) != nil {
				t.Error("Validate takes what the oracle refuses")
			}
		})
	}
}

// TestEveryPrefixIsRefused cuts good messages at every byte.
func TestEveryPrefixIsRefused(t *testing.T) {
	for _, sample := range samples {
		for _, s := range serializers {
			raw := encode(t, s, sample)
			for n := range raw {
				if err := codec.Validate(s, raw[:n]); err == nil {
					t.Errorf("%s: Validate takes %d of %d bytes of %q", s, n, len(raw), raw)
				}
				// Decode leaves the payload alone: what is cut there, Validate finds.
				m := messages[typeOf(sample)]()
				if m.Decode(s, raw[:n]) == nil {
					eachPart(m, func(*codec.Dict) {}, func(p *codec.Payload) {
						if err := p.Validate(s); err == nil {
							t.Errorf("%s: %d of %d bytes of %q pass", s, n, len(raw), raw)
						}
					})
				}
			}
		}
	}
}

func TestErrorsHoldNothingOfTheContent(t *testing.T) {
	const secret = "hunter2"
	for _, s := range serializers {
		for _, sample := range [][]any{
			{5, dict{secret: secret}, dict{}},
			{5, secret, secret},
			{70, 1, dict{"progress": secret}, []any{secret}},
			{70, 1, dict{}, secret},
			{8, 68, 1, dict{}, secret + " #"},
			{8, 68, 1, dict{"enc_algo": secret}, "a"},
			{64, 1, dict{"match": secret, "invoke": 7}, "a"},
		} {
			m := messages[typeOf(sample)]()
			err := m.Decode(s, encode(t, s, sample))
			if v, ok := m.(validator); ok && err == nil {
				err = v.Validate(s)
			}
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("%s %v: %v", s, sample, err)
			}
		}
	}
}
