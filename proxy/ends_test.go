package proxy

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/wampool/wampool/proxy/transport"
)

// How the router's connection ends is how its client's does: broken where it was
// broken, and clean where it was clean.
func TestEndsStayWhatTheyAre(t *testing.T) {
	die := func(router *peer) { router.conn.Close(1006, "", closeLinger) }
	goodbye := func(router *peer) {
		router.send(`[6,{},"wamp.close.goodbye_and_out"]`)
		router.conn.Close(1000, "", closeLinger)
	}
	const lost = 1006
	for _, c := range []struct {
		name, router string
		end          func(router *peer)
		code         int // that the client gets
	}{
		{"killed", "ws", die, lost},
		{"killed", "wss", die, lost},
		{"killed", "rs", die, lost},
		{"without a code", "ws", func(router *peer) { router.conn.Close(1005, "", closeLinger) }, 1005},
		{"going away", "ws", func(router *peer) { router.conn.Close(1001, "restart", closeLinger) }, 1001},
		{"closed", "ws", func(router *peer) { router.conn.Close(1000, "", closeLinger) }, 1000},
		{"goodbye", "ws", goodbye, 1000},
		{"goodbye", "rs", goodbye, 1000},
		{"abort", "rs", func(router *peer) {
			router.send(`[3,{},"wamp.error.close_realm"]`)
			die(router)
		}, 1000},
	} {
		t.Run(c.name+" "+c.router, func(t *testing.T) {
			address := c.router + "://127.0.0.1:0"
			if strings.HasPrefix(c.router, "ws") {
				address += "/ws"
			}
			w, pool := newWorldAt(t, address, "", "")
			client, router, _ := w.callee(pool, shared, "")
			c.end(router)
			for range client.messages {
				continue // to the end
			}
			if got := codeOf(client.conn.Err()); got != fmt.Sprint(c.code) {
				t.Errorf("the client's connection ends with %s: %v; want %d", got, client.conn.Err(), c.code)
			}
			pool.send(`[68,11,100,{}]`) // it stands
			pool.expectPrefix(`[`)
		})
	}
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
