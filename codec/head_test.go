package codec_test

import (
	"testing"

	"github.com/wampool/wampool/codec"
)

func isPart(s codec.Serializer, message []byte) bool {
	h, _ := codec.ReadHead(s, message)
	return h.IsPart()
}

func TestIsPart(t *testing.T) {
	for _, test := range []struct {
		message []any
		want    bool
	}{
		{[]any{50, 1, dict{}, []any{dict{"progress": true}}}, false},
		{[]any{50, 1, dict{"progress": true}}, true},
		{[]any{50, 1, dict{"x": []any{1, dict{"progress": false}}, "progress": true, "y": nil}, []any{1}}, true},
		{[]any{50, 1, dict{"x": dict{"progress": true}}}, false},
		{[]any{50, 1, dict{"progress": false}}, false},
		{[]any{50, 1, dict{"progress": "yes"}}, false},
		{[]any{50, 1, []any{"progress", true}}, false},
		{[]any{50, 1}, false},
		{[]any{68, 1, 2, dict{"progress": true}}, true},
		{[]any{68, 1, dict{"progress": true}, dict{}}, false},
		{[]any{68, 1}, false},
		{[]any{68, 1, 2}, false},
		{[]any{}, false},
	} {
		for _, s := range serializers {
			if got := isPart(s, encode(t, s, test.message)); got != test.want {
				t.Errorf("%s %v: %t", s, test.message, got)
			}
		}
	}
	for _, raw := range []string{"", "[", "[50,1,", `[50,1,{"progress":`, `[50,1,{"progress"`, "[68,1,x,{\"progress\":true}]", "nonsense"} {
		if isPart(codec.JSON, []byte(raw)) {
			t.Errorf("%q is one", raw)
		}
	}
}

func TestOnlyAnIDCanBeReplaced(t *testing.T) {
	h, err := codec.ReadHead(codec.JSON, []byte(`[67,0,{"registration":1}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("an ID was put into a message that has none")
		}
	}()
	h.AppendWithID(nil, 1)
}

// What is behind the head is not looked at.
func BenchmarkIsPart(b *testing.B) {
	for _, s := range serializers {
		b.Run(s.String(), func(b *testing.B) {
			message := encode(b, s, []any{50, 123456, dict{}, []any{string(make([]byte, 1000))}})
			b.ReportAllocs()
			for b.Loop() {
				isPart(s, message)
			}
		})
	}
}
