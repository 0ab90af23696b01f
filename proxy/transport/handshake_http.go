package transport

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// httpClient is a client of a WebSocket listener.
type httpClient struct {
	w      http.ResponseWriter
	r      *http.Request
	origin admission
}

// serveHTTP answers a request that can't become a WAMP connection, and leaves
// the others to handle.
func (l *Listener) serveHTTP(w http.ResponseWriter, r *http.Request, handle func(*Handshake)) {
	origin := l.terms.Load().origins.admit(r)
	h := &Handshake{
		client: httpClient{w, r, origin}, ctx: r.Context(), remote: r.RemoteAddr,
		limits: l.terms.Load().limits, offers: offeredSerializers(r), maxSend: unlimited,
	}
	if g, ok := r.Context().Value(gatherOf{}).(*gather); ok {
		g.requested = true
		h.until = g.until
		if crowded := g.crowded(); crowded != nil {
			l.report(fmt.Errorf("client %s: %w", r.RemoteAddr, crowded))
			h.Reject(http.StatusServiceUnavailable, "too many connections; try again later")
			return
		}
	}
	if status, reason := l.refusal(w, r, origin, h.offers); status != 0 {
		h.Reject(status, reason)
		return
	}
	handle(h)
	h.Reject(http.StatusServiceUnavailable, "not ready; try again later")
}

// refusal returns the HTTP status and the reason for which a request is turned
// away before anybody is asked, 0 for one that is in order.
func (l *Listener) refusal(w http.ResponseWriter, r *http.Request, origin admission, offers []codec.Serializer) (status int, reason string) {
	header := r.Header
	switch {
	case r.URL.Path != l.url.Path:
		return http.StatusNotFound, fmt.Sprintf("nothing is here; WAMP clients connect to %s://%s%s", l.url.Scheme, r.Host, l.url.Path)
	case !hasToken(header, "Connection", "upgrade") || !hasToken(header, "Upgrade", "websocket") || !r.ProtoAtLeast(1, 1):
		w.Header().Set("Upgrade", "websocket")
		return http.StatusUpgradeRequired, fmt.Sprintf("this is wampool, a WAMP proxy; connect with a WAMP client to %s://%s%s", l.url.Scheme, r.Host, l.url.Path)
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, "a WebSocket begins with GET"
	case header.Get("Sec-WebSocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		return http.StatusBadRequest, "only version 13 of WebSocket is spoken here"
	case origin == foreign:
		return http.StatusForbidden, "web pages of this origin may not connect: it is not for certain this host, and not in allowed_origins"
	case len(offers) == 0:
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

// offeredSerializers returns what a client offers of what wampool speaks, in its
// order: the protocol is negotiated by the handshake's subprotocols ("WebSocket
// Transport", #name-websocket-transport).
func offeredSerializers(r *http.Request) []codec.Serializer {
	var offers []codec.Serializer
	for _, name := range headerTokens(r.Header, "Sec-WebSocket-Protocol") {
		if s, ok := codec.ParseSubprotocol(name); ok && !slices.Contains(offers, s) {
			offers = append(offers, s)
		}
	}
	return offers
}

func (c httpClient) header() http.Header {
	header := http.Header{}
	for _, name := range []string{"Cookie", "Authorization", "Origin", "User-Agent"} {
		if values := c.r.Header.Values(name); len(values) > 0 {
			header[name] = slices.Clone(values)
		}
	}
	header.Set("X-Forwarded-For", strings.Join(append(slices.Clone(c.r.Header.Values("X-Forwarded-For")), hostOf(c.r.RemoteAddr)), ", "))
	header.Set("X-Forwarded-Host", c.r.Host)
	proto := "http"
	if c.r.TLS != nil {
		proto = "https"
	}
	header.Set("X-Forwarded-Proto", proto)
	return header
}

func (c httpClient) query() string   { return c.r.URL.RawQuery }
func (c httpClient) ofOwnHost() bool { return c.origin == own }

// hostOf returns an address of TCP without its port.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

func (c httpClient) accept(h *Handshake, s codec.Serializer, header http.Header) (*Conn, error) {
	if cookies := header.Values("Set-Cookie"); len(cookies) > 0 {
		c.w.Header()["Set-Cookie"] = cookies
	}
	upgrade := upgradeWriter{ResponseWriter: c.w}
	socket, err := websocket.Accept(&upgrade, c.r, &websocket.AcceptOptions{
		Subprotocols:       []string{s.Subprotocol()},
		CompressionMode:    websocket.CompressionDisabled,
		InsecureSkipVerify: true, // the origin, which refusal has looked at
	})
	if err != nil {
		return nil, err
	}
	takeBack(socket)
	framing := newWebSocket(upgrade.stream, upgrade.gather, s, h.limits.MessageBytes, false)
	framing.in.begin(upgrade.early)
	return newConn(framing, upgrade.gather, s, h.remote, unlimited, h.limits.Keepalive), nil
}

func (c httpClient) reject(status int, reason string) {
	c.w.Header().Set("Connection", "close")
	http.Error(c.w, reason, status)
}

// upgradeWriter takes the connection out of the HTTP server.
type upgradeWriter struct {
	http.ResponseWriter
	gather *gather
	stream net.Conn // gather or TLS above it
	early  []byte   // what TLS has brought with the request
}

// Hijack implements [http.Hijacker] for the WebSocket library. The server's own
// buffers are left to it.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	switch stream := conn.(type) {
	case *gather:
		stream.unread(early)
		w.gather = stream
	case *tls.Conn:
		w.gather, _ = stream.NetConn().(*gather)
		w.early = early
	}
	if w.gather == nil {
		return nil, nil, errors.New("the HTTP server must serve gather conns")
	}
	w.stream = conn
	return lent{conn}, bufio.NewReadWriter(bufio.NewReaderSize(conn, 0), bufio.NewWriterSize(conn, 16)), nil
}
