package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/cmd/wampool/bench"
)

func TestParseProcessorTime(t *testing.T) {
	group, ticks, err := parseStat("42 (a (strange) name) S 1 41 42 0 -1 4194304 7 0 0 0 150 25 0 0 20 0 1 0 99")
	if group != 41 || ticks.user != 1500*time.Millisecond || ticks.kernel != 250*time.Millisecond || err != nil {
		t.Errorf("group %d, %+v, %v", group, ticks, err)
	}
	if _, _, err := parseStat("42 (name) S 1 41"); err == nil {
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
	if used, err := p.cpu(); err != nil || used.all == 0 {
		t.Errorf("%+v, %v", used, err)
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
	found := make(benchmarks)
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

// oneRound is all benchmarks once, none of them with an allocation.
func oneRound() benchmarks {
	found := make(benchmarks)
	for name, units := range wantedBenchmarks {
		found[name] = make(map[string][]float64)
		for _, unit := range units {
			found[name][unit] = []float64{150}
		}
		found[name]["allocs/op"] = []float64{0}
	}
	return found
}

func TestBenchmarksThatAreMissing(t *testing.T) {
	found := oneRound()
	if missing := missingBenchmarks(found, 1); len(missing) > 0 {
		t.Errorf("missing: %v", missing)
	}
	if missing := missingBenchmarks(found, 2); len(missing) != 13 {
		t.Errorf("missing in the second of 2 rounds: %v", missing)
	}
	delete(found, "Memory")
	delete(found["Waiting/0"], "ns/op")
	if missing := missingBenchmarks(found, 1); !slices.Equal(missing, []string{"Memory B/waiting", "Waiting/0 ns/op"}) {
		t.Errorf("missing: %v", missing)
	}
}

// A single allocation in a single round misses the bar.
func TestBenchmarksThatAllocate(t *testing.T) {
	for _, r := range benchmarkRows(oneRound()) {
		if r.verdict() != "met" {
			t.Errorf("%s: %s, %s", r.what, r.measured, r.verdict())
		}
	}
	found, lean := oneRound(), 0
	for _, units := range found {
		units["allocs/op"] = []float64{0, 1, 0}
	}
	for _, r := range benchmarkRows(found) {
		if strings.Contains(r.limit(), ", 0 allocations") {
			lean++
		}
		if wants := strings.Contains(r.limit(), ", 0 allocations"); wants != (r.verdict() == missed) {
			t.Errorf("%s %s: %s, %s", r.what, r.limit(), r.measured, r.verdict())
		}
	}
	if lean != 4 {
		t.Errorf("%d rows without allocations, want 4", lean)
	}
}

func TestVerdicts(t *testing.T) {
	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1} {
		for _, r := range []row{{bar: 300, value: value}, {bar: 0.5, atLeast: true, value: value}} {
			if got := r.verdict(); got != missed {
				t.Errorf("%v %s: %q", value, r.limit(), got)
			}
		}
	}
}

func TestAddedLatency(t *testing.T) {
	sideWith := func(millis ...float64) *side {
		s := new(side)
		for _, l := range millis {
			s.latency = append(s.latency, bench.Latency{P99: l})
		}
		return s
	}
	without := sideWith(0.1, 0.2, 0.1)
	r := added("a", 1.2, p99, median, sideWith(0.4, 0.2, 0.25), sideWith(0.15, 0.2, 0.9), without)
	if want := "1.50 (150 µs ÷ 100 µs; of 200 to 400 and 150 to 900, without 100 to 200)"; r.measured != want || r.verdict() != missed {
		t.Errorf("got  %s, %s\nwant %s", r.measured, r.verdict(), want)
	}
	if r = added("a", 1.2, p99, median, without, without, without); r.value != 1 {
		t.Errorf("nothing added: %v", r.value)
	}
}

func TestRatioHasItsSpread(t *testing.T) {
	r := ratio("a", 1.1, []float64{2, 3, 2}, []float64{2, 2, 4})
	if want := "1, 0.5 to 1.5 (2.0 µs ÷ 2.0 µs)"; r.measured != want || r.printed || r.verdict() != "met" {
		t.Errorf("got  %s, %s\nwant %s", r.measured, r.verdict(), want)
	}
	if r = ratio("a", 0, []float64{1}, []float64{1}); !r.printed {
		t.Error("there is no bar, and yet a verdict")
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

// A run's table takes the place of the one before, and leaves alone what is around it.
func TestReplaceTable(t *testing.T) {
	const before = "# Costs\n\n| a | b |\n\n## The table\n\nMeasured on 1 core.\n\n| old |\n|---|\n| 1 |\n"
	const table = "Measured on 2 cores.\n\n| new |\n|---|\n| 2 |\n"
	for _, behind := range []string{"", "\n## More\n\n| c |\n"} {
		got, err := replaceTable(before+behind, table)
		if want := "# Costs\n\n| a | b |\n\n## The table\n\n" + table + behind; got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if _, err := replaceTable("# Costs\n\n| a |\n", table); err == nil {
		t.Error("a text without such a table is taken")
	}
}

// It has the one that `make bench INTO=…` replaces.
func TestReadmeHasATable(t *testing.T) {
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replaceTable(string(content), ""); err != nil {
		t.Error(err)
	}
}

// A profile names no folder of the machine that it was made on.
func TestProfileWithoutPaths(t *testing.T) {
	before := []byte("\x32\x00\x32\x0a/a/wampool\x32\x04main\x48\x80\x01\x0a\x03/xy")
	got, err := withoutPaths(before)
	if want := "\x32\x00\x32\x07wampool\x32\x04main\x48\x80\x01\x0a\x03/xy"; string(got) != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, bad := range []string{"\x32", "\x32\x05four", "\x35\x00\x00\x00\x00"} {
		if got, err := withoutPaths([]byte(bad)); err == nil {
			t.Errorf("%q is taken, and becomes %q", bad, got)
		}
	}
}

// What releases are built by is a profile of wampool, and was made by make profile.
func TestProfileOfReleases(t *testing.T) {
	packed, err := os.ReadFile(filepath.Join("../..", calls))
	if err != nil {
		t.Fatal(err)
	}
	in, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	if stripped, err := withoutPaths(content); err != nil || !bytes.Equal(stripped, content) {
		t.Errorf("it holds paths of a machine: %v", err)
	}
	if len(packed) > 200_000 || !bytes.Contains(content, []byte("github.com/wampool/wampool/dealer.")) {
		t.Errorf("%d bytes, which are no small profile of calls", len(packed))
	}
}
