package proxy

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// slowEnd is a connection whose end is played by the test, and reads only when
// the test does.
type slowEnd struct {
	t    *testing.T
	conn *transport.Conn
}

// next returns the next message.
func (e slowEnd) next() string {
	e.t.Helper()
	message, err := e.conn.Read()
	if err != nil {
		e.t.Fatalf("read: %v", err)
	}
	return string(message)
}

func (e slowEnd) expectPrefix(format string, args ...any) {
	e.t.Helper()
	if got, want := e.next(), fmt.Sprintf(format, args...); !strings.HasPrefix(got, want) {
		e.t.Fatalf("got %.100s, want %s…", got, want)
	}
}

func (e slowEnd) say(format string, args ...any) {
	e.t.Helper()
	if err := e.conn.Send(fmt.Appendf(nil, format, args...)); err != nil {
		e.t.Fatalf("send: %v", err)
	}
	e.conn.Flush()
}

// acceptSlow takes the next connection to the router. It is read by the test alone.
func (w *world) acceptSlow() slowEnd {
	w.t.Helper()
	select {
	case conn := <-w.slow:
		w.t.Cleanup(func() {
			conn.Abort(errStopped)
			conn.Wait()
		})
		return slowEnd{w.t, conn}
	case <-time.After(patience):
		w.t.Fatal("nobody connects to the router")
	}
	return slowEnd{}
}

// stream sends messages of which only half of the send buffer waits at a time, and
// tells how that ended.
func stream(from *transport.Conn, n int, message func(i int) []byte) chan error {
	sent := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < n && err == nil; i++ {
			from.PaceTo(from, new(transport.Outbox))
			err = from.Send(message(i))
			from.Flush()
		}
		sent <- err
	}()
	return sent
}

// stalls waits until a stream can't go on: the sockets on its way are full.
func stalls(t *testing.T, from *transport.Conn) {
	t.Helper()
	for deadline := time.Now().Add(3 * patience); from.Buffered() <= 4<<20; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("a sender is never stopped")
		}
	}
}

// A callee that streams faster than the router reads is stopped, and another is not:
// its answers come, and the pool session stays up.
func TestCalleeThatStreamsFasterThanTheRouterReads(t *testing.T) {
	const limit, part = 8 << 20, 64 << 10
	w := makeWorld(t)
	w.isSlow.Store(true)
	w.prepare = func(p *Proxy) { p.poolSendBuffer = limit }
	w.start(worldOptions{})
	pool := w.acceptSlow()
	pool.expectPrefix(`[1,"realm1"`)
	pool.say(`[2,1,{"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}]`)

	streamer, router := w.join("backend", `"progressive_call_results":true`)
	streamer.send(`[64,1,%s,"com.example.p"]`, shared)
	pool.expectPrefix(`[64,1,`)
	pool.say(`[65,1,100]`)
	w.admit(streamer, router)
	other, routerOfOther := w.join("backend", "")
	other.send(`[64,1,{"invoke":"roundrobin"},"com.example.q"]`)
	pool.expectPrefix(`[64,2,`)
	pool.say(`[65,2,200]`)
	routerOfOther.expectPrefix(`[64,1,`)
	routerOfOther.send(`[8,64,1,{},"wamp.error.procedure_already_exists"]`)
	other.expectPrefix(`[65,1,`)

	pool.say(`[68,11,100,{"receive_progress":true}]`)
	streamer.expectPrefix(`[68,1,`)
	const parts = 40 << 20 / part // more than sockets and send buffer take
	payload := strings.Repeat("x", part)
	streamed := stream(streamer.conn, parts, func(i int) []byte {
		return fmt.Appendf(nil, `[70,1,{"progress":true},[%d,"%s"]]`, i, payload)
	})
	stalls(t, streamer.conn)
	for i := range 5 { // while the router takes nothing of the stream
		pool.say(`[68,%d,200,{}]`, 20+i)
		other.expectPrefix(`[68,%d,`, 1+i)
		other.send(`[70,%d,{},["meanwhile"]]`, 1+i)
	}
	part0, answers := 0, 0
	for part0 < parts || answers < 5 {
		message := pool.next()
		switch {
		case strings.HasPrefix(message, fmt.Sprintf(`[70,11,{"progress":true},[%d,`, part0)):
			part0++
		case strings.HasPrefix(message, fmt.Sprintf(`[70,%d,{},["meanwhile"]`, 20+answers)):
			answers++
			if mib := part0 * part >> 20; mib > 20 { // most of it in the sockets
				t.Errorf("answer %d comes behind %d MiB of the stream", answers, mib)
			}
		default:
			t.Fatalf("the router gets %.100s behind %d parts and %d answers", message, part0, answers)
		}
	}
	if err := <-streamed; err != nil {
		t.Errorf("stream: %v", err)
	}
	streamer.send(`[70,1,{}]`)
	pool.expectPrefix(`[70,11,{}]`)
}

// A client that publishes faster than the router reads, and one that reads more
// slowly than the router sends, are neither dropped.
func TestSlowEndsOfASession(t *testing.T) {
	const part, parts = 256 << 10, 160 // 40 MiB, more than sockets and send buffer take
	payload := strings.Repeat("x", part)
	send := func(from *transport.Conn, format string) chan error {
		return stream(from, parts, func(i int) []byte { return fmt.Appendf(nil, format, i+1, payload) })
	}
	t.Run("router", func(t *testing.T) {
		w, _ := newWorldOf(t, worldOptions{limits: `send_buffer = "1MiB"`})
		w.isSlow.Store(true)
		dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}})
		if err != nil {
			t.Fatal(err)
		}
		client, router := newPeer(t, dialed.Conn), w.acceptSlow()
		client.send(`[1,"realm1",{}]`)
		router.expectPrefix(`[1,"realm1",{}]`)
		router.say(`[2,7,{"realm":"realm1"}]`)
		client.expect(`[2,7,{"realm":"realm1"}]`)
		sent := send(client.conn, `[16,%d,{},"com.example.t",["%s"]]`)
		stalls(t, client.conn)
		for i := range parts {
			router.expectPrefix(`[16,%d,{},`, i+1)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
		router.say(`[17,1,1]`)
		client.expect(`[17,1,1]`)
	})
	t.Run("client", func(t *testing.T) {
		w, _ := newWorldOf(t, worldOptions{limits: `send_buffer = "1MiB"`})
		client, router, tell := w.deaf("backend")
		sent := send(router.conn, `[36,1,%d,{},["%s"]]`)
		stalls(t, router.conn)
		tell(`[32,1,{},"com.example.t"]`) // it is read all the time
		router.expect(`[32,1,{},"com.example.t"]`)
		slow := slowEnd{t, client}
		for i := range parts {
			slow.expectPrefix(`[36,1,%d,{},`, i+1)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	})
}
