package client

import (
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
)

var defaultFeatures = []string{"call_canceling", "progressive_call_results"}

// login says HELLO and answers a challenge, until WELCOME ("Authentication Methods",
// #name-authentication-methods).
func (c *Client) login(o *Options) error {
	hello := codec.Hello{Realm: o.Realm, Details: helloDetails(c.serializer, o)}
	if err := c.conn.Send(hello.Append(nil, c.serializer)); err != nil {
		return err
	}
	for {
		c.conn.Flush()
		message, err := c.conn.Read()
		if err != nil {
			return err
		}
		t, err := codec.PeekType(c.serializer, message)
		if err != nil {
			return err
		}
		switch t {
		case codec.TypeWelcome:
			err := c.welcome.Decode(c.serializer, message)
			c.welcome.Details = codec.Dict{} // aliases the message
			return err
		case codec.TypeAbort:
			return abortError(c.serializer, message)
		case codec.TypeChallenge:
			if o.Ticket == "" {
				return errors.New("the router asks for authentication, and no ticket was given")
			}
			answer := codec.Authenticate{Signature: o.Ticket}
			if err := c.conn.Send(answer.Append(nil, c.serializer)); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s before WELCOME", t)
		}
	}
}

func helloDetails(s codec.Serializer, o *Options) codec.Dict {
	features, method := o.Features, "anonymous"
	if features == nil {
		features = defaultFeatures
	}
	if o.Ticket != "" {
		method = "ticket"
	}
	fields := []codec.Field{
		{Key: "agent", Value: codec.FieldString("wampool client")},
		{Key: "roles", Value: codec.FieldDict([]codec.Field{
			{Key: "caller", Value: announced(defaultFeatures)},
			{Key: "callee", Value: announced(features)},
			{Key: "publisher", Value: announced([]string{"publisher_exclusion"})},
			{Key: "subscriber", Value: announced(nil)},
		})},
		{Key: "authmethods", Value: codec.FieldStrings([]string{method})},
	}
	if o.AuthID != "" {
		fields = append(fields, codec.Field{Key: "authid", Value: codec.FieldString(o.AuthID)})
	}
	return codec.NewDict(s, fields...)
}

func announced(features []string) codec.FieldValue {
	fields := make([]codec.Field, len(features))
	for i, name := range features {
		fields[i] = codec.Field{Key: name, Value: codec.FieldBool(true)}
	}
	return codec.FieldDict([]codec.Field{{Key: "features", Value: codec.FieldDict(fields)}})
}

// AbortError is the router's ABORT.
type AbortError struct{ Reason, Message string }

func (e *AbortError) Error() string {
	if e.Message == "" {
		return "aborted by the router: " + e.Reason
	}
	return fmt.Sprintf("aborted by the router: %s: %s", e.Reason, e.Message)
}

func abortError(s codec.Serializer, message []byte) error {
	var m codec.Abort
	if err := m.Decode(s, message); err != nil {
		return err
	}
	return &AbortError{m.Reason, m.Message}
}
