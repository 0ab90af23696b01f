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
	Twins int      // of those states that come up again, each so-manyth is held against the first; 0: none

	seed    maphash.Seed
	visited map[uint64]int32
	states  []reached
	print   []byte

	depth, transitions int
	again              int // states that came up again
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
	x.seed, x.visited = maphash.MakeSeed(), make(map[uint64]int32)
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
func (x *Exploration[P, E]) replay(state int32) P { return x.reach(x.states[state]) }

func (x *Exploration[P, E]) reach(s reached) P {
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
	if twin, known := x.visited[hash]; known {
		if x.again++; x.Twins > 0 && x.again%x.Twins == 0 {
			x.compare(x.states[twin], how)
		}
		return
	}
	x.visited[hash] = int32(len(x.states)) //nolint:gosec // fewer than would fit into memory
	x.states = append(x.states, how)
	p.Look()
	if how.from >= 0 {
		p.Settle(len(x.states))
	}
}

// different is what is found of two states with one print that differ.
type different string

func (d different) Found() (checker, text string) { return "print", string(d) }

// compare finds that two ways lead to the same: the same can happen next, and leads
// to the same again.
func (x *Exploration[P, E]) compare(a, b reached) {
	prints := func(s reached, n int) string {
		p := x.reach(s)
		events := p.Events()
		if n >= len(events) {
			return ""
		}
		p.Apply(events[n])
		return string(p.Print(nil))
	}
	for n := 0; ; n++ {
		is, twin := prints(b, n), prints(a, n)
		if is != twin {
			panic(different(fmt.Sprintf("event %d leads to another state than after:\n%s", n, x.tell(a, n))))
		}
		if is == "" {
			return
		}
	}
}

// story tells the events that lead to a state, and the one after it.
func (x *Exploration[P, E]) story(state, number int) string {
	if len(x.states) == 0 {
		return ""
	}
	return x.tell(x.states[state], number)
}

func (x *Exploration[P, E]) tell(s reached, number int) string {
	var b strings.Builder
	p := x.Begin()
	tell := func(n int) {
		defer func() { _ = recover() }()
		if events := p.Events(); n >= 0 && n < len(events) {
			p.Tell(&b, events[n])
		}
	}
	way := []int{number}
	for ; s.from >= 0; s = x.states[s.from] {
		way = append([]int{int(s.event)}, way...)
	}
	for _, n := range way {
		tell(n)
	}
	return b.String()
}
