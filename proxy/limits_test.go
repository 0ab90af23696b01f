package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/transport"
)

func TestConnectionsAreBounded(t *testing.T) {
	w, pool := newWorldOf(t, worldOptions{limits: "connections = 2"})
	first, _, _ := w.callee(pool, shared, "")
	w.connect()
	dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}})
	if refused := (*transport.RefusedError)(nil); !errors.As(err, &refused) || refused.Status != 503 {
		t.Fatalf("third client: %v, %v; want to be refused", dialed, err)
	}
	pool.send(`[68,1,100,{}]`)
	first.expectPrefix(`[68,1,`)
}

// What a callee asks for beyond all that it could have in flight is a limit too,
// on machines of 32 bit as well.
func TestConcurrencyBeyondCounting(t *testing.T) {
	for _, concurrency := range []int64{1 << 30, 1<<31 - 1, 1 << 31, 1 << 32, codec.MaxID} {
		if limit := limitOf(concurrency); limit != mostSlots {
			t.Errorf("%d becomes %d", concurrency, limit)
		}
	}
	if limit := limitOf(7); limit != 7 {
		t.Errorf("7 becomes %d", limit)
	}
}

// A client that hangs is dropped, and its router's end with it; the pool
// session, whose router answers, stays.
func TestSilentClientIsDropped(t *testing.T) {
	w, pool := newWorldOf(t, worldOptions{limits: "ping_interval = \"20ms\"\n ping_timeout = \"200ms\""})
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(w.proxy.URLs()[0], "ws://"), "/ws"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	router := w.accept()
	router.expectEnd()
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Contains(got, []byte("\x89\x00")) || !bytes.HasSuffix(got, []byte("\x03\xf0no answer to a ping within 200ms")) {
		t.Errorf("the client got %q, %v", got, err)
	}
	callee, _, _ := w.callee(pool, shared, "")
	pool.send(`[68,1,100,{}]`)
	callee.expectPrefix(`[68,1,`)
}

// RawSocket has no word for why it ends: the log does, also where no session
// has begun.
func TestFaultBeforeTheSessionIsLogged(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{listen: "rs://127.0.0.1:0", limits: "message_bytes = \"1KiB\""})
	w.welcomePool()
	conn := w.dialOctets("\x7f\xf1\x00\x00\x00\xff\xff\xff")
	line := log.find(t, "client closed before it joined")
	for _, want := range []string{conn.LocalAddr().String(), `"by":"client"`, "message larger than 1024 bytes"} {
		if !strings.Contains(line, want) {
			t.Errorf("the line lacks %s: %s", want, line)
		}
	}
}

func TestWarningOfOpenFiles(t *testing.T) {
	config, err := configs.Default("ws://127.0.0.1:1/", "ws://127.0.0.1:0/", "realm1")
	if err != nil {
		t.Fatal(err)
	}
	config.Limits.Connections = 1000
	for most, want := range map[uint64]string{0: "", 2128: "", 2127: `"needed":2128,"connections":1000,"room_for":999`, 100: `"room_for":0`} {
		var log bytes.Buffer
		New(config, zerolog.New(&log)).warnOfFiles(most)
		if got := log.String(); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("with %d files: %q, want %q", most, got, want)
		}
	}
}

// Of a progressive call's parts that its callee can't take, the first one ends the
// call. The router gets one answer to it.
func TestPartsThatAreTooLongEndTheirCallOnce(t *testing.T) {
	const most = 64 << 10
	w, pool := newWorldOf(t, worldOptions{limits: `message_bytes = "64KiB"`, realm: `pool "com.example.p" {
		concurrency = 1
		queue { limit = 10 }
	}`})
	client, _, registration := w.callee(pool, `{}`, `"progressive_call_invocations":true`)
	pool.send(`[68,1,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	pool.send(`[68,2,100,{"progress":true}]`)
	const head, tail = `[68,2,100,{"progress":true},["`, `"]]`
	for range 3 { // longer than most with the registration's ID
		pool.send(`%s`, head+strings.Repeat("x", most-len(head)-len(tail))+tail)
	}
	pool.send(`[68,3,100,{}]`)
	arrivedAt(w, pool)
	client.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	client.expect(`[68,2,%d,{"progress":true}]`, registration)
	pool.expectPrefix(`[8,68,2,{},"wamp.error.payload_size_exceeded"`)
	client.send(`[70,2,{}]`)
	client.expect(`[68,3,%d,{}]`, registration)
	client.send(`[70,3,{}]`)
	pool.expect(`[70,3,{}]`)

	// Behind a first part that is too long, the callee gets none.
	pool.send(`[68,4,100,{}]`)
	client.expect(`[68,4,%d,{}]`, registration)
	pool.send(`%s`, strings.Replace(head, "2", "5", 1)+strings.Repeat("x", most-len(head)-len(tail))+tail)
	pool.send(`[68,5,100,{}]`)
	pool.send(`[68,6,100,{}]`)
	arrivedAt(w, pool)
	client.send(`[70,4,{}]`)
	pool.expect(`[70,4,{}]`)
	pool.expectPrefix(`[8,68,5,{},"wamp.error.payload_size_exceeded"`)
	client.expect(`[68,6,%d,{}]`, registration)
}

// Behind a first part that is too long, further ones are no call of their own.
func TestPartsBehindOneThatIsTooLong(t *testing.T) {
	w, pool := newWorldOf(t, worldOptions{limits: `message_bytes = "64KiB"`})
	client, _, registration := w.callee(pool, shared, `"progressive_call_invocations":true`)
	pool.send(`[68,1,100,{"progress":true},[%q]]`, strings.Repeat("x", 64<<10))
	pool.expectPrefix(`[8,68,1,{},"wamp.error.payload_size_exceeded"`)
	pool.send(`[68,1,100,{"progress":true},[%q]]`, strings.Repeat("x", 64<<10))
	pool.send(`[68,1,100,{}]`)
	pool.send(`[68,2,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	client.send(`[70,1,{}]`)
	pool.expect(`[70,2,{}]`)
}

// A call that is under way while its pool closes has one answer, though further
// parts of it come.
func TestPartsOfACallWhosePoolHasClosed(t *testing.T) {
	w, pool := newWorld(t, "")
	client, _, registration := w.callee(pool, shared, `"progressive_call_invocations":true`)
	pool.send(`[68,1,100,{"progress":true}]`)
	client.expect(`[68,1,%d,{"progress":true}]`, registration)
	client.send(`[66,2,%d]`, registration)
	client.expect(`[67,2]`)
	pool.expect(`[66,2,100]`)
	pool.send(`[68,1,100,{}]`)
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	client.send(`[70,1,{}]`)
	arrivedAt(w, pool)
}
