package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

var errTestOver = errors.New("the test is over")

// messagesOfAllSizes returns messages around each length at which the framing,
// the library's buffers or this package's change, and some in between.
func messagesOfAllSizes() [][]byte {
	sizes := []int{0, 1, 2, 124, 125, 126, 127, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025}
	for _, size := range []int{4 << 10, 16 << 10, 32 << 10, 64 << 10, 256 << 10, 1 << 20} {
		sizes = append(sizes, size-15, size-1, size, size+1)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		sizes = append(sizes, random.IntN(2000))
	}
	random.Shuffle(len(sizes), func(i, j int) { sizes[i], sizes[j] = sizes[j], sizes[i] })
	messages := make([][]byte, len(sizes))
	for i, size := range sizes {
		messages[i] = make([]byte, size)
		for j := range messages[i] {
			messages[i][j] = byte(i*31+j*7+j>>8) & 0x7f // valid as text, too
		}
	}
	return messages
}

func TestMessagesArriveWholeAndInOrder(t *testing.T) { overEach(t, testMessagesArriveWholeAndInOrder) }

func testMessagesArriveWholeAndInOrder(t *testing.T, over string) {
	messages := messagesOfAllSizes()
	for _, s := range allSerializers {
		t.Run(s.String(), func(t *testing.T) {
			client, server := pairOver(t, over, s, Limits{SendBufferBytes: 64 << 20})
			if client.Serializer() != s || server.Serializer() != s {
				t.Fatalf("serializers %v and %v, want %v", client.Serializer(), server.Serializer(), s)
			}
			var running sync.WaitGroup
			for _, c := range []*Conn{client, server} {
				running.Go(func() {
					for i, m := range messages {
						if err := c.Send(m); err != nil {
							t.Errorf("send %d: %v", i, err)
							return
						}
						if i%7 == 0 {
							c.Flush()
						}
					}
					c.Flush()
				})
				running.Go(func() {
					for i, want := range messages {
						got, err := c.Read()
						if err != nil {
							t.Errorf("read %d: %v", i, err)
							return
						}
						if !bytes.Equal(got, want) {
							t.Errorf("message %d of %d bytes arrived as another of %d", i, len(want), len(got))
							return
						}
					}
				})
			}
			running.Wait()
		})
	}
}

func TestConcurrentSendersKeepTheirOrder(t *testing.T) {
	overEach(t, testConcurrentSendersKeepTheirOrder)
}

func testConcurrentSendersKeepTheirOrder(t *testing.T, over string) {
	const senders, each = 8, 400
	client, server := pairOver(t, over, codec.CBOR, Limits{SendBufferBytes: 64 << 20})
	for sender := range senders {
		go func() {
			for i := range each {
				m := binary.BigEndian.AppendUint32(nil, uint32(sender))
				m = binary.BigEndian.AppendUint32(m, uint32(i))
				m = append(m, bytes.Repeat([]byte{byte(sender)}, i*3)...)
				if err := client.Send(m); err != nil {
					t.Errorf("sender %d: %v", sender, err)
					return
				}
				if i%3 == 0 {
					client.Flush()
				}
			}
			client.Flush()
		}()
	}
	var next [senders]uint32
	for range senders * each {
		m, err := server.Read()
		if err != nil {
			t.Fatal(err)
		}
		sender, i := binary.BigEndian.Uint32(m), binary.BigEndian.Uint32(m[4:])
		if next[sender] != i {
			t.Fatalf("sender %d: message %d after %d", sender, i, next[sender])
		}
		next[sender]++
		if rest := m[8:]; len(rest) != int(i)*3 || bytes.Count(rest, []byte{byte(sender)}) != len(rest) {
			t.Fatalf("sender %d: message %d is mixed with another", sender, i)
		}
	}
}

// What has come is handled before the hook runs, on both sides.
func TestHookRunsBeforeBlockingOnly(t *testing.T) { overEach(t, testHookRunsBeforeBlockingOnly) }

func testHookRunsBeforeBlockingOnly(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.JSON, Limits{})
	for _, c := range []struct {
		name         string
		from, reader *Conn
	}{{"listening side", client, server}, {"dialing side", server, client}} {
		t.Run(c.name, func(t *testing.T) {
			sent := []string{strings.Repeat("a", 2000), strings.Repeat("b", 3000), "c", strings.Repeat("d", 9000)}
			var events []string
			last := strings.Repeat("z", 10)
			c.reader.BeforeBlock(func() {
				events = append(events, "hook")
				mustSend(t, c.from, last) // nothing is there: more can come now
				c.from.Flush()
			})
			for _, m := range sent {
				mustSend(t, c.from, m)
			}
			c.from.Flush() // in one write, before anybody reads
			for range len(sent) + 1 {
				events = append(events, mustRead(t, c.reader))
			}
			want := slices.Concat(sent, []string{"hook", last})
			if !slices.Equal(events, want) {
				t.Errorf("events of lengths %v, want %v", lengths(events), lengths(want))
			}
			c.reader.BeforeBlock(nil)
		})
	}
}

func lengths(texts []string) []int {
	var n []int
	for _, text := range texts {
		n = append(n, len(text))
	}
	return n
}

// A reader that is told the end has had its chance to flush.
func TestHookRunsBeforeAnError(t *testing.T) { overEach(t, testHookRunsBeforeAnError) }

func testHookRunsBeforeAnError(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.JSON, Limits{})
	server.Close(1000, "", time.Second)
	flushed := 0
	server.BeforeBlock(func() { flushed++ })
	if _, err := server.Read(); err != ErrClosed {
		t.Fatalf("read after close: %v, want ErrClosed", err)
	}
	if flushed != 1 {
		t.Errorf("the hook ran %d times, want once", flushed)
	}
	if _, err := client.Read(); err != io.EOF {
		t.Errorf("peer's read: %v, want EOF", err)
	}
	server.Wait()
	if flushed != 1 {
		t.Errorf("the hook ran %d times, also without the reader", flushed)
	}
}

func TestMessageStaysUntilTheNextRead(t *testing.T) { overEach(t, testMessageStaysUntilTheNextRead) }

func testMessageStaysUntilTheNextRead(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.JSON, Limits{})
	for _, size := range []int{10, 5000, 300_000} {
		first := strings.Repeat("x", size)
		mustSend(t, client, first)
		mustSend(t, client, strings.Repeat("y", size))
		client.Flush()
		message, err := server.Read()
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		if string(message) != first {
			t.Errorf("message of %d bytes changed before the next read", size)
		}
		mustRead(t, server)
	}
	done := make(chan struct{})
	server.BeforeBlock(sync.OnceFunc(func() {
		if server.message != nil {
			t.Errorf("a reader that waits holds %d bytes", cap(server.message.b))
		}
		close(done)
	}))
	go func() {
		<-done
		client.Close(1000, "", time.Second)
	}()
	if _, err := server.Read(); err != io.EOF {
		t.Errorf("read: %v, want EOF", err)
	}
}

func TestSendCopies(t *testing.T) { overEach(t, testSendCopies) }

func testSendCopies(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.JSON, Limits{})
	message := []byte("[1]")
	if err := client.Send(message); err != nil {
		t.Fatal(err)
	}
	copy(message, "xxx")
	client.Flush()
	if got := mustRead(t, server); got != "[1]" {
		t.Errorf("got %q", got)
	}
}

// An ended connection is garbage, and so is what the library made the handshake with.
func TestEndedConnectionIsFreed(t *testing.T) {
	freed := make(chan struct{})
	func() {
		accepted := make(chan *Conn, 1)
		l := listen(t, Limits{}, nil, func(h *Handshake) {
			conn, err := h.Accept(codec.JSON, nil)
			if err != nil {
				t.Errorf("accept: %v", err)
			}
			accepted <- conn
		})
		dialed, err := Dial(t.Context(), l.URL(), DialOptions{Serializers: []codec.Serializer{codec.JSON}})
		if err != nil {
			t.Fatal(err)
		}
		dropAfter(t, <-accepted)
		c := dialed.Conn
		c.BeforeBlock(func() { c.Flush() })
		runtime.AddCleanup(c, func(struct{}) { close(freed) }, struct{}{})
		c.Abort(errTestOver) // nobody reads
		c.Wait()
	}()
	for range 100 {
		runtime.GC()
		select {
		case <-freed:
			return
		default:
			runtime.Gosched()
		}
	}
	t.Error("the connection is still there")
}

// The close of a connection reads what still comes, and leaves alone the
// message that the reader has.
func TestMessageStaysWhileTheConnectionCloses(t *testing.T) {
	overEach(t, testMessageStaysWhileTheConnectionCloses)
}

func testMessageStaysWhileTheConnectionCloses(t *testing.T, over string) {
	client, server := pairOver(t, over, codec.CBOR, Limits{})
	first := bytes.Repeat([]byte{1}, 300)
	mustSend(t, client, string(first))
	for range 200 {
		mustSend(t, client, string(bytes.Repeat([]byte{2}, 1000)))
	}
	client.Flush()
	message, err := server.Read()
	if err != nil {
		t.Fatal(err)
	}
	server.Close(1000, "", time.Second)
	_, _ = client.Read() // answers the close
	server.Wait()
	borrowed := borrowBuffer(aheadBytes) // what was given back is written over
	copy(borrowed.b[:cap(borrowed.b)], bytes.Repeat([]byte{3}, cap(borrowed.b)))
	if !bytes.Equal(message, first) {
		t.Errorf("the message has become % x…", message[:20])
	}
}
