package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// goBenchmarks runs those of the codec and the dealer.
func (b *lab) goBenchmarks() ([]row, error) {
	found := make(benchmarks)
	for range b.rounds { // in turns, so that all meet the same noise
		out, err := b.run("go", "test", "-run", "^$", "-bench", "DispatchAndAnswer/roundrobin|Waiting/0|Waiting/1000000|Memory|Rehead|Copy",
			"-benchmem", "-benchtime", "300ms", "./dealer", "./codec")
		if err != nil {
			return nil, err
		}
		parseBenchmarks(out, found)
	}
	if missing := missingBenchmarks(found, b.rounds); len(missing) > 0 {
		return nil, fmt.Errorf("go test did not print these benchmarks, or not in each round: %s", strings.Join(missing, ", "))
	}
	return benchmarkRows(found), nil
}

// benchmarkRows makes rows of benchmarks of which none is missing.
func benchmarkRows(found benchmarks) []row {
	get := func(name, unit string) float64 { return median(found[name][unit]) }
	none, million := get("Waiting/0", "ns/op"), get("Waiting/1000000", "ns/op")
	waiting := quotients(found["Waiting/1000000"]["ns/op"], found["Waiting/0"]["ns/op"])
	each := get("Memory", "B/waiting") - waitingBody
	rows := []row{
		found.lean("dealer: dispatch and answer of one call, ns", 300, "DispatchAndAnswer/roundrobin"),
		{
			what: "a million waiting calls ÷ none, for each call", bar: 1.2, value: median(waiting),
			measured: fmt.Sprintf("%.2f, %s (%.0f ns ÷ %.0f ns)", median(waiting), spread(waiting), million, none),
		},
		{
			what: "bytes for each waiting call beyond its message", bar: 200, value: each,
			measured: fmt.Sprintf("%.0f", each),
		},
	}
	for _, serializer := range []string{"json", "msgpack", "cbor"} {
		rows = append(rows, found.lean("codec: INVOCATION in, re-headed, out, 100 B, "+serializer+", ns", 200, "Rehead100B/"+serializer))
	}
	large, plain := get("Rehead1MiB/cbor", "ns/op"), get("Copy1MiB", "ns/op")
	copies := quotients(found["Rehead1MiB/cbor"]["ns/op"], found["Copy1MiB"]["ns/op"])
	return append(rows, row{
		what: "codec: the same with 1 MiB ÷ a copy of it, cbor", bar: 1.2, value: median(copies),
		measured: fmt.Sprintf("%.2f, %s (%.0f µs ÷ %.0f µs)", median(copies), spread(copies), large/1000, plain/1000),
	})
}

// lean is the row of a benchmark that may not allocate, in any round.
func (found benchmarks) lean(what string, bar float64, name string) row {
	took, allocations := median(found[name]["ns/op"]), slices.Max(found[name]["allocs/op"])
	return row{
		what: what, bar: bar, value: took, lean: true, allocations: allocations,
		measured: fmt.Sprintf("%.0f, %s, %.0f allocations", took, spread(found[name]["ns/op"]), allocations),
	}
}

// benchmarks are what go test has printed: values of all rounds, by name without
// the number of processors, and by unit.
type benchmarks map[string]map[string][]float64

// wantedBenchmarks are those that rows are made of, with their units.
var wantedBenchmarks = map[string][]string{
	"DispatchAndAnswer/roundrobin": {"ns/op", "allocs/op"}, "Waiting/0": {"ns/op"}, "Waiting/1000000": {"ns/op"},
	"Memory": {"B/waiting"}, "Rehead100B/json": {"ns/op", "allocs/op"}, "Rehead100B/msgpack": {"ns/op", "allocs/op"},
	"Rehead100B/cbor": {"ns/op", "allocs/op"}, "Rehead1MiB/cbor": {"ns/op"}, "Copy1MiB": {"ns/op"},
}

// missingBenchmarks returns those that were not found once a round.
func missingBenchmarks(found benchmarks, rounds int) (missing []string) {
	for name, units := range wantedBenchmarks {
		for _, unit := range units {
			if len(found[name][unit]) != rounds {
				missing = append(missing, name+" "+unit)
			}
		}
	}
	slices.Sort(missing)
	return missing
}

// waitingBody is the message of BenchmarkMemory: "{}" and ["…"] of 100 bytes.
const waitingBody = 2 + 104

// parseBenchmarks adds what go test prints.
func parseBenchmarks(out string, found benchmarks) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i >= 0 {
			name = name[:i]
		}
		if found[name] == nil {
			found[name] = make(map[string][]float64)
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if value, err := strconv.ParseFloat(fields[i], 64); err == nil {
				found[name][fields[i+1]] = append(found[name][fields[i+1]], value)
			}
		}
	}
}
