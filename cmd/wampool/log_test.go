package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/wampool/wampool/configs"
)

// slowWriter takes nothing until it is released.
type slowWriter struct {
	released chan struct{}

	mu      sync.Mutex
	written bytes.Buffer
}

func (w *slowWriter) Write(p []byte) (int, error) {
	<-w.released
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written.Write(p)
}

// TestLogWaitsForNobody shows that who logs goes on however slow the log's reader
// is, that what is lost is told, and that the rest is there once the log has ended.
func TestLogWaitsForNobody(t *testing.T) {
	w := &slowWriter{released: make(chan struct{})}
	log, err := newLogger(w, configs.Log{Level: "info", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 * waitingLines {
		log.Info().Int("n", n).Msg("line") // would wait for ever
	}
	close(w.released)
	log.end()
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(w.written.String()), "\n")
	if len(lines) < waitingLines || !strings.Contains(lines[0], `"n":0,`) {
		t.Errorf("of what waited, %d lines are there, the first one is %s", len(lines), lines[0])
	}
	if !strings.Contains(w.written.String(), `"lines of the log are lost: whoever takes them is too slow"`) {
		t.Error("nobody is told of lines that are lost")
	}
	if len(lines) >= 3*waitingLines {
		t.Errorf("there are %d lines: nothing was lost", len(lines))
	}
}

// TestEachLineIsWrittenAtOnce shows that no line waits for the next one.
func TestEachLineIsWrittenAtOnce(t *testing.T) {
	from, to := io.Pipe()
	log, err := newLogger(to, configs.Log{Level: "info", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(from)
	for n := range 2000 {
		log.Info().Int("n", n).Msg("line")
		if !lines.Scan() || !strings.Contains(lines.Text(), fmt.Sprintf(`"n":%d,`, n)) {
			t.Fatalf("line %d is %s", n, lines.Text())
		}
	}
	log.end()
}

// TestEndOfALogThatNobodyTakes shows that the program ends all the same.
func TestEndOfALogThatNobodyTakes(t *testing.T) {
	w := &slowWriter{released: make(chan struct{})}
	log, err := newLogger(w, configs.Log{Level: "info", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	log.Info().Msg("to nobody")
	log.end()
	close(w.released)
}
