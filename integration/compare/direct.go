package main

import (
	"fmt"
	"strconv"
)

// Calls that the pool answers itself, past the router: callers and callees are
// all at wampool.

// directPool answers anonymous callers, which is what these are.
const directPool = `pool %q {
    policy = "roundrobin"
    direct = ["anonymous"]
  }`

// directSide starts callers and callees at a wampool with that pool.
func (b *lab) directSide(router string) (*side, error) {
	sidecar, err := b.sidecar(router, fmt.Sprintf(directPool, "com.example.direct"))
	if err != nil {
		return nil, err
	}
	return b.behind(sidecar.url, sidecar, "com.example.direct")
}

// direct compares such calls before a router with the same through it to a pool,
// and with Crossbar.io's own, without any wampool.
func (b *lab) direct(name, called string) ([]row, error) {
	r, err := b.router(name)
	if err != nil {
		return nil, err
	}
	ours, err := b.directSide(r.url)
	if err != nil {
		return nil, err
	}
	pool, err := b.sidecar(r.url, "")
	if err != nil {
		return nil, err
	}
	through, err := b.behind(r.url, pool, "com.example.through", "-invoke", "roundrobin")
	if err != nil {
		return nil, err
	}
	crossbar, err := b.router("crossbar")
	if err != nil {
		return nil, err
	}
	own, err := b.behind(crossbar.url, crossbar, "com.example.own.for."+name, "-invoke", "roundrobin")
	if err != nil {
		return nil, err
	}
	if err := b.takeTurns(128, ours, through, own); err != nil {
		return nil, err
	}
	what := "direct calls before " + called
	rows := []row{
		ratio(what+", 128 in flight: CPU ÷ Crossbar.io's for the same calls there", 0.05, ours.perCall, own.perCall),
		compared(what+" ÷ through it to a pool, 128 in flight: calls/s", ours.rate, through.rate, ""),
	}
	if err := b.takeTurns(1, ours, through); err != nil {
		return rows, err
	}
	b.endSides(ours, through, own)
	b.end(ours.of, pool.process)
	return append(rows, compared(what+" ÷ through it to a pool, 1 in flight: p50 latency", ours.micros(p50), through.micros(p50), " µs")), nil
}

// directRelay compares such calls with relays of the callers' bytes, whose calls
// have two sockets at the relay as well. Which router stands behind wampool does
// not matter, since none sees the calls. The relays lead
//
//   - each caller to each callee, as it must be where nobody between them reads
//     the calls: 16 connections, and the caller deals its calls out itself;
//   - the callers to a router with callees of its own;
//   - each caller to one callee and no other. There no call has a choice, and all
//     that a caller has in flight is read and written at once, as are the answers
//     to it. The cost of a relay is that of its reads and writes: it tends to
//     nothing the more calls each of them carries, while a pool reads every call.
//     So this row has no bar; it shows how far off the bytes alone are.
func (b *lab) directRelay() ([]row, error) {
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	ours, err := b.directSide(r.url)
	if err != nil {
		return nil, err
	}
	answers, err := b.listening("answers")
	if err != nil {
		return nil, err
	}
	if _, err := b.play("callees", "-url", r.url, "-procedure", "com.example.relayed.callers."); err != nil {
		return nil, err
	}
	each, err := b.relayed(answers.url, 4*4)
	if err != nil {
		return nil, err
	}
	routed, err := b.relayed(r.url, 4)
	if err != nil {
		return nil, err
	}
	one, err := b.relayed(answers.url, 4)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range []struct {
		inFlight int
		bar      float64 // each caller to each callee
	}{{128, 1.25}, {1, 2}} {
		if err := b.takeTurns(c.inFlight, ours, each, routed, one); err != nil {
			return rows, err
		}
		what := fmt.Sprintf("direct calls, 4 callers, 4 callees, %d in flight, CBOR 100 B: CPU ÷ HAProxy's, ", c.inFlight)
		rows = append(rows,
			ratio(what+"each caller to each callee", c.bar, ours.perCall, each.perCall),
			ratio(what+"callers to a router", 2, ours.perCall, routed.perCall),
			ratio(what+"each caller to one callee", 0, ours.perCall, one.perCall))
	}
	b.endSides(ours, each, routed, one)
	b.end(ours.of, each.of, routed.of, one.of, answers.process)
	return rows, nil
}

// relayed starts callers at a relay of what they send to somebody, with so many
// connections.
func (b *lab) relayed(to string, connections int) (*side, error) {
	relay, err := b.relay(to)
	if err != nil {
		return nil, err
	}
	return b.callers(relay.process, "-url", relay.url, "-procedure", "com.example.relayed.callers.", "-n", strconv.Itoa(connections))
}
