package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// ErrNoPong ends a connection whose peer does not answer a ping.
var ErrNoPong = errors.New("no answer to a ping")

// Keepalive pings connections that have been silent, and drops those that stay
// silent. One goroutine looks after all of them: [Keepalive.Run].
//
//	heard ──interval──▶ pinged ──timeout──▶ dropped
//	  ▲                   │ anything comes
//	  └───────────────────┘
//
// RawSocket's pings are only for peers that ping themselves (see rawsocket.go).
// With the others TCP does the same, which finds dead machines and networks, but
// not programs that hang.
type Keepalive struct {
	// Immutable.
	interval, timeout time.Duration

	mu    sync.Mutex
	beats map[*Conn]*beat

	round []*beat // owned by tick
}

// beat is what is known of one connection. It is owned by tick.
type beat struct {
	conn   *Conn
	heard  time.Time // about when something came last
	pinged time.Time // zero: not since then
}

// NewKeepalive returns a Keepalive that pings after an interval of silence, and
// waits that long for an answer.
func NewKeepalive(interval, timeout time.Duration) *Keepalive {
	return &Keepalive{interval: interval, timeout: timeout, beats: make(map[*Conn]*beat)}
}

// Run looks after the connections until ctx is done.
func (k *Keepalive) Run(ctx context.Context) {
	ticker := time.NewTicker(min(max(min(k.interval, k.timeout)/8, time.Millisecond), time.Second))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			k.tick(now)
		}
	}
}

// add begins to look after a connection. Without a Keepalive nothing does.
func (k *Keepalive) add(c *Conn) {
	if k == nil {
		return
	}
	if tcp, ok := c.gather.Conn.(*net.TCPConn); ok && !c.framing.pings() {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: k.interval, Interval: max(k.timeout/tcpProbes, time.Second), Count: tcpProbes,
		})
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.beats[c] = &beat{conn: c, heard: time.Now()}
}

// tcpProbes is how many probes of TCP may stay without an answer.
const tcpProbes = 3

func (k *Keepalive) remove(c *Conn) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.beats, c)
}

// tick does what is due at a time.
func (k *Keepalive) tick(now time.Time) {
	k.mu.Lock()
	k.round = k.round[:0]
	for _, b := range k.beats {
		k.round = append(k.round, b)
	}
	k.mu.Unlock()
	for _, b := range k.round { // without mu: the end of a connection takes it
		k.look(b, now)
	}
	clear(k.round)
}

func (k *Keepalive) look(b *beat, now time.Time) {
	switch {
	case b.conn.gather.heard.Swap(false):
		b.heard, b.pinged = now, time.Time{}
	case !b.pinged.IsZero():
		if now.Sub(b.pinged) >= k.timeout {
			err := fmt.Errorf("%w within %s", ErrNoPong, k.timeout)
			b.conn.leave(codePolicy, err.Error(), faultLinger, err)
		}
	case now.Sub(b.heard) >= k.interval && b.conn.framing.pings():
		b.pinged = now
		b.conn.ping()
	}
}

// ping asks the peer for a sign of life.
func (c *Conn) ping() {
	c.sending.Lock()
	err := c.notOpen()
	if err == nil {
		err = c.framing.ping()
	}
	c.sending.Unlock()
	_ = c.sent(err)
	c.Flush()
}
