package router_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
	"github.com/wampool/wampool/proxy/tryout/router"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var serializers = []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR}

func option(key string, value codec.FieldValue) []codec.Field {
	return []codec.Field{{Key: key, Value: value}}
}

// peer is a client that says just what a test has it say, in JSON.
type peer struct {
	t    *testing.T
	conn *transport.Conn
}

func dial(t *testing.T, r *router.Router) *peer {
	t.Helper()
	dialed, err := transport.Dial(tryouttest.Within(t), r.URL(), transport.DialOptions{Serializers: []codec.Serializer{codec.JSON}})
	if err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(10*time.Second, func() { dialed.Conn.Abort(context.DeadlineExceeded) })
	t.Cleanup(func() {
		late.Stop()
		dialed.Conn.Close(1000, "", time.Second)
		dialed.Conn.Wait()
	})
	return &peer{t, dialed.Conn}
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
	message, err := p.conn.Read()
	if err != nil {
		p.t.Fatal(err)
	}
	var m []any
	if err := json.Unmarshal(message, &m); err != nil {
		p.t.Fatal(err)
	}
	return m
}
