package codec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// Memory is free when the last of those who hold it has let go, whoever that is, and
// not before.
func TestMemory(t *testing.T) {
	var m codec.Memory
	frees := 0
	free := func() { frees++ }
	m.Lend(100, free)
	if m.Size() != 100 || !m.Reclaim() || frees != 0 {
		t.Fatalf("its owner can't have it back: %d freed", frees)
	}
	m.Lend(200, free)
	m.Hold()
	if m.Reclaim() {
		t.Fatal("its owner has it back while another one holds it")
	}
	m.Release() // the owner
	if m.Hold(); frees != 0 {
		t.Fatal("it was free while one held it")
	}
	m.Release()
	if m.Release(); frees != 1 || m.Size() != 200 {
		t.Fatalf("freed %d times", frees)
	}
	for what, wrong := range map[string]func(){"release": m.Release, "hold": m.Hold} {
		m = codec.Memory{}
		if found := panicOf(wrong); !strings.Contains(found, "must be") {
			t.Errorf("%s of what nobody holds: %s", what, found)
		}
	}
	m = codec.Memory{}
	m.Lend(1, free)
	if found := panicOf(func() { m.Lend(1, free) }); !strings.Contains(found, "must be nobody else's") {
		t.Errorf("lent twice: %s", found)
	}
}

func panicOf(f func()) (found string) {
	defer func() { found = fmt.Sprint(recover()) }()
	f()
	return ""
}

// A body is held where it lies if that can be: its details alone are copied, and it
// counts by what the memory takes.
func TestBodyIsHeldWhereItLies(t *testing.T) {
	for _, s := range serializers {
		t.Run(s.String(), func(t *testing.T) {
			raw := encode(t, s, []any{68, 1, 2, dict{"timeout": 7}, []any{"payload"}})
			m := decoded(t, s, raw).(*codec.Invocation)
			var memory codec.Memory
			memory.Lend(1000, func() {})
			body := codec.Body{Serializer: s, Details: m.Details, Payload: m.Payload, Memory: &memory}
			held := body.Hold(make([]byte, 0, 256))
			lies := held.Body()
			if !lies.Payload.Is(m.Payload) || lies.Memory != &memory || held.Memory() != &memory {
				t.Error("the payload was copied")
			}
			if held.Len() != body.Len() || body.Len() <= 1000 || body.Len() > 1100 || lies.Len() != body.Len() {
				t.Errorf("%d bytes held, and %d to hold", held.Len(), body.Len())
			}
			if memory.Reclaim() {
				t.Error("the memory is not held")
			}
			want := m.Append(nil, s)
			m.Details = lies.Details
			same(t, s, want, s, m.Append(nil, s))
			memory.Release()
			if n := testing.AllocsPerRun(10, func() { held = body.Hold(held.Release()); memory.Release() }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func TestPayloadIs(t *testing.T) {
	a := codec.NewPayload(codec.JSON, []byte(`["a"]`), nil)
	b := codec.NewPayload(codec.JSON, []byte(`["a"]`), nil)
	if !a.Is(a) || a.Is(b) || a.Is(codec.Payload{}) || !(codec.Payload{}).Is(codec.Payload{}) {
		t.Error("it is told by what it says")
	}
}
