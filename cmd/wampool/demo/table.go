package demo

import (
	"fmt"
	"strings"
	"time"
)

// Columns of the table that do not depend on the terminal's width.
const (
	margin     = 2
	labels     = margin + 13 // where bars and charts begin
	figures    = 30          // what stands to the right of the bars
	fewestBars = 8
	mostBars   = 64
)

// table is the demo at one moment, in lines of at most width columns where
// that is enough for the labels.
func table(s snapshot, history []snapshot, width int) []row {
	bars := min(max(width-labels-figures, fewestBars), mostBars)
	right := labels + bars + figures - 1
	rows := []row{title(s, right), cast(s), nil, heads(right)}
	for _, c := range s.callees {
		rows = append(rows, calleeRow(s, c, history, bars, right))
	}
	rows = append(rows, nil, queueRow(s, bars, right), nil)
	rows = append(rows, charts(s, history, bars, right)...)
	return append(rows, nil, totals(s), latencies(s))
}

func title(s snapshot, right int) row {
	r := row{{strings.Repeat(" ", margin), normal}, {"wampool", strong}}
	r.pad(labels)
	look := strong
	if s.phase == phases[1].name {
		look = denied
	}
	r.add(look, s.phase)
	r.alignRight(right, normal, fmt.Sprintf("%.1f of %.0f s", s.elapsed.Seconds(), s.length.Seconds()))
	return r
}

// cast says who is who.
func cast(s snapshot) row {
	text := fmt.Sprintf("3 callers -> router -> wampool (policy %s) -> %d callees; Ctrl-C ends it", s.policy, len(s.callees))
	return row{{strings.Repeat(" ", margin), normal}, {text, faint}}
}

func heads(right int) row {
	r := row{{strings.Repeat(" ", margin), normal}, {"callee", faint}}
	r.pad(labels)
	r.add(faint, "in flight")
	r.alignRight(right-16, faint, "calls")
	r.alignRight(right-9, faint, "share")
	r.alignRight(right, faint, "calls/s")
	return r
}

// calleeRow shows a callee's slots, taken and free, what it got in all, and how
// much of everything that is.
func calleeRow(s snapshot, c calleeSnapshot, history []snapshot, bars, right int) row {
	r := row{{strings.Repeat(" ", margin), normal}, {c.name, strong}, {" " + c.serializer.String(), normal}}
	r.pad(labels)
	look := busy
	if c.inFlight >= c.limit {
		look = full
	}
	most := 1
	var all uint64
	for _, other := range s.callees {
		most, all = max(most, other.limit), all+other.calls
	}
	taken, free := slots(c.inFlight, c.limit, bars/most)
	r.add(look, taken)
	r.add(faint, free)
	r.pad(labels + bars)
	r.alignRight(labels+bars+7, normal, fmt.Sprintf("%d of %d", c.inFlight, c.limit))
	r.alignRight(right-16, normal, fmt.Sprint(c.calls))
	if all > 0 {
		r.alignRight(right-9, normal, fmt.Sprintf("%d %%", (c.calls*100+all/2)/all))
	}
	r.alignRight(right, normal, fmt.Sprint(perSecond(s, history, func(of snapshot) int {
		for _, other := range of.callees {
			if other.name == c.name {
				return int(other.calls) //nolint:gosec // calls of one demo
			}
		}
		return 0
	})))
	return r
}

// slots draws each slot of a callee cells wide, a gap between them where there
// is room for one.
func slots(inFlight, limit, cells int) (taken, free string) {
	one, none := strings.Repeat("█", max(cells, 1)), strings.Repeat("░", max(cells, 1))
	if cells > 1 {
		one, none = strings.Repeat("█", cells-1)+" ", strings.Repeat("░", cells-1)+" "
	}
	inFlight = min(inFlight, limit)
	return strings.Repeat(one, inFlight), strings.Repeat(none, limit-inFlight)
}

func queueRow(s snapshot, bars, right int) row {
	r := row{{strings.Repeat(" ", margin), normal}, {"queue", strong}}
	r.pad(labels)
	look := queued
	if s.waiting >= s.queueLimit {
		look = denied
	}
	cells := 0
	if s.queueLimit > 0 {
		cells = min((s.waiting*bars+s.queueLimit-1)/s.queueLimit, bars)
	}
	r.add(look, strings.Repeat("█", cells))
	r.add(faint, strings.Repeat("░", bars-cells))
	r.alignRight(right, normal, fmt.Sprintf("%d of %d waiting", s.waiting, s.queueLimit))
	return r
}

// charts show the whole demo from left to right, as far as it has come.
func charts(s snapshot, history []snapshot, bars, right int) []row {
	var rows []row
	for _, c := range []struct {
		label string
		look  style
		of    func(snapshot) int
	}{
		{"sent", normal, func(s snapshot) int { return s.sent }},
		{"answered", busy, func(s snapshot) int { return s.answered }},
		{"refused", denied, func(s snapshot) int { return s.refused }},
	} {
		r := row{{strings.Repeat(" ", margin), normal}, {c.label, strong}}
		r.pad(labels)
		r.add(c.look, chart(rates(history, c.of), highestRate(history), s.length, bars))
		r.alignRight(right, normal, fmt.Sprintf("%d calls/s", perSecond(s, history, c.of)))
		rows = append(rows, r)
	}
	return rows
}

// reading is a value at a time of the demo.
type reading struct {
	at    time.Duration
	value float64
}

// rates returns how fast a count grew between snapshots, per second.
func rates(history []snapshot, of func(snapshot) int) []reading {
	var readings []reading
	for i := 1; i < len(history); i++ {
		before, now := history[i-1], history[i]
		if seconds := (now.elapsed - before.elapsed).Seconds(); seconds > 0 {
			readings = append(readings, reading{now.elapsed, float64(of(now)-of(before)) / seconds})
		}
	}
	return readings
}

// highestRate is the scale that all charts share.
func highestRate(history []snapshot) float64 {
	highest := 1.0
	for _, r := range rates(history, func(s snapshot) int { return s.sent }) {
		highest = max(highest, r.value)
	}
	return highest
}

// chart draws readings over the demo's length, the mean of those that fall into
// one column.
func chart(readings []reading, highest float64, length time.Duration, columns int) string {
	const levels = "▁▂▃▄▅▆▇█"
	glyphs := []rune(levels)
	var b strings.Builder
	next, level := 0, 0
	for column := range columns {
		end := length * time.Duration(column+1) / time.Duration(columns)
		sum, n := 0.0, 0
		for ; next < len(readings) && readings[next].at <= end; next++ {
			sum += readings[next].value
			n++
		}
		if n > 0 {
			level = min(int(sum/float64(n)/highest*float64(len(glyphs))), len(glyphs)-1)
		} else if next == len(readings) {
			break // not there yet
		}
		b.WriteRune(glyphs[level])
	}
	return b.String()
}

// perSecond returns how much a count grew in the last second or so.
func perSecond(s snapshot, history []snapshot, of func(snapshot) int) int {
	for i := len(history) - 1; i >= 0; i-- {
		before := history[i]
		if past := s.elapsed - before.elapsed; past >= time.Second-frameEvery/2 {
			return int(float64(of(s)-of(before))/past.Seconds() + 0.5)
		}
	}
	return 0
}

func totals(s snapshot) row {
	r := row{{strings.Repeat(" ", margin), normal}}
	for _, figure := range []struct {
		look  style
		count int
		what  string
	}{
		{strong, s.sent, " calls sent = "},
		{busy, s.answered, " answered + "},
		{denied, s.refused, " refused + "},
		{queued, s.sent - s.answered - s.refused, " under way"},
	} {
		r.add(figure.look, fmt.Sprint(figure.count))
		r.add(normal, figure.what)
	}
	return r
}

func latencies(s snapshot) row {
	r := row{{strings.Repeat(" ", margin), normal}}
	r.add(faint, fmt.Sprintf("answered within %s (median), %s (99 of 100), in the last second", milliseconds(s.p50), milliseconds(s.p99)))
	return r
}
