package codec_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/tinylib/msgp/msgp"

	"github.com/wampool/wampool/codec"
)

// What ends at a number is tried at the number, and at the next one.

// argumentsIn puts Arguments into another serializer.
func argumentsIn(t *testing.T, from, to codec.Serializer, arguments string) string {
	t.Helper()
	payload, _, err := codec.TranscodePayload(nil, yieldOf(t, from, arguments).Payload, from, to)
	if err != nil {
		t.Fatal(err)
	}
	m := codec.Yield{Request: 1, Payload: payload}
	head := map[codec.Serializer]string{codec.JSON: "[70,1,{},", codec.MessagePack: "\x94\x46\x01\x80", codec.CBOR: "\x84\x18\x46\x01\xa0"}[to]
	raw := string(m.Append(nil, to))
	if !strings.HasPrefix(raw, head) {
		t.Fatalf("%q does not begin with %q", raw, head)
	}
	return strings.TrimPrefix(raw, head)
}

// integersAtBounds are those before and behind which another form begins.
func integersAtBounds() (list []any) {
	for _, n := range []uint64{0, 23, 24, 31, 32, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, math.MaxInt32, 1 << 31, math.MaxUint32, 1 << 32, math.MaxUint64} {
		list = append(list, n)
	}
	for _, n := range []int64{-1, -24, -25, -32, -33, -0x80, -0x81, -0x100, -0x101, -0x8000, -0x8001, -0x1_0000, -0x1_0001, math.MinInt32, math.MinInt32 - 1, math.MinInt64} {
		list = append(list, n)
	}
	return list
}

// TestShortestForms compares the forms of numbers and lengths with those that the
// libraries of the two binary serializers write.
func TestShortestForms(t *testing.T) {
	values := integersAtBounds()
	for _, n := range []int{0, 15, 16, 23, 24, 31, 32, 0xff, 0x100, 0xffff, 0x1_0000} {
		values = append(values, strings.Repeat("x", n), make([]byte, n), make([]any, n))
	}
	for _, v := range values {
		inCBOR, err := cbor.Marshal([]any{v})
		if err != nil {
			t.Fatal(err)
		}
		inMsgpack, err := msgp.AppendIntf(nil, []any{v})
		if err != nil {
			t.Fatal(err)
		}
		if got := argumentsIn(t, codec.CBOR, codec.MessagePack, string(inCBOR)); got != string(inMsgpack) {
			t.Errorf("%.40T %.40v in MessagePack: % .20x, want % .20x", v, v, got, inMsgpack)
		}
		if got := argumentsIn(t, codec.MessagePack, codec.CBOR, string(inMsgpack)); got != string(inCBOR) {
			t.Errorf("%.40T %.40v in CBOR: % .20x, want % .20x", v, v, got, inCBOR)
		}
	}
}

func TestFormsInJSON(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{1e-6, `0.000001`},
		{9.5e-7, `9.5e-07`},
		{1e20, `100000000000000000000.0`},
		{1e21, `1e+21`},
		{" \x1f~\x7f", `" \u001f~\u007f"`},
	} {
		inCBOR, err := cbor.Marshal([]any{test.value})
		if err != nil {
			t.Fatal(err)
		}
		if got := argumentsIn(t, codec.CBOR, codec.JSON, string(inCBOR)); got != "["+test.want+"]]" {
			t.Errorf("%q in JSON: %s, want [%s]", test.value, got, test.want)
		}
	}
}

// TestTagsAtTheirBounds is about the last that a tag of CBOR may stand before, and
// the first that it may not.
func TestTagsAtTheirBounds(t *testing.T) {
	big := func(n int) cbor.Tag { return cbor.Tag{Number: 2, Content: []byte("\x01" + strings.Repeat("x", n-1))} }
	for _, test := range []struct {
		name    string
		tag     uint64
		content any
		stands  bool
	}{
		{"the first second of the year 1", 1, int64(-62135596800), true},
		{"the second before", 1, int64(-62135596801), false},
		{"the last second of the year 9999", 1, int64(253402300799), true},
		{"the second behind", 1, int64(253402300800), false},
		{"the first day of the year 1", 100, -719162, true},
		{"the day before", 100, -719163, false},
		{"the last day of the year 9999", 100, 2932896, true},
		{"the day behind", 100, 2932897, false},
		{"a day that is a float", 100, 1.5, false},
		{"a month too many", 0, "2020-13-01T00:00:00Z", false},
		{"a month too many, without the hour", 1004, "2020-13-01", false},
		{"a comma for a point", 0, "2020-01-01T00:00:00,5Z", false},
		{"a zone of nearly a day", 0, "2020-01-01T00:00:00-23:59", true},
		{"a zone of a day", 0, "2020-01-01T00:00:00-24:00", false},
		{"a decimal with an exponent that is a float", 4, []any{1.5, 2}, false},
		{"a bigfloat of 1024 bytes", 5, []any{0, big(1024)}, true},
		{"a bigfloat of 1025 bytes", 5, []any{0, big(1025)}, false},
		{"a rational of 1024 bytes", 30, []any{big(1024), 1}, true},
		{"a rational of 1025 bytes", 30, []any{big(1025), 1}, false},
		{"a rational by 1025 bytes", 30, []any{1, big(1025)}, false},
		{"a rational by -2^64", 30, []any{1, cbor.RawMessage("\x3b\xff\xff\xff\xff\xff\xff\xff\xff")}, true},
		{"a rational of another tag's binary", 30, []any{cbor.Tag{Number: 24, Content: []byte{1}}, 1}, false},
		{"a rational of a simple value that looks like a tag", 30, []any{cbor.RawMessage("\xe2"), []byte{1}}, false},
		{"a complex number of one number and a text", 43000, []any{1, "b"}, false},
		{"a complex number of three", 43000, []any{1, 2, 3}, false},
	} {
		raw, err := cbor.Marshal([]any{cbor.Tag{Number: test.tag, Content: test.content}, 5})
		if err != nil {
			t.Fatal(err)
		}
		if err := yieldOf(t, codec.CBOR, string(raw)).Validate(codec.CBOR); (err == nil) != test.stands {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestDepthIsCountedAlike nests each container of each serializer as deeply as may be.
func TestDepthIsCountedAlike(t *testing.T) {
	for _, test := range []struct {
		s                 codec.Serializer
		open, core, close string
	}{
		{codec.JSON, `[`, `1`, `]`}, {codec.JSON, `{"a":`, `1`, `}`},
		{codec.MessagePack, "\x91", "\x01", ""}, {codec.MessagePack, "\x81\xa1a", "\x01", ""},
		{codec.CBOR, "\x81", "\x01", ""}, {codec.CBOR, "\xa1\x61a", "\x01", ""}, {codec.CBOR, "\xd9\x27\x0f", "\x01", ""},
	} {
		list := map[codec.Serializer][2]string{codec.JSON: {"[", "]"}, codec.MessagePack: {"\x91", ""}, codec.CBOR: {"\x81", ""}}[test.s]
		of := func(n int) error {
			return yieldOf(t, test.s, list[0]+strings.Repeat(test.open, n)+test.core+strings.Repeat(test.close, n)+list[1]).Validate(test.s)
		}
		most := codec.MaxDepth - 2 // beside the message and its Arguments
		if err := of(most); err != nil {
			t.Errorf("%s: %d of %q: %v", test.s, most, test.open, err)
		}
		if err := of(most + 1); err == nil {
			t.Errorf("%s: %d of %q are not too many", test.s, most+1, test.open)
		}
	}
}

// TestPathsInErrorsAreCut: one of 200 bytes is whole, and of one byte more only as
// much is shown.
func TestPathsInErrorsAreCut(t *testing.T) {
	for last, whole := range map[int]bool{28: true, 29: false} { // [0], 5 times 33 bytes, 3, and a dot before the last key
		keys := append(slices.Repeat([]string{strings.Repeat("k", 32)}, 5), "kk", strings.Repeat("l", last))
		var value any = cbor.RawMessage("\x61\x80") // no UTF-8
		path := ""
		for _, key := range slices.Backward(keys) {
			value, path = map[string]any{key: value}, "."+key+path
		}
		raw, err := cbor.Marshal([]any{value})
		if err != nil {
			t.Fatal(err)
		}
		want := "YIELD.Arguments[0]" + path
		if !whole {
			want = want[:len(want)-1] + "…"
		}
		var content *codec.ContentError
		if err := yieldOf(t, codec.CBOR, string(raw)).Validate(codec.CBOR); !errors.As(err, &content) || content.Element != want {
			t.Errorf("a path of %d bytes: %v, want %s", len("[0]"+path), err, want)
		}
	}
}

// TestAddressesOfBothKinds is about the lengths that an address may have.
func TestAddressesOfBothKinds(t *testing.T) {
	for tag, stands := range map[uint64][]int{260: {4, 6, 16}, 261: {4, 16}} {
		for n := range 18 {
			var content any = make([]byte, n)
			if tag == 261 {
				content = map[any]any{cbor.ByteString(make([]byte, n)): 24}
			}
			raw, err := cbor.Marshal([]any{cbor.Tag{Number: tag, Content: content}})
			if err != nil {
				t.Fatal(err)
			}
			if err := yieldOf(t, codec.CBOR, string(raw)).Validate(codec.CBOR); (err == nil) != slices.Contains(stands, n) {
				t.Errorf("tag %d before %d bytes: %v", tag, n, err)
			}
		}
	}
}

// TestForeign is about what a serializer has and others have not.
func TestForeign(t *testing.T) {
	for _, test := range []struct {
		s         codec.Serializer
		arguments string
		foreign   bool
	}{
		{codec.CBOR, "\x81\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", false},  // -2^63
		{codec.CBOR, "\x81\x3b\x80\x00\x00\x00\x00\x00\x00\x00", true},   // one below
		{codec.CBOR, "\x81\x1b\xff\xff\xff\xff\xff\xff\xff\xff", false},  // 2^64-1
		{codec.CBOR, "\x81\xf7", true},                                   // undefined
		{codec.CBOR, "\x81\xe0", true},                                   // a simple value
		{codec.CBOR, "\x81\xd8\x25\x50" + strings.Repeat("u", 16), true}, // a UUID
		{codec.CBOR, "\x82\xe0\x01", true},                               // and an integer behind it
		{codec.JSON, `[` + strings.Repeat("9", 18) + `]`, false},
		{codec.JSON, `[1` + strings.Repeat("0", 18) + `]`, true},
		{codec.JSON, `[1` + strings.Repeat("0", 18) + `,1]`, true},
	} {
		m := yieldOf(t, test.s, test.arguments)
		if err := m.Validate(test.s); err != nil || m.Foreign != test.foreign {
			t.Errorf("%s %q: foreign is %t (%v), want %t", test.s, test.arguments, m.Foreign, err, test.foreign)
		}
	}
}

// TestOptionsAtTheirBounds is about what an option that nobody knows may hold: what
// each serializer can express.
func TestOptionsAtTheirBounds(t *testing.T) {
	for _, test := range []struct {
		s      codec.Serializer
		value  string
		stands bool
	}{
		{codec.CBOR, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", true},  // -2^63
		{codec.CBOR, "\x3b\x80\x00\x00\x00\x00\x00\x00\x00", false}, // one below
		{codec.CBOR, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", true},  // 2^64-1
		{codec.CBOR, "\xf7", true},                                  // undefined
		{codec.CBOR, "\xe0", false},
		{codec.CBOR, "\xc1\x01", false}, // a tag
		{codec.MessagePack, "\xd4\x00\x00", true},
		{codec.MessagePack, "\xd4\x01\x00", false},
	} {
		raw := map[codec.Serializer]string{codec.CBOR: "\x83\x18\x46\x01\xa1\x61x", codec.MessagePack: "\x93\x46\x01\x81\xa1x"}[test.s] + test.value
		m := decoded(t, test.s, []byte(raw)).(validator)
		if err := m.Validate(test.s); (err == nil) != test.stands {
			t.Errorf("%s % x: %v", test.s, test.value, err)
		}
	}
}

// TestMessagesThatEndBehindHalfAPair end where the other half would begin.
func TestMessagesThatEndBehindHalfAPair(t *testing.T) {
	const whole = `[70,1,{},["\ud83d\ude00`
	for n := len(whole) - len(`\ude00`); n <= len(whole); n++ {
		if err := codec.Validate(codec.JSON, []byte(whole[:n])); err == nil {
			t.Errorf("%s is taken", whole[:n])
		}
	}
}
