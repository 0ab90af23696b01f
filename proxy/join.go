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
func (c *client) joinWithin(left time.Duration) { c.joinTime.start(left, c.notJoined) }

// notJoined ends a client whose time until WELCOME is over.
func (c *client) notJoined() {
	if c.welcomed.Load() {
		return
	}
	text := fmt.Sprintf("no WELCOME within %s (limits.handshake_timeout)", c.proxy.config().Limits.HandshakeTimeout)
	if more, say := c.proxy.unjoined.now(); say {
		c.proxy.log.Info().Str("client", c.conn.RemoteAddr()).Str("cause", text).
			Int("more_since_last_line", more).Msg("client closed before it joined")
	}
	c.noteDropped(dropHandshake)
	c.conn.Close(1008, text, closeLinger)
}

// welcome lets a client have what the limits say.
func (c *client) welcome() {
	if !c.welcomed.Swap(true) {
		c.joinTime.pause()
		c.confine(false)
	}
}

// unwelcome makes a client a stranger again, whose session a side has ended. What
// the router has sent by then, and what is held for it, may be as long as before:
// the router is confined by its own GOODBYE or ABORT, or the client's next HELLO.
func (c *client) unwelcome() {
	if c.welcomed.Swap(false) {
		c.conn.Confine(joinBytes)
		c.joinWithin(c.proxy.config().Limits.HandshakeTimeout)
	}
}

func (c *client) confine(stranger bool) {
	most := 0
	if stranger {
		most = joinBytes
	}
	c.conn.Confine(most)
	c.router.Confine(most)
}

// pace returns when what a reader has got may be passed on.
func (c *client) pace(from, to *transport.Conn, out *transport.Outbox) {
	if c.welcomed.Load() {
		from.PaceTo(to, out)
		return
	}
	from.PaceThrough(to, out)
}
