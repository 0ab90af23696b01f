package shipped

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

var soakFor = flag.Duration("soak.for", 5*time.Second, "how long calls of all outcomes go on in TestLedgerAfterASoak")

const soaked = `router {
  url          = %q
  timeout_unit = "ms"
}
listen "ws://127.0.0.1:0/ws" {}
realm "realm1" {
  pool "com.example.soak.plain" {
    concurrency = 1
    direct      = ["anonymous"]
  }
  pool "com.example.soak.queued" {
    concurrency = 1
    direct      = ["anonymous"]
    queue {
      limit = 2
    }
  }
  pool "com.example.soak.hasty" {
    concurrency = 1
    direct      = ["anonymous"]
    queue {
      timeout = "50ms"
    }
  }
  pool "com.example.soak.load" {
    policy      = "roundrobin"
    concurrency = 2
    queue {}
  }
}
admin {
  address = "127.0.0.1:0"
}
`

// soak is what goes on, round after round: a callee of each pool, and callers.
type soak struct {
	t                    *testing.T
	w                    *harness.Wampool
	plain, queued, hasty *harness.RawSession
	request              int // of the latest call
}

const soakPlain, soakQueued, soakHasty = "com.example.soak.plain", "com.example.soak.queued", "com.example.soak.hasty"

// callee joins one that takes INTERRUPTs.
func (s *soak) callee(procedure string) *harness.RawSession {
	s.t.Helper()
	return harness.RawCallee(s.t, s.w.URL, procedure, "call_canceling", "progressive_call_results")
}

// call calls, and returns the request's ID.
func (s *soak) call(caller *harness.RawSession, options, procedure string) int {
	s.t.Helper()
	s.request++
	caller.Send(fmt.Sprintf(`[48,%d,{%s},%q,[]]`, s.request, options, procedure))
	return s.request
}

// invoked is the ID of the invocation that comes next to a callee.
func (s *soak) invoked(callee *harness.RawSession) uint64 {
	s.t.Helper()
	return harness.Element(s.t, callee.Expect(`[68,`), 1)
}

// yield answers an invocation.
func yield(callee *harness.RawSession, invocation uint64, options string) {
	callee.Send(fmt.Sprintf(`[70,%d,{%s},[]]`, invocation, options))
}

// fails waits for the ERROR of a call.
func (s *soak) fails(caller *harness.RawSession, request int, uri string) {
	s.t.Helper()
	if message := caller.Expect(fmt.Sprintf(`[8,48,%d,`, request)); !strings.Contains(message, `"`+uri+`"`) {
		s.t.Fatalf("got %s, want %s", message, uri)
	}
}

// round has one caller's calls end in each way that there is.
func (s *soak) round(url string, direct bool) {
	s.t.Helper()
	caller := harness.JoinRaw(s.t, "caller", url)
	s.request = 0

	// Parts of a result; meanwhile the only slot is taken.
	first := s.call(caller, `"receive_progress":true`, soakPlain)
	at := s.invoked(s.plain)
	s.fails(caller, s.call(caller, "", soakPlain), harness.MaxConcurrency)
	yield(s.plain, at, `"progress":true`)
	caller.Expect(fmt.Sprintf(`[50,%d,{"progress":true`, first))
	yield(s.plain, at, "")
	caller.Expect(fmt.Sprintf(`[50,%d,`, first))

	// One waits for too long.
	first = s.call(caller, "", soakHasty)
	at = s.invoked(s.hasty)
	s.fails(caller, s.call(caller, "", soakHasty), "wamp.error.timeout")
	yield(s.hasty, at, "")
	caller.Expect(fmt.Sprintf(`[50,%d,`, first))

	// One runs, two wait, one is too many. One that waits is canceled.
	first = s.call(caller, "", soakQueued)
	at = s.invoked(s.queued)
	canceled, waiting := s.call(caller, "", soakQueued), s.call(caller, "", soakQueued)
	s.fails(caller, s.call(caller, "", soakQueued), harness.MaxConcurrency)
	caller.Send(fmt.Sprintf(`[49,%d,{"mode":"kill"}]`, canceled))
	s.fails(caller, canceled, "wamp.error.canceled")
	s.queued.Send(fmt.Sprintf(`[8,68,%d,{},"com.example.failed"]`, at))
	s.fails(caller, first, "com.example.failed")
	yield(s.queued, s.invoked(s.queued), "")
	caller.Expect(fmt.Sprintf(`[50,%d,`, waiting))

	// One that runs is canceled, nobody can do one, a caller goes, a callee goes.
	canceled = s.call(caller, "", soakQueued)
	at = s.invoked(s.queued)
	caller.Send(fmt.Sprintf(`[49,%d,{"mode":"kill"}]`, canceled))
	s.queued.Expect(fmt.Sprintf(`[69,%d,`, at))
	s.queued.Send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, at))
	s.fails(caller, canceled, "wamp.error.canceled")
	nobody := s.call(caller, "", soakQueued)
	s.queued.Send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.unavailable"]`, s.invoked(s.queued)))
	s.fails(caller, nobody, "wamp.error.no_available_callee")
	if direct {
		s.directly(caller)
	}
	leaving := harness.JoinRaw(s.t, "a caller that leaves", url)
	s.call(leaving, "", soakQueued)
	at = s.invoked(s.queued)
	leaving.Leave()
	s.queued.Expect(fmt.Sprintf(`[69,%d,`, at))
	yield(s.queued, at, "")
	lost := s.call(caller, "", soakQueued)
	s.invoked(s.queued)
	s.queued.Leave()
	s.fails(caller, lost, "wamp.error.canceled")
	s.queued = s.callee(soakQueued)
	caller.Leave()
}

// directly is what a router in between would decide itself, or pass on in seconds.
func (s *soak) directly(caller *harness.RawSession) {
	s.t.Helper()
	first := s.call(caller, "", soakQueued)
	at := s.invoked(s.queued)
	s.fails(caller, s.call(caller, `"timeout":1`, soakQueued), "wamp.error.timeout")
	s.fails(caller, s.call(caller, `"ppt_scheme":"x_sealed"`, soakPlain), "wamp.error.feature_not_supported")
	yield(s.queued, at, "")
	caller.Expect(fmt.Sprintf(`[50,%d,`, first))
}

// Calls end in all ways that there are, beside a load of calls by a library, for as long
// as is asked: at every scrape the books agree, in Prometheus' own words.
func TestLedgerAfterASoak(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.LaunchConfig(t, fmt.Sprintf(soaked, c.URL()))
	w.Process.Await(t, "pool session up")
	p := startPrometheus(t, w.Admin())
	s := &soak{t: t, w: w}
	s.plain, s.queued, s.hasty = s.callee(soakPlain), s.callee(soakQueued), s.callee(soakHasty)
	python := harness.Library(t, "asyncio")
	for range 2 {
		python.Join(t, w.URL, nil).Do("register", harness.Args{"procedure": "com.example.soak.load", "behaviour": "work", "seconds": 0.05}).OK(t)
	}
	p.until("a scrape", func() (string, bool) {
		found, err := p.query(`up == 1`)
		return fmt.Sprint(found, err), err == nil && len(found) == 1
	})
	stop, stopped := make(chan struct{}), make(chan error, 6)
	for range cap(stopped) {
		caller := python.Join(t, c.URL(), nil)
		go func() { stopped <- keepCalling(caller, "com.example.soak.load", stop) }()
	}
	began, rounds := time.Now(), 0
	pace := time.NewTicker(250 * time.Millisecond)
	defer pace.Stop()
	for ; rounds < 2 || time.Since(began) < *soakFor; rounds++ {
		<-pace.C
		s.round(c.URL(), false)
		s.round(w.URL, true)
	}
	close(stop)
	for range cap(stopped) {
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}
	p.until("a scrape of the end", func() (string, bool) {
		found, err := p.query(`sum(wampool_calls_waiting) + sum(wampool_calls_running) == 0`)
		return fmt.Sprint(found, err), err == nil && len(found) == 1
	})
	span := fmt.Sprintf("[%ds:500ms]", int(time.Since(began).Seconds())+5)
	checkBooks(t, p, span)
	checkOutcomes(t, p)
	scrapes, err := p.query(fmt.Sprintf(`sum(count_over_time(up[%ds]))`, int(time.Since(began).Seconds())+5))
	if err != nil || len(scrapes) != 1 {
		t.Fatalf("scrapes: %v %v", scrapes, err)
	}
	t.Logf("%d rounds in %s, %v scrapes", rounds, time.Since(began).Round(time.Second), scrapes[0].Value[1])
}

// keepCalling calls until it is told to stop.
func keepCalling(caller *harness.Client, procedure string, stop <-chan struct{}) error {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		if answer, err := caller.Call(procedure, n).Reply(); err != nil || answer.Error != nil {
			return fmt.Errorf("call %d: %v %w", n, answer.Error, err)
		}
	}
}

// checkBooks wants the books of each pool to agree at all scrapes of a time.
func checkBooks(t *testing.T, p *prometheus, span string) {
	t.Helper()
	for _, query := range []string{
		`max by (pool) (max_over_time(abs(wampool_ledger_difference)` + span + `))`,
		`max_over_time(abs(sum by (pool) (wampool_calls_received_total) - sum by (pool) (wampool_calls_ended_total) - sum by (pool) (wampool_calls_waiting) - sum by (pool) (wampool_calls_running))` + span + `)`,
	} {
		found, err := p.query(query)
		if err != nil || len(found) != 4 {
			t.Errorf("%s: %d pools, %v", query, len(found), err)
		}
		for _, pool := range found {
			if pool.Value[1] != "0" {
				t.Errorf("%s: %v of %s", query, pool.Value[1], pool.Metric["pool"])
			}
		}
	}
}

// checkOutcomes wants calls to have ended in all ways but by the end of wampool itself,
// and to have come by the router and past it.
func checkOutcomes(t *testing.T, p *prometheus) {
	t.Helper()
	for query, want := range map[string][]string{
		`sum by (outcome) (wampool_calls_ended_total) > 0`: {
			"callee_lost", "caller_gone", "canceled", "concurrency", "deadline", "error", "feature_not_supported", "no_callee", "queue_full", "queue_timeout", "result",
		},
		`sum by (origin) (wampool_calls_received_total) > 0`: {"direct", "router"},
	} {
		found, err := p.query(query)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range found {
			got = append(got, v.Metric["outcome"]+v.Metric["origin"])
			t.Logf("%s%s: %v calls", v.Metric["outcome"], v.Metric["origin"], v.Value[1])
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}
