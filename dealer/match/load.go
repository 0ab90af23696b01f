package match

import "time"

// Load is what a node says of one of its pools: how it is at that moment, not what has
// changed, so that any later one makes up for one that was lost.
type Load struct {
	Seq     uint64        // of the node, higher in each load than in the one before
	Free    int           // slots that a forwarded call could have at once
	Waiting int           // calls that wait and may travel
	Oldest  time.Duration // how long the one has waited that waits longest
}

// MaxClaim is the most slots, and the most calls, of one load that count. A node with
// more says so again after the matches that it got.
const MaxClaim = 256

// MaxOldest is the longest wait that counts.
const MaxOldest = time.Hour

// within returns the load as far as it counts. A node whose calls wait has no slot
// to give away: what is free there is for them.
func (l Load) within() Load {
	l.Free = min(max(l.Free, 0), MaxClaim)
	l.Waiting = min(max(l.Waiting, 0), MaxClaim)
	l.Oldest = min(max(l.Oldest, 0), MaxOldest)
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

// Repeat is how often a load is said that has not changed.
const Repeat = 10 * time.Second

// Said is what a node has said last of one of its pools. The zero Said has said
// nothing: a load is due, unless there is nothing to say.
type Said struct {
	free, waiting Class
	owed          bool // it has to be said whatever it is
	repeats       bool // there is something to be known of it
	at            Time
}

// Owe has the load said again whatever it is: after each match and each refusal, as
// what was said last is used up, and to another matchmaker.
func (s *Said) Owe() { s.owed = true }

// Due tells whether a load has to be said now.
func (s *Said) Due(now Time, free, waiting int) bool {
	return s.owed || s.free != ClassOf(free) || s.waiting != ClassOf(waiting) || s.repeats && now-s.at >= Repeat
}

// Tell notes that a load is said. That nothing is free and nothing waits is not repeated:
// so it is where nothing is known.
func (s *Said) Tell(now Time, free, waiting int) {
	*s = Said{free: ClassOf(free), waiting: ClassOf(waiting), repeats: free > 0 || waiting > 0, at: now}
}
