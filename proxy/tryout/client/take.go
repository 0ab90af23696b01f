package client

import (
	"errors"
	"fmt"

	"github.com/wampool/wampool/codec"
)

// errGoodbye is the router's GOODBYE.
type errGoodbye struct{ reason string }

func (e errGoodbye) Error() string { return "the router said GOODBYE: " + e.reason }

// take handles one message of the router. An error ends the session.
func (c *Client) take(message []byte) error {
	s := c.serializer
	t, err := codec.PeekType(s, message)
	if err != nil {
		return err
	}
	switch t {
	case codec.TypeInvocation:
		return c.takeInvocation(message)
	case codec.TypeInterrupt:
		return c.takeInterrupt(message)
	case codec.TypeEvent:
		return c.takeEvent(message)
	case codec.TypeResult:
		return c.takeResult(message)
	case codec.TypeError:
		return c.takeError(message)
	case codec.TypeRegistered:
		var m codec.Registered
		return c.takeAnswer(codec.TypeRegister, m.Decode(s, message), &m.Request, &m.Registration)
	case codec.TypeSubscribed:
		var m codec.Subscribed
		return c.takeAnswer(codec.TypeSubscribe, m.Decode(s, message), &m.Request, &m.Subscription)
	case codec.TypePublished:
		var m codec.Published
		return c.takeAnswer(codec.TypePublish, m.Decode(s, message), &m.Request, &m.Publication)
	case codec.TypeUnsubscribed:
		var m codec.Unsubscribed
		return c.takeAnswer(codec.TypeUnsubscribe, m.Decode(s, message), &m.Request, new(uint64))
	case codec.TypeUnregistered:
		return c.takeUnregistered(message)
	case codec.TypeGoodbye:
		return c.takeGoodbye(message)
	case codec.TypeAbort:
		return abortError(s, message)
	}
	return fmt.Errorf("%s is not expected from a router", t)
}

// takeAnswer settles a request, and begins or ends what it asked for before
// the next message is read: an INVOCATION may follow REGISTERED at once, and none
// comes before it ("Ordering Guarantees", #name-ordering-guarantees).
func (c *Client) takeAnswer(t codec.MessageType, err error, request, id *uint64) error {
	if err != nil {
		return err
	}
	c.mu.Lock()
	r := c.answered(t, *request)
	if r != nil {
		switch t {
		case codec.TypeRegister:
			c.registrations[*id] = r.handler
		case codec.TypeUnregister:
			delete(c.registrations, r.id)
		case codec.TypeSubscribe:
			c.subscriptions[*id] = r.receive
		case codec.TypeUnsubscribe:
			delete(c.subscriptions, r.id)
		}
	}
	c.mu.Unlock()
	if r == nil {
		return fmt.Errorf("answer to a %s that was not sent", t)
	}
	r.settle(reply{id: *id})
	return nil
}

// takeUnregistered takes the answer to UNREGISTER, or a revocation ("Registration
// Revocation", #name-registration-revocation).
func (c *Client) takeUnregistered(message []byte) error {
	var m codec.Unregistered
	if err := m.Decode(c.serializer, message); err != nil {
		return err
	}
	if m.Request != 0 {
		return c.takeAnswer(codec.TypeUnregister, nil, &m.Request, new(uint64))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.registrations, m.Registration)
	return nil
}

func (c *Client) takeResult(message []byte) error {
	var m codec.Result
	if err := m.Decode(c.serializer, message); err != nil {
		return err
	}
	result := &Result{Received: c.received(m.Details, m.Payload), Progress: m.Progress}
	c.mu.Lock()
	r := c.requests[m.Request]
	known := r != nil && r.t == codec.TypeCall
	if known && !m.Progress {
		delete(c.requests, m.Request)
	}
	c.mu.Unlock()
	switch {
	case !known:
		return errors.New("RESULT of a call that was not sent, or that has ended")
	case m.Progress:
		if r.call.Progress != nil {
			r.call.Progress(result)
		}
	default:
		r.settle(reply{result: result})
	}
	return nil
}

func (c *Client) takeError(message []byte) error {
	var m codec.Error
	if err := m.Decode(c.serializer, message); err != nil {
		return err
	}
	failure := &Error{URI: string(m.URI), Received: c.received(m.Details, m.Payload)}
	failure.Message = failure.sentence()
	c.mu.Lock()
	r := c.answered(m.RequestType, m.Request)
	c.mu.Unlock()
	if r == nil {
		return fmt.Errorf("ERROR for a %s that was not sent, or that has ended", m.RequestType)
	}
	r.settle(reply{err: failure})
	return nil
}

func (c *Client) takeEvent(message []byte) error {
	var m codec.Event
	if err := m.Decode(c.serializer, message); err != nil {
		return err
	}
	c.mu.Lock()
	receive := c.subscriptions[m.Subscription]
	c.mu.Unlock()
	if receive != nil { // else it was sent before UNSUBSCRIBE came
		receive(&Event{Received: c.received(m.Details, m.Payload), Publication: m.Publication})
	}
	return nil
}

// takeGoodbye answers a GOODBYE that is no answer itself ("GOODBYE",
// #name-goodbye-2).
func (c *Client) takeGoodbye(message []byte) error {
	var m codec.Goodbye
	if err := m.Decode(c.serializer, message); err != nil {
		return err
	}
	c.mu.Lock()
	answered := c.leaving
	c.mu.Unlock()
	if !answered {
		bye := codec.Goodbye{Reason: "wamp.close.goodbye_and_out"}
		_ = c.conn.Send(bye.Append(nil, c.serializer)) // the session ends either way
		c.conn.Flush()
	}
	return errGoodbye{m.Reason}
}
