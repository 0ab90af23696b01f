package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// DialOptions say how to reach a router.
type DialOptions struct {
	Serializers []codec.Serializer // offered, in this order
	OneByOne    bool               // each alone, the next one where the router does not take it; RawSocket has no other way
	Header      http.Header        // of the upgrade request; RawSocket has none
	OwnOrigin   bool               // Origin becomes the router's own: the client's is wampool's, and means as much there
	Query       string             // of a client's request, put behind the URL's own; RawSocket has none
	Timeout     time.Duration      // until the router has answered; 0: 2 s
	Limits      Limits
	Takes       int         // longest message wanted, where the router can be told: RawSocket; 0: as the limit
	TLS         *tls.Config // for wss and rss; nil: the system's root certificates
	Connect     Connect     // nil: over the network
}

// Connect opens a connection, as [net.Dialer.DialContext] does.
type Connect func(ctx context.Context, network, address string) (net.Conn, error)

// defaultDialTimeout leaves a client's own handshake time to be answered:
// Autobahn gives up after 2.5 s.
const defaultDialTimeout = 2 * time.Second

// Dialed is a connection to a router.
type Dialed struct {
	Conn   *Conn
	Header http.Header // Set-Cookie of the router's answer, nothing else
}

// dialSchemes are the transports that a router's URL may name.
var dialSchemes = map[string]bool{"ws": true, "wss": true, "rs": true, "rss": true, "unix": true}

// Dial opens a connection to the router at a ws or wss URL, or for RawSocket at
// an rs, rss or unix one. No proxy of the environment is used and no redirect
// is followed. The error is a *[RefusedError] or a *[DialError].
func Dial(ctx context.Context, rawURL string, o DialOptions) (*Dialed, error) {
	u, err := url.Parse(rawURL)
	if err != nil || !dialSchemes[u.Scheme] || (u.Host == "") != (u.Scheme == "unix") || u.Scheme == "unix" && u.Path == "" {
		return nil, &DialError{publicURL(u), errors.New("not a URL like ws://127.0.0.1:8080/ws, rs://127.0.0.1:8081 or unix:///run/router.sock")}
	}
	u.RawQuery = joinQueries(u.RawQuery, o.Query)
	if o.Timeout == 0 {
		o.Timeout = defaultDialTimeout
	}
	o.Limits = o.Limits.withDefaults()
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("%w within %s", errNoAnswer, o.Timeout))
	defer cancel()
	dial := dialWebSocket
	if o.OneByOne {
		dial = dialOneByOne
	}
	if u.Scheme != "ws" && u.Scheme != "wss" {
		dial = dialRaw
	}
	dialed, err := dial(ctx, u, &o)
	var refused *RefusedError
	switch {
	case err == nil:
		return dialed, nil
	case errors.As(err, &refused):
		return nil, refused
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	if advice := remedy(u, err); advice != "" {
		err = fmt.Errorf("%w; %s", err, advice)
	}
	return nil, &DialError{publicURL(u), err}
}

// connect opens a connection, with TLS above it where the URL says so. It is
// closed when ctx ends, until release is called with the outcome of what was
// done with it; that returns the outcome of all.
func connect(ctx context.Context, u *url.URL, o *DialOptions) (g *gather, stream net.Conn, release func(error) error, err error) {
	open := o.Connect
	if open == nil {
		open = new(net.Dialer).DialContext
	}
	network, address := dialAddress(u)
	conn, err := open(ctx, network, address)
	if err != nil {
		return nil, nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	release = func(err error) error {
		if !stop() && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			_ = conn.Close()
		}
		return err
	}
	g = newGather(conn, o.Limits.SendBufferBytes)
	stream = g
	if u.Scheme == "wss" || u.Scheme == "rss" {
		if stream, err = secure(ctx, g, u, o.TLS); err != nil {
			return nil, nil, nil, release(err)
		}
	}
	return g, stream, release, nil
}

// dialOneByOne offers each serializer on a connection of its own: a router that
// has a choice makes it by an order of its own. The error is that of the first.
func dialOneByOne(ctx context.Context, u *url.URL, o *DialOptions) (*Dialed, error) {
	var first error
	for _, s := range o.Serializers {
		alone := *o
		alone.Serializers = []codec.Serializer{s}
		dialed, err := dialWebSocket(ctx, u, &alone)
		if err == nil {
			return dialed, nil
		}
		if first == nil {
			first = err
		}
		if !refusesSerializer(err) {
			break
		}
	}
	return nil, first
}

// refusesSerializer tells whether a handshake may have failed for the
// serializer: routers and what stands before them say so by various answers, or
// hang up.
func refusesSerializer(err error) bool {
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		switch refused.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusProxyAuthRequired,
			http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return false
		}
		return refused.Status >= 400 || errors.Is(err, ErrNoSerializer)
	}
	return errors.Is(err, ErrNoSerializer) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// dialWebSocket connects and makes the upgrade. When ctx ends before it does,
// it fails, with any error.
func dialWebSocket(ctx context.Context, u *url.URL, o *DialOptions) (*Dialed, error) {
	g, stream, release, err := connect(ctx, u, o)
	if err != nil {
		return nil, err
	}
	dialed, err := upgrade(ctx, u, o, g, &upgradeTransport{conn: stream})
	if err = release(err); err != nil {
		return nil, err
	}
	return dialed, nil
}

// dialAddress returns where a URL leads.
func dialAddress(u *url.URL) (network, address string) {
	if u.Scheme == "unix" {
		return "unix", u.Path
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "wss":
		port = "443"
	default:
		port = "80"
	}
	return "tcp", net.JoinHostPort(u.Hostname(), port)
}

// secure puts TLS above the gather conn.
func secure(ctx context.Context, g *gather, u *url.URL, config *tls.Config) (net.Conn, error) {
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" || !config.DynamicRecordSizingDisabled { // else all connections share it
		config = inLargeRecords(config)
		config.ServerName = cmp.Or(config.ServerName, u.Hostname())
	}
	conn := g.secured(tls.Client, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return conn, nil
}

// upgrade makes a WebSocket of a connection.
func upgrade(ctx context.Context, u *url.URL, o *DialOptions, g *gather, hop *upgradeTransport) (*Dialed, error) {
	subprotocols := make([]string, len(o.Serializers))
	for i, s := range o.Serializers {
		subprotocols[i] = s.Subprotocol()
	}
	socket, response, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: hop, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		HTTPHeader:      upgradeHeader(u, o),
		Subprotocols:    subprotocols,
		CompressionMode: websocket.CompressionDisabled,
	})
	switch {
	case err == nil:
	case hop.err != nil:
		return nil, hop.err // without what the layers above have to say
	case response != nil && response.StatusCode != http.StatusSwitchingProtocols:
		refused := &RefusedError{URL: publicURL(u), Status: response.StatusCode}
		if u.RawQuery == "" { // else the body may quote it
			refused.Body = beginning(response.Body)
		}
		return nil, refused
	default:
		return nil, withoutURL(err)
	}
	serializer, ok := codec.ParseSubprotocol(socket.Subprotocol())
	takeBack(socket)
	if !ok {
		return nil, fmt.Errorf("%w: it chose none of the subprotocols %s", ErrNoSerializer, strings.Join(subprotocols, ", "))
	}
	dialed := &Dialed{
		Conn: newConn(newWebSocket(hop.conn, g, serializer, o.Limits.MessageBytes, true),
			g, serializer, g.RemoteAddr().String(), unlimited, o.Limits.Keepalive),
		Header: http.Header{},
	}
	if cookies := response.Header.Values("Set-Cookie"); len(cookies) > 0 {
		dialed.Header["Set-Cookie"] = cookies
	}
	return dialed, nil
}

// upgradeHeader returns the header of the upgrade request.
func upgradeHeader(u *url.URL, o *DialOptions) http.Header {
	header := o.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("User-Agent") == "" {
		header.Set("User-Agent", "wampool")
	}
	if o.OwnOrigin {
		header.Set("Origin", originOf(u))
	}
	return header
}

func joinQueries(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}

// beginning returns the first printable characters of a body.
func beginning(body io.Reader) string {
	b, _ := io.ReadAll(io.LimitReader(body, 200))
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(string(b), " "), func(r rune) bool {
		return r <= ' ' || r >= 0x7f && r < 0xa0
	}), " ")
}
