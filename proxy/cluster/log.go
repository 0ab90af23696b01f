package cluster

import (
	"bytes"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// listLog passes memberlist's log on: what it warns of is of interest to those who look
// for a fault in their network, and not more often than each of a few seconds.
type listLog struct {
	log   zerolog.Logger
	pause pause
}

// Write takes a line: "[LEVEL] memberlist: text".
func (l *listLog) Write(p []byte) (int, error) {
	level, text, found := bytes.Cut(bytes.TrimSpace(p), []byte("] "))
	if !found {
		level, text = nil, level
	}
	line := strings.TrimPrefix(string(text), "memberlist: ")
	switch string(level) {
	case "[WARN", "[ERR", "[ERROR":
		if more, say := l.pause.now(); say {
			l.log.Info().Str("level_there", strings.TrimPrefix(string(level), "[")).Int("more_since_last_line", more).Msg("cluster: gossip: " + line)
		}
	default:
		l.log.Debug().Msg("cluster: gossip: " + line)
	}
	return len(p), nil
}

// pause bounds how often a line is logged that others can cause.
type pause struct {
	mu   sync.Mutex
	last time.Time
	more int
}

// logPause is between two lines.
const logPause = 5 * time.Second

// now tells whether a line is due, and how many were left out since the last one.
func (p *pause) now() (more int, say bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.last.IsZero() || now.Sub(p.last) >= logPause {
		more, p.more, p.last = p.more, 0, now
		return more, true
	}
	p.more++
	return 0, false
}

// firstLine is enough of an error that joins many.
func firstLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return text[:min(len(text), 300)]
}
