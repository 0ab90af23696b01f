// Package played is for peers that a test plays: ends of connections whose
// messages it writes and reads itself, as JSON whatever the serializer.
package played

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// Patience is how long a test waits for what must happen.
const Patience = time.Minute

// errOver ends connections that are still there at their test's end.
var errOver = errors.New("the test is over")

// Dial connects to a URL, where one of these serializers must be spoken.
func Dial(t testing.TB, url string, serializers ...codec.Serializer) *transport.Conn {
	t.Helper()
	dialed, err := transport.Dial(context.Background(), url, transport.DialOptions{Timeout: Patience, Serializers: serializers})
	if err != nil {
		t.Fatal(err)
	}
	return dialed.Conn
}

// Read returns what comes at a connection, each message as text makes it one
// ([AsJSON], [AsItIs]). It is closed when the connection has ended, which it does
// with the test at the latest.
func Read(t testing.TB, conn *transport.Conn, text func(codec.Serializer, []byte) string) <-chan string {
	messages := make(chan string, 1<<12)
	go func() {
		defer close(messages)
		for {
			message, err := conn.Read()
			if err != nil {
				return
			}
			messages <- text(conn.Serializer(), message)
		}
	}()
	t.Cleanup(func() {
		conn.Abort(errOver)
		for range messages {
		}
		conn.Wait()
	})
	return messages
}

// AsItIs are a message's bytes.
func AsItIs(_ codec.Serializer, message []byte) string { return string(message) }

// AsJSON is a message in JSON; one that can't be is its bytes in hexadecimal.
func AsJSON(from codec.Serializer, message []byte) string {
	text, err := transcoded(message, from, codec.JSON)
	if err != nil {
		return fmt.Sprintf("%x", message)
	}
	return string(text)
}

// InSerializer is a message that is written in JSON, in another serializer.
func InSerializer(t testing.TB, to codec.Serializer, text string) []byte {
	t.Helper()
	message, err := transcoded([]byte(text), codec.JSON, to)
	if err != nil {
		t.Fatalf("%v in %.100s", err, text)
	}
	return message
}

// transcoded takes a message for the list that it is.
func transcoded(message []byte, from, to codec.Serializer) ([]byte, error) {
	if from == to {
		return message, nil
	}
	p, _, err := codec.TranscodePayload(nil, codec.NewPayload(from, message, nil), from, to)
	if err != nil {
		return nil, err
	}
	list, _, err := p.Arguments(to)
	return list, err
}
