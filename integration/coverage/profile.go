package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

const module = "github.com/wampool/wampool/"

// block is a piece of code that runs as one.
type block struct {
	file              string // from the top of the repository
	line, column      int    // where it begins
	toLine, toColumn  int
	statements, count int

	name string // how the list calls it
}

// readProfile reads what go test has written: a block stands there once for
// each package whose tests were run.
func readProfile(name string) ([]*block, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "mode: ") {
		return nil, fmt.Errorf("%s is no coverage profile", name)
	}
	seen := map[string]*block{}
	var blocks []*block
	for lines.Scan() {
		place, counts, _ := strings.Cut(lines.Text(), " ")
		file, span, _ := strings.Cut(strings.TrimPrefix(place, module), ":")
		b := &block{file: file}
		if _, err := fmt.Sscanf(span+" "+counts, "%d.%d,%d.%d %d %d", &b.line, &b.column, &b.toLine, &b.toColumn, &b.statements, &b.count); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", name, lines.Text(), err)
		}
		if same := seen[place]; same != nil {
			same.count += b.count
			continue
		}
		seen[place] = b
		blocks = append(blocks, b)
	}
	if len(blocks) == 0 {
		return nil, errors.Join(lines.Err(), fmt.Errorf("%s holds nothing", name))
	}
	slices.SortFunc(blocks, func(a, b *block) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return blocks, lines.Err()
}
