package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

func main() {
	seeds := flag.Int("seeds", 5, "how many seeds each trial is run with, from 1 on")
	seed := flag.Uint64("seed", 0, "run with this seed alone")
	only := flag.String("only", "", "run the trials whose names contain this alone")
	flag.Parse()
	with := make([]uint64, 0, *seeds)
	for n := range *seeds {
		with = append(with, uint64(n)+1)
	}
	if *seed != 0 {
		with = []uint64{*seed}
	}
	begun := time.Now()
	chosen := slices.DeleteFunc(trials(), func(t trial) bool { return !strings.Contains(t.name, *only) })
	results := runAll(chosen, with)
	passed := print(chosen, results)
	fmt.Printf("%d trials, seeds %v, %.0f s\n", len(chosen), with, time.Since(begun).Seconds())
	if !passed {
		os.Exit(1)
	}
}

// result is what a trial showed with one seed.
type result struct {
	readings []reading
	found    []string
}

// runAll runs each trial with each seed, as many at once as there are processors.
func runAll(all []trial, seeds []uint64) [][]result {
	results := make([][]result, len(all))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	var running sync.WaitGroup
	for i, t := range all {
		results[i] = make([]result, len(seeds))
		for j, seed := range seeds {
			free <- struct{}{}
			running.Go(func() {
				readings, found := t.run(seed)
				results[i][j] = result{readings, found}
				<-free
			})
		}
	}
	running.Wait()
	return results
}

// print prints the table, of each bar the mean and the worst of all seeds. It tells
// whether all bars hold with each seed, and no checker has found anything.
func print(all []trial, results [][]result) (passed bool) {
	passed = true
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "trial\t\tmean\tworst\tbar\t")
	for i, t := range all {
		for n, first := range results[i][0].readings {
			sum, worst := 0.0, first.value
			for _, r := range results[i] {
				sum += r.readings[n].value
				worst = max(worst, r.readings[n].value)
			}
			bar, verdict := "", ""
			if first.most >= 0 {
				bar, verdict = fmt.Sprintf("≤ %g %s", first.most, first.unit), "pass"
				if worst > first.most {
					verdict, passed = "FAIL", false
				}
			}
			fmt.Fprintf(out, "%s\t%s\t%.2f %s\t%.2f %s\t%s\t%s\n", t.name, first.what, sum/float64(len(results[i])), first.unit, worst, first.unit, bar, verdict)
		}
	}
	_ = out.Flush()
	for i, t := range all {
		for _, r := range results[i] {
			for _, found := range r.found {
				passed = false
				fmt.Printf("%s: %s\n", t.name, found)
			}
		}
	}
	return passed
}
