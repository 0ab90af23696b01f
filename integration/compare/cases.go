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
	{"pass-through", (*lab).passThrough},
	{"overload", (*lab).overload},
	{"Crossbar.io's own feature", (*lab).ownFeature},
	{"direct calls, demo's router", func(b *lab) ([]row, error) { return b.direct("demo", "the demo's router") }},
	{"direct calls, Crossbar.io", func(b *lab) ([]row, error) { return b.direct("crossbar", "Crossbar.io") }},
	{"direct calls, HAProxy", (*lab).directRelay},
	{"9,000 callees", (*lab).manyCallees},
	{"idle sessions", (*lab).idleSessions},
	{"Go benchmarks", (*lab).goBenchmarks},
	{"soak", (*lab).soak},
}

// side is one of the things compared: callers with what stands behind them.
type side struct {
	callers *process
	of      *process // whose processor time counts
	perCall []float64
	p50     []float64 // microseconds
	rate    []float64 // calls answered a second
}

// turn takes one measurement.
func (s *side) turn(command string) error {
	result, spent, err := measure(s.callers, command, s.of)
	if err != nil {
		return err
	}
	if len(result.Errors) > 0 || result.Answered == 0 {
		return fmt.Errorf("%d calls answered, errors %v", result.Answered, result.Errors)
	}
	s.perCall = append(s.perCall, float64(spent[0].Nanoseconds())/1000/float64(result.Answered))
	s.p50 = append(s.p50, 1000*result.Latency.P50)
	s.rate = append(s.rate, float64(result.Answered)/result.Seconds)
	return nil
}

// takeTurns lets the sides take turns, after one to warm up. What they measured
// before is forgotten.
func (b *lab) takeTurns(inFlight int, sides ...*side) error {
	for round := range b.rounds + 1 {
		length := b.round
		if round == 0 {
			length = time.Second
		}
		for _, s := range sides {
			if err := s.turn(fmt.Sprintf("run %s %d", length, inFlight)); err != nil {
				return err
			}
			if round == 0 {
				s.perCall, s.p50, s.rate = nil, nil, nil
			}
		}
	}
	return nil
}

// ratio is the row of microseconds a call, of ours and of theirs.
func ratio(what string, bar float64, ours, theirs []float64) row {
	value := ratios(ours, theirs)
	return row{
		what: what, bar: bar, value: value,
		measured: fmt.Sprintf("%.3g (%.1f µs ÷ %.1f µs)", value, median(ours), median(theirs)),
	}
}

func ratios(a, b []float64) float64 {
	each := make([]float64, len(a))
	for i := range a {
		each[i] = a[i] / b[i]
	}
	return median(each)
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
	callers, err := b.play("callers", append([]string{"-url", router, "-procedure", procedure, "-n", "4"}, call...)...)
	return &side{callers: callers, of: n.process}, err
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
	}{{128, 1}, {1, 1.5}} {
		if err := b.takeTurns(c.inFlight, pooled, relayed, direct); err != nil {
			return rows, err
		}
		what := fmt.Sprintf("pool behind %s, 4 callees, %d in flight, CBOR 100 B: CPU ÷ HAProxy's", called, c.inFlight)
		rows = append(rows, ratio(what, c.bar, pooled.perCall, relayed.perCall))
	}
	// The least of the rounds, since what else runs on the machine only adds.
	without := slices.Min(direct.p50)
	added, relays := max(0, slices.Min(pooled.p50)-without), max(1, slices.Min(relayed.p50)-without)
	rows = append(rows, row{
		what: "the same with 1 in flight: added p50 latency ÷ HAProxy's", bar: 1.3, value: added / relays,
		measured: fmt.Sprintf("%.2f (%.0f µs ÷ %.0f µs)", added/relays, added, relays),
	})
	b.end(pooled.callers, relayed.callers, direct.callers, sidecar.process, relay.process)
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
		callers, err := b.play("callers", "-url", n.url, "-procedure", "com.example.plain.", "-serializer", "json", "-n", "8")
		return &side{callers: callers, of: n.process}, err
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
	b.end(ours.callers, theirs.callers, callees, sidecar.process, relay.process)
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
	result, _, err := measure(callers, fmt.Sprintf("rate %s %d", b.round*time.Duration(b.rounds), rate), sidecar.process)
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
	value := ratios(own.perCall, ours.perCall)
	b.end(own.callers, ours.callers, sidecar.process)
	return []row{{
		what: "Crossbar.io's CPU with its own shared registration and concurrency ÷ wampool's share before it", printed: true,
		measured: fmt.Sprintf("%.0f (%.0f µs ÷ %.1f µs)", value, median(own.perCall), median(ours.perCall)),
	}}, nil
}
