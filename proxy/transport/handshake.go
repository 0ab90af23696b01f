package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// Handshake is a client that waits to be let in.
type Handshake struct {
	w        http.ResponseWriter
	r        *http.Request
	limits   Limits
	offers   []codec.Serializer
	answered bool
}

// serveHTTP answers a request that can't become a WAMP connection, and leaves
// the others to handle.
func (l *Listener) serveHTTP(w http.ResponseWriter, r *http.Request, handle func(*Handshake)) {
	h := &Handshake{w: w, r: r, limits: l.limits, offers: offeredSerializers(r)}
	if status, reason := l.refusal(h); status != 0 {
		h.Reject(status, reason)
		return
	}
	handle(h)
	h.Reject(http.StatusServiceUnavailable, "not ready; try again later")
}

// refusal returns the HTTP status and the reason for which a request is turned
// away before anybody is asked, 0 for one that is in order.
func (l *Listener) refusal(h *Handshake) (status int, reason string) {
	header := h.r.Header
	switch {
	case h.r.URL.Path != l.url.Path:
		return http.StatusNotFound, fmt.Sprintf("nothing is here; WAMP clients connect to ws://%s%s", h.r.Host, l.url.Path)
	case !hasToken(header, "Connection", "upgrade") || !hasToken(header, "Upgrade", "websocket") || !h.r.ProtoAtLeast(1, 1):
		h.w.Header().Set("Upgrade", "websocket")
		return http.StatusUpgradeRequired, fmt.Sprintf("this is wampool, a WAMP proxy; connect with a WAMP client to ws://%s%s", h.r.Host, l.url.Path)
	case h.r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, "a WebSocket begins with GET"
	case header.Get("Sec-WebSocket-Version") != "13":
		h.w.Header().Set("Sec-WebSocket-Version", "13")
		return http.StatusBadRequest, "only version 13 of WebSocket is spoken here"
	case !sameHost(h.r):
		return http.StatusForbidden, "web pages of other hosts may not connect; serve the page from this host"
	case len(h.offers) == 0:
		return http.StatusBadRequest, fmt.Sprintf("no common subprotocol; offer one of %s, %s, %s",
			codec.JSON.Subprotocol(), codec.MessagePack.Subprotocol(), codec.CBOR.Subprotocol())
	}
	return 0, ""
}

// headerTokens returns the comma-separated elements of a header.
func headerTokens(header http.Header, name string) []string {
	var tokens []string
	for _, line := range header.Values(name) {
		for token := range strings.SplitSeq(line, ",") {
			tokens = append(tokens, strings.TrimSpace(token))
		}
	}
	return tokens
}

func hasToken(header http.Header, name, token string) bool {
	return slices.ContainsFunc(headerTokens(header, name), func(t string) bool { return strings.EqualFold(t, token) })
}

func offeredSerializers(r *http.Request) []codec.Serializer {
	var offers []codec.Serializer
	for _, name := range headerTokens(r.Header, "Sec-WebSocket-Protocol") {
		if s, ok := codec.ParseSubprotocol(name); ok && !slices.Contains(offers, s) {
			offers = append(offers, s)
		}
	}
	return offers
}

// sameHost tells whether a browser's page comes from this host. What is no
// browser sends no Origin, or its own host's.
func sameHost(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// Serializers returns what the client offers, in its own order, narrowed to
// JSON, MessagePack and CBOR; batched variants are left out. It is not empty.
func (h *Handshake) Serializers() []codec.Serializer { return slices.Clone(h.offers) }

// Header returns what of the client's request matters to the router: cookies,
// credentials, the origin, the agent, and, in the X-Forwarded headers, where it
// comes from, with the client's address appended.
func (h *Handshake) Header() http.Header {
	header := http.Header{}
	for _, name := range []string{"Cookie", "Authorization", "Origin", "User-Agent"} {
		if values := h.r.Header.Values(name); len(values) > 0 {
			header[name] = slices.Clone(values)
		}
	}
	from := h.RemoteAddr()
	if host, _, err := net.SplitHostPort(from); err == nil {
		from = host
	}
	header.Set("X-Forwarded-For", strings.Join(append(slices.Clone(h.r.Header.Values("X-Forwarded-For")), from), ", "))
	header.Set("X-Forwarded-Host", firstOf(h.r.Header.Get("X-Forwarded-Host"), h.r.Host))
	header.Set("X-Forwarded-Proto", firstOf(h.r.Header.Get("X-Forwarded-Proto"), "http"))
	return header
}

func firstOf(given, otherwise string) string {
	if given != "" {
		return given
	}
	return otherwise
}

// RemoteAddr returns the client's address.
func (h *Handshake) RemoteAddr() string { return h.r.RemoteAddr }

// Context is done when the client has given up, or the listener was closed. It
// is of use only until the handshake is answered.
func (h *Handshake) Context() context.Context { return h.r.Context() }

// Accept lets the client in with one of the serializers that it offers. Of
// header, Set-Cookie goes with the answer: what the router has set.
func (h *Handshake) Accept(s codec.Serializer, header http.Header) (*Conn, error) {
	switch {
	case h.answered:
		panic("a handshake must be answered once")
	case !slices.Contains(h.offers, s):
		return nil, fmt.Errorf("accept client %s: it does not offer %s", h.RemoteAddr(), s.Subprotocol())
	}
	h.answered = true
	if cookies := header.Values("Set-Cookie"); len(cookies) > 0 {
		h.w.Header()["Set-Cookie"] = cookies
	}
	upgrade := upgradeWriter{ResponseWriter: h.w}
	socket, err := websocket.Accept(&upgrade, h.r, &websocket.AcceptOptions{
		Subprotocols:    []string{s.Subprotocol()},
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, fmt.Errorf("accept client %s: %w", h.RemoteAddr(), err)
	}
	return newConn(newWebSocket(socket, upgrade.gather, s, h.limits.MessageBytes, false), upgrade.gather, s, h.RemoteAddr(), unlimited), nil
}

// Reject answers the client with an HTTP status from 400 to 599, or else 502,
// and one line of text that says what is wrong and what to do. It does nothing
// where the client was answered already.
func (h *Handshake) Reject(status int, reason string) {
	if h.answered {
		return
	}
	h.answered = true
	if status < 400 || status > 599 {
		status = http.StatusBadGateway
	}
	h.w.Header().Set("Connection", "close")
	http.Error(h.w, reason, status)
}

// upgradeWriter takes the connection out of the HTTP server.
type upgradeWriter struct {
	http.ResponseWriter
	gather *gather
}

const (
	// frameReader is what the library's reader buffers: enough for headers and
	// small messages. The gather conn reads ahead, so more would only be copied
	// twice, and be held by each idle connection.
	frameReader = 512

	// frameWriter is what the library's writer buffers: longer payloads go to
	// the gather conn directly.
	frameWriter = 256
)

// Hijack implements [http.Hijacker] for the WebSocket library. The server's own
// buffers are left to it.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	g, ok := conn.(*gather)
	if !ok {
		return nil, nil, errors.New("the HTTP server must serve gather conns")
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	g.unread(early)
	w.gather = g
	return g, bufio.NewReadWriter(bufio.NewReaderSize(g, frameReader), bufio.NewWriterSize(g, frameWriter)), nil
}
