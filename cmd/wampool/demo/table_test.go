package demo

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/codec"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// moments is a demo of 12 seconds, seen every 250 ms, with the overload of its middle.
func moments() []snapshot {
	var all []snapshot
	var sent, answered, refused int
	for elapsed := time.Duration(0); elapsed <= 8*time.Second; elapsed += frameEvery {
		s := snapshot{
			elapsed: elapsed, length: 12 * time.Second, phase: "under capacity", policy: "least", queueLimit: 100,
			p50: 61 * time.Millisecond, p99: 640 * time.Millisecond,
		}
		sent += 25
		answered += 25
		if elapsed > 3*time.Second {
			s.phase = "overload"
			sent += 65
			answered += 25
			s.waiting = min(sent-answered-refused-14, 100)
			refused = sent - answered - 14 - s.waiting
		}
		s.sent, s.answered, s.refused = sent, answered, refused
		for i, limit := range []int{2, 4, 8} {
			s.callees = append(s.callees, calleeSnapshot{
				name: string(rune('A' + i)), serializer: codec.Serializer(i + 1), limit: limit,
				inFlight: min(limit, 1+i+s.waiting), calls: uint64(answered * limit / 14),
			})
		}
		all = append(all, s)
	}
	return all
}

func TestTableGolden(t *testing.T) {
	history := moments()
	for _, width := range []int{80, 120} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			var b strings.Builder
			for _, at := range []int{8, len(history) - 1} {
				for _, r := range table(history[at], history[:at+1], width-1) {
					b.WriteString(r.render(width-1, false) + "\n")
				}
			}
			path := filepath.Join("testdata", fmt.Sprintf("table%d.txt", width))
			if *update {
				if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]")

func TestFramesFitTheTerminal(t *testing.T) {
	history := moments()
	for width := 1; width <= 130; width++ {
		for _, height := range []int{2, 24} {
			v := newView(Options{Color: true, Size: func() (int, int, error) { return width, height, nil }})
			for _, s := range history[len(history)-3:] {
				v.history = append(v.history, s)
				lines := strings.Split(escapes.ReplaceAllString(v.frame(s), ""), "\n")
				if len(lines) > height {
					t.Fatalf("%d lines on a terminal of %d", len(lines), height)
				}
				for _, line := range lines {
					if n := utf8.RuneCountInString(strings.TrimPrefix(line, "\r")); n >= width && n > 0 {
						t.Fatalf("%d columns on a terminal of %d: %q", n, width, line)
					}
				}
			}
		}
	}
}

func TestFrameIsDrawnOverTheOneBefore(t *testing.T) {
	v := newView(Options{Size: func() (int, int, error) { return 0, 0, errors.New("unknown") }})
	s := moments()[5]
	first := v.frame(s)
	if strings.Contains(first, "\x1b[0A") || regexp.MustCompile(`\x1b\[\d+A`).MatchString(first) {
		t.Error("the first frame moves up")
	}
	lines := strings.Count(first, "\n")
	if second := v.frame(s); !strings.HasPrefix(second, fmt.Sprintf("\x1b[%dA\r", lines)) {
		t.Errorf("the second frame begins with %q, %d lines are to be drawn over", second[:8], lines)
	}
}

func TestColorOnlyWhereWanted(t *testing.T) {
	r := row{{"plain ", normal}, {"busy", busy}}
	if got := r.render(80, false); got != "plain busy" {
		t.Errorf("without color: %q", got)
	}
	if got := r.render(8, true); got != "plain \x1b[32mbu\x1b[0m" {
		t.Errorf("with color, cut off: %q", got)
	}
}

func TestSlots(t *testing.T) {
	for _, c := range []struct {
		inFlight, limit, cells int
		taken, free            string
	}{
		{1, 2, 4, "███ ", "░░░ "},
		{2, 2, 1, "██", ""},
		{0, 3, 0, "", "░░░"},
		{5, 2, 2, "█ █ ", ""},
	} {
		if taken, free := slots(c.inFlight, c.limit, c.cells); taken != c.taken || free != c.free {
			t.Errorf("slots(%d, %d, %d) = %q, %q", c.inFlight, c.limit, c.cells, taken, free)
		}
	}
}

func TestChart(t *testing.T) {
	readings := []reading{{time.Second, 0}, {2 * time.Second, 50}, {3 * time.Second, 100}}
	for _, c := range []struct {
		columns int
		want    string
	}{
		{4, "▁▅█"},
		{2, "▃█"},
		{8, "▁▁▁▅▅█"},
	} {
		if got := chart(readings, 100, 4*time.Second, c.columns); got != c.want {
			t.Errorf("%d columns: %q, want %q", c.columns, got, c.want)
		}
	}
}

func TestPlainLine(t *testing.T) {
	history := moments()
	got := plainLine(history[len(history)-1])
	for _, want := range []string{"8s", "overload", "waiting 100/100", "A 2/2", "B 4/4", "C 8/8", "p50 61 ms", "p99 640 ms"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// A terminal that was resized is drawn from its beginning: where the lines of
// before have come to lie is not known.
func TestResizedTerminal(t *testing.T) {
	width := 120
	v := newView(Options{Size: func() (int, int, error) { return width, 40, nil }})
	s := snapshot{}
	v.frame(s)
	if again := v.frame(s); strings.Contains(again, clearAll) {
		t.Error("all is drawn anew without need")
	}
	width = 60
	if resized := v.frame(s); !strings.HasPrefix(resized, clearAll) {
		t.Errorf("begins with %q", resized[:10])
	}
	if again := v.frame(s); strings.Contains(again, clearAll) {
		t.Error("all is drawn anew without need")
	}
}
