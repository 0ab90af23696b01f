package hosts

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// load is a stream of calls by a caller at the router that does not wait for their
// answers. Each has a number of its own for its argument, which must come back.
type load struct {
	scene   *scene
	program *harness.Program
	caller  *harness.Client
	above   int // its numbers begin there
	stop    chan struct{}
	stopped chan struct{}

	mu      sync.Mutex
	answers map[int]outcome // by the numbers
	sent    int
}

// outcome is how a call was answered: "" by its result, else by that error.
type outcome struct {
	uri  string
	took time.Duration
}

// startLoad calls so many times a second.
func (s *scene) startLoad(rate float64) *load {
	s.t.Helper()
	const most = 1_000_000 // calls of a load
	s.loads++
	program := s.callers.on.OwnLibrary(s.t, "asyncio")
	l := &load{
		scene: s, above: s.loads * most, program: program, caller: program.Join(s.t, s.url, nil),
		stop: make(chan struct{}), stopped: make(chan struct{}), answers: make(map[int]outcome),
	}
	go l.run(time.Duration(float64(time.Second) / rate))
	return l
}

// run calls until the load is stopped, and then waits for the answers.
func (l *load) run(every time.Duration) {
	defer close(l.stopped)
	var open sync.WaitGroup
	defer open.Wait()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		l.mu.Lock()
		l.sent++
		n := l.above + l.sent
		l.mu.Unlock()
		began := time.Now()
		call := l.caller.Call(procedure, n)
		open.Go(func() { l.answered(n, began, call) })
	}
}

func (l *load) answered(n int, began time.Time, call *harness.Answer) {
	reply, err := call.Reply()
	o := outcome{took: time.Since(began)}
	switch {
	case err != nil:
		o.uri = "unanswered: " + err.Error()
	case reply.Error != nil:
		o.uri = reply.Error.URI
	case string(reply.OK) != strconv.Itoa(n):
		o.uri = fmt.Sprintf("call %d returns %s", n, reply.OK)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[n] = o
}

// goOn waits until n more calls have been answered.
func (l *load) goOn(n int) {
	l.scene.t.Helper()
	l.mu.Lock()
	until := len(l.answers) + n
	l.mu.Unlock()
	l.scene.await(fmt.Sprintf("%d more calls were answered", n), func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.answers) >= until
	})
}

// ended is how a load ended: how many calls there were, and how those ended that
// have no result.
type ended struct {
	calls  int
	failed map[string]int
}

// end stops calling, and waits for what is in flight.
func (l *load) end() ended {
	l.scene.t.Helper()
	close(l.stop)
	<-l.stopped
	e := ended{calls: l.sent, failed: make(map[string]int)}
	for _, o := range l.answers {
		if o.uri != "" {
			e.failed[o.uri]++
		}
	}
	return e
}

func (e ended) allAnswered(t *testing.T) {
	t.Helper()
	e.allBut(t, 0, "")
}

// allBut wants results of all calls but for so many that ended by that error.
func (e ended) allBut(t *testing.T, most int, uri string) {
	t.Helper()
	t.Logf("%d calls, failed: %v", e.calls, e.failed)
	if e.failed[uri] > most {
		t.Errorf("%d calls ended by %s: %d could be excused", e.failed[uri], uri, most)
	}
	for failure, n := range e.failed {
		if failure != uri {
			t.Errorf("%d of %d calls: %s", n, e.calls, failure)
		}
	}
}

// runs counts how often each call ran, at all callees there are and have been.
func (s *scene) runs(callees ...*harness.Client) map[int]int {
	s.t.Helper()
	runs := make(map[int]int)
	for _, c := range callees {
		for len(c.Events) > 0 {
			event := <-c.Events
			var args []int
			if event.Kind == "invoked" && json.Unmarshal(event.Args, &args) == nil && len(args) == 1 {
				runs[args[0]]++
			}
		}
	}
	return runs
}

// settle holds the books against one another: no call ran twice, no callee had more
// calls at once than it takes, and each sidecar has an end for each call that came.
func (s *scene) settle(t *testing.T) {
	t.Helper()
	var callees []*harness.Client
	for _, side := range s.sidecars {
		callees = append(callees, side.callees...)
	}
	for n, times := range s.runs(callees...) {
		if times != 1 {
			t.Errorf("call %d ran %d times", n, times)
		}
	}
	for _, side := range s.sidecars {
		for i, c := range side.callees {
			if side.slots[i] == gone {
				continue
			}
			if peak := c.Peak(procedure); peak > side.slots[i] {
				t.Errorf("a callee of %s that takes %d calls at once had %d", side.host.name, side.slots[i], peak)
			}
		}
		if left := side.ledger(); len(left) > 0 {
			t.Errorf("the books of %s: %q", side.host.name, left)
		}
	}
}
