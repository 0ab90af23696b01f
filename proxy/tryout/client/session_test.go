package client_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

func echo(_ context.Context, in *client.Invocation) (client.Arguments, error) { return in.Arguments() }

func TestRequestsAreNumberedInOrder(t *testing.T) {
	// The router refuses IDs that are not in sequence.
	r := tryouttest.StartRouter(t)
	c := tryouttest.Join(t, r.URL(), client.Options{})
	if _, err := c.Register(tryouttest.Within(t), "com.example.echo", nil, echo); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			result, err := c.Call(tryouttest.Within(t), "com.example.echo", nil, client.Args(i))
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := result.Arguments(); err != nil || got.List[0] != int64(i) {
				t.Errorf("call %d: got %v, %v", i, got.List, err)
			}
		})
	}
	all.Wait()
}

func TestWhatTheRouterMustNotSendEndsTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		message, want string
	}{
		"RESULT of no call":            {`[50, 1, {}]`, "RESULT of a call that was not sent"},
		"ERROR for no request":         {`[8, 48, 1, {}, "com.example.error"]`, "ERROR for a CALL that was not sent"},
		"answer to no request":         {`[65, 1, 1]`, "answer to a REGISTER that was not sent"},
		"INVOCATION of nothing":        {`[68, 1, 1, {}]`, "unknown registration"},
		"a client's message":           {`[48, 1, {}, "com.example.add"]`, "CALL is not expected"},
		"malformed":                    {`[36, 1]`, "EVENT"},
		"no WAMP message":              {`nonsense`, "codec"},
		"ABORT":                        {`[3, {"message": "enough"}, "wamp.error.protocol_violation"]`, "enough"},
		"GOODBYE":                      {`[6, {}, "wamp.close.system_shutdown"]`, "wamp.close.system_shutdown"},
		"ERROR of another type's name": {`[8, 64, 1, {}, "com.example.error"]`, "ERROR for a REGISTER that was not sent"},
	} {
		t.Run(name, func(t *testing.T) {
			url := scripted(t, func(s *script) {
				s.welcome()
				s.say(c.message)
			})
			session := tryouttest.Join(t, url, client.Options{Serializer: codec.JSON})
			<-session.Done()
			if err := session.Err(); !strings.Contains(err.Error(), c.want) {
				t.Errorf("ended by %v, want %q", err, c.want)
			}
			_, err := session.Call(tryouttest.Within(t), "com.example.add", nil, client.Arguments{})
			if !errors.Is(err, session.Err()) {
				t.Errorf("a call after the end: %v", err)
			}
		})
	}
}

func TestGoodbyeIsAnswered(t *testing.T) {
	url := scripted(t, func(s *script) {
		s.welcome()
		s.say(`[6, {}, "wamp.close.close_realm"]`)
		if answer := s.hear(codec.TypeGoodbye); !strings.Contains(answer, "goodbye_and_out") {
			t.Errorf("got %s", answer)
		}
	})
	<-tryouttest.Join(t, url, client.Options{Serializer: codec.JSON}).Done()
}

func TestOutstandingRequestsEndWithTheSession(t *testing.T) {
	url := scripted(t, func(s *script) {
		s.welcome()
		s.hear(codec.TypeCall)
		s.hear(codec.TypeSubscribe)
		s.conn.Abort(errors.New("cut"))
	})
	c := tryouttest.Join(t, url, client.Options{Serializer: codec.JSON})
	call := &client.Call{Procedure: "com.example.add"}
	c.Go(tryouttest.Within(t), call)
	if _, err := c.Subscribe(tryouttest.Within(t), "com.example.news", nil, func(*client.Event) {}); err == nil {
		t.Error("subscribed at a router that is gone")
	}
	if <-call.Done; call.Err == nil || !errors.Is(call.Err, c.Err()) {
		t.Errorf("the call ended by %v, the session by %v", call.Err, c.Err())
	}
}

func TestRequestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := scripted(t, func(s *script) {
		s.welcome()
		s.hear(codec.TypeRegister)
		cancel()
		s.hear(codec.TypeGoodbye)
	})
	c := tryouttest.Join(t, url, client.Options{Serializer: codec.JSON})
	if _, err := c.Register(ctx, "com.example.add", nil, echo); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	c.Close()
}

func TestCancelIsSentOnceAndItsAnswerAwaited(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := scripted(t, func(s *script) {
		s.welcome()
		s.hear(codec.TypeCall)
		cancel()
		if message := s.hear(codec.TypeCancel); message != `[49,1,{"mode":"kill"}]` {
			t.Errorf("got %s", message)
		}
		s.say(`[50, 1, {}, ["it was faster"]]`)
		s.hear(codec.TypeGoodbye)
	})
	c := tryouttest.Join(t, url, client.Options{Serializer: codec.JSON})
	call := &client.Call{Procedure: "com.example.add", CancelMode: codec.CancelKill}
	c.Go(ctx, call)
	if <-call.Done; call.Err != nil {
		t.Errorf("the result that won the race: %v", call.Err)
	}
	c.Close()
}

func TestHandlerErrors(t *testing.T) {
	r := tryouttest.StartRouter(t)
	c := tryouttest.Join(t, r.URL(), client.Options{Serializer: codec.MessagePack})
	for procedure, failure := range map[string]error{
		"com.example.own":     fmt.Errorf("wrapped: %w", &client.Error{URI: "com.example.error", Message: "as told"}),
		"com.example.runtime": errors.New("division by zero"),
	} {
		handler := func(context.Context, *client.Invocation) (client.Arguments, error) {
			return client.Arguments{}, failure
		}
		if _, err := c.Register(tryouttest.Within(t), procedure, nil, handler); err != nil {
			t.Fatal(err)
		}
	}
	unsendable := func(context.Context, *client.Invocation) (client.Arguments, error) {
		return client.Args(make(chan int)), nil
	}
	if _, err := c.Register(tryouttest.Within(t), "com.example.unsendable", nil, unsendable); err != nil {
		t.Fatal(err)
	}
	for procedure, want := range map[string]string{
		"com.example.own":        "com.example.error: as told",
		"com.example.runtime":    "wamp.error.runtime_error: division by zero",
		"com.example.unsendable": "wamp.error.runtime_error: client: arguments in msgpack",
	} {
		_, err := c.Call(tryouttest.Within(t), procedure, nil, client.Arguments{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", procedure, err, want)
		}
	}
	if _, err := c.Call(tryouttest.Within(t), "com.example.own", nil, client.Args(make(chan int))); err == nil {
		t.Error("a channel was sent")
	}
}

func TestRevokedRegistration(t *testing.T) {
	url := scripted(t, func(s *script) {
		s.welcome()
		s.hear(codec.TypeRegister)
		s.say(`[65, 1, 11]`)
		s.say(`[67, 0, {"registration": 11, "reason": "wamp.close.normal"}]`)
		s.say(`[68, 1, 11, {}]`) // what the session does not have any more
	})
	c := tryouttest.Join(t, url, client.Options{Serializer: codec.JSON})
	if id, err := c.Register(tryouttest.Within(t), "com.example.add", nil, echo); err != nil || id != 11 {
		t.Fatalf("got %d, %v", id, err)
	}
	<-c.Done()
	if err := c.Err(); !strings.Contains(err.Error(), "unknown registration") {
		t.Errorf("ended by %v", err)
	}
}
