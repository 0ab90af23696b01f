package proxy

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport/played"
)

// The messages of hostile peers are written here and not by package codec,
// which writes none that are wrong.

// Values of a message, besides int, uint64, float64, bool, nil, string (which
// need not be UTF-8) and []byte.
type (
	list []any
	dict []any // keys and values in turn; a key may be anything
	// verbatim stands for bytes of its own in each serializer.
	verbatim map[codec.Serializer]string
)

// wire writes a value in a serializer.
func wire(s codec.Serializer, v any) []byte { return appendWire(nil, s, v) }

func appendWire(b []byte, s codec.Serializer, v any) []byte {
	switch v := v.(type) {
	case verbatim:
		return append(b, v[s]...)
	case list:
		return appendElements(appendHead(b, s, '[', len(v)), s, v, "],")
	case dict:
		return appendElements(appendHead(b, s, '{', len(v)/2), s, v, "}:,")
	}
	if s == codec.JSON {
		return appendWireJSON(b, v)
	}
	switch v := v.(type) {
	case nil:
		return append(b, pick(s, 0xc0, 0xf6))
	case bool:
		if v {
			return append(b, pick(s, 0xc3, 0xf5))
		}
		return append(b, pick(s, 0xc2, 0xf4))
	case float64:
		return binary.BigEndian.AppendUint64(append(b, pick(s, 0xcb, 0xfb)), math.Float64bits(v))
	case int:
		if v >= 0 {
			return appendInteger(b, s, uint64(v))
		}
		if s == codec.CBOR {
			return binary.BigEndian.AppendUint64(append(b, 0x3b), uint64(-1-v))
		}
		return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(v))
	case uint64:
		return appendInteger(b, s, v)
	case string:
		return append(appendHead(b, s, '"', len(v)), v...)
	case []byte:
		return append(appendHead(b, s, 'b', len(v)), v...)
	}
	panic(fmt.Sprintf("a message must not hold a %T", v))
}

func pick(s codec.Serializer, messagePack, cbor byte) byte {
	if s == codec.CBOR {
		return cbor
	}
	return messagePack
}

func appendInteger(b []byte, s codec.Serializer, n uint64) []byte {
	if n < 24 {
		return append(b, byte(n))
	}
	return binary.BigEndian.AppendUint64(append(b, pick(s, 0xcf, 0x1b)), n)
}

// appendHead begins a value that has a length.
func appendHead(b []byte, s codec.Serializer, kind byte, n int) []byte {
	if s == codec.JSON {
		return append(b, kind)
	}
	heads := map[byte][2]byte{'[': {0xdd, 0x9a}, '{': {0xdf, 0xba}, '"': {0xdb, 0x7a}, 'b': {0xc6, 0x5a}}[kind]
	return binary.BigEndian.AppendUint32(append(b, pick(s, heads[0], heads[1])), uint32(n))
}

// appendElements writes elements; in JSON with what ends them and, in turn,
// what parts them.
func appendElements(b []byte, s codec.Serializer, elements []any, marks string) []byte {
	for i, v := range elements {
		b = appendWire(b, s, v)
		if s == codec.JSON && i < len(elements)-1 {
			b = append(b, marks[1+i%(len(marks)-1)])
		}
	}
	if s == codec.JSON {
		b = append(b, marks[0])
	}
	return b
}

func appendWireJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return append(append(append(b, '"'), v...), '"')
	case []byte:
		return append(b, `"\u0000AA=="`...)
	case float64:
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if v == math.Trunc(v) {
			text += ".0"
		}
		return append(b, text...)
	}
	return fmt.Append(b, v)
}

// inJSON returns a message as JSON, which must be a message that is valid to
// its end.
func inJSON(t testing.TB, s codec.Serializer, message string) string {
	t.Helper()
	if err := codec.Validate(s, []byte(message)); err != nil {
		t.Fatalf("%s message %.200q: %v", s, message, err)
	}
	return played.AsJSON(s, []byte(message))
}

// elements returns a message's elements, numbers as float64, which is exact for
// IDs.
func elements(t testing.TB, s codec.Serializer, message string) []any {
	t.Helper()
	var all []any
	if err := json.Unmarshal([]byte(inJSON(t, s, message)), &all); err != nil {
		t.Fatal(err)
	}
	return all
}
