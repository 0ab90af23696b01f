package match_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wampool/wampool/dealer/match"
)

// node returns the node of that letter.
func node(letter byte) match.Node { return match.Node{letter} }

var pool = match.Pool{Match: "exact", URI: "com.example.compute"}

// said is a matchmaker, and the numbers of the loads that it was told.
type said struct {
	*match.Matchmaker
	now time.Duration
	seq uint64
}

func (s *said) say(now time.Duration, from byte, free, waiting int, oldest time.Duration) []match.Match {
	s.seq++
	return slices.Clone(s.Report(now, node(from), pool, match.Load{Seq: s.seq, Free: free, Waiting: waiting, Oldest: oldest}))
}

func expect(t *testing.T, got []match.Match, want ...match.Match) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("matched: %v, want %v", got, want)
	}
}

func to(taker, supplier byte, n int) match.Match {
	return match.Match{Pool: pool, Taker: node(taker), Supplier: node(supplier), N: n}
}

const ms = time.Millisecond

func TestOldestGetsTheMostFree(t *testing.T) {
	m := said{Matchmaker: match.New(match.Limits{})}
	expect(t, m.say(0, 'a', 0, 1, 5*ms))
	expect(t, m.say(0, 'b', 0, 1, 9*ms))
	expect(t, m.say(0, 'c', 1, 0, 0), to('b', 'c', 1))
	expect(t, m.say(0, 'd', 5, 0, 0), to('a', 'd', 1))
	expect(t, m.say(0, 'e', 3, 0, 0))
	expect(t, m.say(0, 'f', 0, 1, 0), to('f', 'e', 1)) // nothing is on the way to it
	expect(t, m.say(0, 'g', 0, 1, 0), to('g', 'd', 1))
}

// A slot that was matched is matched no second time, whatever is said meanwhile that
// does not tell of it, until the match's time is over.
func TestWhatIsOnItsWayIsSubtracted(t *testing.T) {
	m := said{Matchmaker: match.New(match.Limits{Flight: 50 * ms})}
	expect(t, m.say(0, 'a', 0, 4, 5*ms))
	expect(t, m.say(0, 'b', 2, 0, 0), to('a', 'b', 2))
	expect(t, m.say(1*ms, 'b', 2, 0, 0))
	expect(t, m.say(2*ms, 'b', 1, 0, 0))                  // one of the calls has come
	expect(t, m.say(3*ms, 'b', 2, 0, 0), to('a', 'b', 1)) // another call has ended there
	if end, found := m.Deadline(); !found || end != 50*ms {
		t.Errorf("the deadline is %v", end)
	}
	expect(t, m.Tick(49*ms))
	expect(t, m.Tick(50*ms), to('a', 'b', 1)) // one was lost
	if end, found := m.Deadline(); !found || end != 53*ms {
		t.Errorf("the deadline is %v", end)
	}
}

// A taker tells with each load of the matches that had come until then: of those that
// had not, the calls still count.
func TestMatchesThatCrossALoadAreSubtracted(t *testing.T) {
	m := said{Matchmaker: match.New(match.Limits{})}
	say := func(waiting int, matched uint64) []match.Match {
		m.seq++
		return slices.Clone(m.Report(m.now, node('a'), pool, match.Load{Seq: m.seq, Waiting: waiting, Matched: matched}))
	}
	expect(t, m.say(0, 'b', 99, 0, 0))
	expect(t, say(2, 0), to('a', 'b', 2))
	expect(t, say(3, 0), to('a', 'b', 1)) // it does not know of two
	expect(t, say(2, 1))
	expect(t, say(2, 3), to('a', 'b', 2))
	expect(t, say(2, 99), to('a', 'b', 2)) // a lie
	expect(t, say(2, 5))                   // it begins to count anew, with that
	m.now = 100 * ms
	expect(t, say(2, 5), to('a', 'b', 2)) // those have never come
	m.Lose(node('a'))
	expect(t, say(1, 50), to('a', 'b', 1)) // it counts on from before
	expect(t, say(1, 50))
}

func TestLateLoadsMeanNothing(t *testing.T) {
	m := match.New(match.Limits{})
	m.Report(0, node('a'), pool, match.Load{Seq: 7, Free: 1})
	m.Report(0, node('a'), pool, match.Load{Seq: 6, Free: 9})
	m.Report(0, node('a'), pool, match.Load{Seq: 7, Free: 9})
	m.Report(0, node('z'), pool, match.Load{Free: 9})
	expect(t, m.Report(0, node('b'), pool, match.Load{Seq: 1, Waiting: 5}), to('b', 'a', 1))
	if got := m.Tally(); got.Late != 3 || got.Loads != 2 || got.Matches != 1 || got.Calls != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhoIsLostOrSilentDoesNotCount(t *testing.T) {
	m := said{Matchmaker: match.New(match.Limits{Stale: time.Second})}
	m.say(0, 'a', 1, 0, 0)
	m.say(500*ms, 'b', 1, 0, 0)
	m.say(600*ms, 'c', 1, 0, 0)
	m.Lose(node('c'))
	m.Lose(node('x'))
	expect(t, m.say(time.Second, 'd', 0, 3, 0), to('d', 'b', 1))
	m.Tick(time.Hour)
	if nodes, pools, claims := m.Size(); nodes+pools+claims != 0 {
		t.Errorf("%d nodes, %d pools, %d claims are left", nodes, pools, claims)
	}
	if _, found := m.Deadline(); found {
		t.Error("there is a deadline, but nothing is known")
	}
}

// A call is not for who has slots himself, and a node matches itself never.
func TestNodeWhoseCallsWaitGivesNothing(t *testing.T) {
	m := said{Matchmaker: match.New(match.Limits{})}
	expect(t, m.say(0, 'a', 9, 9, time.Hour))
	expect(t, m.say(0, 'b', 0, 1, 0))
	expect(t, m.say(0, 'c', 1, 0, 0), to('a', 'c', 1))
}

func TestClaimsAreBounded(t *testing.T) {
	m := said{Matchmaker: match.New(match.Limits{Nodes: 2, Claims: 3})}
	const much = int(^uint(0) >> 1)
	expect(t, m.say(0, 'a', much, -much-1, -1<<63))
	expect(t, m.say(0, 'b', -much-1, much, 1<<63-1), to('b', 'a', match.MaxClaim))
	expect(t, m.say(0, 'c', 5, 0, 0))
	for _, uri := range []string{"1", "2", string(make([]byte, 5000))} {
		m.Report(0, node('a'), match.Pool{URI: uri}, match.Load{Seq: 9})
	}
	if nodes, pools, claims := m.Size(); nodes != 2 || pools != 2 || claims != 3 {
		t.Errorf("%d nodes, %d pools, %d claims are known", nodes, pools, claims)
	}
	if got := m.Tally().Refused; got != 3 {
		t.Errorf("%d were refused", got)
	}
}

// Who says other loads over and over is not remembered without bound.
func TestWhatIsOnItsWayIsBounded(t *testing.T) {
	if isRace {
		t.Skip("nothing of it has a goroutine")
	}
	m, n := said{Matchmaker: match.New(match.Limits{})}, 0
	for now := range 200_000 * time.Nanosecond {
		m.seq += 2
		m.Report(now, node('a'), pool, match.Load{Seq: m.seq, Waiting: 1, Matched: m.seq})
		n += len(m.Report(now, node('b'), pool, match.Load{Seq: m.seq, Free: 1}))
		m.Report(now, node('b'), pool, match.Load{Seq: m.seq + 1})
	}
	if got := m.Flying(); got != n || n < 100_000 || n > 150_000 {
		t.Errorf("%d matches are remembered of %d", got, n)
	}
	m.say(time.Second, 'a', 0, 1, 0)
	expect(t, m.say(time.Second, 'b', 1, 0, 0), to('a', 'b', 1))
}

// Time has an end.
func TestNothingEndsAfterAllTime(t *testing.T) {
	const last = 1<<63 - 1
	m := said{Matchmaker: match.New(match.Limits{})}
	m.say(last-1, 'a', 0, 1, 0)
	expect(t, m.say(last-1, 'b', 1, 0, 0), to('a', 'b', 1))
	if end, found := m.Deadline(); !found || end != last {
		t.Errorf("the deadline is %v", end)
	}
	m.Tick(last)
}

// What has landed is not on its way any more, so that the same slots can be had again.
func TestLandedCallsGiveTheirSlotsBack(t *testing.T) {
	m := match.New(match.Limits{})
	taker, supplier, of := match.Node{1}, match.Node{2}, match.Pool{Match: "exact", URI: "com.example.p"}
	m.Report(0, supplier, of, match.Load{Seq: 1, Free: 10, Landed: 1000})
	calls := func(matches []match.Match) (n int) {
		for _, x := range matches {
			n += x.N
		}
		return n
	}
	if n := calls(m.Report(0, taker, of, match.Load{Seq: 1, Waiting: 30})); n != 10 {
		t.Fatalf("%d are matched, and there are 10 slots", n)
	}
	for i, step := range []struct {
		landed uint64
		want   int
	}{{1000, 0}, {1004, 4}, {1004, 0}, {1 << 60, 10}} {
		if n := calls(m.Report(time.Millisecond, supplier, of, match.Load{Seq: uint64(i + 2), Free: 10, Landed: step.landed})); n != step.want {
			t.Errorf("%d have landed: %d are matched, want %d", step.landed, n, step.want)
		}
	}
}
