package transport

import (
	"runtime"
	"testing"
)

// On one processor, readers that are ready at the same time send together, though
// each of them sends to one connection alone. Now and then Go's scheduler takes first
// who has let the others go first.
func TestReadersOnOneProcessorSendTogether(t *testing.T) {
	client, server, writes := countedPair(t, "ws", Limits{})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	SetOnOneProcessor(true)
	defer SetOnOneProcessor(false)
	ended := make(chan struct{})
	reader := func(message string) {
		var out Outbox
		out.Send(server, []byte(message))
		out.Yield()
		out.Flush()
		ended <- struct{}{}
	}
	const rounds = 100
	for range rounds {
		go reader("a")
		go reader("b")
		<-ended
		<-ended
		if got := mustRead(t, client) + mustRead(t, client); got != "ab" && got != "ba" {
			t.Errorf("got %q", got)
		}
	}
	if n := writes.Load(); n > rounds*3/2 {
		t.Errorf("%d writes, want few more than %d", n, rounds)
	}
}

// Who flushes what others have written already leaves alone what was sent since then:
// it waits for the flush of who has sent it, and leaves with what comes until then.
func TestFlushLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	for _, over := range []string{"ws", "wss", "rs"} {
		client, server, writes := countedPair(t, over, Limits{})
		var first, second Outbox
		first.Send(server, []byte("a"))
		second.Send(server, []byte("b"))
		second.Flush()
		if got := mustRead(t, client) + mustRead(t, client); got != "ab" {
			t.Fatalf("%s: got %q", over, got)
		}
		second.Send(server, []byte("c"))
		before := writes.Load()
		if first.Flush(); writes.Load() != before || server.Buffered() == 0 {
			t.Errorf("%s: what another has sent was written", over)
		}
		first.Send(server, []byte("d"))
		if first.Flush(); writes.Load() != before+1 || server.Buffered() != 0 {
			t.Errorf("%s: %d writes, and %d bytes are left", over, writes.Load()-before, server.Buffered())
		}
		if got := mustRead(t, client) + mustRead(t, client); got != "cd" {
			t.Errorf("%s: got %q", over, got)
		}
		second.Flush()
	}
}

// What was sent twice to one connection, with somebody's flush in between, is all written.
func TestFlushBehindAnothersFlush(t *testing.T) {
	client, server, _ := countedPair(t, "ws", Limits{})
	var first, second Outbox
	first.Send(server, []byte("a"))
	second.Send(server, []byte("b"))
	second.Flush()
	first.Send(server, []byte("c"))
	first.Flush()
	if got := mustRead(t, client) + mustRead(t, client) + mustRead(t, client); got != "abc" {
		t.Errorf("got %q", got)
	}
}
