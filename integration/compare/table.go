package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// row is one line of the table.
type row struct {
	what     string
	bar      float64 // the value must not be above it, or below it if atLeast
	atLeast  bool
	value    float64
	measured string // for people: the value and what it is made of
	printed  bool   // there is no bar

	lean        bool // nor may it allocate
	allocations float64
}

// verdict tells whether the bar is met. What is no number, or below nothing, has
// not been measured, and meets none.
func (r *row) verdict() string {
	switch {
	case r.printed:
		return ""
	case math.IsNaN(r.value), math.IsInf(r.value, 0), r.value < 0, r.lean && r.allocations > 0:
		return missed
	case r.atLeast && r.value >= r.bar, !r.atLeast && r.value <= r.bar:
		return "met"
	}
	return missed
}

const missed = "**missed**"

func (r *row) limit() string {
	switch {
	case r.printed:
		return "–"
	case r.atLeast:
		return fmt.Sprintf("≥ %g", r.bar)
	case r.lean:
		return fmt.Sprintf("≤ %g, 0 allocations", r.bar)
	}
	return fmt.Sprintf("≤ %g", r.bar)
}

// measuredOn begins the table.
const measuredOn = "Measured on "

// printTable writes the rows as Markdown.
func printTable(w io.Writer, rows []row, machine string) {
	fmt.Fprintf(w, "%s%s.\n\n| case | bar | measured | |\n|---|---|---|---|\n", measuredOn, machine)
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.what, r.limit(), r.measured, r.verdict())
	}
}

// writeTable puts the table in the place of the one that a file has.
func writeTable(file, table string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed, err := replaceTable(string(content), table)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(changed), 0o644)
}

// replaceTable returns a text with another table: what begins with the line that says
// on what it was measured, and ends with the last row.
func replaceTable(text, table string) (string, error) {
	head, rest, found := strings.Cut(text, "\n"+measuredOn)
	first := strings.Index(rest, "\n|")
	if !found || first < 0 {
		return "", errors.New("it has no table to replace")
	}
	end := first + 1
	for strings.HasPrefix(rest[end:], "|") {
		line, _, _ := strings.Cut(rest[end:], "\n")
		end = min(end+len(line)+1, len(rest))
	}
	return head + "\n" + table + rest[end:], nil
}

// spread tells how far the rounds are apart.
func spread(values []float64) string {
	return fmt.Sprintf("%.3g to %.3g", slices.Min(values), slices.Max(values))
}

// median returns the middle value; there must be one.
func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
