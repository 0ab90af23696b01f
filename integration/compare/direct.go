package main

import "fmt"

// Calls that the pool answers itself, past the router: callers and callees are
// all at wampool.

// directPool answers anonymous callers, which is what these are.
const directPool = `pool "com.example.direct" {
    policy = "roundrobin"
    direct = ["anonymous"]
  }`

// directSide starts callers and callees at a sidecar with that pool.
func (b *lab) directSide(router string) (*side, error) {
	sidecar, url, err := b.sidecar(router, directPool)
	if err != nil {
		return nil, err
	}
	return b.behind(url, url, "com.example.direct", sidecar)
}

// direct compares such calls with a relay of the callers' connections: both read
// a call and write it, and so with its answer.
func (b *lab) direct() ([]row, error) {
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	ours, err := b.directSide(r.url)
	if err != nil {
		return nil, err
	}
	relay, relayURL, err := b.relay(r.url)
	if err != nil {
		return nil, err
	}
	if _, err := b.play("callees", "-url", r.url, "-procedure", "com.example.relayed.callers."); err != nil {
		return nil, err
	}
	callers, err := b.play("callers", "-url", relayURL, "-procedure", "com.example.relayed.callers.", "-n", "4")
	if err != nil {
		return nil, err
	}
	relayed := &side{callers: callers, of: relay}
	var rows []row
	for _, inFlight := range []int{128, 1} {
		ours.perCall, relayed.perCall = nil, nil
		if err := b.takeTurns(inFlight, ours, relayed); err != nil {
			return rows, err
		}
		value := ratios(ours.perCall, relayed.perCall)
		rows = append(rows, row{
			what: fmt.Sprintf("direct calls, 4 callers, 4 callees, %d in flight, CBOR 100 B: CPU ÷ HAProxy's for the callers' bytes", inFlight),
			bar:  2, value: value,
			measured: fmt.Sprintf("%.2f (%.1f µs ÷ %.1f µs)", value, median(ours.perCall), median(relayed.perCall)),
		})
	}
	b.end(ours.callers, ours.of, callers, relay)
	return rows, nil
}

// directCrossbar compares such calls with the same through Crossbar.io: without
// wampool, and with a pool behind it.
func (b *lab) directCrossbar() ([]row, error) {
	r, err := b.router("crossbar")
	if err != nil {
		return nil, err
	}
	ours, err := b.directSide(r.url)
	if err != nil {
		return nil, err
	}
	own, err := b.behind(r.url, r.url, "com.example.at.crossbar", r.process, "-invoke", "roundrobin")
	if err != nil {
		return nil, err
	}
	sidecar, url, err := b.sidecar(r.url, "")
	if err != nil {
		return nil, err
	}
	through, err := b.behind(r.url, url, "com.example.through.crossbar", sidecar, "-invoke", "roundrobin")
	if err != nil {
		return nil, err
	}
	if err := b.takeTurns(128, ours, own, through); err != nil {
		return nil, err
	}
	value := ratios(ours.perCall, own.perCall)
	rows := []row{{
		what: "direct calls, 128 in flight: wampool's CPU ÷ Crossbar.io's for the same calls there", bar: 0.05, value: value,
		measured: fmt.Sprintf("%.3f (%.1f µs ÷ %.0f µs)", value, median(ours.perCall), median(own.perCall)),
	}, {
		what: "direct calls ÷ through Crossbar.io to a pool, 128 in flight: calls/s", printed: true,
		measured: fmt.Sprintf("%.1f (%.0f ÷ %.0f)", ratios(ours.rate, through.rate), median(ours.rate), median(through.rate)),
	}}
	ours.p50, through.p50 = nil, nil
	if err := b.takeTurns(1, ours, through); err != nil {
		return rows, err
	}
	rows = append(rows, row{
		what: "the same with 1 in flight: p50 latency", printed: true,
		measured: fmt.Sprintf("%.2f (%.0f µs ÷ %.0f µs)", ratios(ours.p50, through.p50), median(ours.p50), median(through.p50)),
	})
	b.end(ours.callers, ours.of, own.callers, through.callers, sidecar)
	return rows, nil
}
