package dealer_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// mutant is a fault put into one file of the dealer, and who must find it.
type mutant struct {
	name, file string
	old, new   string   // old must stand in the file exactly once, so that a mutant does not rot
	checkers   []string // the first finding is one of these
}

// simulationFiles are the test files that the simulation and the exploration need. A mutant's
// test binary has no other tests: it is faster to build, and has no mutants.
var simulationFiles = []string{
	"event_test.go", "books_test.go", "books_events_test.go", "books_compare_test.go", "checkers_test.go", "world_test.go", "world_steps_test.go", "world_requests_test.go",
	"simulation_test.go", "race_on_test.go", "race_off_test.go", "explore_test.go", "small_world_test.go", "books_copy_test.go", "copy_test.go", "fingerprint_test.go",
}

// Seeds and steps that each mutant gets; the simulation itself, without a
// mutant, passes with any.
var mutantSeeds = []string{"-sim.seed=1", "-sim.seed=2", "-sim.seed=3"}

const mutantSteps = "-sim.steps=300000"

var timedOut = regexp.MustCompile(`panic: test timed out`)

var findingLine = regexp.MustCompile(`(?m)checker ([a-z-]+): (.*)$`)

// Who looks for mutants.
const (
	bySimulation  = "simulation"
	byExploration = "exploration"
)

// missedBy are the mutants that one of them can't find, for the reason that is
// told of each.
var missedBy = map[string]string{
	"the heap forgets its order":                    byExploration, // it takes more than three calls that are timed
	"the window reaches one ID less than it covers": byExploration, // it takes IDs by the hundred, and then looks for ever
}

// TestMutants proves that the simulation's checkers can fail: it builds the
// dealer with one fault at a time, and expects the right one of them to find it.
// With -explore.deep it is the exploration that looks for it.
func TestMutants(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatalf("mutants are built with the go command: %v", err)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	catches := make(map[string]int)
	for _, m := range mutants {
		for _, checker := range m.checkers {
			catches[checker]++
		}
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			by := bySimulation
			if *exploreDeep {
				by = byExploration
			}
			if missedBy[m.name] == by {
				t.Logf("the %s is known to miss it", by)
				return
			}
			checker, text := m.run(t, goTool, dir, by)
			if checker == "" {
				t.Fatalf("the %s does not find the mutant", by)
			}
			if by == byExploration && (checker == nothingLeft || checker == "panic") {
				t.Logf("found by the audit: %s", text) // it looks at each state, before the fault is to be seen outside
				return
			}
			if !slices.Contains(m.checkers, checker) {
				t.Fatalf("checker %q found it instead of one of %q: %s", checker, m.checkers, text)
			}
			t.Logf("found by checker %s: %s", checker, text)
		})
	}
	for _, checker := range allCheckers {
		if catches[checker] < 2 {
			t.Errorf("%d mutants show that checker %s can fail, there must be two", catches[checker], checker)
		}
	}
}

// run builds the mutant's simulation and returns the first finding, nothing if
// there is none.
func (m mutant) run(t *testing.T, goTool, dir, by string) (checker, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	binary := filepath.Join(t.TempDir(), "mutant.test")
	build := exec.CommandContext(ctx, goTool, "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", m.overlay(t, dir), "-o", binary, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the mutant must compile: %v\n%s", err, out)
	}
	runs := [][]string{{"-test.run=^TestExplore$", "-test.timeout=5m", "-explore.first"}}
	if by == bySimulation {
		runs = nil
		for _, seed := range mutantSeeds {
			runs = append(runs, []string{"-test.run=^TestSimulation$", "-test.timeout=30s", seed, mutantSteps})
		}
	}
	for _, arguments := range runs {
		run := exec.CommandContext(ctx, binary, arguments...)
		run.Dir = dir
		out, err := run.CombinedOutput()
		if err == nil {
			continue
		}
		if finding := findingLine.FindSubmatch(out); finding != nil {
			return string(finding[1]), string(finding[2])
		}
		if timedOut.Match(out) {
			return "panic", "it does not end"
		}
		t.Fatalf("the mutant failed without a finding: %v\n%s", err, out)
	}
	return "", ""
}

// overlay writes the file that tells the go command of the mutant.
func (m mutant) overlay(t *testing.T, dir string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(dir, m.file))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		t.Fatalf("%d places in %s to be replaced, there must be one: %q", n, m.file, m.old)
	}
	temp := t.TempDir()
	mutated := filepath.Join(temp, m.file)
	if err := os.WriteFile(mutated, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{filepath.Join(dir, m.file): mutated}
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if !slices.Contains(simulationFiles, filepath.Base(test)) {
			replace[test] = "" // not there
		}
	}
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(temp, "overlay.json")
	if err := os.WriteFile(overlay, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}
