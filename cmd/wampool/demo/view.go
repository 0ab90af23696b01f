package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// view shows snapshots: a table redrawn in place on a terminal, else lines.
type view struct {
	out     io.Writer
	size    func() (width, height int, err error)
	color   bool
	history []snapshot
	drawn   int // lines of the table that is on the screen

	width, height int // of the terminal when it was drawn
}

func newView(o Options) *view { return &view{out: o.Out, size: o.Size, color: o.Color} }

func (v *view) every() time.Duration {
	if v.size == nil {
		return lineEvery
	}
	return frameEvery
}

// Control sequences of terminals (ECMA-48).
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearLine  = "\x1b[K"
	clearDown  = "\x1b[J"
	clearAll   = "\x1b[H\x1b[2J"
)

func (v *view) open() error {
	if v.size == nil {
		return v.write(introduction)
	}
	return v.write(hideCursor)
}

const introduction = `router, wampool, 3 callees (A: 2 calls at once, B: 4, C: 8) and 3 callers, in this process
`

// show shows the demo as it is now.
func (v *view) show(s snapshot) error {
	v.history = append(v.history, s)
	if v.size == nil {
		return v.write(plainLine(s) + "\n")
	}
	return v.write(v.frame(s))
}

// frame is the table, drawn over the one before.
func (v *view) frame(s snapshot) string {
	width, height, err := v.size()
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	rows := table(s, v.history, width-1)   // a full line would wrap on some terminals
	rows = rows[:min(len(rows), height-1)] // what has scrolled away can't be redrawn
	var b strings.Builder
	switch resized := width != v.width || height != v.height; {
	case v.drawn > 0 && resized: // the terminal has wrapped the lines anew: nobody knows where they are
		b.WriteString(clearAll)
	case v.drawn > 0:
		fmt.Fprintf(&b, "\x1b[%dA", v.drawn)
	}
	v.width, v.height = width, height
	b.WriteByte('\r')
	for _, r := range rows {
		b.WriteString(r.render(width-1, v.color))
		b.WriteString(clearLine + "\n")
	}
	b.WriteString(clearDown)
	v.drawn = len(rows)
	return b.String()
}

// close shows the end.
func (v *view) close(s snapshot) error {
	if err := v.show(s); err != nil || v.size == nil {
		return err
	}
	return v.write(showCursor)
}

func (v *view) write(text string) error {
	_, err := io.WriteString(v.out, text)
	return err
}

// plainLine is the demo at one moment where there is no terminal.
func plainLine(s snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%4.0fs  %-14s  sent %5d  answered %5d  refused %4d  waiting %3d/%d  in flight",
		s.elapsed.Seconds(), s.phase, s.sent, s.answered, s.refused, s.waiting, s.queueLimit)
	for _, c := range s.callees {
		fmt.Fprintf(&b, " %s %d/%d", c.name, c.inFlight, c.limit)
	}
	fmt.Fprintf(&b, "  p50 %s  p99 %s", milliseconds(s.p50), milliseconds(s.p99))
	return b.String()
}
