//go:build !race

package transport

import (
	"runtime"
	"sync"
	"testing"

	"github.com/wampool/wampool/codec"
)

// A reader that waits within TLS would keep twice the stack of one that waits without.
func TestWaitingReadersKeepLittleStack(t *testing.T) {
	const pairs, most = 50, 5 << 10
	for _, over := range []string{"ws", "wss"} {
		clients, servers := make([]*Conn, pairs), make([]*Conn, pairs)
		for i := range pairs {
			clients[i], servers[i] = pairOver(t, over, codec.CBOR, Limits{})
		}
		before := stacksHeld()
		var waiting, ended sync.WaitGroup
		for i := range pairs {
			for _, way := range []struct{ from, to *Conn }{{clients[i], servers[i]}, {servers[i], clients[i]}} {
				mustSend(t, way.from, "hello")
				way.from.Flush()
				waiting.Add(1)
				got := false
				way.to.BeforeBlock(func() {
					if got {
						waiting.Done()
						got = false
					}
				})
				ended.Go(func() {
					_, err := way.to.Read()
					useStack()
					if got = true; err == nil {
						_, _ = way.to.Read()
					}
				})
			}
		}
		waiting.Wait()
		if each := (stacksHeld() - before) / (2 * pairs); each > most {
			t.Errorf("%s: each reader keeps %d bytes of stack", over, each)
		}
		for i := range pairs {
			clients[i].Abort(errTestOver)
			servers[i].Abort(errTestOver)
		}
		ended.Wait()
	}
}

// useStack has the stack grow, as handling a message does.
//
//go:noinline
func useStack() {
	var on [6 << 10]byte
	runtime.KeepAlive(&on)
}

// stacksHeld returns the bytes of all stacks.
func stacksHeld() int64 {
	var stats runtime.MemStats
	for range 5 { // each halves what is mostly unused
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return int64(stats.StackInuse)
}
