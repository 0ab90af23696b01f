package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// rawSession is a WAMP session in JSON with every message in the test's hands:
// for what no library would send, and to see what is really on the wire.
type rawSession struct {
	t        *testing.T
	name     string
	conn     *transport.Conn
	received chan string // closed at the connection's end
}

// rawHello announces what the scripts of these tests use.
const rawHello = `[1,"realm1",{"roles":{` +
	`"caller":{"features":{"call_canceling":true,"progressive_call_results":true}},` +
	`"callee":{"features":{"call_canceling":true,"progressive_call_results":true,"shared_registration":true,"pattern_based_registration":true}},` +
	`"publisher":{"features":{}},"subscriber":{"features":{}}}}]`

// dialRaw connects to a URL and sends nothing yet.
func dialRaw(t *testing.T, name, url string) *rawSession {
	t.Helper()
	return dialRawIn(t, name, url, codec.JSON)
}

// dialRawIn does so in another serializer: messages are strings of its bytes.
func dialRawIn(t *testing.T, name, url string, serializer codec.Serializer) *rawSession {
	t.Helper()
	dialed, err := transport.Dial(context.Background(), url, transport.DialOptions{
		Serializers: []codec.Serializer{serializer}, Timeout: patience,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &rawSession{t: t, name: name, conn: dialed.Conn, received: make(chan string, 1<<12)}
	go s.read()
	t.Cleanup(func() {
		s.conn.Close(1000, "", time.Second)
		s.conn.Wait()
	})
	return s
}

// joinRaw opens a session, and returns it past its WELCOME.
func joinRaw(t *testing.T, name, url string) *rawSession {
	t.Helper()
	s := dialRaw(t, name, url)
	s.send(rawHello)
	s.expect(`[2,`)
	return s
}

// read takes messages until the connection ends.
func (s *rawSession) read() {
	defer close(s.received)
	for {
		message, err := s.conn.Read()
		if err != nil {
			return
		}
		s.received <- string(message)
	}
}

// send writes messages in one go.
func (s *rawSession) send(messages ...string) {
	s.t.Helper()
	for _, message := range messages {
		if err := s.conn.Send([]byte(message)); err != nil {
			s.t.Fatalf("%s: %v", s.name, err)
		}
	}
	s.conn.Flush()
}

// receive waits for the next message. At the connection's end it returns how
// that came.
func (s *rawSession) receive() string {
	s.t.Helper()
	select {
	case message, open := <-s.received:
		if !open {
			return "closed: " + fmt.Sprint(s.conn.Err())
		}
		return message
	case <-time.After(patience):
		s.t.Fatalf("%s: no message came", s.name)
		return ""
	}
}

// expect waits for the next message and checks how it begins.
func (s *rawSession) expect(prefix string) string {
	s.t.Helper()
	message := s.receive()
	if !strings.HasPrefix(message, prefix) {
		s.t.Fatalf("%s: got %s, want %s…", s.name, message, prefix)
	}
	return message
}

// element returns an element of a message that is an integer.
func element(t *testing.T, message string, i int) uint64 {
	t.Helper()
	var elements []json.RawMessage
	if err := json.Unmarshal([]byte(message), &elements); err != nil || i >= len(elements) {
		t.Fatalf("%s has no element %d (%v)", message, i, err)
	}
	var n uint64
	if err := json.Unmarshal(elements[i], &n); err != nil {
		t.Fatalf("element %d of %s: %v", i, message, err)
	}
	return n
}
