package demo

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
)

// callee works on calls, and counts by itself how many it has at once.
type callee struct {
	name       string
	serializer codec.Serializer
	limit      int           // what it asks for
	work       time.Duration // for a call, on average

	client *client.Client // from join on

	inFlight, most, served atomic.Int64
}

// join connects to wampool and registers the procedure, as an application
// would that knows nothing of wampool.
func (c *callee) join(ctx context.Context, url string) error {
	session, err := client.Dial(ctx, url, client.Options{Realm: realm, Serializer: c.serializer})
	if err != nil {
		return err
	}
	_, err = session.Register(ctx, procedure, []codec.Field{
		{Key: "invoke", Value: codec.FieldString("roundrobin")},
		{Key: "concurrency", Value: codec.FieldUint(uint64(c.limit))}, //nolint:gosec // a limit is 1 or more
	}, c.compute)
	if err != nil {
		session.Close()
		return err
	}
	c.client = session
	return nil
}

// compute waits for as long as the work takes, and returns its arguments.
func (c *callee) compute(ctx context.Context, in *client.Invocation) (client.Arguments, error) {
	now := c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); {
		most = c.most.Load()
	}
	work := time.NewTimer(c.work/2 + rand.N(c.work))
	defer work.Stop()
	select {
	case <-work.C:
	case <-ctx.Done():
		return client.Arguments{}, ctx.Err()
	}
	c.served.Add(1)
	return in.Arguments()
}
