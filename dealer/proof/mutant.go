package proof

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Mutant is a fault put into one file of a package, or of one below it, and who must
// find it.
type Mutant struct {
	Name, File string
	Old, New   string   // Old must stand in the file exactly once, so that a mutant does not rot
	Checkers   []string // the first finding is one of these
}

// Build returns the test binary of the package in whose folder the test runs, with
// the fault in it. Of the package's tests it has those in the files that are named
// alone: it is faster to build, and has no mutants.
func (m Mutant) Build(t *testing.T, files []string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "mutant.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", m.overlay(t, files), "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the mutant must compile: %v\n%s", err, out)
	}
	return binary
}

// overlay writes the file that tells the go command of the mutant.
func (m Mutant) overlay(t *testing.T, files []string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(m.File)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.Old); n != 1 {
		t.Fatalf("%d places in %s to be replaced, there must be one: %q", n, m.File, m.Old)
	}
	temp := t.TempDir()
	mutated, overlay := filepath.Join(temp, filepath.Base(m.File)), filepath.Join(temp, "overlay.json")
	write(t, mutated, []byte(strings.Replace(string(source), m.Old, m.New, 1)))
	replace := map[string]string{filepath.Join(dir, m.File): mutated}
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if !slices.Contains(files, filepath.Base(test)) {
			replace[test] = "" // not there
		}
	}
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, overlay, content)
	return overlay
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

var (
	finding  = regexp.MustCompile(`(?m)checker ([a-z-]+): (.*)$`)
	timedOut = regexp.MustCompile(`panic: test timed out`)
)

// Find runs a mutant's binary, once with each list of arguments, until a checker
// finds something: a line "checker NAME: TEXT". It returns nothing if none does. A
// mutant that does not end within its own -test.timeout is found by its "panic".
func Find(t *testing.T, binary string, runs ...[]string) (checker, text string) {
	t.Helper()
	for _, arguments := range runs {
		out, err := exec.CommandContext(t.Context(), binary, arguments...).CombinedOutput()
		if err == nil {
			continue
		}
		if found := finding.FindSubmatch(out); found != nil {
			return string(found[1]), string(found[2])
		}
		if timedOut.Match(out) {
			return "panic", "it does not end"
		}
		t.Fatalf("the mutant failed without a finding: %v\n%s", err, out)
	}
	return "", ""
}

// CheckersCanFail fails the test if not every checker has two mutants that show
// that it can fail.
func CheckersCanFail(t *testing.T, mutants []Mutant, checkers []string) {
	t.Helper()
	for _, checker := range checkers {
		n := 0
		for _, m := range mutants {
			if slices.Contains(m.Checkers, checker) {
				n++
			}
		}
		if n < 2 {
			t.Errorf("%d mutants show that checker %s can fail, there must be two", n, checker)
		}
	}
}
