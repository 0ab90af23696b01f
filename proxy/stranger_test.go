package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// stranger is a client that is played octet by octet, with its end at the router.
type stranger struct {
	net.Conn
	router *peer
}

// stranger connects a client that has yet to say HELLO.
func (w *world) stranger() stranger {
	w.t.Helper()
	if address, raw := strings.CutPrefix(w.proxy.URLs()[0], "rs://"); raw {
		conn := w.dialOctets("\x7f\xf1\x00\x00")
		_ = address
		answerTo(w.t, conn)
		return stranger{conn, w.accept()}
	}
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(w.proxy.URLs()[0], "ws://"), "/ws"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	const request = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n"
	answer := make([]byte, 0, 512)
	if _, err = io.WriteString(conn, request); err != nil {
		w.t.Fatal(err)
	}
	for one := make([]byte, 1); !bytes.HasSuffix(answer, []byte("\r\n\r\n")); answer = append(answer, one[0]) {
		if _, err := io.ReadFull(conn, one); err != nil {
			w.t.Fatalf("%v behind %q", err, answer)
		}
	}
	return stranger{conn, w.accept()}
}

// begin sends the head of a message of so many bytes, and so many of them.
func (s stranger) begin(over string, announced, sent int) {
	head := binary.BigEndian.AppendUint32(nil, uint32(announced))
	if over == webSocket {
		head = append(binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, uint64(announced)), 0, 0, 0, 0)
		if announced <= 0xffff {
			head = append(binary.BigEndian.AppendUint16([]byte{0x81, 0xfe}, uint16(announced)), 0, 0, 0, 0)
		}
	}
	_, _ = s.Write(append(head, bytes.Repeat([]byte("x"), sent)...)) // who holds too much is closed meanwhile
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// accounts returns what each client holds.
func (p *Proxy) accounts() (held []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.clients {
		held = append(held, c.account.Held())
	}
	return held
}

// Who begins a message before WELCOME and stalls holds no more than joinBytes,
// and one that would be longer ends the connection at once.
func TestStrangersHoldLittle(t *testing.T) {
	const strangers = 45
	for _, over := range []string{webSocket, rawSocket} {
		t.Run(over[:2], func(t *testing.T) {
			w, _ := newWorldAt(t, "", over, "")
			for range strangers {
				w.stranger().begin(over, joinBytes-1, joinBytes-2)
			}
			await(t, "all have come", func() bool {
				held := w.proxy.accounts()
				for _, bytes := range held {
					if bytes != joinBytes { // less, or with the buffer of a read that is under way
						return false
					}
				}
				// A read that begins or ends charges the one before the other.
				return len(held) == strangers && w.proxy.budget.Held() == strangers*joinBytes
			})
			long := w.stranger()
			long.begin(over, joinBytes+1, 1)
			long.router.expectEnd()
			if over == webSocket {
				if got, _ := io.ReadAll(long); !bytes.Contains(got, []byte("\x03\xf1message larger than 65536 bytes")) {
					t.Errorf("got %q", got)
				}
			}
			client, router := w.join("backend", "") // and then it may
			large := fmt.Sprintf(`[16,1,{},"com.example.t",[%q]]`, strings.Repeat("x", 1<<20))
			client.send("%s", large)
			router.expect("%s", large)
			router.send("%s", large)
			client.expect("%s", large)
			client.send(`[6,{},"wamp.close.close_realm"]`)
			router.expect(`[6,{},"wamp.close.close_realm"]`)
			client.send("%s", large) // it is a stranger again
			router.expectEnd()
		})
	}
}

// What one stranger says before WELCOME does not gather where its router does
// not read: it is not read itself.
func TestStrangersDoNotFillTheSendBuffer(t *testing.T) {
	w, _ := newWorld(t, "")
	w.isSlow.Store(true)
	dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}})
	if err != nil {
		t.Fatal(err)
	}
	client := newPeer(t, dialed.Conn)
	w.acceptSlow()
	hello := fmt.Appendf(nil, `[1,%q,{}]`, strings.Repeat("x", 60<<10))
	stream(client.conn, 1000, func(int) []byte { return hello })
	stalls(t, client.conn)
	held := w.proxy.accounts()
	if len(held) != 1 || client.conn.Err() != nil {
		t.Fatalf("it is dropped, and not stopped: %v", client.conn.Err())
	}
	for _, held := range held {
		if held > 4*joinBytes { // by capacity: one message each in reading and in writing
			t.Errorf("%d bytes are held for it", held)
		}
	}
}

// Beyond limits.memory the client that holds most is dropped, and the others live.
func TestMemoryOfAllClients(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{limits: `memory = "16MiB"`})
	w.welcomePool()
	type half struct {
		stranger
		announced, sent int
	}
	begin := func(announced, sent int) half {
		h := half{w.stranger(), announced, sent}
		hello := `[1,"realm1",{}]`
		if _, err := h.Write(append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...)); err != nil {
			t.Fatal(err)
		}
		h.router.expect("%s", hello)
		h.router.send(`[2,7,{"realm":"realm1","authrole":"backend"}]`)
		if _, err := io.ReadFull(h, make([]byte, 2+len(`[2,7,{"realm":"realm1","authrole":"backend"}]`))); err != nil {
			t.Fatal(err)
		}
		before := w.proxy.budget.Held()
		h.begin(webSocket, announced, sent)
		if sent < 4<<20 {
			await(t, "what was sent is held", func() bool { return w.proxy.budget.Held() >= before+int64(sent) })
		}
		return h
	}
	small, middle := begin(1<<20, 1<<20-1), begin(4<<20, 3<<20)
	big := begin(16<<20, 9<<20) // in a buffer of 16 MiB
	big.router.expectEnd()
	log.find(t, "this one the most")
	if _, err := io.ReadAll(big); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
	for _, h := range []half{small, middle} {
		if _, err := h.Write(bytes.Repeat([]byte("x"), h.announced-h.sent)); err != nil {
			t.Fatal(err)
		}
		if got := h.router.next(); len(got) != h.announced {
			t.Errorf("%d bytes came of %d", len(got), h.announced)
		}
	}
	await(t, "nobody holds anything", func() bool { return w.proxy.budget.Held() == 0 })
}

// Several clients that do not read what they are sent can't hold more than
// limits.memory: those that hold most are dropped until the others are within it.
func TestSlowReadersHoldNoMoreThanTheMemory(t *testing.T) {
	const readers, part, parts = 5, 128 << 10, 256
	w, _ := newWorldOf(t, worldOptions{limits: `memory = "12MiB"`})
	clients, routers := make([]*transport.Conn, readers), make([]*peer, readers)
	payload := strings.Repeat("x", part)
	for i := range readers {
		clients[i], routers[i], _ = w.deaf("backend")
		go func() {
			for n := range parts {
				if routers[i].conn.Send(fmt.Appendf(nil, `[36,1,%d,{},[%q]]`, n+1, payload)) != nil {
					return
				}
				routers[i].conn.Flush()
				for routers[i].conn.Buffered() > 1<<20 {
					runtime.Gosched()
				}
			}
		}()
	}
	gone := func() (n int) {
		for _, r := range routers {
			if r.conn.Err() != nil {
				n++
			}
		}
		return n
	}
	await(t, "one is dropped", func() bool { return gone() > 0 })
	await(t, "what is held is within the bound", func() bool { return w.proxy.budget.Held() <= w.proxy.budget.Most() })
	whole := 0
	for _, c := range clients {
		n := 0
		for ; n < parts; n++ {
			if message, err := c.Read(); err != nil {
				break
			} else if want := fmt.Sprintf(`[36,1,%d,`, n+1); !strings.HasPrefix(string(message), want) {
				t.Fatalf("got %.100s, want %s…", message, want)
			}
		}
		if n == parts {
			whole++
		}
	}
	if whole == 0 || whole == readers {
		t.Errorf("%d of %d got all that they were sent", whole, readers)
	}
}

// Clients that connect and never say HELLO, or are never answered, keep nobody
// out: they are closed when their time is over.
func TestStrangersKeepNobodyOut(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{limits: "connections = 40\n handshake_timeout = \"2s\""})
	w.welcomePool()
	client, router := w.join("backend", "")
	strangers := make([]stranger, 39)
	for i := range strangers {
		strangers[i] = w.stranger()
		if _, err := strangers[i].Write([]byte("\x89\x80\x00\x00\x00\x00")); err != nil { // it answers, and asks
			t.Fatal(err)
		}
	}
	if _, err := strangers[0].Write(append([]byte{0x81, 0x8f, 0, 0, 0, 0}, `[1,"realm1",{}]`...)); err != nil { // no answer comes
		t.Fatal(err)
	}
	dial := func() error {
		dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}})
		if err == nil {
			dialed.Conn.Abort(errStopped)
			dialed.Conn.Wait()
		}
		return err
	}
	if refused := (*transport.RefusedError)(nil); !errors.As(dial(), &refused) || refused.Status != 503 {
		t.Error("there is room for more than the limit")
	}
	for _, s := range strangers {
		if got, err := io.ReadAll(s); !bytes.HasSuffix(got, []byte("\x03\xf0no WELCOME within 2s (limits.handshake_timeout)")) {
			t.Fatalf("got %q, %v", got, err)
		}
		_ = s.Close()
	}
	log.find(t, "no WELCOME within 2s")
	await(t, "somebody else gets in", func() bool { return dial() == nil })
	client.send(`[16,1,{},"com.example.t"]`) // who has joined in time stays
	router.expect(`[16,1,{},"com.example.t"]`)
	router.send(`[6,{},"wamp.close.system_shutdown"]`)
	client.expect(`[6,{},"wamp.close.system_shutdown"]`)
	router.expectEnd() // and has as long for its next HELLO
}

// One address may not take all connections, if that is configured.
func TestConnectionsOfAnAddressAreBounded(t *testing.T) {
	w, _ := newWorldOf(t, worldOptions{limits: "connections = 40\n connections_per_address = 2"})
	w.stranger()
	w.stranger()
	dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}})
	if refused := (*transport.RefusedError)(nil); !errors.As(err, &refused) || refused.Status != 503 {
		t.Fatalf("third client of an address: %v, %v; want to be refused", dialed, err)
	}
}

// A client's GOODBYE ends its session and nothing that came before: neither what is
// held for the router, nor what the router has sent by then.
func TestGoodbyeOverLargeMessages(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	large := strings.Repeat("x", joinBytes)
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	for id := 2; id < 6; id++ {
		client.send(`[16,%d,{},"com.example.t",[%q]]`, id, large)
	}
	client.send(`[6,{},"wamp.close.close_realm"]`)
	pool.expect(`[64,1,{},"com.example.p"]`)
	w.sessionOf("all is held", func(s *session) bool {
		state, _ := s.realm.registrar.Session(s.candidate)
		return state.Held == 5
	})
	pool.send(`[65,1,100]`)
	w.admit(client, router)
	for id := 2; id < 6; id++ {
		router.expect(`[16,%d,{},"com.example.t",[%q]]`, id, large)
	}
	router.expect(`[6,{},"wamp.close.close_realm"]`)
	router.send(`[36,1,2,{},[%q]]`, large)
	client.expect(`[36,1,2,{},[%q]]`, large)
	router.send(`[6,{},"wamp.close.goodbye_and_out"]`)
	client.expect(`[6,{},"wamp.close.goodbye_and_out"]`)
}
