package proxy

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/configs"
)

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
