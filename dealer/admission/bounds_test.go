package admission

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
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
	config := Defaults(0)
	r := New(config, 0)
	for _, x := range []struct {
		roundTrip time.Duration
		loses     bool
		want      time.Duration
	}{
		{time.Millisecond, false, nearPause},
		{40 * time.Millisecond, false, config.AskPause},
		{40 * time.Millisecond, true, nearPause},
	} {
		l := &link{loses: x.loses, linkSession: linkSession{roundTrip: x.roundTrip}}
		if got := r.pause(l); got != x.want {
			t.Errorf("round trip of %s, loses answers %t: pause of %s, want %s", x.roundTrip, x.loses, got, x.want)
		}
	}
}

func TestShares(t *testing.T) {
	for _, x := range []struct {
		slots          int64
		perShare, want int
	}{
		{1, 4, 1}, {4, 4, 1}, {5, 4, 1}, {6, 4, 2}, {8, 4, 2}, {9, 4, 2}, {63, 4, 16}, {1000, 4, 16}, {3, 1, 3}, {2, 100, 1},
		{math.MaxInt64, 3, 16}, {math.MaxInt32, math.MaxInt32, 1},
	} {
		t.Run(fmt.Sprint(x), func(t *testing.T) {
			if got := sharesOf(x.slots, 0, x.perShare); got != x.want {
				t.Errorf("%d slots by %d are %d shares, want %d", x.slots, x.perShare, got, x.want)
			}
		})
	}
	if got := sharesOf(4, 2, 4); got != 3 { // each callee without a limit is one
		t.Errorf("with two callees without a limit: %d shares, want 3", got)
	}
}

// What a callee asks for beyond all that it could have in flight is a limit too,
// on machines of 32 bit as well.
func TestConcurrencyBeyondCounting(t *testing.T) {
	for _, concurrency := range []int64{1 << 30, 1<<31 - 1, 1 << 31, 1 << 32, codec.MaxID} {
		if limit := limitOf(concurrency); limit != mostSlots {
			t.Errorf("%d becomes %d", concurrency, limit)
		}
	}
	if limit := limitOf(7); limit != 7 {
		t.Errorf("7 becomes %d", limit)
	}
}

// A pool that is not there has no state.
func TestPoolThatIsNot(t *testing.T) {
	if s, ok := New(Defaults(0), 0).Pool("exact com.example.p"); ok {
		t.Errorf("its state is %v", s)
	}
}

// Of registrations that a session has had, a bounded number is remembered.
func TestRegistrationsRememberedAreBounded(t *testing.T) {
	r := New(Defaults(0), 0)
	s := r.sessions[r.OpenSession(Session{Serializer: codec.JSON})]
	for id := range uint64(maxLeft + 1) {
		r.remember(&member{session: s, registration: id + 1})
	}
	if n := len(s.left.of); n != 1 {
		t.Errorf("%d are remembered, want the latest", n)
	}
}
