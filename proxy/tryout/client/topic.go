package client

import (
	"context"

	"github.com/wampool/wampool/codec"
)

// Event is what was published to a topic that the session subscribes to.
type Event struct {
	Received
	Publication uint64
}

// Subscribe subscribes to a topic and returns the subscription's ID. receive
// gets the events in order, on the session's reader: it must not wait, least of
// all for this client.
func (c *Client) Subscribe(ctx context.Context, topic string, options []codec.Field, receive func(*Event)) (uint64, error) {
	m := codec.Subscribe{Options: codec.NewDict(c.serializer, options...), Topic: topic}
	answer, err := c.ask(ctx, &request{t: codec.TypeSubscribe, receive: receive}, func(id uint64, dst []byte) []byte {
		m.Request = id
		return m.Append(dst, c.serializer)
	})
	return answer.id, err
}

// Unsubscribe ends a subscription.
func (c *Client) Unsubscribe(ctx context.Context, subscription uint64) error {
	m := codec.Unsubscribe{Subscription: subscription}
	_, err := c.ask(ctx, &request{t: codec.TypeUnsubscribe, id: subscription}, func(id uint64, dst []byte) []byte {
		m.Request = id
		return m.Append(dst, c.serializer)
	})
	return err
}

// Publish publishes to a topic and waits for the router's acknowledgement.
func (c *Client) Publish(ctx context.Context, topic string, options []codec.Field, arguments Arguments) error {
	payload, err := arguments.payload(c.serializer)
	if err != nil {
		return err
	}
	options = append(options[:len(options):len(options)], codec.Field{Key: "acknowledge", Value: codec.FieldBool(true)})
	m := codec.Publish{Options: codec.NewDict(c.serializer, options...), Topic: topic, Payload: payload}
	_, err = c.ask(ctx, &request{t: codec.TypePublish}, func(id uint64, dst []byte) []byte {
		m.Request = id
		return m.Append(dst, c.serializer)
	})
	return err
}
