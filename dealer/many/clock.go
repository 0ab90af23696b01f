package main

import "time"

// clock brings events in the order of their times; those of one time in the order in
// which they were asked for.
type clock struct {
	now    time.Duration
	asked  uint64
	events []event
}

type event struct {
	at     time.Duration
	number uint64
	run    func()
}

// at has something run at a time, or now if that is past.
func (c *clock) at(when time.Duration, run func()) {
	c.asked++
	c.events = append(c.events, event{max(when, c.now), c.asked, run})
	for i := len(c.events) - 1; i > 0; {
		parent := (i - 1) / 2
		if !c.events[i].before(&c.events[parent]) {
			break
		}
		c.events[i], c.events[parent] = c.events[parent], c.events[i]
		i = parent
	}
}

// run brings all events that lie before a time.
func (c *clock) run(until time.Duration) {
	for len(c.events) > 0 && c.events[0].at < until {
		e := c.pop()
		c.now = e.at
		e.run()
	}
	c.now = until
}

func (c *clock) pop() event {
	first, last := c.events[0], len(c.events)-1
	c.events[0] = c.events[last]
	c.events[last] = event{}
	c.events = c.events[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if c.events[child].before(&c.events[least]) {
				least = child
			}
		}
		if least == i {
			return first
		}
		c.events[i], c.events[least] = c.events[least], c.events[i]
		i = least
	}
}

func (e *event) before(other *event) bool {
	if e.at != other.at {
		return e.at < other.at
	}
	return e.number < other.number
}
