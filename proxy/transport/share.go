package transport

import "math"

// Share is what one of many senders has unsent on connections that they share, on
// each of few, so that each sender can be stopped alone. The zero Share has sent
// nothing. Its methods must not run at the same time as one another, or as other
// sending that they are to count.
//
// On one connection it is known in two heaps, not message by message: what the
// older one holds counts until the last byte of it is written, and the newer one
// then takes its place. It is counted only while more than 1/256 of the send buffer
// is unsent, for below that no share can be too large. What fills a [Slot] in front
// of it later on, and what TLS adds, makes it seem written by as much too early.
//
//	send buffer of limit bytes, unsent │ a sender goes on while its share is
//	up to 1/256, at least 64 KiB       │ anything
//	up to 1/2                          │ at most 1/256
//	up to 3/4                          │ nothing, so that it has one message there
//	beyond                             │ nobody does
//
// The last quarter is for those who can't wait.
type Share struct{ on []stake }

// stake is a Share on one connection.
type stake struct {
	of           *Conn
	older, newer heap
}

// heap is some messages of one sender.
type heap struct {
	bytes int
	end   uint64 // how many bytes of the connection are written once these are
}

// Admits tells whether the sender may send a message of this size, framing
// excluded, or else what to wait for before it asks again.
func (s *Share) Admits(to *Conn, size int) (wait Room, ok bool) {
	g := to.gather
	if !g.high.Load() {
		return Room{}, true
	}
	unsent, written := g.progress()
	own := s.stake(to)
	own.advance(written)
	share := g.crest
	if unsent > g.limit/2 {
		share = 0
	}
	switch {
	case size > g.limit/4*3-unsent && unsent > 0:
		return Room{of: to, most: max(min(g.limit/2, g.limit/4*3-size), 0)}, false
	case own.older.bytes+own.newer.bytes > share:
		return Room{of: to, until: own.older.end, most: math.MaxInt}, false
	}
	return Room{}, true
}

// Sent counts a message of this size that was just sent.
func (s *Share) Sent(to *Conn, size int) {
	g := to.gather
	if !g.high.Load() {
		return
	}
	unsent, written := g.progress()
	own := s.stake(to)
	own.newer.bytes += size
	own.newer.end = written + uint64(unsent) //nolint:gosec // not negative
	own.advance(written)
}

// stake returns the Share on one connection, in the place of one that has ended.
func (s *Share) stake(to *Conn) *stake {
	free := -1
	for i := range s.on {
		switch {
		case s.on[i].of == to:
			return &s.on[i]
		case s.on[i].of.state.Load() == ended:
			free = i
		}
	}
	if free < 0 {
		s.on = append(s.on, stake{})
		free = len(s.on) - 1
	}
	s.on[free] = stake{of: to}
	return &s.on[free]
}

// advance forgets what is written.
func (s *stake) advance(written uint64) {
	for range 2 {
		if s.older.end <= written {
			s.older, s.newer = s.newer, heap{}
		}
	}
}
