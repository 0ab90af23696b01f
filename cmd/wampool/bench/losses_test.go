package bench

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

var errCut = errors.New("cut")

// startBoth starts callees that take their time, and three callers.
func startBoth(t *testing.T, work time.Duration) (*Callers, *Callees) {
	t.Helper()
	url := tryouttest.StartRouter(t).URL()
	o := options(url, url)
	o.Callees.Work = work
	callees, err := Register(t.Context(), o.Callee, o.Callees)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(callees.Close)
	callers, err := Dial(t.Context(), o.Caller, o.Callers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(callers.Close)
	return callers, callees
}

// One caller's connection ends the measurement, though all others go on.
func TestOneCallerIsLost(t *testing.T) {
	for name, o := range map[string]Options{"in flight": {InFlight: 8}, "rate": {Rate: 2000}} {
		t.Run(name, func(t *testing.T) {
			callers, _ := startBoth(t, 0)
			var cutting sync.WaitGroup
			cutting.Go(func() {
				for callers.Snapshot().latency.TotalCount() == 0 {
					runtime.Gosched()
				}
				callers.sessions[1].conn.Abort(errCut)
			})
			result, err := callers.measure(t.Context(), &o, time.Hour, io.Discard)
			cutting.Wait()
			if err == nil || !errors.Is(err, errCut) || !strings.HasPrefix(err.Error(), "lost caller 2 of 3 at ws://127.0.0.1:") {
				t.Errorf("error %v", err)
			}
			if result.Sent == 0 || result.Sent != result.Answered+result.Lost || len(result.Errors) > 0 {
				t.Errorf("%+v", result)
			}
		})
	}
}

// Nothing is sent, nor counted as sent, where a connection is lost.
func TestNothingIsSentToTheLost(t *testing.T) {
	callers, _ := startBoth(t, 0)
	for _, s := range callers.callers {
		s.conn.Abort(errCut)
	}
	callers.reading.Wait()
	for range 2 {
		result, err := callers.KeepInFlight(t.Context(), 8)
		if err == nil || !strings.HasSuffix(err.Error(), ": cut (and 2 more)") || result.Sent != 0 || result.Lost != 0 {
			t.Errorf("%+v, %v", result, err)
		}
	}
}

// Calls that nobody answers are lost in the end, whoever has sent them.
func TestCallsThatAreNotAnswered(t *testing.T) {
	callers, _ := startBoth(t, time.Hour)
	callers.patience = time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	result, err := callers.KeepInFlight(ctx, 8)
	if err == nil || !strings.Contains(err.Error(), " calls were not answered within 1ms (and 2 more)") {
		t.Errorf("error %v", err)
	}
	if result.Sent != 8 || result.Lost != 8 || result.CallsPerSecond != 0 {
		t.Errorf("%+v", result)
	}
}

func TestACalleeIsLost(t *testing.T) {
	callers, callees := startBoth(t, 0)
	callees.sessions[0].conn.Abort(errCut)
	<-callees.losses.any
	if err := callees.losses.err(); !errors.Is(err, errCut) || !strings.HasPrefix(err.Error(), "lost callee 1 of 1 at ws://") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := callers.measure(ctx, &Options{InFlight: 8}, time.Hour, io.Discard)
	if err != nil || result.Sent != result.Answered+result.Refused() {
		t.Errorf("%+v, %v", result, err)
	}
}
