package main

import (
	"fmt"
	"time"
)

// Calls that come one by one, whatever becomes of those before: most of the time
// nothing runs, and each call wakes everybody it passes.

const (
	openCallees = 100
	openRate    = 1000 // calls a second
)

// openLoop compares what a pool and a relay add to the latency of such calls.
func (b *lab) openLoop() ([]row, error) {
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	sidecar, relay, err := b.beside(r.url)
	if err != nil {
		return nil, err
	}
	many := []string{"-n", fmt.Sprint(openCallees)}
	call := []string{"-spread", fmt.Sprint(openCallees)}
	pooled, err := b.calling(r.url, sidecar, "com.example.open", call, append(many, "-invoke", "roundrobin")...)
	if err != nil {
		return nil, err
	}
	relayed, err := b.calling(r.url, relay, "com.example.open.relayed.", call, many...)
	if err != nil {
		return nil, err
	}
	without, err := b.calling(r.url, r, "com.example.open.direct.", call, many...)
	if err != nil {
		return nil, err
	}
	// Longer than others: a thousandth of the calls shall be some.
	command := func(length time.Duration) string { return fmt.Sprintf("rate %s %d", 2*length, openRate) }
	if err := b.turns(command, pooled, relayed, without); err != nil {
		return nil, err
	}
	b.endSides(pooled, relayed, without)
	b.end(sidecar.process, relay.process)
	what := fmt.Sprintf("pool behind the demo's router, %d callees, %d calls/s that wait for none: ", openCallees, openRate)
	return []row{
		added(what+"added p50 latency ÷ HAProxy's", 1.2, p50, median, pooled, relayed, without),
		added(what+"added p99 latency ÷ HAProxy's", 1.2, p99, median, pooled, relayed, without),
		added(what+"added p99.9 latency ÷ HAProxy's", 1.2, p999, median, pooled, relayed, without),
		ratio(what+"CPU ÷ HAProxy's", 0, pooled.perCall, relayed.perCall),
	}, nil
}
