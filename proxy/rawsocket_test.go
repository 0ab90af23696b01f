package proxy

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// addressOver returns where to listen with this scheme.
func addressOver(t *testing.T, scheme string) string {
	switch scheme {
	case "ws", "wss":
		return scheme + "://127.0.0.1:0/ws"
	case "unix":
		return "unix://" + socketPath(t)
	}
	return scheme + "://127.0.0.1:0"
}

// socketPath returns where a Unix socket may be. The folder is not named for the
// test: a path of more than a hundred bytes is none of a socket.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wampool-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "socket")
}

// A client over any transport meets a router over any, and a pool's calls pass.
func TestEachListenerWithEachRouter(t *testing.T) {
	transports := []string{"ws", "wss", "rs", "rss", "unix"}
	for _, listen := range transports {
		for _, router := range transports {
			t.Run(listen+" to "+router, func(t *testing.T) {
				w, pool := newWorldAt(t, addressOver(t, router), addressOver(t, listen), "")
				callee, _, registration := w.callee(pool, shared, "")
				pool.send(`[68,1,100,{},["ä"]]`)
				callee.expect(`[68,1,%d,{},["ä"]]`, registration)
				callee.send(`[70,1,{},[2]]`)
				pool.expect(`[70,1,{},[2]]`)
			})
		}
	}
}

// dialOctets makes a RawSocket handshake with the sidecar by hand.
func (w *world) dialOctets(hello string) net.Conn {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.proxy.URLs()[0], "rs://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, hello); err != nil {
		w.t.Fatal(err)
	}
	return conn
}

func answerTo(t *testing.T, conn net.Conn) string {
	t.Helper()
	answer := make([]byte, 4)
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("% x", answer)
}

// A RawSocket client has one serializer: it gets that, or error 1.
func TestRawSocketClientHasOneSerializer(t *testing.T) {
	for _, router := range []string{"ws", "rs"} {
		w, _ := newWorldAt(t, addressOver(t, router), "rs://127.0.0.1:0", "") // its router speaks JSON alone
		if answer := answerTo(t, w.dialOctets("\x7f\xf1\x00\x00")); answer != "7f f1 00 00" {
			t.Errorf("JSON: answer %s", answer)
		}
		if answer := answerTo(t, w.dialOctets("\x7f\xf3\x00\x00")); answer != "7f 10 00 00" {
			t.Errorf("CBOR: answer %s", answer)
		}
		_ = w.router.Close()
		if answer := answerTo(t, w.dialOctets("\x7f\xf1\x00\x00")); answer != "7f 40 00 00" {
			t.Errorf("no router: answer %s", answer)
		}
	}
}

// A callee is not sent what its transport does not take, and keeps its place.
func TestCallTooLargeForTheCallee(t *testing.T) {
	w, pool := newWorldAt(t, "ws://127.0.0.1:0/ws", "rs://127.0.0.1:0", "")
	dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{
		Timeout: patience, Serializers: []codec.Serializer{codec.JSON}, Takes: 1024,
	})
	if err != nil {
		t.Fatal(err)
	}
	callee, router := newPeer(t, dialed.Conn), w.accept()
	w.welcome(callee, router, "backend", "")
	callee.send(`[64,1,%s,"com.example.p"]`, shared)
	w.registerPool(pool)
	registration := w.admit(callee, router)
	pool.send(`[68,1,100,{},[%q]]`, strings.Repeat("x", 1024))
	pool.expectPrefix(`[8,68,1,{},"wamp.error.payload_size_exceeded",["the call has 10`)
	pool.send(`[68,2,100,{},["small"]]`)
	callee.expect(`[68,2,%d,{},["small"]]`, registration)
}

// An answer that the router does not take becomes an error, and the pool
// session stays.
func TestAnswerTooLargeForTheRouter(t *testing.T) {
	w, pool := newWorldOf(t, worldOptions{router: "rs://127.0.0.1:0", ofRouter: transport.Limits{MessageBytes: 1024}})
	callee, _, registration := w.callee(pool, shared, "")
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	callee.send(`[70,1,{},[%q]]`, strings.Repeat("x", 1000)) // fits the callee's own limit
	pool.expect(`[70,1,{},[%q]]`, strings.Repeat("x", 1000))
	pool.send(`[68,77777,100,{}]`)
	callee.expect(`[68,2,%d,{}]`, registration)
	callee.send(`[70,2,{},[%q]]`, strings.Repeat("x", 1010)) // and is longer with the router's ID
	pool.expectPrefix(`[8,68,77777,{},"wamp.error.payload_size_exceeded",["the answer has 10`)
	pool.send(`[68,77778,100,{}]`)
	callee.expect(`[68,3,%d,{}]`, registration)
}

// Both hops have the smaller of the two limits, which the ends tell each other.
func TestLimitsOfBothHops(t *testing.T) {
	w, _ := newWorldOf(t, worldOptions{
		router: "rs://127.0.0.1:0", listen: "rs://127.0.0.1:0", ofRouter: transport.Limits{MessageBytes: 1 << 16},
	})
	if answer := answerTo(t, w.dialOctets("\x7f\x31\x00\x00")); answer != "7f 71 00 00" {
		t.Errorf("answer %s, want the router's 2^16", answer)
	}
	if most := w.accept().conn.MaxSend(); most != 1<<12 {
		t.Errorf("the router may send %d bytes, want the client's %d", most, 1<<12)
	}
}

// What a router that knows no limits sends to a client that has one.
func TestMessagesTooLargeForTheClient(t *testing.T) {
	w, _ := newWorldAt(t, "ws://127.0.0.1:0/ws", "rs://127.0.0.1:0", "")
	dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{
		Timeout: patience, Serializers: []codec.Serializer{codec.JSON}, Takes: 512,
	})
	if err != nil {
		t.Fatal(err)
	}
	client, router := newPeer(t, dialed.Conn), w.accept()
	w.welcome(client, router, "backend", "")
	large := strings.Repeat("x", 512)
	router.send(`[50,1,{},[%q]]`, large)
	client.expectPrefix(`[8,48,1,{},"wamp.error.payload_size_exceeded",["the result has 5`)
	router.send(`[68,9,5,{},[%q]]`, large)
	router.expectPrefix(`[8,68,9,{},"wamp.error.payload_size_exceeded",["the call has 5`)
	router.send(`[36,1,2,{},[%q]]`, large)
	router.send(`[36,1,3,{},["small"]]`)
	client.expect(`[36,1,3,{},["small"]]`)
	router.send(`[50,2,{"progress":true},[%q]]`, large) // the caller could not be told: more may follow
	client.expectEnd()
	router.expectEnd()
}
