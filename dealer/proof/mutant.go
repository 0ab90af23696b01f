package proof

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// Mutant is a fault put into one file of a package, or of one below it, and who must
// find it.
type Mutant struct {
	Name, File string
	Old, New   string   // Old must stand in the file exactly once, in a function, so that a mutant does not rot
	Checkers   []string // the first finding is one of these
}

// Build returns the test binary of the package in whose folder the test runs, with
// every mutant in it, see [Command]. It is built once, since that takes longer than
// to find most mutants. Of the package's tests it has those in the files that are
// named alone: so it has no mutants to build itself.
func Build(t *testing.T, mutants []Mutant, files []string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "mutants.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay(t, mutants, files), "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the mutants must compile: %v\n%s", err, out)
	}
	return binary
}

// Command runs the binary as its nth mutant, counted from 1.
func Command(t *testing.T, binary string, n int, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, arguments...)
	command.Env = append(os.Environ(), which+"="+strconv.Itoa(n))
	return command
}

var finding = regexp.MustCompile(`(?m)checker ([a-z-]+): (.*)$`)

// Find runs the binary with its nth mutant, once with each list of arguments, until
// a checker finds something: a line "checker NAME: TEXT". It returns nothing if none
// does.
func Find(t *testing.T, binary string, n int, runs ...[]string) (checker, text string) {
	t.Helper()
	for _, arguments := range runs {
		out, err := Command(t, binary, n, arguments...).CombinedOutput()
		if err == nil {
			continue
		}
		if found := finding.FindSubmatch(out); found != nil {
			return string(found[1]), string(found[2])
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
