package proxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// script is a transcript's file.
type script struct {
	head     []string // lines before the first step
	settings settings
	steps    []step
}

// settings are what a stage is made of.
type settings struct {
	config       string // HCL; the router's block without its URL
	serializers  []string
	router, here string // transports
}

// step is what is done, and what comes of it.
type step struct {
	number int
	text   string
	lines  []line // the step's own, and those below it
}

// line is one line of a script.
type line struct {
	kind    lineKind
	actor   string // who gets something
	text    string // a step, or what an actor gets
	comment string // with #
}

type lineKind uint8

const (
	remark lineKind = iota // nothing, or a comment alone
	doing
	getting
	nothing
)

// got is what an actor got.
type got struct{ actor, text string }

func (g got) String() string {
	if strings.HasPrefix(g.text, connectsBy) || g.actor == "wampool" {
		return g.actor + " " + g.text
	}
	return g.actor + " ◀ " + g.text
}

// elide leaves out the details of a HELLO of wampool's, where the script does not
// have them.
func (g *got) elide(want []got) {
	words := elementsOf(g.text)
	if words[0] != "HELLO" || strings.Contains(g.actor, "@") {
		return
	}
	if short := words[0] + " " + words[1]; !slices.ContainsFunc(want, func(w got) bool { return strings.HasPrefix(w.text, short+" {") }) {
		g.text = short + " …"
	}
}

// size leaves out a length, where the script has $size: it depends on how many
// digits a number has that is drawn.
func (g *got) size(want []got) {
	for _, w := range want {
		before, behind, has := strings.Cut(w.text, "$size")
		if has && w.actor == g.actor && strings.HasPrefix(g.text, before) && strings.HasSuffix(g.text, behind) {
			g.text = w.text
		}
	}
}

const connectsBy = "connects by "

// blocks are the words by which lines of configuration begin.
var blocks = []string{"realm", "limits", "router {", "drain_timeout", "listen"}

func readScript(t *testing.T, file, content string) *script {
	s := &script{settings: settings{serializers: []string{"json"}, router: "ws", here: "ws"}}
	inBlock := false
	for i, text := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
		number := i + 1
		fields := strings.Fields(text)
		isConfig := inBlock || slices.ContainsFunc(blocks, func(word string) bool { return strings.HasPrefix(text, word) })
		switch {
		case len(s.steps) == 0 && isConfig:
			if !inBlock {
				inBlock = strings.HasSuffix(text, "{")
			} else if text == "}" {
				inBlock = false
			}
			s.settings.config += text + "\n"
			s.head = append(s.head, text)
			continue
		case len(s.steps) == 0 && len(fields) > 2 && slices.Contains([]string{"speaks", "over"}, fields[1]):
			s.settings.set(fields)
			s.head = append(s.head, text)
			continue
		}
		l := readLine(text)
		switch {
		case l.kind == doing:
			s.steps = append(s.steps, step{number: number, text: l.text, lines: []line{l}})
		case len(s.steps) > 0:
			last := &s.steps[len(s.steps)-1]
			last.lines = append(last.lines, l)
		case l.kind == remark:
			s.head = append(s.head, text)
		default:
			t.Fatalf("%s:%d: nothing has been done before", file, number)
		}
	}
	return s
}

func (o *settings) set(fields []string) {
	switch words := strings.Join(fields[:2], " "); words {
	case "router speaks":
		o.serializers = fields[2:]
	case "router over":
		o.router = fields[2]
	case "clients over":
		o.here = fields[2]
	}
}

func readLine(text string) line {
	text, comment := cutComment(text)
	switch actor, rest, gets := strings.Cut(text, " ◀ "); {
	case text == "":
		return line{kind: remark, comment: comment}
	case text == "nothing":
		return line{kind: nothing, text: text, comment: comment}
	case gets:
		return line{getting, strings.TrimSpace(actor), strings.Join(elementsOf(rest), " "), comment}
	}
	words := strings.Fields(text)
	what := strings.Join(words[1:], " ")
	if words[0] == "wampool" || strings.HasPrefix(text, "pool") && strings.HasPrefix(what, connectsBy) {
		return line{getting, words[0], what, comment}
	}
	return line{kind: doing, text: text, comment: comment}
}

// cutComment splits off the comment of a line.
func cutComment(text string) (before, comment string) {
	quoted := false
	for i, r := range text {
		switch {
		case r == '"' && !(quoted && strings.HasSuffix(text[:i], `\`)):
			quoted = !quoted
		case r == '#' && !quoted && (i == 0 || text[i-1] == ' '):
			return strings.TrimSpace(text[:i]), text[i:]
		}
	}
	return strings.TrimSpace(text), ""
}

// expected is what each gets by the script.
func (s *step) expected() []got {
	var all []got
	for _, l := range s.lines {
		if l.kind == getting {
			all = append(all, got{l.actor, l.text})
		}
	}
	return all
}

// compare tells how what came differs from what is expected, "" if it does not.
// In which order the lines of different actors stand means nothing.
func (s *step) compare(came []got) string {
	want := s.expected()
	for i := range came {
		came[i].elide(want)
		came[i].size(want)
	}
	if slices.Equal(byActor(want), byActor(came)) {
		return ""
	}
	return fmt.Sprintf("--- want\n%s\n--- got\n%s", listed(want), listed(came))
}

func byActor(all []got) []got {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b got) int { return strings.Compare(a.actor, b.actor) })
	return all
}

func listed(all []got) string {
	if len(all) == 0 {
		return "nothing"
	}
	var b strings.Builder
	for _, g := range all {
		fmt.Fprintln(&b, g)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// rewrite puts what came in place of what was expected. Comments stay where
// they are, as long as the line does.
func (s *step) rewrite(came []got) {
	lines := s.lines[:0:0]
	last := 0 // behind the last line that is no remark
	for _, l := range s.lines {
		switch l.kind {
		case nothing:
			if len(came) > 0 {
				continue
			}
		case getting:
			i := slices.IndexFunc(came, func(g got) bool { return g.actor == l.actor })
			if i < 0 {
				continue
			}
			l.text = came[i].text
			came = slices.Delete(slices.Clone(came), i, i+1)
		}
		lines = append(lines, l)
		if l.kind != remark {
			last = len(lines)
		}
	}
	for _, g := range came {
		lines = slices.Insert(lines, last, line{kind: getting, actor: g.actor, text: g.text})
		last++
	}
	s.lines = lines
}

// String is the file, with its columns aligned in each paragraph.
func (s *script) String() string {
	var b strings.Builder
	for _, l := range s.head {
		fmt.Fprintln(&b, l)
	}
	var all []line
	for _, step := range s.steps {
		all = append(all, step.lines...)
	}
	for len(all) > 0 {
		end := slices.IndexFunc(all, func(l line) bool { return l.kind == remark && l.comment == "" })
		if end == 0 {
			fmt.Fprintln(&b)
			all = all[1:]
			continue
		}
		if end < 0 {
			end = len(all)
		}
		writeParagraph(&b, all[:end])
		all = all[end:]
	}
	return b.String()
}

// widestComment is the column beyond which comments are not aligned.
const widestComment = 72

func writeParagraph(b *strings.Builder, lines []line) {
	names, column := 0, 0
	for _, l := range lines {
		if actor, _, says := l.parts(); says {
			names = max(names, utf8.RuneCountInString(actor))
		}
	}
	texts := make([]string, len(lines))
	for i, l := range lines {
		actor, rest, says := l.parts()
		texts[i] = rest
		if says {
			texts[i] = fmt.Sprintf("%-*s %s", names, actor, rest)
		}
		if n := utf8.RuneCountInString(texts[i]) + 2; l.comment != "" && l.kind != remark && n <= widestComment {
			column = max(column, n)
		}
	}
	for i, l := range lines {
		switch {
		case l.kind == remark, l.comment == "":
			fmt.Fprintln(b, texts[i]+l.comment)
		default:
			fmt.Fprintf(b, "%-*s%s\n", max(column, utf8.RuneCountInString(texts[i])+2), texts[i], l.comment)
		}
	}
}

// parts splits a line in who and what, if somebody says or gets something.
func (l line) parts() (actor, rest string, says bool) {
	if l.kind == getting {
		g := got{l.actor, l.text}.String()
		return l.actor, strings.TrimPrefix(g, l.actor+" "), true
	}
	if actor, rest, says = strings.Cut(l.text, " ▶ "); says {
		return strings.TrimSpace(actor), "▶ " + rest, true
	}
	return "", l.text, false
}
