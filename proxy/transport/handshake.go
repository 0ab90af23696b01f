package transport

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
)

// Handshake is a client that waits to be let in.
type Handshake struct {
	client   waiting
	ctx      context.Context
	remote   string
	limits   Limits
	offers   []codec.Serializer
	maxSend  int
	until    time.Time
	answered bool
}

// waiting is a client in the terms of its transport.
type waiting interface {
	header() http.Header
	query() string
	ofOwnHost() bool
	accept(h *Handshake, s codec.Serializer, header http.Header) (*Conn, error)
	reject(status int, reason string)
}

// Serializers returns what the client offers, in its own order, narrowed to
// JSON, MessagePack and CBOR; batched variants are left out. It is not empty.
func (h *Handshake) Serializers() []codec.Serializer { return slices.Clone(h.offers) }

// Header returns what of the client's request matters to the router: cookies,
// credentials, the origin, the agent, and the X-Forwarded headers. Of these the
// client's own X-Forwarded-For alone counts, with its address appended.
func (h *Handshake) Header() http.Header { return h.client.header() }

// Query returns the query of the client's request, as it came, for
// [DialOptions]. It may hold a secret.
func (h *Handshake) Query() string { return h.client.query() }

// OfOwnHost tells whether a web page of the host that it asks makes the
// request: see [DialOptions].
func (h *Handshake) OfOwnHost() bool { return h.client.ofOwnHost() }

// RemoteAddr returns the client's address.
func (h *Handshake) RemoteAddr() string { return h.remote }

// MaxSend returns the longest message that the client takes, in bytes: see
// [Conn.MaxSend].
func (h *Handshake) MaxSend() int { return h.maxSend }

// LimitMessages lowers the limit of messages that the client may send to most
// bytes: what the router takes. It is for before Accept.
func (h *Handshake) LimitMessages(most int) {
	h.limits.MessageBytes = min(h.limits.MessageBytes, int64(most))
}

// Until returns when the client's time to join is over: the handshake timeout
// after its connection.
func (h *Handshake) Until() time.Time { return h.until }

// Context is done when the client has given up, or the listener was closed. It
// is of use only until the handshake is answered.
func (h *Handshake) Context() context.Context { return h.ctx }

// Accept lets the client in with one of the serializers that it offers. Of
// header, Set-Cookie goes with the answer where there is a place for it: what
// the router has set.
func (h *Handshake) Accept(s codec.Serializer, header http.Header) (*Conn, error) {
	switch {
	case h.answered:
		panic("a handshake must be answered once")
	case !slices.Contains(h.offers, s):
		return nil, fmt.Errorf("accept client %s: it does not offer %s", h.remote, s.Subprotocol())
	}
	h.answered = true
	conn, err := h.client.accept(h, s, header)
	if err != nil {
		return nil, fmt.Errorf("accept client %s: %w", h.remote, err)
	}
	return conn, nil
}

// Reject answers the client with an HTTP status from 400 to 599, or else 502,
// and one line of text that says what is wrong and what to do; over RawSocket
// with error 1, serializer unsupported, for 400 and error 4, no connection can
// be taken, for all others. It does nothing where the client was answered already.
func (h *Handshake) Reject(status int, reason string) {
	if h.answered {
		return
	}
	h.answered = true
	if status < 400 || status > 599 {
		status = http.StatusBadGateway
	}
	h.client.reject(status, reason)
}
