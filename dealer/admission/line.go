package admission

// line is a queue, any member of which may leave at any time. The zero line is
// empty.
type line[T any] struct {
	first, last *place[T]
	length      int
}

// place is a place in a line.
type place[T any] struct {
	of            T
	before, after *place[T]
}

// join puts something at the end.
func (l *line[T]) join(of T) *place[T] {
	at := &place[T]{of: of, before: l.last}
	if at.before == nil {
		l.first = at
	} else {
		at.before.after = at
	}
	l.last = at
	l.length++
	return at
}

// leave takes something out; what it knows of its neighbours stays for who goes
// through the line.
func (l *line[T]) leave(at *place[T]) {
	if at.before == nil {
		l.first = at.after
	} else {
		at.before.after = at.after
	}
	if at.after == nil {
		l.last = at.before
	} else {
		at.after.before = at.before
	}
	l.length--
}

// all returns what is in the line now: to go through while it changes.
func (l *line[T]) all() []T {
	all := make([]T, 0, l.length)
	for at := l.first; at != nil; at = at.after {
		all = append(all, at.of)
	}
	return all
}
