package admission

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/proof"
)

// Spaces of IDs, for a [proof.Print].
const (
	SessionIDs      = "session"
	PendingIDs      = "pending"
	LinkIDs         = "link"
	ClientRequests  = "client's request" // of a session
	LinkRequests    = "link's request"   // of a link
	Registrations   = "registration"     // at the router
	RegistrationsAt = "place"            // of a callee in a pool
)

// AppendFingerprint tells what of the registrar's books decides what it does from
// now on. It abstracts from:
//   - the moment, and all numbers of IDs.
//   - registrations that a session has had: whether there are any.
//   - bytes that sessions keep, unless exact: they grow with those registrations.
//   - who was asked when, where nothing is timed by it any more.
func (r *Registrar) AppendFingerprint(p *proof.Print, exact bool) {
	f := &fingerprint{Print: p, r: r, exact: exact, rank: make(map[*timer]int)}
	timers := slices.SortedFunc(slices.Values(r.timers.heap), func(a, b *timer) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order))
	})
	for i, t := range timers {
		f.rank[t] = i + 1
	}
	f.Flags(r.draining)
	f.Put(len(r.drained))
	for _, key := range slices.Sorted(maps.Keys(r.drained)) {
		f.Text(key)
	}
	f.Put(len(r.sessions), len(r.pools), len(r.links))
	for _, id := range slices.Sorted(maps.Keys(r.sessions)) {
		f.session(r.sessions[id])
	}
	f.line(&r.waiting)
	f.line(&r.undecided)
	for _, p := range r.poolsNow.all() {
		f.pool(p)
	}
	for _, l := range r.links {
		f.link(l)
	}
}

type fingerprint struct {
	*proof.Print
	r     *Registrar
	exact bool
	rank  map[*timer]int // in the order in which they are due
}

func (f *fingerprint) timer(t *timer) {
	if f.r.timers.isSet(t) {
		f.Put(f.rank[t])
		f.Moment(t.at, 0)
		return
	}
	f.Put(0)
}

func (f *fingerprint) line(l *line[*pending]) {
	f.Put(l.length)
	for at := l.first; at != nil; at = at.after {
		f.Name(PendingIDs, 0, uint64(at.of.id))
	}
}

func (f *fingerprint) pace(p *pace, pause Time) {
	f.Put(p.open)
	if p.open >= maxAsks {
		f.Moment(p.last+pause, 0)
	}
}

func (f *fingerprint) session(s *session) {
	f.Name(SessionIDs, 0, uint64(s.id))
	f.Put(int(s.serializer), s.pendings.length, s.lates.length, len(s.held), len(s.members.of))
	f.Text(s.role)
	f.Flags(s.departed, s.unnumbered != nil, len(s.left.of) > 0)
	for _, l := range []*line[*pending]{&s.pendings, &s.lates} {
		for at := l.first; at != nil; at = at.after {
			f.pending(at.of)
		}
	}
	if s.unnumbered != nil {
		f.Name(PendingIDs, 0, uint64(s.unnumbered.of.id))
	}
	for i := range s.held {
		f.held(s, &s.held[i])
	}
	for _, at := range slices.SortedFunc(maps.Values(s.members.of), func(a, b *member) int { return cmp.Compare(a.pool.age, b.pool.age) }) {
		f.Text(at.pool.key)
		f.Name(RegistrationsAt, 0, at.registration)
		f.Put(at.limit, at.asked, int(at.policy))
	}
	f.line(&s.turns)
	f.pace(&s.pace, f.r.pause(f.r.judge(s)))
	f.timer(&s.pump)
	if f.exact {
		f.Put(int(s.waiting), int(s.lasting), int(s.beside), s.members.most, s.left.most, s.granted.most)
	}
}

func (f *fingerprint) pending(p *pending) {
	f.Name(PendingIDs, 0, uint64(p.id))
	f.Put(int(p.stage), p.tries)
	f.Flags(p.numbered, p.unreviewed, p.stage >= probing && p.round == p.session.pace.round)
	f.Name(Registrations, 0, p.grant)
	f.timer(&p.patience)
	if f.register(p.session, &p.in.Asks); p.pool != nil {
		f.Text(p.pool.key)
		f.Put(int(p.policy), p.limit)
	}
}

func (f *fingerprint) register(s *session, m *codec.Register) {
	f.Name(ClientRequests, uint64(s.id), m.Request)
	f.Text(m.Procedure)
	f.Text(m.Invoke)
	f.Put(int(m.Concurrency))
	f.Flags(m.HasConcurrency, m.ForceReregister)
}

func (f *fingerprint) held(s *session, m *message) {
	f.Put(int(m.Type))
	switch {
	case m.register != nil:
		f.Moment(m.at, f.r.config.RegisterPatience)
		f.register(s, &m.register.Asks)
	case m.unregister != nil:
		f.Name(ClientRequests, uint64(s.id), m.unregister.Request)
		f.Name(RegistrationsAt, 0, m.unregister.Registration)
	}
}

func (f *fingerprint) pool(p *pool) {
	f.Text(p.key)
	f.Put(int(p.speaks), int(p.policy), len(p.members), len(p.more))
	f.Flags(p.isOpen, p.lingers, p.revoked, p.granted, p.live, p.shared, p.unreviewed, p.weighedAt != 0)
	if p.weighedAt != 0 {
		f.Moment(p.weighedAt+f.r.config.WeightPause, 0)
	}
	f.timer(&p.weighing)
	for _, at := range p.inOrder() {
		f.Name(SessionIDs, 0, uint64(at.session.id))
	}
	f.line(&p.waiting)
	for _, g := range p.claims() {
		f.claim(g)
	}
}

func (f *fingerprint) claim(g *claim) {
	f.Put(int(g.state), g.unanswered, int(g.retryIn))
	f.timer(&g.retry)
	f.Name(Registrations, 0, g.registration)
	l := g.link
	if l == nil {
		f.Put(-1)
		return
	}
	f.Name(LinkIDs, 0, uint64(l.id)+1)
	f.Flags(g.first != 0, g.first != 0 && l.answeredAt < g.since)
	f.Name(LinkRequests, uint64(l.id)+1, g.request)
	f.Name(LinkRequests, uint64(l.id)+1, g.first)
}

func (f *fingerprint) link(l *link) {
	f.Name(LinkIDs, 0, uint64(l.id)+1)
	f.Put(int(l.state), int(l.speaks), l.index, l.claims.length)
	f.Flags(l.turnedAway, l.wasUp, l.loses)
	f.Moment(l.renewAfter, 0)
	f.timer(&l.idle)
	for _, g := range l.claims.all() {
		f.Text(g.pool.key)
	}
	if l.state == linkDown {
		return
	}
	f.Text(l.role)
	f.Flags(l.isErring, l.roundTrip < f.r.config.AskPause, l.answeredAt < f.r.now)
	f.Put(len(l.requests), l.todo.length, len(l.doubts))
	for _, id := range slices.Sorted(maps.Keys(l.requests)) {
		q := l.requests[id]
		f.Name(LinkRequests, uint64(l.id)+1, id)
		f.Flags(q.register, q.late, q.round == l.pace.round)
		f.Text(q.pool)
		f.Moment(q.sent, f.r.config.AskPause)
		f.timer(&q.due)
	}
	f.pace(&l.pace, f.r.pause(l))
	f.timer(l.pump)
	for _, g := range l.todo.all() {
		f.Text(g.pool.key)
	}
	for _, registration := range slices.Sorted(maps.Keys(l.registrations)) {
		f.Name(Registrations, 0, registration)
		f.Text(l.registrations[registration].pool.key)
	}
	for _, key := range slices.Sorted(maps.Keys(l.doubts)) {
		f.Text(key)
	}
}

// CrowdSession makes a session one in which one more request may be asked, until one
// of them is answered or a pause is over. It returns since when.
func (r *Registrar) CrowdSession(id SessionID) Time { return r.sessions[id].pace.crowd(r.now) }

// CrowdLink makes a link's session such a one.
func (r *Registrar) CrowdLink(id LinkID) Time { return r.link(id).pace.crowd(r.now) }

func (p *pace) crowd(now Time) Time {
	p.open, p.last = maxAsks-1, now
	return now
}
