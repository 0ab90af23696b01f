package dealer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wampool/wampool/dealer/proof"
)

// mutant is a fault put into one file of the dealer, and who must find it.
type mutant proof.Mutant

// simulationFiles are the test files that the simulation and the exploration need. The
// mutants' test binary has no other tests: it is faster to build, and builds no mutants.
var simulationFiles = []string{
	"event_test.go", "books_test.go", "books_events_test.go", "books_compare_test.go", "checkers_test.go", "world_test.go", "world_steps_test.go", "world_requests_test.go",
	"simulation_test.go", "ledger_test.go", "books_peer_test.go", "world_peer_test.go", "ends_test.go", "race_on_test.go", "race_off_test.go", "explore_test.go", "small_world_test.go", "books_copy_test.go", "copy_test.go", "fingerprint_test.go",
}

// Seeds and steps that each mutant gets, those first that find most of them soon;
// the simulation itself, without a mutant, passes with any.
var mutantSeeds = []string{"-sim.seed=8", "-sim.seed=4", "-sim.seed=5"}

const mutantSteps = "-sim.steps=1000000"

// Who looks for mutants.
const (
	bySimulation  = "simulation"
	byExploration = "exploration"
)

// missedBy are the mutants that one of them can't find, for the reason that is
// told of each.
var missedBy = map[string]string{
	"another policy goes on where the last one was": byExploration, // other rules keep the policy there
	"the heap forgets its order":                    byExploration, // it takes more than three calls that are timed
	"the window reaches one ID less than it covers": byExploration, // it takes IDs by the hundred, and then looks for ever

	// It follows no calls.
	"a call that is turned away is not told of":              byExploration,
	"an end is told of twice":                                byExploration,
	"ends are told of again":                                 byExploration,
	"a call that was handed on is told to have arrived then": byExploration,
	"a call that runs is told to wait":                       byExploration,
	"the later parts of a call are not measured":             byExploration,
	"nobody is told of ends any more":                        byExploration,
	"who follows failures is told of results":                byExploration,
	"who follows failures is told of refusals alone":         byExploration,

	// It looks at nothing that is counted but the ledger, for that is no part of a state.
	"a bucket is off by one":                                 byExploration,
	"a sum loses its seconds":                                byExploration,
	"a call that was handed on waits since it arrived":       byExploration,
	"a discarded answer counts as its caller's":              byExploration,
	"a caller that leaves is not told from one that cancels": byExploration,
	"kill is forgotten when its answer comes":                byExploration,
	"a pool that is opened again begins at zero":             byExploration,
	"a call for a pool that has just closed is lost":         byExploration,
	"a peer's answer is a result":                            byExploration,
	"a peer's call is a router's":                            byExploration,

	// It does not ask which loads have changed, for whoever asks changes that.
	"nobody is told that a call waits again": byExploration,
	"nobody is told that slots are free":     byExploration,
	"a change is told again and again":       byExploration,
}

// TestMutants proves that the simulation's checkers can fail: it builds the
// dealer with all faults in it, puts one to work at a time, and expects the right
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
			checker, text := proof.Find(t, binary, i+1, runsOf(by)...)
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

// runsOf are the arguments of a mutant's runs, by who looks for it.
func runsOf(by string) (runs [][]string) {
	if by == byExploration {
		return [][]string{{"-test.run=^TestExplore$", "-test.timeout=5m", "-explore.first"}}
	}
	for _, seed := range mutantSeeds {
		runs = append(runs, []string{"-test.run=^TestSimulation$", "-test.timeout=5m", seed, mutantSteps})
	}
	return runs
}
