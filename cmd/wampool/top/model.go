package top

import (
	"context"
	"net/url"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/wampool/wampool/proxy/admin"
)

// model is what is shown, and what of it.
type model struct {
	ctx     context.Context
	client  *admin.Client
	address string
	looks   looks

	width, height int
	latest        *admin.Snapshot // nil: none yet
	lost          error           // why there is none for now
	pools         []admin.PoolSummary
	by            int // the column of pools that they are sorted by
	chosen, top   int
	filter        string
	isFiltering   bool // what is typed is the filter

	open    string      // the pool whose callees are shown, by its path; "": none
	callees *admin.Pool // of it
	failed  error       // why they are not known
	calleeT int         // the first that is shown
}

type (
	snapshotMsg struct{ *admin.Snapshot }
	lostMsg     struct{ error }
	poolMsg     struct {
		path string
		pool *admin.Pool
		err  error
	}
)

func (m *model) Init() tea.Cmd { return nil }

func (m *model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = message.Width, message.Height
	case snapshotMsg:
		m.latest, m.lost = message.Snapshot, nil
		m.arrange()
		return m, m.ask()
	case lostMsg:
		m.lost = message.error
	case poolMsg:
		if message.path == m.open {
			m.callees, m.failed = message.pool, message.err
		}
	case tea.KeyPressMsg:
		return m, m.press(message)
	}
	m.stay()
	return m, nil
}

// press does what a key asks for.
func (m *model) press(key tea.KeyPressMsg) tea.Cmd {
	if m.isFiltering {
		m.typed(key)
		return nil
	}
	page := max(1, m.rows()-1)
	switch key.String() {
	case "q", "ctrl+c":
		return tea.Quit
	case "up", "k":
		m.move(-1)
	case "down", "j":
		m.move(1)
	case "pgup", "b":
		m.move(-page)
	case "pgdown", "space", "f":
		m.move(page)
	case "home", "g":
		m.move(-1 << 20)
	case "end", "G":
		m.move(1 << 20)
	case "s":
		m.by = (m.by + 1) % len(poolColumns)
		m.arrange()
	case "/":
		if m.open == "" {
			m.isFiltering = true
		}
	case "enter", "right", "l":
		return m.enter()
	case "esc", "left", "h", "backspace":
		m.back()
	}
	m.stay()
	return nil
}

// typed takes what is typed into the filter.
func (m *model) typed(key tea.KeyPressMsg) {
	switch key.String() {
	case "enter":
		m.isFiltering = false
	case "esc", "ctrl+c":
		m.isFiltering, m.filter = false, ""
	case "backspace":
		if runes := []rune(m.filter); len(runes) > 0 {
			m.filter = string(runes[:len(runes)-1])
		}
	default:
		m.filter += key.Key().Text
	}
	m.arrange()
	m.stay()
}

// move moves the choice, or what is shown of the callees.
func (m *model) move(by int) {
	if m.open != "" {
		m.calleeT += by
		return
	}
	m.chosen += by
}

// enter opens the pool that is chosen.
func (m *model) enter() tea.Cmd {
	if m.open != "" || m.chosen < 0 || m.chosen >= len(m.pools) {
		return nil
	}
	m.open, m.callees, m.failed, m.calleeT = pathOf(&m.pools[m.chosen].Pool), nil, nil, 0
	return m.ask()
}

func (m *model) back() {
	if m.open == "" {
		m.filter = ""
		m.arrange()
	}
	m.open, m.callees, m.failed = "", nil, nil
}

// ask asks for the callees of the pool that is open.
func (m *model) ask() tea.Cmd {
	path := m.open
	if path == "" {
		return nil
	}
	ctx, client := m.ctx, m.client
	return func() tea.Msg {
		pool := new(admin.Pool)
		if err := client.Get(ctx, path, pool); err != nil {
			return poolMsg{path, nil, err}
		}
		return poolMsg{path, pool, nil}
	}
}

func pathOf(p *admin.Pool) string {
	return "/api/v1/pools/" + url.PathEscape(p.Realm) + "/" + url.PathEscape(p.Match) + "/" + url.PathEscape(p.Procedure)
}

// arrange chooses and sorts the pools of the latest snapshot. The pool that is
// chosen stays it, wherever it goes.
func (m *model) arrange() {
	if m.latest == nil {
		return
	}
	was := ""
	if m.chosen >= 0 && m.chosen < len(m.pools) {
		was = pathOf(&m.pools[m.chosen].Pool)
	}
	m.pools = slices.DeleteFunc(slices.Clone(m.latest.Pools), func(p admin.PoolSummary) bool {
		return !strings.Contains(strings.ToLower(p.Realm+" "+p.Name), strings.ToLower(m.filter))
	})
	sortRows(poolColumns, m.pools, poolColumns[m.by].name)
	if i := slices.IndexFunc(m.pools, func(p admin.PoolSummary) bool { return pathOf(&p.Pool) == was }); i >= 0 && m.top+m.chosen > 0 {
		m.chosen = i
	}
}

// rows is how many lines of the table there are room for, below its heads.
func (m *model) rows() int { return max(1, m.height-6) }

// stay keeps what is chosen within the pools, and in sight.
func (m *model) stay() {
	m.chosen = max(0, min(m.chosen, len(m.pools)-1))
	m.top = max(min(m.top, m.chosen, len(m.pools)-m.rows()), m.chosen-m.rows()+1, 0)
	if m.callees != nil {
		m.calleeT = max(0, min(m.calleeT, len(m.callees.Callees)-m.rows()))
	}
}

func (m *model) View() tea.View {
	view := tea.NewView(strings.Join(m.lines(), "\n"))
	view.AltScreen = true
	view.WindowTitle = "wampool top"
	return view
}

// lines are the frame, no more of them than the terminal has.
func (m *model) lines() []string {
	width := max(20, m.width)
	if m.latest == nil {
		said := "waiting for " + m.address
		if m.lost != nil {
			said = clip(m.lost.Error(), width)
		}
		return []string{m.looks.strong.Render("wampool") + " " + m.address, said, "", m.looks.faint.Render("q quits")}
	}
	lines := summary(m.latest, m.address, width, m.looks)
	if m.lost != nil {
		lines[0] = m.looks.alarm.Render(clip("old: "+m.lost.Error(), width))
	}
	lines = append(lines, m.between(width))
	if m.open != "" {
		lines = append(lines, m.openLines(width)...)
	} else {
		lines = append(lines, table(poolColumns, m.pools, width, m.rows()+1, m.top, m.chosen, poolColumns[m.by].name, m.looks)...)
	}
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	return append(lines[:max(1, min(len(lines), m.height-1))], m.looks.faint.Render(clip(m.help(), width)))
}

// between is the line above the table.
func (m *model) between(width int) string {
	switch {
	case m.open != "":
		_, name, _ := strings.Cut(strings.TrimPrefix(m.open, "/api/v1/pools/"), "/")
		_, name, _ = strings.Cut(name, "/")
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		return m.looks.strong.Render(clip(name, width))
	case m.isFiltering:
		return "find: " + m.filter + "_"
	case m.filter != "":
		return "found: " + m.filter
	}
	return ""
}

func (m *model) openLines(width int) []string {
	switch {
	case m.failed != nil:
		return []string{m.looks.alarm.Render(clip(m.failed.Error(), width))}
	case m.callees == nil:
		return []string{"…"}
	}
	rows := slices.Clone(m.callees.Callees)
	sortRows(calleeColumns, rows, "SLOTS")
	return table(calleeColumns, rows, width, m.rows()+1, m.calleeT, -1, "SLOTS", m.looks)
}

func (m *model) help() string {
	if m.open != "" {
		return "q quit  ↑↓ scroll  esc back"
	}
	return "q quit  ↑↓ choose  enter callees  s sort by the next column  / find"
}
