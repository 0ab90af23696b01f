package crossbar

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// What callers of each library are told, by error URI, a sentence, and in
// ArgumentsKw what a program may want to know (dealer/README.md).

// refusal is the ArgumentsKw of an ERROR that wampool gave.
type refusal struct {
	Pool   string `json:"pool"`
	Reason string `json:"reason"`
	Limit  int    `json:"limit"`
	Queued int    `json:"queued"` // this call as well, if it has waited
	Waited *int   `json:"waited_ms"`
}

// refused waits for an error of wampool's own.
func refused(t *testing.T, call *harness.Answer, uri string, want refusal) {
	t.Helper()
	r := call.Wait(t)
	if r.Error == nil || r.Error.URI != uri {
		t.Fatalf("got %s %+v, want %s", r.OK, r.Error, uri)
	}
	var texts []string
	if err := json.Unmarshal(r.Error.Args, &texts); err != nil || len(texts) != 1 || !strings.Contains(texts[0], want.Pool) {
		t.Errorf("%s: args are %s, want one sentence that names %s", uri, r.Error.Args, want.Pool)
	}
	var got refusal
	if err := json.Unmarshal(r.Error.Kwargs, &got); err != nil || got.Waited == nil {
		t.Fatalf("%s: kwargs are %s (%v)", uri, r.Error.Kwargs, err)
	}
	got.Waited = nil
	if got != want {
		t.Errorf("%s: kwargs are %s, want %+v", uri, r.Error.Kwargs, want)
	}
}

// told is the prefix of the procedures here; each is named for the reason.
const told = "com.example.told."

// toldRealm has a block for each way to be refused.
const toldRealm = `realm "realm1" {
  pool "` + told + `concurrency" {
    concurrency = 1
  }
  pool "` + told + `queue_full" {
    concurrency    = 1
    overload_error = "com.example.busy"
    queue {
      limit = 1
    }
  }
  pool "` + told + `queue_bytes" {
    concurrency = 1
    queue {
      bytes = "2KiB"
    }
  }
  pool "` + told + `queue_timeout" {
    concurrency = 1
    queue {
      timeout = "1ms"
    }
  }
  pool "` + told + `callee_lost" {
    concurrency = 1
    queue {
    }
  }
  pool "` + told + `draining" {
    concurrency = 1
    queue {
    }
  }
}`

// eachCaller runs a story with a caller of each library at the router.
func eachCaller(t *testing.T, c *harness.Crossbar, story func(t *testing.T, caller *harness.Client)) {
	t.Helper()
	for _, name := range harness.Libraries {
		t.Run(name, func(t *testing.T) { story(t, harness.Library(t, name).Join(t, c.URL(), nil)) })
	}
}

func TestRefusedCallersAreToldWhy(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), toldRealm)
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	for _, reason := range []string{"concurrency", "queue_full", "queue_bytes", "queue_timeout"} {
		callee.Register(told+reason, "hold", nil).OK(t)
	}
	eachCaller(t, c, func(t *testing.T, caller *harness.Client) {
		running := map[string]*harness.Answer{}
		for _, reason := range []string{"concurrency", "queue_full", "queue_bytes", "queue_timeout"} {
			running[reason] = caller.Call(told+reason, 1)
			harness.Argument(t, callee, told+reason)
		}
		refused(t, caller.Call(told+"concurrency", 2), harness.MaxConcurrency, refusal{Pool: told + "concurrency", Reason: "concurrency", Limit: 1})

		waiting := []*harness.Answer{caller.Call(told+"queue_full", 2), caller.Call(told+"queue_bytes", strings.Repeat("x", 1500))}
		refused(t, caller.Call(told+"queue_full", 3), "com.example.busy", refusal{Pool: told + "queue_full", Reason: "queue_full", Limit: 1, Queued: 1})
		refused(t, caller.Call(told+"queue_bytes", strings.Repeat("x", 1500)), harness.MaxConcurrency,
			refusal{Pool: told + "queue_bytes", Reason: "queue_bytes", Limit: 2048, Queued: 1})
		refused(t, caller.Call(told+"queue_timeout", 2), "wamp.error.timeout",
			refusal{Pool: told + "queue_timeout", Reason: "queue_timeout", Limit: 1000, Queued: 1})

		for reason, call := range running {
			callee.Release(told+reason, 1)
			call.OK(t)
		}
		callee.Invoked(2)
		callee.Release(told+"queue_full", 1)
		callee.Release(told+"queue_bytes", 1)
		for _, call := range waiting {
			call.OK(t)
		}
	})
}

func TestCallersOfALostCalleeAreTold(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.StartWampool(t, c.URL(), toldRealm)
	eachCaller(t, c, func(t *testing.T, caller *harness.Client) {
		callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
		callee.Register(told+"callee_lost", "hold", nil).OK(t)
		running, waiting := caller.Call(told+"callee_lost", 1), caller.Call(told+"callee_lost", 2)
		callee.Invoked(1)
		harness.Settled(t, caller)
		harness.AtWampool(w, c).Arrived(t)
		callee.Do("drop", nil).OK(t)
		refused(t, running, "wamp.error.canceled", refusal{Pool: told + "callee_lost", Reason: "callee_lost", Queued: 1})
		refused(t, waiting, "wamp.error.no_available_callee", refusal{Pool: told + "callee_lost", Reason: "no_callee", Queued: 1})
	})
}

func TestCallersOfAStoppedWampoolAreTold(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.Launch(t, c.URL(), toldRealm, "1ms")
	w.Process.Await(t, "pool session up")
	callee := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	callee.Register(told+"draining", "hold", nil).OK(t)
	var calls []*harness.Answer
	for i, name := range harness.Libraries {
		caller := harness.Library(t, name).Join(t, c.URL(), nil)
		calls = append(calls, caller.Call(told+"draining", i))
		harness.Settled(t, caller)
	}
	callee.Invoked(1)
	harness.AtWampool(w, c).Arrived(t)
	if err := w.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// When the time to drain is over those that wait are refused, and the callee
	// of the one that runs is disconnected.
	refused(t, calls[0], "wamp.error.canceled", refusal{Pool: told + "draining", Reason: "callee_lost"})
	for i, call := range calls[1:] {
		refused(t, call, "wamp.error.unavailable", refusal{Pool: told + "draining", Reason: "draining", Queued: len(calls) - 1 - i})
	}
}
