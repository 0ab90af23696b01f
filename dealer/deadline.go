package dealer

// deadlines are the calls that have a deadline of their own which is timed
// here, as a binary heap with the earliest in front. Equal ones are in the
// order of their origins and requests.
type deadlines struct{ heap []callIndex }

// watch times a call that has a deadline.
func (d *Dealer) watch(i callIndex) {
	c := d.calls.at(i)
	if c.rare == nil || c.rare.timeout == 0 || c.rare.watched {
		return
	}
	c.rare.watched, c.rare.place = true, len(d.deadlines.heap)
	d.deadlines.heap = append(d.deadlines.heap, i)
	d.deadlines.up(&d.calls, c.rare.place)
	d.next = min(d.next, c.rare.deadline)
}

// unwatch times a call no longer.
func (d *Dealer) unwatch(c *call) {
	if c.rare == nil || !c.rare.watched {
		return
	}
	h, place := &d.deadlines, c.rare.place
	c.rare.watched = false
	last := len(h.heap) - 1
	moved := h.heap[last]
	h.heap = h.heap[:last]
	if place == last {
		return
	}
	h.heap[place] = moved
	d.calls.at(moved).rare.place = place
	h.down(&d.calls, h.up(&d.calls, place))
}

func (h *deadlines) up(t *table, i int) int {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.before(t, i, parent) {
			break
		}
		h.swap(t, i, parent)
		i = parent
	}
	return i
}

func (h *deadlines) down(t *table, i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.heap); child++ {
			if h.before(t, child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(t, i, least)
		i = least
	}
}

func (h *deadlines) before(t *table, i, j int) bool {
	a, b := t.at(h.heap[i]), t.at(h.heap[j])
	switch {
	case a.rare.deadline != b.rare.deadline:
		return a.rare.deadline < b.rare.deadline
	case a.origin != b.origin:
		return a.origin < b.origin
	}
	return a.request < b.request
}

func (h *deadlines) swap(t *table, i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	t.at(h.heap[i]).rare.place, t.at(h.heap[j]).rare.place = i, j
}
