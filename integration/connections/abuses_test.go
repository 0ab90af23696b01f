//go:build !race

package connections

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

const upgradeRequest = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"

// upgrade makes a WebSocket by hand.
func (a *abused) upgrade(t *testing.T) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn := a.dial(t, a.webSocket)
	if _, err := io.WriteString(conn, upgradeRequest); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v %v", response, err)
	}
	return conn, in
}

// flood writes first, and then the same again and again until the connection is
// closed.
func flood(conn net.Conn, first, again string) {
	if _, err := io.WriteString(conn, first); err != nil || again == "" {
		return
	}
	for {
		if _, err := io.WriteString(conn, again); err != nil {
			return
		}
	}
}

// closedWith reads frames until a close frame, and returns its code and reason.
func closedWith(in *bufio.Reader) (code int, reason string, err error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return 0, "", err
		}
		n := int(head[1])
		if n == 126 {
			var long [2]byte
			if _, err := io.ReadFull(in, long[:]); err != nil {
				return 0, "", err
			}
			n = int(long[0])<<8 | int(long[1])
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(in, payload); err != nil {
			return 0, "", err
		}
		if head[0]&0xf == 8 && n >= 2 {
			return int(payload[0])<<8 | int(payload[1]), string(payload[2:]), nil
		}
	}
}

// ends waits for the end of a connection.
func ends(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is still open")
	}
}

const (
	maskedKiB   = "\xfe\x04\x00\x00\x00\x00\x00" // the length of a frame of 1 KiB, and a mask
	maskedEmpty = "\x80\x00\x00\x00\x00"
)

// What clients may do to harm, by what they must see in the end.
var abuses = []struct {
	name string
	do   func(t *testing.T, a *abused)
}{
	{"handshakes that are never finished", func(t *testing.T, a *abused) {
		var conns []net.Conn
		for i := range 200 {
			conn := a.dial(t, []string{a.webSocket, a.rawSocket, a.secure}[i%3])
			_, _ = io.WriteString(conn, []string{"GET /ws HT", "\x7f", "\x16\x03\x01\x02"}[i%3])
			conns = append(conns, conn)
		}
		for _, conn := range conns {
			ends(t, conn)
		}
	}},
	{"one byte at a time", func(t *testing.T, a *abused) {
		conn := a.dial(t, a.webSocket)
		for i := 0; ; i++ {
			_, err := io.WriteString(conn, upgradeRequest[:len(upgradeRequest)-2][i%100:i%100+1])
			if err != nil {
				break
			}
			_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if _, err := conn.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if i > 200 {
				t.Error("the connection is still open")
				break
			}
		}
	}},
	{"connections by the thousand", func(t *testing.T, a *abused) {
		const all = 1500
		refused := make(chan bool, all)
		var conns sync.WaitGroup
		begin := make(chan struct{})
		for range 50 {
			conns.Go(func() {
				var mine []net.Conn
				for range all / 50 {
					conn, err := net.Dial("tcp", a.rawSocket)
					if err != nil {
						refused <- true
						continue
					}
					_, _ = io.WriteString(conn, "\x7f\xf1\x00\x00")
					mine = append(mine, conn)
				}
				for _, conn := range mine {
					_ = conn.SetReadDeadline(time.Now().Add(harness.Patience))
					var answer [4]byte
					_, err := io.ReadFull(conn, answer[:])
					refused <- err != nil || answer[1]&0xf == 0 // an error in its upper half
				}
				<-begin // none leaves before all have been answered
				for _, conn := range mine {
					_ = conn.Close()
				}
			})
		}
		n := 0
		for range all {
			if <-refused {
				n++
			}
		}
		close(begin)
		conns.Wait()
		if n < all-a.connections {
			t.Errorf("%d of %d connections were refused, with a limit of %d", n, all, a.connections)
		}
	}},
	{"a subscriber that never reads", func(t *testing.T, a *abused) {
		dialed, err := transport.Dial(context.Background(), a.URL, transport.DialOptions{Serializers: []codec.Serializer{codec.JSON}})
		if err != nil {
			t.Fatal(err)
		}
		deaf := dialed.Conn
		defer deaf.Wait()
		defer deaf.Abort(errors.New("test ends"))
		for _, message := range []string{harness.RawHello, `[32,1,{},"com.example.abused.topic"]`} {
			if err := deaf.Send([]byte(message)); err != nil {
				t.Fatal(err)
			}
			deaf.Flush()
			if _, err := deaf.Read(); err != nil {
				t.Fatal(err)
			}
		}
		publisher := harness.JoinRaw(t, "publisher", a.router)
		from := a.Process.Printed()
		large := strings.Repeat("x", 64<<10)
		for request := 1; request <= 400; request++ { // 25 MiB: more than all buffers between take
			publisher.Send(fmt.Sprintf(`[16,%d,{"acknowledge":true},"com.example.abused.topic",[%q]]`, request, large))
			publisher.Expect(fmt.Sprintf(`[17,%d,`, request))
		}
		// The router is read no faster than it reads, so that nothing more is sent
		// to it than fits; the pings among it stay unanswered.
		a.Process.AwaitFrom(t, from, `"message":"session closed"`)
	}},
	{"2^63-1 announced behind a byte", frames("\x01\x81\x00\x00\x00\x00[\x00\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", strings.Repeat("x", 64<<10), 1009)},
	{"a length that is not in its shortest form", frames("\x81\xff\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00[1]", "", 1002)},
	{"large messages begun before HELLO", func(t *testing.T, a *abused) {
		for range a.connections / 2 {
			conn, in := a.upgrade(t)
			_, _ = io.WriteString(conn, "\x81\xff\x00\x00\x00\x00\x00\x0f\xff\xff\x00\x00\x00\x00"+strings.Repeat("x", 64<<10))
			if code, reason, err := closedWith(in); code != 1009 {
				t.Fatalf("closed with %d %q (%v)", code, reason, err)
			}
		}
	}},
	{"strangers with a message begun, who answer pings and never say HELLO", func(t *testing.T, a *abused) {
		var strangers sync.WaitGroup
		for range a.connections - 10 { // the pool's callees are clients too
			conn, in := a.upgrade(t)
			_, _ = io.WriteString(conn, "\x89\x80\x00\x00\x00\x00\x81\xfe\xff\xff\x00\x00\x00\x00"+strings.Repeat("x", 65534))
			strangers.Go(func() {
				if code, reason, err := closedWith(in); code != 1008 || !strings.Contains(reason, "no WELCOME within") {
					t.Errorf("closed with %d %q (%v)", code, reason, err)
				}
			})
		}
		strangers.Wait()
		harness.JoinRaw(t, "a client that comes after them", a.URL)
	}},
	{"large messages begun by many that have joined", func(t *testing.T, a *abused) {
		conns, held := make([]net.Conn, 150), strings.Repeat("x", 1<<20-1)
		for i := range conns {
			conn, in := a.upgrade(t)
			hello := append([]byte{0x81, 0xfe, byte(len(harness.RawHello) >> 8), byte(len(harness.RawHello) & 0xff), 0, 0, 0, 0}, harness.RawHello...)
			if _, err := conn.Write(hello); err != nil {
				t.Fatal(err)
			}
			if _, err := in.Peek(10); err != nil { // WELCOME
				t.Fatal(err)
			}
			conns[i] = conn
		}
		for _, conn := range conns {
			_, _ = io.WriteString(conn, "\x81\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00"+held)
		}
		a.Process.Await(t, "limits.memory), and this one the most")
	}},
	{"1 GiB announced", frames("\x81\xff\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00", "", 1009)},
	{"compressed", frames("\xc1\x83\x00\x00\x00\x00\xaa\xbb\xcc", "", 1002)},
	{"fragments without end", frames("\x01"+maskedKiB+strings.Repeat("x", 1024), "\x00"+maskedKiB+strings.Repeat("x", 1024), 1009)},
	{"empty fragments without end", frames("\x01"+maskedEmpty, strings.Repeat("\x00"+maskedEmpty, 500), 1008)},
	{"16 MiB announced over RawSocket", func(t *testing.T, a *abused) {
		conn := a.dial(t, a.rawSocket)
		_, _ = io.WriteString(conn, "\x7f\xf1\x00\x00\x00\xff\xff\xff")
		ends(t, conn)
	}},
	{"pings without end, and never reading", func(t *testing.T, a *abused) {
		conn, _ := a.upgrade(t)
		ping := strings.Repeat("\x89\xfd\x00\x00\x00\x00"+strings.Repeat("p", 125), 500)
		flood(conn, ping, ping) // until its pongs have filled the send buffer
	}},
	{"TLS handshakes that are never finished", func(t *testing.T, a *abused) {
		var conns []net.Conn
		for range 200 {
			conn := a.dial(t, a.secure)
			config := &tls.Config{InsecureSkipVerify: true}
			_ = tls.Client(halfConn{conn}, config).Handshake()
			conns = append(conns, conn)
		}
		for _, conn := range conns {
			ends(t, conn)
		}
	}},
}

// frames sends frames, and wants to be closed with a code and a reason.
func frames(first, again string, code int) func(*testing.T, *abused) {
	return func(t *testing.T, a *abused) {
		conn, in := a.upgrade(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			flood(conn, first, again)
		}()
		got, reason, err := closedWith(in)
		if err != nil || got != code || reason == "" {
			t.Errorf("closed with %d %q (%v), want %d and a reason", got, reason, err, code)
		}
		_ = conn.Close()
		<-done
	}
}

// halfConn is a connection whose handshake stops after the first message.
type halfConn struct{ net.Conn }

func (halfConn) Read([]byte) (int, error) { return 0, io.EOF }
