package proxy

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/wampool/wampool/proxy/transport"
)

// A router's connection that breaks over TLS breaks its client's, as it does without
// (transcripts sessions/router-ends-* tell how each end is passed on).
func TestEndOverTLSStaysBroken(t *testing.T) {
	w, pool := newWorldAt(t, "wss://127.0.0.1:0/ws", "", "")
	client, router, _ := w.callee(pool, shared, "")
	router.conn.Close(1006, "", closeLinger)
	for range client.messages {
		continue // to the end
	}
	if got := codeOf(client.conn.Err()); got != "1006" {
		t.Errorf("the client's connection ends with %s: %v; want to be lost", got, client.conn.Err())
	}
	pool.send(`[68,11,100,{}]`) // it stands
	pool.expectPrefix(`[`)
}

// codeOf is what a WebSocket tells of how it was closed by the peer.
func codeOf(err error) string {
	var closed *transport.CloseError
	var lost *transport.LostError
	switch {
	case errors.As(err, &closed):
		return fmt.Sprint(closed.Code)
	case errors.As(err, &lost):
		return "1006"
	case errors.Is(err, io.EOF):
		return "1000"
	}
	return "no code"
}
