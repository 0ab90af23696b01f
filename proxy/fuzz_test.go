package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"testing"

	"github.com/wampool/wampool/codec"
)

// The whole sidecar is fuzzed: it runs, its peers send what comes to the
// fuzzer's mind, and a pool and a session beside must not notice.

// between parts the messages of a stream.
var between = []byte("\x00\n")

// longest is the length of a stream.
const longest = 64 << 10

// arenas are the running sidecars that a target attacks, one for each
// serializer and transport.
type arenas []*arena

func newArenas(f *testing.F) arenas {
	var all arenas
	for _, over := range []string{webSocket, rawSocket} {
		for _, s := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
			all = append(all, newArena(f, s, over))
		}
	}
	return all
}

// pick returns the arena that an input is for. One that an earlier input has
// spoiled is replaced, so that the engine can make that input smaller.
func (all arenas) pick(t *testing.T, which uint8) *arena {
	i := int(which) % len(all)
	if all[i].t.Failed() {
		all[i] = newArena(outlasting{t}, all[i].s, all[i].over)
	}
	all[i].by(t)
	return all[i]
}

// outlasting is the test of what is left behind when it ends.
type outlasting struct{ testing.TB }

func (outlasting) Cleanup(func())           {}
func (outlasting) Context() context.Context { return context.Background() }

// seed adds messages for all arenas.
func (all arenas) seed(f *testing.F, messages ...any) {
	for i, a := range all {
		var stream [][]byte
		for _, m := range messages {
			if raw := wire(a.s, m); len(raw) > 0 {
				stream = append(stream, raw)
			}
		}
		if joined := bytes.Join(stream, between); len(joined) <= longest {
			f.Add(uint8(i), joined)
		}
	}
}

// FuzzClients sends messages to the sidecar from a callee that has one call.
func FuzzClients(f *testing.F) {
	all := newArenas(f)
	for _, table := range hostileClients {
		for _, h := range table {
			all.seed(f, h.send)
		}
	}
	for _, h := range hostileShapes {
		all.seed(f, h.message)
	}
	all.seed(f,
		list{66, 2, 101}, list{64, 3, dict{"invoke", "random"}, "com.example.other"}, list{48, 4, dict{}, "com.example.q"},
		list{70, 1, dict{"progress", true}}, list{6, dict{}, "wamp.close.close_realm"}, helloMessage)
	f.Fuzz(func(t *testing.T, which uint8, stream []byte) {
		if len(stream) > longest {
			return
		}
		a := all.pick(t, which)
		x := a.bring(t, busy)
		x.client.streams(stream, x.atRouter)
		a.unharmed(t, x.call)
	})
}

// FuzzDirectCallers sends messages from a caller whose calls a pool here answers,
// to a callee that must get nothing but sound ones.
func FuzzDirectCallers(f *testing.F) {
	all := newArenas(f)
	victims := make(map[*arena]*victim)
	for _, h := range directShapes {
		all.seed(f, list{48, 1, dict{}, "com.example.direct"}, h.message)
	}
	for _, h := range hostileShapes {
		all.seed(f, h.message, list{48, 9, dict{"progress", true}, "com.example.direct"})
	}
	all.seed(f,
		list{48, 1, dict{"progress", true}, "com.example.direct"}, list{48, 1, dict{"timeout", 1, "disclose_me", true}, "com.example.direct"},
		list{48, 2, dict{"ppt_scheme", "x_a"}, "com.example.direct"}, list{16, 3, dict{}, "t"}, list{49, 2, dict{"mode", "kill"}},
		list{64, 4, dict{}, "com.example.direct"}, list{6, dict{}, "wamp.close.close_realm"}, helloMessage)
	f.Fuzz(func(t *testing.T, which uint8, stream []byte) {
		if len(stream) > longest {
			return
		}
		a := all.pick(t, which)
		if victims[a] == nil {
			victims[a] = a.newVictim(outlasting{t})
		}
		caller, atRouter := a.joinAs(t, "caller")
		caller.streams(stream, atRouter)
		victims[a].takes(t)
		a.ping()
	})
}

// FuzzRouters sends messages from the router to a callee that has one call.
func FuzzRouters(f *testing.F) {
	all := newArenas(f)
	for _, h := range hostileRouters {
		all.seed(f, h.send)
	}
	all.seed(f, list{68, 9, 8, dict{}}, list{69, 9, dict{}}, list{6, dict{}, "wamp.close.normal"}, welcomeMessage)
	f.Fuzz(func(t *testing.T, which uint8, stream []byte) {
		if len(stream) > longest {
			return
		}
		a := all.pick(t, which)
		x := a.bring(t, busy)
		for message := range bytes.SplitSeq(stream, between) {
			if x.atRouter.conn.Send(message) != nil {
				break
			}
		}
		x.atRouter.conn.Close(1000, "", closeLinger)
		exhaust(x.client)
		exhaust(x.atRouter)
		a.unharmed(t, x.call)
	})
}

// FuzzPoolRouters sends messages from the router to the pool session of a
// sidecar that is new each time. Clients' sessions must not notice.
func FuzzPoolRouters(f *testing.F) {
	all := newArenas(f)
	for _, h := range hostilePoolRouters {
		all.seed(f, h.send)
	}
	f.Fuzz(func(t *testing.T, which uint8, stream []byte) {
		if len(stream) > longest {
			return
		}
		like := all.pick(t, which)
		a := newArena(t, like.s, like.over)
		for message := range bytes.SplitSeq(stream, between) {
			if a.pool.conn.Send(message) != nil {
				break
			}
		}
		a.pool.conn.Close(1000, "", closeLinger)
		exhaust(a.pool)
		a.passes()
	})
}

// FuzzSockets writes bytes to the sidecar's port.
func FuzzSockets(f *testing.F) {
	all := newArenas(f)
	for i, a := range all {
		f.Add(uint8(i), []byte("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: "+a.s.Subprotocol()+"\r\n\r\n\x81\x82\x00\x00\x00\x00[]"))
		f.Add(uint8(i), append([]byte{0x7f, 0xf0 | byte(1+i%3), 0, 0, 0, 0, 0, 2}, "[]\x01\x00\x00\x01x\x09\x00\x00\x00"...))
	}
	f.Fuzz(func(t *testing.T, which uint8, stream []byte) {
		a := all.pick(t, which)
		at, err := url.Parse(a.proxy.URLs()[0])
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", at.Host)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(stream)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
		a.unharmed(t, 0)
		for len(a.arrived) > 0 {
			late := <-a.arrived
			late.Abort(errStopped)
			late.Wait()
		}
	})
}

// streams sends the messages of a stream, and leaves in good order, so that all
// of it is read before the end is.
func (p *speaker) streams(stream []byte, other *speaker) {
	for message := range bytes.SplitSeq(stream, between) {
		if p.conn.Send(message) != nil {
			break // it has been aborted
		}
		p.conn.Flush()
	}
	p.conn.Close(1000, "", closeLinger)
	exhaust(p)
	exhaust(other)
}

// exhaust takes all messages until the connection has ended.
func exhaust(p *speaker) {
	for range p.messages {
	}
}

// unharmed checks that the pool session has its connection, that it has sent
// nothing on it but sound messages of a callee, that the call of the one who is
// gone has had its answer, once, that its registrations are given up, and that
// the healthy pool answers.
func (a *arena) unharmed(t *testing.T, call int) {
	a.by(t)
	ping := a.call(a.healthyAtRouter)
	a.healthyID++
	a.healthy.expect(`[68,%d,%.0f,{},["ping"]]`, a.healthyID, a.healthyAtCallee)
	a.healthy.say(list{70, a.healthyID, dict{}})
	seen := poolTraffic{a: a, t: t, held: min(call, 1)}
	for !seen.answers[ping] || seen.held > 0 {
		seen.take([]byte(a.pool.next()))
	}
	delete(seen.answers, ping)
	if len(seen.answers) != min(call, 1) || call != 0 && !seen.answers[call] {
		t.Errorf("answers came to the calls %v, want one to %d", seen.answers, call)
	}
	a.passes()
}

// poolTraffic is what the pool session has sent since somebody was hostile.
type poolTraffic struct {
	a       *arena
	t       *testing.T
	held    int          // registrations that are to be given up
	answers map[int]bool // calls with a final answer
}

// take checks a message, and answers it if it asks for something.
func (p *poolTraffic) take(message []byte) {
	s := p.a.s
	if err := codec.Validate(s, message); err != nil {
		p.t.Fatalf("the pool session sent %q: %v", message, err)
	}
	of, _ := codec.PeekType(s, message)
	element := 1
	if of == codec.TypeError {
		element = 2
	}
	id, err := codec.ID(s, message, element)
	if err != nil {
		p.t.Fatalf("the pool session sent %q: %v", message, err)
	}
	switch of {
	case codec.TypeRegister:
		p.held++
		p.a.pool.say(list{65, int(id), 1000 + int(id)})
	case codec.TypeUnregister:
		p.held--
		p.a.pool.say(list{67, int(id)})
	case codec.TypeYield:
		var m codec.Yield
		err := errors.Join(m.Decode(s, message), m.Validate(s))
		p.answer(int(id), !m.Progress, err)
	case codec.TypeError:
		var m codec.Error
		p.answer(int(id), true, errors.Join(m.Decode(s, message), m.Validate(s)))
	default:
		p.t.Fatalf("the pool session sent %s", of)
	}
}

// answer notes a call's answer. No call has two.
func (p *poolTraffic) answer(call int, final bool, invalid error) {
	if invalid != nil {
		p.t.Errorf("the pool session sent an answer that is wrong: %v", invalid)
	}
	if p.answers[call] {
		p.t.Errorf("the pool session answered the call %d twice", call)
	}
	if p.answers == nil {
		p.answers = make(map[int]bool)
	}
	if final {
		p.answers[call] = true
	}
}
