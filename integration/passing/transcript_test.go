package passing

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/wampool/wampool/integration/harness"

	"github.com/google/go-cmp/cmp"
)

func TestTranscriptsAreIdenticalWithoutAPool(t *testing.T) {
	c := harness.SharedCrossbar(t)
	atRouter := transcript(t, c.URL())
	for name, realm := range map[string]string{
		"no realm block":          "",
		"pooling off":             "realm \"realm1\" {\n  auto = false\n}",
		"a pool for another name": "realm \"realm1\" {\n  auto = false\n  pool \"com.example.elsewhere\" {\n  }\n}",
	} {
		t.Run(name, func(t *testing.T) {
			w := harness.LaunchWampool(t, c.URL(), realm)
			if realm != "" {
				w.Process.Await(t, "pool session up")
			}
			if d := cmp.Diff(atRouter, transcript(t, w.URL)); d != "" {
				t.Errorf("transcripts differ (- at the router, + through wampool):\n%s", d)
			}
		})
	}
}

// script is a program of two sessions.
type script struct {
	t              *testing.T
	callee, caller *harness.RawSession
	log            *harness.Recorder
}

// transcript runs the program at a URL, and returns each message that its
// sessions got, in order.
func transcript(t *testing.T, url string) []string {
	t.Helper()
	s := &script{t, harness.DialRaw(t, "callee", url), harness.DialRaw(t, "caller", url), harness.NewRecorder()}
	for _, session := range []*harness.RawSession{s.callee, s.caller} {
		s.ask(session, harness.RawHello)
	}
	prefix := s.registrations()
	s.calls()
	s.cancels()
	s.topics()
	s.end(prefix)
	return s.log.Lines
}

// ask sends a message, whose answer is the session's next.
func (s *script) ask(session *harness.RawSession, format string, arguments ...any) string {
	s.t.Helper()
	session.Send(fmt.Sprintf(format, arguments...))
	return s.log.Next(session)
}

// invoked sends a CALL or a CANCEL, and returns the ID of the INVOCATION or
// INTERRUPT that it brings to the callee.
func (s *script) invoked(message string) uint64 {
	s.t.Helper()
	s.caller.Send(message)
	return harness.Element(s.t, s.log.Next(s.callee), 1)
}

// registrations are plain, shared, by pattern, and what is refused. It returns
// the ID of one.
func (s *script) registrations() (prefix uint64) {
	s.t.Helper()
	s.ask(s.callee, `[64,1,{},"com.example.script.plain"]`)
	s.ask(s.callee, `[64,2,{"invoke":"roundrobin","concurrency":2},"com.example.script.shared"]`)
	prefix = harness.Element(s.t, s.ask(s.callee, `[64,3,{"match":"prefix"},"com.example.script.under"]`), 2)
	s.ask(s.callee, `[64,4,{"match":"wildcard"},"com.example..deep"]`)
	s.ask(s.callee, `[64,5,{},"wamp.forbidden"]`)
	s.ask(s.caller, `[64,1,{},"com.example.script.plain"]`)
	s.ask(s.caller, `[64,2,{"invoke":"first"},"com.example.script.shared"]`)
	return prefix
}

// calls have a result, progressive results, an error, a pattern, an unknown name.
func (s *script) calls() {
	s.t.Helper()
	id := s.invoked(`[48,3,{},"com.example.script.plain",[1,2.50,"Gr\u00fc\u00dfe",null],{"k":[{}]}]`)
	s.callee.Send(fmt.Sprintf(`[70,%d,{},[1,2.50,"x\u0000y"],{"ok":true}]`, id))
	s.log.Next(s.caller)
	id = s.invoked(`[48,4,{"receive_progress":true},"com.example.script.shared"]`)
	s.callee.Send(fmt.Sprintf(`[70,%d,{"progress":true},[50]]`, id), fmt.Sprintf(`[70,%d,{},[100]]`, id))
	s.log.Next(s.caller)
	s.log.Next(s.caller)
	id = s.invoked(`[48,5,{},"com.example.script.under.there",[true]]`)
	s.callee.Send(fmt.Sprintf(`[8,68,%d,{},"com.example.error",["why"],{"code":7}]`, id))
	s.log.Next(s.caller)
	s.ask(s.caller, `[48,6,{},"com.example.script.nobody"]`)
}

// cancels are answered at once, and after the callee's answer.
func (s *script) cancels() {
	s.t.Helper()
	s.invoked(`[48,7,{},"com.example.script.plain"]`)
	interrupted := s.invoked(`[49,7,{"mode":"killnowait"}]`)
	s.log.Next(s.caller)
	s.callee.Send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, interrupted))
	s.invoked(`[48,8,{},"com.example.script.plain"]`)
	interrupted = s.invoked(`[49,8,{"mode":"kill"}]`)
	s.callee.Send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, interrupted))
	s.log.Next(s.caller)
}

// topics are published to, and left.
func (s *script) topics() {
	s.t.Helper()
	topic := harness.Element(s.t, s.ask(s.callee, `[32,6,{},"com.example.script.topic"]`), 2)
	s.ask(s.caller, `[16,9,{"acknowledge":true},"com.example.script.topic",["event"],{"n":1}]`)
	s.log.Next(s.callee)
	s.ask(s.callee, `[34,7,%d]`, topic)
	s.ask(s.callee, `[34,8,4711]`)
}

// end asks what the router knows, and is sent away.
func (s *script) end(prefix uint64) {
	s.t.Helper()
	s.ask(s.caller, `[48,10,{},"wamp.registration.match",["com.example.script.plain"]]`)
	s.ask(s.caller, `[48,11,{},"wamp.session.get",[4711]]`)
	s.ask(s.callee, `[66,9,%d]`, prefix)
	s.ask(s.callee, `[66,10,%d]`, prefix)
	s.ask(s.callee, `[6,{},"wamp.close.close_realm"]`)
	s.ask(s.caller, `[999,12]`) // no such message: the router closes
}

func TestRollingPipelineIsAnsweredAsAtTheRouter(t *testing.T) {
	c := harness.SharedCrossbar(t)
	tap := harness.StartTap(t, c.URL())
	w := harness.StartWampool(t, tap.URL(), harness.Pooled("com.example.rolling.block", ""))
	atRouter, _ := pipeline(t, c.URL())
	through, sent := pipeline(t, w.URL)
	if d := cmp.Diff(atRouter, through); d != "" {
		t.Errorf("answers differ (- at the router, + through wampool):\n%s", d)
	}
	// What reached the router of that session: the same requests, in order. The
	// REGISTERs of pooled procedures are there as well, as probes.
	var got []string
	for _, message := range tap.Session(`"com.example.rolling.topic"`) {
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
	s := harness.JoinRaw(t, "client", url)
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
	s.Send(sent...)
	log := harness.NewRecorder()
	for range sent {
		log.Next(s)
	}
	s.Send(`[6,{},"wamp.close.normal"]`)
	s.Expect(`[6,`)
	// The registrations' IDs are wampool's at the one side and the router's at
	// the other: that there is one is what the answers have in common.
	anyID := regexp.MustCompile(`id#[0-9]+`)
	for i, line := range log.Lines {
		log.Lines[i] = anyID.ReplaceAllString(line, "id")
	}
	return log.Lines, sent
}
