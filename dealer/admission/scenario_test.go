package admission_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
)

// TestScenarios plays testdata/*.txt. A line is an event, and the indented lines
// below it are the actions that must come out; # begins a comment. With -update the
// actions are rewritten. The one who plays the driver counts the request IDs of each
// session at its router, and keeps the dealer's books no further than Released.
//
//	config [patience=D] [answer=D] [pause=D] [renewal=D] [weight=D] [idle=D] [held=N]
//	                                      first, if at all
//	block NAME [any] [admit=ROLE,…] [policy=P] [shared] [per=N] [concurrency=N] [linger=D]
//	session NAME SERIALIZER [ROLE]
//	register SESSION REQUEST PROCEDURE [block=NAME] [match=M] [invoke=P] [concurrency=N] [force] [disclose] [bad]
//	send SESSION KIND TEXT                another message that the router must see in order
//	unregister SESSION REQUEST REGISTRATION   "#1" is the first one that was given here
//	part SESSION, close SESSION           it ends; it is forgotten
//	beside SESSION BYTES                  what the driver keeps for it
//	exists|otherpolicy|refused SESSION REQUEST    the router's ERROR for the probe of that REGISTER
//	granted SESSION REQUEST REGISTRATION  its REGISTERED for the probe
//	undone SESSION REQUEST                its answer to the UNREGISTER of that
//	up LINK SERIALIZER [ROLE] [trip=D], down LINK, turnedaway LINK, leaves LINK, retire LINK
//	pool-registered LINK REQUEST REGISTRATION
//	pool-refused LINK REQUEST [exists|otherpolicy]
//	pool-unregistered LINK REQUEST        or its ERROR
//	pool-revoked LINK REGISTRATION
//	released POOL                         the dealer has closed it
//	at D, tick                            the time of what follows; the timer
//	drain [POOL], undrain [POOL]           all pools without one
//	restart
//	reconfigure [PROCEDURE=BLOCK …]       which block governs from now on; without one, the one of register without
//	state                                 tells the pools, links and sessions
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

// scenario is the registrar of one file, and the names in use there.
type scenario struct {
	t        *testing.T
	line     string
	config   admission.Config
	r        *admission.Registrar
	now      time.Duration
	blocks   map[string]*admission.Block
	sessions map[string]admission.SessionID
	names    map[admission.SessionID]string
	pendings map[string]admission.PendingID // by session and request
	own      map[admission.SessionID]int    // request IDs that the session's router has seen
	given    []uint64                       // registrations that callees have got
	out      strings.Builder
}

func play(t *testing.T, file, content string) string {
	s := &scenario{
		t: t, config: admission.Defaults(1 << 20), blocks: map[string]*admission.Block{"": {SlotsPerShare: 4}},
		sessions: make(map[string]admission.SessionID), names: make(map[admission.SessionID]string),
		pendings: make(map[string]admission.PendingID), own: make(map[admission.SessionID]int),
	}
	for i, line := range strings.SplitAfter(content, "\n") {
		if strings.HasPrefix(line, "  ") {
			continue // what came out before
		}
		s.out.WriteString(line)
		s.line = fmt.Sprintf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
		if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(fields[0], "#") {
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

// play takes one line.
func (s *scenario) play(verb string, args []string) {
	if verb != "config" && s.r == nil {
		s.r = admission.New(s.config, 1)
	}
	switch verb {
	case "config":
		s.configure(args)
	case "block":
		s.blocks[args[0]] = s.block(args[1:])
	case "session":
		of := admission.Session{Serializer: s.serializer(args[1])}
		if len(args) > 2 {
			of.Role = args[2]
		}
		s.sessions[args[0]] = s.r.OpenSession(of)
		s.names[s.sessions[args[0]]] = args[0]
	case "beside":
		s.r.Beside(s.session(args[0]), int64(s.number(args[1])))
	case "at":
		s.now = s.duration(args[0])
	case "state":
		s.state()
	default:
		s.tell(s.event(verb, args))
	}
}

// event brings one event to the registrar.
func (s *scenario) event(verb string, args []string) []admission.Action {
	switch verb {
	case "tick":
		return s.r.Tick(s.now)
	case "drain":
		if len(args) > 0 {
			return s.r.DrainPool(s.now, strings.Join(args, " "))
		}
		return s.r.Drain(s.now)
	case "undrain":
		if len(args) > 0 {
			return s.r.UndrainPool(s.now, strings.Join(args, " "))
		}
		return s.r.Undrain(s.now)
	case "reconfigure":
		return s.r.Reconfigure(s.now, func(procedure string) *admission.Block { return s.blocks[s.text(args, procedure)] })
	case "restart":
		return s.r.Restart(s.now)
	case "released":
		return s.r.Released(s.now, strings.Join(args, " "))
	case "register", "send", "unregister", "part", "close":
		return s.fromClient(verb, args, s.session(args[0]))
	case "exists", "otherpolicy", "refused", "granted", "undone":
		return s.fromItsRouter(verb, args)
	}
	link := admission.LinkID(s.number(args[0]))
	switch verb {
	case "up":
		of := admission.LinkSession{Serializer: s.serializer(args[1]), RoundTrip: s.duration(s.text(args, "trip"))}
		if len(args) > 2 && !strings.Contains(args[2], "=") {
			of.Role = args[2]
		}
		return s.r.LinkUp(s.now, link, of)
	case "down":
		return s.r.LinkDown(s.now, link)
	case "leaves":
		return s.r.LinkLeaves(s.now, link)
	case "retire":
		return s.r.Retire(s.now, link)
	case "turnedaway":
		actions, away := s.r.LinkTurnedAway(s.now, link)
		if !away {
			s.print("it tries on")
		}
		return actions
	case "pool-registered":
		return s.r.Registered(s.now, link, s.number(args[1]), s.number(args[2]))
	case "pool-refused":
		return s.r.Refused(s.now, link, s.number(args[1]), s.refusal(strings.Join(args[2:], "")))
	case "pool-unregistered":
		return s.r.Unregistered(s.now, link, s.number(args[1]))
	case "pool-revoked":
		actions, key := s.r.Revoked(s.now, link, s.number(args[1]))
		if key == "" {
			s.print("it is nobody's")
		}
		return actions
	}
	s.fail("no such event")
	return nil
}

func (s *scenario) fromClient(verb string, args []string, id admission.SessionID) []admission.Action {
	switch verb {
	case "register":
		in := admission.Register{Block: s.blocks[s.text(args, "block")]}
		m := &in.Asks
		m.Request, m.Procedure, m.Match, m.Invoke = s.number(args[1]), args[2], s.text(args, "match"), s.text(args, "invoke")
		m.HasInvoke, m.HasConcurrency = m.Invoke != "", s.text(args, "concurrency") != ""
		if m.HasConcurrency {
			m.Concurrency = int64(s.number(s.text(args, "concurrency")))
		}
		m.ForceReregister, m.DiscloseCaller = slices.Contains(args, "force"), slices.Contains(args, "disclose")
		if slices.Contains(args, "bad") {
			m.OptionError = errors.New("an option is no number")
		}
		in.Message = message(codec.TypeRegister, "REGISTER", args[1], args[2])
		return s.r.Register(s.now, id, in)
	case "send":
		kind, known := kinds[args[1]]
		if !known {
			s.fail("no such message")
		}
		return s.r.Send(s.now, id, message(kind, args[1:]...))
	case "unregister":
		in := admission.Unregister{Message: message(codec.TypeUnregister, append([]string{"UNREGISTER"}, args[1:]...)...), Request: s.number(args[1])}
		if of, given := strings.CutPrefix(args[2], "#"); given {
			in.Registration = s.given[s.number(of)-1]
		} else {
			in.Registration = s.number(args[2])
		}
		return s.r.Unregister(s.now, id, in)
	case "part":
		return s.r.Part(s.now, id)
	}
	return s.r.CloseSession(s.now, id)
}

var kinds = map[string]codec.MessageType{
	"CALL": codec.TypeCall, "PUBLISH": codec.TypePublish, "SUBSCRIBE": codec.TypeSubscribe, "CANCEL": codec.TypeCancel,
	"REGISTER": codec.TypeRegister, "UNREGISTER": codec.TypeUnregister, "GOODBYE": codec.TypeGoodbye, "ABORT": codec.TypeAbort,
}

func message(kind codec.MessageType, words ...string) admission.Message {
	return admission.Message{Type: kind, Raw: []byte(strings.Join(words, " "))}
}

func (s *scenario) fromItsRouter(verb string, args []string) []admission.Action {
	id, known := s.pendings[args[0]+" "+args[1]]
	if !known {
		s.fail("it was never asked")
	}
	switch verb {
	case "granted":
		return s.r.ProbeGranted(s.now, id, s.number(args[2]))
	case "undone":
		return s.r.ProbeUndone(s.now, id)
	}
	return s.r.ProbeRefused(s.now, id, s.refusal(verb))
}

func (s *scenario) refusal(text string) admission.Refusal {
	switch text {
	case "exists":
		return admission.Exists
	case "otherpolicy":
		return admission.OtherPolicy
	}
	return admission.OtherError
}

func (s *scenario) configure(args []string) {
	for key, field := range map[string]*time.Duration{
		"patience": &s.config.RegisterPatience, "answer": &s.config.AnswerPatience, "pause": &s.config.AskPause,
		"renewal": &s.config.RenewalPause, "weight": &s.config.WeightPause, "idle": &s.config.LinkIdle,
	} {
		if value := s.text(args, key); value != "" {
			*field = s.duration(value)
		}
	}
	if value := s.text(args, "held"); value != "" {
		s.config.HeldBytes = int64(s.number(value))
	}
}

func (s *scenario) block(args []string) *admission.Block {
	b := &admission.Block{
		AnyRole: slices.Contains(args, "any"), Shared: slices.Contains(args, "shared"), Policy: s.text(args, "policy"), SlotsPerShare: 4,
		Config: dealer.PoolConfig{Linger: s.duration(s.text(args, "linger"))},
	}
	if roles := s.text(args, "admit"); roles != "" {
		b.Admit = strings.Split(roles, ",")
	}
	if per := s.text(args, "per"); per != "" {
		b.SlotsPerShare = int(s.number(per))
	}
	if n := s.text(args, "concurrency"); n != "" {
		b.Config.Concurrency = int(s.number(n))
	}
	return b
}

func (s *scenario) serializer(name string) codec.Serializer {
	for _, is := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
		if is.String() == name {
			return is
		}
	}
	s.fail("no such serializer")
	return 0
}

func (s *scenario) session(name string) admission.SessionID {
	id, known := s.sessions[name]
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

// text returns the value of key=value, "" without.
func (s *scenario) text(args []string, key string) string {
	for _, arg := range args {
		if value, found := strings.CutPrefix(arg, key+"="); found {
			return value
		}
	}
	return ""
}

func (s *scenario) duration(text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		s.fail("%v", err)
	}
	return d
}
