package admin

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// What is kept of the log: lines that need a look.
const (
	keptWarnings = 100
	warningBytes = 4 << 10 // of a line; a longer one, such as a stack, is kept without its fields
)

// WarningLog passes the lines of a log on, and keeps the latest of level warn and
// above for people who look at the admin listener. It stands before what gives the
// lines their looks, for it reads JSON.
type WarningLog struct {
	to io.Writer

	mu    sync.Mutex
	lines ring[warning]
	all   int
}

type warning struct {
	number int
	level  zerolog.Level
	line   []byte
}

// NewWarningLog returns one that passes lines on to a writer.
func NewWarningLog(to io.Writer) *WarningLog { return &WarningLog{to: to} }

// Write passes a line on whose level is not known.
func (l *WarningLog) Write(line []byte) (int, error) { return l.to.Write(line) }

// WriteLevel passes a line on, and keeps it where its level asks for a look.
func (l *WarningLog) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	if level >= zerolog.WarnLevel && level <= zerolog.PanicLevel {
		l.keep(level, line)
	}
	return l.to.Write(line)
}

func (l *WarningLog) keep(level zerolog.Level, line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all++
	kept := warning{number: l.all, level: level, line: bytes.Clone(line)}
	if len(line) > warningBytes {
		kept.line = shortened(line)
	}
	l.lines.add(kept, keptWarnings)
}

// shortened is a line with nothing but what it says and when.
func shortened(line []byte) []byte {
	var said struct {
		Time    string `json:"time"`
		Message string `json:"message"`
	}
	if json.Unmarshal(line, &said) != nil {
		return nil
	}
	short, err := json.Marshal(said)
	if err != nil {
		return nil
	}
	return short
}

// Latest returns what is kept, the oldest first, and how many lines there were.
func (l *WarningLog) Latest() ([]Warning, int) {
	l.mu.Lock()
	lines, all := l.lines.all(), l.all
	l.mu.Unlock()
	shown := make([]Warning, len(lines))
	for i := range lines {
		shown[i] = lines[i].shown()
	}
	return shown, all
}

// Count returns how many lines there were.
func (l *WarningLog) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all
}

func (w *warning) shown() Warning {
	shown := Warning{Number: w.number, Level: w.level.String(), Fields: map[string]any{}}
	if json.Unmarshal(w.line, &shown.Fields) != nil {
		shown.Message = string(w.line)
		return shown
	}
	if at, err := time.Parse(zerolog.TimeFieldFormat, take(shown.Fields, zerolog.TimestampFieldName)); err == nil {
		shown.Time = float64(at.UnixMilli()) / 1000
	}
	shown.Message = take(shown.Fields, zerolog.MessageFieldName)
	take(shown.Fields, zerolog.LevelFieldName)
	return shown
}

// take takes a text out of a line's fields.
func take(fields map[string]any, name string) string {
	value, _ := fields[name].(string)
	delete(fields, name)
	return value
}
