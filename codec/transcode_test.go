package codec_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// TestTranscodeKeepsValues puts values through each pair of serializers, and
// compares them with what the libraries decode.
func TestTranscodeKeepsValues(t *testing.T) {
	many := make([]any, 1<<16)
	for i := range many {
		many[i] = int64(i - 1<<15)
	}
	wide := dict{}
	for i := range 300 {
		wide[strings.Repeat("k", i)] = strings.Repeat("\u00fc", i)
	}
	var nested any = "middle"
	for range codec.MaxDepth/2 - 1 {
		nested = []any{dict{"k": nested}}
	}
	values := []any{
		nil, true, false, "", "a", "\"\\/\b\f\n\r\t\x01\x7f", "\u00fc\u20ac\U0001F600\ufffd", strings.Repeat("x", 31),
		strings.Repeat("x", 32), strings.Repeat("x", 256), strings.Repeat("\"", 70000),
		[]byte{}, []byte{0}, []byte("\xff\xfe\xfd"), bytes.Repeat([]byte{1, 2, 3}, 100), bytes.Repeat([]byte{7}, 70000),
		[]any{}, []any{[]any{}, dict{}}, many[:15], many[:16], many[:23], many[:24], many[:256], many, nested,
		dict{}, dict{"": []any{nil, dict{"deep": []byte("\x00")}}}, wide,
		0.0, math.Copysign(0, -1), 1.0, -1.5, 0.1, 1e21, 1e-7, 123456789012345680.0, math.MaxFloat64, math.SmallestNonzeroFloat64,
		float64(float32(0.1)), math.Pi, 1e20, 5e-324, 2.2250738585072014e-308,
	}
	for _, n := range []int64{0, 1, 23, 24, 31, 32, 33, 127, 128, 129, 255, 256, 32767, 32768, 32769, 65535, 65536, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1 << 53, 1<<53 + 1, math.MaxInt64} {
		values = append(values, n, -n)
	}
	values = append(values, int64(math.MinInt64), uint64(math.MaxUint64), uint64(1<<63))
	for _, v := range values {
		for _, from := range serializers {
			raw := encode(t, from, []any{v})
			kw := encode(t, from, dict{"v": v})
			for _, to := range serializers {
				got, _, err := codec.TranscodePayload(nil, codec.NewPayload(from, raw, kw), from, to)
				if err != nil {
					t.Fatalf("%T from %s to %s: %v", v, from, to, err)
				}
				list, dictionary, err := got.Arguments(to)
				if err != nil {
					t.Fatalf("%T from %s to %s: %v", v, from, to, err)
				}
				same(t, from, raw, to, list)
				same(t, from, kw, to, dictionary)
			}
		}
	}
}

func TestTranscodeExactly(t *testing.T) {
	tests := []struct {
		from codec.Serializer
		raw  string // one value
		to   codec.Serializer
		want string
	}{
		{codec.JSON, `1.0`, codec.MessagePack, "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"},
		{codec.JSON, `1e0`, codec.CBOR, "\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"},
		{codec.JSON, `-0`, codec.CBOR, "\x00"},
		{codec.JSON, `NaN`, codec.CBOR, "\xfb\x7f\xf8\x00\x00\x00\x00\x00\x01"},
		{codec.JSON, ` Infinity `, codec.MessagePack, "\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"},
		{codec.JSON, `-Infinity`, codec.CBOR, "\xfb\xff\xf0\x00\x00\x00\x00\x00\x00"},
		{codec.JSON, `-0.0`, codec.MessagePack, "\xcb\x80\x00\x00\x00\x00\x00\x00\x00"},
		{codec.JSON, `"\u0000AQID"`, codec.MessagePack, "\xc4\x03\x01\x02\x03"},
		{codec.JSON, `"\u0000\u002b\/zZ"`, codec.CBOR, "\x43\xfb\xfc\xd9"},
		{codec.JSON, `"\ud83d\ude00\u0041\/"`, codec.CBOR, "\x66\U0001F600A/"},
		{codec.JSON, ` [ 1 , { "a" : null } ] `, codec.MessagePack, "\x92\x01\x81\xa1a\xc0"},
		{codec.JSON, `[{"\u0000":1}]`, codec.MessagePack, "\x91\x81\xa1\x00\x01"},
		{codec.JSON, `[{"a":1,"a":2}]`, codec.CBOR, "\x81\xa2\x61a\x01\x61a\x02"},
		{codec.MessagePack, "\xca\x3f\x80\x00\x00", codec.JSON, `1.0`},
		{codec.MessagePack, "\xcb\x80\x00\x00\x00\x00\x00\x00\x00", codec.JSON, `-0.0`},
		{codec.MessagePack, "\xd3\xff\xff\xff\xff\xff\xff\xff\xff", codec.JSON, `-1`},
		{codec.MessagePack, "\xd3\x80\x00\x00\x00\x00\x00\x00\x00", codec.CBOR, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{codec.MessagePack, "\xc6\x00\x00\x00\x01\xff", codec.JSON, `"\u0000/w=="`},
		{codec.MessagePack, "\xa1\x00", codec.CBOR, "\x61\x00"},
		{codec.MessagePack, "\x83\x01\x02\xc0\x03\xc4\x01k\x04", codec.CBOR, "\xa3\x01\x02\xf6\x03\x41k\x04"},
		{codec.MessagePack, "\xd4\x00\x00", codec.JSON, "null"},
		{codec.MessagePack, "\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", codec.CBOR, "\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00"},
		{codec.CBOR, "\xf9\x3c\x00", codec.JSON, "1.0"},
		{codec.CBOR, "\xf9\x00\x01", codec.JSON, "5.960464477539063e-08"},
		{codec.CBOR, "\xf9\xbc\x00", codec.JSON, "-1.0"},
		{codec.CBOR, "\xf9\x7b\xff", codec.JSON, "65504.0"},
		{codec.CBOR, "\xfa\x7f\x7f\xff\xff", codec.JSON, "3.4028234663852886e+38"},
		{codec.CBOR, "\xf7", codec.JSON, "null"},
		{codec.CBOR, "\x9f\x01\xbf\x61a\x02\xff\xff", codec.JSON, `[1,{"a":2}]`},
		{codec.CBOR, "\x7f\x61a\x62bc\xff", codec.MessagePack, "\xa3abc"},
		{codec.CBOR, "\x5f\x41\x01\x42\x02\x03\xff", codec.JSON, `"\u0000AQID"`},
		{codec.CBOR, "\x5f\xff", codec.MessagePack, "\xc4\x00"},
		{codec.CBOR, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", codec.JSON, "18446744073709551615"},
	}
	for _, test := range tests {
		list := append(map[codec.Serializer][]byte{codec.JSON: []byte("["), codec.MessagePack: {0x91}, codec.CBOR: {0x81}}[test.from], test.raw...)
		want := append(map[codec.Serializer][]byte{codec.JSON: []byte("["), codec.MessagePack: {0x91}, codec.CBOR: {0x81}}[test.to], test.want...)
		if test.from == codec.JSON {
			list = append(list, ']')
		}
		if test.to == codec.JSON {
			want = append(want, ']')
		}
		p, _, err := codec.TranscodePayload(nil, codec.NewPayload(test.from, list, nil), test.from, test.to)
		if err != nil {
			t.Errorf("%s %q: %v", test.from, test.raw, err)
			continue
		}
		if got, _, err := p.Arguments(test.to); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s %q: %q, %v, want %q", test.from, test.raw, got, err, want)
		}
	}
}

func TestTranscodeNamesWhatCannotBeExpressed(t *testing.T) {
	tests := []struct {
		from codec.Serializer
		raw  string // RESULT
		to   codec.Serializer
		want string
	}{
		{codec.CBOR, "\x84\x18\x32\x01\xa0\x81\xf9\x7e\x00", codec.JSON, "codec: Arguments[0]: NaN and infinities can't be expressed in json"},
		{codec.MessagePack, "\x95\x32\x01\x80\x90\x81\xa1x\x92\x01\xca\x7f\x80\x00\x00", codec.JSON, "codec: ArgumentsKw.x[1]: NaN and infinities can't be expressed in json"},
		{codec.MessagePack, "\x94\x32\x01\x80\x92\x01\xa2\x00a", codec.JSON, "codec: Arguments[1]: text that begins with NUL can't be told from binary data in json"},
		{codec.MessagePack, "\x94\x32\x01\x80\x91\xd4\x05\x00", codec.CBOR, "codec: Arguments[0]: extension types and tags can't be expressed in cbor"},
		{codec.CBOR, "\x84\x18\x32\x01\xa0\x81\xc2\x41\x01", codec.MessagePack, "codec: Arguments[0]: extension types and tags can't be expressed in msgpack"},
		{codec.CBOR, "\x84\x18\x32\x01\xa0\x81\xe0", codec.MessagePack, "codec: Arguments[0]: extension types and tags can't be expressed in msgpack"},
		{codec.CBOR, "\x84\x18\x32\x01\xa0\x81\x3b\xff\xff\xff\xff\xff\xff\xff\xff", codec.JSON, "codec: Arguments[0]: integer beyond 64 bit"},
		{codec.MessagePack, "\x94\x32\x01\x80\x91\x81\x01\x01", codec.JSON, "codec: Arguments[0]: dictionary key is not a string"},
		{codec.MessagePack, "\x94\x32\x01\x80\x91\x81\x01\xd4\x05\x00", codec.CBOR, "codec: Arguments[0][?]: extension types and tags can't be expressed in cbor"},
		{codec.CBOR, "\x84\x18\x32\x01\xa0\x81\xa1\x01\x01", codec.MessagePack, "codec: Arguments[0]: dictionary key is not a string"},
		{codec.JSON, `[50,1,{},["\ud800"]]`, codec.CBOR, "codec: Arguments[0]: half of a surrogate pair in a string"},
		{codec.JSON, `[50,1,{},[{"\ud800":1}]]`, codec.CBOR, "codec: Arguments[0]: half of a surrogate pair in a string"},
		{codec.JSON, `[50,1,{},[{"long":[18446744073709551616]}]]`, codec.CBOR, "codec: Arguments[0].long[0]: integer beyond 64 bit"},
		{codec.JSON, `[50,1,{},[-9223372036854775809]]`, codec.CBOR, "codec: Arguments[0]: integer beyond 64 bit"},
		{codec.JSON, `[50,1,{},[1e400]]`, codec.CBOR, "codec: Arguments[0]: number out of range"},
		{codec.JSON, `[50,1,{},["\u0000?"]]`, codec.CBOR, "codec: Arguments[0]: string that begins with NUL is not Base64 behind it"},
		{codec.JSON, `[50,1,{},[1],[]]`, codec.CBOR, "codec: ArgumentsKw: not a dictionary"},
		{codec.JSON, `[50,1,{},[1,]]`, codec.CBOR, "codec: Arguments[1]: not well formed"},
		{codec.JSON, `[50,1,{},[{"` + strings.Repeat("k", 40) + `":1e400}]]`, codec.CBOR, "codec: Arguments[0]." + strings.Repeat("k", 32) + ": number out of range"},
		{codec.JSON, `[50,1,{},[{"k` + strings.Repeat("\u00fc", 20) + `":1e400}]]`, codec.CBOR, "codec: Arguments[0].k" + strings.Repeat("\u00fc", 15) + ": number out of range"},
		{codec.JSON, `[50,1,{},[{"\n":1e400}]]`, codec.CBOR, `codec: Arguments[0].\n: number out of range`},
	}
	for _, test := range tests {
		var m codec.Result
		if err := m.Decode(test.from, []byte(test.raw)); err != nil {
			t.Errorf("%s %q: %v", test.from, test.raw, err)
			continue
		}
		_, _, err := codec.TranscodePayload(nil, m.Payload, test.from, test.to)
		if err == nil || err.Error() != test.want || !errors.As(err, new(*codec.ContentError)) {
			t.Errorf("%s %q: %v\nwant %s", test.from, test.raw, err, test.want)
		}
	}
}

func TestTranscodeDict(t *testing.T) {
	fields := dict{"timeout": 500, "procedure": "com.a", "caller": uint64(1 << 53), "nested": dict{"a": []any{1.5, nil}}}
	for _, from := range serializers {
		for _, to := range serializers {
			raw := encode(t, from, []any{68, 1, 2, fields})
			inOther, err := transcoded(decoded(t, from, raw), from, to)
			if err != nil {
				t.Fatal(err)
			}
			same(t, from, raw, to, inOther)
			empty, _, err := codec.TranscodeDict(nil, codec.Dict{}, from, to)
			if err != nil || !empty.Empty() || empty.Raw() != nil {
				t.Errorf("the empty dictionary from %s to %s: %q, %v", from, to, empty.Raw(), err)
			}
		}
	}
}

func TestTranscodeDictNamesWhatCannotBeExpressed(t *testing.T) {
	for _, test := range []struct {
		from codec.Serializer
		raw  string // GOODBYE
		to   codec.Serializer
		want string
	}{
		{codec.CBOR, "\x83\x06\xa1\x61a\x81\xc1\x00\x61x", codec.JSON, "codec: Options.a[0]: extension types and tags can't be expressed in json"},
		{codec.MessagePack, "\x93\x06\x81\xa1a\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00\xa1x", codec.JSON, "codec: Options.a: NaN and infinities can't be expressed in json"},
		{codec.JSON, `[6,{"a":1e400},"x"]`, codec.MessagePack, "codec: Options.a: number out of range"},
	} {
		var m codec.Goodbye
		if err := m.Decode(test.from, []byte(test.raw)); err != nil {
			t.Fatal(err)
		}
		got, _, err := codec.TranscodeDict(nil, m.Details, test.from, test.to)
		if err == nil || err.Error() != test.want || !errors.As(err, new(*codec.ContentError)) || got.Raw() != nil {
			t.Errorf("%s %q: %q, %v\nwant %s", test.from, test.raw, got.Raw(), err, test.want)
		}
	}
}

// TestTranscodeReusesItsBuffer is about results of one call being built where
// those of the last one were.
func TestTranscodeReusesItsBuffer(t *testing.T) {
	p := codec.TextPayload(codec.CBOR, nil, "text", nil)
	buffer := make([]byte, 0, 64)
	got, buffer, err := codec.TranscodePayload(buffer, p, codec.CBOR, codec.JSON)
	if err != nil || string(buffer) != `["text"]` || got.Len() != len(buffer) {
		t.Fatalf("%q, %v", buffer, err)
	}
	allocations := testing.AllocsPerRun(10, func() {
		if _, buffer, err = codec.TranscodePayload(buffer, p, codec.CBOR, codec.JSON); err != nil {
			t.Error(err)
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
	same, _, err := codec.TranscodePayload(nil, p, codec.CBOR, codec.CBOR)
	if err != nil || same.Len() != p.Len() {
		t.Errorf("%d bytes, %v", same.Len(), err)
	}
}

func TestTranscodeKeepsAnAbsentPayloadAbsent(t *testing.T) {
	for _, from := range serializers {
		for _, to := range serializers {
			if p, _, err := codec.TranscodePayload(nil, codec.Payload{}, from, to); err != nil || !p.Absent() {
				t.Errorf("from %s to %s: %v, %v", from, to, p, err)
			}
		}
	}
}

func TestTranscodeTaggedByteArray(t *testing.T) {
	var m codec.Yield
	if err := m.Decode(codec.CBOR, []byte("\x84\x18\x46\x01\xa0\x81\xd8\x40\x43\x00\x01\xff")); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[codec.Serializer]string{
		codec.JSON: `[70,1,{},["\u0000AAH/"]]`, codec.MessagePack: "\x94\x46\x01\x80\x91\xc4\x03\x00\x01\xff", codec.CBOR: "\x84\x18\x46\x01\xa0\x81\x43\x00\x01\xff",
	} {
		payload, _, err := codec.TranscodePayload(nil, m.Payload, codec.CBOR, to)
		if err != nil {
			t.Fatal(err)
		}
		got := codec.Yield{Request: 1, Payload: payload}
		if b := string(got.Append(nil, to)); b != want {
			t.Errorf("in %s: %q, want %q", to, b, want)
		}
	}
}
