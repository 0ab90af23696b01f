package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// Listener takes connections of clients.
type Listener struct {
	url    url.URL
	limits Limits
	socket net.Listener
}

// Listen opens a listener at a ws URL; port 0 stands for any free one. The
// error names the URL and what to do.
func Listen(ctx context.Context, rawURL string, limits Limits) (*Listener, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "ws" || u.Host == "" {
		return nil, fmt.Errorf("listen %s: not a URL like ws://127.0.0.1:9000/ws", rawURL)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "80")
	}
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen %s: port is in use by another program; stop that one or choose another port", rawURL)
	case err != nil:
		return nil, fmt.Errorf("listen %s: %w", rawURL, err)
	}
	_, port, _ := net.SplitHostPort(socket.Addr().String())
	u.Host = net.JoinHostPort(u.Hostname(), port)
	return &Listener{url: *u, limits: limits.withDefaults(), socket: gathering{socket, limits.withDefaults()}}, nil
}

// gathering gives each accepted connection its send buffer.
type gathering struct {
	net.Listener
	limits Limits
}

func (l gathering) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newGather(conn, l.limits.SendBufferBytes), nil
}

// URL returns the listener's URL with the port that is really bound.
func (l *Listener) URL() string { return l.url.String() }

type gatherKey struct{}

// Serve calls handle for each client, on a goroutine of its own, until Close;
// then it returns nil. handle must accept or reject the client.
func (l *Listener) Serve(handle func(*Handshake)) error {
	server := http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.serveHTTP(w, r, handle) }),
		ReadHeaderTimeout: l.limits.HandshakeTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // of what peers do wrong before a handshake
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, gatherKey{}, conn)
		},
	}
	err := server.Serve(l.socket)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, server.Close())
}

// Close takes no further client; connections that are open live on.
func (l *Listener) Close() error {
	if err := l.socket.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func (l *Listener) serveHTTP(w http.ResponseWriter, r *http.Request, handle func(*Handshake)) {
	h := &Handshake{w: w, r: r, limits: l.limits, gather: r.Context().Value(gatherKey{}).(*gather)}
	switch {
	case r.URL.Path != l.url.Path:
		h.Reject(http.StatusNotFound, "nothing is here: WAMP clients connect to "+l.url.Path)
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		w.Header().Set("Upgrade", "websocket")
		h.Reject(http.StatusUpgradeRequired, "this is wampool: connect with a WAMP client over WebSocket")
	case !sameHost(r):
		h.Reject(http.StatusForbidden, "web pages of other hosts may not connect")
	case len(h.Serializers()) == 0:
		h.Reject(http.StatusBadRequest, "no common subprotocol: wamp.2.json, wamp.2.msgpack and wamp.2.cbor are spoken here")
	default:
		handle(h)
	}
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

// Handshake is a client that waits to be let in.
type Handshake struct {
	w      http.ResponseWriter
	r      *http.Request
	limits Limits
	gather *gather
}

// Serializers returns what the client offers, in its own order, narrowed to
// what is spoken here.
func (h *Handshake) Serializers() []codec.Serializer {
	var offered []codec.Serializer
	for _, line := range h.r.Header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			if s, ok := codec.ParseSubprotocol(strings.TrimSpace(name)); ok {
				offered = append(offered, s)
			}
		}
	}
	return offered
}

// Header returns what of the client's request matters to the router: cookies,
// credentials, the origin, the agent, and where it comes from.
func (h *Handshake) Header() http.Header {
	header := http.Header{}
	for _, name := range []string{"Cookie", "Authorization", "Origin", "User-Agent", "X-Forwarded-Proto", "X-Forwarded-Host"} {
		if values := h.r.Header.Values(name); len(values) > 0 {
			header[name] = values
		}
	}
	from := h.RemoteAddr()
	if host, _, err := net.SplitHostPort(from); err == nil {
		from = host
	}
	path := append(h.r.Header.Values("X-Forwarded-For"), from)
	header.Set("X-Forwarded-For", strings.Join(path, ", "))
	return header
}

// RemoteAddr returns the client's address.
func (h *Handshake) RemoteAddr() string { return h.r.RemoteAddr }

// Accept lets the client in with one of the serializers that it offers. header
// goes with the answer: the router's cookies.
func (h *Handshake) Accept(s codec.Serializer, header http.Header) (*Conn, error) {
	for name, values := range header {
		h.w.Header()[name] = values
	}
	socket, err := websocket.Accept(h.w, h.r, &websocket.AcceptOptions{
		Subprotocols:       []string{s.Subprotocol()},
		InsecureSkipVerify: true, // the origin was checked
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	return newConn(socket, h.gather, s, h.RemoteAddr(), h.limits), nil
}

// Reject answers the client with an HTTP status and one line of text.
func (h *Handshake) Reject(status int, reason string) {
	h.w.Header().Set("Connection", "close")
	http.Error(h.w, reason, status)
}
