package codec_test

import (
	"bytes"
	"testing"

	"github.com/wampool/wampool/codec"
)

// invocation is an INVOCATION with a payload of so many bytes.
func invocation(t testing.TB, s codec.Serializer, payload int) []byte {
	return encode(t, s, []any{68, 123456, 7354623, dict{}, []any{string(bytes.Repeat([]byte("x"), payload))}})
}

// rehead decodes an INVOCATION and appends it with other IDs: what wampool does
// with each call.
func rehead(t testing.TB, dst []byte, s codec.Serializer, msg []byte) []byte {
	var m codec.Invocation
	if err := m.Decode(s, msg); err != nil {
		t.Fatal(err)
	}
	m.Request, m.Registration = 77, 4711
	return m.Append(dst[:0], s)
}

func TestReheadAllocatesNothing(t *testing.T) {
	for _, s := range serializers {
		msg := invocation(t, s, 100)
		dst := make([]byte, 0, 2*len(msg))
		if n := testing.AllocsPerRun(100, func() { dst = rehead(t, dst, s, msg) }); n != 0 {
			t.Errorf("%s: %v allocations", s, n)
		}
		same(t, s, encode(t, s, []any{68, 77, 4711, dict{}, []any{string(bytes.Repeat([]byte("x"), 100))}}), s, dst)
	}
}

func TestYieldAllocatesNothing(t *testing.T) {
	for _, s := range serializers {
		msg := encode(t, s, []any{70, 123456, dict{"progress": true}, []any{"result", 1, 2.5}})
		dst := make([]byte, 0, 2*len(msg))
		n := testing.AllocsPerRun(100, func() {
			var m codec.Yield
			if err := m.Decode(s, msg); err != nil {
				t.Fatal(err)
			}
			if err := m.Validate(s); err != nil {
				t.Fatal(err)
			}
			dst = m.Append(dst[:0], s)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", s, n)
		}
	}
}

func BenchmarkRehead100B(b *testing.B) { benchmarkRehead(b, 100) }
func BenchmarkRehead1MiB(b *testing.B) { benchmarkRehead(b, 1<<20) }

// BenchmarkCopy1MiB is what the same takes that only copies.
func BenchmarkCopy1MiB(b *testing.B) {
	msg := invocation(b, codec.CBOR, 1<<20)
	dst := make([]byte, 0, 2*len(msg))
	b.SetBytes(int64(len(msg)))
	for b.Loop() {
		dst = append(dst[:0], msg...)
	}
}

func benchmarkRehead(b *testing.B, payload int) {
	for _, s := range serializers {
		b.Run(s.String(), func(b *testing.B) {
			msg := invocation(b, s, payload)
			dst := make([]byte, 0, 2*len(msg))
			b.SetBytes(int64(len(msg)))
			b.ReportAllocs()
			for b.Loop() {
				dst = rehead(b, dst, s, msg)
			}
		})
	}
}

func BenchmarkYield100B(b *testing.B) { benchmarkYield(b, 100) }
func BenchmarkYield1MiB(b *testing.B) { benchmarkYield(b, 1<<20) }

// benchmarkYield takes a result of a callee on its way to the router, which is
// checked to its end.
func benchmarkYield(b *testing.B, payload int) {
	for _, s := range serializers {
		b.Run(s.String(), func(b *testing.B) {
			msg := encode(b, s, []any{70, 123456, dict{}, []any{string(bytes.Repeat([]byte("x"), payload))}})
			dst := make([]byte, 0, 2*len(msg))
			b.SetBytes(int64(len(msg)))
			b.ReportAllocs()
			for b.Loop() {
				var m codec.Yield
				if err := m.Decode(s, msg); err != nil {
					b.Fatal(err)
				}
				if err := m.Validate(s); err != nil {
					b.Fatal(err)
				}
				m.Request = 77
				dst = m.Append(dst[:0], s)
			}
		})
	}
}

func BenchmarkTranscode(b *testing.B) {
	content := []any{"a string", 12345, 3.25, []any{true, nil, dict{"key": "value", "list": []any{1, 2, 3}}}}
	for _, from := range serializers {
		for _, to := range serializers {
			if from == to {
				continue
			}
			b.Run(from.String()+" to "+to.String(), func(b *testing.B) {
				p := codec.NewPayload(from, encode(b, from, content), nil)
				dst := make([]byte, 0, 256)
				b.SetBytes(int64(p.Len()))
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if _, dst, err = codec.TranscodePayload(dst, p, from, to); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
