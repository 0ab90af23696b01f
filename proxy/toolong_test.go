package proxy

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// floats is a list of n floats in JSON. In CBOR each takes 9 bytes for 4.
func floats(n int) string { return "[" + strings.Repeat("1.5,", n-1) + "1.5]" }

// mixedPool has a callee on the link of its serializer, and one that speaks
// another. The first call goes to the first.
func mixedPool(w *world, first, other codec.Serializer) (link, a, b *peer) {
	w.t.Helper()
	link = w.welcomePool()
	a, atRouter := w.memberBy(first, "com.example.p")
	if link.conn.Serializer() != first {
		link = w.welcomeLink(first)
	}
	w.grant(link, 1, "com.example.p", 100)
	w.admitTo(a, atRouter, "com.example.p")
	b, atRouter = w.memberBy(other, "com.example.p")
	w.admitTo(b, atRouter, "com.example.p")
	return link, a, b
}

// What leaves on the pool session is no longer than router.message_bytes, in
// the bytes that leave.
func TestAnswerTooLongForTheRouter(t *testing.T) {
	const most = 4096
	w := makeWorld(t)
	w.speaks = serializers
	w.prepare = func(p *Proxy) { p.config().Router.MessageBytes = most }
	w.start(worldOptions{})
	link, a, b := mixedPool(w, codec.CBOR, codec.JSON)
	call := 100
	ask := func(callee *peer) (id int) {
		t.Helper()
		call++
		link.send(`[68,%d,100,{}]`, call)
		id = (call - 99) / 2 // they take turns
		callee.expectPrefix(`[68,%d,`, id)
		return id
	}
	refused := func(text string) {
		t.Helper()
		link.expectPrefix(`[8,68,%d,{},"wamp.error.payload_size_exceeded",["%s`, call, text)
	}
	const head = 1 + 2 + 2 + 1 + 1 + 3 // of [YIELD, ID, {}, [text]] in CBOR
	a.send(`[70,%d,{},[%q]]`, ask(a), strings.Repeat("x", most-head))
	link.expect(`[70,%d,{},[%q]]`, call, strings.Repeat("x", most-head))
	b.send(`[70,%d,{},%s]`, ask(b), floats(600)) // 2.4 KB, and 5.4 in CBOR
	refused("the answer has 54")
	a.send(`[70,%d,{},[%q]]`, ask(a), strings.Repeat("x", most-head+1))
	refused("the answer has 4097 bytes, and 4096 is the most")
	b.send(`[8,68,%d,{},"com.example.error",%s]`, ask(b), floats(600))
	refused("the answer has 54")
	a.send(`[8,68,%d,{"x":%q},"com.example.error"]`, ask(a), strings.Repeat("x", most))
	refused("the answer has 41")
	b.send(`[70,%d,{},["fine"]]`, ask(b))
	link.expect(`[70,%d,{},["fine"]]`, call)
}

// A call that has grown beyond what its callee takes fails alone.
func TestCallTooLongForTheCalleeAfterTranscoding(t *testing.T) {
	w := makeWorld(t)
	w.speaks = serializers
	w.prepare = func(p *Proxy) { p.config().Limits.MessageBytes = 4096 }
	w.start(worldOptions{})
	link, a, b := mixedPool(w, codec.JSON, codec.CBOR)
	link.send(`[68,1,100,{},%s]`, floats(600))
	a.expectPrefix(`[68,1,`)
	link.send(`[68,2,100,{},%s]`, floats(600))
	link.expectPrefix(`[8,68,2,{},"wamp.error.payload_size_exceeded",["the call has 54`)
	link.send(`[68,3,100,{},%s]`, floats(2000))
	link.expectPrefix(`[8,68,3,{},"wamp.error.payload_size_exceeded",["the call has 80`)
	a.send(`[70,1,{}]`)
	link.expect(`[70,1,{}]`)
	link.send(`[68,4,100,{},[1]]`)
	link.send(`[68,5,100,{},[2]]`)
	a.expectPrefix(`[68,`)
	b.expectPrefix(`[68,`)
}

func TestDirectAnswerTooLongForTheCaller(t *testing.T) {
	w := makeWorld(t)
	w.speaks = serializers
	w.prepare = func(p *Proxy) { p.config().Limits.MessageBytes = 4096 }
	w.start(worldOptions{realm: directly("")})
	pool := w.welcomePool()
	callee, _, _ := w.callee(pool, "{}", "")
	caller, router := w.connectBy(codec.CBOR)
	w.welcome(caller, router, "frontend", "")
	for i, answer := range []string{`[70,%d,{},%s]`, `[8,68,%d,{},"com.example.error",%s]`} {
		caller.send(`[48,%d,{},"com.example.p"]`, i+1)
		callee.expectPrefix(`[68,%d,`, i+1)
		callee.send(answer, i+1, floats(600))
		caller.expectPrefix(`[8,48,%d,{},"wamp.error.payload_size_exceeded",["the answer has 54`, i+1)
	}
	caller.send(`[48,3,{},"com.example.p"]`)
	callee.expectPrefix(`[68,3,`)
	callee.send(`[70,3,{},["fine"]]`)
	caller.expect(`[50,3,{},["fine"]]`)
}
