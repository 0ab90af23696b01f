package transport

import (
	"errors"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// clock lets a Keepalive's time pass by hand.
type clock struct {
	k   *Keepalive
	now time.Time
}

func newClock() *clock {
	return &clock{NewKeepalive(10*time.Second, 20*time.Second), time.Now()}
}

// pass lets seconds pass, and stops where a connection has ended.
func (c *clock) pass(seconds int, of *Conn) (passed int) {
	for passed < seconds && of.state.Load() == open {
		c.now = c.now.Add(time.Second)
		c.k.tick(c.now)
		passed++
	}
	return passed
}

// narrowPeer is a client by hand whose sockets hold little, and the server's end.
func narrowPeer(t *testing.T, k *Keepalive) (peer net.Conn, server *Conn) {
	accepted := make(chan *Conn, 1)
	l := listen(t, Limits{Keepalive: k, SendBufferBytes: 64 << 20}, func(conn net.Conn) net.Conn {
		_ = conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
		return conn
	}, func(h *Handshake) {
		conn, err := h.Accept(codec.JSON, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
		}
		accepted <- conn
	})
	peer, _ = upgraded(t, l, "")
	_ = peer.(*net.TCPConn).SetReadBuffer(64 << 10)
	server = <-accepted
	dropAfter(t, server)
	return peer, server
}

// A peer that reads 14 MB at 280 KB a second answers a ping late, and is alive all
// the time. One that stops in the middle is not.
func TestSteadyReaderIsAlive(t *testing.T) {
	const second = 280_000
	c := newClock()
	peer, server := narrowPeer(t, c.k)
	mustSend(t, server, string(make([]byte, 50*second)))
	server.Flush()
	for i := range 48 {
		if _, err := io.ReadFull(peer, make([]byte, second)); err != nil {
			t.Fatalf("read in second %d: %v", i, err)
		}
		if c.pass(1, server); server.state.Load() != open {
			t.Fatalf("dropped in second %d: %v", i, server.notOpen())
		}
	}
	if passed := c.pass(1000, server); passed < 25 || passed == 1000 { // some of it moves on still
		t.Errorf("a peer that stops reading is dropped after %d s, want 30 or a little more", passed)
	}
	if err := server.notOpen(); !errors.Is(err, ErrNoPong) {
		t.Errorf("reason: %v, want ErrNoPong", err)
	}
}

// What goes to a program that hangs, one small message after the other, is no
// sign of life.
func TestMessagesToWhoHangsAreNoSignOfLife(t *testing.T) {
	c := newClock()
	_, server := narrowPeer(t, c.k)
	passed := 0
	for ; passed < 100 && server.state.Load() == open; passed++ {
		mustSend(t, server, "[36,1,1,{}]")
		server.Flush()
		c.pass(1, server)
	}
	if passed < 25 || passed > 35 {
		t.Errorf("a peer that hangs is dropped after %d s, want 30", passed)
	}
}

// A RawSocket's peer that knows no pings is dropped if it takes nothing of what
// waits for it, and else it may be silent.
func TestStalledRawSocket(t *testing.T) {
	c := newClock()
	peer, server := rawPeer(t, Limits{Keepalive: c.k, SendBufferBytes: 64 << 20}, []byte{0x7f, 0xf1, 0, 0})
	mustReceive(t, peer, []byte{0x7f, 0xf1, 0, 0})
	if c.pass(1000, server); server.state.Load() != open {
		t.Fatalf("dropped for silence: %v", server.notOpen())
	}
	for range 4 { // more than sockets hold
		mustSend(t, server, string(make([]byte, 8<<20)))
	}
	server.Flush()
	if passed := c.pass(1000, server); passed < 25 || passed == 1000 {
		t.Errorf("dropped after %d s, want 30 or a little more", passed)
	}
	if err := server.notOpen(); !errors.Is(err, ErrStalled) || err.Error() != "the peer takes nothing of what it was sent for 30s" {
		t.Errorf("reason: %v, want ErrStalled", err)
	}
}

// A peer that does its work instead of answering pings stays as long as its
// machine acknowledges them.
func TestBusyPeerIsAlive(t *testing.T) {
	c := newClock()
	_, server := narrowPeer(t, c.k)
	var busy atomic.Bool
	busy.Store(true)
	server.SetBusy(busy.Load)
	if c.pass(100, server); server.state.Load() != open {
		t.Fatalf("dropped while it is busy: %v", server.notOpen())
	}
	if age, known := server.gather.ackAge(); known != (runtime.GOOS == "linux") || known && server.gather.acknowledged(age-time.Minute) {
		t.Errorf("the latest acknowledgment came %v ago (%v), and is taken for a younger one", age, known)
	}
	busy.Store(false)
	if passed := c.pass(100, server); passed > 30 {
		t.Errorf("dropped %d s after it was busy", passed)
	}
	if err := server.notOpen(); !errors.Is(err, ErrNoPong) {
		t.Errorf("reason: %v, want ErrNoPong", err)
	}
}

// A peer that is not read, because of another's slowness, is not asked for pongs.
func TestPeerThatIsNotReadIsAlive(t *testing.T) {
	c := newClock()
	_, other := narrowPeer(t, nil)
	_, server := narrowPeer(t, c.k)
	fill(t, other, string(make([]byte, 40<<20)))
	went := paced(t, server, other)
	if c.pass(100, server); server.state.Load() != open {
		t.Fatalf("dropped while it is not read: %v", server.notOpen())
	}
	other.Abort(errTestOver)
	<-went
	if passed := c.pass(100, server); passed < 25 || passed > 35 {
		t.Errorf("dropped %d s after it is read again, want 30", passed)
	}
}
