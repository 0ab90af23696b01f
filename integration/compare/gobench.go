package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// goBenchmarks runs those of the codec and the dealer.
func (b *lab) goBenchmarks() ([]row, error) {
	found := make(map[string]map[string][]float64)
	for range b.rounds { // in turns, so that all meet the same noise
		command := exec.Command("go", "test", "-run", "^$", "-bench", "DispatchAndAnswer/roundrobin|Waiting/0|Waiting/1000000|Memory|Rehead|Copy",
			"-benchmem", "-benchtime", "300ms", "./dealer", "./codec")
		out, err := command.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, out)
		}
		parseBenchmarks(string(out), found)
	}
	get := func(name, unit string) float64 {
		if values := found[name][unit]; len(values) > 0 {
			return median(values)
		}
		return -1
	}
	dispatch, allocations := get("DispatchAndAnswer/roundrobin", "ns/op"), get("DispatchAndAnswer/roundrobin", "allocs/op")
	none, million := get("Waiting/0", "ns/op"), get("Waiting/1000000", "ns/op")
	waiting := ratios(found["Waiting/1000000"]["ns/op"], found["Waiting/0"]["ns/op"])
	each := get("Memory", "B/waiting") - waitingBody
	rows := []row{
		{
			what: "dealer: dispatch and answer of one call, ns", bar: 300, value: dispatch,
			measured: fmt.Sprintf("%.0f, %.0f allocations", dispatch, allocations),
		},
		{
			what: "a million waiting calls ÷ none, for each call", bar: 1.2, value: waiting,
			measured: fmt.Sprintf("%.2f (%.0f ns ÷ %.0f ns)", waiting, million, none),
		},
		{
			what: "bytes for each waiting call beyond its message", bar: 200, value: each,
			measured: fmt.Sprintf("%.0f", each),
		},
	}
	for _, serializer := range []string{"json", "msgpack", "cbor"} {
		name := "Rehead100B/" + serializer
		rows = append(rows, row{
			what: "codec: INVOCATION in, re-headed, out, 100 B, " + serializer + ", ns", bar: 200, value: get(name, "ns/op"),
			measured: fmt.Sprintf("%.0f, %.0f allocations", get(name, "ns/op"), get(name, "allocs/op")),
		})
	}
	large, plain := get("Rehead1MiB/cbor", "ns/op"), get("Copy1MiB", "ns/op")
	return append(rows, row{
		what: "codec: the same with 1 MiB ÷ a copy of it, cbor", bar: 1.2, value: large / plain,
		measured: fmt.Sprintf("%.2f (%.0f µs ÷ %.0f µs)", large/plain, large/1000, plain/1000),
	}), nil
}

// waitingBody is the message of BenchmarkMemory: "{}" and ["…"] of 100 bytes.
const waitingBody = 2 + 104

// parseBenchmarks reads what go test prints: by name without the number of
// processors, and by unit.
func parseBenchmarks(out string, found map[string]map[string][]float64) {
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
