package languages

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// Callees and callers in Java (autobahn-java) and Rust (wamp_async). Neither has
// a word for a limit, the latter none for sharing either: the block has them.
func TestOtherLanguages(t *testing.T) {
	for _, each := range []struct {
		language    string
		serializers []string
	}{
		{"java", []string{"json", "msgpack", "cbor"}},
		{"rust", []string{"json", "msgpack"}},
	} {
		t.Run(each.language, func(t *testing.T) {
			harness.Needs(t, each.language)
			p := harness.Library(t, each.language)
			for _, serializer := range each.serializers {
				t.Run(serializer, func(t *testing.T) { otherLanguage(t, p, serializer) })
			}
		})
	}
}

func otherLanguage(t *testing.T, p *harness.Program, serializer string) {
	c := harness.SharedCrossbar(t)
	procedure := "com.example.language." + p.Process.Name + "." + serializer
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, "policy = \"first\"\nconcurrency = 1\nqueue {\n}"))
	speaks := harness.Args{"serializer": serializer}
	a, b := p.Join(t, w.URL, speaks), p.Join(t, w.URL, speaks)
	for _, callee := range []*harness.Client{a, b} {
		callee.Register(procedure, "hold", nil).OK(t)
	}
	harness.EachSide(t, w, c, func(t *testing.T, callers string) {
		caller := p.Join(t, callers, speaks)
		var calls []*harness.Answer
		for i := range 6 {
			calls = append(calls, caller.Call(procedure, i))
		}
		for i := 0; i < len(calls); i += 2 {
			a.Invoked(1)
			b.Invoked(1)
			harness.Settled(t, caller)
			for _, callee := range []*harness.Client{a, b} {
				callee.Release(procedure, 1)
			}
		}
		for i, call := range calls {
			if got := string(call.OK(t)); got != fmt.Sprint(i) {
				t.Errorf("call %d returns %s", i, got)
			}
		}
		caller.Call("com.example.language.nobody").Fails(t, "wamp.error.no_such_procedure")
	})
	if a.Peak(procedure) != 1 || b.Peak(procedure) != 1 {
		t.Errorf("%d and %d calls ran at once at callees of 1", a.Peak(procedure), b.Peak(procedure))
	}
	python := harness.Library(t, "asyncio").Join(t, c.URL(), nil)
	call := python.Call(procedure, "ä")
	a.Invoked(1)
	a.Do("unregister", harness.Args{"procedure": procedure}).OK(t)
	a.Release(procedure, 1)
	if got := string(call.OK(t)); got != `"\u00e4"` {
		t.Errorf("the call returns %s", got)
	}
	last := python.Call(procedure, 1)
	b.Invoked(1)
	b.Release(procedure, 1)
	last.OK(t)
}
