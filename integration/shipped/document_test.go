package shipped

import (
	"regexp"
	"strings"
	"testing"
)

// step is a block of commands in a document, and what they print: the block behind it,
// if there is one before the next commands.
type step struct {
	line     int // of its first command
	commands string
	output   string
	at       int // the line before which its output stands, or belongs
	lines    int // of that output in the document, with the lines that enclose it
}

// document is one whose commands can be played.
type document struct {
	lines []string
	steps []step
}

// parseDocument finds what is enclosed by ```sh, and by ``` below it. What a section
// called "What it takes" installs is not played.
func parseDocument(text string) *document {
	d := &document{lines: strings.Split(text, "\n")}
	left, inside := false, ""
	begin := 0
	for i, line := range d.lines {
		switch {
		case inside == "" && strings.HasPrefix(line, "#"):
			left = strings.HasSuffix(line, "What it takes")
		case inside == "" && strings.HasPrefix(line, "```"):
			inside, begin = line, i+1
		case inside != "" && line == "```":
			block := strings.Join(d.lines[begin:i], "\n")
			switch last := len(d.steps) - 1; {
			case left:
			case inside == "```sh":
				d.steps = append(d.steps, step{line: begin + 1, commands: block, at: i + 1})
			case inside == "```" && last >= 0 && d.steps[last].lines == 0:
				d.steps[last].output, d.steps[last].at, d.steps[last].lines = block, begin-1, i-begin+2
			}
			inside = ""
		}
	}
	return d
}

// text is the document with its steps' outputs.
func (d *document) text() string {
	var b strings.Builder
	done := 0
	for _, s := range d.steps {
		for ; done < s.at; done++ {
			b.WriteString(d.lines[done] + "\n")
		}
		if done += s.lines; s.output != "" {
			b.WriteString("```\n" + s.output + "\n```\n")
		}
	}
	return b.String() + strings.Join(d.lines[done:], "\n")
}

var (
	// A number with a unit of time or a thousand, or what stands where there is none yet.
	changing = regexp.MustCompile(`\d+(\.\d+)?((ns|µs|ms|m|min|s|h|k|M)\b)?|(^| )-($| )`)
	spaces   = regexp.MustCompile(` +`)
)

// alike tells whether something is printed that differs from what stands in a document
// by numbers and the room that they take alone. A line "…" stands for any lines.
func alike(want, got string) bool {
	plain := func(text string) []string {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for i, line := range lines {
			for range 2 { // an end may be the next one's beginning
				line = changing.ReplaceAllString(spaces.ReplaceAllString(strings.TrimSpace(line), " "), "${4}N${5}")
			}
			for strings.Contains(line, "NN") {
				line = strings.ReplaceAll(line, "NN", "N")
			}
			lines[i] = line
		}
		return lines
	}
	return matches(plain(want), plain(got))
}

func matches(want, got []string) bool {
	for i, line := range want {
		if line != "…" {
			if len(got) == 0 || got[0] != line {
				return false
			}
			got = got[1:]
			continue
		}
		for n := range len(got) + 1 {
			if matches(want[i+1:], got[n:]) {
				return true
			}
		}
		return false
	}
	return len(got) == 0
}

func TestAlike(t *testing.T) {
	for _, c := range []struct {
		want, got string
		alike     bool
	}{
		{"a 1 b", "a   27 b", true},
		{"a 1 b", "a 1 c", false},
		{"took 1.5s, 3 of 4", "took 300ms, 12 of 1000", true},
		{"x  -  -  y", "x  1.2s  7  y", true},
		{"a-b", "a1b", false},
		{"a\n…\nz", "a\nb\nc\nz", true},
		{"a\n…\nz", "a\nz", true},
		{"a\n…\nz", "a\nb", false},
		{"a\n…", "a", true},
		{"a", "a\nb", false},
		{"", "", true},
	} {
		if alike(c.want, c.got) != c.alike {
			t.Errorf("%q and %q: want %t", c.want, c.got, c.alike)
		}
	}
}

func TestDocument(t *testing.T) {
	const text = "# T\n## 1. What it takes\n```sh\nmake\n```\n## Next\n```sh\nls\npwd\n```\nwords\n```\n/\n```\n```yaml\na: b\n```\n```sh\ntrue\n```\nend\n"
	d := parseDocument(text)
	if len(d.steps) != 2 || d.steps[0].commands != "ls\npwd" || d.steps[0].output != "/" || d.steps[0].line != 8 || d.steps[1].output != "" || d.text() != text {
		t.Fatalf("%+v\n%s", d.steps, d.text())
	}
	d.steps[0].output, d.steps[1].output = "/tmp\n/", "new"
	if want := strings.Replace(strings.Replace(text, "\n/\n", "\n/tmp\n/\n", 1), "true\n```\n", "true\n```\n```\nnew\n```\n", 1); d.text() != want {
		t.Errorf("rewritten:\n%s", d.text())
	}
}
