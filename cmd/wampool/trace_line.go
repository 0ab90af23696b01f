package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wampool/wampool/cmd/wampool/figures"
	"github.com/wampool/wampool/proxy/admin"
)

// A line of a trace has a narrow form, which fits into 80 columns where IDs are not
// long, and a wide one, which names sessions too. Lines come one by one, so the columns
// are where they are: what is longer moves what stands behind it.
const (
	wideTrace     = 112
	maxTraceWidth = 1 << 16

	traceTime   = "15:04:05.000"
	narrowFrom  = len("router #51234")
	narrowTo    = len("worker-012 #5123")
	wideFrom    = len("direct 4027931458823719 #5123")
	wideTo      = len("worker-01 4027931458823719 #5123")
	shortestEnd = 8 // columns that the outcome gets at least
)

func (t *tracing) isWide() bool { return t.columns >= wideTrace }

// widths are those of the columns that say where a call came from and went to.
func (t *tracing) widths() (from, to int) {
	if t.isWide() {
		return wideFrom, wideTo
	}
	return narrowFrom, narrowTo
}

func (t *tracing) heading() string {
	from, to := t.widths()
	return fmt.Sprintf("%-*s %-*s %-*s %6s %6s %-9s %s", len(traceTime), "TIME", from, "FROM", to, "TO", "WAITED", "RAN", "BYTES", "OUTCOME")
}

// line is a call as people read it.
func (t *tracing) line(c *admin.TracedCall) string {
	from, to := t.widths()
	at := time.UnixMicro(int64(c.Time * 1e6)).Format(traceTime)
	bytes := figures.Count(float64(c.Bytes)) + " -"
	if c.AnswerBytes > 0 {
		bytes = figures.Count(float64(c.Bytes)) + " " + figures.Count(float64(c.AnswerBytes))
	}
	line := fmt.Sprintf("%s %-*s %-*s %6s %6s %-9s ", at, from, t.from(c), to, t.to(c, to),
		figures.Seconds(&c.WaitedSeconds), figures.Seconds(&c.RanSeconds), bytes)
	return line + t.outcome(c, max(t.columns-utf8.RuneCountInString(line), shortestEnd))
}

func (t *tracing) from(c *admin.TracedCall) string {
	if t.isWide() && c.Caller != 0 {
		return fmt.Sprintf("%s %d #%d", c.Origin, c.Caller, c.Request)
	}
	return fmt.Sprintf("%s #%d", c.Origin, c.Request)
}

// to is whom a call went to. One that had no callee when it ended went to nobody.
func (t *tracing) to(c *admin.TracedCall, width int) string {
	session, id := strconv.FormatUint(c.Callee, 10), ""
	if c.CalleeRequest != 0 {
		id = " #" + strconv.FormatUint(c.CalleeRequest, 10)
	}
	switch {
	case c.Peer != "":
		return "peer " + admin.Printable(c.Peer) + id
	case c.Callee == 0:
		return "-"
	}
	if t.isWide() {
		return strings.TrimSpace(admin.Printable(c.AuthID)+" "+session) + id
	}
	return cut(admin.Printable(cmp.Or(c.AuthID, session)), max(width-len(id), shortestEnd)) + id
}

// outcome is how a call ended; where by an ERROR, by which.
func (t *tracing) outcome(c *admin.TracedCall, width int) string {
	uri := admin.Printable(c.Error)
	switch {
	case uri == "" || !t.isWide() && c.Outcome != "error":
		return c.Outcome
	case t.isWide():
		return c.Outcome + " " + uri
	}
	return cutFront(uri, width)
}

// cut leaves the end of a text away that has no room.
func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}

// cutFront leaves the beginning away, which URIs have in common.
func cutFront(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return "…" + string(runes[len(runes)-width+1:])
	}
	return text
}
