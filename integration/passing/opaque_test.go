package passing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"

	"github.com/tinylib/msgp/msgp"

	"github.com/wampool/wampool/codec"
)

// Payload transparency, as Crossbar.io has it: where Options say enc_algo, one
// binary value stands in the place of Arguments, that nobody on the way looks
// into. In JSON it is a string.

// opaqueSession is a raw session whose messages are lists of values.
type opaqueSession struct {
	*harness.RawSession
	t          *testing.T
	serializer codec.Serializer
}

func joinOpaque(t *testing.T, name, url string, serializer codec.Serializer) *opaqueSession {
	t.Helper()
	s := &opaqueSession{harness.DialRawIn(t, name, url, serializer), t, serializer}
	features := map[string]any{"features": map[string]any{"payload_transparency": true, "progressive_call_results": true}}
	s.put(1, "realm1", map[string]any{"roles": map[string]any{"caller": features, "callee": features}})
	s.get(2)
	return s
}

// put sends a message. Binary data is []byte.
func (s *opaqueSession) put(elements ...any) {
	s.t.Helper()
	if s.serializer == codec.JSON {
		for i, element := range elements {
			if b, ok := element.([]byte); ok {
				elements[i] = "\x00" + base64.StdEncoding.EncodeToString(b)
			}
		}
		message, err := json.Marshal(elements)
		if err != nil {
			s.t.Fatal(err)
		}
		s.Send(string(message))
		return
	}
	message, err := msgp.AppendIntf(nil, elements)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Send(string(message))
}

// get waits for the next message, which must be of that type.
func (s *opaqueSession) get(messageType int) []any {
	s.t.Helper()
	message := []byte(s.Receive())
	var elements []any
	var err error
	if s.serializer == codec.JSON {
		decoder := json.NewDecoder(bytes.NewReader(message))
		decoder.UseNumber()
		err = decoder.Decode(&elements)
	} else {
		var value any
		if value, _, err = msgp.ReadIntfBytes(message); err == nil {
			elements, _ = value.([]any)
		}
	}
	if err != nil || len(elements) == 0 || fmt.Sprint(elements[0]) != fmt.Sprint(messageType) {
		s.t.Fatalf("%s: got %v (%v), want a message of type %d", s.Name, elements, err, messageType)
	}
	for i, element := range elements {
		if text, ok := element.(string); ok && strings.HasPrefix(text, "\x00") {
			if elements[i], err = base64.StdEncoding.DecodeString(text[1:]); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return elements
}

// id is an element that is an integer, as it is to be sent back.
func id(element any) any {
	if n, ok := element.(json.Number); ok {
		i, _ := n.Int64()
		return i
	}
	return element
}

// isOpaque checks the details and the payload at the end of a message.
func isOpaque(t *testing.T, what string, message []any, want map[string]any, payload []byte) {
	t.Helper()
	details, ok := message[len(message)-2].(map[string]any)
	if what == "ERROR" { // [ERROR, CALL, Request, Details, Error, payload]
		details, ok = message[3].(map[string]any)
	}
	for key, value := range want {
		if !ok || details[key] != value {
			t.Errorf("%s came with details %v, want %s = %v", what, details, key, value)
		}
	}
	if got, isBinary := message[len(message)-1].([]byte); !isBinary || !bytes.Equal(got, payload) {
		t.Errorf("%s came with the payload %#v, want %x", what, message[len(message)-1], payload)
	}
}

func TestOpaquePayloadsPassUntouched(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.opaque"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, `policy = "last"`))
	envelope := func() map[string]any {
		return map[string]any{"enc_algo": "cryptobox", "enc_serializer": "msgpack", "enc_key": "Yg=="}
	}
	options := func(more string) map[string]any {
		o := envelope()
		o[more] = true
		return o
	}
	sealed := []byte{0, 1, 2, 0xff, 0xfe, '"', '\\', 0x91, 0xc1, 0}
	for _, callees := range []codec.Serializer{codec.JSON, codec.MessagePack} {
		for _, callers := range []codec.Serializer{codec.JSON, codec.MessagePack} {
			t.Run(fmt.Sprintf("%s callee, %s caller", callees, callers), func(t *testing.T) {
				callee := joinOpaque(t, "callee", w.URL, callees)
				callee.put(64, 1, map[string]any{}, procedure)
				callee.get(65)
				caller := joinOpaque(t, "caller", c.URL(), callers)

				caller.put(48, 1, options("receive_progress"), procedure, sealed)
				invoked := callee.get(68)
				isOpaque(t, "INVOCATION", invoked, envelope(), sealed)
				callee.put(70, id(invoked[1]), options("progress"), sealed[1:])
				isOpaque(t, "progressive RESULT", caller.get(50), options("progress"), sealed[1:])
				callee.put(70, id(invoked[1]), envelope(), sealed[2:])
				isOpaque(t, "RESULT", caller.get(50), envelope(), sealed[2:])

				caller.put(48, 2, envelope(), procedure, sealed)
				callee.put(8, 68, id(callee.get(68)[1]), envelope(), "com.example.failed", sealed[3:])
				isOpaque(t, "ERROR", caller.get(8), envelope(), sealed[3:])
			})
		}
	}
}

func TestOpaquePayloadNeedsACalleeThatAnnouncesIt(t *testing.T) {
	c := harness.SharedCrossbar(t)
	const procedure = "com.example.opaque.unknown"
	w := harness.StartWampool(t, c.URL(), harness.Pooled(procedure, ""))
	harness.RawCallee(t, w.URL, procedure)
	caller := joinOpaque(t, "caller", c.URL(), codec.MessagePack)
	caller.put(48, 1, map[string]any{"enc_algo": "cryptobox"}, procedure, []byte{1})
	if refused := caller.get(8); refused[4] != "wamp.error.feature_not_supported" {
		t.Errorf("the caller got %v", refused)
	}
}
