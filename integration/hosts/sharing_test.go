package hosts

import (
	"strings"
	"testing"
)

// Three sidecars of one pool: what they go through one after the other costs no call
// but those that were with a sidecar which was killed.
func TestThreeSidecars(t *testing.T) {
	s := newScene(t, 8, 1, 1)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *scene)
	}{
		{"calls go where slots are free", overflows},
		{"a stranger gets no link", meetsStranger},
		{"a sidecar is killed", losesSidecar},
		{"a callee is killed", losesCallee},
		{"the router is killed", losesRouter},
		{"all are restarted, one by one", restarts},
	} {
		t.Run(part.name, func(t *testing.T) {
			part.run(t, s)
			s.settle(t)
		})
	}
}

// The router deals out calls blindly, and two of three turns are at a sidecar that has
// one slot of ten.
func overflows(t *testing.T, s *scene) {
	l := s.startLoad(160)
	l.goOn(320)
	l.end().allAnswered(t)
	given := 0
	for _, side := range s.sidecars {
		given += side.given()
	}
	if given < 60 {
		t.Errorf("%d calls went on to a peer; at two sidecars of three most had to", given)
	}
}

// A sidecar of another secret, which knows where the others are, gets no link, says so in
// one line for each address, and has no say in where calls go.
func meetsStranger(t *testing.T, s *scene) {
	first := s.sidecars[0]
	stranger := s.newSidecar(first.host, "the secret of another cluster altogether")
	stranger.config = strings.Replace(stranger.config, "com.example.compute", "com.example.other", 1)
	stranger.start()
	stranger.wampool.Process.Await(t, "cluster: no peer there yet")
	l := s.startLoad(80)
	l.goOn(80)
	l.end().allAnswered(t)
	if lines := countLines(stranger.wampool.Process.LinesFrom(0), "cluster: no peer there yet"); lines > len(s.gossip) {
		t.Errorf("%d lines of the stranger say that no peer is at %d addresses", lines, len(s.gossip))
	}
	if lines := countLines(first.wampool.Process.LinesFrom(0), "cluster: link refused"); lines != 0 {
		t.Errorf("the stranger came as far as a link, %d times", lines)
	}
	if linked := stranger.linked(); linked != 0 {
		t.Errorf("the stranger has %d peers", linked)
	}
	s.linked()
	stranger.wampool.Stop()
}

func countLines(lines []string, with string) (n int) {
	for _, line := range lines {
		if strings.Contains(line, with) {
			n++
		}
	}
	return n
}

// A sidecar is killed while calls wait and run there, and comes back.
func losesSidecar(t *testing.T, s *scene) {
	l := s.startLoad(100)
	l.goOn(60)
	victim := s.sidecars[1]
	victim.wampool.Kill()
	l.goOn(60)
	victim.start()
	victim.employ(1)
	s.linked()
	l.goOn(60)
	// What was there is lost with it, as the router says; the rest goes on.
	l.end().allBut(t, 8+1+1+100, "wamp.error.canceled")
}

// A callee is killed while it has calls of its own sidecar and of others. Its sidecar has
// no callee then, so that the router deals it none; what waited there goes to others.
func losesCallee(t *testing.T, s *scene) {
	l := s.startLoad(60)
	l.goOn(30)
	victim := s.sidecars[2]
	victim.killCallees()
	l.goOn(30)
	victim.employ(1)
	l.goOn(30)
	l.end().allBut(t, 1, "wamp.error.canceled")
}

// The router is killed, and with it end the sessions of callers, callees and sidecars.
// Links stand, and all is as it was once everybody is at the new one.
func losesRouter(t *testing.T, s *scene) {
	l := s.startLoad(60)
	l.goOn(30)
	var printed []int
	for _, side := range s.sidecars {
		printed = append(printed, side.wampool.Process.Printed())
	}
	s.router.Kill()
	l.program.Process.Kill() // which else waits for answers that nobody has
	l.end()
	s.router.StartAgain(t)
	for i, side := range s.sidecars {
		side.wampool.Process.AwaitFrom(t, printed[i], "pool session up")
		side.employ([]int{8, 1, 1}[i])
	}
	s.linked()
	again := s.startLoad(60)
	again.goOn(60)
	again.end().allAnswered(t)
}

// Callees join again by themselves, as those of a restarted sidecar do.
func restarts(t *testing.T, s *scene) {
	l := s.startLoad(60)
	l.goOn(30)
	for i, side := range s.sidecars {
		side.wampool.Stop()
		side.start()
		side.employ([]int{8, 1, 1}[i])
		s.linked()
		l.goOn(30)
	}
	l.end().allAnswered(t)
}
