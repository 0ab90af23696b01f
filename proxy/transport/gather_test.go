package transport

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/wampool/wampool/codec"
)

// socketConn is a TCP connection or a Unix socket.
type socketConn interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

// countingConn counts the writes of a connection.
type countingConn struct {
	socketConn
	writes atomic.Int64
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.socketConn.Write(p)
}

func (c *countingConn) SyscallConn() (syscall.RawConn, error) {
	raw, err := c.socketConn.SyscallConn()
	return countingRaw{raw, &c.writes}, err
}

type countingRaw struct {
	syscall.RawConn
	writes *atomic.Int64
}

func (r countingRaw) Write(f func(fd uintptr) bool) error {
	r.writes.Add(1)
	return r.RawConn.Write(f)
}

// countedPair is pair whose server counts its writes, from 0.
func countedPair(t testing.TB, over string, limits Limits) (client, server *Conn, writes *atomic.Int64) {
	var counting *countingConn
	client, server = wrappedPair(t, over, codec.CBOR, limits, func(conn net.Conn) net.Conn {
		counting = &countingConn{socketConn: conn.(socketConn)}
		return counting
	})
	counting.writes.Store(0) // of the handshake
	return client, server, &counting.writes
}

func TestOneFlushIsOneWrite(t *testing.T) { overEach(t, testOneFlushIsOneWrite) }

func testOneFlushIsOneWrite(t *testing.T, over string) {
	client, server, writes := countedPair(t, over, Limits{})
	const sent = 200
	for i := range sent {
		mustSend(t, server, fmt.Sprint("message ", i, strings.Repeat("x", i)))
	}
	if n := writes.Load(); n != 0 {
		t.Errorf("%d writes before the flush", n)
	}
	if server.Buffered() == 0 {
		t.Error("nothing is buffered before the flush")
	}
	server.Flush()
	server.Flush() // of nothing
	if n := writes.Load(); n != 1 {
		t.Errorf("%d writes for %d messages, want 1", n, sent)
	}
	if n := server.Buffered(); n != 0 {
		t.Errorf("%d bytes are buffered after the flush", n)
	}
	for i := range sent {
		if got, want := mustRead(t, client), fmt.Sprint("message ", i, strings.Repeat("x", i)); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestReadFlushesItsOwnConnection(t *testing.T) { overEach(t, testReadFlushesItsOwnConnection) }

func testReadFlushesItsOwnConnection(t *testing.T, over string) {
	client, server, writes := countedPair(t, over, Limits{})
	go func() { // answers what it gets
		m, err := client.Read()
		if err == nil {
			err = client.Send(m)
		}
		client.Flush()
		if err != nil {
			t.Errorf("echo: %v", err)
		}
	}()
	mustSend(t, server, "question")
	if got := mustRead(t, server); got != "question" {
		t.Errorf("got %q", got)
	}
	if n := writes.Load(); n != 1 {
		t.Errorf("%d writes, want 1", n)
	}
}

// fill sends to a peer that does not read until its socket takes no more.
func fill(t *testing.T, c *Conn, message string) (sent int) {
	t.Helper()
	for c.Buffered() == 0 {
		mustSend(t, c, message)
		c.Flush()
		if sent++; sent > 10_000 {
			t.Fatal("the socket takes everything")
		}
	}
	return sent
}

func TestWriterTakesOverWhenTheSocketIsFull(t *testing.T) {
	overEach(t, testWriterTakesOverWhenTheSocketIsFull)
}

func testWriterTakesOverWhenTheSocketIsFull(t *testing.T, over string) {
	client, server, writes := countedPair(t, over, Limits{SendBufferBytes: 64 << 20})
	message := strings.Repeat("0123456789abcdef", 4<<10)
	sent := fill(t, server, message)
	if server.gather.running == nil {
		t.Fatal("the socket is full, and no writer runs")
	}
	for range 50 { // not blocked, though nobody reads
		mustSend(t, server, message)
		server.Flush()
		sent++
	}
	for range sent {
		if got := mustRead(t, client); got != message {
			t.Fatalf("message of %d bytes arrived as another of %d", len(message), len(got))
		}
	}
	running := server.gather.running
	<-running
	if n := server.Buffered(); n != 0 {
		t.Errorf("%d bytes are buffered and the writer has ended", n)
	}
	writes.Store(0)
	mustSend(t, server, "direct again")
	server.Flush()
	if got := mustRead(t, client); got != "direct again" {
		t.Errorf("got %q", got)
	}
	if server.gather.running != running || writes.Load() != 1 {
		t.Errorf("%d writes, by a new writer: %v; want one by the sender", writes.Load(), server.gather.running != running)
	}
}

func TestSlowPeerIsDroppedAndOthersGoOn(t *testing.T) {
	overEach(t, testSlowPeerIsDroppedAndOthersGoOn)
}

func testSlowPeerIsDroppedAndOthersGoOn(t *testing.T, over string) {
	slow, toSlow := pairOver(t, over, codec.MessagePack, Limits{SendBufferBytes: 256 << 10})
	client, server := pairOver(t, over, codec.MessagePack, Limits{SendBufferBytes: 256 << 10})
	message := bytes.Repeat([]byte("x"), 32<<10)
	var err error
	sent := 0
	for ; err == nil; sent++ {
		if sent > 10_000 {
			t.Fatal("the send buffer takes everything")
		}
		err = toSlow.Send(message)
		toSlow.Flush()
		mustSend(t, server, "meanwhile")
		server.Flush()
		if got := mustRead(t, client); got != "meanwhile" {
			t.Fatalf("other connection: got %q", got)
		}
	}
	if err != ErrSendBufferFull {
		t.Fatalf("send: %v, want ErrSendBufferFull", err)
	}
	if err := toSlow.Send([]byte("x")); err != ErrSendBufferFull {
		t.Errorf("send afterwards: %v, want ErrSendBufferFull", err)
	}
	if _, err := toSlow.Read(); err != ErrSendBufferFull {
		t.Errorf("read: %v, want ErrSendBufferFull", err)
	}
	<-toSlow.Done()
	if err := toSlow.Err(); err != ErrSendBufferFull {
		t.Errorf("reason: %v, want ErrSendBufferFull", err)
	}
	toSlow.Wait()
	toSlow.Flush()
	for err = nil; err == nil; _, err = slow.Read() { // what the socket had taken
		sent--
	}
	if sent < 0 {
		t.Error("more messages arrived than were sent")
	}
}

// The limit is for what waits behind the message at the head.
func TestMessageLargerThanTheSendBuffer(t *testing.T) {
	overEach(t, testMessageLargerThanTheSendBuffer)
}

func testMessageLargerThanTheSendBuffer(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.CBOR, Limits{SendBufferBytes: 100_000})
	large := strings.Repeat("l", 3<<20)
	mustSend(t, server, large)
	mustSend(t, server, strings.Repeat("s", 90_000))
	if err := server.Send(bytes.Repeat([]byte("s"), 20_000)); err != ErrSendBufferFull {
		t.Fatalf("send: %v, want ErrSendBufferFull", err)
	}
	if _, err := client.Read(); err == nil {
		t.Error("the peer got what was never flushed")
	}
	client, server = pairOver(t, over, codec.CBOR, Limits{SendBufferBytes: 100_000})
	for range 3 {
		mustSend(t, server, large)
		server.Flush()
		if got := mustRead(t, client); got != large {
			t.Fatalf("message of %d bytes arrived as another of %d", len(large), len(got))
		}
		for server.Buffered() > 0 {
			<-server.gather.running
		}
	}
}

// A connection that is no socket is written by its own goroutine.
func TestConnectionWithoutSocket(t *testing.T) {
	client, server := wrappedPair(t, "ws", codec.JSON, Limits{}, func(conn net.Conn) net.Conn {
		return struct{ net.Conn }{conn}
	})
	if server.gather.raw != nil {
		t.Fatal("it has a socket")
	}
	var running sync.WaitGroup
	running.Go(func() {
		for i := range 500 {
			if got, want := mustRead(t, client), fmt.Sprint(i); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			mustSend(t, client, fmt.Sprint(i))
			client.Flush()
		}
	})
	for i := range 500 {
		mustSend(t, server, fmt.Sprint(i))
		server.Flush()
	}
	for i := range 500 {
		if got, want := mustRead(t, server), fmt.Sprint(i); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	running.Wait()
	client.Close(1000, "", 5e9)
	if _, err := server.Read(); err != io.EOF { // answers the close frame
		t.Errorf("read: %v, want EOF", err)
	}
	client.Wait()
	if err := client.Err(); err != ErrClosed {
		t.Errorf("reason: %v, want ErrClosed", err)
	}
}

// What nobody admits, pings and close frames, is bounded as well.
func TestControlFramesAreBounded(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	g := newGather(near, 1<<20)
	c := newConn(newWebSocket(g, g, codec.JSON, 1<<20, true), g, codec.JSON, "pipe", unlimited, nil)
	var err error
	for n := 0; err == nil; n++ {
		if n > 2<<20 {
			t.Fatal("pings gather without end")
		}
		err = c.framing.ping()
	}
	if most := 1<<20 + 1<<20/64 + 64<<10; err != ErrSendBufferFull || c.Err() != ErrSendBufferFull {
		t.Errorf("%v with %d bytes at most: the connection has ended of %v", err, most, c.Err())
	}
	c.Wait()
}

// Who writes finds the connection closed when the socket is full.
func TestClosedBeforeTheRestIsHandedOver(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	g := newGather(near, 1<<20)
	g.setMode(gathering)
	if err := g.put(noGap, nil, []byte("rest"), 0); err != nil || !g.claim() {
		t.Fatal(err)
	}
	g.fall(errTestOver)
	g.handOver()
	if g.writing || g.running != nil || g.out != nil || g.wire != nil {
		t.Error("somebody writes still")
	}
	if g.reserve() != noGap {
		t.Error("a place is reserved where nothing will be written")
	}
	if err := g.closeSocket(); err != nil {
		t.Error(err)
	}
}

func TestBufferClasses(t *testing.T) {
	for _, c := range []struct{ size, capacity int }{
		{1, 4 << 10}, {4 << 10, 4 << 10}, {4<<10 + 1, 5 << 10}, {5<<10 + 1, 6 << 10}, {7<<10 + 1, 8 << 10}, {8<<10 + 1, 10 << 10}, {32 << 10, 32 << 10},
		{1<<20 + 100, 5 << 18}, {4<<20 - 1, 4 << 20}, {4 << 20, 4 << 20}, {4<<20 + 1, 4<<20 + 1},
	} {
		b := borrowBuffer(c.size)
		if len(b.b) != 0 || cap(b.b) != c.capacity {
			t.Errorf("a buffer for %d bytes has %d of %d, want 0 of %d", c.size, len(b.b), cap(b.b), c.capacity)
		}
		b.giveBack()
	}
	b := borrowBuffer(4)
	b.b = append(b.b, "abcd"...)
	b = b.withRoom(smallestBuffer)
	if string(b.b) != "abcd" || cap(b.b) != 2*smallestBuffer {
		t.Errorf("enlarged to %q of %d", b.b, cap(b.b))
	}
}

// A write of nothing, such as the payload of an empty frame, leaves nothing to
// flush: who claimed it would write for ever, and nobody after it.
func TestWriteOfNothing(t *testing.T) {
	over := map[string]func(t *testing.T) (near, far net.Conn){"socket": tcpPair, "stream": func(*testing.T) (near, far net.Conn) { return net.Pipe() }}
	for name, pair := range over {
		t.Run(name, func(t *testing.T) {
			near, far := pair(t)
			defer far.Close()
			g := newGather(near, 1<<20)
			g.setMode(gathering)
			for _, part := range []string{"before", "", "behind"} {
				if err := g.put(noGap, nil, []byte(part), 0); err != nil {
					t.Fatal(err)
				}
				g.Flush()
			}
			got := make([]byte, len("beforebehind"))
			if _, err := io.ReadFull(far, got); err != nil || string(got) != "beforebehind" {
				t.Errorf("got %q, %v", got, err)
			}
			g.finish()
			if g.writing || g.pending != nil {
				t.Error("somebody writes still")
			}
			if err := g.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func tcpPair(t *testing.T) (near, far net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if far, err = net.Dial("tcp", listener.Addr().String()); err == nil {
		near, err = listener.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	return near, far
}

// A read takes more from the socket while the reads before have brought all that
// they could, and less again when they have not.
func TestReadsTakeMoreWhileMoreComes(t *testing.T) {
	var g gather
	for _, step := range []struct{ came, next int }{
		{100, aheadBytes}, {aheadBytes, mostAhead}, {mostAhead, mostAhead}, {aheadBytes, mostAhead}, {aheadBytes - 1, aheadBytes},
	} {
		g.took(borrowBuffer(mostAhead), step.came, nil)
		if got := g.input.size(); got != step.next {
			t.Errorf("behind %d bytes a read takes %d, want %d", step.came, got, step.next)
		}
		g.input.ahead.giveBack()
	}
}
