package demo

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/tryout/client"
)

// phase is a part of the demo.
type phase struct {
	name string
	part float64 // of the demo's time
	rate float64 // of calls, relative to what the callees can take
}

var phases = []phase{
	{"under capacity", 0.25, 0.5},
	{"overload", 0.45, 1.8},
	{"recovery", 0.30, 0.5},
}

// load is the callers: what they send, and what they get for it.
type load struct {
	stage  *stage
	length time.Duration
	begin  time.Time

	underWay sync.WaitGroup

	mu                      sync.Mutex
	sent, answered, refused int
	unexpected              map[string]int // other outcomes
	latencies               []time.Duration
	ended                   []time.Time // of answered calls, by the index of latencies
	phase                   string
}

func newLoad(s *stage, length time.Duration) *load {
	return &load{stage: s, length: length, begin: time.Now(), unexpected: make(map[string]int), phase: phases[0].name}
}

// run makes calls until the demo's time is over or ctx ends, and waits for
// those under way.
func (l *load) run(ctx context.Context) {
	calls, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	l.pace(ctx, calls)
	l.enter("settling")
	patience := time.AfterFunc(settlePatience, func() {
		for _, c := range l.stage.callers { // what is still under way is lost
			c.Close()
		}
	})
	defer patience.Stop()
	l.underWay.Wait()
	l.enter("finished")
}

func (l *load) enter(phase string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = phase
}

// pace makes calls at the rate of each phase, whatever becomes of them.
func (l *load) pace(ctx, calls context.Context) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	due, last := 0.0, l.begin
	for n := 0; ; {
		var now time.Time
		select {
		case <-ctx.Done():
			return
		case now = <-ticker.C:
		}
		at, ok := phaseAt(now.Sub(l.begin), l.length)
		if !ok {
			return
		}
		l.enter(at.name)
		due += at.rate * l.stage.capacity() * now.Sub(last).Seconds()
		last = now
		for ; n < int(due); n++ {
			l.start(calls, n)
		}
	}
}

// start makes call n in the background, on the next caller in turn.
func (l *load) start(ctx context.Context, n int) {
	caller := l.stage.callers[n%len(l.stage.callers)]
	l.underWay.Go(func() { l.call(ctx, caller, n) })
}

// phaseAt returns the phase at a time, false when the demo is over.
func phaseAt(elapsed, length time.Duration) (phase, bool) {
	end := 0.0
	for _, p := range phases {
		if end += p.part; elapsed < time.Duration(end*float64(length)) {
			return p, true
		}
	}
	return phase{}, false
}

// call makes one call and notes its outcome.
func (l *load) call(ctx context.Context, caller *client.Client, n int) {
	l.mu.Lock()
	l.sent++
	l.mu.Unlock()
	begin := time.Now()
	result, err := caller.Call(ctx, procedure, nil, client.Args(n))
	end := time.Now()
	outcome := judge(result, err, n)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch outcome {
	case answered:
		l.answered++
		l.latencies, l.ended = append(l.latencies, end.Sub(begin)), append(l.ended, end)
	case configs.DefaultOverloadError:
		l.refused++
	default:
		l.unexpected[outcome]++
	}
}

const (
	answered   = "answered"
	wrongValue = "answered with another call's value"
)

// judge names the outcome of call n: answered, the URI of an error, or what
// else it was.
func judge(result *client.Result, err error, n int) string {
	if failure := (*client.Error)(nil); errors.As(err, &failure) {
		return failure.URI
	}
	if err != nil {
		return err.Error()
	}
	arguments, err := result.Arguments()
	if err != nil || len(arguments.List) != 1 || arguments.List[0] != int64(n) {
		return wrongValue
	}
	return answered
}

// quantiles returns the median of these durations, and what 99 of 100 did not
// exceed; 0 for none.
func quantiles(durations []time.Duration) (p50, p99 time.Duration) {
	if len(durations) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[len(sorted)/2], sorted[len(sorted)*99/100]
}

// snapshot is the demo at one moment.
type snapshot struct {
	elapsed, length         time.Duration
	phase, policy           string
	sent, answered, refused int
	p50, p99                time.Duration // of the last second
	waiting, queueLimit     int
	callees                 []calleeSnapshot
}

type calleeSnapshot struct {
	name            string
	serializer      codec.Serializer
	inFlight, limit int
	calls           uint64 // that it got
}

// snapshot asks the callers what they have counted, and wampool who has what.
func (l *load) snapshot() snapshot {
	s := snapshot{elapsed: min(time.Since(l.begin), l.length), length: l.length}
	pools := l.stage.proxy.Pools()
	l.mu.Lock()
	s.phase, s.sent, s.answered, s.refused = l.phase, l.sent, l.answered, l.refused
	recent, _ := slices.BinarySearchFunc(l.ended, time.Now().Add(-time.Second), time.Time.Compare)
	latencies := slices.Clone(l.latencies[recent:])
	l.mu.Unlock()
	s.p50, s.p99 = quantiles(latencies)
	for _, c := range l.stage.callees {
		of := calleeSnapshot{name: c.name, serializer: c.serializer, limit: c.limit}
		for _, pool := range pools {
			s.policy, s.waiting, s.queueLimit = pool.Policy, pool.Waiting, pool.QueueLimit
			for _, status := range pool.Callees {
				if status.Session == c.client.Session() {
					of.inFlight, of.limit, of.calls = status.InFlight, status.Limit, status.Dispatched
				}
			}
		}
		s.callees = append(s.callees, of)
	}
	return s
}
