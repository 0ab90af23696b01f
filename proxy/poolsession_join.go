package proxy

import (
	"context"
	"fmt"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/login"
	"github.com/wampool/wampool/proxy/transport"
)

// poolFeatures are what the pool session announces as callee (contract,
// section 6). Not call_timeout: timers stay at the router where it has them.
var poolFeatures = []string{
	"call_canceling", "progressive_call_results", "progressive_call_invocations", "caller_identification",
	"call_trustlevels", "pattern_based_registration", "shared_registration", "registration_revocation",
	"payload_passthru_mode", "payload_transparency", "payload_encryption_cryptobox",
}

// join dials the router and opens a session.
func (l *link) join(ctx context.Context) (*transport.Conn, *codec.Welcome, error) {
	config := l.realm.proxy.config
	identity, err := l.identity()
	if err != nil {
		return nil, nil, err
	}
	dialed, err := transport.Dial(ctx, config.Router.URL, transport.DialOptions{
		Serializers: serializers,
		Timeout:     config.Router.DialTimeout,
		TLS:         l.realm.proxy.routerTLS(),
		Limits: transport.Limits{
			MessageBytes: max(poolMessageBytes, config.Limits.MessageBytes), SendBufferBytes: poolSendBufferBytes,
			Keepalive: l.realm.proxy.keepalive,
		},
	})
	if err != nil {
		return nil, nil, err
	}
	conn := dialed.Conn
	conn.BeforeBlock(l.out.Flush)
	timeout := time.AfterFunc(loginTimeout, func() {
		conn.Abort(fmt.Errorf("router did not answer HELLO within %s", loginTimeout))
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

// login says HELLO and answers the router's challenge.
func (l *link) login(conn *transport.Conn, identity *login.Login) (*codec.Welcome, error) {
	s := conn.Serializer()
	features := make([]codec.Field, len(poolFeatures))
	for i, name := range poolFeatures {
		features[i] = codec.Field{Key: name, Value: codec.FieldBool(true)}
	}
	fields := []codec.Field{
		{Key: "agent", Value: codec.FieldString("wampool")},
		{Key: "roles", Value: codec.FieldDict([]codec.Field{
			{Key: "callee", Value: codec.FieldDict([]codec.Field{{Key: "features", Value: codec.FieldDict(features)}})},
		})},
	}
	fields = append(fields, identity.Fields()...)
	hello := codec.Hello{Realm: l.realm.config.Name, Details: codec.NewDict(s, fields...)}
	l.out.Send(conn, hello.Append(nil, s))
	for {
		message, err := conn.Read()
		if err != nil {
			return nil, fmt.Errorf("login: %w", err)
		}
		t, err := codec.PeekType(s, message)
		if err != nil {
			return nil, fmt.Errorf("login: %w", err)
		}
		switch t {
		case codec.TypeWelcome:
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
			return nil, identity.Refuse(&abort)
		case codec.TypeChallenge:
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
	auth, secret := &l.realm.config.Auth, ""
	if auth.Method != login.Anonymous {
		var err error
		if secret, err = auth.Secret.Read(); err != nil {
			return nil, fmt.Errorf("login: %w", err)
		}
	}
	return login.New(auth.Method, auth.AuthID, secret)
}
