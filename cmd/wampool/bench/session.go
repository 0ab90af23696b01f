package bench

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// Target is where sessions are opened, and as whom.
type Target struct {
	URL        string
	Realm      string
	Serializer codec.Serializer
	AuthID     string // with Ticket; else the login is anonymous
	Ticket     string
	TLS        *tls.Config // for wss and rss; nil: the system's root certificates
}

const (
	joinTimeout = 30 * time.Second
	closeLinger = time.Second
)

// session is one client's connection. Its reader sends by out.
type session struct {
	name       string // for errors
	conn       *transport.Conn
	serializer codec.Serializer
	out        transport.Outbox
}

// join opens a session.
func join(ctx context.Context, to *Target, name string) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	dialed, err := transport.Dial(ctx, to.URL, transport.DialOptions{
		Serializers: []codec.Serializer{to.Serializer}, TLS: to.TLS, Timeout: joinTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &session{name: name + " at " + to.URL, conn: dialed.Conn, serializer: to.Serializer}
	s.conn.BeforeBlock(s.out.Flush)
	defer context.AfterFunc(ctx, func() { s.conn.Abort(ctx.Err()) })()
	if err := s.login(to); err != nil {
		s.conn.Abort(err)
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return s, nil
}

// closeAll ends the sessions that have been opened.
func closeAll(sessions []*session) {
	for _, s := range sessions {
		if s != nil {
			s.conn.Close(1000, "", closeLinger)
		}
	}
	for _, s := range sessions {
		if s != nil {
			s.conn.Wait()
		}
	}
}

// lost tells that the session has ended, and why.
func (s *session) lost(cause error) error {
	return fmt.Errorf("lost %s: %w", s.name, cause)
}

// login says HELLO and answers a challenge for a ticket.
func (s *session) login(to *Target) error {
	method := "anonymous"
	if to.Ticket != "" {
		method = "ticket"
	}
	fields := []codec.Field{
		{Key: "agent", Value: codec.FieldString("wampool bench")},
		{Key: "roles", Value: codec.FieldDict([]codec.Field{
			{Key: "caller", Value: codec.FieldDict(nil)}, {Key: "callee", Value: codec.FieldDict(nil)},
		})},
		{Key: "authmethods", Value: codec.FieldStrings([]string{method})},
	}
	if to.AuthID != "" {
		fields = append(fields, codec.Field{Key: "authid", Value: codec.FieldString(to.AuthID)})
	}
	hello := codec.Hello{Realm: to.Realm, Details: codec.NewDict(s.serializer, fields...)}
	s.out.Send(s.conn, hello.Append(nil, s.serializer))
	for {
		message, t, err := s.next()
		switch {
		case err != nil:
			return err
		case t == codec.TypeWelcome:
			return nil
		case t == codec.TypeChallenge && to.Ticket != "":
			answer := codec.Authenticate{Signature: to.Ticket}
			s.out.Send(s.conn, answer.Append(nil, s.serializer))
		default:
			return s.unexpected(t, message)
		}
	}
}

// next reads the next message.
func (s *session) next() ([]byte, codec.MessageType, error) {
	message, err := s.conn.Read()
	if err != nil {
		return nil, 0, err
	}
	t, err := codec.PeekType(s.serializer, message)
	return message, t, err
}

// unexpected tells what came instead of what was waited for.
func (s *session) unexpected(t codec.MessageType, message []byte) error {
	switch t {
	case codec.TypeAbort:
		var m codec.Abort
		if m.Decode(s.serializer, message) == nil {
			return fmt.Errorf("aborted by the router: %s: %s", m.Reason, m.Message)
		}
	case codec.TypeGoodbye:
		var m codec.Goodbye
		if m.Decode(s.serializer, message) == nil {
			return fmt.Errorf("the router said goodbye: %s", m.Reason)
		}
	case codec.TypeError:
		var m codec.Error
		if m.Decode(s.serializer, message) == nil {
			return fmt.Errorf("refused by the router: %s", m.URI)
		}
	}
	return fmt.Errorf("the router sent %s, which nobody expects here", t)
}

// register registers a procedure.
func (s *session) register(procedure string, options ...codec.Field) error {
	m := codec.Register{Request: 1, Options: codec.NewDict(s.serializer, options...), Procedure: procedure}
	s.out.Send(s.conn, m.Append(nil, s.serializer))
	message, t, err := s.next()
	if err == nil && t != codec.TypeRegistered {
		err = s.unexpected(t, message)
	}
	if err != nil {
		return fmt.Errorf("register %s: %w", procedure, err)
	}
	return nil
}
