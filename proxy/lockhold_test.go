package proxy

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/transport"
)

// BenchmarkLockHold measures how long the realm's lock is held for a message, in
// nanoseconds: of the pool, and of calls that are answered here, where callee and
// caller speak alike, and where what they say is transcoded.
func BenchmarkLockHold(b *testing.B) {
	for _, speaks := range []codec.Serializer{codec.CBOR, codec.JSON} {
		kind := "same"
		if speaks != codec.CBOR {
			kind = "transcoded"
		}
		for _, size := range []int{100, 100_000} {
			b.Run(fmt.Sprintf("pool/%s/%dB", kind, size), func(b *testing.B) { holdByPool(b, speaks, size) })
			b.Run(fmt.Sprintf("direct/%s/%dB", kind, size), func(b *testing.B) { holdDirect(b, speaks, size) })
		}
	}
}

// stopwatch is a sidecar whose lock is measured.
type stopwatch struct {
	*arena
	nanoseconds atomic.Int64
}

// took returns how long the lock was held since it was asked before.
func (h *stopwatch) took() int64 { return h.nanoseconds.Swap(0) }

// holding starts a sidecar and its pool session, in CBOR. Its router takes what a
// client offers first.
func holding(b *testing.B, pool string) *stopwatch {
	h := &stopwatch{arena: &arena{t: b, s: codec.CBOR, arrived: make(chan *transport.Conn, 64)}}
	l, err := transport.Listen(b.Context(), rawSocket, transport.ListenOptions{})
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = l.Serve(func(shake *transport.Handshake) {
			if conn, err := shake.Accept(shake.Serializers()[0], http.Header{}); err == nil {
				h.arrived <- conn
			}
		})
	}()
	config, err := configs.Parse([]byte(fmt.Sprintf("router {\n url = %q\n }\n listen %q {}\n realm \"realm1\" {\n %s\n }",
		l.URL(), rawSocket, pool)), "test.hcl")
	if err != nil {
		b.Fatal(err)
	}
	h.proxy = New(config, zerolog.Nop())
	h.proxy.realms["realm1"].mu.held = func(held time.Duration) {
		h.nanoseconds.Add(int64(held))
	}
	ctx, stop := context.WithCancel(context.Background())
	if err := h.proxy.Listen(ctx); err != nil {
		b.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- h.proxy.Serve(ctx) }()
	b.Cleanup(func() {
		stop()
		h.proxy.Stop()
		<-stopped
		_ = l.Close()
		<-served
		l.Wait()
	})
	h.pool = h.accept(b)
	h.welcomePool()
	return h
}

// in has everybody who joins from now on speak a serializer.
func (h *stopwatch) in(s codec.Serializer) *stopwatch {
	h.s = s
	return h
}

// accept takes the next connection to the router, in its own serializer.
func (h *stopwatch) accept(b *testing.B) *speaker {
	p := h.arena.accept(b)
	p.s = p.conn.Serializer()
	return p
}

// exchange sends a message of one speaker and waits until another one has it.
func exchange(from, to *speaker, message []byte) {
	from.sendBytes(message)
	to.next()
}

func report(b *testing.B, what string, total int64) {
	b.ReportMetric(float64(total)/float64(b.N), "ns/"+what)
}

func payload(size int) list { return list{strings.Repeat("x", size)} }

// holdByPool has the pool session send INVOCATIONs to a callee that speaks so.
func holdByPool(b *testing.B, speaks codec.Serializer, size int) {
	h := holding(b, `pool "com.example.p" { policy = "last" }`)
	first, firstAtRouter := h.join(b)
	first.say(list{64, 1, dict{}, "com.example.p"})
	request := h.pool.expectType(codec.TypeRegister)[1].(float64)
	h.pool.say(list{65, int(request), 100})
	h.admitted(first, firstAtRouter, "com.example.p")
	callee := first
	if speaks != codec.CBOR {
		var atRouter *speaker
		callee, atRouter = h.in(speaks).join(b)
		callee.say(list{64, 1, dict{}, "com.example.p"})
		h.admitted(callee, atRouter, "com.example.p")
	}
	var invocations, yields int64
	h.took()
	b.ResetTimer()
	for i := 1; i <= b.N; i++ {
		exchange(h.pool, callee, wire(codec.CBOR, list{68, i, 100, dict{}, payload(size)}))
		invocations += h.took()
		exchange(callee, h.pool, wire(speaks, list{70, i, dict{}, payload(size)}))
		yields += h.took()
	}
	report(b, "INVOCATION", invocations)
	report(b, "YIELD", yields)
}

// holdDirect has a caller here call a callee that speaks so.
func holdDirect(b *testing.B, speaks codec.Serializer, size int) {
	h := holding(b, `pool "com.example.p" { direct = ["caller"] }`)
	caller, _ := h.joinAs(b, "caller")
	callee, atRouter := h.in(speaks).join(b)
	callee.say(list{64, 1, dict{}, "com.example.p"})
	pool := h.pool
	if speaks != codec.CBOR {
		pool = h.accept(b)
		pool.expectType(codec.TypeHello)
		pool.say(list{2, 1, dict{"realm", "realm1", "authrole", "backend", "roles", dict{"dealer", dict{}}}})
	}
	request := pool.expectType(codec.TypeRegister)[1].(float64)
	pool.say(list{65, int(request), 100})
	h.admitted(callee, atRouter, "com.example.p")
	var calls, yields int64
	h.took()
	b.ResetTimer()
	for i := 1; i <= b.N; i++ {
		exchange(caller, callee, wire(codec.CBOR, list{48, i, dict{}, "com.example.p", payload(size)}))
		calls += h.took()
		exchange(callee, caller, wire(speaks, list{70, i, dict{}, payload(size)}))
		yields += h.took()
	}
	report(b, "CALL", calls)
	report(b, "YIELD", yields)
}
