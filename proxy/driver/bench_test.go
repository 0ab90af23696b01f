package driver_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
)

// BenchmarkCallAndAnswer is one call through an idle pool: its INVOCATION to a
// callee's send buffer, and the YIELD to the router's. What of it happens under the
// owner's lock is told beside.
func BenchmarkCallAndAnswer(b *testing.B) {
	for name, s := range map[string]codec.Serializer{"alike": codec.CBOR, "transcoded": codec.JSON} {
		for size, length := range map[string]int{"100B": 100, "10kB": 10_000} {
			b.Run(name+"/"+size, func(b *testing.B) { benchmark(b, s, strings.Repeat("x", length)) })
		}
	}
}

func benchmark(b *testing.B, s codec.Serializer, text string) {
	d := newDesk(b, dealer.PoolConfig{})
	d.text, d.most.Bytes, d.isQuiet = func(codec.Serializer, []byte) string { return "" }, 1<<20, true
	router, callee := d.addRouter(codec.CBOR), d.addCallee("callee", s, codec.CalleeFeatures{})
	for _, p := range d.peers {
		go func() {
			for range p.messages {
			}
		}()
	}
	in := dealer.Call{Pool: d.pool, Origin: router.origin, Body: codec.Body{
		Serializer: codec.CBOR, Payload: codec.TextPayload(codec.CBOR, nil, text, nil),
	}}
	answer := codec.Yield{Payload: codec.TextPayload(s, nil, text, nil)}
	h := driver.Hand{Serializer: s, Yield: &answer}
	var locked time.Duration
	perform := func(event func() []dealer.Action, h driver.Hand) {
		begin := time.Now()
		d.Perform(&d.out, event(), h)
		u := d.Unwritten()
		locked += time.Since(begin)
		if u != nil && u.Write(func(x any) { panic(x) }) {
			b.Fatal("it can't be written")
		}
	}
	call := func() []dealer.Action { return d.dealer.Call(0, in) }
	yield := func() []dealer.Action { return d.dealer.Answer(0, callee.callee, answer.Request, dealer.Final) }
	b.ReportAllocs()
	for b.Loop() {
		in.Request++
		answer.Request++
		perform(call, driver.Hand{})
		perform(yield, h)
		if in.Request%64 == 0 {
			d.out.Flush()
			for callee.conn.Buffered()+router.conn.Buffered() > 1<<20 {
				runtime.Gosched()
			}
		}
	}
	b.ReportMetric(float64(locked.Nanoseconds())/float64(b.N), "ns-locked/op")
}
