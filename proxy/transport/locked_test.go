package transport

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// gate stops whoever would touch a socket behind it while it is locked.
type gate struct {
	sync.RWMutex
	stopped atomic.Int64
	seen    atomic.Bool // the state of a socket may be looked at
}

func (g *gate) pass() {
	g.stopped.Add(1)
	g.RLock()
	g.stopped.Add(-1)
	defer g.RUnlock()
}

// gatedConn is a socket behind a gate.
type gatedConn struct {
	socketConn
	gate *gate
}

func (c *gatedConn) Read(p []byte) (int, error) {
	c.gate.pass()
	return c.socketConn.Read(p)
}

func (c *gatedConn) Write(p []byte) (int, error) {
	c.gate.pass()
	return c.socketConn.Write(p)
}

func (c *gatedConn) Close() error {
	c.gate.pass()
	return c.socketConn.Close()
}

func (c *gatedConn) CloseWrite() error {
	c.gate.pass()
	return c.socketConn.CloseWrite()
}

func (c *gatedConn) SetDeadline(t time.Time) error {
	c.gate.pass()
	return c.socketConn.SetDeadline(t)
}

func (c *gatedConn) SetReadDeadline(t time.Time) error {
	c.gate.pass()
	return c.socketConn.SetReadDeadline(t)
}

func (c *gatedConn) SetWriteDeadline(t time.Time) error {
	c.gate.pass()
	return c.socketConn.SetWriteDeadline(t)
}

func (c *gatedConn) SyscallConn() (syscall.RawConn, error) {
	raw, err := c.socketConn.SyscallConn()
	return gatedRaw{raw, c.gate}, err
}

type gatedRaw struct {
	syscall.RawConn
	gate *gate
}

func (r gatedRaw) gated(f func(fd uintptr) bool) func(fd uintptr) bool {
	return func(fd uintptr) bool {
		r.gate.pass()
		return f(fd)
	}
}

func (r gatedRaw) Read(f func(fd uintptr) bool) error  { return r.RawConn.Read(r.gated(f)) }
func (r gatedRaw) Write(f func(fd uintptr) bool) error { return r.RawConn.Write(r.gated(f)) }

func (r gatedRaw) Control(f func(fd uintptr)) error {
	if !r.gate.seen.Load() {
		r.gate.pass()
	}
	return r.RawConn.Control(f)
}

// gated is a connection whose socket nobody can touch.
type gated struct {
	*Conn
	sockets   *gate
	account   *Account
	keepalive *Keepalive
	going     sync.WaitGroup
}

// underway is what may go on at a connection when somebody sends to it. Each waits
// until it is stopped at the socket.
var underway = map[string]func(t *testing.T, g *gated){
	"at rest": func(*testing.T, *gated) {},
	"read": func(t *testing.T, g *gated) {
		g.going.Go(func() { _, _ = g.Read() })
		g.awaitStop(t)
	},
	"flushed": func(t *testing.T, g *gated) {
		mustSend(t, g.Conn, "before")
		g.going.Go(g.Flush)
		g.awaitStop(t)
	},
	"written by its own goroutine": func(t *testing.T, g *gated) {
		g.sockets.Unlock()
		fill(t, g.Conn, strings.Repeat("x", 64<<10))
		until(t, "a full socket", func() bool { return g.sockets.stopped.Load() == 0 })
		g.sockets.Lock()
	},
	"looked at": func(t *testing.T, g *gated) {
		g.gather.heard.Store(false)
		mustSend(t, g.Conn, "before")
		g.going.Go(func() {
			g.keepalive.tick(time.Now().Add(time.Minute))
			g.Flush() // so that it is touched where it can't be looked at
		})
		g.awaitStop(t)
	},
	"asked for a sign of life": func(t *testing.T, g *gated) {
		g.sockets.seen.Store(true)
		g.gather.heard.Store(false)
		mustSend(t, g.Conn, "before") // so that there is something to flush where it is not asked
		g.going.Go(func() {
			g.keepalive.tick(time.Now().Add(time.Minute))
			g.Flush()
		})
		g.awaitStop(t)
	},
	"closed": func(t *testing.T, g *gated) {
		mustSend(t, g.Conn, "before")
		g.going.Go(func() { g.Close(1000, "", time.Minute) })
		g.awaitStop(t)
	},
	"dropped": func(t *testing.T, g *gated) {
		g.going.Go(func() { g.Abort(errTestOver) })
		g.awaitStop(t)
	},
}

func (g *gated) awaitStop(t *testing.T) {
	t.Helper()
	until(t, "somebody at the socket", func() bool { return g.sockets.stopped.Load() > 0 })
}

// lastCalls are what may end a connection.
var lastCalls = map[string]func(g *gated){
	"Close": func(g *gated) { g.Close(1000, "", 0) },
	"Abort": func(g *gated) { g.Abort(errTestOver) },
	"Send": func(g *gated) {
		for g.Send(make([]byte, 100_000)) == nil {
		}
	},
	"Slot.Fill": func(g *gated) {
		var out Outbox
		slot := out.Reserve(g.Conn)
		for range 20 {
			_ = g.Send(make([]byte, 50_000))
		}
		slot.Fill(make([]byte, 1<<20))
		g.Abort(errTestOver)
	},
	"Account.Add": func(g *gated) { g.account.Add(1 << 40) },
}

// What is called under a lock of the caller's neither touches a socket nor waits
// for somebody who does, whatever goes on at the connection: while no socket can be
// touched, it all returns.
func TestNothingButMemoryUnderALock(t *testing.T) { overEach(t, testNothingButMemoryUnderALock) }

func testNothingButMemoryUnderALock(t *testing.T, over string) {
	for what, begin := range underway {
		for last, end := range lastCalls {
			t.Run(what+"/"+last, func(t *testing.T) { checkUnderALock(t, over, begin, end) })
		}
	}
}

func checkUnderALock(t *testing.T, over string, begin func(*testing.T, *gated), end func(*gated)) {
	g := &gated{sockets: new(gate), keepalive: NewKeepalive(time.Second, time.Second)}
	limits := Limits{SendBufferBytes: 1 << 20, Keepalive: g.keepalive}
	_, g.Conn = wrappedPair(t, over, codec.CBOR, limits, func(conn net.Conn) net.Conn {
		return &gatedConn{conn.(socketConn), g.sockets}
	})
	g.account = NewBudget(1 << 30).Open(g.Abort)
	g.Charge(g.account)
	g.sockets.Lock()
	unlock := sync.OnceFunc(g.sockets.Unlock)
	t.Cleanup(unlock)
	begin(t, g)
	done := make(chan struct{})
	g.going.Go(func() {
		defer close(done)
		callUnderALock(g)
		end(g)
	})
	select {
	case <-done:
		until(t, "the end", func() bool { return g.notOpen() != nil })
	case <-time.After(20 * time.Second):
		t.Error("what is called under a lock waits for a socket")
	}
	unlock()
	g.Abort(errTestOver)
	<-g.Done()
	g.going.Wait()
	g.account.Close()
}

// callUnderALock calls what does not end a connection.
func callUnderALock(g *gated) {
	var out Outbox
	var share Share
	_, _ = share.Admits(g.Conn, 100)
	slot := out.Reserve(g.Conn)
	out.Send(g.Conn, []byte("message"))
	share.Sent(g.Conn, 100)
	slot.Fill([]byte("in the slot"))
	out.Reserve(g.Conn).Drop()
	out.Reserve(g.Conn)
	out.DropReserved()
	g.Confine(500_000)
	g.Confine(0)
	g.SetBusy(func() bool { return true })
	_, _ = g.Buffered(), g.Err()
	_, _, _, _ = g.MaxSend(), g.Serializer(), g.RemoteAddr(), g.IsRawSocket()
	g.account.Add(100)
	g.account.Add(-100)
	_ = g.account.Held()
}
