//go:build linux

package main

import (
	"strings"
	"testing"
)

// TestLedgerFindsFaults shows that each thing that may not be is found.
func TestLedgerFindsFaults(t *testing.T) {
	for _, test := range []struct {
		caller, worker []string
		fault          string // "": there is none
	}{
		{caller: []string{`{"sent": 3, "results": 1, "errors": {"a.b": 1}, "lost": 0, "open": 1, "oldest": 1.5}`}},
		{caller: []string{`{"sent": 3, "results": 1, "errors": {"a.b": 1}, "lost": 0, "open": 0}`}, fault: "has sent 3 calls"},
		{caller: []string{`{"sent": 1, "results": 2}`}, fault: "has sent 1 calls"},
		{caller: []string{`{"sent": 1, "open": 1, "oldest": 121}`}, fault: "has waited 121 s"},
		{caller: []string{`{"bad": ["call c-1-1 came back with another payload"]}`}, fault: "came back with another payload"},
		{caller: []string{`no JSON`}, fault: "said no JSON"},
		{worker: []string{`{"ran": ["c-1-1"], "again": ["c-1-2", "c-1-2"], "peak": 2, "slots": 2}`, `{"ran": ["c-1-3"], "peak": 2, "slots": 2}`}},
		{worker: []string{`{"ran": ["c-1-1"]}`, `{"ran": ["c-1-1"]}`}, fault: "call c-1-1 ran twice"},
		{worker: []string{`{"peak": 3, "slots": 2}`}, fault: "had 3 calls at once, and 2 slots"},
		{worker: []string{`{"bad": ["call c-1-1 came with another payload"]}`}, fault: "came with another payload"},
	} {
		l := newLedger()
		for _, line := range test.caller {
			l.caller("caller", 1, line)
		}
		for _, line := range test.worker {
			l.worker("worker", 1, line)
		}
		faults := strings.Join(l.faults(), "\n")
		if (test.fault == "") != (faults == "") || !strings.Contains(faults, test.fault) {
			t.Errorf("%s%s: found %q, must find %q", test.caller, test.worker, faults, test.fault)
		}
	}
}

// TestLedgerCountsWhatWasOpenAsLost shows what becomes of the calls of a caller that was killed.
func TestLedgerCountsWhatWasOpenAsLost(t *testing.T) {
	l := newLedger()
	l.caller("caller", 1, `{"sent": 5, "results": 3, "open": 2, "oldest": 50}`)
	l.caller("caller", 2, `{"sent": 4, "results": 3, "errors": {"a.b": 1}, "oldest": 0}`)
	if got := l.total(); got.Sent != 9 || got.Results != 6 || got.Lost != 2 || got.Errors["a.b"] != 1 {
		t.Errorf("total is %+v", got)
	}
	if got := l.oldest(); got != 0 {
		t.Errorf("the oldest call waits for %v s, of a caller that is gone", got)
	}
}
