package router_test

import (
	"encoding/json"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/transport/played"
	"github.com/wampool/wampool/proxy/tryout/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var serializers = []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR}

func option(key string, value codec.FieldValue) []codec.Field {
	return []codec.Field{{Key: key, Value: value}}
}

// peer is a client that says just what a test has it say, in JSON.
type peer struct {
	t        *testing.T
	conn     *transport.Conn
	messages <-chan string
}

func dial(t *testing.T, r *router.Router) *peer {
	t.Helper()
	conn := played.Dial(t, r.URL(), codec.JSON)
	return &peer{t, conn, played.Read(t, conn, played.AsJSON)}
}

// open is a peer whose session is open.
func open(t *testing.T, r *router.Router) *peer {
	t.Helper()
	p := dial(t, r)
	p.say(`[1, "realm1", {"roles": {"caller": {}, "callee": {}, "publisher": {}, "subscriber": {}}}]`)
	if m := p.hear(); m[0] != 2.0 {
		t.Fatalf("got %v, want WELCOME", m)
	}
	return p
}

func (p *peer) say(messages ...string) {
	p.t.Helper()
	for _, m := range messages {
		if err := p.conn.Send([]byte(m)); err != nil {
			p.t.Fatal(err)
		}
	}
	p.conn.Flush()
}

func (p *peer) hear() []any {
	p.t.Helper()
	message, ended := p.next()
	if ended {
		p.t.Fatal(p.conn.Err())
	}
	var m []any
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		p.t.Fatal(err)
	}
	return m
}

// next waits for the next message, or the end of the connection.
func (p *peer) next() (message string, ended bool) {
	p.t.Helper()
	select {
	case message, more := <-p.messages:
		return message, !more
	case <-time.After(played.Patience):
		p.t.Fatal("no message came")
		return "", true
	}
}
