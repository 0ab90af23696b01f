package proxy_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wampool/wampool/dealer/proof"
)

// mutantFiles are the test files that the simulation and the transcripts need.
var mutantFiles = []string{
	"export_test.go", "simulation_test.go", "simulation_world_test.go", "simulation_end_test.go", "simulation_client_test.go", "simulation_router_test.go",
	"simulation_check_test.go", "simulation_invoked_test.go", "simulation_left_test.go", "simulation_steer_test.go", "simulation_shrink_test.go", "transcript_test.go", "transcript_actor_test.go", "transcript_script_test.go",
	"transcript_stage_test.go", "transcript_steps_test.go", "transcript_words_test.go",
}

// Seeds that each mutant gets; without a mutant, all pass.
const mutantSeeds = "1000"

var allMutants = flag.Bool("mutants", false, "look for all mutants of the sidecar, not for some of each part alone")

// fewMutants is how many of the table are looked for without -mutants: one of so many.
const fewMutants = 6

// TestMutants proves that the simulation's checkers can fail: it builds the sidecar
// with faults, one of which is there at a time, and expects one of them to find it.
func TestMutants(t *testing.T) {
	binary := proof.Build(t, mutants, mutantFiles)
	t.Run("shrunk", func(t *testing.T) { testShrinking(t, binary) })
	for i, m := range mutants {
		if !*allMutants && i%fewMutants != 0 {
			continue
		}
		t.Run(strings.ReplaceAll(m.Name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			out, err := proof.Command(t, binary, i+1, "-test.run=^TestSimulation$", "-test.timeout=5m", "-seeds", mutantSeeds, "-shrinks", "0").CombinedOutput()
			if err == nil {
				t.Fatalf("the simulation does not find the mutant within %s seeds", mutantSeeds)
			}
			checker, text := exits, ""
			if found := foundBy.FindSubmatch(out); found != nil {
				checker, text = string(found[1]), string(found[2])
			}
			if !slices.Contains(m.Checkers, checker) {
				t.Fatalf("checker %q found it instead of one of %q: %s\n%s", checker, m.Checkers, text, out)
			}
			after := "?"
			if seed := failedAt.FindSubmatch(out); seed != nil {
				after = string(seed[1])
			}
			t.Logf("found by checker %s, by seed %s: %s", checker, after, text)
		})
	}
}

var failedAt = regexp.MustCompile(`--- FAIL: TestSimulation/(\d+) `)

// testShrinking has the simulation find a mutant: what it prints is a small transcript,
// which plays as it is as long as the fault is there, and fails without it.
func testShrinking(t *testing.T, mutant string) {
	out, err := proof.Command(t, mutant, 1, "-test.run=^TestSimulation$", "-seeds", mutantSeeds).CombinedOutput()
	if err == nil {
		t.Fatal("nothing was found")
	}
	_, behind, shrunk := strings.Cut(string(out), "smallest of ")
	found := foundBy.FindStringSubmatch(behind)
	if !shrunk || found == nil || found[1] != answeredOnce {
		t.Fatalf("%s must find a second answer, and what is left be small:\n%s", answeredOnce, out)
	}
	_, behind, _ = strings.Cut(behind, transcriptBegins)
	transcript, _, _ := strings.Cut(behind, transcriptEnds)
	if n := strings.Count(transcript, "\n"); n > mostLines {
		t.Errorf("%d lines are left:\n%s", n, transcript)
	}
	file := filepath.Join(t.TempDir(), "second-answer.txt")
	if err := os.WriteFile(file, []byte(transcript), 0o600); err != nil {
		t.Fatal(err)
	}
	play := []string{"-test.run=^TestTranscripts$", "-transcripts", file}
	if out, err := proof.Command(t, mutant, 1, play...).CombinedOutput(); err != nil {
		t.Errorf("the transcript must play with the fault: %v\n%s\n%s", err, out, transcript)
	}
	out, err = exec.CommandContext(t.Context(), os.Args[0], play...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--- want") {
		t.Errorf("the transcript must fail without the fault: %v\n%s\n%s", err, out, transcript)
	}
}

// mostLines is how long a shrunk transcript may be; each fault here takes a pool
// session, a callee, a caller and a call, which are 25 lines.
const mostLines = 45
