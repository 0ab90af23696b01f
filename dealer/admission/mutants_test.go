package admission_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wampool/wampool/dealer/proof"
)

// mutant is a fault put into one file of the package, and who must find it.
type mutant proof.Mutant

// simulationFiles are the test files that the simulation and the exploration need. The mutants' test
// binary has no other tests: it is faster to build, and builds no mutants.
var simulationFiles = []string{
	"sim_event_test.go", "sim_world_test.go", "sim_dealer_test.go", "sim_steps_test.go", "router_test.go", "books_test.go", "checkers_test.go", "simulation_test.go",
	"race_on_test.go", "race_off_test.go",
	"explore_test.go", "small_world_test.go", "small_moves_test.go", "small_router_test.go", "small_print_test.go", "fingerprint_test.go",
}

// Seeds and steps that each mutant gets, those first that find most of them soon;
// the simulation itself, without a mutant, passes with any.
var mutantSeeds = []string{"-sim.seed=4", "-sim.seed=1", "-sim.seed=2"}

const mutantSteps = "-sim.steps=300000"

// Who looks for mutants.
const (
	bySimulation  = "simulation"
	byExploration = "exploration"
)

// missedBy are the mutants that one of them can't find, for the reason that is
// told of each.
var missedBy = map[string]string{}

// TestMutants proves that the simulation's checkers can fail: it builds the
// package with all faults in it, puts one to work at a time, and expects the right
// one of them to find it. With -explore.deep it is the exploration that looks for it.
func TestMutants(t *testing.T) {
	if isRace {
		t.Skip("nothing of it has a goroutine")
	}
	by := bySimulation
	if *exploreDeep {
		by = byExploration
	}
	var all []proof.Mutant
	for _, m := range mutants {
		all = append(all, proof.Mutant(m))
	}
	binary := proof.Build(t, all, simulationFiles)
	for i, m := range all {
		t.Run(strings.ReplaceAll(m.Name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			if missedBy[m.Name] == by {
				t.Logf("the %s is known to miss it", by)
				return
			}
			checker, text := proof.Find(t, binary, i+1, runsOf(by, m)...)
			switch {
			case checker == "":
				t.Fatalf("the %s does not find the mutant", by)
			case by == byExploration && (checker == nothingLeft || checker == "panic"):
				t.Logf("found by the audit: %s", text) // it looks at each state, before the fault is to be seen outside
			case !slices.Contains(m.Checkers, checker):
				t.Fatalf("checker %q found it instead of one of %q: %s", checker, m.Checkers, text)
			default:
				t.Logf("found by checker %s: %s", checker, text)
			}
		})
	}
	proof.CheckersCanFail(t, all, allCheckers)
}

// runsOf are the arguments of a mutant's runs, by who looks for it: of simulations
// without the audit, so that checkers which know events and actions alone find it,
// unless they can't.
func runsOf(by string, m proof.Mutant) (runs [][]string) {
	if by == byExploration {
		return [][]string{{"-test.run=^TestExplore$", "-test.timeout=5m", "-explore.first"}}
	}
	audit := fmt.Sprintf("-sim.audit=%t", m.Checkers[0] == nothingLeft)
	for _, seed := range mutantSeeds {
		runs = append(runs, []string{"-test.run=^TestSimulation$", "-test.timeout=5m", seed, mutantSteps, audit})
	}
	return runs
}
