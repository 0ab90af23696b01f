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

// arrivedAt waits until what was sent on a link, or by a client before, has
// been taken: a call of an unknown registration is answered behind it.
func arrivedAt(w *world, link *peer) {
	w.t.Helper()
	link.send(`[68,99,9999,{}]`)
	link.expectPrefix(`[8,68,99,{},"wamp.error.no_available_callee"`)
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
