package harness

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/played"
)

// RawSession is a WAMP session in JSON with every message in the test's hands:
// for what no library would send, and to see what is really on the wire.
type RawSession struct {
	t        *testing.T
	Name     string
	conn     *transport.Conn
	received <-chan string // closed at the connection's end
}

// RawHello announces what the scripts of these tests use.
const RawHello = `[1,"realm1",{"roles":{` +
	`"caller":{"features":{"call_canceling":true,"progressive_call_results":true}},` +
	`"callee":{"features":{"call_canceling":true,"progressive_call_results":true,"shared_registration":true,"pattern_based_registration":true}},` +
	`"publisher":{"features":{}},"subscriber":{"features":{}}}}]`

// DialRaw connects to a URL and sends nothing yet.
func DialRaw(t *testing.T, name, url string) *RawSession {
	t.Helper()
	return DialRawIn(t, name, url, codec.JSON)
}

// DialRawIn is DialRaw in another serializer: messages are strings of its bytes.
func DialRawIn(t *testing.T, name, url string, serializer codec.Serializer) *RawSession {
	t.Helper()
	conn := played.Dial(t, url, serializer)
	s := &RawSession{t: t, Name: name, conn: conn, received: played.Read(t, conn, played.AsItIs)}
	t.Cleanup(func() {
		s.conn.Close(1000, "", time.Second)
		s.conn.Wait()
	})
	return s
}

// JoinRaw opens a session, and returns it past its WELCOME.
func JoinRaw(t *testing.T, name, url string) *RawSession {
	t.Helper()
	s := DialRaw(t, name, url)
	s.Send(RawHello)
	s.Expect(`[2,`)
	return s
}

// RawCallee joins a session that announces these features as callee, and
// registers a procedure.
func RawCallee(t *testing.T, url, procedure string, features ...string) *RawSession {
	t.Helper()
	s := DialRaw(t, "callee", url)
	for i, feature := range features {
		features[i] = fmt.Sprintf("%q:true", feature)
	}
	s.Send(`[1,"realm1",{"roles":{"caller":{},"callee":{"features":{` + strings.Join(features, ",") + `}}}}]`)
	s.Expect(`[2,`)
	s.Send(fmt.Sprintf(`[64,1,{},%q]`, procedure))
	s.Expect(`[65,1,`)
	return s
}

// Send writes messages in one go.
func (s *RawSession) Send(messages ...string) {
	s.t.Helper()
	for _, message := range messages {
		if err := s.conn.Send([]byte(message)); err != nil {
			s.t.Fatalf("%s: %v", s.Name, err)
		}
	}
	s.conn.Flush()
}

// Leave closes the connection, without a GOODBYE.
func (s *RawSession) Leave() {
	s.conn.Close(1000, "", time.Second)
	s.conn.Wait()
}

// Receive waits for the next message. At the connection's end it returns how
// that came.
func (s *RawSession) Receive() string {
	s.t.Helper()
	select {
	case message, open := <-s.received:
		if !open {
			return "closed: " + fmt.Sprint(s.conn.Err())
		}
		return message
	case <-time.After(Patience):
		s.t.Fatalf("%s: no message came", s.Name)
		return ""
	}
}

// Expect waits for the next message and checks how it begins.
func (s *RawSession) Expect(prefix string) string {
	s.t.Helper()
	message := s.Receive()
	if !strings.HasPrefix(message, prefix) {
		s.t.Fatalf("%s: got %s, want %s…", s.Name, message, prefix)
	}
	return message
}

// Element returns an element of a message that is an integer.
func Element(t *testing.T, message string, i int) uint64 {
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
