package proxy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wampool/wampool/dealer/proof"
)

// mutantFiles are the test files that the simulation and the transcripts need.
var mutantFiles = []string{
	"export_test.go", "simulation_test.go", "simulation_world_test.go", "simulation_end_test.go", "simulation_client_test.go", "simulation_router_test.go",
	"simulation_check_test.go", "simulation_shrink_test.go", "transcript_test.go", "transcript_actor_test.go", "transcript_script_test.go",
	"transcript_stage_test.go", "transcript_steps_test.go", "transcript_words_test.go",
}

// Seeds that each mutant gets; without a mutant, all pass.
const mutantSeeds = "3000"

// TestShrinking puts a fault into wampool, which the simulation finds: what it prints
// is a small transcript, which plays as it is as long as the fault is there, and fails
// without it.
func TestShrinking(t *testing.T) {
	m := proof.Mutant{
		Name: "an ERROR for a caller here is sent twice", File: "driver/answer.go",
		Old: "	if uri == \"\" && a.Final && to.HasLastWord && h.isForeign() {",
		New: "	if to.isCaller() && h.Error != nil {\n		send(out, to.Conn, d.scratch.message)\n	}\n	if uri == \"\" && a.Final && to.HasLastWord && h.isForeign() {",
	}
	mutant := proof.Build(t, []proof.Mutant{m}, mutantFiles)
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
