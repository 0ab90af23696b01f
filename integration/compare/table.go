package main

import (
	"fmt"
	"io"
	"math"
	"slices"
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

// printTable writes the rows as Markdown.
func printTable(w io.Writer, rows []row, machine string) {
	fmt.Fprintf(w, "Measured on %s.\n\n| case | bar | measured | |\n|---|---|---|---|\n", machine)
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.what, r.limit(), r.measured, r.verdict())
	}
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
