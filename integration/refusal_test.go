package integration

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
)

// What callers of each library are told, by error URI, a sentence, and in
// ArgumentsKw what a program may want to know (contract, section 7).

// refusal is the ArgumentsKw of an ERROR that wampool gave.
type refusal struct {
	Pool   string `json:"pool"`
	Reason string `json:"reason"`
	Limit  int    `json:"limit"`
	Queued int    `json:"queued"` // this call as well, if it has waited
	Waited *int   `json:"waited_ms"`
}

// refused waits for an error of wampool's own.
func refused(t *testing.T, call *answer, uri string, want refusal) {
	t.Helper()
	r := call.wait(t)
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
func eachCaller(t *testing.T, c *crossbar, story func(t *testing.T, caller *client)) {
	t.Helper()
	for _, name := range []string{"asyncio", "twisted", "autobahn", "wampy"} {
		t.Run(name, func(t *testing.T) { story(t, library(t, name).join(t, c.url(), nil)) })
	}
}

func TestRefusedCallersAreToldWhy(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), toldRealm)
	callee := library(t, "asyncio").join(t, w.url, nil)
	for _, reason := range []string{"concurrency", "queue_full", "queue_bytes", "queue_timeout"} {
		callee.register(told+reason, "hold", nil).ok(t)
	}
	eachCaller(t, c, func(t *testing.T, caller *client) {
		running := map[string]*answer{}
		for _, reason := range []string{"concurrency", "queue_full", "queue_bytes", "queue_timeout"} {
			running[reason] = caller.call(told+reason, 1)
			argument(t, callee, told+reason)
		}
		refused(t, caller.call(told+"concurrency", 2), maxConcurrency, refusal{Pool: told + "concurrency", Reason: "concurrency", Limit: 1})

		waiting := []*answer{caller.call(told+"queue_full", 2), caller.call(told+"queue_bytes", strings.Repeat("x", 1500))}
		refused(t, caller.call(told+"queue_full", 3), "com.example.busy", refusal{Pool: told + "queue_full", Reason: "queue_full", Limit: 1, Queued: 1})
		refused(t, caller.call(told+"queue_bytes", strings.Repeat("x", 1500)), maxConcurrency,
			refusal{Pool: told + "queue_bytes", Reason: "queue_bytes", Limit: 2048, Queued: 1})
		refused(t, caller.call(told+"queue_timeout", 2), "wamp.error.timeout",
			refusal{Pool: told + "queue_timeout", Reason: "queue_timeout", Limit: 1000, Queued: 1})

		for reason, call := range running {
			callee.release(told+reason, 1)
			call.ok(t)
		}
		callee.invoked(2)
		callee.release(told+"queue_full", 1)
		callee.release(told+"queue_bytes", 1)
		for _, call := range waiting {
			call.ok(t)
		}
	})
}

func TestCallersOfALostCalleeAreTold(t *testing.T) {
	c := router(t)
	w := startWampool(t, c.url(), toldRealm)
	eachCaller(t, c, func(t *testing.T, caller *client) {
		callee := library(t, "asyncio").join(t, w.url, nil)
		callee.register(told+"callee_lost", "hold", nil).ok(t)
		running, waiting := caller.call(told+"callee_lost", 1), caller.call(told+"callee_lost", 2)
		callee.invoked(1)
		settled(t, caller)
		side{w.url, true, c.joining()}.arrived(t)
		callee.do("drop", nil).ok(t)
		refused(t, running, "wamp.error.canceled", refusal{Pool: told + "callee_lost", Reason: "callee_lost", Queued: 1})
		refused(t, waiting, "wamp.error.no_available_callee", refusal{Pool: told + "callee_lost", Reason: "no_callee", Queued: 1})
	})
}

func TestCallersOfAStoppedWampoolAreTold(t *testing.T) {
	c := router(t)
	w := launch(t, c.url(), toldRealm, "1ms")
	if _, err := w.process.waitLine(0, "pool session up"); err != nil {
		t.Fatal(err)
	}
	callee := library(t, "asyncio").join(t, w.url, nil)
	callee.register(told+"draining", "hold", nil).ok(t)
	var calls []*answer
	for i, name := range []string{"asyncio", "twisted", "autobahn", "wampy"} {
		caller := library(t, name).join(t, c.url(), nil)
		calls = append(calls, caller.call(told+"draining", i))
		settled(t, caller)
	}
	callee.invoked(1)
	side{w.url, true, c.joining()}.arrived(t)
	if err := w.process.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// When the time to drain is over those that wait are refused, and the callee
	// of the one that runs is disconnected.
	refused(t, calls[0], "wamp.error.canceled", refusal{Pool: told + "draining", Reason: "callee_lost"})
	for i, call := range calls[1:] {
		refused(t, call, "wamp.error.unavailable", refusal{Pool: told + "draining", Reason: "draining", Queued: len(calls) - 1 - i})
	}
}
