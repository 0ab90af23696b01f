package main

import (
	"encoding/binary"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/match"
)

// sidecar is a dealer with one pool, and what is around it: a callee with so many
// slots, the session at the router, other sidecars, and its matchmaker.
type sidecar struct {
	world   *world
	n       int
	id      match.Node
	slots   int
	running int // calls that its callee works at
	alive   bool

	dealer *dealer.Dealer
	pool   dealer.PoolID
	callee dealer.CalleeID
	router dealer.OriginID
	calls  map[request]*call

	suppliers map[*sidecar]dealer.CalleeID
	supplier  map[dealer.CalleeID]*sidecar
	takers    map[*sidecar]dealer.OriginID
	taker     map[dealer.OriginID]*sidecar

	said  match.Said
	seq   uint64
	maker *sidecar // the matchmaker, as far as this one knows; nil: none

	makes *match.Matchmaker
	mute  bool          // it hears no load
	hung  bool          // others have noticed that
	side  int           // whom it sees: those of its side
	lies  bool          // it says that it has much room, and has none for others
	wakes time.Duration // when it looks at its matchmaker's deadline next; 0: never
}

// request names a call as the dealer does.
type request struct {
	from   dealer.OriginID
	number uint64
}

// place is the one procedure.
var place = match.Pool{Match: "exact", URI: "com.example.compute"}

func newSidecar(w *world, n, slots int) *sidecar {
	s := &sidecar{
		world: w, n: n, slots: slots, alive: true, dealer: dealer.New(w.seed), calls: make(map[request]*call),
		suppliers: make(map[*sidecar]dealer.CalleeID), supplier: make(map[dealer.CalleeID]*sidecar),
		takers: make(map[*sidecar]dealer.OriginID), taker: make(map[dealer.OriginID]*sidecar),
		makes: match.New(match.Limits{}),
	}
	binary.BigEndian.PutUint64(s.id[:8], w.random.Uint64())
	binary.BigEndian.PutUint64(s.id[8:], w.random.Uint64())
	s.router = s.dealer.AddOrigin(false)
	s.callee = s.dealer.AddCallee(codec.CalleeFeatures{}, 0)
	s.pool = s.dealer.OpenPool(place.URI, dealer.PoolConfig{QueueLimit: w.queue, KeptBytes: 1 << 20})
	s.dealer.FollowLoads(w.cluster)
	if _, err := s.dealer.Join(0, dealer.Registration{Pool: s.pool, Callee: s.callee, ID: 1, Policy: dealer.First, Limit: slots}); err != nil {
		panic(err)
	}
	s.dealer.Done()
	return s
}

// now returns the time.
func (s *sidecar) now() time.Duration { return s.world.clock.now }

// take takes a call from the router.
func (s *sidecar) take(number uint64, c *call) {
	c.home = s
	s.calls[request{s.router, number}] = c
	s.do(s.dealer.Call(s.now(), dealer.Call{Pool: s.pool, Origin: s.router, Request: number}))
}

// do carries out what the dealer has decided, and says the load if it is due.
func (s *sidecar) do(actions []dealer.Action) {
	for i := range actions {
		s.act(&actions[i])
	}
	s.dealer.Done()
	s.flush()
}

func (s *sidecar) act(a *dealer.Action) {
	from := request{a.Origin, a.Request}
	c := s.calls[from]
	switch a.Kind {
	case dealer.Invoke:
		if a.Peer {
			s.forward(s.supplier[a.Callee], a.ID, c)
		} else {
			s.begin(a.ID, c)
		}
	case dealer.Forward:
		s.answer(from, c, answered)
	case dealer.Refuse:
		how := refused
		if a.Refusal.Reason == dealer.ReasonCalleeLost {
			how = lost
		}
		s.answer(from, c, how)
	case dealer.Discard, dealer.Interrupt: // nobody can be interrupted
	default:
		s.world.finds("action", "the dealer asks for %d", a.Kind)
	}
}

// begin has the callee work at a call.
func (s *sidecar) begin(id uint64, c *call) {
	s.world.begins(s, c)
	s.world.clock.at(s.now()+c.work, func() {
		if s.alive {
			s.world.frees(s)
			s.do(s.dealer.Answer(s.now(), s.callee, id, dealer.Final))
		}
	})
}

// answer has the answer of a call go where the call came from.
func (s *sidecar) answer(from request, c *call, how outcome) {
	delete(s.calls, from)
	if from.from == s.router {
		s.world.ends(c, how)
		return
	}
	taker, what, kind := s.taker[from.from], answer, dealer.Final
	switch how {
	case refused:
		what, kind = full, dealer.Full
		s.said.Owe()
	case lost:
		kind = dealer.Error
	}
	s.world.send(what, s, taker, func() {
		if kind == dealer.Full {
			s.world.comesBack(c)
			taker.said.Owe()
		}
		taker.do(taker.dealer.Answer(s.now(), taker.suppliers[s], from.number, kind))
	})
}

// forward sends a call to another sidecar.
func (s *sidecar) forward(to *sidecar, id uint64, c *call) {
	s.world.travels(s, c)
	s.world.send(invocation, s, to, func() {
		origin, known := to.takers[s]
		if !known {
			origin = to.dealer.AddPeerOrigin()
			to.takers[s], to.taker[origin] = origin, s
		}
		to.calls[request{origin, id}] = c
		if to.lies {
			to.answer(request{origin, id}, c, refused)
			return
		}
		to.said.Land()
		to.do(to.dealer.Call(s.now(), dealer.Call{Pool: to.pool, Origin: origin, Request: id}))
	})
}

// offer takes a match: the supplier has room for n calls.
func (s *sidecar) offer(supplier *sidecar, n int) {
	s.said.Match(n)
	if s.world.cut[between(s, supplier)] || !supplier.alive {
		s.flush()
		return
	}
	peer, known := s.suppliers[supplier]
	if !known {
		peer = s.dealer.AddPeer(codec.CalleeFeatures{}, s.world.oneWay)
		s.suppliers[supplier], s.supplier[peer] = peer, supplier
	}
	s.do(s.dealer.Offer(s.now(), s.pool, peer, n))
}

// loses takes it that the links to another one are gone.
func (s *sidecar) loses(other *sidecar) {
	s.makes.Lose(other.id)
	if origin, known := s.takers[other]; known {
		s.do(s.dealer.DropOrigin(s.now(), origin))
		s.dealer.RemoveOrigin(origin)
		delete(s.takers, other)
		delete(s.taker, origin)
		for from := range s.calls {
			if from.from == origin {
				delete(s.calls, from)
			}
		}
	}
	if peer, known := s.suppliers[other]; known {
		actions := s.dealer.Lose(s.now(), peer)
		delete(s.suppliers, other)
		delete(s.supplier, peer)
		s.do(actions)
	}
}
