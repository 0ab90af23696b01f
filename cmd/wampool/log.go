package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/admin"
)

// logTime is RFC 3339 with milliseconds.
const logTime = "2006-01-02T15:04:05.000Z07:00"

func init() {
	zerolog.TimeFieldFormat = logTime
	zerolog.DurationFieldFormat = zerolog.DurationFormatString
}

// What waits to be written of the log, in lines, and for how long the program
// waits for it at its end.
const (
	waitingLines = 4096
	lastWords    = time.Second
)

// logging is the program's log.
type logging struct {
	zerolog.Logger
	warnings *admin.WarningLog // its latest lines that need a look
	level    *logLevel
	end      func() // by which what waits is written
}

// logLevel is the least level that is logged. It may change at any time.
type logLevel struct{ least atomic.Int32 }

// set takes the level of a configuration, which is valid.
func (l *logLevel) set(name string) error {
	level, err := zerolog.ParseLevel(name)
	if err != nil {
		return fmt.Errorf("log level: %w", err)
	}
	l.least.Store(int32(level))
	return nil
}

// Sample tells whether lines of a level are logged ([zerolog.Sampler]).
func (l *logLevel) Sample(level zerolog.Level) bool { return int32(level) >= l.least.Load() }

// newLogger returns a logger that writes for people or for programs, as the
// configuration says; by default for people where w is a terminal. It never waits
// for w: who logs may hold a lock. Lines that w is too slow for are lost, and
// counted in a line of their own. The log is to be ended.
func newLogger(w io.Writer, config configs.Log) (*logging, error) {
	level := new(logLevel)
	if err := level.set(config.Level); err != nil {
		return nil, err
	}
	waiting := newBacklog(lossy{w})
	direct := logTo(looks(lossy{w}, w, config), level)
	go waiting.write(func(lost int64) {
		direct.Warn().Int64("lines", lost).Msg("lines of the log are lost: whoever takes them is too slow")
	})
	warnings := admin.NewWarningLog(looks(waiting, w, config))
	return &logging{logTo(warnings, level), warnings, level, waiting.end}, nil
}

// looks writes lines to out as is right for w.
func looks(out, w io.Writer, config configs.Log) io.Writer {
	if config.Format == "console" || config.Format == "auto" && isTerminal(w) {
		out = zerolog.ConsoleWriter{Out: out, NoColor: !isTerminal(w) || isDumb() || os.Getenv("NO_COLOR") != "", TimeFormat: logTime, TimeLocation: time.Local}
	}
	return out
}

func logTo(out io.Writer, level *logLevel) zerolog.Logger {
	return zerolog.New(out).Sample(level).With().Timestamp().Logger()
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
