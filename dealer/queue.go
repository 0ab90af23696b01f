package dealer

// queue is the calls of one pool that wait, oldest first, linked through the
// table.
type queue struct {
	head, tail callIndex
	length     int
	bytes      int // bodies held
}

func newQueue() queue { return queue{head: noCall, tail: noCall} }

func (q *queue) push(t *table, i callIndex) {
	c := t.at(i)
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

// held returns the bytes of a waiting call's messages.
func (c *call) held() int {
	n := c.body.Len()
	for _, m := range c.more {
		n += m.body.Len()
	}
	return n
}
