package configs

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

const (
	maxExcerptRunes = 160                 // of a line; what is longer is cut around the mistake
	maxExcerptBytes = 8 * maxExcerptRunes // looked at on each side of where the mistake begins
)

// span is a part of the source, in bytes, its end excluded.
type span struct{ start, end int }

func (s span) overlaps(other span) bool { return s.start < other.end && other.start < s.end }

// excerpt returns the line in which at begins, as it may be shown: without
// the hidden spans, tabs and control characters; and which runes of it at
// covers.
func excerpt(src []byte, at hcl.Range, hidden []span) (text string, marked [2]int) {
	from := min(max(at.Start.Byte, 0), len(src))
	to := min(max(at.End.Byte, from), len(src))
	line := lineAround(src, from)
	hidden = slices.DeleteFunc(slices.Clone(hidden), func(h span) bool { return !h.overlaps(line) })

	var shown []rune
	marked = [2]int{-1, -1}
	for i := line.start; i < line.end; {
		next := i + 1
		h := slices.IndexFunc(hidden, func(h span) bool { return h.start <= i && i < h.end })
		if h >= 0 {
			next = min(hidden[h].end, line.end)
		}
		if marked[0] < 0 && from < next {
			marked[0] = len(shown)
		}
		if marked[1] < 0 && to <= i {
			marked[1] = len(shown)
		}
		if h >= 0 {
			if !strings.HasSuffix(string(shown), redacted) {
				shown = append(shown, []rune(redacted)...)
			}
			i = next
			continue
		}
		r, size := utf8.DecodeRune(src[i:line.end])
		shown = append(shown, printable(r))
		i += size
	}
	for i := range marked {
		if marked[i] < 0 {
			marked[i] = len(shown)
		}
	}
	return cut(shown, marked)
}

// lineAround returns the line that position i is in, or of a long one what
// is near.
func lineAround(src []byte, i int) span {
	low, high := max(0, i-maxExcerptBytes), min(len(src), i+maxExcerptBytes)
	if n := bytes.LastIndexByte(src[low:i], '\n'); n >= 0 {
		low += n + 1
	}
	for low < i && !utf8.RuneStart(src[low]) {
		low++
	}
	if n := bytes.IndexByte(src[i:high], '\n'); n >= 0 {
		high = i + n
	}
	return span{low, high}
}

// printable keeps the terminal safe, and columns aligned.
func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case !unicode.IsGraphic(r):
		return utf8.RuneError
	}
	return r
}

// cut keeps of a long line what surrounds the mark, and of any line what is
// not space at its end.
func cut(line []rune, marked [2]int) (string, [2]int) {
	if len(line) > maxExcerptRunes {
		from := max(0, marked[0]-maxExcerptRunes/4)
		to := min(len(line), from+maxExcerptRunes)
		line = line[from:to]
		marked[0] -= from
		marked[1] = min(marked[1]-from, len(line))
	}
	text := strings.TrimRightFunc(string(line), unicode.IsSpace)
	return text, marked
}
