package admission_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
)

var exploreDepth = flag.Int("explore.depth", 4, "how many events in a row are tried, in each scene")

// scenes are where explorations begin: the moves made before, and what is
// different there.
var scenes = []struct {
	name   string
	begin  []string
	change func(*world)
}{
	{"nobody", nil, nil},
	{"asked", []string{"link", "register 0", "register 1"}, nil},
	{"probing", []string{"link", "register 0", "call 0", "answer link"}, nil},
	{"joined", []string{"link", "register 0", "answer link", "answer 0", "register 1"}, nil},
	{"left", []string{"link", "register 0", "answer link", "answer 0", "unregister 0", "register 1"}, nil},
	{"lost answer", []string{"link", "register 0", "lose link", "time"}, nil},
	{"taken", []string{"link", "register 0", "answer link", "revoke"}, nil},
	{"permissive", []string{"link", "register 0", "answer link", "answer 0"}, func(w *world) { w.router.permissive = true }},
	{"lingers", []string{"link", "register 0", "answer link", "answer 0", "part 0"}, func(w *world) {
		w.blocks[0].Config = dealer.PoolConfig{Linger: time.Second}
	}},
	{"no role", []string{"register 0", "call 0"}, func(w *world) { w.role = "" }},
}

// TestExplore brings every sequence of events of a small world: two clients, one
// procedure, a link, a router that answers, loses answers and revokes. After the
// last of them all comes to rest, everybody goes, and nothing is left.
func TestExplore(t *testing.T) {
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			x := &exploration{change: s.change, begin: s.begin}
			x.extend(nil)
			if x.found != nil {
				t.Fatalf("checker %s: %s\n%s", x.found.checker, x.found.text, x.story)
			}
			t.Logf("%d sequences of up to %d events", x.sequences, *exploreDepth)
		})
	}
}

type exploration struct {
	change    func(*world)
	begin     []string
	sequences int
	found     *failed
	story     string
}

// extend tries everything that can come after these moves.
func (x *exploration) extend(way []string) {
	w, found := x.play(way)
	x.sequences++
	if found == nil && len(way) == *exploreDepth {
		found = guarded(w.end)
	}
	if found != nil {
		x.found, x.story = found, fmt.Sprintf("%v and %v:\n%s", x.begin, way, w.history())
		return
	}
	if len(way) == *exploreDepth {
		return
	}
	for _, m := range w.moves() {
		if x.found == nil {
			x.extend(append(way[:len(way):len(way)], m))
		}
	}
}

// play brings a new world to where these moves lead.
func (x *exploration) play(way []string) (w *world, found *failed) {
	config := admission.Defaults(1 << 20)
	rng := rand.New(rand.NewPCG(1, 1))
	w = &world{
		rng: rng, r: admission.New(config, 1), d: dealer.New(1), b: newBooks(config), role: "backend",
		links: map[admission.LinkID]*pole{0: {serializer: codec.JSON}}, probes: make(map[admission.PendingID]string),
		pools: make(map[string]dealer.PoolID), keys: 1, blocks: []*admission.Block{{SlotsPerShare: 4}},
		router: router{rng: rng, procedures: make(map[string][]*grant), denies: make(map[string]bool)},
	}
	if x.change != nil {
		x.change(w)
	}
	for range 2 {
		out := w.do(event{kind: openSession, opens: admission.Session{Serializer: codec.JSON, Role: "backend"}})
		w.clients = append(w.clients, &client{id: out.session, conn: &conn{session: out.session, role: "backend"}, honest: true})
	}
	found = guarded(func() {
		for _, moves := range [][]string{x.begin, way} {
			for _, m := range moves {
				w.move(m)
			}
		}
	})
	return w, found
}

// guarded returns what a checker finds meanwhile.
func guarded(f func()) (found *failed) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case broken:
			found = &failed{r.checker, r.text}
		default:
			found = &failed{"panic", fmt.Sprintf("%v\n%s", r, debug.Stack())}
		}
	}()
	f()
	return nil
}

// moves are the names of what can happen next.
func (w *world) moves() (all []string) {
	for i, c := range w.clients {
		if !c.gone {
			all = append(all, fmt.Sprint("register ", i), fmt.Sprint("part ", i))
			if len(c.joined) > 0 {
				all = append(all, fmt.Sprint("unregister ", i))
			}
			if len(w.b.sessions[c.id].waiting) > 0 {
				all = append(all, fmt.Sprint("call ", i))
			}
		}
		if len(c.conn.answers) > 0 {
			all = append(all, fmt.Sprint("answer ", i), fmt.Sprint("lose ", i))
		}
	}
	if l := w.links[0]; l.conn == nil {
		all = append(all, "link")
	} else {
		all = append(all, "cut")
		if len(l.conn.answers) > 0 {
			all = append(all, "answer link", "lose link")
		}
		if len(w.router.procedures[keyOf(0)]) > 0 && w.router.procedures[keyOf(0)][0].conn.isLink {
			all = append(all, "revoke")
		}
	}
	if _, any := w.r.Deadline(); any {
		all = append(all, "time")
	}
	return all
}

// move makes one.
func (w *world) move(name string) {
	var what, of string
	_, _ = fmt.Sscan(name, &what, &of)
	var c *client
	at := w.links[0].conn
	if of == "0" || of == "1" {
		c = w.clients[of[0]-'0']
		at = c.conn
	}
	switch what {
	case "register":
		c.last++
		a := codec.Register{Request: c.last, Procedure: "p0", Invoke: "roundrobin"}
		w.do(event{kind: register, session: c.id, message: &sent{kind: register, of: codec.TypeRegister, request: c.last, asks: a, block: w.blocks[0]}})
	case "call":
		c.last++
		w.do(event{kind: send, session: c.id, message: &sent{kind: send, of: codec.TypeCall, request: c.last}})
	case "unregister":
		c.last++
		m := &sent{kind: unregister, of: codec.TypeUnregister, request: c.last, registration: c.joined[0]}
		w.do(event{kind: unregister, session: c.id, message: m})
	case "part":
		c.gone = true
		w.do(event{kind: part, session: c.id})
		w.lose(c)
		w.doFollowing()
	case "answer":
		w.do(w.router.next(at))
	case "lose":
		at.answers = at.answers[1:]
	case "link":
		w.do(w.joinLink(0))
	case "cut":
		w.do(w.cutLink(0))
	case "revoke":
		w.revoke()
	case "time":
		w.jump()
	}
}
