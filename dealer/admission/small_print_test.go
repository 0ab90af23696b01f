package admission_test

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/dealer/proof"
)

// What decides what clients, the router and the checkers do from now on.

func (w *world) printClient(f *proof.Print, c *client) {
	f.Name(admission.SessionIDs, 0, uint64(c.id))
	f.Flags(c.gone, c.isCallee)
	if s := w.b.sessions[c.id]; s != nil {
		w.b.printSession(f, s)
		f.Put(len(s.members))
		for _, registration := range slices.Backward(c.joined) { // in the order in which it may unregister
			if _, has := s.members[registration]; has {
				f.Name(admission.RegistrationsAt, 0, registration)
			}
		}
	}
	printAnswers(f, c.conn)
}

func printAnswers(f *proof.Print, c *conn) {
	if c == nil {
		f.Put(-1)
		return
	}
	f.Put(len(c.answers))
	for _, e := range c.answers {
		f.Put(int(e.kind), int(e.why))
		f.Name(admission.PendingIDs, 0, uint64(e.pending))
		f.Name(admission.LinkRequests, uint64(e.link)+1, e.request)
		f.Name(admission.Registrations, 0, e.registration)
	}
}

// print tells what the checkers know that decides what they object to from now on.
func (b *books) print(f *proof.Print) {
	f.Flags(b.draining, b.hostile) // and which pools drain, as the registrar tells it
	for _, id := range slices.Sorted(maps.Keys(b.links)) {
		b.printLink(f, b.links[id])
	}
	for _, key := range slices.Sorted(maps.Keys(b.pools)) {
		f.Text(key)
		f.Flags(b.pools[key].open, b.pools[key].block != nil)
		for _, id := range slices.Sorted(maps.Keys(b.pools[key].members)) {
			f.Name(admission.SessionIDs, 0, uint64(id))
		}
	}
	for _, r := range b.inOrder() {
		b.printRegister(f, r)
	}
}

// inOrder are the REGISTERs that the router is asked about, by session.
func (b *books) inOrder() []*registerBook {
	return slices.SortedFunc(maps.Values(b.asked), func(p, q *registerBook) int {
		return cmp.Or(cmp.Compare(p.session.id, q.session.id), cmp.Compare(p.pending, q.pending))
	})
}

func (b *books) printSession(f *proof.Print, s *sessionBook) {
	f.Flags(s.departed, !s.departed && s.waits > 0, !s.departed && s.lasts > 0, len(s.had) > 0)
	f.Put(len(s.unsent), len(s.waiting))
	for _, m := range s.unsent {
		f.Put(int(m.of), int(m.kind))
		f.Name(admission.ClientRequests, uint64(s.id), m.request)
		f.Name(admission.RegistrationsAt, 0, m.registration)
		f.Moment(m.at, b.config.RegisterPatience)
	}
	for _, r := range s.waiting {
		b.printRegister(f, r)
		f.Moment(r.of.at, b.config.RegisterPatience)
	}
	b.printPace(f, &s.pace)
}

func (b *books) printRegister(f *proof.Print, r *registerBook) {
	f.Name(admission.PendingIDs, 0, uint64(r.pending))
	f.Flags(r.answered, r.probing, r.undoing, (r.probing || r.undoing) && r.round == r.session.pace.round)
	f.Put(r.tries)
	f.Name(admission.Registrations, 0, r.grant)
	if !r.answered {
		for _, role := range slices.Sorted(maps.Keys(r.roles)) {
			f.Text(role)
		}
	}
}

func (b *books) printLink(f *proof.Print, l *linkBook) {
	f.Name(admission.LinkIDs, 0, uint64(l.id)+1)
	f.Flags(l.up, l.ending)
	if !l.up {
		return
	}
	f.Text(l.Role)
	f.Put(len(l.requests), len(l.owed), len(l.holds))
	for _, id := range slices.Sorted(maps.Keys(l.requests)) {
		q := l.requests[id]
		f.Name(admission.LinkRequests, uint64(l.id)+1, id)
		f.Flags(q.register, q.round == l.pace.round)
		f.Text(q.pool)
	}
	for _, registrations := range [...]map[uint64]string{l.owed, l.holds} {
		for _, registration := range slices.Sorted(maps.Keys(registrations)) {
			f.Name(admission.Registrations, 0, registration)
			f.Text(registrations[registration])
		}
	}
	b.printPace(f, &l.pace)
}

func (b *books) printPace(f *proof.Print, p *paceBook) {
	f.Put(p.open)
	if p.open >= mostAtOnce {
		f.Moment(p.last+b.config.AskPause, 0)
	}
}
