package proxy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/transport/played"
)

// do does what a step says.
func (s *stage) do(text string) {
	if actor, rest, says := strings.Cut(text, " ▶ "); says {
		s.say(strings.TrimSpace(actor), strings.TrimSpace(rest))
		return
	}
	words := elementsOf(text)
	rest := strings.TrimSpace(strings.TrimPrefix(text, words[0]))
	switch {
	case text == "start": // it has, before the first step
	case words[0] == "after":
		s.after(words[1])
	case text == "router is down":
		s.unlisten()
	case text == "router is up":
		s.listen()
	case text == "readiness":
		s.readiness = isReady
		if reasons := proxy.Unready(s.proxy); len(reasons) > 0 {
			s.readiness = isNotReady + strings.Join(reasons, "; ")
		}
	case words[0] == "reload":
		s.reload(words[1], words[2])
	case words[0] == "pause", words[0] == "resume":
		s.steer(words[0], fmt.Sprintf(`{"pool":%q}`, words[1]))
	case text == "all pools drain":
		s.steer("drain", `{"all":true}`)
	case text == "all pools drain no more":
		s.steer("undrain", `{"all":true}`)
	case words[0] == "pool" && len(words) > 2 && words[2] == "drains":
		s.steer(map[bool]string{true: "drain", false: "undrain"}[len(words) == 3], fmt.Sprintf(`{"pool":%q}`, words[1]))
	case len(words) > 2 && words[1] == "is": // drained, or undrained
		s.steer(strings.TrimSuffix(words[2], "ed"), fmt.Sprintf(`{"name":%q,"goodbye":%t}`, words[0], len(words) > 3))
	case text == "drain":
		s.stop()
	case text == "stop":
		s.proxy.Stop()
	case len(words) > 1 && words[1] == "connects":
		serializer := codec.JSON
		if len(words) > 3 {
			serializer, _ = serializerCalled(words[3])
		}
		s.connect(words[0], serializer)
	case len(words) > 1 && words[1] == "joins" && strings.HasPrefix(words[0], "pool"):
		s.joinPool(words)
	case len(words) > 1 && words[1] == "joins":
		s.join(words)
	case len(words) > 1 && slices.Contains([]string{"stalls", "resumes", "pieces", "delays", "breaks"}, words[1]):
		s.disturb(words)
	case len(words) > 1 && words[1] == "registers":
		s.register(words[0], strings.TrimSpace(strings.TrimPrefix(rest, words[1])))
	default:
		s.fail("there is no such step")
	}
}

// reload has a part of the configuration replaced.
func (s *stage) reload(old, now string) {
	old, err := strconv.Unquote(old)
	now, err2 := strconv.Unquote(now)
	if err := errors.Join(err, err2); err != nil || !strings.Contains(s.config, old) {
		s.fail("there is no %q in the configuration: %v", old, err)
	}
	s.config = strings.Replace(s.config, old, now, 1)
	config, err := configs.Parse([]byte(s.config), "transcript.hcl")
	if err != nil {
		s.fail("%v", err)
	}
	if _, err := s.proxy.Reload(config); err != nil {
		s.fail("%v", err)
	}
}

func (s *stage) steer(command, request string) {
	if err := proxy.Steer(s.proxy, command, request); err != nil {
		s.fail("%v", err)
	}
}

// disturb lets a fault happen to a connection.
func (s *stage) disturb(words []string) {
	a := s.find(words[0])
	if a == nil {
		s.fail("nobody is called %s", words[0])
	}
	here, there := a.end, a.end.Peer()
	n := 0
	if last := words[len(words)-1]; len(words) > 2 {
		n, _ = strconv.Atoi(last)
	}
	switch {
	case words[1] == "delays":
		d := s.durationOf(words[2])
		here.Delay(d)
		there.Delay(d)
	case words[1] == "stalls":
		here.Stall()
		there.Stall()
	case words[1] == "resumes":
		here.Resume()
		there.Resume()
	case words[1] == "pieces":
		here.Slice(func() int { return n })
		there.Slice(func() int { return n })
	case words[3] == "sending":
		a.leave()
		here.CutAfter(n)
	default:
		a.leave()
		there.CutAfter(n)
	}
}

// after lets time pass.
func (s *stage) after(text string) { <-time.After(s.durationOf(text)) }

func (s *stage) durationOf(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.fail("%v", err)
	}
	return d
}

// say has an actor say a message, or end its connection.
func (s *stage) say(name, text string) {
	a := s.find(name)
	if a == nil {
		s.fail("nobody is called %s", name)
	}
	words := elementsOf(text)
	switch words[0] {
	case "close":
		code, _ := strconv.Atoi(words[1])
		reason := ""
		if len(words) > 2 {
			reason, _ = strconv.Unquote(words[2])
		}
		a.leave()
		a.conn.Close(code, reason, time.Second)
		return
	case "lost":
		a.leave()
		a.conn.Abort(errLost)
		return
	}
	message := s.messageOf(text)
	a.noteRequest(words)
	if a.conn.Serializer() != codec.JSON {
		message = played.InSerializer(s.t, a.conn.Serializer(), string(message))
	}
	if err := a.conn.Send(message); err != nil {
		s.fail("%s can't say it: %v", name, err)
	}
	a.conn.Flush()
}

// requests are the messages by which a client counts.
var requests = regexp.MustCompile(`^(CALL|REGISTER|UNREGISTER|PUBLISH|SUBSCRIBE|UNSUBSCRIBE)$`)

func (a *actor) noteRequest(words []string) {
	if len(words) > 1 && requests.MatchString(words[0]) {
		if id, err := strconv.ParseUint(words[1], 10, 64); err == nil {
			a.request = max(a.request, id)
		}
	}
}

// take takes the next message that an actor got, which must begin like this.
func (s *stage) take(name, begin string) (message []byte) {
	s.settle()
	a := s.find(name)
	if a == nil || len(a.seen) == 0 {
		s.fail("%s gets nothing, want %s…", name, begin)
	}
	for len(a.seen) > 1 && a.seen[0].begins(connectsBy) {
		a.seen = a.seen[1:]
	}
	next := a.seen[0]
	if !next.begins(begin) {
		s.fail("%s gets %s%s, want %s…", name, next.message, next.text, begin)
	}
	a.seen = a.seen[1:]
	return next.message
}

// has tells whether the next message that an actor got begins like this.
func (s *stage) has(name, begin string) bool {
	a := s.find(name)
	return a != nil && len(a.seen) > 0 && a.seen[0].begins(begin)
}

// joinPool has the router welcome a pool session.
func (s *stage) joinPool(words []string) {
	role := "backend"
	if len(words) > 2 {
		role = words[2]
	}
	realm := "realm1"
	if _, other, is := strings.Cut(words[0], ":"); is {
		realm = other
	}
	if a := s.find(words[0]); a == nil || !a.greeted {
		s.take(words[0], fmt.Sprintf("[1,%q,", realm))
	}
	s.say(words[0], fmt.Sprintf(`WELCOME 1001 {"realm":%q,"authrole":%q,"roles":{"dealer":{}}}`, realm, role))
}

// join has a client and its end at the router open a session.
func (s *stage) join(words []string) {
	name, role, features := words[0], words[2], "{}"
	if len(words) > 3 {
		features = words[3]
	}
	if a := s.find(name); a == nil || a.isOver() {
		s.connect(name, codec.JSON)
	}
	s.session++
	hello := fmt.Sprintf(`HELLO "realm1" {"roles":{"callee":{"features":%s}}}`, features)
	s.say(name, hello)
	s.take(name+"@router", string(s.messageOf(hello)))
	welcome := fmt.Sprintf(`WELCOME %d {"realm":"realm1","authid":%q,"authrole":%q,"roles":{}}`, s.session, name, role)
	s.say(name+"@router", welcome)
	s.take(name, string(s.messageOf(welcome)))
}

// register has a client join a pool, as at a router that knows the procedure as
// taken once the pool has it.
func (s *stage) register(name, what string) {
	a := s.find(name)
	if a == nil {
		s.fail("nobody is called %s", name)
	}
	what, called, _ := strings.Cut(what, " as ")
	request := a.request + 1
	s.say(name, fmt.Sprintf("REGISTER %d %s", request, what))
	for s.settle(); !s.has(name+"@router", "[64,"); s.settle() {
		if !s.grantPool() {
			s.fail("neither the pool's REGISTER comes nor the callee's own")
		}
	}
	probe := elementsOf(s.textOf(s.take(name+"@router", "[64,")))
	s.say(name+"@router", fmt.Sprintf(`ERROR REGISTER %s {} "wamp.error.procedure_already_exists"`, probe[1]))
	registered := s.take(name, fmt.Sprintf("[65,%d,", request))
	s.draw(a, registered, "REGISTERED 1 "+called)
}

// grantPool answers whatever pool sessions wait for. It is false if they don't.
func (s *stage) grantPool() bool {
	for _, a := range s.actors {
		if !strings.HasPrefix(a.name, "pool") {
			continue
		}
		switch {
		case s.has(a.name, connectsBy), s.has(a.name, "[1,"):
			s.joinPool([]string{a.name})
			return true
		case s.has(a.name, "[64,"):
			words := elementsOf(s.textOf(s.take(a.name, "[64,")))
			s.say(a.name, fmt.Sprintf("REGISTERED %s %d", words[1], 100+s.granted))
			s.granted++
			return true
		}
	}
	return false
}

// draw gives a name to the registration in a REGISTERED: the one that is wanted
// there, or that of the callee.
func (s *stage) draw(a *actor, message []byte, want string) {
	var registered []uint64
	if json.Unmarshal(message, &registered) != nil || len(registered) != 3 || registered[0] != 65 || registered[2] < 1e6 {
		return
	}
	for _, id := range s.drawn {
		if id == registered[2] {
			return
		}
	}
	name := "$" + a.name
	for n := 2; s.drawn[name] != 0; n++ {
		name = fmt.Sprintf("$%s.%d", a.name, n)
	}
	if words := elementsOf(want); len(words) == 3 && words[0] == "REGISTERED" && strings.HasPrefix(words[2], "$") && s.drawn[words[2]] == 0 {
		name = words[2]
	}
	s.drawn[name] = registered[2]
}
