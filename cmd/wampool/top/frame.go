package top

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/wampool/wampool/cmd/wampool/figures"
	"github.com/wampool/wampool/proxy/admin"
)

// looks are how parts of a frame look. The terminal's own colours are used, so that it
// is right on a light and on a dark one; where there are none, words tell the same.
type looks struct{ strong, faint, good, alarm, head, chosen lipgloss.Style }

var colours = looks{
	strong: lipgloss.NewStyle().Bold(true),
	faint:  lipgloss.NewStyle().Faint(true),
	good:   lipgloss.NewStyle().Foreground(lipgloss.Green),
	alarm:  lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true),
	head:   lipgloss.NewStyle().Reverse(true),
	chosen: lipgloss.NewStyle().Bold(true).Underline(true),
}

// column is one of a table. A narrow terminal has those of the highest rank only.
type column[T any] struct {
	name   string
	width  int
	rank   int // 0 is always there
	isText bool
	value  func(*T) string
	mark   func(*T) string // stands behind it, whole
	alarm  func(*T) bool
	key    func(*T) float64 // that it is sorted by; nil: by value
}

var poolColumns = []column[admin.PoolSummary]{
	{name: "POOL", isText: true, value: func(p *admin.PoolSummary) string { return p.Name }, mark: marks},
	{name: "CALLEES", width: 7, rank: 3, value: func(p *admin.PoolSummary) string { return figures.Count(float64(len(p.Callees))) }, key: func(p *admin.PoolSummary) float64 { return float64(len(p.Callees)) }},
	{name: "SLOTS", width: 10, value: func(p *admin.PoolSummary) string { return figures.Of(p.Taken, p.Slots) }, key: func(p *admin.PoolSummary) float64 { return share(p.Taken, p.Slots) }, alarm: func(p *admin.PoolSummary) bool { return p.Slots > 0 && p.Taken >= p.Slots }},
	{name: "WAITING", width: 9, value: func(p *admin.PoolSummary) string { return figures.Count(float64(p.Queue.Waiting)) }, key: func(p *admin.PoolSummary) float64 { return float64(p.Queue.Waiting) }, alarm: func(p *admin.PoolSummary) bool {
		return p.Queue.Limit > 0 && 5*p.Queue.Waiting >= 4*p.Queue.Limit
	}},
	{name: "OLDEST", width: 7, rank: 4, value: oldest, key: func(p *admin.PoolSummary) float64 { return p.Queue.OldestSeconds }},
	{name: "CALLS/s", width: 8, rank: 1, value: func(p *admin.PoolSummary) string { return figures.Count(p.Rates.Received) }, key: func(p *admin.PoolSummary) float64 { return p.Rates.Received }},
	{name: "REFUSED/s", width: 9, rank: 1, value: func(p *admin.PoolSummary) string { return figures.Count(p.Rates.Refused) }, key: func(p *admin.PoolSummary) float64 { return p.Rates.Refused }, alarm: func(p *admin.PoolSummary) bool { return p.Rates.Refused > 0 }},
	{name: "p50", width: 7, rank: 4, value: func(p *admin.PoolSummary) string { return figures.Seconds(p.Seconds.Call.P50) }, key: func(p *admin.PoolSummary) float64 { return valueOf(p.Seconds.Call.P50) }},
	{name: "p99", width: 7, rank: 1, value: func(p *admin.PoolSummary) string { return figures.Seconds(p.Seconds.Call.P99) }, key: func(p *admin.PoolSummary) float64 { return valueOf(p.Seconds.Call.P99) }},
}

var calleeColumns = []column[admin.Callee]{
	{name: "CALLEE", isText: true, value: func(c *admin.Callee) string { return c.AuthID }, mark: func(c *admin.Callee) string {
		if c.IsDraining {
			return " [draining]"
		}
		return ""
	}},
	{name: "SESSION", width: 17, rank: 1, value: func(c *admin.Callee) string { return fmt.Sprint(c.Session) }},
	{name: "SLOTS", width: 9, value: func(c *admin.Callee) string { return figures.Of(c.Taken, c.Slots) }, key: func(c *admin.Callee) float64 { return share(c.Taken, c.Slots) }, alarm: func(c *admin.Callee) bool { return c.Slots > 0 && c.Taken >= c.Slots }},
	{name: "CALLS", width: 8, value: func(c *admin.Callee) string { return figures.Count(float64(c.Dispatched)) }, key: func(c *admin.Callee) float64 { return float64(c.Dispatched) }},
	{name: "ADDRESS", width: 21, rank: 2, value: func(c *admin.Callee) string { return c.Address }},
	{name: "CLIENT", width: 22, rank: 3, value: func(c *admin.Callee) string { return c.Agent }},
}

// marks are what is out of the ordinary about a pool, in words.
func marks(p *admin.PoolSummary) (said string) {
	for _, mark := range []struct {
		is   bool
		said string
	}{
		{len(p.Callees) == 0, "empty"}, {!p.IsLive && !p.IsDrained, "down"}, {p.IsDrained, "drained"}, {p.IsPaused, "paused"}, {p.Draining > 0, fmt.Sprintf("%d draining", p.Draining)},
	} {
		if mark.is {
			said += " [" + mark.said + "]"
		}
	}
	return said
}

func oldest(p *admin.PoolSummary) string {
	if p.Queue.Waiting == 0 {
		return "-"
	}
	return figures.Seconds(&p.Queue.OldestSeconds)
}

func valueOf(s *float64) float64 {
	if s == nil {
		return -1
	}
	return *s
}

// share is how much of a whole is taken; without a limit it is below any that has one.
func share(taken, slots int) float64 {
	if slots == 0 {
		return float64(taken) / 1e9
	}
	return float64(taken) / float64(slots)
}

// fit returns the columns that a width has room for, and the width of the first.
func fit[T any](columns []column[T], width, least int) (kept []column[T], first int) {
	for rank := 9; rank >= 0; rank-- {
		kept = slices.DeleteFunc(slices.Clone(columns), func(c column[T]) bool { return c.rank > rank })
		first = width
		for _, c := range kept[1:] {
			first -= c.width + 1
		}
		if first >= least {
			break
		}
	}
	return kept, max(first, 8)
}

// leastName is how much of a pool's name is shown before columns are left out.
const leastName = 32

// table draws the rows that fit into a height below a line of names, from the one
// at top on. sorted is the name of the column that they are sorted by, chosen the row
// that is marked, -1 for none.
func table[T any](columns []column[T], rows []T, width, height, top, chosen int, sorted string, l looks) []string {
	kept, first := fit(columns, width, leastName)
	var names strings.Builder
	for i, c := range kept {
		name := c.name
		if name == sorted {
			name += "*"
		}
		names.WriteString(cell(name, "", columnWidth(i, c.width, first), c.isText))
	}
	lines := []string{l.head.Render(pad(names.String(), width))}
	for i := top; i < len(rows) && len(lines) < height; i++ {
		var line strings.Builder
		for n, c := range kept {
			text := cell(c.value(&rows[i]), markOf(&c, &rows[i]), columnWidth(n, c.width, first), c.isText)
			switch {
			case c.alarm != nil && c.alarm(&rows[i]):
				text = l.alarm.Render(text)
			case n == 0 && i == chosen:
				said := strings.TrimRight(text, " ")
				text = l.chosen.Render(said) + text[len(said):]
			}
			line.WriteString(text)
		}
		lines = append(lines, line.String())
	}
	return lines
}

func columnWidth(i, width, first int) int {
	if i == 0 {
		return first
	}
	return width + 1 // and a space before it
}

func markOf[T any](c *column[T], row *T) string {
	if c.mark == nil {
		return ""
	}
	return c.mark(row)
}

// cell writes a text and a mark into a width: to the left with a space behind them, or
// to the right with one before.
func cell(text, mark string, width int, isText bool) string {
	text = clip(text, max(8, width-1-lipgloss.Width(mark))) + mark
	if isText {
		return pad(text, width)
	}
	return strings.Repeat(" ", max(0, width-lipgloss.Width(text))) + text
}

// clip shortens a text to a width: before its end, which tells most of a URI.
// Clients choose some of the texts: what is not to be printed is not.
func clip(text string, width int) string {
	if text = admin.Printable(text); lipgloss.Width(text) <= width {
		return text
	}
	runes := []rune(text)
	if width < 8 {
		return head(runes, width)
	}
	tail := (width - 1) * 2 / 3
	slices.Reverse(runes)
	end := []rune(head(runes, tail))
	slices.Reverse(end)
	slices.Reverse(runes)
	return head(runes, width-1-tail) + "…" + string(end)
}

// head returns as many runes as a width has room for.
func head(runes []rune, width int) string {
	for i, r := range runes {
		if width -= lipgloss.Width(string(r)); width < 0 {
			return string(runes[:i])
		}
	}
	return string(runes)
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-lipgloss.Width(text)))
}

// sortRows sorts by the column of that name.
func sortRows[T any](columns []column[T], rows []T, by string) {
	i := slices.IndexFunc(columns, func(c column[T]) bool { return c.name == by })
	if i < 0 {
		return
	}
	c := columns[i]
	slices.SortStableFunc(rows, func(a, b T) int {
		if c.key == nil {
			return strings.Compare(c.value(&a), c.value(&b))
		}
		switch x, y := c.key(&a), c.key(&b); { // the largest first
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
}

// summary is the sidecar in two lines.
func summary(s *admin.Snapshot, address string, width int, l looks) []string {
	state := l.good.Render("ready")
	if n := len(s.Unready); n > 0 {
		state = l.alarm.Render("not ready: " + clip(s.Unready[0], max(10, width-len(address)-35)))
	}
	up := 0
	for _, link := range s.PoolSessions {
		if link.IsUp {
			up++
		}
	}
	var callees, slots, taken, waiting int
	var received, refused float64
	for i := range s.Pools {
		p := &s.Pools[i]
		callees, slots, taken, waiting = callees+len(p.Callees), slots+p.Slots, taken+p.Taken, waiting+p.Queue.Waiting
		received, refused = received+p.Rates.Received, refused+p.Rates.Refused
	}
	peers := ""
	if s.Peers != nil {
		peers = fmt.Sprintf(", %d of %s linked", s.Peers.Linked, plural(s.Peers.Members, "peer"))
	}
	at := time.UnixMilli(int64(s.Time * 1000)).Format("15:04:05")
	return []string{
		l.strong.Render("wampool") + " " + address + "  " + at + "  " + state,
		clip(fmt.Sprintf("%s, %s, %d of %s up, %s", plural(len(s.Pools), "pool"), plural(callees, "callee"), up, plural(len(s.PoolSessions), "pool session"), plural(s.Sessions, "session"))+peers, width),
		clip(fmt.Sprintf("slots %s, %s waiting, %s calls/s, %s refused/s, %s", figures.Of(taken, slots), figures.Count(float64(waiting)), figures.Count(received), figures.Count(refused), plural(s.Warnings, "warning")), width),
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return figures.Count(float64(n)) + " " + what + "s"
}
