package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNoPong ends a connection whose peer does not answer a ping.
var ErrNoPong = errors.New("no answer to a ping")

// ErrStalled ends a connection whose peer knows no pings, and takes nothing of
// what waits for it.
var ErrStalled = errors.New("the peer takes nothing of what it was sent")

// Keepalive pings connections that have been silent, and drops those that stay
// silent. One goroutine looks after all of them: [Keepalive.Run].
//
//	heard ──interval──▶ pinged ──timeout──▶ dropped
//	  ▲                   │ a sign of life
//	  └───────────────────┘
//
// A sign of life is whatever the peer sends, and as well that it takes of what
// waits for it: a ping behind a long transfer is not answered before that is
// over, and its time runs from when it has left.
//
// Three peers are spared. One whose reader is stopped until there is room
// elsewhere (see [Conn.AwaitSignal]) is not asked, for its pong would not be read; it is
// dropped only if it takes nothing of what waits for it. One that is busy
// ([Conn.SetBusy]) may have one thread, which does its work: it stays as long as
// its machine acknowledges the pings in its stead, however long that is. And one
// that knows no pings, over RawSocket (see rawsocket.go), is dropped only if it
// takes nothing of what waits for it. Otherwise TCP looks after it, which finds
// dead machines and networks, but not programs that hang.
type Keepalive struct {
	interval, timeout atomic.Int64  // durations; no interval: nobody is pinged
	changed           chan struct{} // has room for one: they are other ones now

	mu    sync.Mutex
	beats map[*Conn]*beat

	round []*beat // owned by tick
}

// beat is what is known of one connection. It is owned by tick.
type beat struct {
	conn    *Conn
	heard   time.Time // about when the last sign of life was seen
	pinged  time.Time // zero: not since then
	taken   int64     // bytes that the peer's machine had taken at the last look
	waiting bool      // something waited for it then
}

// NewKeepalive returns a Keepalive that pings after an interval of silence, and
// waits that long for an answer. Without an interval it never does, until [Keepalive.Change].
func NewKeepalive(interval, timeout time.Duration) *Keepalive {
	k := &Keepalive{changed: make(chan struct{}, 1), beats: make(map[*Conn]*beat)}
	k.Change(interval, timeout)
	return k
}

// Change has connections, those that are there too, pinged after another interval of
// silence; 0 is never.
func (k *Keepalive) Change(interval, timeout time.Duration) {
	k.interval.Store(int64(interval))
	k.timeout.Store(int64(timeout))
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// pauses are the silence before a ping, and before the end after one.
func (k *Keepalive) pauses() (interval, timeout time.Duration) {
	return time.Duration(k.interval.Load()), time.Duration(k.timeout.Load())
}

// Run looks after the connections until ctx is done.
func (k *Keepalive) Run(ctx context.Context) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.changed:
			if ticker.Stop(); k.interval.Load() > 0 {
				interval, timeout := k.pauses()
				ticker.Reset(min(max(min(interval, timeout)/8, time.Millisecond), time.Second))
			}
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
	interval, timeout := k.pauses()
	if tcp, ok := c.gather.Conn.(*net.TCPConn); ok && interval > 0 && !c.framing.pings() {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: interval, Interval: max(timeout/tcpProbes, time.Second), Count: tcpProbes,
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
	heard := b.conn.gather.heard.Swap(false)
	interval, timeout := k.pauses()
	silent := !heard && now.Sub(b.heard) >= interval
	moved := b.move(silent)
	switch {
	case heard, moved, !b.waiting && (b.conn.paused.Load() || !b.conn.framing.pings()):
		b.heard, b.pinged = now, time.Time{}
	case !silent:
	case b.pinged.IsZero():
		b.pinged = now
		if b.conn.framing.pings() {
			b.conn.ping()
		}
	case now.Sub(b.pinged) < timeout:
	case b.conn.isBusy() && b.conn.gather.acknowledged(now.Sub(b.pinged)):
		b.heard, b.pinged = now, time.Time{}
	default:
		k.drop(b)
	}
}

// move tells whether the peer has taken something since the last look, of what
// waited for it then. What the socket takes at once is no sign of life: it goes
// to a program that hangs as well. closely looks at the socket too.
func (b *beat) move(closely bool) bool {
	unsent, written := b.conn.gather.progress()
	taken, waiting := int64(written), unsent > 0 //nolint:gosec // nobody sends 2^63 bytes
	if waiting || closely {
		underway := b.conn.gather.underway()
		taken -= int64(underway)
		waiting = waiting || underway >= leastUnderway
	}
	moved := b.waiting && taken > b.taken
	b.taken, b.waiting = taken, waiting
	return moved
}

// leastUnderway is how much must be on its way to a peer, in bytes, to be
// something that waits for it, and not the latest that it was sent.
const leastUnderway = 64 << 10

func (k *Keepalive) drop(b *beat) {
	interval, timeout := k.pauses()
	err := fmt.Errorf("%w within %s", ErrNoPong, timeout)
	if b.waiting && !b.conn.framing.pings() {
		err = fmt.Errorf("%w for %s", ErrStalled, interval+timeout)
	}
	b.conn.leave(codePolicy, err.Error(), faultLinger, err)
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
