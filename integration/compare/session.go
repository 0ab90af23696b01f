package main

import (
	"context"
	"fmt"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/router"
	"github.com/wampool/wampool/proxy/transport"
)

const realm = "realm1"

var serializers = map[string]codec.Serializer{"json": codec.JSON, "msgpack": codec.MessagePack, "cbor": codec.CBOR}

// session is one client's connection, as lean as can be: its reader handles
// what one read brought and then flushes once.
type session struct {
	conn       *transport.Conn
	serializer codec.Serializer
	out        transport.Outbox // of its reader
}

// join opens a session.
func join(url, serializer string) (*session, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s := &session{serializer: serializers[serializer]}
	dialed, err := transport.Dial(ctx, url, transport.DialOptions{
		Serializers: []codec.Serializer{s.serializer}, Timeout: 30 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	s.conn = dialed.Conn
	s.conn.BeforeBlock(s.out.Flush)
	roles := codec.FieldDict([]codec.Field{
		{Key: "caller", Value: codec.FieldDict(nil)}, {Key: "callee", Value: codec.FieldDict(nil)},
	})
	hello := codec.Hello{Realm: realm, Details: codec.NewDict(s.serializer, codec.Field{Key: "roles", Value: roles})}
	s.out.Send(s.conn, hello.Append(nil, s.serializer))
	_, err = s.expect(codec.TypeWelcome)
	return s, err
}

// expect reads the next message, which must be of that type.
func (s *session) expect(t codec.MessageType) ([]byte, error) {
	message, err := s.conn.Read()
	if err != nil {
		return nil, err
	}
	if got, err := codec.PeekType(s.serializer, message); err != nil || got != t {
		return nil, fmt.Errorf("%s instead of %s: %q", got, t, message)
	}
	return message, nil
}

// playRouter is the demo's router.
func playRouter([]string) error {
	r, err := router.Listen(context.Background(), "ws://127.0.0.1:0/ws", router.Options{Realms: []string{realm}})
	if err != nil {
		return err
	}
	fmt.Println(r.URL())
	return r.Serve(context.Background())
}
