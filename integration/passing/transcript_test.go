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

// transcript runs a program of two sessions at a URL, and returns each message
// that they got, in order.
func transcript(t *testing.T, url string) []string {
	t.Helper()
	log := harness.NewRecorder()
	callee, caller := harness.DialRaw(t, "callee", url), harness.DialRaw(t, "caller", url)
	for _, s := range []*harness.RawSession{callee, caller} {
		s.Send(harness.RawHello)
		log.Next(s)
	}
	// Registrations: plain, shared, by pattern, and what is refused.
	callee.Send(`[64,1,{},"com.example.script.plain"]`)
	log.Next(callee)
	callee.Send(`[64,2,{"invoke":"roundrobin","concurrency":2},"com.example.script.shared"]`)
	log.Next(callee)
	callee.Send(`[64,3,{"match":"prefix"},"com.example.script.under"]`)
	prefix := log.Next(callee)
	callee.Send(`[64,4,{"match":"wildcard"},"com.example..deep"]`)
	log.Next(callee)
	callee.Send(`[64,5,{},"wamp.forbidden"]`)
	log.Next(callee)
	caller.Send(`[64,1,{},"com.example.script.plain"]`)
	log.Next(caller)
	caller.Send(`[64,2,{"invoke":"first"},"com.example.script.shared"]`)
	log.Next(caller)

	// Calls: a result, progressive results, an error, a pattern, an unknown name.
	caller.Send(`[48,3,{},"com.example.script.plain",[1,2.50,"Gr\u00fc\u00dfe",null],{"k":[{}]}]`)
	callee.Send(fmt.Sprintf(`[70,%d,{},[1,2.50,"x\u0000y"],{"ok":true}]`, harness.Element(t, log.Next(callee), 1)))
	log.Next(caller)
	caller.Send(`[48,4,{"receive_progress":true},"com.example.script.shared"]`)
	id := harness.Element(t, log.Next(callee), 1)
	callee.Send(fmt.Sprintf(`[70,%d,{"progress":true},[50]]`, id), fmt.Sprintf(`[70,%d,{},[100]]`, id))
	log.Next(caller)
	log.Next(caller)
	caller.Send(`[48,5,{},"com.example.script.under.there",[true]]`)
	callee.Send(fmt.Sprintf(`[8,68,%d,{},"com.example.error",["why"],{"code":7}]`, harness.Element(t, log.Next(callee), 1)))
	log.Next(caller)
	caller.Send(`[48,6,{},"com.example.script.nobody"]`)
	log.Next(caller)

	// CANCEL, at once and after the callee's answer.
	caller.Send(`[48,7,{},"com.example.script.plain"]`)
	log.Next(callee)
	caller.Send(`[49,7,{"mode":"killnowait"}]`)
	interrupted := harness.Element(t, log.Next(callee), 1)
	log.Next(caller)
	callee.Send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, interrupted))
	caller.Send(`[48,8,{},"com.example.script.plain"]`)
	log.Next(callee)
	caller.Send(`[49,8,{"mode":"kill"}]`)
	callee.Send(fmt.Sprintf(`[8,68,%d,{},"wamp.error.canceled"]`, harness.Element(t, log.Next(callee), 1)))
	log.Next(caller)

	// Publish and subscribe.
	callee.Send(`[32,6,{},"com.example.script.topic"]`)
	topic := log.Next(callee)
	caller.Send(`[16,9,{"acknowledge":true},"com.example.script.topic",["event"],{"n":1}]`)
	log.Next(caller)
	log.Next(callee)
	callee.Send(fmt.Sprintf(`[34,7,%d]`, harness.Element(t, topic, 2)))
	log.Next(callee)
	callee.Send(`[34,8,4711]`)
	log.Next(callee)

	// Meta calls, and the end.
	caller.Send(`[48,10,{},"wamp.registration.match",["com.example.script.plain"]]`)
	log.Next(caller)
	caller.Send(`[48,11,{},"wamp.session.get",[4711]]`)
	log.Next(caller)
	callee.Send(fmt.Sprintf(`[66,9,%d]`, harness.Element(t, prefix, 2)))
	log.Next(callee)
	callee.Send(fmt.Sprintf(`[66,10,%d]`, harness.Element(t, prefix, 2)))
	log.Next(callee)
	callee.Send(`[6,{},"wamp.close.close_realm"]`)
	log.Next(callee)
	caller.Send(`[999,12]`) // no such message: the router closes
	log.Next(caller)
	return log.Lines
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
