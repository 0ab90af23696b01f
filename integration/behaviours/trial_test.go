package behaviours

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// A router that runs already, to see what holds there.
var (
	foreign     = flag.String("router", "", "URL of a router that runs, to see which behaviours hold there")
	foreignRole = flag.String("role", "anonymous", "authrole that it gives; empty if it names none")
)

// behaviours are all that is tried at each router.
var behaviours = slices.Concat(sharing, limits, lives, passing)

// place is where behaviours are tried.
type place int

const (
	bare    place = iota // at the router, by its own means
	through              // callees at wampool, callers at the router
	allHere              // all at wampool
)

func (p place) String() string { return [...]string{"router alone", "through wampool", "direct"}[p] }

// briefly is how long is waited for what is known to lack.
const briefly = 300 * time.Millisecond

// trial is a router at which all behaviours are tried.
type trial struct {
	url     string
	start   func(t *testing.T) harness.Router // one for a behaviour alone; nil: it bears them all
	role    string                            // that it gives; "": it names none
	seconds bool                              // its unit of timeouts
	lacks   map[string]string                 // why a behaviour does not hold through wampool
	wants   map[string]string                 // why it does not even hold directly
	unknown bool                              // nothing is known of it
}

// lack is why a behaviour can't hold in a place; "" if it must.
func (tr *trial) lack(p place, name string) string {
	if p == allHere {
		return tr.wants[name]
	}
	return tr.wants[name] + tr.lacks[name]
}

// patience is how long to wait in a place for what must happen.
func (tr *trial) patience(p place, name string) time.Duration {
	if tr.lack(p, name) != "" {
		return briefly
	}
	if p == bare || tr.unknown {
		return 4 * briefly
	}
	return harness.Patience
}

// realm is wampool's configuration: a block for each behaviour.
func (tr *trial) realm(p place) string {
	var rules strings.Builder
	if tr.role == "" {
		rules.WriteString("admit = [\"*\"]\n")
	}
	if p == allHere {
		role := tr.role
		if role == "" {
			role = "anonymous"
		}
		fmt.Fprintf(&rules, "direct = [%q]\n", role)
	}
	var b strings.Builder
	b.WriteString("realm \"realm1\" {\n")
	for i, each := range behaviours {
		fmt.Fprintf(&b, "pool %q {\nmatch = \"prefix\"\n%s%s\n}\n", p.procedure(i), rules.String(), each.rules)
	}
	fmt.Fprintf(&b, "pool \"com.example.barrier.\" {\nmatch = \"prefix\"\n%s}\n}", rules.String())
	return b.String()
}

// wampool starts one that gives the router time to take its leave: there are
// routers that keep the registrations of a session that just ends.
func (tr *trial) wampool(t *testing.T, router string, p place) *harness.Wampool {
	t.Helper()
	w := harness.Launch(t, router, tr.realm(p), "20s")
	w.Process.Await(t, "pool session up")
	return w
}

func (p place) procedure(i int) string { return fmt.Sprintf("com.example.at%d.b%02d", p, i) }

// at tries all behaviours in one place, and returns why each does not hold.
func (tr *trial) at(t *testing.T, p place) map[string]string {
	t.Helper()
	router, callees := tr.url, tr.url
	if p != bare {
		callees = tr.wampool(t, router, p).URL
	}
	failures := make(map[string]string)
	var mu sync.Mutex
	var running sync.WaitGroup
	few := make(chan struct{}, 4)
	for i, b := range behaviours {
		s := &scene{procedure: p.procedure(i), callees: callees, callers: router, patience: tr.patience(p, b.name), grace: harness.Patience}
		if p == bare || tr.unknown || b.alone {
			s.grace = briefly
		}
		if p == allHere {
			s.callers = callees
		}
		s.timeout = `{"timeout":100}`
		if tr.seconds {
			s.timeout = `{"timeout":1}`
		}
		if b.alone && tr.start != nil {
			router := tr.start(t)
			s.callees, s.callers = router.URL(), router.URL()
			if p != bare {
				s.callees = tr.wampool(t, router.URL(), p).URL
			}
			if p == allHere {
				s.callers = s.callees
			}
		}
		few <- struct{}{}
		running.Go(func() {
			failure := s.try(b)
			<-few
			mu.Lock()
			defer mu.Unlock()
			if failure != "" {
				failures[b.name] = failure
			}
		})
	}
	running.Wait()
	return failures
}

// run tries them all, and checks that what should hold does, and nothing else.
func (tr *trial) run(t *testing.T) {
	places := []place{through}
	if tr.role != "" {
		places = append(places, allHere)
	}
	if *bareToo || tr.unknown {
		places = append(places, bare)
	}
	for _, p := range places {
		t.Run(p.String(), func(t *testing.T) {
			failures := tr.at(t, p)
			t.Logf("%d of %d behaviours hold", len(behaviours)-len(failures), len(behaviours))
			for _, b := range behaviours {
				failure, lack := failures[b.name], tr.lack(p, b.name)
				switch {
				case p == bare || tr.unknown:
					if failure != "" {
						t.Logf("%s: does not hold: %s", b.name, failure)
					}
				case failure != "" && lack == "":
					t.Errorf("%s: does not hold: %s", b.name, failure)
				case failure == "" && lack != "":
					t.Errorf("%s: holds, though %s", b.name, lack)
				}
			}
		})
	}
}
