package admission_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
)

// TestAnythingInAnyOrder brings events at random, with IDs that are known, or were,
// or never are: the books agree after each, and nothing panics.
func TestAnythingInAnyOrder(t *testing.T) {
	for seed := range uint64(300) {
		s := newShaken(seed)
		for step := range 400 {
			what := s.step()
			s.take()
			if err := s.r.Audit(); err != nil {
				t.Fatalf("seed %d, step %d, %s: %v", seed, step, what, err)
			}
			if s.random.IntN(300) == 0 {
				s.settle(s.r.Restart(s.now))
				s.take()
				if err := s.r.Audit(); err != nil {
					t.Fatalf("seed %d, step %d, restart: %v", seed, step, err)
				}
			}
		}
	}
}

type shaken struct {
	r        *admission.Registrar
	random   *rand.Rand
	now      time.Duration
	sessions []admission.SessionID
	pendings []admission.PendingID
	links    []admission.LinkID
	given    []uint64
	asked    uint64
	request  uint64
	out      []admission.Action
	released []string
	blocks   []*admission.Block
}

func newShaken(seed uint64) *shaken {
	config := admission.Defaults(20_000)
	config.WeightPause, config.RenewalPause = time.Second, time.Second
	return &shaken{
		r: admission.New(config, seed), random: rand.New(rand.NewPCG(seed, 1)), links: []admission.LinkID{0, 7},
		blocks: []*admission.Block{
			{SlotsPerShare: 4}, {SlotsPerShare: 1, Shared: true, Policy: "roundrobin"},
			{AnyRole: true, SlotsPerShare: 4, Config: dealer.PoolConfig{Linger: time.Second}}, {Admit: []string{"other"}, SlotsPerShare: 1},
		},
	}
}

func one[T any](s *shaken, of []T) (x T) {
	if len(of) > 0 {
		x = of[s.random.IntN(len(of))]
	}
	return x
}

func (s *shaken) settle(actions []admission.Action) { s.out = slices.Clone(actions) }

// take learns from the actions, and brings what follows.
func (s *shaken) take() {
	s.r.Done()
	for _, a := range s.out {
		switch a.Kind {
		case admission.Probe, admission.Undo:
			s.pendings = append(s.pendings, a.Pending)
		case admission.Join:
			s.given = append(s.given, a.Registration)
		case admission.OpenLink:
			s.links = append(s.links, a.Link)
		case admission.Ask, admission.GiveBack:
			s.asked = max(s.asked, a.Request)
		case admission.Fail:
			s.sessions = slices.DeleteFunc(s.sessions, func(id admission.SessionID) bool { return id == a.Session })
		case admission.Leave, admission.Keep:
			s.released = append(s.released, a.Pool)
		}
	}
	s.out = nil
	for _, p := range s.r.Pools() { // as the dealer would
		if p.IsOpen && len(p.Members) == 0 && (!p.Lingers || s.random.IntN(20) == 0) && p.Pending == 0 {
			s.r.Released(s.now, p.Key)
			s.r.Done()
		}
	}
}

func (s *shaken) step() string {
	if s.random.IntN(4) == 0 {
		s.now += time.Duration(s.random.IntN(2000)) * time.Millisecond
	}
	id, n := one(s, s.sessions), s.random.IntN(24)
	switch {
	case n < 2 && len(s.sessions) < 12:
		s.sessions = append(s.sessions, s.r.OpenSession(admission.Session{
			Serializer: one(s, []codec.Serializer{codec.JSON, codec.CBOR}), Role: one(s, []string{"backend", "backend", "other", ""}),
		}))
		return "open"
	case n < 7 && len(s.sessions) > 0:
		s.request++
		m := codec.Register{Request: s.request, Procedure: fmt.Sprintf("p%d", s.random.IntN(5)), Invoke: one(s, []string{"", "roundrobin", "last", "odd"})}
		m.HasConcurrency, m.Concurrency = s.random.IntN(2) == 0, int64(s.random.IntN(4))
		m.ForceReregister = s.random.IntN(6) == 0
		s.settle(s.r.Register(s.now, id, admission.Register{Asks: m, Message: admission.Message{Type: codec.TypeRegister, Raw: []byte("raw")}, Block: one(s, s.blocks)}))
		return "register"
	case n < 8 && len(s.sessions) > 0:
		s.settle(s.r.Send(s.now, id, admission.Message{
			Type: one(s, []codec.MessageType{codec.TypeCall, codec.TypePublish, codec.TypeRegister, codec.TypeGoodbye}), Raw: []byte("message"),
		}))
		return "send"
	case n < 9 && len(s.sessions) > 0:
		s.request++
		s.settle(s.r.Unregister(s.now, id, admission.Unregister{Request: s.request, Registration: one(s, s.given)}))
		return "unregister"
	case n < 10 && s.random.IntN(4) == 0:
		s.settle(s.r.Part(s.now, id))
		return "part"
	case n < 11 && s.random.IntN(4) == 0:
		s.sessions = slices.DeleteFunc(s.sessions, func(other admission.SessionID) bool { return other == id })
		s.settle(s.r.CloseSession(s.now, id))
		return "close"
	}
	return s.answer(n)
}

// answer is a step of a router, of a pool session or of the clock.
func (s *shaken) answer(n int) string {
	link, request, registration := one(s, s.links), uint64(s.random.IntN(int(s.asked)+2)), uint64(s.random.IntN(12)+1)
	refusal := admission.Refusal(s.random.IntN(3))
	switch {
	case n < 12:
		s.settle(s.r.ProbeRefused(s.now, one(s, s.pendings), refusal))
		return "probe refused"
	case n < 13:
		s.settle(s.r.ProbeGranted(s.now, one(s, s.pendings), registration))
		return "probe granted"
	case n < 14:
		s.settle(s.r.ProbeUndone(s.now, one(s, s.pendings)))
		return "probe undone"
	case n < 15:
		s.settle(s.r.LinkUp(s.now, link, admission.LinkSession{Serializer: one(s, []codec.Serializer{codec.JSON, codec.CBOR}), Role: one(s, []string{"backend", "backend", ""})}))
		return "link up"
	case n < 16 && s.random.IntN(3) == 0:
		switch s.random.IntN(4) {
		case 0:
			s.settle(s.r.LinkLeaves(s.now, link))
		case 1:
			actions, _ := s.r.LinkTurnedAway(s.now, link)
			s.settle(actions)
		case 2:
			s.settle(s.r.Retire(s.now, link))
		default:
			s.settle(s.r.LinkDown(s.now, link))
		}
		return "link down"
	case n < 19:
		s.settle(s.r.Registered(s.now, link, request, registration))
		return "registered"
	case n < 20:
		s.settle(s.r.Refused(s.now, link, request, refusal))
		return "refused"
	case n < 21:
		s.settle(s.r.Unregistered(s.now, link, request))
		return "unregistered"
	case n < 22:
		actions, _ := s.r.Revoked(s.now, link, registration)
		s.settle(actions)
		return "revoked"
	case n < 23 && s.random.IntN(200) == 0:
		s.settle(s.r.Drain(s.now))
		return "drain"
	case n < 23 && s.random.IntN(50) == 0:
		s.settle(s.r.Undrain(s.now))
		return "undrain"
	case n < 23 && s.random.IntN(30) == 0:
		s.settle(s.r.DrainPool(s.now, fmt.Sprintf("exact p%d", s.random.IntN(5))))
		return "drain pool"
	case n < 23 && s.random.IntN(20) == 0:
		s.settle(s.r.UndrainPool(s.now, fmt.Sprintf("exact p%d", s.random.IntN(5))))
		return "undrain pool"
	}
	if at, any := s.r.Deadline(); any && s.random.IntN(2) == 0 {
		s.now = max(s.now, at)
	}
	s.settle(s.r.Tick(s.now))
	return "tick"
}
