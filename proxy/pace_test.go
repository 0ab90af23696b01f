package proxy

import (
	"testing"
	"time"
)

func TestPaceGoesByAnswersThenByTheClock(t *testing.T) {
	var p pace
	const pause = 5 * time.Millisecond
	burst := func(now time.Duration, want int) (rounds []int) {
		t.Helper()
		for p.mayAsk(now, pause) && len(rounds) <= maxAsks {
			rounds = append(rounds, p.asked(now))
		}
		if len(rounds) != want {
			t.Fatalf("%d requests at %s, want %d", len(rounds), now, want)
		}
		return rounds
	}
	first := burst(0, maxAsks)
	burst(pause-1, 0)
	p.answered(first[0])
	burst(pause-1, 1)
	burst(pause, 0) // the pause is from the latest one on
	second := burst(2*pause-1, maxAsks)
	p.answered(first[1]) // too late to count
	burst(2*pause, 0)
	p.answered(second[0])
	burst(2*pause, 1)
}

func TestPauseByRoundTrip(t *testing.T) {
	l := &link{realm: &realm{proxy: &Proxy{askPause: askPause}}}
	for _, x := range []struct {
		roundTrip time.Duration
		loses     bool
		want      time.Duration
	}{
		{time.Millisecond, false, nearPause},
		{40 * time.Millisecond, false, askPause},
		{40 * time.Millisecond, true, nearPause},
	} {
		l.roundTrip, l.loses = x.roundTrip, x.loses
		if got := l.pause(); got != x.want {
			t.Errorf("round trip of %s, loses answers %t: pause of %s, want %s", x.roundTrip, x.loses, got, x.want)
		}
	}
}
