package transport

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// upgraded makes a WebSocket of a connection by hand, and returns the answer.
func upgraded(t *testing.T, l *Listener, more string) (net.Conn, *http.Response) {
	t.Helper()
	peer, err := net.Dial("tcp", l.url.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	request := "GET /ws HTTP/1.1\nHost: HOST\n" + upgradeLines + more + "Sec-WebSocket-Protocol: wamp.2.json\n\n"
	if _, err := io.WriteString(peer, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(peer, 4096)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return peer, response
}

// mostFlood is how much a client sends without being closed for it, in bytes.
const mostFlood = 64 << 20

// What a client does to harm: it is closed with a reason, costs next to no
// memory, and another client notices nothing.
func TestAbuseOfAWebSocket(t *testing.T) {
	const text, part, continued = "\x81", "\x01", "\x00"
	const kib = "\xfe\x04\x00\x00\x00\x00\x00" // length and mask
	block := strings.Repeat("x", 1024)
	for _, c := range []struct {
		name        string
		first, then string // then is repeated without end
		code        int
		reason      string
	}{
		{"1 GiB announced", text + "\xff\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00", "", 1009, "message larger than 1048576 bytes, the limit of this connection"},
		{"2^63-1 announced behind a byte", part + "\x81\x00\x00\x00\x00[" + continued + "\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", block, 1009, "message larger than 1048576 bytes, the limit of this connection"},
		{"2^63-2 announced behind two", part + "\x82\x00\x00\x00\x00[1" + "\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xfe\x00\x00\x00\x00", block, 1009, "message larger than 1048576 bytes, the limit of this connection"},
		{"16 bit for a short length", text + "\xfe\x00\x03\x00\x00\x00\x00[1]", block, 1002, "frame with a length of 3 that is not in its shortest form"},
		{"64 bit for a short length", text + "\xff\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00[", block, 1002, "frame with a length of 65535 that is not in its shortest form"},
		{"2^63 announced", text + "\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "", 1002, ""},
		{"compressed", "\xc1\x83\x00\x00\x00\x00\xaa\xbb\xcc", "", 1002, ""},
		{"fragments without end", part + kib + block, continued + kib + block, 1009, "message larger than 1048576 bytes, the limit of this connection"},
		{"empty fragments without end", part + "\x80\x00\x00\x00\x00", strings.Repeat(continued+"\x80\x00\x00\x00\x00", 100), 1008, "message of empty fragments without end"},
		{"not UTF-8", text + "\x82\x00\x00\x00\x00\xc3\x28", "", 1007, "text message that is not valid UTF-8"},
		{"pings without end", strings.Repeat("\x89\x80\x00\x00\x00\x00", 100), strings.Repeat("\x89\x80\x00\x00\x00\x00", 100), 1008, "1000 pings and pongs in less than a second"},
		{"pongs without end", strings.Repeat("\x8a\x80\x00\x00\x00\x00", 100), strings.Repeat("\x8a\x80\x00\x00\x00\x00", 100), 1008, "1000 pings and pongs in less than a second"},
		{"large ping", "\x89" + kib + block, "", 1002, "control frame of 1024 bytes, 125 are the most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			accepted := make(chan *Conn, 2)
			l := listen(t, Limits{MessageBytes: 1 << 20}, nil, func(h *Handshake) {
				conn, err := h.Accept(codec.JSON, nil)
				if err != nil {
					t.Errorf("accept: %v", err)
				}
				accepted <- conn
			})
			other, response := upgraded(t, l, "Sec-WebSocket-Extensions: permessage-deflate\n")
			if extensions := response.Header.Get("Sec-WebSocket-Extensions"); response.StatusCode != 101 || extensions != "" {
				t.Fatalf("answer %s with extensions %q", response.Status, extensions)
			}
			good := <-accepted
			dropAfter(t, good)
			peer, _ := upgraded(t, l, "")
			abused := <-accepted
			dropAfter(t, abused)

			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var flooding sync.WaitGroup
			flooding.Go(func() {
				_, err := io.WriteString(peer, c.first)
				for sent := 0; err == nil && c.then != "" && sent < mostFlood; sent += len(c.then) {
					_, err = io.WriteString(peer, c.then)
				}
				if err == nil && c.then != "" {
					_ = peer.Close()
				}
			})
			_, err := abused.Read()
			fault := (*ProtocolError)(nil)
			if !errors.As(err, &fault) || fault.Code != c.code || c.reason != "" && fault.Reason != c.reason {
				t.Errorf("read: %v, want code %d and %q", err, c.code, c.reason)
				abused.Abort(errTestOver)
			}
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 16<<20 {
				t.Errorf("%d bytes are allocated", allocated)
			}
			if _, err := io.WriteString(other, text+"\x83\x00\x00\x00\x00[1]"); err != nil {
				t.Fatal(err)
			}
			if got := mustRead(t, good); got != "[1]" {
				t.Errorf("the other client's message: %q", got)
			}
			abused.Wait()
			_ = peer.Close()
			flooding.Wait()
		})
	}
}

// A client must end its handshake in time, however it goes about it.
func TestSlowHandshakesEnd(t *testing.T) {
	const tlsHello = "\x16\x03\x01\x02\x00\x01"
	for over, c := range map[string]struct{ first, report string }{
		"ws": {"GET /ws HTTP/1.1\r\nX: ", "no whole request within 50ms (limits.handshake_timeout)"},
		"rs": {"\x7f", "i/o timeout"}, "wss": {tlsHello, "i/o timeout"}, "rss": {tlsHello, "i/o timeout"},
	} {
		t.Run(over, func(t *testing.T) {
			secure, _ := secured(t, over)
			reports := make(chan error, 2)
			first, limits := c.first, Limits{HandshakeTimeout: 50 * time.Millisecond}
			l := listenAt(t, addressOver(t, over), ListenOptions{Limits: limits, TLS: secure, Report: func(err error) { reports <- err }}, nil, func(*Handshake) {
				t.Error("a client came through")
			})
			silent, dripping := octetsTo(t, l, []byte(first)), octetsTo(t, l, []byte(first))
			pace := time.NewTicker(10 * time.Millisecond)
			defer pace.Stop()
			var err error
			for err == nil { // RawSocket has nothing to drip: what is behind its handshake is no part of it
				<-pace.C
				if strings.HasPrefix(over, "ws") {
					_, err = dripping.Write([]byte("x"))
				} else {
					_, err = dripping.Read(make([]byte, 1))
				}
			}
			if _, err := io.ReadAll(silent); err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the end of a silent client: %v", err)
			}
			for range 2 {
				if err := <-reports; !strings.Contains(err.Error(), c.report) {
					t.Errorf("report: %v, want %q", err, c.report)
				}
			}
		})
	}
}

func TestQuota(t *testing.T) {
	for _, over := range []string{"ws", "wss", "rs", "rss", "unix"} {
		t.Run(over, func(t *testing.T) { testQuota(t, over) })
	}
}

func testQuota(t *testing.T, over string) {
	quota, reports := NewQuota(2, 0), make(chan error, 10)
	accepted := make(chan *Conn, 10)
	secure, trusting := secured(t, over)
	l := listenAt(t, addressOver(t, over), ListenOptions{Quota: quota, TLS: secure, Report: func(err error) { reports <- err }}, nil, func(h *Handshake) {
		conn, err := h.Accept(codec.JSON, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
		}
		accepted <- conn
	})
	dial := func() error {
		dialed, err := Dial(t.Context(), l.URL(), DialOptions{Serializers: []codec.Serializer{codec.JSON}, TLS: trusting, Timeout: 10 * time.Second})
		if err == nil {
			dropAfter(t, dialed.Conn)
		}
		return err
	}
	for range 2 {
		if err := dial(); err != nil {
			t.Fatal(err)
		}
	}
	first, second := <-accepted, <-accepted
	dropAfter(t, second)
	for range 3 {
		err := dial()
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Status != 503 && refused.RawSocket != RawSocketConnections {
			t.Errorf("beyond the quota: %v", err)
		}
		if err := <-reports; !errors.Is(err, errCrowded) {
			t.Errorf("report: %v", err)
		}
	}
	first.Abort(errTestOver)
	first.Wait()
	for taken, told := quota.load(); taken > 1 || told > 0; taken, told = quota.load() { // those that were refused are on their way out
		runtime.Gosched()
	}
	if err := dial(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	dropAfter(t, <-accepted)
}

func (q *Quota) load() (taken, told int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken, q.told
}

// One address can't take all places, nor keep others from being told; a Unix
// socket has none.
func TestQuotaOfAnAddress(t *testing.T) {
	quota := NewQuota(10, 2)
	at := func(address string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)) }
	first, ok := quota.take(at("10.0.0.1:1"))
	if !ok || first.crowded != nil {
		t.Fatal("the first is turned away")
	}
	quota.take(at("[::ffff:10.0.0.1]:2"))
	for range turnedAwayAtOnce {
		if p, ok := quota.take(at("10.0.0.1:3")); !ok || !errors.Is(p.crowded, errCrowdedAddress) {
			t.Fatalf("beyond the address's: %v, %v", p.crowded, ok)
		}
	}
	if _, ok := quota.take(at("10.0.0.1:3")); ok {
		t.Error("one too many is told")
	}
	for _, other := range []string{"10.0.0.2:1", "10.0.0.2:2", "[fe80::1%eth0]:1", "[fe80::1%eth1]:1"} {
		if p, ok := quota.take(at(other)); !ok || p.crowded != nil {
			t.Errorf("%s: %v, %v", other, p.crowded, ok)
		}
	}
	for range 4 {
		if p, ok := quota.take(&net.UnixAddr{Net: "unix"}); !ok || p.crowded != nil {
			t.Errorf("a Unix socket: %v, %v", p.crowded, ok)
		}
	}
	first.giveBack()
	first.giveBack()
	if p, ok := quota.take(at("10.0.0.1:4")); !ok || p.crowded != nil {
		t.Errorf("with room again: %v, %v", p.crowded, ok)
	}
	if taken, told := quota.load(); taken != 10 || told != turnedAwayAtOnce {
		t.Errorf("%d taken, %d told", taken, told)
	}
}

// Connections by the thousand cost nothing once the quota is used up.
func TestManyConnectionsBeyondTheQuota(t *testing.T) {
	quota := NewQuota(1, 0)
	l := listenAt(t, "rs://127.0.0.1:0", ListenOptions{Quota: quota}, nil, func(*Handshake) { t.Error("a client came through") })
	var peers []net.Conn
	for range 500 {
		peer, err := net.Dial("tcp", l.url.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		peers = append(peers, peer)
	}
	if _, err := peers[499].Read(make([]byte, 1)); err == nil {
		t.Error("the last one got something")
	}
	if taken, told := quota.load(); taken > 1 || told > turnedAwayAtOnce {
		t.Errorf("%d connections are held, and %d more", taken, told)
	}
}
