package transport

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// TestKeepalive lets time pass by hand. What a peer has answered is seen by
// what comes back: the pong is there before the answer to a message behind it.
func TestKeepalive(t *testing.T) {
	for _, over := range []string{"ws", "wss"} {
		t.Run(over, func(t *testing.T) { testKeepalive(t, over) })
	}
}

func testKeepalive(t *testing.T, over string) {
	k := NewKeepalive(10*time.Second, 20*time.Second)
	client, server := pairOver(t, over, codec.JSON, Limits{Keepalive: k})
	echoed := make(chan struct{})
	go func() { // the peer, as long as it reads
		defer close(echoed)
		for {
			m, err := client.Read()
			if err != nil || client.Send(m) != nil {
				return
			}
			client.Flush()
		}
	}()
	t.Cleanup(func() {
		client.Abort(errTestOver)
		<-echoed
	})
	k.remove(client) // the test is about the other end
	now := time.Now()
	pass := func(seconds int) {
		now = now.Add(time.Duration(seconds) * time.Second)
		k.tick(now)
	}
	pinged := func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return !k.beats[server].pinged.IsZero()
	}
	exchange := func() {
		t.Helper()
		mustSend(t, server, "[1]")
		server.Flush()
		mustRead(t, server)
	}
	exchange()
	pass(1) // something has come
	pass(9)
	if pinged() {
		t.Error("pinged before the interval is over")
	}
	pass(1)
	if !pinged() {
		t.Error("not pinged when the interval is over")
	}
	exchange() // and the pong
	pass(20)
	if pinged() || server.Err() != nil {
		t.Errorf("the answer is not noticed: %v", server.Err())
	}
	pass(10)
	if !pinged() {
		t.Error("not pinged again")
	}
	pass(19) // nobody reads the pong
	if server.Err() != nil {
		t.Errorf("dropped too early: %v", server.Err())
	}
	pass(1)
	if _, err := server.Read(); !errors.Is(err, ErrNoPong) || err.Error() != "no answer to a ping within 20s" {
		t.Errorf("read: %v, want ErrNoPong", err)
	}
	server.Wait()
	k.mu.Lock() // the client ends as well
	defer k.mu.Unlock()
	if len(k.beats) != 0 {
		t.Errorf("%d connections are still looked after", len(k.beats))
	}
}

// Over RawSocket a peer is pinged that pings itself.
func TestKeepaliveOverRawSocket(t *testing.T) {
	k := NewKeepalive(time.Second, time.Second)
	peer, server := rawPeer(t, Limits{Keepalive: k}, []byte{0x7f, 0xf1, 0, 0})
	mustReceive(t, peer, []byte{0x7f, 0xf1, 0, 0})
	now := time.Now().Add(time.Hour)
	k.tick(now)
	k.tick(now.Add(time.Hour))
	if err := server.Err(); err != nil {
		t.Errorf("a peer that knows no pings is dropped: %v", err)
	}
	if _, err := io.WriteString(peer, "\x01\x00\x00\x00\x00\x00\x00\x02[]"); err != nil {
		t.Fatal(err)
	}
	mustRead(t, server)
	server.Flush()
	k.tick(now)
	k.tick(now.Add(time.Second))
	mustReceive(t, peer, []byte("\x02\x00\x00\x00\x01\x00\x00\x00"))
	k.tick(now.Add(2 * time.Second))
	if rest, err := io.ReadAll(peer); len(rest) > 0 || err != nil {
		t.Errorf("the peer still gets % x, %v", rest, err)
	}
	_ = peer.Close()
	server.Wait()
	if err := server.Err(); !errors.Is(err, ErrNoPong) {
		t.Errorf("reason: %v, want ErrNoPong", err)
	}
}

// A peer that has stopped, with its sockets open, is found without a test's help.
func TestKeepaliveRuns(t *testing.T) {
	k := NewKeepalive(10*time.Millisecond, 10*time.Millisecond)
	ctx, stopped := t.Context(), make(chan struct{})
	go func() {
		defer close(stopped)
		k.Run(ctx)
	}()
	t.Cleanup(func() { <-stopped })
	peer, server := rawPeer(t, Limits{Keepalive: k}, []byte("\x7f\xf1\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02[]"))
	mustRead(t, server) // behind a ping
	if _, err := server.Read(); !errors.Is(err, ErrNoPong) {
		t.Errorf("read: %v, want ErrNoPong", err)
	}
	_ = peer.Close()
}
