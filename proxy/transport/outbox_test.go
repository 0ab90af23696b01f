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
		out.FlushShared()
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
