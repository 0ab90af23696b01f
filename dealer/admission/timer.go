package admission

// timer is a moment at which something is to be looked at.
type timer struct {
	at    Time
	order uint64 // equal moments are in the order in which they were set
	place int    // in the heap, plus one; 0: not set
	due   func()
}

// timers are all timers that are set, as a binary heap with the earliest in front.
type timers struct {
	heap []*timer
	last uint64 // order given out last
}

func (h *timers) isSet(t *timer) bool { return t.place > 0 }

// set makes a timer go off at that moment, and at no other.
func (h *timers) set(t *timer, at Time) {
	h.stop(t)
	h.last++
	t.at, t.order = at, h.last
	h.heap = append(h.heap, t)
	t.place = len(h.heap)
	h.up(t.place - 1)
}

// stop makes it go off never.
func (h *timers) stop(t *timer) {
	if t.place == 0 {
		return
	}
	i, last := t.place-1, len(h.heap)-1
	t.place = 0
	moved := h.heap[last]
	h.heap[last] = nil
	h.heap = h.heap[:last]
	if i == last {
		return
	}
	h.heap[i] = moved
	moved.place = i + 1
	h.down(h.up(i))
}

func (h *timers) up(i int) int {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.before(i, parent) {
			break
		}
		h.swap(i, parent)
		i = parent
	}
	return i
}

func (h *timers) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.heap); child++ {
			if h.before(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}

func (h *timers) before(i, j int) bool {
	a, b := h.heap[i], h.heap[j]
	if a.at != b.at {
		return a.at < b.at
	}
	return a.order < b.order
}

func (h *timers) swap(i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	h.heap[i].place, h.heap[j].place = i+1, j+1
}
