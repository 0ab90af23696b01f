package proxy_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/tryout/client"
)

// What a call may be and become is the same with a peer's callee: results in parts, its
// ERROR, a CANCEL, the end of its time.
func TestForwardedCallIsLikeAnyOther(t *testing.T) {
	var canceled, details []string
	handle := func(ctx context.Context, in *client.Invocation) (client.Arguments, error) {
		arguments, err := in.Arguments()
		if err != nil {
			return client.Arguments{}, err
		}
		if arguments.List[0] != "long" {
			details = append(details, string(in.Details.Raw()))
		}
		switch arguments.List[0] {
		case "parts":
			for i := range 3 {
				if err := in.Progress(client.Args(int64(i))); err != nil {
					return client.Arguments{}, err
				}
			}
			return client.Args("end"), nil
		case "error":
			return client.Args(), &client.Error{URI: "com.example.error", Received: in.Received}
		}
		select {
		case <-ctx.Done():
			canceled = append(canceled, "canceled")
			return client.Arguments{}, ctx.Err()
		case <-time.After(time.Minute):
		}
		return client.Args("slept"), nil
	}
	inQuarter(t, queued, []int{1, 0}, func(*side) { time.Sleep(time.Hour) }, func(q *quarter) {
		// The first sidecar's one slot is taken for good, and the second one has a callee
		// whose slots are free: what the router deals to the first one travels.
		other := q.join(q.sides[1].URLs()[0])
		if _, err := other.Register(q.t.Context(), shared, []codec.Field{{Key: "invoke", Value: codec.FieldString("roundrobin")}, {Key: "concurrency", Value: codec.FieldUint(8)}}, handle); err != nil {
			t.Fatal(err)
		}
		q.settle()
		taken, free := context.WithCancel(q.t.Context())
		for range 2 { // one for each sidecar
			q.caller.Go(taken, &client.Call{Procedure: shared, Arguments: client.Args("long")})
		}
		q.settle()
		forwarded := func() uint64 { return proxy.Forwarded(q.sides[0].Proxy, "realm1") }
		before := forwarded()
		for range 2 {
			var parts []any
			call := &client.Call{Procedure: shared, Arguments: client.Args("parts"), Progress: func(r *client.Result) {
				a, _ := r.Arguments()
				parts = append(parts, a.List...)
			}, Done: make(chan *client.Call, 1)}
			q.caller.Go(q.t.Context(), call)
			if <-call.Done; call.Err != nil || len(parts) != 3 {
				t.Errorf("parts: %v, %v", parts, call.Err)
			}
		}
		for range 2 {
			_, err := q.caller.Call(q.t.Context(), shared, nil, client.Args("error"))
			if failed := (*client.Error)(nil); !errors.As(err, &failed) || failed.URI != "com.example.error" {
				t.Errorf("error: %v", err)
			}
		}
		if forwarded() != before+2 {
			t.Errorf("%d of the calls were forwarded", forwarded()-before)
		}
		if len(details) != 4 || details[0] != details[1] || details[2] != details[3] {
			t.Errorf("details differ by the way that a call took: %x", details)
		}
		for range 2 {
			ctx, cancel := context.WithCancel(q.t.Context())
			call := &client.Call{Procedure: shared, Arguments: client.Args("long"), CancelMode: codec.CancelKill, Done: make(chan *client.Call, 1)}
			q.caller.Go(ctx, call)
			time.Sleep(time.Second)
			cancel()
			<-call.Done
			synctest.Wait()
		}
		if len(canceled) != 2 {
			t.Errorf("%d callees were told of two CANCELs", len(canceled))
		}
		free()
		q.settle()
	})
}
