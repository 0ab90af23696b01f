package match_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wampool/wampool/dealer/proof"
)

// simulationFiles are the test files that the simulation needs. The mutants' test
// binary has no other tests.
var simulationFiles = []string{
	"audit_test.go", "matchmaker_test.go", "model_test.go", "race_off_test.go", "race_on_test.go", "simulation_test.go", "world_test.go",
}

// TestMutants proves that the simulation's checkers can fail: it builds the matchmaker
// with all faults in it, puts one to work at a time, and expects the right one of
// them to find it.
func TestMutants(t *testing.T) {
	if isRace {
		t.Skip("nothing of it has a goroutine")
	}
	binary := proof.Build(t, mutants, simulationFiles)
	for i, m := range mutants {
		t.Run(strings.ReplaceAll(m.Name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			run := []string{"-test.run=^TestSimulation$", "-test.timeout=5m", "-sim.seed=1", "-sim.steps=1000000"}
			switch checker, text := proof.Find(t, binary, i+1, run); {
			case checker == "":
				t.Fatal("the simulation does not find the mutant")
			case !slices.Contains(m.Checkers, checker):
				t.Fatalf("checker %q found it instead of one of %q: %s", checker, m.Checkers, text)
			default:
				t.Logf("found by checker %s: %s", checker, text)
			}
		})
	}
	proof.CheckersCanFail(t, mutants, allCheckers)
}

// mutants are the faults that the simulation must find, at least two for each of its
// checkers.
var mutants = []proof.Mutant{
	// What is said.
	{
		Name: "a late load is taken for true", File: "matchmaker.go",
		Old: "case load.Seq <= c.load.Seq:", New: "case load.Seq == 0:",
		Checkers: []string{byModel, promised},
	},
	{
		Name: "a claim has no bound", File: "load.go",
		Old: "	l.Free = min(max(l.Free, 0), MaxClaim)", New: "	l.Free = max(l.Free, 0)",
		Checkers: []string{promised},
	},
	{
		Name: "who has calls that wait gives slots away", File: "load.go",
		Old: "		l.Free = 0\n", New: "		l.Free += 0\n",
		Checkers: []string{promised, inOrder, byModel},
	},
	{
		Name: "waits have no bound", File: "load.go",
		Old: "	l.Oldest = min(max(l.Oldest, 0), MaxOldest)\n", New: "",
		Checkers: []string{byModel},
	},
	{
		Name: "matches that have come have no bound", File: "load.go",
		Old: "	l.Matched = min(l.Matched, maxMatched)\n", New: "",
		Checkers: []string{inOrder, byModel},
	},
	{
		Name: "more matches may have come than were made", File: "claim.go",
		Old: "	load.Matched = min(load.Matched, c.given)\n", New: "",
		Checkers: []string{inOrder},
	},

	// Who gets what.
	{
		Name: "the youngest call comes first", File: "line.go",
		Old: "return x < y", New: "return x > y",
		Checkers: []string{byModel},
	},
	{
		Name: "who has least gives", File: "line.go",
		Old: "return x > y", New: "return x < y",
		Checkers: []string{byModel},
	},
	{
		Name: "whom calls are on the way to comes first", File: "line.go",
		Old: "		return y\n", New: "		return x\n",
		Checkers: []string{byModel},
	},
	{
		Name: "the same one gives each time", File: "pair.go",
		Old: "		supplier.turn = m.turn\n", New: "",
		Checkers: []string{byModel},
	},
	{
		Name: "all calls of a taker are as old", File: "claim.go",
		Old: "time.Duration(c.waiting())*", New: "time.Duration(c.load.Waiting)*",
		Checkers: []string{byModel},
	},
	{
		Name: "a claim stays where it was in its line", File: "line.go",
		Old: "			heap.Fix(to, c.place)\n", New: "			_ = to\n",
		Checkers: []string{inOrder, byModel},
	},
	{
		Name: "a claim does not know its place", File: "line.go",
		Old: "	l.claims[i].place, l.claims[j].place = i, j\n", New: "	l.claims[i].place = i\n",
		Checkers: []string{inOrder, unfounded},
	},
	{
		Name: "one call is matched at a time", File: "pair.go",
		Old: "		supplier.settle()\n", New: "		supplier.settle()\n		return\n",
		Checkers: []string{inOrder, byModel},
	},

	// What is on its way.
	{
		Name: "what is on its way counts as free", File: "claim.go",
		Old: "return c.load.Free - c.way.n", New: "return c.load.Free - c.way.n/2",
		Checkers: []string{inOrder, promised, byModel},
	},
	{
		Name: "a match is not subtracted from the calls that wait", File: "pair.go",
		Old: "		taker.given++\n", New: "		if taker.given++; taker.load.Waiting > 1 {\n			taker.given--\n			taker.load.Waiting--\n		}\n",
		Checkers: []string{byModel},
	},
	{
		Name: "the last to be on its way arrives first", File: "pair.go",
		Old: "	w.legs = w.legs[:copy(w.legs, w.legs[over:])]\n", New: "	w.legs = w.legs[:len(w.legs)-over]\n",
		Checkers: []string{byModel, inOrder},
	},
	{
		Name: "what was lost holds its slot for ever", File: "pair.go",
		Old: "		c.way.land(m.now)\n", New: "		_ = c\n",
		Checkers: []string{byModel},
	},
	{
		Name: "slots that are free again are given to nobody", File: "pair.go",
		Old: "	for _, f := range landed {\n", New: "	for _, f := range landed[:0] {\n",
		Checkers: []string{inOrder, byModel},
	},
	{
		Name: "a match that was lost is awaited for ever", File: "claim.go",
		Old: " || m.now-c.gaveAt >= m.limits.Flight {", New: " {",
		Checkers: []string{byModel},
	},
	{
		Name: "who counts anew is not understood", File: "claim.go",
		Old: " || load.Matched < c.load.Matched || ", New: " || ",
		Checkers: []string{byModel},
	},

	// Who is there.
	{
		Name: "who is silent counts on", File: "claim.go",
		Old: "m.now-m.oldest.at >= m.limits.Stale {", New: "m.now-m.oldest.at >= 2*m.limits.Stale {",
		Checkers: []string{byModel, bounded, timely},
	},
	{
		Name: "a load does not refresh its claim", File: "claim.go",
		Old: "	m.unlink(c)\n	m.link(c)\n	c.settle()\n", New: "	c.settle()\n",
		Checkers: []string{inOrder, bounded},
	},
	{
		Name: "who is lost counts on", File: "matchmaker.go",
		Old: "			m.forget(c)\n", New: "			c.load.Waiting = 0\n",
		Checkers: []string{bounded, inOrder, byModel},
	},
	{
		Name: "there may be one node more", File: "claim.go",
		Old: "len(m.nodes) >= m.limits.Nodes", New: "len(m.nodes) > m.limits.Nodes",
		Checkers: []string{bounded},
	},
	{
		Name: "there may be one claim more", File: "claim.go",
		Old: "m.claims >= m.limits.Claims", New: "m.claims > m.limits.Claims",
		Checkers: []string{bounded},
	},
	{
		Name: "names have no bound", File: "claim.go",
		Old: " || len(of.Match)+len(of.URI) > maxNameBytes {", New: " {",
		Checkers: []string{bounded},
	},
	{
		Name: "a node that has nothing is kept", File: "claim.go",
		Old: "		delete(m.nodes, c.node.id)\n", New: "		_ = c\n",
		Checkers: []string{bounded, inOrder},
	},
	{
		Name: "a pool that nobody has is kept", File: "claim.go",
		Old: "		delete(m.pools, c.pool.key)\n", New: "		_ = c\n",
		Checkers: []string{bounded, inOrder},
	},

	// Time.
	{
		Name: "the deadline is what ends last", File: "matchmaker.go",
		Old: "at, found = m.flying[0].until, true", New: "at, found = m.flying[len(m.flying)-1].until, true",
		Checkers: []string{timely},
	},
	{
		Name: "the deadline forgets who is silent", File: "matchmaker.go",
		Old: "!found || end < at {", New: "!found {",
		Checkers: []string{timely},
	},
	{
		Name: "what ends now ends later", File: "pair.go",
		Old: "m.flying[n].until <= m.now {", New: "m.flying[n].until < m.now {",
		Checkers: []string{timely, byModel},
	},
	{
		Name: "who is silent is forgotten too early", File: "claim.go",
		Old: "	m.now = max(m.now, now)\n", New: "	m.now = max(m.now, now+1)\n",
		Checkers: []string{timely, byModel},
	},
}
