package client

import (
	"context"

	"github.com/wampool/wampool/codec"
)

// request is one that the router has not answered. Who takes it out of the
// table settles it, so it is settled once.
type request struct {
	t     codec.MessageType
	reply chan reply // buffered; nil: call
	call  *Call

	handler Handler      // of REGISTER
	receive func(*Event) // of SUBSCRIBE
	id      uint64       // of the registration or subscription that UNREGISTER or UNSUBSCRIBE ends
}

// reply is the router's answer, or why none will come.
type reply struct {
	id     uint64 // of the registration, subscription or publication
	result *Result
	err    error
}

func (r *request) settle(with reply) {
	if r.call != nil {
		r.call.settle(with)
		return
	}
	r.reply <- with
}

// send numbers a request and writes it, in one step.
func (c *Client) send(r *request, build func(id uint64, dst []byte) []byte) error {
	c.mu.Lock()
	if c.requests == nil || c.leaving {
		cause := c.cause
		c.mu.Unlock()
		if cause == nil {
			cause = ErrClosed
		}
		return cause
	}
	c.lastRequest = c.lastRequest%codec.MaxID + 1
	id := c.lastRequest
	if r != nil {
		c.requests[id] = r
		if r.call != nil {
			r.call.request = id
		}
	}
	c.message = build(id, c.message[:0])
	err := c.conn.Send(c.message)
	if err != nil {
		delete(c.requests, id)
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	c.conn.Flush()
	return nil
}

// ask sends a request and waits for the answer. Where ctx ends first, the
// request may still take effect.
func (c *Client) ask(ctx context.Context, r *request, build func(id uint64, dst []byte) []byte) (reply, error) {
	r.reply = make(chan reply, 1)
	if err := c.send(r, build); err != nil {
		return reply{}, err
	}
	select {
	case answer := <-r.reply:
		return answer, answer.err
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	}
}

// answered takes the request that an answer of type t is for out of the table,
// nil if there is none. c.mu is held.
func (c *Client) answered(t codec.MessageType, id uint64) *request {
	r := c.requests[id]
	if r == nil || r.t != t {
		return nil
	}
	delete(c.requests, id)
	return r
}
