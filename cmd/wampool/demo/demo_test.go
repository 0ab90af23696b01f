package demo

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/configs"
)

func TestRunAddsUp(t *testing.T) {
	var out bytes.Buffer
	summary, err := Run(t.Context(), Options{For: 4 * time.Second, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	if err := summary.Err(); err != nil {
		t.Fatal(err)
	}
	if summary.Sent != summary.Answered+summary.Refused {
		t.Errorf("%d sent, %d answered, %d refused", summary.Sent, summary.Answered, summary.Refused)
	}
	if summary.Answered == 0 || summary.Refused == 0 {
		t.Errorf("%d answered, %d refused: the demo shows no overload", summary.Answered, summary.Refused)
	}
	for _, c := range summary.Callees {
		if c.MostInFlight != c.Limit {
			t.Errorf("callee %s had at most %d calls at once under overload, its limit is %d", c.Name, c.MostInFlight, c.Limit)
		}
	}
	for _, want := range []string{"overload", "recovery", "waiting", "calls sent =", "It holds"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("control sequences without a terminal")
	}
}

// screen takes frames, and says so of the first few.
type screen struct {
	mu     sync.Mutex
	out    bytes.Buffer
	frames chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.frames <- struct{}{}:
	default:
	}
	return s.out.Write(p)
}

func TestInterruptedRunStillAddsUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &screen{frames: make(chan struct{})}
	go func() {
		for range 4 {
			<-s.frames
		}
		cancel()
	}()
	summary, err := Run(ctx, Options{
		For: time.Hour, Out: s, Color: true,
		Size: func() (int, int, error) { return 80, 24, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := summary.Err(); err != nil {
		t.Error(err)
	}
	if out := s.out.String(); !strings.Contains(out, hideCursor) || !strings.Contains(out[strings.LastIndex(out, hideCursor):], showCursor) {
		t.Error("the cursor is not shown again")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestRunEndsWithItsOutput(t *testing.T) {
	if _, err := Run(t.Context(), Options{For: time.Hour, Out: brokenPipe{}}); err == nil || !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("got %v", err)
	}
}

func TestConfigIsValid(t *testing.T) {
	config, err := configs.Parse([]byte(Config), "demo.hcl")
	if err != nil {
		t.Fatal(err)
	}
	pool := config.Realms[0].Pools[0]
	if config.Realms[0].Name != realm || pool.URI != procedure || pool.Queue == nil {
		t.Errorf("the demo plays in realm %s with %s, its configuration has %+v", realm, procedure, config.Realms[0])
	}
}

func TestSummaryFindsWhatDoesNotHold(t *testing.T) {
	good := func() Summary {
		return Summary{
			Sent: 10, Answered: 7, Refused: 3,
			Callees: []CalleeSummary{{Name: "A", Limit: 2, MostInFlight: 2, Served: 7}},
		}
	}
	sound := good()
	sound.check()
	if err := sound.Err(); err != nil {
		t.Errorf("a sound summary: %v", err)
	}
	for name, c := range map[string]struct {
		spoil func(*Summary)
		want  string
	}{
		"lost call":      {func(s *Summary) { s.Sent++ }, "11 calls sent are not 7 answered and 3 refused"},
		"limit exceeded": {func(s *Summary) { s.Callees[0].MostInFlight = 3 }, "callee A had 3 calls at once, and its limit is 2"},
		"served twice":   {func(s *Summary) { s.Callees[0].Served++ }, "callees served 8 calls, callers got 7 answers"},
		"other error":    {func(s *Summary) { s.Unexpected = map[string]int{"wamp.error.timeout": 2} }, "2 calls ended otherwise: wamp.error.timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			c.spoil(&s)
			s.check()
			if err := s.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if strings.Contains(s.String(), "It holds") {
				t.Error("it says that it holds")
			}
		})
	}
}
