// Command compare measures wampool beside HAProxy, which only copies bytes, and
// beside Crossbar.io's own feature, in one run on this machine:
//
//	callers ──▶ router ──▶ wampool, or HAProxy in TCP mode, or nothing ──▶ callees
//
// The router is the small one of the demo, or Crossbar.io. Each of them is a
// process of its own; this program starts itself again as router, callers and
// callees. What is compared takes turns, round by round, so that both sides meet
// the same noise; a ratio is the median over the rounds. The cost of a call is
// the processor time of the process concerned, as the kernel counts it, divided
// by the calls.
//
// `make bench` runs it from the top of the repository. It needs integration/.venv
// for Crossbar.io, and installs Debian's HAProxy where there is none.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		if play := roles[os.Args[1]]; play != nil {
			if err := play(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	if err := compare(); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// settings of a run.
type settings struct {
	round  time.Duration // length of one measurement
	rounds int
	only   *regexp.Regexp
	into   string // file whose table is replaced by the new one; empty: none
	calls  int    // of the soak

	profile string // file that a profile is written to, and nothing is compared; empty: none
}

func compare() error {
	var s settings
	only := flag.String("only", "", "run the cases whose names match this regular expression")
	flag.DurationVar(&s.round, "round", 3*time.Second, "length of one measurement")
	flag.IntVar(&s.rounds, "rounds", 5, "measurements of each side of a comparison")
	flag.StringVar(&s.into, "into", "", "put the table in the place of the one that this file has")
	flag.StringVar(&s.profile, "profile", "", "compare nothing, and write a profile of wampool's calls to this file")
	flag.IntVar(&s.calls, "soak", 10_000_000, "calls of the soak")
	flag.Parse()
	var err error
	if s.only, err = regexp.Compile(*only); err != nil {
		return err
	}
	switch {
	case s.into != "" && *only != "":
		return errors.New("-into is for the whole table, and -only runs a part of it")
	case s.round <= 0, s.rounds < 1, s.calls < 1:
		return errors.New("-round must be longer than nothing, -rounds and -soak at least 1")
	case !slices.ContainsFunc(cases, func(c aCase) bool { return s.only.MatchString(c.name) }):
		return fmt.Errorf("-only %s: there is no such case", *only)
	}
	b, err := newLab(s)
	if err != nil {
		return err
	}
	defer b.close()
	if err := b.provide(); err != nil {
		return err
	}
	if s.profile != "" {
		return b.profile(s.profile)
	}
	return b.compare()
}

// compare measures all cases, or those that were chosen, and prints the table.
func (b *lab) compare() error {
	var failed error
	var rows []row
	for _, c := range cases {
		if !b.only.MatchString(c.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", c.name)
		found, err := c.measure(b)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", c.name, err))
		}
		for _, r := range found {
			fmt.Fprintf(os.Stderr, "  %s: %s\n", r.what, r.measured)
		}
		rows = append(rows, found...)
	}
	var table strings.Builder
	printTable(&table, rows, machine(b))
	fmt.Print(table.String())
	if b.into != "" {
		failed = errors.Join(failed, writeTable(b.into, table.String()))
	}
	return failed
}
