package main

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// busyProgram is a sidecar with one call in flight that lasts until release is
// closed, or its callee is interrupted.
func busyProgram(t *testing.T) (p *program, call *client.Call, release chan struct{}) {
	t.Helper()
	r := tryouttest.StartRouter(t)
	p = begin(t, "run", "--router", r.URL(), "--listen", "ws://127.0.0.1:0/ws")
	callee, caller := tryouttest.Join(t, p.address(), client.Options{}), tryouttest.Join(t, r.URL(), client.Options{})
	begun := make(chan struct{})
	release = make(chan struct{})
	work := func(ctx context.Context, _ *client.Invocation) (client.Arguments, error) {
		close(begun)
		select {
		case <-ctx.Done():
			return client.Arguments{}, ctx.Err()
		case <-release:
			return client.Args("done"), nil
		}
	}
	shared := []codec.Field{{Key: "invoke", Value: codec.FieldString("roundrobin")}}
	if _, err := callee.Register(t.Context(), "com.example.work", shared, work); err != nil {
		t.Fatal(err)
	}
	call = &client.Call{Procedure: "com.example.work"}
	caller.Go(t.Context(), call)
	select {
	case <-begun:
	case <-call.Done:
		t.Fatal(call.Err)
	}
	return p, call, release
}

func TestSignalLetsCallsFinish(t *testing.T) {
	p, call, release := busyProgram(t)
	p.signals <- syscall.SIGTERM
	p.waitFor("calls in flight may finish")
	close(release)
	if <-call.Done; call.Err != nil {
		t.Errorf("the call in flight: %v", call.Err)
	}
	if code := p.wait(); code != exitClean {
		t.Errorf("exit code %d:\n%s", code, p.err)
	}
}

func TestSecondSignalStopsAtOnce(t *testing.T) {
	p, call, _ := busyProgram(t)
	p.signals <- syscall.SIGTERM
	p.waitFor("calls in flight may finish")
	select {
	case code := <-p.code:
		t.Fatalf("ended with %d before its call", code)
	case <-time.After(oneRequest):
	}
	p.signals <- syscall.SIGINT
	<-call.Done
	if failure := (*client.Error)(nil); !errors.As(call.Err, &failure) {
		t.Errorf("the call in flight ended by %v, want an ERROR", call.Err)
	}
	if code := p.wait(); code != exitClean {
		t.Errorf("exit code %d:\n%s", code, p.err)
	}
}
