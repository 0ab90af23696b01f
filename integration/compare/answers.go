package main

import (
	"context"
	"fmt"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// playAnswers is a peer that answers each CALL with its own arguments: router and
// callee in one, as lean as can be. It says "ready", and its URL.
func playAnswers([]string) error {
	listener, err := transport.Listen(context.Background(), "ws://127.0.0.1:0/ws", transport.ListenOptions{})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	fmt.Println(listener.URL())
	return listener.Serve(func(h *transport.Handshake) {
		if conn, err := h.Accept(h.Serializers()[0], nil); err == nil {
			go answer(conn)
		}
	})
}

// answer ends with the connection.
func answer(conn *transport.Conn) {
	defer conn.Close(1000, "", time.Second)
	var out transport.Outbox
	conn.BeforeBlock(out.Flush)
	var buffer []byte
	for {
		message, err := conn.Read()
		if err != nil {
			return
		}
		if buffer, err = reply(buffer[:0], conn.Serializer(), message); err != nil {
			return
		}
		out.Send(conn, buffer)
	}
}

// reply appends the answer to a HELLO or a CALL.
func reply(dst []byte, s codec.Serializer, message []byte) ([]byte, error) {
	t, err := codec.PeekType(s, message)
	switch {
	case err != nil:
		return nil, err
	case t == codec.TypeHello:
		roles := codec.FieldDict([]codec.Field{{Key: "dealer", Value: codec.FieldDict(nil)}})
		m := codec.Welcome{Session: 1, Details: codec.NewDict(s, codec.Field{Key: "roles", Value: roles})}
		return m.Append(dst, s), nil
	case t == codec.TypeCall:
		var m codec.Call
		if err := m.Decode(s, message); err != nil {
			return nil, err
		}
		answer := codec.Result{Request: m.Request, Payload: m.Payload}
		return answer.Append(dst, s), nil
	}
	return nil, fmt.Errorf("nobody answers %s here", t)
}
