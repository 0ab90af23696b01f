package transport

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport/cable"
)

// recordConn counts the records of TLS that are written. It is no socket.
type recordConn struct {
	net.Conn
	mu      sync.Mutex
	unread  []byte
	records int
	alerts  int // of them, unless TLS is too new to let see
}

func (c *recordConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.unread = append(c.unread, p...); len(c.unread) >= 5; {
		size := 5 + int(binary.BigEndian.Uint16(c.unread[3:])) // type, version, length (RFC 8446, 5.1)
		if len(c.unread) < size {
			break
		}
		if c.records++; c.unread[0] == 21 {
			c.alerts++
		}
		c.unread = c.unread[size:]
	}
	return c.Conn.Write(p)
}

// count returns how many records there were since the last time.
func (c *recordConn) count() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, c.records = c.records, 0
	return n
}

// A flush is as few records as hold what was sent.
func TestFlushIsFewRecords(t *testing.T) {
	for _, over := range []string{"wss", "rss"} {
		t.Run(over, func(t *testing.T) {
			var counting *recordConn
			client, server := wrappedPair(t, over, codec.CBOR, Limits{}, func(conn net.Conn) net.Conn {
				counting = &recordConn{Conn: conn}
				return counting
			})
			counting.count() // of the handshake
			for _, c := range []struct{ messages, size, records int }{
				{50, 100, 1}, {1, 100, 1}, {1, 1 << 20, 65}, {300, 10_000, 184}, {1, 200 << 10, 13},
			} {
				message := strings.Repeat("x", c.size)
				for range c.messages {
					mustSend(t, server, message)
				}
				if n := counting.count(); n != 0 {
					t.Errorf("%d records before the flush", n)
				}
				server.Flush()
				for range c.messages {
					if got := mustRead(t, client); got != message {
						t.Fatalf("message of %d bytes arrived as another of %d", len(message), len(got))
					}
				}
				server.gather.wait()
				if n := counting.count(); n != c.records {
					t.Errorf("%d records for %d messages of %d bytes, want %d", n, c.messages, c.size, c.records)
				}
			}
		})
	}
}

// Sending goes on while what was sent before is sealed, and while TLS is stuck.
func TestSendDoesNotWaitForTLS(t *testing.T) {
	client, server := pairOver(t, "wss", codec.CBOR, Limits{})
	mustSend(t, server, "before")
	server.gather.seal.mu.Lock()
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		server.Flush()
	}()
	until(t, "a writer", func() bool {
		server.gather.mu.Lock()
		defer server.gather.mu.Unlock()
		return server.gather.writing
	})
	mustSend(t, server, "meanwhile")
	server.Flush() // the one who writes sees to it
	server.gather.seal.mu.Unlock()
	<-flushed
	for _, want := range []string{"before", "meanwhile"} {
		if got := mustRead(t, client); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What is not in use holds no memory for what was sent.
func TestIdleTLSHoldsNoBuffers(t *testing.T) {
	client, server := pairOver(t, "wss", codec.CBOR, Limits{})
	for _, message := range []string{"small", strings.Repeat("large", 100_000)} {
		mustSend(t, server, message)
		server.Flush()
		if got := mustRead(t, client); got != message {
			t.Fatalf("got %d bytes", len(got))
		}
		server.gather.wait()
		g := server.gather
		g.mu.Lock()
		if g.pending != nil || g.out != nil || g.wire != nil || g.seal.records != nil || g.unsent != 0 {
			t.Errorf("a buffer is held after %d bytes", len(message))
		}
		g.mu.Unlock()
	}
}

// Nor does TLS itself hold more than one record of what was received, however much
// came at once.
func TestIdleTLSKeepsOneRecord(t *testing.T) {
	const pairs, most = 10, 24 << 10
	clients, servers := make([]*Conn, pairs), make([]*Conn, pairs)
	for i := range pairs {
		clients[i], servers[i] = pairOver(t, "wss", codec.CBOR, Limits{})
	}
	before := heapHeld()
	message := strings.Repeat("large", 100_000)
	for i := range pairs {
		for _, way := range []struct{ from, to *Conn }{{clients[i], servers[i]}, {servers[i], clients[i]}} {
			mustSend(t, way.from, message)
			way.from.Flush()
			if got := mustRead(t, way.to); got != message {
				t.Fatalf("got %d bytes", len(got))
			}
			way.from.gather.wait()
			way.to.letGo() // as when its reader waits for more
			way.to.framing.release()
		}
	}
	if each := (heapHeld() - before) / (2 * pairs); each > most {
		t.Errorf("each connection has kept %d bytes", each)
	}
}

// heapHeld returns the bytes of memory that are in use.
func heapHeld() int64 {
	var stats runtime.MemStats
	for range 3 { // what is in pools is kept for one more
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// TLS finds its records in whatever pieces they come.
func TestRecordsInPieces(t *testing.T) {
	var sent []byte
	lengths := []int{0, 1, 5, 300, longestPlaintext}
	for _, n := range lengths {
		sent = append(sent, 23, 3, 3, byte(n>>8), byte(n))
		sent = append(sent, make([]byte, n)...)
	}
	for _, piece := range []int{1, 2, 4, 5, 6, 100, len(sent)} {
		var r inwardRecord
		var got []int
		for rest := sent; len(rest) > 0; {
			p := r.within(rest[:min(len(rest), piece)])
			if body := r.rest; len(p) == 0 || body == 0 && len(p) > recordHeader || body > 0 && len(p) > body {
				t.Fatalf("%d bytes may be read, %d of the record are left", len(p), body)
			}
			ends := r.got+len(p) == recordHeader && r.rest == 0
			if r.took(p); ends {
				got = append(got, r.rest)
			}
			rest = rest[len(p):]
		}
		if !slices.Equal(got, lengths) {
			t.Errorf("in pieces of %d, records of %d bytes were found", piece, got)
		}
	}
}

// stalledTLS is a RawSocket over TLS in memory whose peer gets nothing yet.
func stalledTLS(t *testing.T) (peer, c *Conn, far *cable.End, counting *recordConn) {
	secure, trusting := secured(t, "rss")
	trusting.MaxVersion = tls.VersionTLS12
	var network cable.Network
	accepted := make(chan *Conn, 1)
	wrap := func(conn net.Conn) net.Conn {
		far, counting = conn.(*cable.End), &recordConn{Conn: conn}
		return counting
	}
	listenAt(t, "rss://127.0.0.1:9001", ListenOptions{Socket: network.Listen, TLS: secure}, wrap, func(h *Handshake) {
		conn, err := h.Accept(codec.CBOR, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
		}
		accepted <- conn
	})
	dialed, err := Dial(context.Background(), "rss://127.0.0.1:9001", DialOptions{
		Connect: network.Dial, Serializers: []codec.Serializer{codec.CBOR}, TLS: trusting,
	})
	if err != nil {
		t.Fatal(err)
	}
	c = <-accepted
	dropAfter(t, dialed.Conn)
	dropAfter(t, c)
	far.Stall()
	return dialed.Conn, c, far, counting
}

// The end of TLS, which tells a whole stream from one that was cut, stands behind
// all that was sent, or is not said.
func TestEndOfTLSIsBehindWhatWasSent(t *testing.T) {
	const messages = 2000
	message := strings.Repeat("x", 1000)
	for name, stalled := range map[string]time.Duration{"in time": finishPatience / 2, "too late": 2 * finishPatience} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				peer, c, far, counting := stalledTLS(t)
				for range messages {
					mustSend(t, c, message)
				}
				c.Close(1000, "", 5*time.Second)
				time.AfterFunc(stalled, far.Resume)
				n := 0
				for {
					if _, err := peer.Read(); err != nil {
						break
					}
					n++
				}
				c.Wait()
				want := 0
				if stalled < finishPatience {
					want = 1
				}
				if counting.alerts != want || (n == messages) != (want == 1) {
					t.Errorf("%d messages of %d, and the end is said %d times", n, messages, counting.alerts)
				}
			})
		})
	}
}

// TLS that can write no more ends the connection.
func TestTLSThatCannotWrite(t *testing.T) {
	client, server := pairOver(t, "rss", codec.CBOR, Limits{})
	if err := server.gather.seal.tls.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	mustSend(t, server, "too late")
	server.Flush()
	server.Wait()
	if lost := (*LostError)(nil); !errors.As(server.Err(), &lost) {
		t.Errorf("ended of %v, want a *LostError", server.Err())
	}
	if _, err := client.Read(); err == nil {
		t.Error("something arrives")
	}
}

// A peer that changes keys all the time, and reads nothing, is dropped.
func TestTLSThatWritesWithoutEnd(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	g := newGather(near, 1<<20)
	g.secured(tls.Server, &tls.Config{})
	c := newConn(newRawSocket(g.seal.tls, g, 1<<20, 1<<20), g, codec.CBOR, "pipe", 1<<20, nil)
	record, err := make([]byte, 16<<10), error(nil)
	for n := 0; err == nil; n += len(record) {
		if n > 2*mostSealed {
			t.Fatal("TLS writes without end")
		}
		_, err = g.Write(record)
	}
	if err != ErrSendBufferFull || c.Err() != ErrSendBufferFull {
		t.Errorf("write: %v, and the connection has ended of %v; want ErrSendBufferFull", err, c.Err())
	}
	c.Wait()
}

// What TLS writes by itself leaves with the next flush, counts, and is bounded.
func TestTLSWritesByItself(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	g := newGather(near, 1<<20)
	g.secured(tls.Server, &tls.Config{})
	g.setMode(gathering)
	if _, err := g.Write([]byte("record")); err != nil {
		t.Fatal(err)
	}
	g.Flush()
	got := make([]byte, len("record"))
	if _, err := io.ReadFull(far, got); err != nil || string(got) != "record" {
		t.Errorf("got %q, %v", got, err)
	}
	if !g.finish() {
		t.Error("it is not all written")
	}
	if unsent, written := g.progress(); unsent != 0 || written != uint64(len(got)) {
		t.Errorf("%d bytes are unsent, %d are written", unsent, written)
	}
	record, err := make([]byte, 16<<10), error(nil)
	for n := 0; err == nil; n += len(record) {
		if n > 2*mostSealed {
			t.Fatal("TLS writes without end to a peer that reads nothing")
		}
		_, err = g.Write(record)
		g.Flush()
	}
	if err != ErrSendBufferFull {
		t.Errorf("write: %v, want ErrSendBufferFull", err)
	}
	if _, err := g.Write(record); err != net.ErrClosed {
		t.Errorf("write afterwards: %v, want net.ErrClosed", err)
	}
	g.wait()
	if g.out != nil || g.wire != nil || g.seal.records != nil {
		t.Error("a buffer is held")
	}
}
