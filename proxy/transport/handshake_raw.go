package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/wampool/wampool/codec"
)

// rawClient is a client of a RawSocket listener.
type rawClient struct {
	gather  *gather
	stream  net.Conn // gather, or TLS above it
	hello   rawHello
	release func() bool   // from the listener, whose end is its own until then
	watched chan struct{} // closed when watch has ended
}

// errUnanswered ends a client that left, or whose listener was closed, before
// it was answered.
var errUnanswered = errors.New("the connection ended during the handshake")

// shakeHands takes a client's handshake, answers one that can't become a WAMP
// connection, and leaves the others to handle. It ends when the client is
// answered, has left, or its time is over.
func (l *Listener) shakeHands(g *gather, handle func(*Handshake)) {
	ctx, cancel := context.WithCancel(l.open)
	defer cancel()
	c := &rawClient{gather: g, stream: g, watched: make(chan struct{})}
	c.release = context.AfterFunc(l.open, func() { _ = g.shut(net.ErrClosed) })
	defer c.release()
	var refusal RawSocketError
	switch err := c.readHello(ctx, l.secure); {
	case errors.As(err, &refusal):
		close(c.watched)
		c.refuse(refusal)
		return
	case err == nil && g.crowded() != nil:
		l.report(fmt.Errorf("client %s: %w", remoteOf(g), g.crowded()))
		close(c.watched)
		c.refuse(RawSocketConnections)
		return
	case err != nil:
		_ = g.shut(err)
		if l.open.Err() == nil {
			l.report(fmt.Errorf("RawSocket handshake with %s: %w", remoteOf(g), err))
		}
		return
	}
	go c.watch(cancel)
	h := &Handshake{
		client: c, ctx: ctx, remote: remoteOf(g), limits: l.terms.Load().limits,
		offers: []codec.Serializer{c.hello.serializer}, maxSend: c.hello.maxSend(), until: g.until,
	}
	handle(h)
	h.Reject(http.StatusServiceUnavailable, "")
}

func (c *rawClient) readHello(ctx context.Context, secure *tls.Config) (err error) {
	if secure != nil {
		stream := c.gather.secured(tls.Server, secure)
		if err := stream.HandshakeContext(ctx); err != nil {
			return err
		}
		c.stream = stream
	}
	c.hello, err = readRawHello(c.stream)
	return err
}

// remoteOf names a connection's peer: by its address, where it has one.
func remoteOf(conn net.Conn) string {
	if conn.RemoteAddr().Network() == "unix" {
		return "unix"
	}
	return conn.RemoteAddr().String()
}

// watch notices a client that gives up before it is answered. It ends when the
// client sends something, which stays to be read, or leaves, or with unwatch.
func (c *rawClient) watch(left context.CancelFunc) {
	defer close(c.watched)
	if c.gather.readAhead() != nil {
		left()
	}
}

// unwatch ends the watch, and gives the client time for the answer.
func (c *rawClient) unwatch() {
	_ = c.gather.SetReadDeadline(time.Unix(1, 0))
	<-c.watched
	_ = c.gather.SetDeadline(time.Now().Add(faultLinger))
}

// header tells the router where a client comes from. RawSocket has no headers
// of its own.
func (c *rawClient) header() http.Header {
	header := http.Header{}
	if remote := remoteOf(c.gather); remote != "unix" {
		header.Set("X-Forwarded-For", hostOf(remote))
	}
	return header
}

func (c *rawClient) query() string   { return "" }
func (c *rawClient) ofOwnHost() bool { return false }

func (c *rawClient) accept(h *Handshake, s codec.Serializer, _ http.Header) (*Conn, error) {
	c.unwatch()
	answer := rawHello{rawLimit(h.limits.MessageBytes), s}
	_, err := c.stream.Write(answer.octets())
	if err == nil && !c.release() {
		err = errUnanswered
	}
	if err == nil {
		err = c.gather.SetDeadline(time.Time{})
	}
	if err != nil {
		_ = c.gather.shut(err)
		return nil, err
	}
	return newConn(newRawSocket(c.stream, c.gather, answer.limit, h.maxSend), c.gather, s, h.remote, h.maxSend, h.limits.Keepalive), nil
}

func (c *rawClient) reject(status int, _ string) {
	c.unwatch()
	if status == http.StatusBadRequest {
		c.refuse(RawSocketSerializer)
		return
	}
	c.refuse(RawSocketConnections)
}

// refuse answers with an error and ends the connection, when the client has had
// time to read the answer.
func (c *rawClient) refuse(e RawSocketError) {
	defer func() { _ = c.gather.shut(net.ErrClosed) }()
	_ = c.gather.SetDeadline(time.Now().Add(faultLinger))
	_, _ = c.stream.Write(e.octets())
	if half, ok := c.gather.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c.gather, rawRefused)
	}
}

// rawRefused is the most that is still read of a client that was refused.
const rawRefused = 64 << 10
