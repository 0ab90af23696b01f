package main

import (
	"fmt"
	"strconv"
)

// loads are calls with more than a few bytes: a callee answers with what it got.
var loads = []struct {
	payload    int // bytes of text, each way
	inFlight   int
	serializer string
	bar        float64 // 0: printed
}{
	{10_000, 128, "cbor", 1.3},
	{10_000, 4, "cbor", 1.3},
	{200_000, 8, "cbor", 1.3},
	{1 << 20, 8, "cbor", 1.3},
	{200_000, 8, "json", 0},
	{1 << 20, 8, "json", 0},
}

// payloads compares a pool with a relay of the same callees' connections, by the
// size of what they carry.
func (b *lab) payloads() ([]row, error) {
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, l := range loads {
		sidecar, relay, err := b.beside(r.url)
		if err != nil {
			return rows, err
		}
		procedure := fmt.Sprintf("com.example.payload.%d.%d.%s", l.payload, l.inFlight, l.serializer)
		speak := []string{"-serializer", l.serializer}
		call := append([]string{"-payload", strconv.Itoa(l.payload)}, speak...)
		pooled, err := b.calling(r.url, sidecar, procedure, call, append(speak, "-invoke", "roundrobin")...)
		if err != nil {
			return rows, err
		}
		relayed, err := b.calling(r.url, relay, procedure+".relayed.", call, speak...)
		if err != nil {
			return rows, err
		}
		if err := b.takeTurns(l.inFlight, pooled, relayed); err != nil {
			return rows, err
		}
		what := fmt.Sprintf("pool behind the demo's router, 4 callees, %s, %s each way, %d in flight: CPU ÷ HAProxy's",
			l.serializer, sizeOf(l.payload), l.inFlight)
		of := ratio(what, l.bar, pooled.perCall, relayed.perCall)
		of.measured += fmt.Sprintf(", of which the kernel's %.0f %% and %.0f %%", 100*median(pooled.kernel), 100*median(relayed.kernel))
		rows = append(rows, of)
		b.endSides(pooled, relayed)
		b.end(sidecar.process, relay.process)
	}
	return rows, nil
}

func sizeOf(bytes int) string {
	switch {
	case bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes%1000 == 0:
		return fmt.Sprintf("%d kB", bytes/1000)
	}
	return fmt.Sprintf("%d B", bytes)
}
