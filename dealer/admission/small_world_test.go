package admission_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/dealer/proof"
)

// smallWorld is a world that is explored: a few callees and procedures, and the moves
// that they, the router and time can make. In testdata/explore/worlds.txt each is a
// paragraph, see [proof.World].
//
//	world NAME [deep] [exact]     exact: see admission.Registrar.AppendFingerprint
//	procedure [any] [admit=ROLE] [policy=P] [shared] [slots=N] [linger=T] [concurrency=N]
//	rules …                       as procedure: what holds for the one before after a move rules
//	callee [cbor] [role=ROLE]     the role of callees and pool sessions is backend
//	router [permissive] [far] [role=ROLE] [denies=ROLE] [taken]
//	patience register=T answer=T renewal=T weight=T idle=T
//	bounds registers=N answers=N faults=N bytes=N [crowded]
//	                              REGISTERs of a callee at once; answers that the router has not given when more
//	                              may be asked, or time pass; faults of the router in all; bytes of a session;
//	                              crowded: 31 requests have no answer before the first one
//	begin MOVE …                  what has happened before
//	moves KIND…                   see the table of moves
//	depth N                       most moves in a row; else until nothing new comes up
//
// A MOVE is KIND, or KIND:N for the Nth of them. Procedures are p0, p1 …; times are in steps.
type smallWorld struct {
	exact      bool
	config     admission.Config
	blocks     []*admission.Block
	rules      []*admission.Block // after a move rules
	callees    []admission.Session
	permissive bool
	far        bool
	taken      bool
	role       string
	denies     []string
	registers  int
	answers    int
	faults     int
	crowded    bool
	begin      []move
	kinds      map[string]bool
	depth      int
}

// step is the shortest time in which a registration is asked for again.
const step = 250 * time.Millisecond

// readWorld reads a world of the file.
func readWorld(w *proof.World) (*smallWorld, error) {
	s := &smallWorld{config: admission.Defaults(1 << 20), role: "backend", registers: 1, answers: 2, kinds: make(map[string]bool), exact: slices.Contains(w.Flags, "exact")}
	for _, line := range w.Lines {
		if err := s.read(line); err != nil {
			return nil, fmt.Errorf("world %s: %w", w.Name, err)
		}
	}
	return s, nil
}

func (s *smallWorld) read(line proof.Line) error {
	times := func(name string, at *time.Duration) {
		if line.Value(name) != "" {
			*at = steps(line, name)
		}
	}
	switch line.Word {
	case "procedure":
		s.blocks, s.rules = append(s.blocks, blockOf(line)), append(s.rules, blockOf(line))
	case "rules":
		s.rules[len(s.rules)-1] = blockOf(line)
	case "callee":
		c := admission.Session{Serializer: codec.JSON, Role: "backend"}
		if line.Has("cbor") {
			c.Serializer = codec.CBOR
		}
		if slices.ContainsFunc(line.Fields, func(field string) bool { return strings.HasPrefix(field, "role=") }) {
			c.Role = line.Value("role")
		}
		s.callees = append(s.callees, c)
	case "router":
		s.permissive, s.far, s.taken = line.Has("permissive"), line.Has("far"), line.Has("taken")
		if slices.ContainsFunc(line.Fields, func(field string) bool { return strings.HasPrefix(field, "role=") }) {
			s.role = line.Value("role")
		}
		if role := line.Value("denies"); role != "" {
			s.denies = append(s.denies, role)
		}
	case "patience":
		times("register", &s.config.RegisterPatience)
		times("answer", &s.config.AnswerPatience)
		times("renewal", &s.config.RenewalPause)
		times("weight", &s.config.WeightPause)
		times("idle", &s.config.LinkIdle)
	case "bounds":
		s.registers, s.answers = cmp.Or(line.Number("registers"), s.registers), cmp.Or(line.Number("answers"), s.answers)
		s.faults, s.crowded = line.Number("faults"), line.Has("crowded")
		if bytes := line.Number("bytes"); bytes > 0 {
			s.config.HeldBytes = int64(bytes)
		}
	case "depth":
		_, err := fmt.Sscan(line.Fields[0], &s.depth)
		return err
	case "begin", "moves":
		return s.readMoves(line)
	default:
		return fmt.Errorf("%q is no part of a world", line.Word)
	}
	return nil
}

func steps(line proof.Line, name string) time.Duration {
	return time.Duration(line.Number(name)) * step
}

func blockOf(line proof.Line) *admission.Block {
	b := &admission.Block{AnyRole: line.Has("any"), Policy: line.Value("policy"), Shared: line.Has("shared"), SlotsPerShare: max(1, line.Number("slots"))}
	if role := line.Value("admit"); role != "" {
		b.Admit = []string{role}
	}
	b.Config = dealer.PoolConfig{Concurrency: line.Number("concurrency"), Linger: steps(line, "linger")}
	return b
}

func (s *smallWorld) readMoves(line proof.Line) error {
	for _, field := range line.Fields {
		kind, of, _ := strings.Cut(field, ":")
		m := move{kind: kind}
		if _, known := makes[kind]; !known {
			return fmt.Errorf("there is no move %q", kind)
		}
		if of != "" {
			if _, err := fmt.Sscan(of, &m.of); err != nil {
				return err
			}
		}
		if s.kinds[kind] = s.kinds[kind] || line.Word == "moves"; line.Word == "begin" {
			s.begin = append(s.begin, m)
		}
	}
	return nil
}

// new returns the world as it begins.
func (s *smallWorld) new() *world {
	rng := rand.New(rand.NewPCG(1, 1)) // nothing is left to it
	w := &world{
		rng: rng, r: admission.New(s.config, 1), d: dealer.New(1), b: newBooks(s.config), role: s.role, now: time.Hour, roundTrip: time.Millisecond,
		links: map[admission.LinkID]*pole{0: {serializer: codec.JSON}}, probes: make(map[admission.PendingID]string),
		pools: make(map[string]dealer.PoolID), keys: len(s.blocks), blocks: s.blocks, busyLinks: true,
		router: router{rng: rng, procedures: make(map[string][]*grant), denies: make(map[string]bool), permissive: s.permissive},
	}
	if s.far {
		w.roundTrip = 40 * time.Millisecond
	}
	for key := range s.blocks {
		for _, role := range s.denies {
			w.router.denies[role+" "+keyOf(key)] = true
		}
	}
	for _, kind := range [...]string{"twice", "stray", "same"} {
		w.b.hostile = w.b.hostile || s.kinds[kind]
	}
	return w
}
