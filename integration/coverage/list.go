package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// readList reads the names of the blocks that may be unreached. Each must have
// a reason: the comment above it, or above those that it stands below.
func readList(lines *bufio.Scanner) (map[string]bool, error) {
	listed := map[string]bool{}
	reason := false
	for lines.Scan() {
		switch line := strings.TrimSpace(lines.Text()); {
		case line == "":
			reason = false
		case strings.HasPrefix(line, "#"):
			reason = true
		case !reason:
			return nil, fmt.Errorf("%q has no reason above it", line)
		case listed[line]:
			return nil, fmt.Errorf("%q is there twice", line)
		default:
			listed[line] = true
		}
	}
	return listed, lines.Err()
}

// difference is what a profile and the list do not agree on.
type difference struct {
	blocks, listed int
	unreached      []*block // and not listed
	reached        []string // and listed all the same
	unknown        []string // listed, and the code has no such block
}

func differ(blocks []*block, listed map[string]bool) difference {
	d := difference{blocks: len(blocks), listed: len(listed)}
	there := map[string]bool{}
	for _, b := range blocks {
		there[b.name] = true
		switch {
		case b.count == 0 && !listed[b.name]:
			d.unreached = append(d.unreached, b)
		case b.count > 0 && listed[b.name]:
			d.reached = append(d.reached, b.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if !there[name] {
			d.unknown = append(d.unknown, name)
		}
	}
	return d
}

// agree allows for what is listed and reached: what an operating system, a
// privilege or a race decides is now and then.
func (d *difference) agree() bool { return len(d.unreached)+len(d.unknown) == 0 }

func (d *difference) print(w io.Writer) {
	for _, b := range d.unreached {
		_, code, _ := strings.Cut(b.name, " ")
		fmt.Fprintf(w, "%s:%d: no test reaches: %s\n", b.file, b.line, code)
	}
	for _, name := range d.unknown {
		fmt.Fprintf(w, "%s: there is no such block: %s\n", listFile, name)
	}
	for _, name := range d.reached {
		fmt.Fprintf(w, "%s: reached this time: %s\n", listFile, name)
	}
	fmt.Fprintf(w, "coverage: %d blocks, %d not reached and not listed, %d listed\n", d.blocks, len(d.unreached), d.listed)
}
