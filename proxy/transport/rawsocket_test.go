package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// rawPeer is a RawSocket client of which each octet is the test's.
func rawPeer(t *testing.T, limits Limits, hello []byte) (peer net.Conn, server *Conn) {
	t.Helper()
	accepted := make(chan *Conn, 1)
	l := listenAt(t, "rs://127.0.0.1:0", ListenOptions{Limits: limits}, nil, func(h *Handshake) {
		conn, err := h.Accept(h.Serializers()[0], nil)
		if err != nil {
			t.Errorf("accept: %v", err)
		}
		accepted <- conn
	})
	peer = octetsTo(t, l, hello)
	server = <-accepted
	dropAfter(t, server)
	return peer, server
}

// octetsTo connects to a listener and sends something.
func octetsTo(t *testing.T, l *Listener, octets []byte) net.Conn {
	t.Helper()
	peer, err := net.Dial("tcp", l.url.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	if _, err := peer.Write(octets); err != nil {
		t.Fatal(err)
	}
	return peer
}

func mustReceive(t *testing.T, from io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got % x, %v; want % x", got[:n], err, want)
	}
}

func TestRawSocketAnswersAHandshake(t *testing.T) {
	for _, c := range []struct {
		limit   int64
		hello   []byte
		answer  []byte
		maxSend int
	}{
		{0, []byte{0x7f, 0xf1, 0, 0}, []byte{0x7f, 0xf1, 0, 0}, 1<<24 - 1},
		{1000, []byte{0x7f, 0x02, 0, 0}, []byte{0x7f, 0x12, 0, 0}, 512},
		{1024, []byte{0x7f, 0xe3, 0, 0}, []byte{0x7f, 0x13, 0, 0}, 1 << 23},
		{1025, []byte{0x7f, 0x73, 0, 0}, []byte{0x7f, 0x23, 0, 0}, 1 << 16},
		{1, []byte{0x7f, 0x73, 0, 0}, []byte{0x7f, 0x03, 0, 0}, 1 << 16},
		{1 << 30, []byte{0x7f, 0x73, 0, 0}, []byte{0x7f, 0xf3, 0, 0}, 1 << 16},
	} {
		peer, server := rawPeer(t, Limits{MessageBytes: c.limit}, c.hello)
		mustReceive(t, peer, c.answer)
		if server.MaxSend() != c.maxSend || server.Serializer() != codec.Serializer(c.hello[1]&0xf) {
			t.Errorf("% x: %s, up to %d bytes, want %d", c.hello, server.Serializer(), server.MaxSend(), c.maxSend)
		}
	}
}

func TestRawSocketHandshakesThatAreTurnedAway(t *testing.T) {
	l := listenAt(t, "rs://127.0.0.1:0", ListenOptions{}, nil, func(h *Handshake) {
		if h.Serializers()[0] == codec.MessagePack {
			h.Reject(400, "")
			return
		}
		h.Reject(502, "the router can't be reached")
	})
	for _, c := range []struct{ hello, answer string }{
		{"\x7f\xf0\x00\x00", "\x7f\x10\x00\x00"},
		{"\x7f\xf4\x00\x00", "\x7f\x10\x00\x00"},
		{"\x7f\xff\x00\x00", "\x7f\x10\x00\x00"},
		{"\x7f\xf2\x00\x00", "\x7f\x10\x00\x00"}, // the router's refusal
		{"\x7f\xf1\x01\x00", "\x7f\x30\x00\x00"},
		{"\x7f\xf1\x00\x80", "\x7f\x30\x00\x00"},
		{"\x7f\xf0\x00\x80", "\x7f\x30\x00\x00"},
		{"\x7f\xf1\x00\x00", "\x7f\x40\x00\x00"},
		{"\x7f\xf1\x00\x00more", "\x7f\x40\x00\x00"},
		{"GET / HTTP/1.1\r\n\r\n", ""},
		{"\x00", ""},
	} {
		peer := octetsTo(t, l, []byte(c.hello))
		if got, _ := io.ReadAll(peer); string(got) != c.answer {
			t.Errorf("% x: answer % x, want % x", c.hello, got, c.answer)
		}
		_ = peer.Close()
	}
}

// A client that leaves before it is answered is not waited for.
func TestRawSocketClientGivesUp(t *testing.T) {
	entered, left := make(chan struct{}), make(chan error, 1)
	l := listenAt(t, "rs://127.0.0.1:0", ListenOptions{}, nil, func(h *Handshake) {
		close(entered)
		<-h.Context().Done()
		_, err := h.Accept(codec.JSON, nil)
		left <- err
	})
	peer := octetsTo(t, l, []byte{0x7f, 0xf1, 0, 0})
	<-entered
	_ = peer.(*net.TCPConn).SetLinger(0)
	_ = peer.Close()
	if err := <-left; err == nil {
		t.Error("a client that has left was accepted")
	}
}

// A listener may be closed in the moment in which it answers.
func TestRawSocketClosedWhileItAnswers(t *testing.T) {
	near, far := net.Pipe()
	watched := make(chan struct{})
	close(watched)
	g := newGather(near, 1<<20)
	c := rawClient{gather: g, stream: g, release: func() bool { return false }, watched: watched}
	answered := make(chan error, 1)
	go func() {
		_, err := c.accept(&Handshake{limits: Limits{}.withDefaults()}, codec.JSON, nil)
		answered <- err
	}()
	mustReceive(t, far, []byte{0x7f, 0xf1, 0, 0})
	if err := <-answered; err != errUnanswered {
		t.Errorf("accept: %v, want errUnanswered", err)
	}
	if _, err := far.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read: %v, want the end", err)
	}
}

// The end of a connection may come within a frame, in whatever pieces TLS brings it.
func TestEndWithinAFrameThroughTLS(t *testing.T) { overTLS(t, testEndWithinAFrameThroughTLS) }

func testEndWithinAFrameThroughTLS(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.CBOR, Limits{})
	part := "\x00\x00\x00\x09[1"
	if over == "wss" {
		part = string(frame(0x82, strings.Repeat("x", 100))[:50])
	}
	for _, b := range []byte(part) {
		if err := client.gather.put(noGap, nil, []byte{b}, 0); err != nil {
			t.Fatal(err)
		}
		client.Flush()
	}
	client.Abort(errTestOver)
	_, err := server.Read()
	if lost := (*LostError)(nil); !errors.As(err, &lost) {
		t.Errorf("read: %v, want a *LostError", err)
	}
}

func TestRawSocketHandshakeTakesNoLongerThanItMay(t *testing.T) {
	l := listenAt(t, "rs://127.0.0.1:0", ListenOptions{Limits: Limits{HandshakeTimeout: 20 * time.Millisecond}}, nil, func(*Handshake) {
		t.Error("half a handshake came through")
	})
	peer := octetsTo(t, l, []byte{0x7f, 0xf1})
	if got, err := io.ReadAll(peer); len(got) > 0 {
		t.Errorf("got % x, %v", got, err)
	}
}

func TestRawSocketFrames(t *testing.T) {
	peer, server := rawPeer(t, Limits{}, []byte{0x7f, 0xf1, 0, 0})
	mustReceive(t, peer, []byte{0x7f, 0xf1, 0, 0})
	read := make(chan string)
	go func() {
		defer close(read)
		for {
			message, err := server.Read()
			if err != nil {
				return
			}
			read <- string(message)
		}
	}()
	// Two pings and a pong on the way, one octet at a time at first.
	for _, octet := range []byte("\x00\x00\x00\x03[1]\x01\x00\x00\x02hi") {
		if _, err := peer.Write([]byte{octet}); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-read; got != "[1]" {
		t.Errorf("got %q", got)
	}
	mustReceive(t, peer, []byte("\x02\x00\x00\x02hi"))
	if _, err := peer.Write([]byte("\x02\x00\x00\x05never\x01\x00\x00\x00\x00\x00\x00\x02[]\x00\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "[]" {
		t.Errorf("got %q", got)
	}
	if got := <-read; got != "" {
		t.Errorf("got %q, want an empty message", got)
	}
	mustReceive(t, peer, []byte("\x02\x00\x00\x00"))
	// The largest message, whose length does not fit the format's 24 bits.
	largest := strings.Repeat("x", 1<<24)
	if _, err := io.WriteString(peer, "\x08\x00\x00\x00"+largest); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != largest {
		t.Errorf("message of %d bytes came as another of %d", len(largest), len(got))
	}
	mustSend(t, server, "[2]")
	server.Flush()
	mustReceive(t, peer, []byte("\x00\x00\x00\x03[2]"))
	server.Close(1000, "", 5*time.Second)
	if rest, err := io.ReadAll(peer); len(rest) > 0 || err != nil {
		t.Errorf("at the end: % x, %v", rest, err)
	}
	_ = peer.Close()
	for range read {
		t.Error("a message after the end")
	}
	server.Wait()
}

func TestRawSocketFaultsOfThePeer(t *testing.T) {
	for _, c := range []struct {
		name, frames string
		code         int // 0: lost
		reason       string
	}{
		{"reserved bits", "\x10\x00\x00\x00", 1002, "frame of unknown type, its first octet is 0x10"},
		{"all reserved bits", "\xf8\x00\x00\x00", 1002, "frame of unknown type, its first octet is 0xf8"},
		{"reserved type", "\x03\x00\x00\x00", 1002, "frame of unknown type, its first octet is 0x03"},
		{"extended by more than one length", "\x08\x00\x00\x01", 1002, "length beyond 2^24 bytes"},
		{"too large", "\x00\x00\x04\x01", 1009, "message larger than 1024 bytes, the limit of this connection"},
		{"largest", "\x08\x00\x00\x00", 1009, "message larger than 1024 bytes, the limit of this connection"},
		{"large ping", "\x01\x00\x02\x01", 1002, "ping larger than the peer takes itself"},
		{"pongs without end", strings.Repeat("\x02\x00\x00\x00", 3*mostControls), 1008, "1000 pings and pongs in less than a second"},
		{"half a header", "\x00\x00", 0, "connection lost: the peer ended it without saying so"},
		{"half a message", "\x00\x00\x00\x05[1,", 0, "connection lost: the peer ended it without saying so"},
	} {
		t.Run(c.name, func(t *testing.T) {
			peer, server := rawPeer(t, Limits{MessageBytes: 1000}, []byte{0x7f, 0x01, 0, 0})
			if _, err := io.WriteString(peer, c.frames); err != nil {
				t.Fatal(err)
			}
			if c.code == 0 {
				_ = peer.(*net.TCPConn).CloseWrite()
			}
			_, err := server.Read()
			var fault *ProtocolError
			switch {
			case c.code == 0:
				if lost := (*LostError)(nil); !errors.As(err, &lost) || err.Error() != c.reason {
					t.Errorf("read: %v, want %q", err, c.reason)
				}
			case !errors.As(err, &fault) || fault.Code != c.code || fault.Reason != c.reason:
				t.Errorf("read: %v, want code %d and %q", err, c.code, c.reason)
			}
			mustReceive(t, peer, []byte{0x7f, 0x11, 0, 0})
			if rest, _ := io.ReadAll(peer); len(rest) > 0 {
				t.Errorf("the peer still gets % x", rest)
			}
			_ = peer.Close()
			server.Wait()
		})
	}
}

// What the peer does not take is never sent, and what was sent before arrives.
func TestRawSocketMessageLongerThanThePeerTakes(t *testing.T) {
	for name, send := range map[string]func(*Conn) error{
		"whole": func(c *Conn) error { return c.Send(make([]byte, 513)) },
		"in parts": func(c *Conn) error {
			return c.SendParts(Parts{Head: make([]byte, 12), Payload: make([]byte, 500), Tail: "]"})
		},
	} {
		t.Run(name, func(t *testing.T) { testTooLongForThePeer(t, send) })
	}
}

func testTooLongForThePeer(t *testing.T, send func(*Conn) error) {
	peer, server := rawPeer(t, Limits{}, []byte{0x7f, 0x01, 0, 0})
	longest := strings.Repeat("x", 512)
	mustSend(t, server, longest)
	err := send(server)
	if !errors.Is(err, ErrMessageTooLong) || err.Error() != "message longer than the peer takes: it has 513 bytes, and 512 is the most" {
		t.Errorf("send: %v", err)
	}
	mustReceive(t, peer, []byte("\x7f\xf1\x00\x00\x00\x00\x02\x00"+longest))
	if rest, err := io.ReadAll(peer); len(rest) > 0 || err != nil {
		t.Errorf("the peer still gets % x, %v", rest, err)
	}
	_ = peer.Close()
	if _, read := server.Read(); !errors.Is(read, ErrMessageTooLong) {
		t.Errorf("read: %v", read)
	}
	server.Wait()
}

// A peer that pings and reads nothing is dropped.
func TestRawSocketPongsAreBounded(t *testing.T) {
	peer, server := rawPeer(t, Limits{SendBufferBytes: 1000}, []byte{0x7f, 0xf1, 0, 0})
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		flood := []byte(strings.Repeat("\x01\x01\x00\x00"+strings.Repeat("p", 64<<10), mostControls/10))
		for {
			if _, err := peer.Write(flood); err != nil {
				return
			}
		}
	}()
	if _, err := server.Read(); err != ErrSendBufferFull {
		t.Errorf("read: %v, want ErrSendBufferFull", err)
	}
	<-flooded
}

// Only a peer that pings knows what a ping is.
func TestRawSocketPing(t *testing.T) {
	peer, server := rawPeer(t, Limits{}, []byte{0x7f, 0xf1, 0, 0})
	mustReceive(t, peer, []byte{0x7f, 0xf1, 0, 0})
	ping := func() {
		if server.framing.pings() {
			server.ping()
		}
	}
	ping()
	if _, err := io.WriteString(peer, "\x01\x00\x00\x01?\x00\x00\x00\x02[]"); err != nil {
		t.Fatal(err)
	}
	mustRead(t, server)
	ping()
	mustReceive(t, peer, []byte("\x02\x00\x00\x01?\x01\x00\x00\x00"))
}

func TestUnixSocketFile(t *testing.T) {
	path := socketPath(t)
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if _, err := Listen(t.Context(), "unix://"+path, ListenOptions{}); err == nil || !strings.Contains(err.Error(), "another program listens there") {
		t.Errorf("listen where somebody does: %v", err)
	}
	_ = stale.Close()
	l, err := Listen(t.Context(), "unix://"+path, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != os.ModeSocket|0o660 {
		t.Errorf("socket file: %v, %v", info.Mode(), err)
	}
	if l.URL() != "unix://"+path {
		t.Errorf("URL %s", l.URL())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := Listen(t.Context(), "unix://"+path+"/socket", ListenOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("listen in no folder: %v", err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), "unix://"+path, ListenOptions{}); err == nil || !strings.Contains(err.Error(), "a file that is no socket") {
		t.Errorf("listen at a file: %v", err)
	}
	if _, err := Listen(t.Context(), "unix://"+path+"/socket", ListenOptions{}); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("listen beneath a file: %v", err)
	}
	if content, err := os.ReadFile(path); string(content) != "precious" {
		t.Errorf("the file became %q, %v", content, err)
	}
}

// A socket of datagrams says neither that somebody listens nor that nobody does.
func TestUnixSocketOfAnotherKind(t *testing.T) {
	path := socketPath(t)
	other, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := Listen(t.Context(), "unix://"+path, ListenOptions{}); err == nil || !strings.Contains(err.Error(), "whether somebody listens can't be seen") {
		t.Errorf("listen at a socket of datagrams: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("it is gone: %v", err)
	}
}
