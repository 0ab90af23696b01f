package dealer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// TestScenarios plays testdata/*.txt. A line is an event, and the indented
// lines below it are the actions that must come out; # begins a comment. With
// -update the actions are rewritten.
//
//	origin NAME [local|peer]              a router's session, a local caller, or another sidecar
//	callee NAME [cancel] [results] [parts] [passthru] [times] [after=ID]
//	peer NAME [cancel] … [away=D]         another sidecar as a callee
//	pool NAME [concurrency=N] [scope=S] [queue=N] [bytes=N] [timeout=D] [linger=D] [retries=N] [kept=N]
//	join CALLEE POOL POLICY [limit=N] [force]
//	leave CALLEE POOL
//	lose CALLEE
//	close POOL                            its registration is not wanted
//	revoke POOL                           its registration can't be had any more
//	call ORIGIN REQUEST POOL [results] [more] [passthru] [within=D] [BODY]
//	yield|error|progress|unavailable|full CALLEE ID
//	                                      what the callee answers
//	cancel ORIGIN REQUEST skip|kill|killnowait|none
//	drop ORIGIN, remove ORIGIN            its session ends; it is forgotten
//	own CALLEE REQUEST [more]             an INVOCATION of the router itself
//	own-interrupt CALLEE REQUEST          and its INTERRUPT
//	at D, tick                            the time of what follows; the timer
//	drain, shutdown
//	configure POOL [policy=P] …            as pool
//	drain-callee CALLEE, undrain-callee CALLEE
//	pause POOL, resume POOL
//	offer PEER POOL N, withdraw PEER [POOL], away PEER D
//	follow [off]                          loads are followed
//	loads                                 tells those that have changed
//	state                                 tells the pools
//
// The features are call_canceling, progressive_call_results,
// progressive_call_invocations, payload_passthru_mode and call_timeout.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, file, string(content))
			if got == string(content) {
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Error(firstDifference(file, string(content), got))
		})
	}
}

// firstDifference shows where the actions differ, with the lines around.
func firstDifference(file, want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	around := func(lines []string) string { return strings.Join(lines[max(0, i-4):min(len(lines), i+4)], "\n") }
	return fmt.Sprintf("%s:%d: (-update rewrites)\n--- want\n%s\n--- got\n%s", file, i+1, around(w), around(g))
}

// scenario is the dealer of one file, and the names in use there.
type scenario struct {
	t       *testing.T
	line    string
	d       *dealer.Dealer
	now     time.Duration
	pools   names[dealer.PoolID]
	callees names[dealer.CalleeID]
	origins names[dealer.OriginID]
	joined  map[string]uint64 // registration IDs, by callee and pool
	results map[string]bool   // calls that asked for progressive results, by origin and request
	last    uint64            // registration ID given out last
	out     strings.Builder
}

type names[ID comparable] struct {
	ids  map[string]ID
	name map[ID]string
}

func (n *names[ID]) set(name string, id ID) {
	if n.ids == nil {
		n.ids, n.name = make(map[string]ID), make(map[ID]string)
	}
	n.ids[name], n.name[id] = id, name
}

func play(t *testing.T, file, content string) string {
	s := &scenario{t: t, d: dealer.New(1), joined: make(map[string]uint64), results: make(map[string]bool)}
	for i, line := range strings.SplitAfter(content, "\n") {
		if strings.HasPrefix(line, "  ") {
			continue // what came out before
		}
		s.out.WriteString(line)
		s.line = fmt.Sprintf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] != "#" {
			s.play(fields[0], fields[1:])
		}
	}
	return s.out.String()
}

func (s *scenario) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s\n%s", s.line, fmt.Sprintf(format, args...))
}

func (s *scenario) print(format string, args ...any) {
	fmt.Fprintf(&s.out, "  "+format+"\n", args...)
}

// play brings one line to the dealer and writes what comes out.
func (s *scenario) play(verb string, args []string) {
	e := event{now: s.now}
	message := []byte(nil)
	switch verb {
	case "at":
		now, err := time.ParseDuration(args[0])
		if err != nil {
			s.fail("%v", err)
		}
		s.now = now
		return
	case "state":
		s.state()
		return
	case "own-interrupt":
		if id, reach := s.d.OwnInterrupt(named(s, s.callees, args[0]), s.number(args[1])); reach {
			s.print("interrupt %s/%d", args[0], id)
		} else {
			s.print("nothing")
		}
		return
	case "loads":
		s.loads()
		return
	case "offer", "withdraw", "away", "follow":
		if !s.playPeer(&e, verb, args) {
			return
		}
	case "origin":
		e.kind, e.local, e.peer = addOrigin, s.has(args[1:], "local"), s.has(args[1:], "peer")
	case "peer":
		e.kind, e.peer, e.features, e.oneWay = addCallee, true, s.features(args[1:]), s.duration(args, "away")
	case "callee":
		e.kind, e.features, e.id = addCallee, s.features(args[1:]), s.option(args, "after")
	case "pool":
		e.kind, e.key, e.config = openPool, args[0], s.config(args)
	case "configure":
		e.kind, e.pool, e.config = configure, named(s, s.pools, args[0]), s.config(args)
	case "drain-callee", "undrain-callee":
		e.kind, e.callee = drainCallee, named(s, s.callees, args[0])
		if verb == "undrain-callee" {
			e.kind = undrainCallee
		}
	case "pause", "resume":
		e.kind, e.pool = pausePool, named(s, s.pools, args[0])
		if verb == "resume" {
			e.kind = resumePool
		}
	case "join":
		policy, err := dealer.ParsePolicy(args[2])
		if err != nil {
			s.fail("%v", err)
		}
		s.last++
		e.kind, e.callee, e.pool = join, named(s, s.callees, args[0]), named(s, s.pools, args[1])
		e.id, e.policy, e.limit, e.force = s.last, policy, int(s.option(args, "limit")), s.has(args, "force")
	case "leave":
		e.kind, e.callee, e.id = leave, named(s, s.callees, args[0]), s.joined[args[0]+" "+args[1]]
	case "lose":
		e.kind, e.callee = lose, named(s, s.callees, args[0])
	case "close":
		e.kind, e.pool = closePool, named(s, s.pools, args[0])
	case "revoke":
		e.kind, e.pool = revokePool, named(s, s.pools, args[0])
	case "call":
		e.kind, e.origin, e.request, e.pool = call, named(s, s.origins, args[0]), s.number(args[1]), named(s, s.pools, args[2])
		e.receiveProgress, e.progress, e.passthru = s.has(args, "results"), s.has(args, "more"), s.has(args, "passthru")
		e.timeout = s.duration(args, "within")
		text := args[0] + " " + args[1]
		s.results[text] = s.results[text] || e.receiveProgress
		if quoted := args[len(args)-1]; strings.HasPrefix(quoted, `"`) {
			text = strings.Trim(quoted, `"`)
		}
		message = fmt.Appendf(nil, `[68,1,1,{},[%q]]`, text)
		e.body = bodyIn(message)
	case "yield", "error", "progress", "unavailable", "full":
		e.kind, e.callee, e.id, e.answer = answer, named(s, s.callees, args[0]), s.number(args[1]), dealer.Final
		switch verb {
		case "progress":
			e.answer = dealer.Progress
		case "error":
			e.answer = dealer.Error
		case "unavailable":
			e.answer = dealer.Unavailable
		case "full":
			e.answer = dealer.Full
		}
	case "cancel":
		mode, known := cancelModes[args[2]]
		if !known {
			s.fail("no such mode")
		}
		e.kind, e.origin, e.request, e.mode = cancel, named(s, s.origins, args[0]), s.number(args[1]), mode
	case "drop":
		e.kind, e.origin = dropOrigin, named(s, s.origins, args[0])
	case "remove":
		e.kind, e.origin = removeOrigin, named(s, s.origins, args[0])
	case "own":
		e.kind, e.callee, e.request, e.progress = ownInvocation, named(s, s.callees, args[0]), s.number(args[1]), s.has(args, "more")
	case "tick":
		e.kind = tick
	case "drain":
		e.kind = drain
	case "shutdown":
		e.kind = shutdown
	default:
		s.fail("no such event")
	}
	out := e.apply(s.d)
	s.learn(e, args, out)
	s.tell(e, out)
	spoil(message)
}

// config are the rules of a pool.
func (s *scenario) config(args []string) (c dealer.PoolConfig) {
	c.Concurrency, c.QueueLimit = int(s.option(args, "concurrency")), int(s.option(args, "queue"))
	c.QueueBytes, c.QueueTimeout = int(s.option(args, "bytes")), s.duration(args, "timeout")
	c.Linger, c.Retries = s.duration(args, "linger"), int(s.option(args, "retries"))
	c.KeptBytes, c.Scope = 1<<20, s.text(args, "scope")
	if s.text(args, "kept") != "" {
		c.KeptBytes = int(s.option(args, "kept"))
	}
	if policy := s.text(args, "policy"); policy != "" {
		var err error
		if c.Policy, err = dealer.ParsePolicy(policy); err != nil {
			s.fail("%v", err)
		}
	}
	return c
}

// learn takes up the names that an event makes known.
func (s *scenario) learn(e event, args []string, out outcome) {
	switch e.kind {
	case openPool:
		s.pools.set(args[0], dealer.PoolID(out.id))
	case addCallee:
		s.callees.set(args[0], dealer.CalleeID(out.id))
	case addOrigin:
		s.origins.set(args[0], dealer.OriginID(out.id))
	case join:
		if out.err == nil {
			s.joined[args[0]+" "+args[1]] = e.id
		}
	}
}

func named[ID comparable](s *scenario, n names[ID], name string) ID {
	id, known := n.ids[name]
	if !known {
		s.fail("nobody is called %s", name)
	}
	return id
}

func (s *scenario) number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		s.fail("%v", err)
	}
	return n
}

func (s *scenario) has(args []string, word string) bool {
	for _, arg := range args {
		if arg == word {
			return true
		}
	}
	return false
}

// text returns the value of key=value, "" without.
func (s *scenario) text(args []string, key string) string {
	for _, arg := range args {
		if value, found := strings.CutPrefix(arg, key+"="); found {
			return value
		}
	}
	return ""
}

// option returns the number of key=number, 0 without.
func (s *scenario) option(args []string, key string) uint64 {
	if value := s.text(args, key); value != "" {
		return s.number(value)
	}
	return 0
}

func (s *scenario) duration(args []string, key string) time.Duration {
	value := s.text(args, key)
	if value == "" {
		return 0
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		s.fail("%v", err)
	}
	return d
}

func (s *scenario) features(args []string) codec.CalleeFeatures {
	return codec.CalleeFeatures{
		CallCanceling: s.has(args, "cancel"), ProgressiveCallResults: s.has(args, "results"),
		ProgressiveCallInvocations: s.has(args, "parts"), PayloadPassthruMode: s.has(args, "passthru"),
		CallTimeout: s.has(args, "times"),
	}
}
