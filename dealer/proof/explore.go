package proof

import (
	"fmt"
	"hash/maphash"
	"io"
	"runtime/debug"
	"strings"
)

// Position is a machine at one moment, with what is around it and what its checkers
// know. Its methods panic where a checker finds something, by a [Finding].
type Position[P, E any] interface {
	Fork() P     // another one at the same; the one that was made before is used no more
	Events() []E // all that can happen next; valid until they are asked for again, of any position
	Apply(E)     // brings one of them
	Tell(to io.Writer, e E)
	Print(dst []byte) []byte // what of the position decides what happens from now on
	Look()                   // holds a state that is new against what must be true of each
	Settle(n int)            // lets everything end, in one of several ways, without an event from outside
}

// Finding is what the finding of a checker is.
type Finding interface{ Found() (checker, text string) }

// Exploration goes through a small world, breadth first. A state is reached by
// bringing its events again.
type Exploration[P Position[P, E], E any] struct {
	Depth int      // most events in a row; 0: until nothing new comes up
	Begin func() P // how the world begins

	seed    maphash.Seed
	visited map[uint64]struct{}
	states  []reached
	print   []byte

	depth, transitions int
	closed             bool
}

// reached tells how a state was reached: by the nth event possible at another.
type reached struct {
	from  int32
	event uint16
	depth uint16
}

// Way is what a checker found, and the events that led there: the shortest way.
type Way struct{ Checker, Text, Story string }

func (x *Exploration[P, E]) String() string {
	how := "closed"
	if !x.closed {
		how = "not closed"
	}
	return fmt.Sprintf("%d states, %d transitions, depth %d, %s", len(x.states), x.transitions, x.depth, how)
}

// Run explores until nothing new comes up, or to the depth, or until something is
// found.
func (x *Exploration[P, E]) Run() (found *Way) {
	x.seed, x.visited = maphash.MakeSeed(), make(map[uint64]struct{})
	state, number := 0, -1
	defer func() {
		if r := recover(); r != nil {
			found = &Way{"panic", fmt.Sprintf("%v\n%s", r, debug.Stack()), x.story(state, number)}
			if f, ok := r.(Finding); ok {
				found.Checker, found.Text = f.Found()
			}
		}
	}()
	x.visit(x.Begin(), reached{from: -1})
	for ; state < len(x.states); state++ {
		s := x.states[state]
		x.depth = int(s.depth)
		if x.Depth > 0 && int(s.depth) >= x.Depth {
			return nil
		}
		number = -1
		at := x.replay(int32(state)) //nolint:gosec // fewer than would fit into memory
		events := at.Events()
		for number = range events {
			next := at.Fork()
			next.Apply(events[number])
			x.transitions++
			x.visit(next, reached{from: int32(state), event: uint16(number), depth: s.depth + 1}) //nolint:gosec // so few are the events
		}
	}
	x.closed = true
	return nil
}

// replay returns a position at a state.
func (x *Exploration[P, E]) replay(state int32) P {
	s := x.states[state]
	if s.from < 0 {
		return x.Begin()
	}
	p := x.replay(s.from)
	p.Apply(p.Events()[s.event])
	return p
}

// visit looks at a state once.
func (x *Exploration[P, E]) visit(p P, how reached) {
	x.print = p.Print(x.print[:0])
	hash := maphash.Bytes(x.seed, x.print)
	if _, known := x.visited[hash]; known {
		return
	}
	x.visited[hash] = struct{}{}
	x.states = append(x.states, how)
	p.Look()
	if how.from >= 0 {
		p.Settle(len(x.states))
	}
}

// story tells the events that lead to a state, and the one after it.
func (x *Exploration[P, E]) story(state, number int) string {
	var b strings.Builder
	p := x.Begin()
	tell := func(n int) {
		defer func() { _ = recover() }()
		if events := p.Events(); n >= 0 && n < len(events) {
			p.Tell(&b, events[n])
		}
	}
	var way []int
	for s := state; s > 0; s = int(x.states[s].from) {
		way = append([]int{int(x.states[s].event)}, way...)
	}
	for _, n := range append(way, number) {
		tell(n)
	}
	return b.String()
}
