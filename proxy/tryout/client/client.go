package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// Options say whose session is opened, and how.
type Options struct {
	Realm      string
	Serializer codec.Serializer // zero: CBOR
	// Features are what is announced for the role of callee; nil stands for
	// call_canceling and progressive_call_results, an empty list for none.
	Features []string
	AuthID   string
	Ticket   string // authenticates AuthID; empty: anonymous
	Limits   transport.Limits
	Connect  transport.Connect // nil: over the network
}

// Client is one WAMP session. It is safe for concurrent use.
type Client struct {
	// Immutable after Dial.
	conn       *transport.Conn
	serializer codec.Serializer
	welcome    codec.Welcome
	ended      chan struct{} // closed by run
	running    sync.WaitGroup
	handlers   sync.WaitGroup

	mu            sync.Mutex
	lastRequest   uint64
	requests      map[uint64]*request
	registrations map[uint64]Handler
	subscriptions map[uint64]func(*Event)
	invocations   map[uint64]context.CancelFunc // at handlers
	leaving       bool                          // GOODBYE was sent
	cause         error                         // why the session ended, once it has
	message       []byte                        // buffer for the message under construction
}

// ErrClosed is what requests end with that were outstanding when the session
// was closed, and those made after.
var ErrClosed = errors.New("client: session closed")

// Dial opens a session at a router: a connection, HELLO, and the answer to a
// challenge. ctx bounds just that.
func Dial(ctx context.Context, url string, options Options) (*Client, error) {
	if options.Serializer == 0 {
		options.Serializer = codec.CBOR
	}
	dialed, err := transport.Dial(ctx, url, transport.DialOptions{
		Serializers: []codec.Serializer{options.Serializer}, Limits: options.Limits, Connect: options.Connect,
	})
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	c := &Client{
		conn: dialed.Conn, serializer: options.Serializer, ended: make(chan struct{}),
		requests: make(map[uint64]*request), registrations: make(map[uint64]Handler),
		subscriptions: make(map[uint64]func(*Event)), invocations: make(map[uint64]context.CancelFunc),
	}
	stop := context.AfterFunc(ctx, func() { c.conn.Abort(context.Cause(ctx)) })
	err = c.login(&options)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		c.conn.Close(1000, "", time.Second)
		c.conn.Wait()
		return nil, fmt.Errorf("client: login: %w", err)
	}
	c.running.Go(c.run)
	return c, nil
}

// Session returns the WAMP session ID.
func (c *Client) Session() uint64 { return c.welcome.Session }

// AuthRole returns the role that the router gave the session.
func (c *Client) AuthRole() string { return c.welcome.AuthRole }

// Serializer returns what the session's messages are written in.
func (c *Client) Serializer() codec.Serializer { return c.serializer }

// Done is closed when the session has ended.
func (c *Client) Done() <-chan struct{} { return c.ended }

// Err returns why the session ended, nil before it has: [ErrClosed] after
// Close, else what the router or the connection said.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// goodbyePatience is how long Close waits for the router's GOODBYE.
const goodbyePatience = time.Second

// Close ends the session by GOODBYE and waits for all that it runs; the
// contexts of handlers end, and what they still answer is lost. A handler must
// not call it. It may be called again.
func (c *Client) Close() {
	c.mu.Lock()
	first := !c.leaving && c.cause == nil
	if first {
		c.leaving = true
		bye := codec.Goodbye{Reason: "wamp.close.close_realm"}
		_ = c.conn.Send(bye.Append(nil, c.serializer)) // an error ends the reader
	}
	c.mu.Unlock()
	if first {
		c.conn.Flush()
		patience := time.AfterFunc(goodbyePatience, func() { c.conn.Abort(ErrClosed) })
		defer patience.Stop()
	}
	c.running.Wait()
	c.handlers.Wait()
	c.conn.Wait()
}

// run handles what the router sends. It ends with the session.
func (c *Client) run() {
	var err error
	for err == nil {
		var message []byte
		if message, err = c.conn.Read(); err == nil {
			err = c.take(message)
		}
	}
	c.conn.Close(1000, "", time.Second)
	c.end(err)
}

// end settles all that is outstanding.
func (c *Client) end(cause error) {
	c.mu.Lock()
	if c.leaving {
		cause = ErrClosed
	}
	c.cause = cause
	requests := c.requests
	c.requests = nil
	for _, cancel := range c.invocations {
		cancel()
	}
	c.mu.Unlock()
	close(c.ended)
	for _, r := range requests {
		r.settle(reply{err: cause})
	}
}
