package proxy

// line is a queue of pending REGISTERs, any of which may leave at any time. The
// zero line is empty.
type line struct {
	first, last *place
	length      int
}

// place is a REGISTER's place in a line.
type place struct {
	register      *pendingRegister
	before, after *place
}

// join puts a REGISTER at the end.
func (l *line) join(p *pendingRegister) *place { return l.joinBehind(l.last, p) }

// joinBehind puts a REGISTER behind another one; nil for the beginning.
func (l *line) joinBehind(before *place, p *pendingRegister) *place {
	at := &place{register: p, before: before, after: l.first}
	if before == nil {
		l.first = at
	} else {
		at.after, before.after = before.after, at
	}
	if at.after == nil {
		l.last = at
	} else {
		at.after.before = at
	}
	l.length++
	return at
}

func (l *line) leave(at *place) {
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

// all returns those that are in the line now: to go through while it changes.
func (l *line) all() []*pendingRegister {
	all := make([]*pendingRegister, 0, l.length)
	for at := l.first; at != nil; at = at.after {
		all = append(all, at.register)
	}
	return all
}
