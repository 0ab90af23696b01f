package integration

import (
	"fmt"
	"testing"
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
			needs(t, each.language)
			p := library(t, each.language)
			for _, serializer := range each.serializers {
				t.Run(serializer, func(t *testing.T) { otherLanguage(t, p, serializer) })
			}
		})
	}
}

func otherLanguage(t *testing.T, p *program, serializer string) {
	c := router(t)
	procedure := "com.example.language." + p.process.name + "." + serializer
	w := startWampool(t, c.url(), pooled(procedure, "policy = \"first\"\nconcurrency = 1\nqueue {\n}"))
	speaks := args{"serializer": serializer}
	a, b := p.join(t, w.url, speaks), p.join(t, w.url, speaks)
	for _, callee := range []*client{a, b} {
		callee.register(procedure, "hold", nil).ok(t)
	}
	eachSide(t, w, c, func(t *testing.T, callers string) {
		caller := p.join(t, callers, speaks)
		var calls []*answer
		for i := range 6 {
			calls = append(calls, caller.call(procedure, i))
		}
		for i := 0; i < len(calls); i += 2 {
			a.invoked(1)
			b.invoked(1)
			settled(t, caller)
			for _, callee := range []*client{a, b} {
				callee.release(procedure, 1)
			}
		}
		for i, call := range calls {
			if got := string(call.ok(t)); got != fmt.Sprint(i) {
				t.Errorf("call %d returns %s", i, got)
			}
		}
		caller.call("com.example.language.nobody").fails(t, "wamp.error.no_such_procedure")
	})
	if a.peak(procedure) != 1 || b.peak(procedure) != 1 {
		t.Errorf("%d and %d calls ran at once at callees of 1", a.peak(procedure), b.peak(procedure))
	}
	python := library(t, "asyncio").join(t, c.url(), nil)
	call := python.call(procedure, "ä")
	a.invoked(1)
	a.do("unregister", args{"procedure": procedure}).ok(t)
	a.release(procedure, 1)
	if got := string(call.ok(t)); got != `"\u00e4"` {
		t.Errorf("the call returns %s", got)
	}
	last := python.call(procedure, 1)
	b.invoked(1)
	b.release(procedure, 1)
	last.ok(t)
}
