package proxy_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	shrinks = flag.Int("shrinks", 500, "how many smaller ones are tried of a simulation that fails")
	only    = flag.String("only", "", "the steps that are done of the simulation of -seed, as 3,17,21; to be had without those of the end: 0")
	without = flag.String("without", "", "what the world of -seed is to be without, as mixed,queues")
)

// What a failed simulation prints its transcript between.
const (
	transcriptBegins = "--- transcript\n"
	transcriptEnds   = "--- end of transcript\n"
)

// scenarioOf is the one that flags tell.
func scenarioOf(t *testing.T) scenario {
	s := scenario{seed: *seed, steps: []int{}}
	for text := range strings.SplitSeq(*only, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("-only: %v", err)
		}
		s.steps = append(s.steps, n)
	}
	if *without != "" {
		s.without = strings.Split(*without, ",")
	}
	return s
}

// arguments are the flags that tell the scenario.
func (s scenario) arguments() []string {
	steps := []string{"0"}
	for _, n := range s.steps {
		steps = append(steps, fmt.Sprint(n))
	}
	return []string{"-seed", fmt.Sprint(s.seed), "-only", strings.Join(steps, ","), "-without", strings.Join(s.without, ",")}
}

// failure is what comes of a scenario that fails.
type failure struct{ checker, text, transcript string }

var (
	foundBy  = regexp.MustCompile(`checker ([a-z-]+): (.*)`)
	panicked = regexp.MustCompile(`(?m)^(?:panic|fatal error): (.*)$`)
)

// fails plays a scenario in a process of its own: whatever goes wrong there, a panic
// or a deadlock too, is found. It is nil of one that passes.
func (s scenario) fails(ctx context.Context) *failure {
	arguments := append([]string{"-test.run=^TestSimulation$", "-test.timeout=1m"}, s.arguments()...)
	out, err := exec.CommandContext(ctx, os.Args[0], arguments...).CombinedOutput()
	if err == nil {
		return nil
	}
	text := string(out)
	f := failure{checker: exits, text: text}
	if m := foundBy.FindStringSubmatch(text); m != nil {
		f.checker, f.text = m[1], m[2]
	} else if m := panicked.FindStringSubmatch(text); m != nil {
		f.checker, f.text = "panic", m[1]
	}
	if _, behind, has := strings.Cut(text, transcriptBegins); has {
		f.transcript, _, _ = strings.Cut(behind, transcriptEnds)
	}
	return &f
}

// shrink makes a scenario that fails as small as it can, so that the same checker
// still finds something, and describes what is left of it.
func shrink(t *testing.T, of scenario) string {
	all := make([]int, simSteps)
	for i := range all {
		all[i] = i + 1
	}
	of.steps = all
	last := of.fails(t.Context())
	if last == nil {
		return "played again, it passes: it hangs on what is not drawn from the seed"
	}
	tries := 0
	smaller := func(s scenario) bool {
		if tries++; tries > *shrinks {
			return false
		}
		f := s.fails(t.Context())
		if f == nil || f.checker != last.checker {
			return false
		}
		of, last = s, f
		return true
	}
	for again := true; again; {
		again = false
		for size := len(of.steps); size > 0; size /= 2 {
			for end := len(of.steps); end > 0; end -= size {
				begin := max(0, end-size)
				if end <= len(of.steps) && smaller(scenario{of.seed, slices.Delete(slices.Clone(of.steps), begin, end), of.without}) {
					again = size == 1
				}
			}
		}
		var w simWorld
		for _, f := range w.features() {
			if !slices.Contains(of.without, f.name) {
				again = smaller(scenario{of.seed, of.steps, append(slices.Clone(of.without), f.name)}) && again
			}
		}
	}
	return fmt.Sprintf("smallest of %d: go test ./proxy -run TestSimulation %s\nchecker %s: %s\n%s%s%s",
		tries, strings.Join(of.arguments(), " "), last.checker, last.text, transcriptBegins, last.transcript, transcriptEnds)
}
