package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Diagnostic is one mistake, or a warning of what is probably not meant.
type Diagnostic struct {
	Warning  bool
	Filename string // or the flag, as in "--router", where there is no file
	Line     int    // from 1; 0 where no place in a file is meant
	Column   int    // from 1, in characters
	Summary  string // one sentence, without values that were computed
	Hint     string // what to write instead; may be empty

	// Source is the offending line, tabs and secrets replaced; empty where
	// there is none. Marked is the part to underline, in runes of Source.
	Source string
	Marked [2]int
}

// maxMistakes is how many mistakes are shown. Nobody corrects more at a time.
const maxMistakes = 100

// Diagnostics is every mistake of a configuration, in the order of its files,
// the first 100 of them. It is the error of [Load], [Parse] and [Default].
type Diagnostics []Diagnostic

// String shows one, with its place, its line and a hint, as in [Diagnostics.Error].
func (d Diagnostic) String() string {
	var b strings.Builder
	d.write(&b)
	return strings.TrimSuffix(b.String(), "\n")
}

// Error shows each mistake with its place, its line and a hint, and counts
// them at the end. The text has several lines and no newline at its end.
func (ds Diagnostics) Error() string {
	var b strings.Builder
	for _, d := range ds {
		d.write(&b)
		b.WriteByte('\n')
	}
	switch len(ds) {
	case 1:
		b.WriteString("1 mistake")
	case maxMistakes:
		fmt.Fprintf(&b, "%d mistakes; there may be more", len(ds))
	default:
		fmt.Fprintf(&b, "%d mistakes", len(ds))
	}
	return b.String()
}

func (d Diagnostic) write(b *strings.Builder) {
	b.WriteString(d.Filename)
	if d.Line > 0 {
		fmt.Fprintf(b, ":%d,%d", d.Line, d.Column)
	}
	severity := ""
	if d.Warning {
		severity = "warning: "
	}
	fmt.Fprintf(b, ": %s%s\n", severity, d.Summary)
	margin := "  "
	if d.Source != "" {
		number := fmt.Sprint(d.Line)
		margin = strings.Repeat(" ", len(number)+2) + "| "
		fmt.Fprintf(b, "  %s | %s\n", number, d.Source)
		fmt.Fprintf(b, " %s%s%s\n", margin, strings.Repeat(" ", d.Marked[0]), strings.Repeat("^", max(1, d.Marked[1]-d.Marked[0])))
		margin = " " + strings.Repeat(" ", len(margin))
	}
	if d.Hint != "" {
		fmt.Fprintf(b, "%s%s\n", margin, d.Hint)
	}
}

// fault is a mistake before it is known where it stands.
type fault struct {
	summary string
	hint    string
	conceal bool // what stands at its place may hold a secret
}

// mistake is a fault and where it stands in the file.
type mistake struct {
	fault
	at hcl.Range
}

// diagnose turns mistakes into what is shown of them. Of the sources, only
// what is no secret is shown.
func diagnose(sources []source, mistakes []mistake) Diagnostics {
	order := make(map[string]int, len(sources)) // from 1: what concerns no file alone comes first
	hidden := make(map[string][]span, len(sources))
	for i, s := range sources {
		order[s.name], hidden[s.name] = i+1, s.secretSpans()
	}
	for _, m := range mistakes {
		if m.conceal {
			hidden[m.at.Filename] = append(hidden[m.at.Filename], span{m.at.Start.Byte, m.at.End.Byte})
		}
	}
	slices.SortStableFunc(mistakes, func(a, b mistake) int {
		return cmp.Or(
			cmp.Compare(order[a.at.Filename], order[b.at.Filename]),
			cmp.Compare(a.at.Start.Byte, b.at.Start.Byte),
			cmp.Compare(a.summary, b.summary), // names come from a map
		)
	})
	mistakes = mistakes[:min(len(mistakes), maxMistakes)]
	ds := make(Diagnostics, len(mistakes))
	for i, m := range mistakes {
		ds[i] = Diagnostic{
			Filename: m.at.Filename,
			Line:     m.at.Start.Line,
			Column:   m.at.Start.Column,
			Summary:  m.summary,
			Hint:     m.hint,
		}
		if at := (span{m.at.Start.Byte, m.at.End.Byte}); !m.conceal && slices.ContainsFunc(hidden[m.at.Filename], at.overlaps) {
			ds[i].Hint = "" // it may quote what is hidden
		}
		if n := order[m.at.Filename]; n > 0 {
			ds[i].Source, ds[i].Marked = excerpt(sources[n-1].src, m.at, hidden[m.at.Filename])
		}
	}
	return ds
}
