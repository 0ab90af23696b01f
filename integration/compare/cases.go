package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wampool/wampool/cmd/wampool/bench"
)

// aCase is one comparison, which gives one row or more.
type aCase struct {
	name    string
	measure func(*lab) ([]row, error)
}

var cases = []aCase{
	{"pool, demo's router", func(b *lab) ([]row, error) { return b.pool("demo", "the demo's router") }},
	{"pool, Crossbar.io", func(b *lab) ([]row, error) { return b.pool("crossbar", "Crossbar.io") }},
	{"payloads", (*lab).payloads},
	{"memory, large payloads", (*lab).largeMemory},
	{"TLS", (*lab).tls},
	{"open loop", (*lab).openLoop},
	{"cost of seeing", (*lab).costOfSeeing},
	{"OpenTelemetry", (*lab).costOfSpans},
	{"pass-through", (*lab).passThrough},
	{"overload", (*lab).overload},
	{"Crossbar.io's own feature", (*lab).ownFeature},
	{"direct calls, demo's router", func(b *lab) ([]row, error) { return b.direct("demo", "the demo's router") }},
	{"direct calls, Crossbar.io", func(b *lab) ([]row, error) { return b.direct("crossbar", "Crossbar.io") }},
	{"direct calls, HAProxy", (*lab).directRelay},
	{"cores", (*lab).cores},
	{"9,000 callees", (*lab).manyCallees},
	{"idle sessions", (*lab).idleSessions},
	{"idle TLS sessions", (*lab).idleSecure},
	{"Go benchmarks", (*lab).goBenchmarks},
	{"soak", (*lab).soak},
}

// behind starts four callees behind something, and callers of theirs at the
// router. Where nothing shares, each callee has a procedure of its own.
func (b *lab) behind(router string, n *node, procedure string, options ...string) (*side, error) {
	return b.calling(router, n, procedure, nil, options...)
}

// calling is behind with options of the callers' own.
func (b *lab) calling(router string, n *node, procedure string, call []string, options ...string) (*side, error) {
	if _, err := b.play("callees", append([]string{"-url", n.url, "-procedure", procedure}, options...)...); err != nil {
		return nil, err
	}
	return b.callers(n.process, append([]string{"-url", router, "-procedure", procedure, "-n", "4"}, call...)...)
}

// callers starts callers for what one process does behind them.
func (b *lab) callers(of *process, options ...string) (*side, error) {
	callers, err := b.play("callers", options...)
	return &side{callers: []*process{callers}, of: of}, err
}

// pool compares a pool with a relay of the same callees' connections.
func (b *lab) pool(name, called string) ([]row, error) {
	r, err := b.router(name)
	if err != nil {
		return nil, err
	}
	sidecar, relay, err := b.beside(r.url)
	if err != nil {
		return nil, err
	}
	pooled, err := b.behind(r.url, sidecar, "com.example.pooled", "-invoke", "roundrobin")
	if err != nil {
		return nil, err
	}
	relayed, err := b.behind(r.url, relay, "com.example.relayed.")
	if err != nil {
		return nil, err
	}
	direct, err := b.behind(r.url, r, "com.example.direct.")
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range []struct {
		inFlight int
		bar      float64
		sides    []*side
	}{
		{128, 0.95, []*side{pooled, relayed}},
		{4, 1.1, []*side{pooled, relayed}},
		{1, 1.1, []*side{pooled, relayed, direct}},
	} {
		if err := b.takeTurns(c.inFlight, c.sides...); err != nil {
			return rows, err
		}
		what := fmt.Sprintf("pool behind %s, 4 callees, %d in flight, CBOR 100 B: CPU ÷ HAProxy's", called, c.inFlight)
		rows = append(rows, ratio(what, c.bar, pooled.perCall, relayed.perCall))
	}
	// The least of the rounds, since what else runs on the machine only adds.
	rows = append(rows, added("the same with 1 in flight: added p50 latency ÷ HAProxy's", 1.3, p50, slices.Min[[]float64], pooled, relayed, direct))
	b.endSides(pooled, relayed, direct)
	b.end(sidecar.process, relay.process)
	return rows, nil
}

// passThrough compares sessions that no pool is concerned with.
func (b *lab) passThrough() ([]row, error) {
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	sidecar, relay, err := b.beside(r.url)
	if err != nil {
		return nil, err
	}
	callees, err := b.play("callees", "-url", r.url, "-procedure", "com.example.plain.", "-serializer", "json")
	if err != nil {
		return nil, err
	}
	through := func(n *node) (*side, error) {
		return b.callers(n.process, "-url", n.url, "-procedure", "com.example.plain.", "-serializer", "json", "-n", "8")
	}
	ours, err := through(sidecar)
	if err != nil {
		return nil, err
	}
	theirs, err := through(relay)
	if err != nil {
		return nil, err
	}
	if err := b.takeTurns(256, ours, theirs); err != nil {
		return nil, err
	}
	b.endSides(ours, theirs)
	b.end(callees, sidecar.process, relay.process)
	return []row{
		ratio("pass-through sessions, JSON 100 B, 256 in flight over 8 connections: CPU ÷ HAProxy's", 1.3, ours.perCall, theirs.perCall),
	}, nil
}

// overload sends twice what the callees can do.
func (b *lab) overload() ([]row, error) {
	const callees, limit, work = 4, 8, 50 * time.Millisecond
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	sidecar, err := b.sidecar(r.url, `pool "com.example.busy" {
    policy      = "least"
    concurrency = 8
    queue { limit = 1000 }
  }`)
	if err != nil {
		return nil, err
	}
	workers, err := b.play("callees", "-url", sidecar.url, "-procedure", "com.example.busy", "-invoke", "roundrobin", "-work", work.String())
	if err != nil {
		return nil, err
	}
	callers, err := b.play("callers", "-url", r.url, "-procedure", "com.example.busy", "-n", "4")
	if err != nil {
		return nil, err
	}
	rate := 2 * callees * limit * int(time.Second/work)
	result, _, err := measure([]*process{callers}, fmt.Sprintf("rate %s %d", b.round*time.Duration(b.rounds), rate), sidecar.process)
	if err != nil {
		return nil, err
	}
	_ = workers.stdin.Close()
	line, err := workers.next(patience)
	if err != nil {
		return nil, err
	}
	var told bench.CalleeStats
	if err := json.Unmarshal([]byte(line), &told); err != nil {
		return nil, err
	}
	if told.PeakInFlight > limit {
		return nil, fmt.Errorf("%d calls in flight at a callee, %d may", told.PeakInFlight, limit)
	}
	refused := int64(0)
	for _, n := range result.Errors {
		refused += n
	}
	goodput := float64(result.Answered) / result.Seconds
	capacity := callees * limit / told.MeanWork.Seconds()
	b.end(callers, workers, sidecar.process)
	return []row{{
		what: "pool, concurrency and queue of 1000, overloaded twice: goodput ÷ capacity of the callees", bar: 0.97, atLeast: true, value: goodput / capacity,
		measured: fmt.Sprintf("%.3f (%.0f ÷ %.0f calls/s; %d answered, %d refused, none lost; %d in flight at most of %d)",
			goodput/capacity, goodput, capacity, result.Answered, refused, told.PeakInFlight, limit),
	}}, nil
}

// ownFeature is what Crossbar.io's own shared registration costs it.
func (b *lab) ownFeature() ([]row, error) {
	r, err := b.router("crossbar")
	if err != nil {
		return nil, err
	}
	sidecar, err := b.sidecar(r.url, "")
	if err != nil {
		return nil, err
	}
	own, err := b.behind(r.url, r, "com.example.own", "-invoke", "roundrobin", "-concurrency", "64")
	if err != nil {
		return nil, err
	}
	ours, err := b.behind(r.url, sidecar, "com.example.ours", "-invoke", "roundrobin", "-concurrency", "64")
	if err != nil {
		return nil, err
	}
	if err := b.takeTurns(128, own, ours); err != nil {
		return nil, err
	}
	b.endSides(own, ours)
	b.end(sidecar.process)
	what := "Crossbar.io's CPU with its own shared registration and concurrency ÷ wampool's share before it"
	return []row{ratio(what, 0, own.perCall, ours.perCall)}, nil
}
