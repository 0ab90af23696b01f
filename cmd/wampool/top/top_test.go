package top

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wampool/wampool/proxy/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the frames of testdata anew")

// snapshot is a sidecar with some pools.
func snapshot(pools int) *admin.Snapshot {
	s := &admin.Snapshot{
		Unready: []string{}, Sessions: 12_345, Warnings: 1,
		PoolSessions: []admin.PoolSession{{Realm: "realm1", IsUp: true}, {Realm: "realm2", Why: "the router is not there"}},
	}
	for i := range pools {
		p50, p99 := 0.0005*float64(i+1), 0.2*float64(i+1)
		p := admin.PoolSummary{
			Pool: admin.Pool{
				Realm: "realm1", Match: "exact", Procedure: fmt.Sprintf("com.example.service%02d.compute", i), Name: fmt.Sprintf("com.example.service%02d.compute", i),
				IsLive: i != 3, IsPaused: i == 2, Queue: admin.Queue{Waiting: i * 100, Limit: 1000, OldestSeconds: float64(i) * 1.5}, Slots: 8, Taken: min(i, 8),
			},
			Callees: make([][2]int, i%4),
			Rates:   admin.Rates{Received: float64(i) * 1234.5, Refused: float64(i / 9)},
			Seconds: admin.Seconds{Call: admin.Percentiles{P50: &p50, P99: &p99}},
		}
		if i == 5 {
			p.Draining, p.Seconds = 1, admin.Seconds{}
		}
		s.Pools = append(s.Pools, p)
	}
	return s
}

// frames are what the terminal shows, one after the other, as keys are pressed.
func frames(width, height int, pools int, keys ...string) string {
	m := &model{address: "127.0.0.1:9090", client: admin.NewClient("127.0.0.1:1"), ctx: context.Background()}
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	var all strings.Builder
	show := func(what string) {
		fmt.Fprintf(&all, "── %s\n%s\n", what, m.View().Content)
	}
	show("at first")
	m.Update(lostMsg{errors.New("the sidecar can't be asked: connection refused")})
	show("not there")
	m.Update(snapshotMsg{snapshot(pools)})
	show("there")
	for _, key := range keys {
		m.Update(keyOf(key))
		if m.open != "" && m.callees == nil {
			m.Update(poolMsg{m.open, &admin.Pool{Callees: callees()}, nil})
		}
		show(key)
	}
	return strings.ReplaceAll(all.String(), "01:00:00", "00:00:00")
}

func callees() []admin.Callee {
	return []admin.Callee{
		{Session: 4027931458823719, AuthID: "worker-1", Address: "10.0.3.7:51022", Agent: "AutobahnPython-26.10.1", Taken: 4, Slots: 4, Dispatched: 51234},
		{Session: 1, AuthID: "\x1b]0;title\x07\x1b[2Jevil\n", Address: "10.0.3.8:51022", Taken: 1, IsDraining: true},
	}
}

func keyOf(name string) tea.KeyPressMsg {
	if code, is := map[string]rune{"up": tea.KeyUp, "down": tea.KeyDown, "enter": tea.KeyEnter, "esc": tea.KeyEscape, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "backspace": tea.KeyBackspace}[name]; is {
		return tea.KeyPressMsg{Code: code}
	}
	return tea.KeyPressMsg{Code: rune(name[0]), Text: name}
}

func TestFrames(t *testing.T) {
	t.Setenv("TZ", "UTC")
	for name, got := range map[string]string{
		"80x24":  frames(80, 24, 30, "down", "end", "pgup", "s", "s", "enter", "esc"),
		"44x12":  frames(44, 12, 12, "end", "enter"),
		"140x14": frames(140, 14, 6, "/", "0", "2", "enter", "esc"),
		"none":   frames(80, 10, 0, "down", "enter"),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Error(diff)
			}
			checkSizes(t, got, name)
		})
	}
}

// checkSizes holds every frame to the terminal's size, and to what may be printed.
func checkSizes(t *testing.T, frames, size string) {
	t.Helper()
	var width, height int
	if n, _ := fmt.Sscanf(size, "%dx%d", &width, &height); n < 2 {
		return
	}
	for frame := range strings.SplitSeq(strings.TrimPrefix(frames, "── "), "\n── ") {
		lines := strings.Split(strings.TrimSuffix(frame, "\n"), "\n")[1:]
		if len(lines) > height {
			t.Errorf("%d lines on a terminal of %d", len(lines), height)
		}
		for _, line := range lines {
			if lipgloss.Width(line) > width {
				t.Errorf("%d columns on a terminal of %d: %q", lipgloss.Width(line), width, line)
			}
			if strings.ContainsAny(line, "\x1b\x07") {
				t.Errorf("what a client says is printed as it is: %q", line)
			}
		}
	}
}

// sidecar answers as an admin listener does, with some snapshots and no more.
func sidecar(t *testing.T, snapshots int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, err := json.Marshal(snapshot(3))
		if err != nil {
			t.Error(err)
		}
		for range snapshots {
			fmt.Fprintf(w, "event: snapshot\ndata: %s\n\n", text)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestIntoAPipe(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), Options{Address: sidecar(t, 5), Out: &out, Times: 2}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\nPOOL "); n != 2 || strings.Contains(out.String(), "\x1b") || strings.Count(out.String(), "com.example.service01.compute") != 2 {
		t.Errorf("%d tables are printed:\n%s", n, out.String())
	}
}

// For programs it is what the sidecar tells, a line each.
func TestAsJSON(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), Options{Address: sidecar(t, 5), Out: &out, IsLive: true, JSON: true, Times: 2}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("it has printed %q", lines)
	}
	for _, line := range lines {
		var s admin.Snapshot
		if err := json.Unmarshal([]byte(line), &s); err != nil || len(s.Pools) == 0 {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// What has begun goes on when the sidecar is lost, and what has not fails.
func TestSidecarIsLost(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), Options{Address: sidecar(t, 1), Out: &out, Times: 2}); err != nil || strings.Count(out.String(), "\nPOOL ") != 2 {
		t.Errorf("%v after\n%s", err, out.String())
	}
	if err := Run(t.Context(), Options{Address: "127.0.0.1:1", Out: io.Discard}); err == nil || !strings.Contains(err.Error(), "can't be asked") {
		t.Errorf("of a sidecar that is not there: %v", err)
	}
}

func TestOnATerminal(t *testing.T) {
	in, keys := io.Pipe()
	var out bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- Run(t.Context(), Options{Address: sidecar(t, 1), In: in, Out: &out, IsLive: true}) }()
	if _, err := io.WriteString(keys, "q"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	_ = keys.Close()
}
