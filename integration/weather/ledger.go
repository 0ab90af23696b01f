//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ledger adds up what callers and callees say of themselves.
type ledger struct {
	mu      sync.Mutex
	callers map[string]sums   // the last line of each start of a caller
	ran     map[string]int    // how often each call that may run once has run
	reruns  int               // of calls that may run again
	runs    map[string]int    // by worker
	peaks   map[string][2]int // of calls at once, and slots, by worker
	wrong   []string          // what may not be
}

// sums are what a caller says, of all its calls until then.
type sums struct {
	Sent, Results, Lost, Open int
	Errors                    map[string]int
	Oldest                    float64 // seconds that the oldest open call waits
	Bad                       []string
}

// work is what a worker says, since its last line.
type work struct {
	Ran         []string
	Again       []string
	Peak, Slots int
	Bad         []string
}

// longestAnswer is how long any call may wait for its answer, in seconds: its
// time in the queue, and the time until a dead connection is known as one.
const longestAnswer = 120

// fairWait is how long one may wait for it in fair weather.
const fairWait = 25

func newLedger() *ledger {
	return &ledger{callers: make(map[string]sums), ran: make(map[string]int), runs: make(map[string]int), peaks: make(map[string][2]int)}
}

func (l *ledger) fault(format string, args ...any) {
	const most = 100
	if len(l.wrong) < most {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// caller takes a caller's line.
func (l *ledger) caller(name string, run int, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var s sums
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		l.fault("%s said %.200s: %v", name, line, err)
		return
	}
	l.callers[keyOf(name, run)] = s
	for _, bad := range s.Bad {
		l.fault("%s: %s", name, bad)
	}
	if s.answered()+s.Lost+s.Open != s.Sent {
		l.fault("%s has sent %d calls, and accounts for %d results, %v errors, %d lost and %d open", name, s.Sent, s.Results, s.Errors, s.Lost, s.Open)
	}
	if s.Oldest > longestAnswer {
		l.fault("%s has waited %.0f s for an answer", name, s.Oldest)
	}
}

func (s *sums) answered() int {
	n := s.Results
	for _, errors := range s.Errors {
		n += errors
	}
	return n
}

// worker takes a worker's line.
func (l *ledger) worker(name string, _ int, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var w work
	if err := json.Unmarshal([]byte(line), &w); err != nil {
		l.fault("%s said %.200s: %v", name, line, err)
		return
	}
	for _, call := range w.Ran {
		if l.ran[call]++; l.ran[call] == 2 {
			l.fault("call %s ran twice, the second time at %s", call, name)
		}
	}
	l.reruns += len(w.Again)
	l.runs[name] += len(w.Ran) + len(w.Again)
	l.peaks[name] = [2]int{max(l.peaks[name][0], w.Peak), w.Slots}
	if w.Peak > w.Slots {
		l.fault("%s had %d calls at once, and %d slots", name, w.Peak, w.Slots)
	}
	for _, bad := range w.Bad {
		l.fault("%s: %s", name, bad)
	}
}

// note takes what may not be from elsewhere.
func (l *ledger) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault(format, args...)
}

// progress returns how many results each caller has got, and how many calls each
// worker has run, by name.
func (l *ledger) progress() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := maps.Clone(l.runs)
	for key, s := range l.callers {
		name, _, _ := strings.Cut(key, ",")
		of[name] += s.Results
	}
	return of
}

// oldest returns how long calls wait at most, in seconds, at the callers as they
// were started last.
func (l *ledger) oldest() (seconds float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, s := range l.callers {
		var run int
		name, start, _ := strings.Cut(key, ", start ")
		if _, err := fmt.Sscan(start, &run); err != nil {
			panic("weather: a start must have a number: " + key)
		}
		if _, later := l.callers[keyOf(name, run+1)]; !later {
			seconds = max(seconds, s.Oldest)
		}
	}
	return seconds
}

// keyOf names a start of a caller.
func keyOf(name string, run int) string { return fmt.Sprintf("%s, start %d", name, run) }

// total adds up all callers. The calls that were open when a caller was killed
// are lost with its connection.
func (l *ledger) total() (t sums) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Errors = make(map[string]int)
	for _, s := range l.callers {
		t.Sent += s.Sent
		t.Results += s.Results
		t.Lost += s.Lost + s.Open
		for uri, n := range s.Errors {
			t.Errors[uri] += n
		}
	}
	return t
}

func (l *ledger) String() string {
	t := l.total()
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "calls sent     %9d\n  results      %9d\n", t.Sent, t.Results)
	for _, uri := range slices.Sorted(maps.Keys(t.Errors)) {
		fmt.Fprintf(&b, "  error        %9d %s\n", t.Errors[uri], uri)
	}
	fmt.Fprintf(&b, "  lost         %9d (with the caller's connection)\n", t.Lost)
	fmt.Fprintf(&b, "runs           %9d of calls that may run once, %d of others\n", len(l.ran), l.reruns)
	for _, name := range slices.Sorted(maps.Keys(l.peaks)) {
		fmt.Fprintf(&b, "  most at once %9d of %d slots at %s\n", l.peaks[name][0], l.peaks[name][1], name)
	}
	return b.String()
}

// faults returns what may not be.
func (l *ledger) faults() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.wrong)
}
