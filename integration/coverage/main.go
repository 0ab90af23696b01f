// Command coverage compares the branches that no test reaches with the list of
// those that none can or need reach, and says why each of them stays:
//
//	go test -coverprofile … ──▶ blocks ──▶ unreached blocks ◀──▶ unreached.txt
//
// A block is what Go's coverage counts: statements that run one after the other.
// It is reached if a test of any package reaches it, whatever package it is in.
// One that is neither reached nor listed fails, as does a line of the list that
// no block is meant by.
//
// `make coverage` runs it from the top of the repository.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

const listFile = "integration/coverage/unreached.txt"

func main() {
	profile := flag.String("profile", "", "what go test -coverprofile has written")
	flag.Parse()
	ok, err := compare(*profile)
	if err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// compare tells whether the profile and the list agree, and prints where not.
func compare(profile string) (bool, error) {
	blocks, err := readProfile(profile)
	if err != nil {
		return false, err
	}
	if err := describe(blocks); err != nil {
		return false, err
	}
	f, err := os.Open(listFile)
	if err != nil {
		return false, err
	}
	defer f.Close()
	listed, err := readList(bufio.NewScanner(f))
	if err != nil {
		return false, fmt.Errorf("%s: %w", listFile, err)
	}
	d := differ(blocks, listed)
	d.print(os.Stdout)
	return d.agree(), nil
}
