package admission_test

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/dealer/proof"
)

var (
	update       = flag.Bool("update", false, "rewrite what comes out in the scenario files, and what is told of small worlds")
	exploreDeep  = flag.Bool("explore.deep", false, "explore the deep worlds too, and have the mutants found by exploration")
	exploreFirst = flag.Bool("explore.first", false, "explore the small worlds, the smallest first, until something is found")
)

const worldsFile = "testdata/explore/worlds.txt"

// TestExplore goes through all that can happen in small worlds: the registrar gets
// every sequence of events that their moves cause, and the simulation's checkers look
// at each state that comes up. States that differ in nothing that matters are visited
// once, see [admission.Registrar.AppendFingerprint]. From each of them all comes to
// rest once nothing comes from outside but the router answers and time passes; then
// everybody goes, and nothing is left. Findings come by the shortest way.
func TestExplore(t *testing.T) {
	if isRace {
		t.Skip("nothing of it has a goroutine")
	}
	how := proof.Explore{Deep: *exploreDeep, First: *exploreFirst, Update: *update}
	how.Worlds(t, worldsFile, func(t *testing.T, of *proof.World) (string, *proof.Way) {
		s, err := readWorld(of)
		if err != nil {
			t.Fatal(err)
		}
		x := &proof.Exploration[*position, move]{Depth: s.depth, Begin: s.position}
		found := x.Run()
		return x.String(), found
	})
}

// TestPrints holds states that the exploration takes for the same against each other.
func TestPrints(t *testing.T) {
	if isRace {
		t.Skip("nothing of it has a goroutine")
	}
	for _, of := range proof.ReadWorlds(t, worldsFile) {
		if slices.Contains(of.Flags, "deep") {
			continue
		}
		t.Run(of.Name, func(t *testing.T) {
			t.Parallel()
			s, err := readWorld(of)
			if err != nil {
				t.Fatal(err)
			}
			x := &proof.Exploration[*position, move]{Depth: 4, Begin: s.position, Twins: 5}
			if found := x.Run(); found != nil {
				t.Fatalf("checker %s: %s\n%s", found.Checker, found.Text, found.Story)
			}
		})
	}
}

// position is a small world at one moment.
type position struct {
	s        *smallWorld
	w        *world
	way      []move
	faults   int
	reformed bool  // the other rules hold
	others   *conn // of those who hold procedures beside wampool
	moves    []move
	print    *proof.Print
}

// position returns the world as it begins.
func (s *smallWorld) position() *position {
	p := &position{s: s, w: s.new(), others: new(conn), print: new(proof.Print)}
	p.w.again = true
	for i := range s.callees {
		p.w.clients = append(p.w.clients, nil)
		p.open(move{of: i})
	}
	if s.taken {
		for key := range s.blocks {
			p.take(move{of: key})
		}
	}
	for _, m := range s.begin {
		p.make(m)
	}
	return p
}

func (p *position) make(m move) { makes[m.kind](p, m) }

// Fork goes the same way again: the registrar has nothing that could be copied.
func (p *position) Fork() *position {
	fork := p.s.position()
	for _, m := range p.way {
		fork.Apply(m)
	}
	return fork
}

// Apply makes a move.
func (p *position) Apply(m move) {
	p.way = append(p.way, m)
	p.make(m)
}

// Tell makes a move, and tells what came of it.
func (p *position) Tell(to io.Writer, m move) {
	step := p.w.steps
	_, _ = fmt.Fprintf(to, "%s %d %d\n", m.kind, m.of, m.n)
	defer func() { _, _ = io.WriteString(to, p.w.since(step)) }()
	p.Apply(m)
}

// Look holds a state against the books.
func (p *position) Look() {
	p.w.audit()
	for id, s := range p.w.b.sessions {
		state, known := p.w.r.Session(id)
		must(known && (state.Pending > 0) == (len(s.waiting) > 0), answeredOnce, "session %d has %d REGISTERs without an answer, and is %+v", id, len(s.waiting), state)
	}
	at := make(map[uint64]admission.SessionID)
	for _, c := range p.w.clients {
		for _, registration := range p.w.registrations(c) {
			at[registration] = c.id
		}
	}
	members := 0
	for _, pool := range p.w.r.Pools() {
		b := p.w.b.pools[pool.Key]
		must(b != nil && b.open == pool.IsOpen && len(b.members) == len(pool.Members), membership, "pool %s is %+v", pool.Key, pool)
		for _, id := range pool.Members {
			registration := b.members[id]
			must(registration != 0 && at[registration] == id, membership, "session %d is in pool %s, and the dealer does not know", id, pool.Key)
			members++
		}
	}
	must(members == len(at), membership, "the dealer has %d callees in pools, not %d", len(at), members)
}

// registrations are those of a callee in the dealer.
func (w *world) registrations(c *client) []uint64 {
	if !c.isCallee {
		return nil
	}
	return w.d.Registrations(c.callee)
}

// Settle lets all come to rest without an event from outside, every other time with
// the next deadline over before the router's next answer. Then everybody goes.
func (p *position) Settle(n int) {
	w := p.w
	w.quiet = true
	if _, timed := p.deadline(); timed && n%2 == 0 {
		p.time(move{})
	}
	w.settle(10 * time.Minute)
	must(w.r.Waiting() == 0, answeredOnce, "%d REGISTERs never have an answer", w.r.Waiting())
	up := make(map[admission.LinkID]bool)
	for _, l := range w.r.Links() {
		up[l.ID] = l.State == "up"
	}
	for _, pool := range w.r.Pools() {
		for _, c := range pool.Claims {
			rests := c.State == "idle" || c.State == "resting" || c.State == "away" && !up[c.Link] || c.State == "held"
			must(rests, givenBack, "pool %s is %s for ever", pool.Key, c.State)
		}
		must(!w.b.drains(pool.Key) || pool.Claims[0].Registration == 0 || w.b.hostile, givenBack, "pool %s drains, and is %s for ever", pool.Key, pool.Claims[0].State)
		wanted := pool.IsOpen && len(pool.Members) > 0 && !w.b.drains(pool.Key) && !w.b.hostile
		must(!wanted || pool.Claims[0].IsHeld || !w.isFree(pool), givenBack, "pool %s has callees, and is %s for ever", pool.Key, pool.Claims[0].State)
	}
	w.end()
}

// isFree tells whether the router would let a pool register.
func (w *world) isFree(pool admission.PoolState) bool {
	c := w.links[pool.Claims[0].Link].conn
	return c != nil && len(w.router.procedures[pool.Key]) == 0 && !w.router.denies[c.role+" "+pool.Key]
}

// Print tells what of the world decides what happens from now on.
func (p *position) Print(dst []byte) []byte {
	f := p.print
	f.Begin(dst, p.w.now)
	f.Put(p.faults)
	f.Flags(p.w.role == p.s.role, p.reformed)
	p.w.r.AppendFingerprint(f, p.s.exact)
	for _, c := range p.w.clients {
		p.w.printClient(f, c)
	}
	for _, id := range slices.Sorted(maps.Keys(p.w.links)) {
		l := p.w.links[id]
		f.Name(admission.LinkIDs, 0, uint64(id)+1)
		f.Flags(l.conn == nil, l.ends, l.turnedAway)
		printAnswers(f, l.conn)
	}
	for key := range p.s.blocks {
		for _, g := range p.w.router.procedures[keyOf(key)] {
			f.Name(admission.Registrations, 0, g.id)
			f.Flags(g.shared, g.conn == p.others, g.conn.isLink)
			f.Name(admission.SessionIDs, 0, uint64(g.conn.session))
			f.Name(admission.LinkIDs, 0, uint64(g.conn.link)+1)
		}
		f.Put(-1)
	}
	pools := p.w.d.Pools()
	slices.SortFunc(pools, func(a, b dealer.PoolState) int { return cmp.Compare(a.Key, b.Key) })
	for _, pool := range pools {
		f.Text(pool.Key)
		f.Flags(pool.Open, pool.Lingers)
		for _, c := range pool.Callees {
			f.Name(admission.RegistrationsAt, 0, c.Registration)
		}
	}
	if at, timed := p.w.d.Deadline(); timed {
		f.Moment(at, 0)
	}
	p.w.b.print(f)
	return f.Bytes
}
