package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"

	"github.com/rs/zerolog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startSidecar returns the URL of a wampool before a router.
func startSidecar(t *testing.T, routerURL, realm string) string {
	config, err := configs.Parse([]byte(`router { url = "`+routerURL+`" }
		listen "ws://127.0.0.1:0/ws" {}
		realm "realm1" { `+realm+` }`), "test.hcl")
	if err != nil {
		t.Fatal(err)
	}
	p := proxy.New(config, zerolog.Nop())
	ctx, stop := context.WithCancel(context.Background())
	if err := p.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		p.Stop()
		<-served
	})
	return p.URLs()[0]
}

func options(caller, callee string) Options {
	return Options{
		Caller:   Target{URL: caller, Realm: "realm1", Serializer: codec.CBOR},
		Callee:   Target{URL: callee, Realm: "realm1", Serializer: codec.JSON},
		Callers:  CallerOptions{Callers: 3, Procedure: "com.example.bench", Payload: 100},
		Callees:  CalleeOptions{Callees: 1, Procedure: "com.example.bench"},
		InFlight: 8, Duration: 50 * time.Millisecond,
	}
}

func TestEveryCallIsAccountedFor(t *testing.T) {
	url := tryouttest.StartRouter(t).URL()
	o := options(url, url)
	o.Warmup = 10 * time.Millisecond
	result, err := Run(t.Context(), o, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Sent == 0 || result.Sent != result.Answered || result.Callees.Calls != result.Sent {
		t.Errorf("%d sent, %d answered, %d at the callee", result.Sent, result.Answered, result.Callees.Calls)
	}
	if l := result.Latency; l.P50 <= 0 || l.P50 > l.P99 || l.P99 > l.Max {
		t.Errorf("latency: %+v", l)
	}
}

// Limits and errors are seen through a pool: sixteen calls in flight for two
// callees that take one each, and nothing waits.
func TestErrorsAreCountedByURI(t *testing.T) {
	url := tryouttest.StartRouter(t).URL()
	o := options(url, startSidecar(t, url, ""))
	o.InFlight = 16
	o.Callees = CalleeOptions{Callees: 2, Procedure: "com.example.bench", Invoke: "roundrobin", Concurrency: 1, Work: 5 * time.Millisecond}
	result, err := Run(t.Context(), o, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	refused := result.Errors["crossbar.error.max_concurrency_reached"]
	if refused == 0 || result.Answered == 0 || result.Sent != result.Answered+refused || result.Refused() != refused {
		t.Errorf("%d sent, %d answered, errors %v", result.Sent, result.Answered, result.Errors)
	}
	if c := result.Callees; c.PeakInFlight != 1 || c.Calls != result.Answered || c.MeanWork < 5*time.Millisecond {
		t.Errorf("callees: %+v", c)
	}
	var text strings.Builder
	if err := result.Write(&text); err != nil || !strings.Contains(text.String(), " × crossbar.error.max_concurrency_reached\n") {
		t.Errorf("%v:\n%s", err, text.String())
	}
}

func TestRate(t *testing.T) {
	url := tryouttest.StartRouter(t).URL()
	o := options(url, url)
	o.Rate, o.Duration = 2000, 100*time.Millisecond
	result, err := Run(t.Context(), o, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Sent == 0 || result.Sent > 200 || result.Sent != result.Answered {
		t.Errorf("%d sent of at most 200, %d answered", result.Sent, result.Answered)
	}
}

// A call takes as long as its answer is behind the time that it was due at, also
// where it could not be sent then.
func TestLateCallsAreNoFaster(t *testing.T) {
	url := tryouttest.StartRouter(t).URL()
	o := options(url, url)
	callees, err := Register(t.Context(), o.Callee, o.Callees)
	if err != nil {
		t.Fatal(err)
	}
	defer callees.Close()
	callers, err := Dial(t.Context(), o.Caller, o.Callers)
	if err != nil {
		t.Fatal(err)
	}
	defer callers.Close()
	callers.callers[0].sendOne(time.Now().Add(-time.Minute))
	result, err := callers.end(time.Now())
	if err != nil || result.Answered != 1 || result.Latency.P50 < 60_000 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestEndsEarly(t *testing.T) {
	url := tryouttest.StartRouter(t).URL()
	o := options(url, url)
	o.Duration = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	result, err := Run(ctx, o, writerFunc(func(p []byte) (int, error) {
		cancel() // with the first line of progress
		return len(p), nil
	}))
	if err != nil || result.Sent == 0 || result.Sent != result.Answered {
		t.Errorf("%+v, %v", result, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestJSON(t *testing.T) {
	r := newResult()
	r.Sent, r.Errors["com.example.error"] = 3, 1
	_ = r.latency.RecordValue(1500)
	_ = r.latency.RecordValue(2500)
	r.took(2 * time.Second)
	r.Callees = &CalleeStats{Calls: 3, PeakInFlight: 2, MeanWork: time.Millisecond}
	got, err := json.Marshal(r)
	want := `{"sent":3,"answered":2,"errors":{"com.example.error":1},"seconds":2,"calls_per_second":1,` +
		`"latency_ms":{"p50":1.5,"p90":2.501,"p99":2.501,"p99_9":2.501,"max":2.501},` +
		`"callees":{"calls":3,"peak_in_flight":2,"mean_work_ns":1000000}}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWhatCantBeMeasured(t *testing.T) {
	for text, change := range map[string]func(*Options){
		"there must be a caller":               func(o *Options) { o.Callers.Callers = 0 },
		"there must be a call in flight":       func(o *Options) { o.InFlight = 0 },
		"the duration must be longer":          func(o *Options) { o.Duration = 0 },
		"there must be a procedure":            func(o *Options) { o.Callers.Procedure = "" },
		"a rate can't be negative":             func(o *Options) { o.Rate = -1 },
		"numbers can't be negative":            func(o *Options) { o.Callees.Callees = -1 },
		"can't be reached":                     func(o *Options) { o.Caller.URL = "ws://127.0.0.1:1/ws" },
		"wamp.error.no_such_realm":             func(o *Options) { o.Caller.Realm = "other" },
		"refused by the router: wamp.error.op": func(o *Options) { o.Callees.Invoke = "odd" },
	} {
		url := tryouttest.StartRouter(t).URL() // one each: it may still know the callee of the case before
		o := options(url, url)
		change(&o)
		if _, err := Run(t.Context(), o, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
}

// A connection that is lost ends the measurement at once, with an error; calls
// that it had are told apart from those that were answered.
func TestLostConnections(t *testing.T) {
	for _, rate := range []float64{0, 2000} {
		r := tryouttest.StartRouter(t)
		o := options(r.URL(), r.URL())
		o.Duration, o.Rate = time.Hour, rate
		var progress bytes.Buffer
		result, err := Run(t.Context(), o, writerFunc(func(p []byte) (int, error) {
			go r.Close() // with the first line of progress
			return progress.Write(p)
		}))
		if err == nil || !strings.HasPrefix(err.Error(), "lost call") || !strings.Contains(err.Error(), " at "+r.URL()+": ") {
			t.Errorf("error %v", err)
		}
		if result == nil || result.Sent == 0 || result.Sent != result.Answered+result.Refused()+result.Lost || result.CallsPerSecond < 0 {
			t.Errorf("%+v", result)
		}
		if strings.Contains(progress.String(), "-") {
			t.Errorf("progress: %s", progress.String())
		}
	}
}
