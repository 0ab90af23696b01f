package match

import "time"

// Load is what a node says of one of its pools: how it is at that moment, not what has
// changed, so that any later one makes up for one that was lost.
type Load struct {
	Seq     uint64        // of the node, higher in each load than in the one before
	Free    int           // slots that a forwarded call could have at once
	Waiting int           // calls that wait and may travel
	Oldest  time.Duration // how long the one has waited that waits longest
	Matched uint64        // calls that the matches were for that have come to the node, counted since whenever
	Landed  uint64        // calls that peers have forwarded to the node, counted since whenever
}

// MaxClaim is the most slots, and the most calls, of one load that count. A node with
// more says so again after the matches that it got.
const MaxClaim = 256

// MaxOldest is the longest wait that counts.
const MaxOldest = time.Hour

// maxMatched is more than anybody counts.
const maxMatched = 1 << 60

// within returns the load as far as it counts. A node whose calls wait has no slot
// to give away: what is free there is for them.
func (l Load) within() Load {
	l.Free = min(max(l.Free, 0), MaxClaim)
	l.Waiting = min(max(l.Waiting, 0), MaxClaim)
	l.Oldest = min(max(l.Oldest, 0), MaxOldest)
	l.Matched = min(l.Matched, maxMatched)
	if l.Waiting > 0 {
		l.Free = 0
	} else {
		l.Oldest = 0
	}
	return l
}

// Class is a range of numbers: 0, 1, 2, 3 to 4, 5 to 8, 9 and more. Loads are said
// anew when they come to another, so that a node with many slots need not speak
// of each call.
type Class uint8

// ClassOf returns the class of a number of slots or calls.
func ClassOf(n int) Class {
	switch {
	case n <= 0:
		return 0
	case n <= 2:
		return Class(n)
	case n <= 4:
		return 3
	case n <= 8:
		return 4
	default:
		return 5
	}
}

// Repeat is how often a load is said that has not changed: whenever the time comes to a
// multiple of it, so that those of all pools are said together.
const Repeat = 10 * time.Second

// Said is what a node has said last of one of its pools to the pool's matchmaker, and
// what that one has made of it. The zero Said has said nothing.
type Said struct {
	free    int
	waiting int
	owed    bool
	repeats bool // there is something to be known of it
	at      Time
	matched uint64 // calls that matches have come for
	told    uint64 // as many as the last load told of
	landed  uint64 // calls that peers have forwarded
	known   uint64 // as many as the last load told of
}

// Begin has all said that there is to say: to another matchmaker, or on a new link.
func (s *Said) Begin() { *s = Said{owed: true, matched: s.matched, landed: s.landed} }

// Match notes that a match for n calls has come. What the matchmaker knows is so much
// less then, and only if it is not so there is anything to say.
func (s *Said) Match(n int) { s.matched += uint64(max(n, 0)) }

// Land notes that a call has come that a peer has forwarded, whether it had room or not.
// The matchmaker takes a slot for taken until it knows that, so where slots are free
// again as soon as they are taken, it has to be told though nothing else has changed: when
// half of what was said to be free has come.
func (s *Said) Land() { s.landed++ }

// Landed returns how many have, for [Load.Landed].
func (s *Said) Landed() uint64 { return s.landed }

// landsUntold is how many calls may have come at least of which nothing was said.
const landsUntold = 2

// Owe has the load said again whatever it is: where a forwarded call was refused, at
// both ends, for somebody had taken something else for true.
func (s *Said) Owe() { s.owed = true }

// Due tells whether a load has to be said now.
func (s *Said) Due(now Time, free, waiting int) bool {
	return s.owed || ClassOf(s.free) != ClassOf(free) || s.left() != ClassOf(waiting) || s.repeats && now/Repeat != s.at/Repeat ||
		s.landed-s.known >= uint64(max(landsUntold, s.free/2))
}

// left is the class of the calls that wait, as the matchmaker knows it.
func (s *Said) left() Class { return ClassOf(left(s.waiting, s.matched-s.told)) }

// left returns what is left of n calls after so many were matched.
func left(n int, matched uint64) int {
	if matched >= uint64(n) { //nolint:gosec // not negative
		return 0
	}
	return n - int(matched) //nolint:gosec // below n
}

// Tell notes that a load is said, and returns what is to be told of matches
// ([Load.Matched]). That nothing is free and nothing waits is not repeated: so it is
// where nothing is known.
func (s *Said) Tell(now Time, free, waiting int) (matched uint64) {
	free, waiting = min(max(free, 0), MaxClaim), min(max(waiting, 0), MaxClaim)
	*s = Said{
		free: free, waiting: waiting, repeats: free > 0 || waiting > 0, at: now,
		matched: s.matched, told: s.matched, landed: s.landed, known: s.landed,
	}
	return s.matched
}
