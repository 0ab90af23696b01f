package client_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var serializers = []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR}

// script is a router that does what a test has it do with one JSON client.
type script struct {
	t    *testing.T
	conn *transport.Conn
}

// scripted runs a script with each client that connects, and returns where.
func scripted(t *testing.T, play func(*script)) string {
	t.Helper()
	l, err := transport.Listen(t.Context(), "ws://127.0.0.1:0/ws", transport.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	played := make(chan struct{})
	go func() {
		served <- l.Serve(func(h *transport.Handshake) {
			defer close(played)
			conn, err := h.Accept(codec.JSON, nil)
			if err != nil {
				t.Error(err)
				return
			}
			play(&script{t, conn})
			conn.Close(1000, "", time.Second)
			conn.Wait()
		})
	}()
	t.Cleanup(func() {
		<-played
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.URL()
}

// hear expects a message of that type, and returns it.
func (s *script) hear(want codec.MessageType) string {
	message, err := s.conn.Read()
	if err != nil {
		s.t.Errorf("got %v, want %s", err, want)
		return ""
	}
	if got, err := codec.PeekType(codec.JSON, message); err != nil || got != want {
		s.t.Errorf("got %s (%v), want %s", message, err, want)
	}
	return string(message)
}

func (s *script) say(message string) {
	if err := s.conn.Send([]byte(message)); err != nil {
		s.t.Error(err)
	}
	s.conn.Flush()
}

// welcome opens the session.
func (s *script) welcome() {
	s.hear(codec.TypeHello)
	s.say(`[2, 7, {"authrole": "staff", "roles": {}}]`)
}
