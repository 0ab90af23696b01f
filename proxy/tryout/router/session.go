package router

import (
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// session is one connection, and the WAMP session on it. After GOODBYE a HELLO
// may open another one on the same connection ("Transport and Session Lifetime",
// #name-transport-and-session-lifet).
type session struct {
	// Immutable.
	router     *Router
	conn       *transport.Conn
	serializer codec.Serializer

	// Owned by run.
	out         transport.Outbox
	realm       *realm      // nil: no session is open
	lastRequest uint64      // of the client
	ended       bool        // ABORT was sent: what still comes is not read
	yield       codec.Yield // the one at hand

	// Under realm.mu, from WELCOME to the session's end.
	id            uint64
	authID        string
	origin        dealer.OriginID
	callee        dealer.CalleeID
	registrations map[uint64]string // to their procedures
	subscriptions map[uint64]*topic
	silent        bool   // GOODBYE or ABORT was sent: nothing may follow
	violation     string // what the session did that its reader ends it for
}

func newSession(r *Router, conn *transport.Conn) *session {
	s := &session{router: r, conn: conn, serializer: conn.Serializer()}
	conn.BeforeBlock(s.out.Flush)
	return s
}

// run handles what the client sends. It ends with the connection.
func (s *session) run() {
	for {
		message, err := s.conn.Read()
		if err != nil {
			s.leave()
			s.out.Flush()
			s.conn.Close(1000, "", closeLinger)
			s.conn.Wait()
			return
		}
		if s.ended {
			continue
		}
		if err := s.take(message); err != nil {
			s.abort(uriProtocolViolation, err.Error(), 1002)
		}
	}
}

// leave takes the session out of its realm.
func (s *session) leave() {
	if s.realm != nil {
		s.realm.part(s)
		s.realm = nil
	}
}

// abort ends the session by ABORT, and the connection with it ("Protocol Errors",
// #name-protocol-errors).
func (s *session) abort(uri, text string, code int) {
	s.router.log.Debug().Str("client", s.conn.RemoteAddr()).Str("reason", uri).Str("message", text).Msg("router: session aborted")
	s.leave()
	m := codec.Abort{
		Details: codec.NewDict(s.serializer, codec.Field{Key: "message", Value: codec.FieldString(text)}),
		Reason:  uri,
	}
	s.out.Send(s.conn, m.Append(nil, s.serializer))
	s.out.Flush()
	s.ended = true
	s.conn.Close(code, "session aborted", closeLinger)
}

// take handles one message. An error is a violation of the protocol ("Protocol
// Errors", #name-protocol-errors).
func (s *session) take(message []byte) error {
	h, err := codec.ReadHead(s.serializer, message)
	if err != nil {
		return err
	}
	if s.realm == nil {
		if h.Type != codec.TypeHello {
			return fmt.Errorf("%s before HELLO", h.Type)
		}
		return s.takeHello(message)
	}
	switch h.Type {
	case codec.TypeGoodbye:
		return s.takeGoodbye(message)
	case codec.TypeAbort:
		s.leave()
		return nil
	case codec.TypeCall:
		return s.takeCall(&h)
	case codec.TypeCancel:
		return s.takeCancel(&h)
	case codec.TypeYield:
		return s.takeYield(&h)
	case codec.TypeError:
		return s.takeError(&h)
	case codec.TypeRegister:
		return s.takeRegister(&h)
	case codec.TypeUnregister:
		return s.takeUnregister(&h)
	case codec.TypePublish:
		return s.takePublish(&h)
	case codec.TypeSubscribe:
		return s.takeSubscribe(message)
	case codec.TypeUnsubscribe:
		return s.takeUnsubscribe(message)
	}
	return fmt.Errorf("%s is not expected from a client in an open session", h.Type)
}

// takeHello opens a session.
func (s *session) takeHello(message []byte) error {
	var m codec.Hello
	if err := m.Decode(s.serializer, message); err != nil {
		return err
	}
	if m.Roles == (codec.Roles{}) {
		return errors.New("HELLO.Details.roles names no role of a client")
	}
	realm := s.router.realms[m.Realm]
	if realm == nil {
		s.abort(uriNoSuchRealm, "this router has no such realm", 1000)
		return nil
	}
	if !offersAnonymous(m.AuthMethods) {
		s.abort(uriNoAuthMethod, "this router knows the authentication method anonymous only", 1000)
		return nil
	}
	s.realm, s.lastRequest = realm, 0
	realm.join(s, m.Callee)
	return nil
}

// offersAnonymous tells whether a client does without authentication, which is
// what one means that names no method at all.
func offersAnonymous(methods []string) bool {
	for _, method := range methods {
		if method == "anonymous" {
			return true
		}
	}
	return len(methods) == 0
}

// takeGoodbye answers a GOODBYE ("GOODBYE", #name-goodbye-2).
func (s *session) takeGoodbye(message []byte) error {
	var m codec.Goodbye
	if err := m.Decode(s.serializer, message); err != nil {
		return err
	}
	s.leave()
	if m.Reason != uriGoodbyeAndOut { // which would be the answer to ours
		bye := codec.Goodbye{Reason: uriGoodbyeAndOut}
		s.out.Send(s.conn, bye.Append(nil, s.serializer))
	}
	return nil
}

// nextRequest checks the ID of a request: session scope, one up from the last, and
// from 2^53 to 1 ("IDs", #name-ids).
func (s *session) nextRequest(t codec.MessageType, id uint64) error {
	due := s.lastRequest%codec.MaxID + 1
	if id != due {
		return fmt.Errorf("%s.Request is %d where %d was due", t, id, due)
	}
	s.lastRequest = id
	return nil
}

// authRole is everybody's.
const authRole = "anonymous"

// welcome is WELCOME for a session that has just joined.
func (s *session) welcome() []byte {
	feature := func(names ...string) codec.FieldValue {
		fields := make([]codec.Field, len(names))
		for i, name := range names {
			fields[i] = codec.Field{Key: name, Value: codec.FieldBool(true)}
		}
		return codec.FieldDict([]codec.Field{{Key: "features", Value: codec.FieldDict(fields)}})
	}
	m := codec.Welcome{Session: s.id, Details: codec.NewDict(s.serializer,
		codec.Field{Key: "realm", Value: codec.FieldString(s.realm.name)},
		codec.Field{Key: "authid", Value: codec.FieldString(s.authID)},
		codec.Field{Key: "authrole", Value: codec.FieldString(authRole)},
		codec.Field{Key: "authmethod", Value: codec.FieldString("anonymous")},
		codec.Field{Key: "authprovider", Value: codec.FieldString("static")},
		codec.Field{Key: "x_agent", Value: codec.FieldString("wampool's router for trying out")},
		codec.Field{Key: "roles", Value: codec.FieldDict([]codec.Field{
			{Key: "broker", Value: feature("publisher_exclusion")},
			{Key: "dealer", Value: feature(
				"call_canceling", "caller_identification", "payload_passthru_mode", "progressive_call_invocations", "progressive_call_results", "shared_registration")},
		})},
	)}
	return m.Append(nil, s.serializer)
}
