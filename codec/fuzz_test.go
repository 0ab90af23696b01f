package codec_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/wampool/wampool/codec"
)

func FuzzJSON(f *testing.F) {
	for _, raw := range []string{
		"", "[", "[]", "[70", "[70,1,{},[", "[70,1,{\"a\":\"\\ud800\"}]", "[7e1,1,{}]", "[70,1,{},[1]]]", "[70,1,{},[],{},{}]",
		" [ 70 , 1 , { } , [ \"\\u0000AA==\" , 1e999 ] ] ", "[70,01,{}]", "[70,1,{}],", "[337,1]", "[70,1,{},[\"\xff\"]]",
	} {
		f.Add([]byte(raw))
	}
	fuzzDecoding(f, codec.JSON)
}

func FuzzMessagePack(f *testing.F) {
	for _, raw := range []string{
		"", "\x90", "\x93\x46\x01", "\x93\x46\x01\xdf\xff\xff\xff\xff", "\x94\x46\x01\x80\x91\xd4\x00\x00", "\x94\x46\x01\x80\x91\xc7\x01\x05\x00",
		"\xdd\x00\x00\x00\x03\xcb\x40\x51\x80\x00\x00\x00\x00\x00\x01\x80", "\x94\x46\x01\x80\x91\xc1", "\x94\x46\x01\x80\x91\x81\x01\x01",
	} {
		f.Add([]byte(raw))
	}
	fuzzDecoding(f, codec.MessagePack)
}

func FuzzCBOR(f *testing.F) {
	for _, raw := range []string{
		"", "\x80", "\x9f\xff", "\x9f\x18\x46\x01\xbf\x7f\x61a\xff\x01\xff\x9f\xff\xff", "\x84\x18\x46\x01\xa0\x81\xc2\x41\x01", "\x84\x18\x46\x01\xa0\x81\xf8\x14",
		"\x84\x18\x46\xf9\x3c\x00\xa0\x81\xf7", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "\x84\x18\x46\x01\xa0\x5f\x41a\x5f\xff\xff", "\x84\x18\x46\x01\xa0\x81\xc1\xff",
	} {
		f.Add([]byte(raw))
	}
	fuzzDecoding(f, codec.CBOR)
}

// fuzzDecoding decodes hostile bytes as every message, and checks what must
// hold whatever they are.
func fuzzDecoding(f *testing.F, s codec.Serializer) {
	for _, sample := range samples {
		f.Add(encode(f, s, sample))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkDecoding(t, s, raw) })
}

// checkDecoding decodes bytes as every message.
func checkDecoding(t *testing.T, s codec.Serializer, raw []byte) {
	t.Helper()
	mt, peekErr := codec.PeekType(s, raw)
	headIsSound(t, s, raw, mt, peekErr)
	whole := codec.Validate(s, raw) == nil
	if whole {
		if peekErr != nil {
			t.Errorf("Validate takes it, PeekType says %v", peekErr)
		}
		if err := wellFormed(s, raw); err != nil {
			t.Errorf("Validate takes it, the oracle says %v", err)
		}
	}
	for asType, empty := range messages {
		m := empty()
		if err := m.Decode(s, raw); err != nil {
			if !errors.As(err, new(*codec.MalformedError)) {
				t.Errorf("as %v: %T %v", asType, err, err)
			}
			continue
		}
		if asType != mt {
			t.Errorf("a %v decodes as %v", mt, asType)
		}
		decodedAgain(t, s, raw, m, whole)
	}
	for element := 1; element <= 2; element++ {
		withAnotherID(t, s, raw, element, whole)
	}
}

// decodedAgain encodes a message, and checks that nothing of it is lost.
func decodedAgain(t *testing.T, s codec.Serializer, raw []byte, m message, whole bool) {
	t.Helper()
	valid := true
	if v, ok := m.(validator); ok {
		valid = v.Validate(s) == nil
	}
	out := m.Append(nil, s)
	payloadIsGood := true
	eachPart(m, func(d *codec.Dict) {
		d.Lookup(s, "absent")
		d.Edit(s, nil, []string{"a"}, []codec.Field{{Key: "b"}})
	}, func(p *codec.Payload) {
		payloadIsGood = p.Validate(s) == nil
	})
	if valid && payloadIsGood {
		if err := codec.Validate(s, out); err != nil {
			t.Errorf("%q became %q: %v", raw, out, err)
		}
		if err := wellFormed(s, out); err != nil {
			t.Errorf("%q became %q: the oracle says %v", raw, out, err)
		}
	}
	again := reflect.New(reflect.TypeOf(m).Elem()).Interface().(message)
	if err := again.Decode(s, out); err != nil {
		t.Fatalf("%q became %q: %v", raw, out, err)
	}
	if twice := again.Append(nil, s); !bytes.Equal(out, twice) {
		t.Errorf("%q became %q, and then %q", raw, out, twice)
	}
	if whole {
		if want, err := value(s, raw); err == nil && !hasFloatHeader(want) {
			if got, err := value(s, out); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%q became %q: %v", raw, out, err)
			}
		}
	}
}

// hasFloatHeader tells whether an ID is written as a float, which becomes an
// integer.
func hasFloatHeader(msg any) bool {
	for _, element := range msg.([]any) {
		if _, ok := element.(float); ok {
			return true
		}
	}
	return false
}

// withAnotherID puts another ID into a message and the old one back.
func withAnotherID(t *testing.T, s codec.Serializer, raw []byte, element int, whole bool) {
	t.Helper()
	id, err := codec.ID(s, raw, element)
	out, appendErr := codec.AppendWithID([]byte("before"), s, raw, element, codec.MaxID)
	if (err == nil) != (appendErr == nil) {
		t.Fatalf("ID says %v, AppendWithID %v", err, appendErr)
	}
	if err != nil || !whole { // what is cut short may become too short for the length it claims
		return
	}
	out = bytes.TrimPrefix(out, []byte("before"))
	if got, err := codec.ID(s, out, element); err != nil || got != codec.MaxID {
		t.Errorf("%q became %q: ID %d, %v", raw, out, got, err)
	}
	if err := codec.Validate(s, out); err != nil {
		t.Errorf("%q became %q: %v", raw, out, err)
	}
	back, err := codec.AppendWithID(nil, s, out, element, id)
	if got, idErr := codec.ID(s, back, element); err != nil || idErr != nil || got != id {
		t.Errorf("%q became %q: ID %d, %v, %v", raw, back, got, err, idErr)
	}
}

// beyondOracle tells whether a value is transcoded that the oracle doesn't take:
// with NaN or infinities in JSON, or keys in MessagePack that are no strings.
func beyondOracle(s codec.Serializer, raw []byte) bool {
	if s == codec.JSON {
		return !bytes.Equal(withoutSpecials(raw), raw)
	}
	_, err := value(s, raw)
	return s == codec.MessagePack && errors.As(err, new(msgp.TypeError))
}

func FuzzTranscode(f *testing.F) {
	for _, sample := range samples {
		for _, s := range serializers {
			f.Add(uint8(s), encode(f, s, []any{sample}))
		}
	}
	for _, raw := range []string{"\x81\xf9\x7e\x00", "\x9f\x7f\x61a\xff\x5f\xff\xff", "\x81\xf7", "\x81\xc2\x41\x01", "\x81\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "\x81\xd8@A\x01"} {
		f.Add(uint8(codec.CBOR), []byte(raw))
	}
	for _, raw := range []string{`["\u0000AA==",1e5,-0.0,1E400]`, `[18446744073709551615,{"a":1,"a":2}]`, `["\ud83d\ude00"]`, `["\u0000A"]`, `[{"":"","":true}]`, `[NaN,-Infinity,{"a":Infinity}]`, `["\ud800"]`} {
		f.Add(uint8(codec.JSON), []byte(raw))
	}
	for _, raw := range []string{"\x91\xca\x7f\xc0\x00\x00", "\x91\xd4\x00\x00", "\x91\xa1\x00", "\x91\xd6\xff\x00\x00\x00\x00", "\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "\x91\x81\x01\xc0"} {
		f.Add(uint8(codec.MessagePack), []byte(raw))
	}
	f.Fuzz(func(t *testing.T, which uint8, raw []byte) {
		from := codec.Serializer(which%3) + codec.JSON
		p := codec.NewPayload(from, raw, nil)
		valid := p.Validate(from) == nil
		for _, to := range serializers {
			if to == from {
				continue
			}
			there, _, err := codec.TranscodePayload(nil, p, from, to)
			if err != nil {
				if !errors.As(err, new(*codec.ContentError)) {
					t.Errorf("%s %q to %s: %T %v", from, raw, to, err, err)
				}
				continue
			}
			if !valid {
				t.Fatalf("%s %q passes to %s and is not valid", from, raw, to)
			}
			list, _, err := there.Arguments(to)
			if err != nil {
				t.Fatalf("%s %q to %s: %v", from, raw, to, err)
			}
			if beyondOracle(from, raw) {
				if err := wellFormed(to, list); err != nil {
					t.Errorf("%s %q to %s: %v", from, raw, to, err)
				}
				continue
			}
			same(t, from, raw, to, list)
			back, _, err := codec.TranscodePayload(nil, there, to, from)
			if err != nil {
				t.Fatalf("%s %q to %s and back: %v", from, raw, to, err)
			}
			list, _, err = back.Arguments(from)
			if err != nil {
				t.Fatal(err)
			}
			same(t, from, raw, from, list)
		}
	})
}

// headIsSound checks what a head says against what is found without it.
func headIsSound(t *testing.T, s codec.Serializer, raw []byte, mt codec.MessageType, peekErr error) {
	t.Helper()
	h, err := codec.ReadHead(s, raw)
	if h.Type != mt || (err == nil) != (peekErr == nil) {
		t.Errorf("the head has type %v, %v; PeekType says %v, %v", h.Type, err, mt, peekErr)
	}
	element := 1
	if mt == codec.TypeError {
		element = 2
	}
	if h.Request == 0 {
		return
	}
	id, err := codec.ID(s, raw, element)
	if err != nil || id != h.Request {
		t.Errorf("the head has ID %d, ID says %d, %v", h.Request, id, err)
	}
	want, _ := codec.AppendWithID(nil, s, raw, element, 77)
	if got := h.AppendWithID(nil, 77); !bytes.Equal(got, want) {
		t.Errorf("by the head %x, else %x", got, want)
	}
	h.IsPart()
}
