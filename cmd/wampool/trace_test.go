package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// answerOrFail is a procedure that answers what it gets, but fails where it is asked to.
func answerOrFail(_ context.Context, in *client.Invocation) (client.Arguments, error) {
	arguments, err := in.Arguments()
	if err == nil && len(arguments.List) > 0 && arguments.List[0] == "fail" {
		err = &client.Error{URI: "com.example.error.bad"}
	}
	return arguments, err
}

// follow begins a command that follows calls, and waits until it does.
func (s *steered) follow(args ...string) *program {
	s.t.Helper()
	p := begin(s.t, append(args, "-c", s.file)...)
	p.waitFor("as they end:")
	return p
}

// What people see of calls, with the program as it runs: until there were enough, or
// until they have seen enough, and into a pipe without any control sequence.
func TestTracing(t *testing.T) {
	s := startSteered(t, "pool \"com.example.work\" {\n direct = [\"anonymous\"]\n}")
	url := s.address()
	s.waitFor("pool session up")
	callee, caller := tryouttest.Join(t, url, client.Options{}), tryouttest.Join(t, url, client.Options{})
	if _, err := callee.Register(t.Context(), "com.example.work", nil, answerOrFail); err != nil {
		t.Fatal(err)
	}
	call := func(args ...any) { _, _ = caller.Call(t.Context(), "com.example.work", nil, client.Args(args...)) }
	all, failures := s.follow("trace", "com.example.work", "-n", "3"), s.follow("trace", "com.example.work", "-n", "0", "--failed", "--realm", "realm1")
	call("secret")
	call("fail", "secret")
	call("secret")
	call("fail", "secret")
	if code := all.wait(); code != exitClean {
		t.Errorf("exit code %d, %s", code, all.err)
	}
	lines := strings.Split(all.out.String(), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[0], "TIME         FROM ") || strings.ContainsAny(all.out.String(), "\x1b\r") || strings.Contains(all.out.String(), "secret") {
		t.Fatalf("three calls:\n%s", all.out)
	}
	for i, want := range []string{"result", "error com.example.error.bad", "result"} {
		line := lines[i+1]
		from := fmt.Sprintf(" direct %d #%d ", caller.Session(), i+1)
		to := fmt.Sprintf(" %d #%d ", callee.Session(), i+1)
		if !strings.HasSuffix(line, " "+want) || !strings.Contains(line, from) || !strings.Contains(line, to) {
			t.Errorf("call %d: %s, want one%sto%swith %s", i+1, line, from, to, want)
		}
	}
	failures.waitForOut(2, "com.example.error.bad")
	failures.signals <- syscall.SIGINT
	if code, out := failures.wait(), failures.out.String(); code != exitClean || strings.Count(out, "\n") != 3 {
		t.Errorf("exit code %d, the failures are\n%s", code, out)
	}
	s.stops()
}

// waitForOut waits until the program has printed something so many times.
func (p *program) waitForOut(times int, text string) {
	p.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for strings.Count(p.out.String(), text) < times {
		select {
		case <-p.out.written:
		case <-late.C:
			p.t.Fatalf("no %q:\n%s", text, p.out)
		}
	}
}

// For programs each call is a line of JSON, by the real program through a real pipe;
// when the sidecar stops, who follows is told.
func TestTracingForPrograms(t *testing.T) {
	s := startSteered(t, "pool \"com.example.work\" {}")
	url := s.address()
	s.waitFor("pool session up")
	callee := tryouttest.Join(t, url, client.Options{})
	if _, err := callee.Register(t.Context(), "com.example.work", nil, answerOrFail); err != nil {
		t.Fatal(err)
	}
	caller := tryouttest.Join(t, s.router, client.Options{})
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	ended, errs := make(chan int, 1), newBuffer()
	go func() {
		defer func() { _ = write.Close() }()
		ended <- execute([]string{"trace", "com.example.work", "--calls", "0", "--json", "-c", s.file}, streams{strings.NewReader(""), write, errs, func() <-chan os.Signal { return nil }})
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	for !strings.Contains(errs.String(), "as they end:") {
		select {
		case <-errs.written:
		case <-late.C:
			t.Fatal(errs)
		}
	}
	if _, err := caller.Call(t.Context(), "com.example.work", nil, client.Args("secret")); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(read)
	lines.Scan()
	var told admin.TracedCall
	if err := json.Unmarshal(lines.Bytes(), &told); err != nil || told.Origin != "router" || told.Callee != callee.Session() || told.Outcome != "result" || told.AnswerBytes == 0 {
		t.Errorf("the call is %s, %v", lines.Text(), err)
	}
	s.stops()
	if rest, _ := io.ReadAll(read); len(rest) > 0 {
		t.Errorf("more than calls: %s", rest)
	}
	if code := <-ended; code != exitFailure || !strings.Contains(errs.String(), "the sidecar has ended the connection") {
		t.Errorf("when the sidecar stops: exit code %d, %s", code, errs)
	}
}

// Lines fit into 80 columns, whatever clients call themselves, and a reader that was
// too slow is told; nothing that a terminal would obey is printed.
func TestTraceLines(t *testing.T) {
	calls := []string{
		`{"time":1795620968.912,"origin":"router","request":51234,"callee":4027931458823719,"authid":"worker-3","callee_request":512,"waited_seconds":0.0012,"ran_seconds":0.034,"outcome":"result","bytes":120,"answer_bytes":45}`,
		`{"time":1,"origin":"direct","caller":883172369104471,"request":3,"outcome":"queue_full","error":"crossbar.error.max_concurrency_reached","bytes":123456,"answer_bytes":1234567}`,
		`{"time":1,"origin":"router","request":1234567,"callee":4027931458823719,"authid":"a very\u001b[31m long name\n of somebody","callee_request":512345,"waited_seconds":12,"ran_seconds":3000,"outcome":"error","error":"com.example.error.no_such_image"}`,
		`{"time":1,"origin":"router","request":1,"callee":4027931458823719,"callee_request":5,"outcome":"callee_lost","error":"wamp.error.canceled"}`,
		`{"time":1,"origin":"peer","request":1,"peer":"3f2a91b0","callee_request":5,"outcome":"forwarded"}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/api/v1/trace?n=5&pool=com.example.p" {
			t.Errorf("asked is %s", r.URL)
		}
		fmt.Fprint(w, "event: following\ndata: {\"realm\":\"realm1\",\"pool\":\"com.example.p\"}\n\n:\n\nevent: lost\ndata: {\"lost\":17}\n\n")
		for _, call := range calls {
			fmt.Fprintf(w, "event: call\ndata: %s\n\n", call)
		}
	}))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	code, out, errs := command("trace", "com.example.p", "-n", "5", "--address", address)
	if code != exitClean || errs != "calls of pool com.example.p of realm realm1, as they end:\nwampool: 17 calls are left out: more ended than are shown\n" {
		t.Errorf("exit code %d, %q", code, errs)
	}
	for _, want := range []string{
		" router #51234                 worker-3 4027931458823719 #512    1.2ms   34ms 120 45    result\n",
		" direct 883172369104471 #3     -                                     0      0 123k 1.2M queue_full crossbar.error.max_concurrency_reached\n",
		"a very·[31m long name· of somebody 4027931458823719 #512345 ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	narrow := tracing{columns: 80}
	for i, want := range []string{
		" router #51234 worker-3 #512     1.2ms   34ms 120 45    result",
		" direct #3     -                     0      0 123k 1.2M queue_full",
		" router #1234567 a very·… #512345    12s  50min 0 -       …uch_image",
		" router #1     402793145882… #5      0      0 0 -       callee_lost",
		" peer #1       peer 3f2a91b0 #5      0      0 0 -       forwarded",
	} {
		var call admin.TracedCall
		if err := json.Unmarshal([]byte(calls[i]), &call); err != nil {
			t.Fatal(err)
		}
		if line := narrow.line(&call); !strings.HasSuffix(line, want) || utf8.RuneCountInString(line) > 80 {
			t.Errorf("%q has %d columns, want %q at its end", line, utf8.RuneCountInString(line), want)
		}
	}
}

func TestTraceErrors(t *testing.T) {
	s := startSteered(t, "")
	s.waitFor("pool session up")
	for want, args := range map[string][]string{
		`there is no pool "com.example.none"`: {"com.example.none"},
		"trace needs one POOL":                {},
		"-n must not be negative":             {"com.example.p", "-n", "-1"},
		"--slow must be from 0s":              {"com.example.p", "--slow", "25h"},
	} {
		if code, out, errs := s.do(append([]string{"trace"}, args...)...); code == exitClean || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d, %q, %q, want %q", args, code, out, errs, want)
		}
	}
	s.stops()
}
