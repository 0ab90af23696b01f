package transport

import (
	"errors"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// until waits for a state.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come to be", what)
		}
	}
}

// narrowPair is a pair whose sockets hold little, so that what is sent to a
// client that does not read stays in the send buffer.
func narrowPair(t *testing.T, limits Limits) (client, server *Conn) {
	client, server = wrappedPair(t, "ws", codec.CBOR, limits, func(conn net.Conn) net.Conn {
		_ = conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
		return conn
	})
	_ = client.gather.Conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	return client, server
}

// paced starts what a reader does before it passes a message on, and returns
// once it waits.
func paced(t *testing.T, from, to *Conn) (went chan struct{}) {
	t.Helper()
	went = make(chan struct{})
	go func() {
		defer close(went)
		from.PaceTo(to, new(Outbox))
	}()
	until(t, "a reader that waits", from.paused.Load)
	return went
}

// However small a send buffer is, who keeps pace never fills it.
func TestReaderKeepsPaceWithASmallSendBuffer(t *testing.T) {
	const limit = 64 << 10
	slow, to := narrowPair(t, Limits{SendBufferBytes: limit})
	_, from := pair(t, codec.CBOR, Limits{})
	const messages = 2000
	random := rand.New(rand.NewPCG(1, 2))
	sent := make(chan error, 1)
	go func() {
		for range messages {
			message := strings.Repeat("x", 1+random.IntN(limit/2))
			from.PaceTo(to, new(Outbox))
			if err := to.Send([]byte(message)); err != nil {
				sent <- err
				return
			}
			to.Flush()
		}
		sent <- nil
	}()
	until(t, "a reader that waits", from.paused.Load)
	for range messages {
		if _, err := slow.Read(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// A reader whose messages go to a peer that does not read stops at half of that
// one's send buffer, and goes on when there is room, or one of them is gone.
func TestReaderKeepsPaceWithWhoItSendsTo(t *testing.T) {
	const limit = 2 << 20
	message := strings.Repeat("x", 16<<10)
	for name, end := range map[string]func(slow, from, to *Conn){
		"the peer reads again": func(slow, _, _ *Conn) {
			for range limit / len(message) / 2 { // of more that was sent
				mustRead(t, slow)
			}
		},
		"the other connection ends": func(_, _, to *Conn) { to.Abort(errTestOver) },
		"its own ends":              func(_, from, _ *Conn) { from.Abort(errTestOver) },
		"its own is closed":         func(_, from, _ *Conn) { from.Close(1000, "", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			slow, to := narrowPair(t, Limits{SendBufferBytes: limit})
			_, from := pair(t, codec.CBOR, Limits{})
			for to.Buffered() <= limit/2 {
				from.PaceTo(to, new(Outbox))
				mustSend(t, to, message)
				to.Flush()
			}
			for to.Buffered() <= limit*3/4 { // the socket may take some yet
				mustSend(t, to, message)
			}
			went := paced(t, from, to)
			end(slow, from, to)
			<-went
			to.gather.mu.Lock()
			n := len(to.gather.waiters)
			to.gather.mu.Unlock()
			if n > 0 {
				t.Errorf("%d still wait", n)
			}
		})
	}
}

// A message of any size finds room where a reader was let go on.
func TestNoRoomIsNeeded(t *testing.T) {
	client, _ := pair(t, codec.JSON, Limits{})
	if !client.Await(Room{}) {
		t.Error("the zero Room is not there at once")
	}
}

func TestLargeMessageBehindWhatWaits(t *testing.T) {
	_, server := narrowPair(t, Limits{SendBufferBytes: 1 << 20})
	mustSend(t, server, strings.Repeat("x", 512<<10))
	mustSend(t, server, strings.Repeat("x", 3<<20))
	if err := server.Send(make([]byte, 2<<20)); !errors.Is(err, ErrSendBufferFull) {
		t.Errorf("send behind them: %v, want ErrSendBufferFull", err)
	}
}

// Of many who send to one, each is stopped at its own share, and none at
// another's; all together never fill the send buffer.
func TestShares(t *testing.T) {
	const limit, size = 16 << 20, 10_000
	slow, to := narrowPair(t, Limits{SendBufferBytes: limit})
	message := strings.Repeat("m", size)
	send := func(s *Share) (wait Room, ok bool) {
		if wait, ok = s.Admits(to, size); ok {
			mustSend(t, to, message)
			s.Sent(to, size)
		}
		return wait, ok
	}
	sendAll := func(s *Share) (n int) {
		for {
			if _, ok := send(s); !ok {
				return n
			}
			if n++; n > limit/size {
				t.Fatal("one sender is never stopped")
			}
		}
	}
	share := crestOf(limit)
	var first Share
	if n := sendAll(&first) * size; n > 3*share {
		t.Errorf("the first sender has %d bytes unsent, its share is %d", n, share)
	}
	for i := range 100 {
		var other Share
		if n := sendAll(&other) * size; n < share || n > 2*share {
			t.Errorf("sender %d has %d bytes unsent, its share is %d", i, n, share)
		}
		if unsent := to.Buffered(); unsent > limit/2 {
			t.Fatalf("%d bytes are unsent", unsent)
		}
	}
	all := make([]Share, 10_000)
	stopped := 0
	for i := range all {
		if sendAll(&all[i]) == 0 {
			stopped++
		}
	}
	if unsent := to.Buffered(); unsent > limit/4*3 || stopped == 0 {
		t.Errorf("%d bytes are unsent of 10000 senders, of whom %d can't send", unsent, stopped)
	}
	if err := to.Send([]byte("who can't wait")); err != nil {
		t.Errorf("send: %v", err)
	}
	_, waiter := pair(t, codec.CBOR, Limits{})
	wait, _ := first.Admits(to, size)
	went := make(chan struct{})
	go func() {
		defer close(went)
		waiter.Await(wait)
	}()
	until(t, "a sender that waits", waiter.paused.Load)
	to.Flush()
	for sent := to.gather.total / size; sent > 0; sent-- {
		mustRead(t, slow)
	}
	<-went
	if _, ok := send(&first); !ok {
		t.Error("the first sender is stopped though nothing is unsent")
	}
}

// A sender to several connections has a share of each.
func TestSharesOfSeveralConnections(t *testing.T) {
	const limit, size = 16 << 20, 10_000
	_, ended := narrowPair(t, Limits{SendBufferBytes: limit})
	_, a := narrowPair(t, Limits{SendBufferBytes: limit})
	_, b := narrowPair(t, Limits{SendBufferBytes: limit})
	message := strings.Repeat("m", size)
	var s Share
	stopped := map[*Conn]int{}
	for _, round := range [][]*Conn{{ended}, {a, b}} {
		for range 100 {
			for _, to := range round {
				if _, ok := s.Admits(to, size); !ok {
					stopped[to]++
					continue
				}
				mustSend(t, to, message)
				s.Sent(to, size)
			}
		}
		ended.Abort(errTestOver)
	}
	for i, to := range []*Conn{a, b} {
		if unsent := to.Buffered(); unsent > 3*crestOf(limit) || stopped[to] == 0 {
			t.Errorf("connection %d has %d bytes unsent, the share is %d; stopped %d times", i, unsent, crestOf(limit), stopped[to])
		}
	}
	if len(s.on) != 2 {
		t.Errorf("%d connections are known, of which 2 stand", len(s.on))
	}
}
