package main

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseProcessorTime(t *testing.T) {
	if group, err := parseGroup("42 (a (strange) name) S 1 41 42 0 -1"); group != 41 || err != nil {
		t.Errorf("group %d, %v", group, err)
	}
	if _, err := parseGroup("42 (name) S"); err == nil {
		t.Error("a line that is cut off is taken")
	}
	if used, err := parseSchedstat("1500000000 20 3\n"); used != 1500*time.Millisecond || err != nil {
		t.Errorf("%s, %v", used, err)
	}
	if _, err := parseSchedstat("1500000000"); err == nil {
		t.Error("a line that is cut off is taken")
	}
}

// A program's processor time and memory can be read while it runs.
func TestProcess(t *testing.T) {
	p, err := start("shell", "/bin/sh", "-c", "echo hello; read line; echo $line")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	if _, err := p.expect("hello"); err != nil {
		t.Fatal(err)
	}
	if used, err := p.cpu(); err != nil || used == 0 {
		t.Errorf("%s, %v", used, err)
	}
	if bytes, err := p.rss(); err != nil || bytes == 0 {
		t.Errorf("%d bytes, %v", bytes, err)
	}
	if _, err := p.stdin.Write([]byte("again\n")); err != nil {
		t.Fatal(err)
	}
	if line, err := p.expect("again"); err != nil || line != "again" {
		t.Errorf("%q, %v", line, err)
	}
	if _, err := p.expect("more"); err == nil {
		t.Error("a program that has ended goes on")
	}
}

func TestParseBenchmarks(t *testing.T) {
	found := make(map[string]map[string][]float64)
	parseBenchmarks(`goos: linux
BenchmarkWaiting/0-2         	 6771189	       187.9 ns/op	       0 B/op	       0 allocs/op
BenchmarkWaiting/0-2         	 6771189	       190.1 ns/op	       0 B/op	       0 allocs/op
BenchmarkMemory-16           	      58	  28258562 ns/op	       223.9 B/waiting
PASS`, found)
	if got := median(found["Waiting/0"]["ns/op"]); got != 189 {
		t.Errorf("median %v", got)
	}
	if got := found["Memory"]["B/waiting"]; len(got) != 1 || got[0] != 223.9 {
		t.Errorf("%v", got)
	}
}

func TestBenchmarksThatAreMissing(t *testing.T) {
	found := make(map[string]map[string][]float64)
	for name, units := range wantedBenchmarks {
		found[name] = make(map[string][]float64)
		for _, unit := range units {
			found[name][unit] = []float64{1}
		}
	}
	if missing := missingBenchmarks(found); len(missing) > 0 {
		t.Errorf("missing: %v", missing)
	}
	delete(found, "Memory")
	delete(found["Waiting/0"], "ns/op")
	if missing := missingBenchmarks(found); !slices.Equal(missing, []string{"Memory B/waiting", "Waiting/0 ns/op"}) {
		t.Errorf("missing: %v", missing)
	}
	for allocations, want := range map[float64]string{0: "met", 1: "**missed**"} {
		if got := (&row{bar: 300, value: unlessAllocating(150, allocations)}).verdict(); got != want {
			t.Errorf("150 ns with %v allocations: %s", allocations, got)
		}
	}
	if got := (&row{bar: 1, value: math.NaN()}).verdict(); got != "**missed**" {
		t.Errorf("no number: %q", got)
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	printTable(&b, []row{
		{what: "a", bar: 1.5, value: 1.5, measured: "1.50"},
		{what: "b", bar: 0.97, atLeast: true, value: 0.5, measured: "0.50"},
		{what: "c", printed: true, measured: "7"},
	}, "a machine")
	want := `Measured on a machine.

| case | bar | measured | |
|---|---|---|---|
| a | ≤ 1.5 | 1.50 | met |
| b | ≥ 0.97 | 0.50 | **missed** |
| c | – | 7 |  |
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestCasesHaveNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range cases {
		if c.name == "" || c.measure == nil || seen[c.name] {
			t.Errorf("case %q", c.name)
		}
		seen[c.name] = true
	}
	if host := hostOf("ws://127.0.0.1:9000/ws"); host != "127.0.0.1:9000" {
		t.Errorf("host %q", host)
	}
	if text := firstLine([]string{os.Args[0] + ".absent"}); !strings.HasSuffix(text, "(version unknown)") {
		t.Errorf("version %q", text)
	}
}
