package dealer

// queue is the calls of one pool that wait, oldest first, linked through the
// table. Those that were handed on stand in front of all others.
type queue struct {
	head, tail callIndex
	handed     callIndex // the last of those that were handed on
	length     int
	bytes      int    // messages held
	turns      uint64 // given out; those that were handed on, and the others, each wait in the order of theirs
}

// nextTurn gives out a place behind all others.
func (q *queue) nextTurn() uint64 {
	q.turns++
	return q.turns
}

func newQueue() queue { return queue{head: noCall, tail: noCall, handed: noCall} }

// pushHanded puts a call behind those that were handed on before it.
func (q *queue) pushHanded(t *table, i callIndex) {
	t.at(i).turn = q.nextTurn()
	q.insert(t, i, q.handed)
	q.handed = i
}

// putBack puts a call at the place that its turn gives it. Few stand before it there.
func (q *queue) putBack(t *table, i callIndex) {
	c := t.at(i)
	before, after := noCall, q.head
	if !c.handed && q.handed != noCall {
		before, after = q.handed, t.at(q.handed).after
	}
	for after != noCall && t.at(after).handed == c.handed && t.at(after).turn < c.turn {
		before, after = after, t.at(after).after
	}
	q.insert(t, i, before)
	if c.handed && before == q.handed {
		q.handed = i
	}
}

// insert puts a call behind another one, or in front of all.
func (q *queue) insert(t *table, i, before callIndex) {
	c := t.at(i)
	c.before = before
	if before == noCall {
		c.after = q.head
		q.head = i
	} else {
		c.after = t.at(before).after
		t.at(before).after = i
	}
	if c.after == noCall {
		q.tail = i
	} else {
		t.at(c.after).before = i
	}
	q.length++
	q.bytes += c.held()
}

// nth returns the call that n wait before, of which there must be one.
func (q *queue) nth(t *table, n int) callIndex {
	i := q.head
	for ; n > 0; n-- {
		i = t.at(i).after
	}
	return i
}

// push puts a call behind all others.
func (q *queue) push(t *table, i callIndex) {
	c := t.at(i)
	c.turn = q.nextTurn()
	c.before, c.after = q.tail, noCall
	if q.tail == noCall {
		q.head = i
	} else {
		t.at(q.tail).after = i
	}
	q.tail = i
	q.length++
	q.bytes += c.held()
}

func (q *queue) remove(t *table, i callIndex) {
	c := t.at(i)
	if q.handed == i {
		q.handed = c.before
	}
	if c.before == noCall {
		q.head = c.after
	} else {
		t.at(c.before).after = c.after
	}
	if c.after == noCall {
		q.tail = c.before
	} else {
		t.at(c.after).before = c.before
	}
	q.length--
	q.bytes -= c.held()
}

// oldest returns how long the call has waited that waits longest: the first one, or
// the first behind those that were handed on.
func (q *queue) oldest(t *table, now Time) Time {
	if q.head == noCall {
		return 0
	}
	since := t.at(q.head).since
	if q.handed != noCall {
		if i := t.at(q.handed).after; i != noCall {
			since = min(since, t.at(i).since)
		}
	}
	return max(now-since, 0)
}

// held returns the bytes that are held of a call's messages.
func (c *call) held() int {
	n := c.body.Len()
	for i := range c.parts() {
		n += c.rare.more[i].Len()
	}
	return n
}
