package main

import (
	"bytes"
	"io"
	"sync/atomic"
	"time"
)

// backlog holds lines of the log until they are written, by a goroutine of its own.
type backlog struct {
	to    io.Writer
	lines chan []byte
	lost  atomic.Int64
	stop  chan struct{} // closed by end
	ended chan struct{} // closed when all is written
}

func newBacklog(to io.Writer) *backlog {
	return &backlog{to: to, lines: make(chan []byte, waitingLines), stop: make(chan struct{}), ended: make(chan struct{})}
}

// Write takes a line, or loses it where too many wait. It never waits itself.
func (b *backlog) Write(line []byte) (int, error) {
	select {
	case b.lines <- bytes.Clone(line):
	default:
		b.lost.Add(1)
	}
	return len(line), nil
}

// write writes what comes, until the end. tell says how many lines were lost.
func (b *backlog) write(tell func(lost int64)) {
	defer close(b.ended)
	for {
		select {
		case line := <-b.lines:
			b.writeOne(line, tell)
		case <-b.stop:
			for n := len(b.lines); n > 0; n-- {
				b.writeOne(<-b.lines, tell)
			}
			return
		}
	}
}

func (b *backlog) writeOne(line []byte, tell func(lost int64)) {
	_, _ = b.to.Write(line)
	if lost := b.lost.Swap(0); lost > 0 {
		tell(lost)
	}
}

// end writes what waits, as far as it is taken within lastWords. It is called once.
func (b *backlog) end() {
	close(b.stop)
	select {
	case <-b.ended:
	case <-time.After(lastWords):
	}
}
