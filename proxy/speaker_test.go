package proxy

import (
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// speaker is a peer that speaks any serializer.
type speaker struct {
	*peer
	s codec.Serializer
}

// say sends a message.
func (p *speaker) say(message list) {
	p.t.Helper()
	p.shout(wire(p.s, message))
}

// shout sends bytes that need not be a message.
func (p *speaker) shout(raw []byte) {
	p.t.Helper()
	if err := p.conn.Send(raw); err != nil {
		p.t.Fatalf("send: %v", err)
	}
	p.conn.Flush()
}

// expect takes the next message, which must be this one in JSON.
func (p *speaker) expect(format string, args ...any) {
	p.t.Helper()
	if got, want := inJSON(p.t, p.s, p.next()), fmt.Sprintf(format, args...); got != want {
		p.t.Fatalf("got  %.500s\nwant %.500s", got, want)
	}
}

// expectBytes takes the next message, which must be this one byte for byte.
func (p *speaker) expectBytes(want []byte) {
	p.t.Helper()
	if got := p.next(); got != string(want) {
		p.t.Fatalf("got  %.500q\nwant %.500q", got, want)
	}
}

// expectType takes the next message, which must be of this type, and returns
// its elements.
func (p *speaker) expectType(t codec.MessageType) []any {
	p.t.Helper()
	message := p.next()
	all := elements(p.t, p.s, message)
	if all[0] != float64(t) {
		p.t.Fatalf("got %.500s\nwant %s", inJSON(p.t, p.s, message), t)
	}
	return all
}

// expectError takes the next message, which must be the ERROR for a request.
func (p *speaker) expectError(request codec.MessageType, id int, uri string) {
	p.t.Helper()
	got := p.expectType(codec.TypeError)
	if got[1] != float64(request) || got[2] != float64(id) || got[4] != uri {
		p.t.Fatalf("got %v, want ERROR %s for %s %d", got, uri, request, id)
	}
}

// expectAbort takes an ABORT for what the peer has done wrong, and the end of
// the connection.
func (p *speaker) expectAbort() {
	p.t.Helper()
	if got := p.expectType(codec.TypeAbort); got[2] != uriProtocolViolation {
		p.t.Fatalf("got %v, want %s", got, uriProtocolViolation)
	}
	p.expectClose(1002)
}

// expectClose waits for the end of the connection: over WebSocket with this
// code, over RawSocket, which has none, in any way.
func (p *speaker) expectClose(code int) {
	p.t.Helper()
	p.expectEnd()
	closed := (*transport.CloseError)(nil)
	if errors.As(p.conn.Err(), &closed) && closed.Code != code {
		p.t.Fatalf("connection ended with code %d, want %d", closed.Code, code)
	}
}
