package transport

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/codec"
)

// BenchmarkSendAndFlush sends and flushes messages of 100 bytes, so many a flush,
// to a peer that reads them. It is given in messages. What a caller's lock is held
// for is the part of it that is Send: see BenchmarkSend.
func BenchmarkSendAndFlush(b *testing.B) {
	for _, over := range []string{"ws", "wss", "rss"} {
		for _, each := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d a flush", over, each), func(b *testing.B) {
				benchmarkSend(b, over, each, true)
			})
		}
	}
}

// BenchmarkSend is the part of BenchmarkSendAndFlush that is Send.
func BenchmarkSend(b *testing.B) {
	for _, over := range []string{"ws", "wss", "rss"} {
		b.Run(over, func(b *testing.B) { benchmarkSend(b, over, 64, false) })
	}
}

func benchmarkSend(b *testing.B, over string, each int, flushed bool) {
	reader, sender := pairOver(b, over, codec.CBOR, Limits{})
	go func() {
		for {
			if _, err := reader.Read(); err != nil {
				return
			}
		}
	}()
	message := make([]byte, 100)
	b.ReportAllocs()
	for n := 0; n < b.N; {
		part := min(each, b.N-n)
		if !flushed {
			b.StartTimer()
		}
		for range part {
			if err := sender.Send(message); err != nil {
				b.Fatal(err)
			}
		}
		if !flushed {
			b.StopTimer()
		}
		sender.Flush()
		if n += part; sender.Buffered() > 1<<20 {
			sender.Await(Room{of: sender})
		}
	}
}
