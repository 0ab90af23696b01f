package integration

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

func TestTranscriptsAreIdenticalWithoutAPool(t *testing.T) {
	c := router(t)
	atRouter := transcript(t, c.url())
	for name, realm := range map[string]string{
		"no realm block":          "",
		"pooling off":             "realm \"realm1\" {\n  auto = false\n}",
		"a pool for another name": "realm \"realm1\" {\n  auto = false\n  pool \"com.example.elsewhere\" {\n  }\n}",
	} {
		t.Run(name, func(t *testing.T) {
			w := launchWampool(t, c.url(), realm)
			if realm != "" {
				if _, err := w.process.waitLine(0, "pool session up"); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(atRouter, transcript(t, w.url)); d != "" {
				t.Errorf("transcripts differ (- at the router, + through wampool):\n%s", d)
			}
		})
	}
}

// transcript runs a program of two sessions at a URL, and returns each message
// that they got, in order.
func transcript(t *testing.T, url string) []string {
	t.Helper()
	log := &recorder{names: make(map[string]string)}
	callee, caller := dialRaw(t, "callee", url), dialRaw(t, "caller", url)
	for _, s := range []*rawSession{callee, caller} {
		s.send(rawHello)
		log.next(s)
	}
	// Registrations: plain, shared, by pattern, and what is refused.
	callee.send(`[64,1,{},"com.example.script.plain"]`)
	log.next(callee)
	callee.send(`[64,2,{"invoke":"roundrobin","concurrency":2},"com.example.script.shared"]`)
	log.next(callee)
	callee.send(`[64,3,{"match":"prefix"},"com.example.script.under"]`)
	prefix := log.next(callee)
	callee.send(`[64,4,{"match":"wildcard"},"com.example..deep"]`)
	log.next(callee)
	callee.send(`[64,5,{},"wamp.forbidden"]`)
	log.next(callee)
	caller.send(`[64,1,{},"com.example.script.plain"]`)
	log.next(caller)
	caller.send(`[64,2,{"invoke":"first"},"com.example.script.shared"]`)
	log.next(caller)

	// Calls: a result, progressive results, an error, a pattern, an unknown name.
	caller.send(`[48,3,{},"com.example.script.plain",[1,2.50,"Gr\u00fc\u00dfe",null],{"k":[{}]}]`)
	callee.send(fmt.Sprintf(`[70,%d,{},[1,2.50,"x\u0000y"],{"ok":true}]`, element(t, log.next(callee), 1)))
	log.next(caller)
	caller.send(`[48,4,{"receive_progress":true},"com.example.script.shared"]`)
	id := element(t, log.next(callee), 1)
	callee.send(fmt.Sprintf(`[70,%d,{"progress":true},[50]]`, id), fmt.Sprintf(`[70,%d,{},[100]]`, id))
	log.next(caller)
	log.next(caller)
	caller.send(`[48,5,{},"com.example.script.under.there",[true]]`)
	callee.send(fmt.Sprintf(`[8,68,%d,{},"com.example.error",["why"],{"code":7}]`, element(t, log.next(callee), 1)))
	log.next(caller)
	caller.send(`[48,6,{},"com.example.script.nobody"]`)
	log.next(caller)

	// CANCEL, at once and after the callee's answer.
	caller.send(`[48,7,{},"com.example.script.plain"]`)
	log.next(callee)
	caller.send(`[49,7,{"mode":"killnowait"}]`)
	interrupted := element(t, log.next(callee), 1)
	log.next(caller)
	callee.send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, interrupted))
	caller.send(`[48,8,{},"com.example.script.plain"]`)
	log.next(callee)
	caller.send(`[49,8,{"mode":"kill"}]`)
	callee.send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, element(t, log.next(callee), 1)))
	log.next(caller)

	// Publish and subscribe.
	callee.send(`[32,6,{},"com.example.script.topic"]`)
	topic := log.next(callee)
	caller.send(`[16,9,{"acknowledge":true},"com.example.script.topic",["event"],{"n":1}]`)
	log.next(caller)
	log.next(callee)
	callee.send(fmt.Sprintf(`[34,7,%d]`, element(t, topic, 2)))
	log.next(callee)
	callee.send(`[34,8,4711]`)
	log.next(callee)

	// Meta calls, and the end.
	caller.send(`[48,10,{},"wamp.registration.match",["com.example.script.plain"]]`)
	log.next(caller)
	caller.send(`[48,11,{},"wamp.session.get",[4711]]`)
	log.next(caller)
	callee.send(fmt.Sprintf(`[66,9,%d]`, element(t, prefix, 2)))
	log.next(callee)
	callee.send(fmt.Sprintf(`[66,10,%d]`, element(t, prefix, 2)))
	log.next(callee)
	callee.send(`[6,{},"wamp.close.close_realm"]`)
	log.next(callee)
	caller.send(`[999,12]`) // no such message: the router closes
	log.next(caller)
	return log.lines
}

// recorder writes down messages with the random parts replaced by names, equal
// ones by equal names.
type recorder struct {
	names map[string]string
	lines []string
}

// What differs from session to session at the same router: IDs that it draws at
// random (up to 2^53; smaller numbers are the script's own), the request IDs of
// INVOCATIONs, that it counts over all sessions, authids of anonymous sessions,
// and the address that it sees.
var (
	randomID     = regexp.MustCompile(`\b[0-9]{9,16}\b`)
	invocationID = regexp.MustCompile(`^\[(68|69),([0-9]+)\b`)
	anonymousID  = regexp.MustCompile(`"([A-Z0-9]{4}-){5}[A-Z0-9]{4}"`)
	peerAddress  = regexp.MustCompile(`"tcp4:127\.0\.0\.1:[0-9]+"`)
)

// next waits for a session's next message, and returns it as it came.
func (r *recorder) next(s *rawSession) string {
	s.t.Helper()
	message := s.receive()
	line := invocationID.ReplaceAllStringFunc(message, func(match string) string {
		code, id, _ := strings.Cut(match, ",")
		return code + "," + r.name("invocation", id)
	})
	line = randomID.ReplaceAllStringFunc(line, func(id string) string { return r.name("id", id) })
	line = anonymousID.ReplaceAllStringFunc(line, func(id string) string { return r.name("authid", id) })
	line = peerAddress.ReplaceAllString(line, "peer")
	r.lines = append(r.lines, s.name+": "+line)
	return message
}

func (r *recorder) name(kind, value string) string {
	if r.names[kind+value] == "" {
		r.names[kind+value] = fmt.Sprintf("%s#%d", kind, len(r.names))
	}
	return r.names[kind+value]
}

func TestRollingPipelineIsAnsweredAsAtTheRouter(t *testing.T) {
	c := router(t)
	tap := startTap(t, c.url())
	w := startWampool(t, tap.listener.URL(), pooled("com.example.rolling.block", ""))
	atRouter, _ := pipeline(t, c.url())
	through, sent := pipeline(t, w.url)
	if d := cmp.Diff(atRouter, through); d != "" {
		t.Errorf("answers differ (- at the router, + through wampool):\n%s", d)
	}
	// What reached the router of that session: the same requests, in order. The
	// REGISTERs of pooled procedures are there as well, as probes.
	var got []string
	for _, message := range tap.session(`"com.example.rolling.topic"`) {
		if request.MatchString(message) {
			got = append(got, request.FindString(message))
		}
	}
	var want []string
	for _, message := range sent {
		want = append(want, request.FindString(message))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("requests on the wire to the router (- as sent, + as they came):\n%s", d)
	}
}

// request is the head of a message that has a request ID of the client.
var request = regexp.MustCompile(`^\[(16|32|34|48|64|66),[0-9]+\b`)

// pipeline sends requests of all kinds in one go, waiting for none, and returns
// the answers and what it has sent.
func pipeline(t *testing.T, url string) (answers, sent []string) {
	t.Helper()
	s := joinRaw(t, "client", url)
	sent = []string{
		`[64,1,{"invoke":"roundrobin","concurrency":2},"com.example.rolling.shared"]`,
		`[48,2,{},"wamp.registration.match",["com.example.rolling.shared"]]`, // after the REGISTER, or it finds nothing
		`[32,3,{},"com.example.rolling.topic"]`,
		`[64,4,{"invoke":"roundrobin"},"com.example.rolling.block"]`,
		`[64,5,{},"com.example.rolling.plain"]`,
		`[16,6,{"acknowledge":true},"com.example.rolling.topic",["own"]]`,
		`[48,7,{},"com.example.rolling.nobody"]`,
		`[64,8,{"invoke":"roundrobin"},"wamp.forbidden"]`,
		`[48,9,{},"wamp.registration.match",["com.example.rolling.plain"]]`,
		`[66,10,4711]`,
		`[32,11,{"match":"prefix"},"com.example.rolling"]`,
	}
	s.send(sent...)
	log := &recorder{names: make(map[string]string)}
	for range sent {
		log.next(s)
	}
	s.send(`[6,{},"wamp.close.normal"]`)
	s.expect(`[6,`)
	// The registrations' IDs are wampool's at the one side and the router's at
	// the other: that there is one is what the answers have in common.
	anyID := regexp.MustCompile(`id#[0-9]+`)
	for i, line := range log.lines {
		log.lines[i] = anyID.ReplaceAllString(line, "id")
	}
	return log.lines, sent
}

// tap stands between wampool and the router, passes everything, and keeps what
// goes to the router.
type tap struct {
	listener *transport.Listener
	mu       sync.Mutex
	sessions [][]string // messages to the router, by connection
}

func startTap(t *testing.T, routerURL string) *tap {
	t.Helper()
	listener, err := transport.Listen(context.Background(), "ws://127.0.0.1:0/ws", transport.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tp := &tap{listener: listener}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = listener.Serve(func(h *transport.Handshake) { tp.pass(h, routerURL) })
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
		listener.Wait()
	})
	return tp
}

// pass lets one connection through; the two ends have their readers until
// either is lost.
func (tp *tap) pass(h *transport.Handshake, routerURL string) {
	dialed, err := transport.Dial(h.Context(), routerURL, transport.DialOptions{Serializers: h.Serializers(), Header: h.Header()})
	if err != nil {
		h.Reject(502, err.Error())
		return
	}
	up := dialed.Conn
	down, err := h.Accept(up.Serializer(), dialed.Header)
	if err != nil {
		up.Abort(err)
		return
	}
	tp.mu.Lock()
	n := len(tp.sessions)
	tp.sessions = append(tp.sessions, nil)
	tp.mu.Unlock()
	go forward(up, down, func(string) {})
	go forward(down, up, func(message string) {
		tp.mu.Lock()
		defer tp.mu.Unlock()
		if up.Serializer() == codec.JSON {
			tp.sessions[n] = append(tp.sessions[n], message)
		}
	})
}

// forward passes what comes from one end to the other, until one of them ends.
func forward(from, to *transport.Conn, see func(message string)) {
	for {
		message, err := from.Read()
		if err != nil {
			if closed := (*transport.CloseError)(nil); errors.As(err, &closed) {
				to.Close(closed.Code, closed.Reason, 0)
			}
			to.Abort(err)
			return
		}
		see(string(message))
		if to.Send(message) != nil {
			return
		}
		to.Flush()
	}
}

// session returns what was sent to the router on the connection that has sent
// text.
func (tp *tap) session(text string) []string {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	for _, messages := range tp.sessions {
		if slices.ContainsFunc(messages, func(m string) bool { return strings.Contains(m, text) }) {
			return slices.Clone(messages)
		}
	}
	return nil
}
