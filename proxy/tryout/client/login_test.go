package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

func TestLoginByTicket(t *testing.T) {
	url := scripted(t, func(s *script) {
		hello := s.hear(codec.TypeHello)
		for _, want := range []string{`"authid":"joe"`, `"authmethods":["ticket"]`, `"call_canceling":true`} {
			if !strings.Contains(hello, want) {
				t.Errorf("%s lacks %s", hello, want)
			}
		}
		if strings.Contains(hello, "open sesame") {
			t.Error("HELLO holds the ticket")
		}
		s.say(`[4, "ticket", {}]`)
		if answer := s.hear(codec.TypeAuthenticate); !strings.Contains(answer, `"open sesame"`) {
			t.Errorf("answer to the challenge: %s", answer)
		}
		s.say(`[2, 7, {"authrole": "staff", "roles": {}}]`)
		s.hear(codec.TypeGoodbye)
		s.say(`[6, {}, "wamp.close.goodbye_and_out"]`)
	})
	c := tryouttest.Join(t, url, client.Options{Serializer: codec.JSON, AuthID: "joe", Ticket: "open sesame"})
	if c.Session() != 7 || c.AuthRole() != "staff" || c.Serializer() != codec.JSON {
		t.Errorf("session %d, role %s, serializer %s", c.Session(), c.AuthRole(), c.Serializer())
	}
	if c.Close(); !errors.Is(c.Err(), client.ErrClosed) {
		t.Errorf("after Close: %v", c.Err())
	}
}

func TestLoginRefused(t *testing.T) {
	for name, c := range map[string]struct {
		answer, want string
	}{
		"ABORT":           {`[3, {"message": "who are you?"}, "wamp.error.not_authorized"]`, "wamp.error.not_authorized: who are you?"},
		"CHALLENGE":       {`[4, "ticket", {}]`, "no ticket was given"},
		"something else":  {`[33, 1, 1]`, "SUBSCRIBED before WELCOME"},
		"malformed":       {`[2]`, "WELCOME"},
		"no WAMP message": {`{}`, "codec"},
	} {
		t.Run(name, func(t *testing.T) {
			url := scripted(t, func(s *script) {
				s.hear(codec.TypeHello)
				s.say(c.answer)
			})
			_, err := client.Dial(tryouttest.Within(t), url, client.Options{Realm: "realm1", Serializer: codec.JSON})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestDialErrors(t *testing.T) {
	r := tryouttest.StartRouter(t)
	_, err := client.Dial(tryouttest.Within(t), r.URL(), client.Options{Realm: "realm2"})
	if abort := (*client.AbortError)(nil); !errors.As(err, &abort) || abort.Reason != "wamp.error.no_such_realm" {
		t.Errorf("unknown realm: %v", err)
	}
	r.Close()
	if _, err := client.Dial(tryouttest.Within(t), r.URL(), client.Options{Realm: "realm1"}); err == nil {
		t.Error("a session at a router that is closed")
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := scripted(t, func(s *script) {
		s.hear(codec.TypeHello)
		cancel()
		if message, err := s.conn.Read(); err == nil {
			t.Errorf("got %s, want the end", message)
		}
	})
	if _, err := client.Dial(ctx, url, client.Options{Realm: "realm1", Serializer: codec.JSON}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
