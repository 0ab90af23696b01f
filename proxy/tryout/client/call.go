package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
)

// Call is one call that [Client.Go] makes.
type Call struct {
	Procedure  string
	Options    []codec.Field
	Arguments  Arguments
	CancelMode codec.CancelMode // when the context ends; empty: killnowait
	Progress   func(*Result)    // takes progressive results, on the session's reader: it must not wait. nil: none are asked for

	// Done gets the call when it has ended; it must have room for it then. nil:
	// Go makes one.
	Done chan *Call

	// Result and Err are set when the call has ended, one of them.
	Result *Result
	Err    error

	ctx     context.Context
	client  *Client
	request uint64      // under client.mu
	stop    func() bool // ends the watch over ctx
}

// Result is what a procedure returned, or a part of it.
type Result struct {
	Received
	Progress bool
}

// Call calls a procedure and returns its result. Where ctx ends first, the call
// is canceled, and the router's word on that is waited for. The error is an
// *[Error] if the router or the callee sent it.
func (c *Client) Call(ctx context.Context, procedure string, options []codec.Field, arguments Arguments) (*Result, error) {
	call := &Call{Procedure: procedure, Options: options, Arguments: arguments}
	c.Go(ctx, call)
	<-call.Done
	return call.Result, call.Err
}

// Go begins a call and returns. The call is the client's until it comes out of
// call.Done.
func (c *Client) Go(ctx context.Context, call *Call) {
	call.ctx, call.client = ctx, c
	if call.Done == nil {
		call.Done = make(chan *Call, 1)
	}
	payload, err := call.Arguments.payload(c.serializer)
	if err != nil {
		call.settle(reply{err: err})
		return
	}
	options := call.Options
	if call.Progress != nil {
		options = append(options[:len(options):len(options)], codec.Field{Key: "receive_progress", Value: codec.FieldBool(true)})
	}
	m := codec.Call{Options: codec.NewDict(c.serializer, options...), Procedure: []byte(call.Procedure), Payload: payload}
	err = c.send(&request{t: codec.TypeCall, call: call}, func(id uint64, dst []byte) []byte {
		if ctx.Done() != nil { // under the lock: its end, or the call's, comes later
			call.stop = context.AfterFunc(ctx, call.cancel)
		}
		m.Request = id
		return m.Append(dst, c.serializer)
	})
	if err != nil {
		call.settle(reply{err: err})
	}
}

// cancel sends CANCEL, if the call has not ended.
func (call *Call) cancel() {
	c := call.client
	mode := call.CancelMode
	if mode == "" {
		mode = codec.CancelKillNoWait
	}
	m := codec.Cancel{Options: codec.NewDict(c.serializer, codec.Field{Key: "mode", Value: codec.FieldString(string(mode))})}
	c.mu.Lock()
	if r := c.requests[call.request]; r != nil && r.call == call {
		m.Request = call.request
		_ = c.conn.Send(m.Append(nil, c.serializer)) // an error ends the reader, and that the call
	}
	c.mu.Unlock()
	c.conn.Flush()
}

// settle ends the call.
func (call *Call) settle(with reply) {
	if call.stop != nil {
		call.stop()
	}
	call.Result, call.Err = with.result, with.err
	if failure := (*Error)(nil); call.ctx.Err() != nil && errors.As(with.err, &failure) && failure.URI == "wamp.error.canceled" {
		call.Err = fmt.Errorf("%w: %w", context.Cause(call.ctx), with.err)
	}
	select {
	case call.Done <- call:
	default:
		panic("client: Call.Done must have room for the call")
	}
}
