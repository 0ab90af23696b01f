package proxy

import (
	"fmt"
	"sync"
	"time"

	"github.com/wampool/wampool/proxy/transport"
)

// Before WELCOME a client is a stranger, and may take next to nothing:
//
//   - joinBytes of a message, of what waits for it and of what waits for the
//     router. Neither side is read while a message of before is not yet written.
//   - handshake_timeout from its connection until WELCOME, all handshakes included.
//
// It is one again when its session ends, by GOODBYE or ABORT of either side, and
// the connection does not: then the time runs from there, for the next HELLO.

// joinBytes is the most that a message may have before WELCOME, either way.
const joinBytes = 64 << 10

// joinTime is the time that is left until WELCOME. Its timer costs no goroutine.
type joinTime struct {
	mu    sync.Mutex
	timer *time.Timer // nil: it does not run
	over  bool        // it never will any more
}

// start begins the time, if it does not run.
func (j *joinTime) start(left time.Duration, end func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.timer == nil && !j.over {
		j.timer = time.AfterFunc(left, end)
	}
}

func (j *joinTime) pause() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.timer != nil {
		j.timer.Stop()
		j.timer = nil
	}
}

// stop ends it for good.
func (j *joinTime) stop() {
	j.pause()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.over = true
}

// joinWithin ends the client unless it is welcomed by then.
func (s *session) joinWithin(left time.Duration) { s.joinTime.start(left, s.notJoined) }

// notJoined ends a client whose time until WELCOME is over.
func (s *session) notJoined() {
	if s.welcomed.Load() {
		return
	}
	text := fmt.Sprintf("no WELCOME within %s (limits.handshake_timeout)", s.proxy.config.Limits.HandshakeTimeout)
	if more, say := s.proxy.unjoined.now(); say {
		s.proxy.log.Info().Str("client", s.client.RemoteAddr()).Str("cause", text).
			Int("more_since_last_line", more).Msg("client closed before it joined")
	}
	s.client.Close(1008, text, closeLinger)
}

// welcome lets a client have what the limits say.
func (s *session) welcome() {
	if !s.welcomed.Swap(true) {
		s.joinTime.pause()
		s.confine(false)
	}
}

// unwelcome makes a client a stranger again, whose session a side has ended. What
// the router has sent by then, and what is held for it, may be as long as before:
// the router is confined by its own GOODBYE or ABORT, or the client's next HELLO.
func (s *session) unwelcome() {
	if s.welcomed.Swap(false) {
		s.client.Confine(joinBytes)
		s.joinWithin(s.proxy.config.Limits.HandshakeTimeout)
	}
}

func (s *session) confine(stranger bool) {
	most := 0
	if stranger {
		most = joinBytes
	}
	s.client.Confine(most)
	s.router.Confine(most)
}

// pace returns when what a reader has got may be passed on.
func (s *session) pace(from, to *transport.Conn, out *transport.Outbox) {
	if s.welcomed.Load() {
		from.PaceTo(to, out)
		return
	}
	from.PaceThrough(to, out)
}
