package proxy_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

var (
	update      = flag.Bool("update", false, "rewrite what wampool sends in the transcripts")
	transcripts = flag.String("transcripts", "testdata/*/*.txt", "the files of the transcripts")
)

// TestTranscripts plays testdata/*/*.txt: WAMP sessions as the specification writes
// them, with wampool between clients and a router that are played. Time and
// connections are of this process alone, so that hundreds take seconds.
//
// A file begins with configuration, in HCL, as it is in a file of wampool's own;
// what is missing of router, listen and realm is added. The first lines may also
// say
//
//	router speaks cbor msgpack json   serializers, in its order; by default json
//	router over rs                    transports: ws, wss, rs or rss; by default ws
//	clients over rs
//
// Then, one a line, and in their order, what is done:
//
//	start                             nothing: what comes of the start stands below it
//	callee connects [by cbor]         a client; its end at the router is callee@router
//	callee joins backend {FEATURES}   connects, if it has not, HELLO and WELCOME with
//	                                  that authrole and those features as a callee
//	pool joins [backend]              a pool session, whose HELLO waits, gets WELCOME
//	callee registers {OPTIONS} "URI" [as $name]
//	                                  REGISTER, the pool's own if that is needed, the
//	                                  probe, and REGISTERED with registration $callee
//	callee ▶ MESSAGE                  callee says a message to wampool
//	callee ▶ close 1001 "restart"     it closes its connection
//	callee ▶ lost                     its connection breaks
//	callee stalls, callee resumes     nothing more arrives, either way; and it does
//	callee delays 50ms                what is sent from now on arrives so much later, either way
//	callee pieces 3                   from now on so many bytes arrive at a time
//	callee breaks after sending 20    its connection breaks 20 bytes later
//	callee breaks after getting 20
//	after 10s                         so much time passes
//	router is down, router is up      whether it takes connections
//	readiness                         asks wampool whether it is ready
//	reload "limit = 2" "limit = 4"    the configuration changes, which has the first text
//	callee is drained, is undrained   it gets no new calls, and it gets some again
//	callee is drained to leave        its session ends as soon as it has no call
//	pause com.example.p, resume …     a pool's calls wait, and go on
//	pool com.example.p drains, pool com.example.p drains no more, all pools drain, all pools drain no more
//	                                  registrations are given up, and asked for again
//	drain, stop                       a clean stop begins, or is cut short
//
// and below each line, for each that gets something from wampool, in its order,
//
//	callee ◀ MESSAGE                  callee gets a message
//	callee ◀ close 1002 "text"        its connection is closed, or
//	callee ◀ lost                     breaks, or ends as RawSocket does
//	pool2 connects by cbor            a pool session, where the router speaks several
//	wampool is ready, has stopped     and the like
//	nothing                           nobody gets anything, which is not worth a line else
//
// A message is its name and its elements in JSON; the type of request in an ERROR
// is a name as well. What is no such message is raw with a quoted string. "x"*9
// is a string of nine x. $name is a number that wampool draws: a registration, and
// $size a length that depends on it.
//
// Pool sessions are named in order: pool, pool2, …, and pool:REALM for another
// realm than realm1. Comments begin by #. With -update, what wampool sends is
// rewritten as it is.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob(*transcripts)
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts are %s: %v", *transcripts, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".txt"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { playTranscript(t, file, string(content)) })
		})
	}
}

// playTranscript plays one file, and rewrites it if that is wanted.
func playTranscript(t *testing.T, file, content string) {
	script := readScript(t, file, content)
	s := newStage(t, script.settings)
	for i := range script.steps {
		step := &script.steps[i]
		s.at = fmt.Sprintf("%s:%d: %s", file, step.number, step.text)
		s.do(step.text)
		got := s.gather(step.expected())
		if difference := step.compare(got); difference != "" && !*update {
			t.Fatalf("%s\n%s\n(-update rewrites)", s.at, difference)
		}
		step.rewrite(got)
	}
	s.close()
	if rewritten := script.String(); *update && rewritten != content {
		if err := os.WriteFile(file, []byte(rewritten), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
