package losses

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// load is a constant stream of calls by several callers. Each call has an
// argument of its own, that must come back.
type load struct {
	procedure string
	stopped   atomic.Bool
	callers   sync.WaitGroup

	mu     sync.Mutex
	began  int
	failed []string
	done   int
	more   chan struct{} // closed with every call that is done
}

// startLoad lets each caller keep so many calls in flight.
func startLoad(procedure string, callers []*harness.Client, inFlight int) *load {
	l := &load{procedure: procedure, more: make(chan struct{})}
	for _, caller := range callers {
		for range inFlight {
			l.callers.Go(func() { l.run(caller) })
		}
	}
	return l
}

// run calls and calls, until the load is stopped or is not answered.
func (l *load) run(caller *harness.Client) {
	for !l.stopped.Load() {
		l.mu.Lock()
		l.began++
		n := l.began
		l.mu.Unlock()
		call := caller.Call(l.procedure, n)
		wrong := ""
		if r, err := call.Reply(); err != nil {
			wrong = fmt.Sprintf("call %d: %v", n, err)
			l.stopped.Store(true)
		} else if r.Error != nil {
			wrong = fmt.Sprintf("call %d: %s %s", n, r.Error.URI, r.Error.Args)
		} else if single(r.OK) != fmt.Sprint(n) {
			wrong = fmt.Sprintf("call %d returns %s", n, r.OK)
		}
		l.mu.Lock()
		l.done++
		if wrong != "" {
			l.failed = append(l.failed, wrong)
		}
		close(l.more)
		l.more = make(chan struct{})
		l.mu.Unlock()
	}
}

// single is the one value that a call returns. Wampy gives it as a list.
func single(result json.RawMessage) string {
	var parts struct{ Args []json.RawMessage }
	if json.Unmarshal(result, &parts) == nil && len(parts.Args) == 1 {
		return string(parts.Args[0])
	}
	return string(result)
}

// goOn waits until n more calls have been answered.
func (l *load) goOn(t *testing.T, n int) {
	t.Helper()
	timeout := time.After(harness.Patience)
	l.mu.Lock()
	until := l.done + n
	l.mu.Unlock()
	for {
		l.mu.Lock()
		done, more, failed := l.done, l.more, len(l.failed)
		l.mu.Unlock()
		if done >= until || failed > 0 {
			return
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("of %d calls none was answered any more", done)
		}
	}
}

// stop ends the load, and reports how many calls there were and which failed.
func (l *load) stop() (calls int, failed []string) {
	l.stopped.Store(true)
	l.callers.Wait()
	return l.done, l.failed
}
