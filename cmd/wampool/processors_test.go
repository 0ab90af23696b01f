package main

import (
	"runtime"
	"testing"
	"time"
)

// looks has the load looked at so many times, and returns the processors in use then.
func (p *processors) looks(n int, busy float64) int {
	for range n {
		p.look(time.Duration(busy*float64(lookInterval)), lookInterval)
	}
	return p.now
}

func TestProcessorsFollowTheLoad(t *testing.T) {
	p := processors{all: 8, now: 8}
	for _, step := range []struct {
		what  string
		looks int
		busy  float64
		want  int
	}{
		{"not calm for long", calmLooks - 2, 0.1, 8},
		{"a moment of load", 1, 2.2, 8},
		{"calm, and what that moment needed", 1, 0.1, 4},
		{"calm", calmLooks, 0.1, 1},
		{"load that one can bear", 10 * calmLooks, 0.94, 1},
		{"a moment of more than that", 1, 1, 1},
		{"and less again", 1, 0.94, 1},
		{"more than that", fullLooks, 0.97, 8},
		{"as much goes on", calmLooks, 0.8, 2},
		{"and does not go back and forth", 10 * calmLooks, 0.8, 2},
		{"one would be too few", 10 * calmLooks, 0.71, 2},
		{"less", calmLooks, 0.69, 1},
		{"as much as there is", calmLooks, 8, 8},
		{"still", calmLooks, 7.9, 8},
	} {
		if got := p.looks(step.looks, step.busy); got != step.want {
			t.Fatalf("%s: %d processors, want %d", step.what, got, step.want)
		}
	}
}

// A look must not count as calm what a moment of load has interrupted.
func TestProcessorsAfterAMoment(t *testing.T) {
	p := processors{all: 2, now: 2}
	for range 10 * calmLooks {
		p.looks(calmLooks-1, 0.1)
		if got := p.looks(1, 1.2); got != 2 {
			t.Fatalf("%d processors", got)
		}
	}
}

// Whatever was set is set back.
func TestFollowingLoadEnds(t *testing.T) {
	t.Setenv("GOMAXPROCS", "")
	before := runtime.GOMAXPROCS(0)
	end := followLoad()
	use(1, before)
	end()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d processors, want %d", got, before)
	}
}

func TestWhoeverSetsProcessorsDecides(t *testing.T) {
	t.Setenv("GOMAXPROCS", "1")
	before := runtime.NumGoroutine()
	defer followLoad()()
	if got := runtime.NumGoroutine(); got != before {
		t.Errorf("%d goroutines more", got-before)
	}
}
