package admission_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
)

// lossy plays the router of pool sessions one after another. It loses some answers.
type lossy struct {
	t        *testing.T
	r        *admission.Registrar
	random   *rand.Rand
	now      time.Duration
	isUp     bool
	held     map[string]uint64 // what the session holds, by pool
	last     uint64
	loses    int // so many more
	renewals int
}

// TestAnyAnswerMayBeLost: whatever answers the router loses, in the end it holds what
// the registrar believes it to hold: every pool's procedure, and no other.
func TestAnyAnswerMayBeLost(t *testing.T) {
	for seed := range uint64(50) {
		config := admission.Defaults(1 << 20)
		config.RegisterPatience, config.RenewalPause = time.Hour, 0
		l := &lossy{t: t, r: admission.New(config, seed), random: rand.New(rand.NewPCG(seed, 2)), held: make(map[string]uint64)}
		l.settle(nil)
		sessions := make([]admission.SessionID, 40) // each with a pool of its own
		for round := range 3 {
			l.loses = 10
			for i := range sessions {
				if (i+round)%3 == 0 {
					l.settle(l.r.Part(l.now, sessions[i]))
					sessions[i] = 0
				} else if sessions[i] == 0 {
					sessions[i] = l.r.OpenSession(admission.Session{Serializer: codec.CBOR, Role: "backend"})
					in := admission.Register{Block: &admission.Block{}}
					in.Asks.Request, in.Asks.Procedure = 1, fmt.Sprintf("p%d", i)
					l.settle(l.r.Register(l.now, sessions[i], in))
				}
			}
			for range 1000 {
				at, any := l.r.Deadline()
				if !any || l.loses == 0 && l.agrees() {
					break
				}
				l.now = at
				l.settle(l.r.Tick(l.now))
			}
			if !l.agrees() {
				t.Fatalf("seed %d, round %d: the router holds %v, and the pools are %+v", seed, round, l.held, l.r.Pools())
			}
		}
		if l.renewals == 0 && seed == 0 {
			t.Error("no session was begun anew")
		}
	}
}

// agrees tells whether the router holds what is wanted, and nothing else.
func (l *lossy) agrees() bool {
	n := 0
	for _, p := range l.r.Pools() {
		c := p.Claims[0]
		if p.IsWanted != c.IsHeld || p.IsWanted && l.held[p.Key] != c.Registration {
			return false
		}
		if p.IsWanted {
			n++
		}
	}
	return n == len(l.held)
}

// settle takes actions, and answers what is asked, until nothing more comes.
func (l *lossy) settle(actions []admission.Action) {
	queue := append([]admission.Action(nil), actions...)
	l.r.Done()
	take := func(more []admission.Action) {
		queue = append(queue, more...)
		l.r.Done()
	}
	for len(queue) > 0 || !l.isUp {
		if !l.isUp {
			l.isUp = true
			clear(l.held)
			take(l.r.LinkUp(l.now, admission.FirstLink, admission.LinkSession{Serializer: codec.CBOR, Role: "backend", RoundTrip: time.Second}))
			continue
		}
		a := queue[0]
		queue = queue[1:]
		if (a.Kind == admission.Ask || a.Kind == admission.GiveBack) && l.random.IntN(4) == 0 && l.loses > 0 {
			l.loses--
			l.answer(a)
			continue
		}
		switch a.Kind {
		case admission.Ask, admission.GiveBack:
			take(l.answer(a)())
		case admission.Probe:
			take(l.r.ProbeRefused(l.now, a.Pending, admission.Exists))
		case admission.Renew:
			l.renewals++
			l.isUp = false
			take(l.r.LinkDown(l.now, a.Link))
		}
		for _, p := range l.r.Pools() { // as the dealer would
			if p.IsOpen && len(p.Members)+p.Pending == 0 {
				take(l.r.Released(l.now, p.Key))
			}
		}
	}
	if err := l.r.Audit(); err != nil {
		l.t.Fatal(err)
	}
}

// answer does what is asked, and returns what tells of it.
func (l *lossy) answer(a admission.Action) func() []admission.Action {
	if a.Kind == admission.GiveBack {
		for key, registration := range l.held {
			if registration == a.Registration {
				delete(l.held, key)
			}
		}
		return func() []admission.Action { return l.r.Unregistered(l.now, a.Link, a.Request) }
	}
	if l.held[a.Pool] != 0 {
		return func() []admission.Action { return l.r.Refused(l.now, a.Link, a.Request, admission.Exists) }
	}
	l.last++
	l.held[a.Pool] = l.last
	registration := l.last
	return func() []admission.Action { return l.r.Registered(l.now, a.Link, a.Request, registration) }
}
