package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/wampool/wampool/configs"
)

// logTime is RFC 3339 with milliseconds.
const logTime = "2006-01-02T15:04:05.000Z07:00"

func init() {
	zerolog.TimeFieldFormat = logTime
	zerolog.DurationFieldFormat = zerolog.DurationFormatString
}

// newLogger returns a logger that writes for people or for programs, as the
// configuration says; by default for people where w is a terminal.
func newLogger(w io.Writer, config configs.Log) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(config.Level)
	if err != nil {
		return zerolog.Logger{}, fmt.Errorf("log level: %w", err)
	}
	out := io.Writer(lossy{w})
	if config.Format == "console" || config.Format == "auto" && isTerminal(w) {
		out = zerolog.ConsoleWriter{Out: out, NoColor: !isTerminal(w) || isDumb() || os.Getenv("NO_COLOR") != "", TimeFormat: logTime, TimeLocation: time.Local}
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger(), nil
}

// lossy writes what can be written. Lines of the log may be lost, such as those
// that nobody reads any more; sessions may not, and there is no place left where
// to complain.
type lossy struct{ to io.Writer }

func (l lossy) Write(p []byte) (int, error) {
	_, _ = l.to.Write(p)
	return len(p), nil
}

// isDumb tells whether the terminal knows no control sequences.
func isDumb() bool { return os.Getenv("TERM") == "dumb" }

// isTerminal tells whether w is a terminal that a person looks at.
func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
