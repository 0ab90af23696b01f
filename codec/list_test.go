package codec

import (
	"strings"
	"testing"
)

// What ListPayload writes, List reads.
func TestListPayload(t *testing.T) {
	for _, s := range []Serializer{JSON, MessagePack, CBOR} {
		p := ListPayload(s, []byte("of before"), []FieldValue{FieldString("exact"), FieldUint(7), FieldString(""), FieldUint(MaxID)})
		values, ok := p.List(s, 4)
		if !ok || len(values) != 4 {
			t.Fatalf("%s: %d values, %t", s, len(values), ok)
		}
		text, isText := values[0].Str()
		empty, isEmpty := values[2].Str()
		if n, isNumber := values[1].Uint(); string(text) != "exact" || !isText || n != 7 || !isNumber || len(empty) != 0 || !isEmpty {
			t.Errorf("%s: %q, %d, %q", s, text, n, empty)
		}
		if n, isNumber := values[3].Uint(); n != MaxID || !isNumber {
			t.Errorf("%s: %d", s, n)
		}
		if _, ok := p.List(s, 3); ok {
			t.Errorf("%s: more values than there may be", s)
		}
		none, ok := ListPayload(s, nil, nil).List(s, 0)
		if !ok || len(none) != 0 {
			t.Errorf("%s: %d values of none, %t", s, len(none), ok)
		}
		if _, ok := (Payload{}).List(s, 1); ok {
			t.Errorf("%s: no payload is no list", s)
		}
		if _, ok := TextPayload(s, nil, "a", []Field{{Key: "b"}}).List(s, 9); ok {
			t.Errorf("%s: there is more than a list", s)
		}
		if _, ok := NewPayload(s, NewDict(s, Field{Key: "a", Value: FieldUint(1)}).Raw(), nil).List(s, 9); ok {
			t.Errorf("%s: a dictionary is no list", s)
		}
		raw := ListPayload(s, nil, []FieldValue{FieldString(strings.Repeat("x", 300)), FieldUint(1)}).Raw()
		for i := range raw {
			if _, ok := (Payload{raw[:i], 1}).List(s, 9); ok {
				t.Errorf("%s: %d bytes of %d make a list", s, i, len(raw))
			}
		}
	}
}
