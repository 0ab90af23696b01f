package demo

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wampool/wampool/configs"
)

// Summary is what the callers and the callees counted, and what is wrong with it.
type Summary struct {
	Sent, Answered, Refused int
	Unexpected              map[string]int // calls that ended in another way
	P50, P99                time.Duration  // of answered calls
	Callees                 []CalleeSummary
	Violations              []string // of what must hold
}

// CalleeSummary is one callee's own count.
type CalleeSummary struct {
	Name         string
	Limit        int
	MostInFlight int
	Served       int
}

// Err returns what did not hold, nil if all did.
func (s *Summary) Err() error {
	if len(s.Violations) == 0 {
		return nil
	}
	return errors.New("demo: the summary does not hold: " + strings.Join(s.Violations, "; "))
}

// summarize takes the counts when no call is under way any more.
func summarize(s *stage, l *load) Summary {
	l.mu.Lock()
	defer l.mu.Unlock()
	summary := Summary{Sent: l.sent, Answered: l.answered, Refused: l.refused, Unexpected: maps.Clone(l.unexpected)}
	summary.P50, summary.P99 = quantiles(l.latencies)
	for _, c := range s.callees {
		summary.Callees = append(summary.Callees, CalleeSummary{
			Name: c.name, Limit: c.limit, MostInFlight: int(c.most.Load()), Served: int(c.served.Load()),
		})
	}
	summary.check()
	for _, pool := range s.proxy.Pools() {
		if pool.Waiting > 0 {
			summary.violated("%d calls are left in the queue", pool.Waiting)
		}
		for _, c := range pool.Callees {
			if c.InFlight > 0 {
				summary.violated("wampool counts %d calls in flight at a callee that has none", c.InFlight)
			}
		}
	}
	return summary
}

func (s *Summary) violated(format string, args ...any) {
	s.Violations = append(s.Violations, fmt.Sprintf(format, args...))
}

// check looks for what must hold by the callers' and the callees' counts alone.
func (s *Summary) check() {
	if s.Sent != s.Answered+s.Refused {
		s.violated("%d calls sent are not %d answered and %d refused", s.Sent, s.Answered, s.Refused)
	}
	for _, outcome := range slices.Sorted(maps.Keys(s.Unexpected)) {
		s.violated("%d calls ended otherwise: %s", s.Unexpected[outcome], outcome)
	}
	served := 0
	for _, c := range s.Callees {
		served += c.Served
		if c.MostInFlight > c.Limit {
			s.violated("callee %s had %d calls at once, and its limit is %d", c.Name, c.MostInFlight, c.Limit)
		}
	}
	if served != s.Answered {
		s.violated("callees served %d calls, callers got %d answers", served, s.Answered)
	}
}

// String is the summary for people, some lines.
func (s *Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d calls sent = %d answered + %d refused\n", s.Sent, s.Answered, s.Refused)
	fmt.Fprintf(&b, "answered within %s (median), %s (99 of 100)\n", milliseconds(s.P50), milliseconds(s.P99))
	if s.Refused > 0 {
		fmt.Fprintf(&b, "refused with %s\n", configs.DefaultOverloadError)
	}
	for _, c := range s.Callees {
		fmt.Fprintf(&b, "callee %s: %5d calls, at most %d at once, limit %d\n", c.Name, c.Served, c.MostInFlight, c.Limit)
	}
	if len(s.Violations) == 0 {
		b.WriteString("It holds: each call has one answer, and no callee ever had more than its limit.\n")
	}
	return b.String()
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }
