package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
)

// Handler runs a procedure: it returns the result's arguments, or an error,
// which the caller gets as it is if it is an *[Error], and else as
// wamp.error.runtime_error with its text. Several may run at once. ctx ends
// when the call is canceled or the session ends.
type Handler func(ctx context.Context, in *Invocation) (Arguments, error)

// Invocation is one call of a procedure registered here.
type Invocation struct {
	Received
	Request, Registration uint64
	ReceiveProgress       bool // the caller takes progressive results

	client *Client
}

// Progress sends a progressive result. It must not be called where
// ReceiveProgress is false, nor after the handler has returned.
func (in *Invocation) Progress(arguments Arguments) error {
	c := in.client
	payload, err := arguments.payload(c.serializer)
	if err != nil {
		return err
	}
	m := codec.Yield{
		Request: in.Request, Payload: payload,
		Options: codec.NewDict(c.serializer, codec.Field{Key: "progress", Value: codec.FieldBool(true)}),
	}
	return c.write(m.Append(nil, c.serializer))
}

// Register registers a procedure and returns the registration's ID. options
// are those of REGISTER, invoke and concurrency for two.
func (c *Client) Register(ctx context.Context, procedure string, options []codec.Field, handler Handler) (uint64, error) {
	m := codec.Register{Options: codec.NewDict(c.serializer, options...), Procedure: procedure}
	answer, err := c.ask(ctx, &request{t: codec.TypeRegister, handler: handler}, func(id uint64, dst []byte) []byte {
		m.Request = id
		return m.Append(dst, c.serializer)
	})
	return answer.id, err
}

// Unregister ends a registration. Calls that its handler has go on.
func (c *Client) Unregister(ctx context.Context, registration uint64) error {
	m := codec.Unregister{Registration: registration}
	_, err := c.ask(ctx, &request{t: codec.TypeUnregister, id: registration}, func(id uint64, dst []byte) []byte {
		m.Request = id
		return m.Append(dst, c.serializer)
	})
	return err
}

// takeInvocation starts the handler of an INVOCATION.
func (c *Client) takeInvocation(message []byte) error {
	var m codec.Invocation
	if err := m.Decode(c.serializer, message); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.mu.Lock()
	handler := c.registrations[m.Registration]
	twice := c.invocations[m.Request] != nil
	if handler != nil && !twice {
		c.invocations[m.Request] = cancel
	}
	c.mu.Unlock()
	if handler == nil || twice {
		cancel()
		return fmt.Errorf("INVOCATION %d: unknown registration, or an invocation of that ID is under way", m.Request)
	}
	in := &Invocation{
		Received: c.received(m.Details, m.Payload), client: c,
		Request: m.Request, Registration: m.Registration, ReceiveProgress: m.ReceiveProgress,
	}
	c.handlers.Go(func() {
		defer cancel()
		c.handle(ctx, handler, in)
	})
	return nil
}

// handle runs one invocation and answers it. It ends when the handler has.
func (c *Client) handle(ctx context.Context, handler Handler, in *Invocation) {
	arguments, err := handler(ctx, in)
	answer := c.answerOf(ctx, in, arguments, err)
	c.mu.Lock()
	delete(c.invocations, in.Request)
	c.mu.Unlock()
	_ = c.write(answer) // an error has ended the session, which its reader tells
}

// answerOf builds the final YIELD or the ERROR of an invocation.
func (c *Client) answerOf(ctx context.Context, in *Invocation, arguments Arguments, err error) []byte {
	var payload codec.Payload
	if err == nil {
		payload, err = arguments.payload(c.serializer)
	}
	if err == nil {
		m := codec.Yield{Request: in.Request, Payload: payload}
		return m.Append(nil, c.serializer)
	}
	m := codec.Error{
		RequestType: codec.TypeInvocation, Request: in.Request, URI: []byte("wamp.error.runtime_error"),
		Payload: codec.TextPayload(c.serializer, nil, err.Error(), nil),
	}
	failure := (*Error)(nil)
	switch {
	case errors.As(err, &failure):
		m.URI, m.Payload = []byte(failure.URI), codec.TextPayload(c.serializer, nil, failure.Message, nil)
	case ctx.Err() != nil:
		m.URI = []byte("wamp.error.canceled")
	}
	return m.Append(nil, c.serializer)
}

// takeInterrupt ends the context of a handler ("Call Canceling",
// #name-call-canceling). It may come after the answer.
func (c *Client) takeInterrupt(message []byte) error {
	var m codec.Interrupt
	if err := m.Decode(c.serializer, message); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.invocations[m.Request]; cancel != nil {
		cancel()
	}
	return nil
}

// write sends what is no request, unless GOODBYE was sent.
func (c *Client) write(message []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving || c.cause != nil {
		return ErrClosed
	}
	if err := c.conn.Send(message); err != nil {
		return err
	}
	c.conn.Flush()
	return nil
}
