package match_test

import (
	"testing"
	"time"

	"github.com/wampool/wampool/dealer/match"
)

func TestClasses(t *testing.T) {
	want := []match.Class{0, 1, 2, 3, 3, 4, 4, 4, 4, 5, 5}
	for n, class := range want {
		if got := match.ClassOf(n); got != class {
			t.Errorf("%d is of class %d, want %d", n, got, class)
		}
	}
	if match.ClassOf(-1) != 0 || match.ClassOf(1<<31-1) != 5 {
		t.Error("a number is beyond all classes")
	}
}

func TestWhenALoadIsDue(t *testing.T) {
	var s match.Said
	due := func(now time.Duration, free, waiting int, want bool) {
		t.Helper()
		if s.Due(now, free, waiting) != want {
			t.Errorf("%v, %d free, %d waiting: due is %v", now, free, waiting, !want)
		}
	}
	due(0, 0, 0, false) // nothing was said, nothing is to be said
	due(time.Hour, 0, 0, false)
	due(0, 1, 0, true)
	s.Tell(0, 5, 0)
	due(0, 8, 0, false)
	due(0, 9, 0, true)
	due(0, 4, 0, true)
	due(0, 5, 1, true)
	s.Owe()
	due(0, 5, 0, true)
	s.Tell(0, 5, 0)
	due(match.Repeat-1, 5, 0, false)
	due(match.Repeat, 5, 0, true)
	s.Tell(match.Repeat-1, 5, 0)
	due(match.Repeat, 5, 0, true) // with all others
	s.Tell(0, 0, 0)
	due(match.Repeat, 0, 0, false) // as if nothing had been said
	s.Begin()
	due(0, 0, 0, true)
}

// After a match the matchmaker knows what waits without being told, if nothing else
// has changed.
func TestMatchesAreReckoned(t *testing.T) {
	var s match.Said
	due := func(waiting int, want bool) {
		t.Helper()
		if s.Due(0, 0, waiting) != want {
			t.Errorf("%d waiting: due is %v", waiting, !want)
		}
	}
	if matched := s.Tell(0, 0, 2); matched != 0 {
		t.Errorf("%d matched", matched)
	}
	s.Match(1)
	due(1, false)
	due(2, true) // it came to nothing, or another call has come
	s.Match(-5)
	s.Match(5)
	due(0, false)
	due(1, true)
	if matched := s.Tell(0, 0, 1); matched != 6 {
		t.Errorf("%d matched", matched)
	}
	due(1, false)
	s.Tell(0, 0, 1<<30)
	s.Match(match.MaxClaim)
	due(1, true) // no more was known
}

// Slots that are free again as soon as they were taken are said to be so when half of them
// have had a call, though nothing else has changed.
func TestWhenCallsThatLandAreSaid(t *testing.T) {
	for free, want := range map[int]int{0: 2, 1: 2, 4: 2, 5: 2, 6: 3, 100: 50, 1 << 20: match.MaxClaim / 2} {
		var s match.Said
		s.Tell(0, free, 0)
		n := 0
		for ; n < 1000 && !s.Due(0, free, 0); n++ {
			s.Land()
		}
		if n != want || s.Landed() != uint64(want) {
			t.Errorf("%d free: due after %d calls, want %d", free, n, want)
		}
		if s.Tell(0, free, 0); s.Due(0, free, 0) {
			t.Errorf("%d free: due though it was said", free)
		}
		if s.Land(); s.Due(0, free, 0) || s.Landed() != uint64(want)+1 {
			t.Errorf("%d free: due for one more", free)
		}
		s.Begin()
		if s.Landed() != uint64(want)+1 {
			t.Errorf("%d free: counted anew", free)
		}
	}
}
