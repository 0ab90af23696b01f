package proof

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// World is a small world as a file tells of it, in a paragraph:
//
//	world NAME [deep] …     deep: in make explore alone
//	WORD …                  what is in it: the rest is the machine's to read
//	= RESULT                what came of it when it was explored last
//
// # begins a comment.
type World struct {
	Name  string
	Flags []string
	Lines []Line

	result string
	line   int // of its result in the file
}

// Line is one of a world's.
type Line struct {
	Word   string
	Fields []string
}

// Has tells whether a field is there.
func (l Line) Has(field string) bool { return slices.Contains(l.Fields, field) }

// Value returns what follows NAME= among the fields, "" if it is not there.
func (l Line) Value(name string) string {
	for _, field := range l.Fields {
		if value, found := strings.CutPrefix(field, name+"="); found {
			return value
		}
	}
	return ""
}

// Number returns the number that follows NAME=, 0 if it is not there.
func (l Line) Number(name string) (n int) {
	_, _ = fmt.Sscan(l.Value(name), &n)
	return n
}

// ReadWorlds returns the worlds of a file.
func ReadWorlds(t testing.TB, file string) (worlds []*World) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(content), "\n") {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "#":
		case fields[0] == "world":
			worlds = append(worlds, &World{Name: fields[1], Flags: fields[2:]})
		case fields[0] == "=":
			worlds[len(worlds)-1].result, worlds[len(worlds)-1].line = strings.Join(fields[1:], " "), i
		default:
			w := worlds[len(worlds)-1]
			w.Lines = append(w.Lines, Line{fields[0], fields[1:]})
		}
	}
	return worlds
}

// states returns how many states the file tells of.
func (w *World) states() (n int) {
	_, _ = fmt.Sscan(w.result, &n)
	return n
}

// Explore is how worlds are explored.
type Explore struct {
	Deep   bool // the deep ones too
	First  bool // the smallest first, until something is found
	Update bool // what comes of them is written into the file
}

// Worlds explores those of a file. What comes of each must be what the file tells.
func (how Explore) Worlds(t *testing.T, file string, run func(*testing.T, *World) (result string, found *Way)) {
	t.Helper()
	worlds := ReadWorlds(t, file)
	slices.SortStableFunc(worlds, func(a, b *World) int { return cmp.Compare(a.states(), b.states()) })
	var mu sync.Mutex
	for _, w := range worlds {
		if slices.Contains(w.Flags, "deep") && !how.Deep || how.First && t.Failed() {
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			if !how.First {
				t.Parallel()
			}
			begun := time.Now()
			result, found := run(t, w)
			if found != nil {
				t.Fatalf("checker %s: %s\nworld %s, after these events:\n%s", found.Checker, found.Text, w.Name, found.Story)
			}
			told := fmt.Sprintf("%s, %.1f s", result, time.Since(begun).Seconds())
			t.Log(told)
			if mu.Lock(); how.Update {
				w.tell(t, file, told)
			}
			mu.Unlock()
			if !how.Update && !how.First && !strings.HasPrefix(w.result, result+",") {
				t.Errorf("%s says: %s (-update rewrites)", file, w.result)
			}
		})
	}
}

// tell writes a result into the file.
func (w *World) tell(t *testing.T, file, result string) {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	lines := strings.Split(string(content), "\n")
	lines[w.line] = "= " + result
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Error(err)
	}
}
