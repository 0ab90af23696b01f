package cable

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Room is how many bytes of a connection may be on their way or unread, in each
// direction.
const Room = 256 << 10

// stream is one direction of a connection.
//
//	write ─▶ underway ── delay ─▶ arrived ─▶ read
type stream struct {
	mu      sync.Mutex
	changed sync.Cond

	arrived  []byte
	underway []parcel // in order of sending, and of arrival
	held     int      // bytes of both
	delay    time.Duration
	stalled  bool
	slice    func() int // nil: as many as there are
	cut      func()     // breaks the connection when left bytes more are written; nil: never
	left     int

	ended  bool  // by the writer
	end    error // what the reader gets behind everything, once ended
	closed error // what the writer gets from now on; nil: open
	gone   bool  // the reader has closed

	readBy, writeBy deadline
}

// parcel is what is sent at a time.
type parcel struct {
	bytes   []byte
	arrives time.Time
}

// deadline is until when somebody may wait.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) isOver() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func newStream() *stream {
	s := new(stream)
	s.changed.L = &s.mu
	return s
}

// change changes the stream, and wakes who waits.
func (s *stream) change(f func(*stream)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
	s.changed.Broadcast()
}

func (s *stream) setDeadline(d *deadline, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.at = at; !at.IsZero() {
		if wait := time.Until(at); wait > 0 {
			d.timer = time.AfterFunc(wait, func() { s.change(func(*stream) {}) })
		}
	}
	s.changed.Broadcast()
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.gone:
			return 0, net.ErrClosed
		case s.readBy.isOver():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(s.arrived) > 0 && !s.stalled:
			if s.slice != nil {
				p = p[:min(len(p), max(1, s.slice()))]
			}
			n := copy(p, s.arrived)
			s.arrived = s.arrived[n:]
			s.held -= n
			s.changed.Broadcast()
			return n, nil
		case s.ended && len(s.arrived)+len(s.underway) == 0 && !(s.stalled && errors.Is(s.end, io.EOF)):
			return 0, s.end
		}
		s.changed.Wait()
	}
}

// write takes all of p, as soon as there is room.
func (s *stream) write(p []byte) (written int, err error) {
	for {
		n, err := s.writeNow(p[written:])
		if written += n; written == len(p) || err != nil {
			return written, err
		}
		s.mu.Lock()
		for s.held >= Room && s.closed == nil && !s.writeBy.isOver() {
			s.changed.Wait()
		}
		s.mu.Unlock()
	}
}

// writeNow takes as much of p as there is room for.
func (s *stream) writeNow(p []byte) (n int, err error) {
	s.mu.Lock()
	switch {
	case s.closed != nil:
		err = s.closed
	case s.writeBy.isOver():
		err = os.ErrDeadlineExceeded
	default:
		n = min(len(p), Room-s.held)
	}
	var cut func()
	if s.cut != nil && err == nil {
		n = min(n, s.left)
		if s.left -= n; s.left == 0 {
			cut, s.cut = s.cut, nil
		}
	}
	if n > 0 {
		s.send(p[:n])
	}
	s.mu.Unlock()
	if cut != nil {
		cut()
	}
	return n, err
}

// send brings bytes on their way. mu is held.
func (s *stream) send(p []byte) {
	s.held += len(p)
	if s.delay <= 0 && len(s.underway) == 0 {
		s.arrived = append(s.arrived, p...)
		s.changed.Broadcast()
		return
	}
	arrives := time.Now().Add(s.delay)
	if n := len(s.underway); n > 0 && s.underway[n-1].arrives.After(arrives) {
		arrives = s.underway[n-1].arrives
	}
	s.underway = append(s.underway, parcel{append([]byte(nil), p...), arrives})
	time.AfterFunc(time.Until(arrives), s.arrive)
}

// arrive takes to its goal what is due.
func (s *stream) arrive() {
	s.change(func(s *stream) {
		for len(s.underway) > 0 && !time.Now().Before(s.underway[0].arrives) {
			s.arrived = append(s.arrived, s.underway[0].bytes...)
			s.underway = s.underway[1:]
		}
	})
}

// closeWriter ends what is written, by a reset or in good order.
func (s *stream) closeWriter(reset bool) {
	s.change(func(s *stream) {
		if s.closed == nil {
			s.closed = net.ErrClosed
		}
		if s.ended {
			return
		}
		s.ended, s.end = true, io.EOF
		if reset {
			s.end = resetError("read")
		}
	})
}

// closeReader ends what is read. It returns whether something was left.
func (s *stream) closeReader() (unread bool) {
	s.change(func(s *stream) {
		unread = len(s.arrived)+len(s.underway) > 0
		s.gone = true
		s.arrived, s.underway, s.held = nil, nil, 0
		if s.closed == nil {
			s.closed = &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
		}
	})
	return unread
}

// sever breaks the stream: nothing that is underway arrives.
func (s *stream) sever() {
	s.change(func(s *stream) {
		if s.closed == nil {
			s.closed = resetError("write")
		}
		if !s.ended || len(s.underway) > 0 {
			s.ended, s.end = true, resetError("read")
		}
		s.underway, s.stalled = nil, false
	})
}

func resetError(op string) error {
	return &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNRESET}
}
