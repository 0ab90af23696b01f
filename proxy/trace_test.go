package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wampool/wampool/proxy/admin"
)

// following has the calls of a pool brought that are traced.
func (w *world) following(client *admin.Client, what admin.Trace) (calls <-chan admin.TracedCall, ended <-chan error) {
	w.t.Helper()
	begun, told, end := make(chan struct{}), make(chan admin.TracedCall, 100), make(chan error, 1)
	go func() {
		end <- client.Follow(w.t.Context(), "/api/v1/trace"+what.Query(), func(name string, data []byte) error {
			switch name {
			case "following":
				close(begun)
			case "call":
				var call admin.TracedCall
				if err := json.Unmarshal(data, &call); err != nil {
					return err
				}
				told <- call
			}
			return nil
		})
	}()
	select {
	case <-begun:
	case err := <-end:
		w.t.Fatalf("the trace of %+v ends: %v", what, err)
	}
	return told, end
}

// Who follows a pool is told of each call that ends, where it came from and went to, by
// an origin's ID and by the callee's, and what became of it; nobody is once the
// follower has had enough.
func TestTrace(t *testing.T) {
	w := makeWorld(t)
	w.start(worldOptions{realm: directly("concurrency = 1"), more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, `{}`, "")
	client := admin.NewClient(w.proxy.admin.Address())
	calls, ended := w.following(client, admin.Trace{Pool: "com.example.p", Calls: 4})
	failures, _ := w.following(client, admin.Trace{Realm: "realm1", Pool: "com.example.p", Failed: true})

	pool.send(`[68,11,100,{},["secret"]]`)
	callee.expect(`[68,1,%d,{},["secret"]]`, registration)
	pool.send(`[68,12,100,{},["secret"]]`)
	pool.expectPrefix(`[8,68,12,{},"crossbar.error.max_concurrency_reached"`)
	callee.send(`[70,1,{},["secret"]]`)
	pool.expect(`[70,11,{},["secret"]]`)
	caller, _ := w.join("frontend", "")
	caller.send(`[48,1,{},"com.example.p",["secret"]]`)
	callee.expectPrefix(`[68,2,%d,`, registration)
	callee.send(`[8,68,2,{},"com.example.error.bad",["secret"]]`)
	caller.expect(`[8,48,1,{},"com.example.error.bad",["secret"]]`)
	pool.send(`[68,13,100,{}]`)
	callee.expect(`[68,3,%d,{}]`, registration)
	callee.conn.Close(1000, "", patience)
	pool.expectPrefix(`[8,68,13,{},"wamp.error.canceled"`)

	for i, want := range []string{
		"router 12 at 0 0: concurrency crossbar.error.max_concurrency_reached",
		"router 11 at 7 1: result ",
		"direct 1 at 7 2: error com.example.error.bad",
		"router 13 at 7 3: callee_lost wamp.error.canceled",
	} {
		c := <-calls
		got := fmt.Sprintf("%s %d at %d %d: %s %s", c.Origin, c.Request, c.Callee, c.CalleeRequest, c.Outcome, c.Error)
		if got != want || c.Realm != "realm1" || c.Pool != "com.example.p" || c.Time == 0 || c.Bytes == 0 || c.AnswerBytes == 0 {
			t.Errorf("call %d is %+v, want %s", i, c, want)
		}
		if failure := c; c.Outcome != "result" {
			if got := <-failures; got != failure {
				t.Errorf("of the failures, call %d is %+v", i, got)
			}
		}
		if isRun, isDirect := c.RanSeconds > 0, c.Caller != 0; isRun != (c.CalleeRequest != 0) || isDirect != (c.Origin == "direct") {
			t.Errorf("call %d is %+v", i, c)
		}
	}
	if err := <-ended; !errors.Is(err, admin.ErrEnded) {
		t.Errorf("after four calls: %v", err)
	}
	w.waitFor("one follows", func(r *realm) bool { return len(r.following.tracers) == 1 })
}

// While nobody follows, and the log has no calls, the dealer tells of none.
func TestNobodyTraces(t *testing.T) {
	w := makeWorld(t)
	w.start(worldOptions{realm: directly(""), more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	pool := w.welcomePool()
	w.callee(pool, `{}`, "")
	client := admin.NewClient(w.proxy.admin.Address())
	gone := errors.New("gone")
	follow := func(pool string) error {
		return client.Follow(t.Context(), "/api/v1/trace"+(&admin.Trace{Pool: pool}).Query(), func(string, []byte) error {
			w.waitFor("it is followed", func(r *realm) bool { return r.dealer.Ends() != nil })
			return gone
		})
	}
	w.waitFor("nobody follows", func(r *realm) bool { return r.dealer.Ends() == nil })
	if err := follow("com.example.p"); !errors.Is(err, gone) {
		t.Error(err)
	}
	w.waitFor("nobody follows any more", func(r *realm) bool { return r.dealer.Ends() == nil })
	if err := follow("com.example.q"); err == nil || !strings.Contains(err.Error(), "there is no pool") {
		t.Errorf("of a pool that is not there: %v", err)
	}
}

// The example of a call in admin's README has all that is told of one.
func TestReadmeShowsACall(t *testing.T) {
	readme, err := os.ReadFile("admin/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## GET /api/v1/trace\n")
	section, _, _ = strings.Cut(section, "\n## ")
	shown := make(map[string]any)
	for _, example := range strings.Split(section, "\nevent: call\ndata: ")[1:] {
		example, _, _ = strings.Cut(example, "\n")
		if err := json.Unmarshal([]byte(example), &shown); err != nil {
			t.Fatalf("%v in %s", err, example)
		}
	}
	all := admin.TracedCall{
		Time: 1, Realm: "realm1", Pool: "com.example.p", Origin: "direct", Caller: 1, Request: 1, Callee: 1, AuthID: "joe", Peer: "3f2a91b0", CalleeRequest: 1,
		WaitedSeconds: 1, RanSeconds: 1, Outcome: "error", Error: "com.example.error", Bytes: 1, AnswerBytes: 1,
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var want any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if got, want := namesIn("", shown), namesIn("", want); !slices.Equal(got, want) {
		t.Errorf("the examples have %q, told is %q", got, want)
	}
}
