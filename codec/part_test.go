package codec_test

import (
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestIsPart(t *testing.T) {
	for _, test := range []struct {
		message []any
		element int
		want    bool
	}{
		{[]any{50, 1, dict{}, []any{dict{"progress": true}}}, 2, false},
		{[]any{50, 1, dict{"progress": true}}, 2, true},
		{[]any{50, 1, dict{"x": []any{1, dict{"progress": false}}, "progress": true, "y": nil}, []any{1}}, 2, true},
		{[]any{50, 1, dict{"x": dict{"progress": true}}}, 2, false},
		{[]any{50, 1, dict{"progress": false}}, 2, false},
		{[]any{50, 1, dict{"progress": "yes"}}, 2, false},
		{[]any{50, 1, []any{"progress", true}}, 2, false},
		{[]any{50, 1}, 2, false},
		{[]any{68, 1, 2, dict{"progress": true}}, 3, true},
		{[]any{68, 1, dict{"progress": true}, dict{}}, 3, false},
		{[]any{}, 2, false},
	} {
		for _, s := range serializers {
			if got := codec.IsPart(s, encode(t, s, test.message), test.element); got != test.want {
				t.Errorf("%s %v: %t", s, test.message, got)
			}
		}
	}
	for _, raw := range []string{"", "[", "[50,1,", `[50,1,{"progress":`, `[50,1,{"progress"`, "nonsense"} {
		if codec.IsPart(codec.JSON, []byte(raw), 2) {
			t.Errorf("%q is one", raw)
		}
	}
}

// What is behind the head is not looked at.
func BenchmarkIsPart(b *testing.B) {
	for _, s := range serializers {
		b.Run(s.String(), func(b *testing.B) {
			message := encode(b, s, []any{50, 123456, dict{}, []any{string(make([]byte, 1000))}})
			b.ReportAllocs()
			for b.Loop() {
				codec.IsPart(s, message, 2)
			}
		})
	}
}
