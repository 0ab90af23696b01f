package transport

import (
	"fmt"
	"sync"
	"testing"

	"github.com/wampool/wampool/codec"
)

// BenchmarkRelay passes messages through two connections, as a session does:
// sender ──▶ (listening side, dialing side) ──▶ receiver. It is given in
// messages; the sender waits when inFlight are on their way.
func BenchmarkRelay(b *testing.B) {
	for _, over := range transports {
		for _, bench := range []struct{ size, inFlight int }{{100, 1}, {100, 8}, {100, 128}, {100, 1024}, {16 << 10, 32}, {1 << 20, 4}} {
			b.Run(fmt.Sprintf("%s/%dB/%d in flight", over, bench.size, bench.inFlight), func(b *testing.B) {
				benchmarkRelay(b, over, bench.size, bench.inFlight)
			})
		}
	}
}

func benchmarkRelay(b *testing.B, over string, size, inFlight int) {
	sender, in := pairOver(b, over, codec.CBOR, Limits{})
	out, receiver := pairOver(b, over, codec.CBOR, Limits{})
	var running sync.WaitGroup
	running.Go(func() { relay(in, out) })
	running.Go(func() { relay(out, in) })
	running.Go(func() { relay(receiver, receiver) }) // answers

	message := make([]byte, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for sent, answered := 0, 0; answered < b.N; answered++ {
		for ; sent < b.N && sent-answered < inFlight; sent++ {
			if err := sender.Send(message); err != nil {
				b.Fatal(err)
			}
		}
		if m, err := sender.Read(); err != nil || len(m) != size {
			b.Fatalf("answer of %d bytes, %v", len(m), err)
		}
	}
	b.StopTimer()
	for _, c := range []*Conn{sender, in, out, receiver} {
		c.Abort(errTestOver)
	}
	running.Wait()
}

// relay passes on what from brings until either connection ends.
func relay(from, to *Conn) {
	var outbox Outbox
	from.BeforeBlock(outbox.Flush)
	for {
		m, err := from.Read()
		if err != nil || to.Err() != nil {
			return
		}
		outbox.Pass(from, to, m)
	}
}

// In steady state nothing is allocated for a message, by this package or below.
func TestMessagesAreNotAllocatedFor(t *testing.T) { overEach(t, testMessagesAreNotAllocatedFor) }

func testMessagesAreNotAllocatedFor(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.CBOR, Limits{})
	message := make([]byte, 100)
	exchange := func() {
		for range 10 {
			if err := client.Send(message); err != nil {
				t.Fatal(err)
			}
		}
		client.Flush()
		for range 10 {
			m, err := server.Read()
			if err != nil {
				t.Fatal(err)
			}
			if err := server.Send(m); err != nil {
				t.Fatal(err)
			}
		}
		server.Flush()
		for range 10 {
			if _, err := client.Read(); err != nil {
				t.Fatal(err)
			}
		}
	}
	exchange()
	// The pools lose a buffer now and then: to a garbage collection, and at
	// random under the race detector.
	most := 4.0
	if over == "wss" || over == "rss" { // and TLS has pools of its own
		most = 80
	}
	if n := testing.AllocsPerRun(200, exchange); n > most {
		t.Errorf("%v allocations for 20 messages", n)
	}
}
