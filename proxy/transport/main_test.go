package transport

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/codec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var allSerializers = []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR}

// listen starts a listener whose accepted connections go through wrap, if it
// is there. It stops with the test.
func listen(t testing.TB, limits Limits, wrap func(net.Conn) net.Conn, handle func(*Handshake)) *Listener {
	t.Helper()
	return listenAt(t, "ws://127.0.0.1:0/ws", ListenOptions{Limits: limits}, wrap, handle)
}

// transports are what connections are tested over.
var transports = []string{"ws", "rs", "unix", "wss", "rss"}

// overEach runs a test over each transport.
func overEach(t *testing.T, test func(t *testing.T, over string)) {
	for _, over := range transports {
		t.Run(over, func(t *testing.T) { test(t, over) })
	}
}

// addressOver returns where to listen.
func addressOver(t testing.TB, over string) string {
	switch over {
	case "ws", "wss":
		return over + "://127.0.0.1:0/ws"
	case "unix":
		return "unix://" + socketPath(t)
	}
	return over + "://127.0.0.1:0"
}

// socketPath returns where a Unix socket may be. The folder is not named for the
// test: a path of more than a hundred bytes is none of a socket.
func socketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wampool-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "socket")
}

func listenAt(t testing.TB, url string, o ListenOptions, wrap func(net.Conn) net.Conn, handle func(*Handshake)) *Listener {
	t.Helper()
	l, err := Listen(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	if wrap != nil {
		l.socket = gatheringListener{wrappingListener{l.socket.(gatheringListener).Listener, wrap}, l, o.Quota}
	}
	served := make(chan error, 1)
	go func() { served <- l.Serve(handle) }()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close listener: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		l.Wait()
	})
	return l
}

type wrappingListener struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrappingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(conn), nil
}

// pair returns both ends of a connection. They are dropped with the test.
func pair(t testing.TB, s codec.Serializer, limits Limits) (client, server *Conn) {
	t.Helper()
	return wrappedPair(t, "ws", s, limits, nil)
}

func pairOver(t testing.TB, over string, s codec.Serializer, limits Limits) (client, server *Conn) {
	t.Helper()
	return wrappedPair(t, over, s, limits, nil)
}

// wrappedPair is pair with the server's net.Conn gone through wrap.
func wrappedPair(t testing.TB, over string, s codec.Serializer, limits Limits, wrap func(net.Conn) net.Conn) (client, server *Conn) {
	t.Helper()
	accepted := make(chan *Conn, 1)
	secure, trusting := secured(t, over)
	l := listenAt(t, addressOver(t, over), ListenOptions{Limits: limits, TLS: secure}, wrap, func(h *Handshake) {
		conn, err := h.Accept(s, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
		}
		accepted <- conn
	})
	dialed, err := Dial(context.Background(), l.URL(), DialOptions{Serializers: []codec.Serializer{s}, Limits: limits, TLS: trusting})
	if err != nil {
		t.Fatal(err)
	}
	client, server = dialed.Conn, <-accepted
	dropAfter(t, client)
	dropAfter(t, server)
	return client, server
}

func dropAfter(t testing.TB, c *Conn) {
	t.Cleanup(func() {
		c.Abort(errTestOver)
		c.Wait()
	})
}

// mustRead returns a copy of the next message.
func mustRead(t testing.TB, c *Conn) string {
	t.Helper()
	message, err := c.Read()
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return string(message)
}

func mustSend(t testing.TB, c *Conn, message string) {
	t.Helper()
	if err := c.Send([]byte(message)); err != nil {
		t.Fatalf("send: %v", err)
	}
}
