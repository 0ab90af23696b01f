package transport

// Share is what one of many senders has unsent on a connection that they share,
// so that each can be stopped alone. The zero Share has sent nothing. Its methods
// must not run at the same time as one another, or as other sending that they
// are to count.
//
// It is known in two heaps, not message by message: what the older one holds
// counts until the last byte of it is written, and the newer one then takes its
// place. It is counted only while more than 1/256 of the send buffer is unsent,
// for below that no share can be too large.
//
//	send buffer of limit bytes, unsent │ a sender goes on while its share is
//	up to 1/256, at least 64 KiB       │ anything
//	up to 1/2                          │ at most 1/256
//	up to 3/4                          │ nothing, so that it has one message there
//	beyond                             │ nobody does
//
// The last quarter is for those who can't wait.
type Share struct {
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
	g.mu.Lock()
	unsent, total := g.unsent, g.total
	g.mu.Unlock()
	if s.of != to {
		*s = Share{of: to}
	}
	s.advance(total - uint64(unsent))
	share := g.crest
	if unsent > g.limit/2 {
		share = 0
	}
	switch own := s.older.bytes + s.newer.bytes; {
	case size > g.limit/4*3-unsent && unsent > 0:
		return Room{of: to, most: max(min(g.limit/2, g.limit/4*3-size), 0)}, false
	case own > share:
		return Room{of: to, until: s.older.end, most: g.limit}, false
	}
	return Room{}, true
}

// Sent counts a message of this size that was just sent.
func (s *Share) Sent(to *Conn, size int) {
	g := to.gather
	if !g.high.Load() {
		return
	}
	g.mu.Lock()
	unsent, total := g.unsent, g.total
	g.mu.Unlock()
	if s.of != to {
		*s = Share{of: to}
	}
	s.newer.bytes += size
	s.newer.end = total
	s.advance(total - uint64(unsent))
}

// advance forgets what is written.
func (s *Share) advance(written uint64) {
	for range 2 {
		if s.older.end <= written {
			s.older, s.newer = s.newer, heap{}
		}
	}
}
