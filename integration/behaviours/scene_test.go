package behaviours

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/wampool/wampool/integration/harness"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// behaviour is one thing that callees and callers may count on, told with
// messages in the test's own hands, so that nothing depends on a library. It is
// tried at a router alone, through wampool with the callers at the router, and
// with the callers at wampool, answered directly: see trial_test.go.
type behaviour struct {
	name  string // what holds
	rules string // the body of its pool's block
	alone bool   // it may end sessions that others depend on: a router and a wampool of its own
	story func(s *scene)
}

// scene is where one behaviour is tried, once.
type scene struct {
	callees, callers string        // URLs
	procedure        string        // below which its procedures lie
	timeout          string        // a call's option: the shortest that the router can be told
	patience         time.Duration // how long to wait for what must happen
	grace            time.Duration // and for the answers of calls whose callees are gone

	inbox   chan arrival
	peers   []*peer
	barrier int
	failure string // why it does not hold
}

type arrival struct {
	peer *peer
	wire message // nil: the connection has ended
}

// message is a WAMP message in JSON, element by element.
type message []json.RawMessage

func (m message) String() string {
	b, _ := json.Marshal(m)
	return string(b)
}

// is tells whether a message begins with these elements.
func (m message) is(head ...any) bool {
	if len(m) < len(head) {
		return false
	}
	for i, want := range head {
		if strings.Trim(string(m[i]), `"`) != fmt.Sprint(want) {
			return false
		}
	}
	return true
}

// holds tells whether a message ends with a payload of these two parts.
func (m message) holds(from int, list, keywords string) bool {
	if len(m) != from+2 {
		return false
	}
	for i, want := range []string{list, keywords} {
		var got, wanted any
		if json.Unmarshal(m[from+i], &got) != nil || json.Unmarshal([]byte(want), &wanted) != nil || !cmp.Equal(got, wanted) {
			return false
		}
	}
	return true
}

// element is one element as text, without its quotes; "" where there is none.
func (m message) element(i int) string {
	if i >= len(m) {
		return ""
	}
	return strings.Trim(string(m[i]), `"`)
}

// try tells a behaviour, and returns why it does not hold; "" if it does.
func (s *scene) try(b behaviour) string {
	s.inbox = make(chan arrival, 1<<12)
	done := make(chan struct{})
	go func() { // a goroutine of its own, that fail may end
		defer close(done)
		b.story(s)
	}()
	<-done
	s.end()
	return s.failure
}

// end closes all sessions, and callers no earlier than their calls are answered
// for want of a callee: there are routers that punish who answers a caller that
// has gone, and others use the same pool session.
func (s *scene) end() {
	timeout := time.After(s.grace)
	for _, callees := range []bool{true, false} {
		for _, p := range s.peers {
			if p.isCallee == callees {
				p.conn.Close(1000, "", time.Second)
				p.conn.Wait()
			}
		}
		for waiting := callees; waiting && s.calling(); {
			select {
			case a := <-s.inbox:
				a.peer.take(a.wire)
			case <-timeout:
				waiting = false
			}
		}
	}
}

// calling tells whether a caller has calls that are not answered.
func (s *scene) calling() bool {
	for _, p := range s.peers {
		if !p.isCallee && !p.gone && len(p.calls) > 0 {
			return true
		}
	}
	return false
}

// fail ends the story: it does not hold.
func (s *scene) fail(format string, arguments ...any) {
	s.failure = fmt.Sprintf(format, arguments...)
	runtime.Goexit()
}

// pull takes what arrives at any peer until something is so.
func (s *scene) pull(what string, until func() bool) {
	timeout := time.After(s.patience)
	for !until() {
		select {
		case a := <-s.inbox:
			a.peer.take(a.wire)
		case <-timeout:
			s.fail("%s never came%s", what, s.leftovers())
		}
	}
}

// leftovers tells what came that nobody waited for.
func (s *scene) leftovers() string {
	var b strings.Builder
	for _, p := range s.peers {
		for _, m := range p.waiting {
			fmt.Fprintf(&b, "; %s has %.200s", p.name, m)
		}
		if p.gone {
			fmt.Fprintf(&b, "; %s was closed: %v", p.name, p.conn.Err())
		}
	}
	return b.String()
}

// peer is a client's session.
type peer struct {
	s        *scene
	name     string
	conn     *transport.Conn
	requests int
	isCallee bool
	calls    map[int]bool // not known to be answered
	waiting  []message    // arrived, and not asked for yet
	gone     bool
}

// Features that a callee announces.
const (
	everything = `"call_canceling":true,"progressive_call_results":true,"progressive_call_invocations":true,` +
		`"call_timeout":true,"shared_registration":true,"pattern_based_registration":true,` +
		`"registration_revocation":true,"payload_passthru_mode":true,"caller_identification":true`
	nothing = ``
)

// join opens a session whose callee announces these features.
func (s *scene) join(name, url, features string) *peer {
	dialed, err := transport.Dial(context.Background(), url, transport.DialOptions{
		Serializers: []codec.Serializer{codec.JSON}, Timeout: harness.Patience,
	})
	if err != nil {
		s.fail("%s: %v", name, err)
	}
	p := &peer{s: s, name: name, conn: dialed.Conn, calls: make(map[int]bool)}
	s.peers = append(s.peers, p)
	go p.read()
	p.send(`%s`, `[1,"realm1",{"roles":{"caller":{"features":{"call_canceling":true,"call_timeout":true,`+
		`"progressive_call_results":true,"progressive_call_invocations":true,"caller_identification":true,`+
		`"payload_passthru_mode":true}},"callee":{"features":{`+features+`}},`+
		`"publisher":{"features":{}},"subscriber":{"features":{}}}}]`)
	p.expect("WELCOME", 2)
	return p
}

// read takes messages until the connection ends.
func (p *peer) read() {
	for {
		b, err := p.conn.Read()
		if err != nil {
			p.s.inbox <- arrival{peer: p}
			return
		}
		var m message
		if json.Unmarshal(b, &m) == nil {
			p.s.inbox <- arrival{p, m}
		}
	}
}

func (p *peer) send(format string, arguments ...any) {
	if err := p.conn.Send(fmt.Appendf(nil, format, arguments...)); err != nil {
		p.s.fail("%s can't send: %v", p.name, err)
	}
	p.conn.Flush()
}

// expect waits for the next message that begins so; others stay.
func (p *peer) expect(what string, head ...any) message {
	var found message
	p.s.pull(what+" for "+p.name, func() bool {
		found = p.has(head...)
		if found == nil && p.gone {
			p.s.fail("%s was closed instead of %s%s", p.name, what, p.s.leftovers())
		}
		return found != nil
	})
	return found
}

// has takes a message that begins so, if it has arrived.
func (p *peer) has(head ...any) message {
	for i, m := range p.waiting {
		if m.is(head...) {
			p.waiting = append(p.waiting[:i:i], p.waiting[i+1:]...)
			return m
		}
	}
	return nil
}

// never fails if a message that begins so has arrived.
func (p *peer) never(what string, head ...any) {
	if m := p.has(head...); m != nil {
		p.s.fail("%s: %s got %.200s", what, p.name, m)
	}
}

// take keeps a message that has arrived; nil is the connection's end.
func (p *peer) take(m message) {
	if m == nil {
		p.gone = true
		return
	}
	p.waiting = append(p.waiting, m)
	for call := range p.calls {
		if m.is(8, 48, call) || m.is(50, call) && !strings.Contains(m.element(2), "progress") {
			delete(p.calls, call)
		}
	}
}

func (p *peer) next() int {
	p.requests++
	return p.requests
}

// drop ends the connection without a word.
func (p *peer) drop() {
	clear(p.calls)
	p.conn.Abort(errors.New("dropped"))
	p.s.pull("the end of "+p.name, func() bool { return p.gone })
}

// leave says GOODBYE.
func (p *peer) leave() {
	clear(p.calls)
	p.send(`[6,{},"wamp.close.close_realm"]`)
	p.expect("GOODBYE", 6)
}
