package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// DialOptions say how to reach a router.
type DialOptions struct {
	Serializers []codec.Serializer // offered, in this order
	Header      http.Header        // of the upgrade request
	Timeout     time.Duration      // until the router has answered it; 0: 2 s
	Limits      Limits
}

// Dialed is a connection to a router.
type Dialed struct {
	Conn   *Conn
	Header http.Header // Set-Cookie of the router's answer
}

// RefusedError is an answer of the router by HTTP other than 101.
type RefusedError struct {
	URL    string
	Status int
	Body   string // its beginning
}

func (e *RefusedError) Error() string {
	text := fmt.Sprintf("router %s answers %d %s", e.URL, e.Status, http.StatusText(e.Status))
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// DialError is any other failure to reach a router.
type DialError struct {
	URL string
	Err error
}

func (e *DialError) Error() string {
	return fmt.Sprintf("router %s can't be reached: %v", e.URL, e.Err)
}

func (e *DialError) Unwrap() error { return e.Err }

// Dial opens a connection to the router at a ws or wss URL. No proxy of the
// environment is used and no redirect is followed. The error is a
// *[RefusedError] or a *[DialError].
func Dial(ctx context.Context, rawURL string, o DialOptions) (*Dialed, error) {
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Second
	}
	o.Limits = o.Limits.withDefaults()
	timeout := fmt.Errorf("no answer within %s", o.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, timeout)
	defer cancel()
	var g *gather
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		g = newGather(conn, o.Limits.SendBufferBytes)
		return g, nil
	}
	hops := &http.Transport{DialContext: dial, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
	hops.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialTLS(ctx, network, address, dial)
	}
	subprotocols := make([]string, len(o.Serializers))
	for i, s := range o.Serializers {
		subprotocols[i] = s.Subprotocol()
	}
	socket, response, err := websocket.Dial(ctx, rawURL, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: hops, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		HTTPHeader: o.Header, Subprotocols: subprotocols, CompressionMode: websocket.CompressionDisabled,
	})
	switch {
	case err == nil:
	case response != nil && response.StatusCode != http.StatusSwitchingProtocols:
		return nil, &RefusedError{redact(rawURL), response.StatusCode, beginning(response.Body)}
	case ctx.Err() != nil:
		return nil, &DialError{redact(rawURL), context.Cause(ctx)}
	default:
		return nil, &DialError{redact(rawURL), innermost(err)}
	}
	serializer, ok := codec.ParseSubprotocol(socket.Subprotocol())
	if !ok {
		_ = g.Close()
		return nil, &DialError{redact(rawURL), errors.New("it chose none of the subprotocols " + strings.Join(subprotocols, ", "))}
	}
	header := http.Header{}
	if cookies := response.Header.Values("Set-Cookie"); len(cookies) > 0 {
		header["Set-Cookie"] = cookies
	}
	return &Dialed{newConn(socket, g, serializer, g.RemoteAddr().String(), o.Limits), header}, nil
}

// dialTLS puts TLS above the gathering connection, so that a record is written
// to memory and a flush never waits for TLS.
func dialTLS(ctx context.Context, network, address string, dial func(context.Context, string, string) (net.Conn, error)) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	secured := tls.Client(conn, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12})
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// redact leaves out a password in a URL.
func redact(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "(invalid URL)"
	}
	u.RawQuery = ""
	return u.Redacted()
}

// innermost leaves out what the layers above the network say: the whole is too
// long for a line in a log.
func innermost(err error) error {
	var network *net.OpError
	if errors.As(err, &network) {
		return network
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// beginning returns the first printable characters of a body.
func beginning(body io.Reader) string {
	if body == nil {
		return ""
	}
	b, _ := io.ReadAll(io.LimitReader(body, 200))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return ' '
		}
		return r
	}, string(b)))
}
