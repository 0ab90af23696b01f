package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

func TestCloseCodesReachThePeer(t *testing.T) {
	long := strings.Repeat("ä", 100)
	for _, c := range []struct {
		name   string
		code   int
		reason string
		want   error
	}{
		{"normal", 1000, "bye", io.EOF},
		{"no code", 1005, "ignored", &CloseError{1005, ""}},
		{"no close frame", 1006, "ignored", &LostError{io.EOF}},
		{"going away", 1001, "router stops", &CloseError{1001, "router stops"}},
		{"protocol error", 1002, "", &CloseError{1002, ""}},
		{"own code", 4321, "x", &CloseError{4321, "x"}},
		{"code that can't be sent", 1015, "", &CloseError{1011, ""}},
		{"long reason", 3000, long, &CloseError{3000, long[:122]}},
		{"reason that is no text", 3000, "a\xffb", &CloseError{3000, "a?b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, over := range []string{"ws", "wss"} {
				client, server := pairOver(t, over, codec.JSON, Limits{})
				closeAndCheck(t, server, client, c.code, c.reason, c.want)
				client, server = pairOver(t, over, codec.JSON, Limits{})
				closeAndCheck(t, client, server, c.code, c.reason, c.want)
			}
		})
	}
}

// closeAndCheck closes one end and checks what both get.
func closeAndCheck(t *testing.T, closer, peer *Conn, code int, reason string, want error) {
	t.Helper()
	mustSend(t, closer, "before the end")
	closer.Close(code, reason, 5*time.Second)
	closer.Close(1000, "too late", 0)
	if got := mustRead(t, peer); got != "before the end" {
		t.Errorf("peer's message: %q", got)
	}
	if _, err := peer.Read(); !sameClose(err, want) {
		t.Errorf("peer's read: %v, want %v", err, want)
	}
	peer.Wait()
	if err := peer.Err(); !sameClose(err, want) {
		t.Errorf("peer's reason: %v, want %v", err, want)
	}
	closer.Wait()
	if _, err := closer.Read(); err != ErrClosed {
		t.Errorf("own read: %v, want ErrClosed", err)
	}
	if err := closer.Err(); err != ErrClosed {
		t.Errorf("own reason: %v, want ErrClosed", err)
	}
	if err := closer.Send([]byte("x")); err != ErrClosed {
		t.Errorf("send: %v, want ErrClosed", err)
	}
}

func sameClose(got, want error) bool {
	g, ok := got.(*CloseError)
	w, wantClose := want.(*CloseError)
	if ok && wantClose {
		return *g == *w
	}
	if _, wantLost := want.(*LostError); wantLost {
		lost, ok := got.(*LostError)
		return ok && errors.Is(lost, io.EOF)
	}
	return got == want
}

// A reader that waits while its connection is closed sees to the close
// handshake; no message gets to it any more.
func TestCloseWhileReading(t *testing.T) {
	client, server := pair(t, codec.CBOR, Limits{})
	waiting, read := make(chan struct{}), make(chan error, 1)
	server.BeforeBlock(sync.OnceFunc(func() { close(waiting) }))
	go func() {
		_, err := server.Read()
		read <- err
	}()
	<-waiting
	server.Close(1001, "stop", 5*time.Second)
	mustSend(t, client, "crossed the close frame")
	client.Flush()
	if _, err := client.Read(); !sameClose(err, &CloseError{1001, "stop"}) {
		t.Errorf("peer's read: %v", err)
	}
	if err := <-read; err != ErrClosed {
		t.Errorf("read: %v, want ErrClosed", err)
	}
	server.Wait()
	client.Wait()
}

// What the socket does not take at once is still sent before the close frame.
func TestCloseSendsWhatIsBuffered(t *testing.T) { overEach(t, testCloseSendsWhatIsBuffered) }

func testCloseSendsWhatIsBuffered(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.CBOR, Limits{SendBufferBytes: 64 << 20})
	message := strings.Repeat("x", 64<<10)
	sent := fill(t, server, message)
	for range 10 {
		mustSend(t, server, message) // not flushed
		sent++
	}
	server.Close(1000, "", 5*time.Second)
	for range sent {
		if got := mustRead(t, client); got != message {
			t.Fatalf("message of %d bytes arrived as another of %d", len(message), len(got))
		}
	}
	if _, err := client.Read(); err != io.EOF {
		t.Errorf("peer's read: %v, want EOF", err)
	}
	server.Wait()
}

// A peer that never answers is waited for as long as linger says.
func TestCloseGivesUpAfterLinger(t *testing.T) {
	for _, linger := range []time.Duration{0, 30 * time.Millisecond} {
		client, server := pair(t, codec.CBOR, Limits{SendBufferBytes: 64 << 20})
		fill(t, server, strings.Repeat("x", 64<<10))
		server.Close(1000, "", linger)
		server.Wait()
		if err := server.Err(); err != ErrClosed {
			t.Errorf("reason: %v, want ErrClosed", err)
		}
		var err error
		for err == nil {
			_, err = client.Read()
		}
		if lost := (*LostError)(nil); !errors.As(err, &lost) {
			t.Errorf("peer's read: %v, want *LostError", err)
		}
	}
}

func TestAbort(t *testing.T) { overEach(t, testAbort) }

func testAbort(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.JSON, Limits{})
	waiting, read := make(chan struct{}), make(chan error, 1)
	server.BeforeBlock(sync.OnceFunc(func() { close(waiting) }))
	go func() {
		_, err := server.Read()
		read <- err
	}()
	<-waiting
	reason := errors.New("no longer wanted")
	server.Abort(reason)
	server.Abort(errTestOver)
	if err := <-read; err != reason {
		t.Errorf("read: %v, want %v", err, reason)
	}
	if err := server.Err(); err != reason {
		t.Errorf("reason: %v, want %v", err, reason)
	}
	_, err := client.Read()
	if lost := (*LostError)(nil); !strings.HasPrefix(over, "ws") { // there is no goodbye to be missed
		if err != io.EOF {
			t.Errorf("peer's read: %v, want EOF", err)
		}
	} else if !errors.As(err, &lost) {
		t.Errorf("peer's read: %v, want *LostError", err)
	} else if !strings.Contains(err.Error(), "lost") {
		t.Errorf("peer's read: %v", err)
	}
	client.Wait()
}

// plainPeer is a WebSocket client of the library itself.
func plainPeer(t *testing.T, s codec.Serializer, limits Limits) (*websocket.Conn, *Conn) {
	t.Helper()
	accepted := make(chan *Conn, 1)
	l := listen(t, limits, nil, func(h *Handshake) {
		conn, err := h.Accept(s, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
		}
		accepted <- conn
	})
	hops := &http.Transport{}
	peer, _, err := websocket.Dial(t.Context(), l.URL(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: hops}, Subprotocols: []string{s.Subprotocol()},
	})
	if err != nil {
		t.Fatal(err)
	}
	peer.SetReadLimit(-1)
	t.Cleanup(func() {
		_ = peer.CloseNow()
		hops.CloseIdleConnections()
	})
	server := <-accepted
	dropAfter(t, server)
	return peer, server
}

func TestFaultsOfThePeer(t *testing.T) {
	write := func(kind websocket.MessageType, message string) func(*websocket.Conn) error {
		return func(peer *websocket.Conn) error {
			return peer.Write(context.Background(), kind, []byte(message))
		}
	}
	for _, c := range []struct {
		name       string
		serializer codec.Serializer
		do         func(*websocket.Conn) error
		code       int
		reason     string
	}{
		{"binary for JSON", codec.JSON, write(websocket.MessageBinary, "[1]"), 1003, "binary message where wamp.2.json has text ones"},
		{"text for CBOR", codec.CBOR, write(websocket.MessageText, "\x81\x01"), 1003, "text message where wamp.2.cbor has binary ones"},
		{"text for MessagePack", codec.MessagePack, write(websocket.MessageText, "\x91\x01"), 1003, "text message where wamp.2.msgpack has binary ones"},
		{"too large", codec.JSON, write(websocket.MessageText, strings.Repeat("x", 100_000)), 1009, "message larger than 1000 bytes, the limit of this connection"},
		{"one byte too large", codec.JSON, write(websocket.MessageText, strings.Repeat("x", 1001)), 1009, "message larger than 1000 bytes, the limit of this connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			peer, server := plainPeer(t, c.serializer, Limits{MessageBytes: 1000})
			if err := c.do(peer); err != nil {
				t.Fatal(err)
			}
			_, err := server.Read()
			var fault *ProtocolError
			if !errors.As(err, &fault) || fault.Code != c.code || fault.Reason != c.reason {
				t.Errorf("read: %v, want code %d and %q", err, c.code, c.reason)
			}
			_, _, err = peer.Read(context.Background())
			if got := websocket.CloseStatus(err); int(got) != c.code {
				t.Errorf("the peer is told %v, want code %d", err, c.code)
			}
			server.Wait()
			if err := server.Err(); err != error(fault) {
				t.Errorf("reason: %v, want %v", err, fault)
			}
		})
	}
}

func TestLargestMessage(t *testing.T) {
	peer, server := plainPeer(t, codec.JSON, Limits{MessageBytes: 1000})
	largest := strings.Repeat("x", 1000)
	if err := peer.Write(t.Context(), websocket.MessageText, []byte(largest)); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, server); got != largest {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestFramesThatAreNone(t *testing.T) {
	var conns []net.Conn
	_, server := wrappedPair(t, "ws", codec.JSON, Limits{}, func(conn net.Conn) net.Conn {
		conns = append(conns, conn)
		return conn
	})
	// The server reads what its own end gets: a frame without a mask.
	client, other := pair(t, codec.JSON, Limits{})
	if _, err := client.gather.Conn.Write([]byte{0x81, 0x03, '[', '1', ']'}); err != nil {
		t.Fatal(err)
	}
	_, err := other.Read()
	if fault := (*ProtocolError)(nil); !errors.As(err, &fault) || fault.Code != 1002 {
		t.Errorf("read: %v, want a fault of code 1002", err)
	}
	if _, err := client.Read(); err == nil || err.(*CloseError).Code != 1002 {
		t.Errorf("peer's read: %v, want code 1002", err)
	}
	_ = conns[0].Close()
	_, err = server.Read()
	if lost := (*LostError)(nil); !errors.As(err, &lost) {
		t.Errorf("read of a closed socket: %v, want *LostError", err)
	}
}

// A reader answers pings although nothing else is sent.
func TestPingIsAnswered(t *testing.T) {
	peer, server := plainPeer(t, codec.JSON, Limits{})
	read := make(chan error, 1)
	go func() {
		_, err := server.Read()
		read <- err
	}()
	peerRead := peer.CloseRead(t.Context())
	for range 3 {
		if err := peer.Ping(t.Context()); err != nil {
			t.Fatalf("ping: %v", err)
		}
	}
	if err := peer.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close: %v", err)
	}
	<-peerRead.Done()
	if err := <-read; err != io.EOF {
		t.Errorf("read: %v, want EOF", err)
	}
}

// A ping behind this side's goodbye is not answered, and no reason not to wait for
// the peer's own.
func TestPingBehindTheGoodbye(t *testing.T) {
	client, server := pair(t, codec.JSON, Limits{})
	waits, read := make(chan struct{}, 10), make(chan error, 1)
	server.BeforeBlock(func() { waits <- struct{}{} })
	go func() {
		_, err := server.Read()
		read <- err
	}()
	<-waits // it is its reader who takes the ping
	server.Close(1000, "", 5*time.Second)
	if _, err := client.gather.Conn.Write(frame(ping, "late")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(); err != io.EOF { // and answers
		t.Errorf("read: %v, want EOF", err)
	}
	if err := <-read; err != ErrClosed {
		t.Errorf("read: %v, want ErrClosed", err)
	}
	if _, err := server.Read(); err != ErrClosed {
		t.Errorf("read again: %v, want ErrClosed", err)
	}
	server.Wait()
}

// A peer may go on to ping for as long as it likes, if it does so in time.
func TestPingsAreCountedBySeconds(t *testing.T) {
	var c controls
	for range 3 {
		for range mostControls - 1 {
			if err := c.count(); err != nil {
				t.Fatal(err)
			}
		}
		c.since = c.since.Add(-time.Second)
		if err := c.count(); err != nil {
			t.Fatalf("%d in a second: %v", mostControls, err)
		}
	}
	for range mostControls - 1 {
		if err := c.count(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.count(); err == nil {
		t.Errorf("%d in less than a second are let through", mostControls)
	}
}

func TestCloseErrorSays(t *testing.T) {
	for want, err := range map[string]*CloseError{
		"closed by the peer with code 1005":         {Code: 1005},
		`closed by the peer with code 1001: "away"`: {Code: 1001, Reason: "away"},
	} {
		if err.Error() != want {
			t.Errorf("%s, want %s", err, want)
		}
	}
}

// A peer that pings and reads nothing is dropped.
func TestPongsAreBounded(t *testing.T) {
	client, server := pair(t, codec.JSON, Limits{SendBufferBytes: 1000})
	for _, err := range []error{client.gather.Conn.(*net.TCPConn).SetReadBuffer(1), server.gather.Conn.(*net.TCPConn).SetWriteBuffer(1)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var flooding sync.WaitGroup
	defer flooding.Wait()
	flooding.Go(func() {
		ping := append([]byte{0x89, 0x80 | 125, 0, 0, 0, 0}, make([]byte, 125)...)
		for range mostControls - 1 {
			if _, err := client.gather.Conn.Write(ping); err != nil {
				return
			}
		}
	})
	if _, err := server.Read(); err != ErrSendBufferFull {
		t.Errorf("read: %v, want ErrSendBufferFull", err)
	}
}
