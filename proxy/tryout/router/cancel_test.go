package router_test

import (
	"context"
	"errors"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// worker is a procedure whose calls last until the test lets them go, or they
// are interrupted.
type worker struct {
	begun       chan struct{}
	interrupted chan struct{}
	release     chan struct{}
}

func newWorker() *worker {
	return &worker{begun: make(chan struct{}, 10), interrupted: make(chan struct{}, 10), release: make(chan struct{})}
}

func (w *worker) work(ctx context.Context, _ *client.Invocation) (client.Arguments, error) {
	w.begun <- struct{}{}
	select {
	case <-ctx.Done():
		w.interrupted <- struct{}{}
		return client.Arguments{}, ctx.Err()
	case <-w.release:
		return client.Args("done"), nil
	}
}

func TestCancelModes(t *testing.T) {
	for _, c := range []struct {
		mode        codec.CancelMode
		features    []string // of the callee
		interrupted bool
	}{
		{codec.CancelKill, nil, true},
		{codec.CancelKillNoWait, nil, true},
		{codec.CancelSkip, nil, false},
		{codec.CancelKill, []string{}, false},
		{codec.CancelKillNoWait, []string{}, false},
		{codec.CancelSkip, []string{}, false},
	} {
		name := string(c.mode)
		if c.features != nil {
			name += " at a callee without call_canceling"
		}
		t.Run(name, func(t *testing.T) {
			r, w := tryouttest.StartRouter(t), newWorker()
			callee, caller := tryouttest.Join(t, r.URL(), client.Options{Features: c.features}), tryouttest.Join(t, r.URL(), client.Options{})
			if _, err := callee.Register(tryouttest.Within(t), "com.example.work", nil, w.work); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(tryouttest.Within(t))
			call := &client.Call{Procedure: "com.example.work", CancelMode: c.mode}
			caller.Go(ctx, call)
			<-w.begun
			cancel()
			<-call.Done
			wantURI(t, call.Err, "wamp.error.canceled")
			if !errors.Is(call.Err, context.Canceled) {
				t.Errorf("%v does not tell that the context ended", call.Err)
			}
			if c.interrupted {
				<-w.interrupted
				return
			}
			close(w.release)
			// Its late answer is discarded, and the callee lives on.
			if _, err := caller.Call(tryouttest.Within(t), "com.example.work", nil, client.Arguments{}); err != nil {
				t.Error(err)
			}
			if len(w.interrupted) > 0 {
				t.Error("the callee was interrupted")
			}
		})
	}
}

func TestCalleeGone(t *testing.T) {
	r, w := tryouttest.StartRouter(t), newWorker()
	callee, caller := tryouttest.Join(t, r.URL(), client.Options{}), tryouttest.Join(t, r.URL(), client.Options{})
	if _, err := callee.Register(tryouttest.Within(t), "com.example.work", nil, w.work); err != nil {
		t.Fatal(err)
	}
	call := &client.Call{Procedure: "com.example.work"}
	caller.Go(tryouttest.Within(t), call)
	<-w.begun
	callee.Close()
	<-call.Done
	wantURI(t, call.Err, "wamp.error.canceled")
	_, err := caller.Call(tryouttest.Within(t), "com.example.work", nil, client.Arguments{})
	wantURI(t, err, "wamp.error.no_such_procedure")
}

func TestCalleeLost(t *testing.T) {
	r := tryouttest.StartRouter(t)
	callee := open(t, r)
	callee.say(`[64, 1, {}, "com.example.work"]`)
	callee.hear()
	call := &client.Call{Procedure: "com.example.work"}
	tryouttest.Join(t, r.URL(), client.Options{}).Go(tryouttest.Within(t), call)
	if m := callee.hear(); m[0] != 68.0 {
		t.Fatalf("got %v, want INVOCATION", m)
	}
	callee.conn.Abort(errors.New("cut"))
	<-call.Done
	wantURI(t, call.Err, "wamp.error.canceled")
}

func TestCallerGoneInterruptsTheCallee(t *testing.T) {
	r, w := tryouttest.StartRouter(t), newWorker()
	callee, caller := tryouttest.Join(t, r.URL(), client.Options{}), tryouttest.Join(t, r.URL(), client.Options{})
	if _, err := callee.Register(tryouttest.Within(t), "com.example.work", nil, w.work); err != nil {
		t.Fatal(err)
	}
	call := &client.Call{Procedure: "com.example.work"}
	caller.Go(tryouttest.Within(t), call)
	<-w.begun
	caller.Close()
	<-w.interrupted
	if <-call.Done; !errors.Is(call.Err, client.ErrClosed) {
		t.Errorf("the caller's call ended by %v", call.Err)
	}
	close(w.release)
	if _, err := tryouttest.Join(t, r.URL(), client.Options{}).Call(tryouttest.Within(t), "com.example.work", nil, client.Arguments{}); err != nil {
		t.Errorf("the callee's next call: %v", err)
	}
}

func TestUnregisterLetsCallsFinish(t *testing.T) {
	r, w := tryouttest.StartRouter(t), newWorker()
	callee, caller := tryouttest.Join(t, r.URL(), client.Options{}), tryouttest.Join(t, r.URL(), client.Options{})
	id, err := callee.Register(tryouttest.Within(t), "com.example.work", nil, w.work)
	if err != nil {
		t.Fatal(err)
	}
	call := &client.Call{Procedure: "com.example.work"}
	caller.Go(tryouttest.Within(t), call)
	<-w.begun
	if err := callee.Unregister(tryouttest.Within(t), id); err != nil {
		t.Fatal(err)
	}
	// Another takes the procedure over while the call goes on.
	heir := tryouttest.Join(t, r.URL(), client.Options{})
	if _, err := heir.Register(tryouttest.Within(t), "com.example.work", nil, echo); err != nil {
		t.Fatal(err)
	}
	if _, err := caller.Call(tryouttest.Within(t), "com.example.work", nil, client.Arguments{}); err != nil {
		t.Fatal(err)
	}
	close(w.release)
	if <-call.Done; call.Err != nil {
		t.Errorf("the call under way ended by %v", call.Err)
	}
}

func TestSessionCallsItself(t *testing.T) {
	r, w := tryouttest.StartRouter(t), newWorker()
	c := tryouttest.Join(t, r.URL(), client.Options{})
	if _, err := c.Register(tryouttest.Within(t), "com.example.echo", nil, echo); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(tryouttest.Within(t), "com.example.echo", nil, client.Args(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Register(tryouttest.Within(t), "com.example.work", nil, w.work); err != nil {
		t.Fatal(err)
	}
	call := &client.Call{Procedure: "com.example.work"}
	c.Go(tryouttest.Within(t), call)
	<-w.begun
	c.Close() // caller and callee of the same call are gone at once
	if <-call.Done; !errors.Is(call.Err, client.ErrClosed) {
		t.Errorf("the call ended by %v", call.Err)
	}
}
