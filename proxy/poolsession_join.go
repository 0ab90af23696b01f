package proxy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/login"
	"github.com/wampool/wampool/proxy/transport"
)

// poolFeatures are what the pool session announces as callee ("Feature
// Announcement", #name-feature-announcement). Not call_timeout: timers stay at the
// router where it has them ("Call Timeouts", #name-call-timeouts).
var poolFeatures = []string{
	"call_canceling", "progressive_call_results", "progressive_call_invocations", "caller_identification",
	"call_trustlevels", "pattern_based_registration", "shared_registration", "registration_revocation",
	"payload_passthru_mode", "payload_transparency", "payload_encryption_cryptobox",
}

// join dials the router and opens a session.
func (l *link) join(ctx context.Context) (_ *transport.Conn, _ *codec.Welcome, err error) {
	defer l.contain(&err)
	config := l.realm.proxy.config()
	identity, err := l.identity()
	if err != nil {
		return nil, nil, err
	}
	dialed, err := transport.Dial(ctx, config.Router.URL, transport.DialOptions{
		Serializers: l.offer,
		OneByOne:    true,
		Timeout:     config.Router.DialTimeout,
		TLS:         l.realm.proxy.routerTLS(),
		Connect:     l.realm.proxy.connect,
		Limits: transport.Limits{
			MessageBytes: max(poolGrowth*config.Router.MessageBytes, config.Limits.MessageBytes), SendBufferBytes: l.realm.proxy.poolSendBuffer,
			Keepalive: l.realm.proxy.keepalive,
		},
	})
	if err != nil {
		return nil, nil, err
	}
	conn := dialed.Conn
	conn.ChargeTo(l.realm.proxy.budget)
	if l.only == 0 { // what was taken once is offered first
		s := conn.Serializer()
		l.offer = append([]codec.Serializer{s}, slices.DeleteFunc(slices.Clone(serializers), func(other codec.Serializer) bool { return other == s })...)
	}
	conn.BeforeBlock(l.flush)
	timeout := time.AfterFunc(l.realm.proxy.loginPatience, func() {
		conn.Abort(errSilent)
	})
	defer timeout.Stop()
	// The connection outlives ctx once it is up: a stop says GOODBYE first.
	stop := context.AfterFunc(ctx, func() { conn.Abort(ctx.Err()) })
	defer stop()
	welcome, err := l.login(conn, identity)
	if err != nil {
		conn.Close(1000, "", time.Second)
		return nil, nil, err
	}
	return conn, welcome, nil
}

// refusedError is the ABORT of a router that does not let the pool session join.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }

// errSilent ends a connection whose router does not answer.
var errSilent = errors.New("router did not answer")

// silence says what was sent to a router that does not answer, and what it may
// miss: some answer nothing where others say ABORT.
func (l *link) silence(s codec.Serializer, challenged bool) error {
	sent := "HELLO"
	if challenged {
		sent = "AUTHENTICATE"
	}
	return fmt.Errorf("%w %s within %s: it was for realm %q, by authentication method %q, with roles %s, in %s; "+
		"a router that says nothing may not know the realm, or want another method, role or serializer",
		errSilent, sent, l.realm.proxy.loginPatience, l.realm.name, l.realm.config().Auth.Method, strings.Join(poolRoles, ", "), s)
}

// poolRoles are all that a client may have ("HELLO", #name-hello-2). Some routers take
// no HELLO that lacks one of them.
var poolRoles = []string{"callee", "caller", "publisher", "subscriber"}

// hello is what the pool session says first.
func (l *link) hello(s codec.Serializer, identity *login.Login) []byte {
	features := make([]codec.Field, len(poolFeatures))
	for i, name := range poolFeatures {
		features[i] = codec.Field{Key: name, Value: codec.FieldBool(true)}
	}
	roles := make([]codec.Field, len(poolRoles))
	for i, name := range poolRoles {
		roles[i] = codec.Field{Key: name, Value: codec.FieldDict(nil)}
	}
	roles[0].Value = codec.FieldDict([]codec.Field{{Key: "features", Value: codec.FieldDict(features)}})
	fields := []codec.Field{
		{Key: "agent", Value: codec.FieldString("wampool")},
		{Key: "roles", Value: codec.FieldDict(roles)},
	}
	fields = append(fields, identity.Fields()...)
	hello := codec.Hello{Realm: l.realm.name, Details: codec.NewDict(s, fields...)}
	return hello.Append(nil, s)
}

// login says HELLO and answers the router's challenge.
func (l *link) login(conn *transport.Conn, identity *login.Login) (*codec.Welcome, error) {
	s, challenged := conn.Serializer(), false
	l.out.Send(conn, l.hello(s, identity))
	sent := l.realm.now()
	for {
		message, err := conn.Read()
		if errors.Is(err, errSilent) {
			err = l.silence(s, challenged)
		}
		if err != nil {
			return nil, fmt.Errorf("login: %w", err)
		}
		t, err := codec.PeekType(s, message)
		if err != nil {
			return nil, fmt.Errorf("login: %w", err)
		}
		switch t {
		case codec.TypeWelcome:
			l.loginTrip = l.realm.now() - sent
			welcome := new(codec.Welcome)
			if err := welcome.Decode(s, message); err != nil {
				return nil, fmt.Errorf("login: %w", err)
			}
			return welcome, identity.Accept(s, welcome)
		case codec.TypeAbort:
			var abort codec.Abort
			if err := abort.Decode(s, message); err != nil {
				return nil, fmt.Errorf("login: %w", err)
			}
			return nil, refusedError{identity.Refuse(&abort)}
		case codec.TypeChallenge:
			challenged = true
			var challenge codec.Challenge
			if err := challenge.Decode(s, message); err != nil {
				return nil, fmt.Errorf("login: %w", err)
			}
			answer, err := identity.Answer(s, &challenge)
			if err != nil {
				abort := codec.Abort{Reason: uriAuthentication}
				l.out.Send(conn, abort.Append(nil, s))
				return nil, err
			}
			l.out.Send(conn, answer.Append(nil, s))
		default:
			return nil, fmt.Errorf("login: router sent %s before WELCOME", t)
		}
	}
}

// identity begins a login, with the secret as it is now.
func (l *link) identity() (*login.Login, error) {
	auth, secret := &l.realm.config().Auth, ""
	if auth.Method != login.Anonymous {
		var err error
		if secret, err = auth.Secret.Read(); err != nil {
			return nil, fmt.Errorf("login: %w", err)
		}
	}
	return login.New(auth.Method, auth.AuthID, secret)
}
