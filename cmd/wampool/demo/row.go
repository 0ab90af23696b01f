package demo

import (
	"strings"
	"unicode/utf8"
)

// style is how a span looks: the parameters of SGR (ECMA-48, 8.3.117).
type style string

const (
	normal style = ""
	strong style = "1"
	faint  style = "2"
	busy   style = "32" // green
	full   style = "33" // yellow
	queued style = "36" // cyan
	denied style = "31" // red
)

// span is text of one style. All its characters are one column wide.
type span struct {
	text  string
	style style
}

// row is one line of the table.
type row []span

func (r *row) add(style style, text string) { *r = append(*r, span{text, style}) }

// pad adds blanks up to a column.
func (r *row) pad(column int) {
	if n := column - r.width(); n > 0 {
		r.add(normal, strings.Repeat(" ", n))
	}
}

// alignRight adds text such that it ends at a column.
func (r *row) alignRight(column int, style style, text string) {
	r.pad(column - utf8.RuneCountInString(text))
	r.add(style, text)
}

func (r row) width() int {
	n := 0
	for _, s := range r {
		n += utf8.RuneCountInString(s.text)
	}
	return n
}

// render returns the line, cut off at width columns.
func (r row) render(width int, color bool) string {
	var b strings.Builder
	for _, s := range r {
		text := s.text
		if n := utf8.RuneCountInString(text); n > width {
			text = string([]rune(text)[:width])
		}
		if width -= utf8.RuneCountInString(text); text == "" {
			continue
		}
		if color && s.style != normal {
			b.WriteString("\x1b[" + string(s.style) + "m" + text + "\x1b[0m")
		} else {
			b.WriteString(text)
		}
	}
	return b.String()
}
