package proxy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// speakingWorld has a router that speaks all serializers. It gives the first
// link, which the router has welcomed.
func speakingWorld(t *testing.T, realm string) (*world, *peer) {
	w := makeWorld(t)
	w.speaks = serializers
	w.start(worldOptions{realm: realm})
	return w, w.welcomePool()
}

// memberBy connects a client by a serializer that says REGISTER for a procedure.
func (w *world) memberBy(s codec.Serializer, procedure string) (client, router *peer) {
	w.t.Helper()
	client, router = w.connectBy(s)
	w.welcome(client, router, "backend", `"call_canceling":true`)
	client.send(`[64,1,%s,%q]`, shared, procedure)
	return client, router
}

// grant takes the pool's REGISTER on a link, and answers it.
func (w *world) grant(link *peer, request int, procedure string, registration int) {
	w.t.Helper()
	link.expect(`[64,%d,{},%q]`, request, procedure)
	link.send(`[65,%d,%d]`, request, registration)
}

// admitTo answers a callee's probe as a router does that knows the procedure as taken.
func (w *world) admitTo(client, router *peer, procedure string) (registration uint64) {
	w.t.Helper()
	router.expect(`[64,1,{},%q]`, procedure)
	router.send(`[8,64,1,{},"wamp.error.procedure_already_exists"]`)
	var registered []uint64
	if err := json.Unmarshal([]byte(client.expectPrefix(`[65,1,`)), &registered); err != nil {
		w.t.Fatal(err)
	}
	return registered[2]
}

// welcomeLink welcomes the next connection to the router, which is the pool
// session of this serializer.
func (w *world) welcomeLink(s codec.Serializer) *peer {
	w.t.Helper()
	link := w.welcomePool()
	if got := link.conn.Serializer(); got != s {
		w.t.Fatalf("the pool session speaks %s, want %s", got, s)
	}
	return link
}

func TestPoolSessionOffersBinarySerializersFirstAndAlone(t *testing.T) {
	for _, url := range []string{"ws://127.0.0.1:0/ws", "rs://127.0.0.1:0"} {
		for _, x := range []struct{ speaks, offers []codec.Serializer }{
			{[]codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR}, []codec.Serializer{codec.CBOR}}, // by an order of its own
			{[]codec.Serializer{codec.JSON, codec.MessagePack}, []codec.Serializer{codec.CBOR, codec.MessagePack}},
			{[]codec.Serializer{codec.JSON}, []codec.Serializer{codec.CBOR, codec.MessagePack, codec.JSON}},
		} {
			w := makeWorld(t)
			w.speaks = x.speaks
			w.start(worldOptions{router: url})
			takes := x.offers[len(x.offers)-1]
			link := w.welcomeLink(takes)
			for _, s := range x.offers {
				if got := <-w.offered; !slices.Equal(got, []codec.Serializer{s}) {
					t.Errorf("a router that speaks %v is offered %v, want %s alone", x.speaks, got, s)
				}
			}
			link.conn.Abort(errStopped) // what was taken once is offered first
			w.welcomeLink(takes)
			if got := <-w.offered; !slices.Equal(got, []codec.Serializer{takes}) {
				t.Errorf("a router that took %s is offered %v when it comes back", takes, got)
			}
		}
	}
}

// What only CBOR can say reaches a callee that speaks it as it was sent, though
// other callees speak otherwise, and so does what only MessagePack can.
func TestPoolRegistersWhereItsFirstCalleeIsUnderstood(t *testing.T) {
	w, first := speakingWorld(t, "")
	links := map[codec.Serializer]*peer{codec.CBOR: first}
	for i, s := range serializers {
		procedure := "com.example." + s.String()
		callee, router := w.memberBy(s, procedure)
		if links[s] == nil {
			links[s] = w.welcomeLink(s)
		}
		w.grant(links[s], 1, procedure, 100+i)
		registration := w.admitTo(callee, router, procedure)
		// A date, a map with an integer key, NaN as Python writes it.
		odd := verbatim{codec.CBOR: "\xc1\x1a\x51\x4b\x67\xb0", codec.MessagePack: "\x81\x01\x02", codec.JSON: `NaN`}
		links[s].sendBytes(wire(s, list{68, 11, 100 + i, dict{}, list{odd}}))
		got, want := callee.next(), fmt.Sprintf("%x", wire(s, list{odd})) // JSON can't say it
		if s == codec.JSON {
			want = fmt.Sprintf(`[68,1,%d,{},[NaN]]`, registration)
		}
		if !strings.HasSuffix(got, want) {
			t.Errorf("%s: the callee got %s, want …%s", s, got, want)
		}
		callee.send(`[70,1,{},["yes"]]`)
		links[s].expect(`[70,11,{},["yes"]]`)
	}
}

func TestMixedPoolStaysOnTheLinkOfItsFirstCallee(t *testing.T) {
	w, _ := speakingWorld(t, "")
	a, routerA := w.memberBy(codec.MessagePack, "com.example.p")
	link := w.welcomeLink(codec.MessagePack)
	w.grant(link, 1, "com.example.p", 100)
	ra := w.admitTo(a, routerA, "com.example.p")
	b, routerB := w.memberBy(codec.JSON, "com.example.p")
	rb := w.admitTo(b, routerB, "com.example.p")
	link.send(`[68,11,100,{},[1,"x"]]`)
	a.expect(`[68,1,%d,{},[1,"x"]]`, ra)
	link.send(`[68,12,100,{},[2]]`)
	b.expect(`[68,1,%d,{},[2]]`, rb)
	b.send(`[70,1,{},["b"]]`)
	link.expect(`[70,12,{},["b"]]`)
	a.send(`[70,1,{},["a"]]`)
	link.expect(`[70,11,{},["a"]]`)
	if len(w.arrived) != 0 {
		t.Error("a link joined that no pool needs")
	}
}

// The registration moves with the callees of a pool once those of before have
// all gone, however soon the others come.
func TestPoolMovesToAnotherLinkOnceItHasNoCallee(t *testing.T) {
	for _, soon := range []bool{false, true} {
		w, first := speakingWorld(t, "")
		a, routerA := w.memberBy(codec.JSON, "com.example.p")
		link := w.welcomeLink(codec.JSON)
		w.grant(link, 1, "com.example.p", 100)
		registration := w.admitTo(a, routerA, "com.example.p")
		a.send(`[6,{},"wamp.close.close_realm"]`)
		_ = registration
		link.expect(`[66,2,100]`)
		if !soon {
			link.send(`[67,2]`)
			arrivedAt(w, link)
		}
		b, routerB := w.memberBy(codec.CBOR, "com.example.p")
		if soon {
			arrivedAt(w, link)
			link.send(`[67,2]`)
		}
		w.grant(first, 1, "com.example.p", 200)
		rb := w.admitTo(b, routerB, "com.example.p")
		first.send(`[68,11,200,{}]`)
		b.expect(`[68,1,%d,{}]`, rb)
	}
}

// arrivedAt waits until what was sent on a link, or by a client before, has
// been taken: a call of an unknown registration is answered behind it.
func arrivedAt(w *world, link *peer) {
	w.t.Helper()
	link.send(`[68,99,9999,{}]`)
	link.expectPrefix(`[8,68,99,{},"wamp.error.no_available_callee"`)
}

func TestLinkWithoutAPoolLeaves(t *testing.T) {
	w := makeWorld(t)
	w.speaks = serializers
	w.prepare = func(p *Proxy) { p.linkIdle = 50 * time.Millisecond }
	w.start(worldOptions{})
	first := w.welcomePool()
	for range 2 {
		callee, router := w.memberBy(codec.JSON, "com.example.p")
		link := w.welcomeLink(codec.JSON)
		w.grant(link, 1, "com.example.p", 100)
		registration := w.admitTo(callee, router, "com.example.p")
		link.send(`[68,11,100,{}]`)
		callee.expect(`[68,1,%d,{}]`, registration)
		callee.send(`[66,2,%d]`, registration)
		link.expect(`[66,2,100]`)
		link.send(`[67,2]`)
		w.waitFor("the link is idle", func(r *realm) bool { return r.now() > r.links[1].unusedSince+2*r.proxy.linkIdle })
		callee.send(`[70,1,{},["late"]]`) // by the link that the call came by
		link.expect(`[70,11,{},["late"]]`)
		link.expectPrefix(`[6,`)
		link.send(`[6,{},"wamp.close.goodbye_and_out"]`)
		link.expectEnd()
		w.waitFor("the link is gone", func(r *realm) bool { return len(r.links) == 1 && len(r.unstarted) == 0 })
	}
	callee, router := w.memberBy(codec.CBOR, "com.example.q") // the first one stays
	w.grant(first, 1, "com.example.q", 100)
	w.admitTo(callee, router, "com.example.q")
}

// waitFor waits until something is so in the realm.
func (w *world) waitFor(what string, is func(*realm) bool) {
	w.t.Helper()
	r := w.proxy.realms["realm1"]
	late := time.After(patience)
	for tick := time.NewTicker(time.Millisecond); ; {
		r.mu.Lock()
		so := is(r)
		r.mu.Unlock()
		if so {
			tick.Stop()
			return
		}
		select {
		case <-tick.C:
		case <-late:
			w.t.Fatalf("it never is so: %s", what)
		}
	}
}

func TestOneLinkComesBackByItself(t *testing.T) {
	w := makeWorld(t)
	w.speaks = serializers
	w.start(worldOptions{more: `admin { address = "127.0.0.1:0" }`})
	first := w.welcomePool()
	a, routerA := w.memberBy(codec.CBOR, "com.example.a")
	w.grant(first, 1, "com.example.a", 100)
	ra := w.admitTo(a, routerA, "com.example.a")
	b, routerB := w.memberBy(codec.JSON, "com.example.b")
	link := w.welcomeLink(codec.JSON)
	w.grant(link, 1, "com.example.b", 100) // an ID means something else at each link
	rb := w.admitTo(b, routerB, "com.example.b")

	link.conn.Abort(errStopped)
	w.waitFor("the link is down", func(r *realm) bool { return r.links[1].conn == nil })
	if status, why := w.ready(); status != 503 || !strings.Contains(why, "realm realm1: the pool session for json is not up: ") {
		t.Errorf("readiness is %d %q", status, why)
	}
	first.send(`[68,11,100,{}]`)
	a.expect(`[68,1,%d,{}]`, ra)
	a.send(`[70,1,{}]`)
	first.expect(`[70,11,{}]`)
	link = w.welcomeLink(codec.JSON)
	w.grant(link, 1, "com.example.b", 101)
	link.send(`[68,11,101,{}]`)
	b.expect(`[68,1,%d,{}]`, rb)
	if status, why := w.ready(); status != 200 {
		t.Errorf("readiness is %d %q", status, why)
	}
	first.conn.Abort(errStopped)
	w.waitFor("the first link is down", func(r *realm) bool { return r.links[0].conn == nil })
	c, routerC := w.connectByAmong(codec.JSON)
	c.send(`[64,1,%s,"com.example.c"]`, shared) // needs it not
	w.grant(link, 2, "com.example.c", 102)
	w.admitTo(c, routerC, "com.example.c")
}

// connectByAmong is connectBy with a session, while a link may be coming back
// that stays unwelcome.
func (w *world) connectByAmong(s codec.Serializer) (client, router *peer) {
	w.t.Helper()
	w.accept().expectPrefix(`[1,"realm1",{"agent":"wampool"`)
	client, router = w.connectBy(s)
	w.welcome(client, router, "backend", "")
	return client, router
}

func TestLinkThatCannotJoinCostsItsOwnPoolsAlone(t *testing.T) {
	w := makeWorld(t)
	w.speaks = serializers
	w.prepare = func(p *Proxy) { p.patience = 200 * time.Millisecond }
	w.start(worldOptions{})
	first := w.welcomePool()
	a, routerA := w.memberBy(codec.CBOR, "com.example.a")
	w.grant(first, 1, "com.example.a", 100)
	ra := w.admitTo(a, routerA, "com.example.a")
	b, _ := w.memberBy(codec.JSON, "com.example.b")
	w.accept().expectPrefix(`[1,"realm1",{"agent":"wampool"`) // and has no answer
	b.expectPrefix(`[8,64,1,{},"wamp.error.network_failure"`)
	first.send(`[68,11,100,{}]`)
	a.expect(`[68,1,%d,{}]`, ra)
}

// A router may let a login have one session only: then all pools are on that.
func TestLinkThatIsRefusedGivesWayToTheFirst(t *testing.T) {
	w, first := speakingWorld(t, "")
	a, routerA := w.memberBy(codec.JSON, "com.example.a")
	refused := w.accept()
	refused.expectPrefix(`[1,"realm1",{"agent":"wampool"`)
	refused.send(`[3,{},"wamp.error.not_authorized"]`)
	w.grant(first, 1, "com.example.a", 100)
	ra := w.admitTo(a, routerA, "com.example.a")
	first.send(`[68,11,100,{},["é"]]`)
	a.expect(`[68,1,%d,{},["é"]]`, ra)
	a.send(`[70,1,{},[1]]`)
	first.expect(`[70,11,{},[1]]`)
}

// Nobody makes a link join who may not join a pool.
func TestCalleeThatIsNotAdmittedStartsNoLink(t *testing.T) {
	w, first := speakingWorld(t, "")
	client, router := w.connectBy(codec.JSON)
	w.welcome(client, router, "frontend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	router.expect(`[64,1,%s,"com.example.p"]`, shared) // passes
	client.send(`[64,2,{"concurrency":0},"com.example.p"]`)
	router.expect(`[64,2,{"concurrency":0},"com.example.p"]`)
	again, _ := w.connectBy(codec.MessagePack)
	again.send(`[1,"realm1",{"roles":{"callee":{}}}]`)
	arrivedAt(w, first)
	w.waitFor("no link was added", func(r *realm) bool { return len(r.links) == 1 })
	if len(w.arrived) != 0 {
		t.Error(fmt.Sprint("a link joins: ", len(w.arrived)))
	}
}
