package admission_test

import (
	"fmt"
	"slices"

	"github.com/wampool/wampool/dealer/admission"
)

// act holds one action against the books.
func (b *books) act(e event, a admission.Action) {
	switch a.Kind {
	case admission.Pass:
		b.checkPass(a)
	case admission.Swallow:
		b.checkSwallow(e, a)
	case admission.Probe:
		b.checkProbe(a)
	case admission.Undo:
		b.checkUndo(e, a)
	case admission.PassLate:
		r := b.registerOf(a)
		must(a.First == b.isUnsent(r), numbers, "REGISTER %d of session %d has its turn twice, or never", a.Request, a.Session)
		if a.First {
			b.takeRequest(a)
		}
		b.answer(r, "pass-late")
	case admission.Join:
		b.checkJoin(e, a)
	case admission.Deny:
		b.checkDeny(e, a)
	case admission.Leave, admission.Unknown:
		b.checkLeave(a)
	case admission.Depart:
		b.depart(b.session(a))
	case admission.Keep:
		s := b.session(a)
		must(a.Waiting >= 0 && a.Lasting >= 0, bounds, "session %d keeps %d and %d bytes", s.id, a.Waiting, a.Lasting)
		s.waits, s.lasts = a.Waiting, a.Lasting
	case admission.OpenPool, admission.ClosePool, admission.RevokePool, admission.ForgetPool:
		b.checkPool(a)
	case admission.Reform:
		p := b.pools[a.Pool]
		must(e.kind == reconfigure && p != nil && p.open, membership, "pool %s gets other rules by %s", a.Pool, eventNames[e.kind])
		config := p.block.Config
		config.Policy = a.Config.Policy
		must(a.Config == config, membership, "pool %s gets the rules %+v instead of %+v", a.Pool, a.Config, config)
	case admission.Expel:
		b.checkExpel(e, a)
	case admission.Ask, admission.GiveBack:
		b.checkAsk(e, a)
	case admission.Held, admission.Ended:
		b.checkHeld(a)
	case admission.OpenLink:
		must(b.links[a.Link] == nil, bounds, "link %d is opened twice", a.Link)
		b.links[a.Link] = &linkBook{id: a.Link}
	case admission.CloseLink:
		delete(b.links, a.Link)
	case admission.Renew:
		l := b.links[a.Link]
		must(l != nil && l.up && !l.ending, givenBack, "link %d is renewed, and is not up", a.Link)
		l.ending = true
	}
}

func (b *books) checkPass(a admission.Action) {
	s := b.session(a)
	m, known := a.Message.Read.(*sent)
	must(known, ordered, "session %d passes what it never sent", s.id)
	b.take(s, func(other *sent) bool { return other == m }, fmt.Sprintf("message %d", m.request))
	must(m.kind != unregister || !s.had[m.registration], membership, "the router gets session %d's UNREGISTER of %d, which was a pool's", s.id, m.registration)
	for _, r := range s.waiting {
		if r.of == m {
			must(a.Register != nil && a.Register.Request == m.request, ordered, "REGISTER %d of session %d passes as something else", m.request, s.id)
			b.checkPassed(r)
			b.answer(r, "pass")
			return
		}
	}
	if isRegister(m) {
		must(s.departed, answeredOnce, "REGISTER %d of session %d passes, and has its answer", m.request, s.id)
	}
	for _, r := range s.waiting {
		must(b.isUnsent(r), ordered, "message %d of session %d overtakes REGISTER %d, which has no answer", m.request, s.id, r.of.request)
	}
}

// checkPassed takes a REGISTER that passes as if wampool were not there: its
// callee must lack the role.
func (b *books) checkPassed(r *registerBook) {
	block := r.of.block
	must(!block.AnyRole, rightful, "REGISTER %d of session %d passes, and any role may join", r.of.request, r.session.id)
	if len(block.Admit) > 0 {
		must(r.session.Role == "" || !slices.Contains(block.Admit, r.session.Role), rightful, "REGISTER %d passes, and %s is admitted", r.of.request, r.session.Role)
	}
}

func (b *books) checkSwallow(e event, a admission.Action) {
	m := b.takeRequest(a)
	s := b.session(a)
	if isRegister(m) {
		return
	}
	_, has := s.members[m.registration]
	must(m.kind == unregister && (has || s.had[m.registration] || s.departed), ordered, "message %d of session %d is swallowed by %s", m.request, s.id, eventNames[e.kind])
}

func (b *books) isUnsent(r *registerBook) bool { return slices.Contains(r.session.unsent, r.of) }

func (b *books) checkProbe(a admission.Action) {
	r := b.registerOf(a)
	must(!r.answered && !r.session.departed, rightful, "a probe for REGISTER %d of session %d, which has its answer", a.Request, a.Session)
	must(!r.probing && !r.undoing, rightful, "REGISTER %d of session %d is probed twice at once", a.Request, a.Session)
	must(a.First == b.isUnsent(r), numbers, "REGISTER %d of session %d has its turn twice, or never", a.Request, a.Session)
	if a.First {
		b.takeRequest(a)
	}
	b.checkRole(r)
	r.tries++
	must(r.tries <= 3, bounds, "REGISTER %d of session %d is probed %d times", a.Request, a.Session, r.tries)
	r.probing = true
	r.round = r.session.pace.ask(b.now, b.config.AskPause, true, "a probe")
}

// checkRole finds that a callee may join for its role.
func (b *books) checkRole(r *registerBook) {
	role, block := r.session.Role, r.of.block
	switch {
	case block.AnyRole:
	case len(block.Admit) > 0:
		must(role != "" && slices.Contains(block.Admit, role), rightful, "role %q is not admitted by %v", role, block.Admit)
	default:
		must(role != "" && r.roles[role], rightful, "role %q is not that of the pool session", role)
	}
}

func (b *books) checkUndo(e event, a admission.Action) {
	r := b.asked[a.Pending]
	must(r != nil && e.kind == probeGranted && e.pending == a.Pending && r.probing && a.Registration == e.registration, givenBack,
		"registration %d of session %d is given back, and was not granted", a.Registration, a.Session)
	r.probing, r.undoing, r.grant = false, true, a.Registration
	r.round = r.session.pace.ask(b.now, b.config.AskPause, false, "an undo")
}

// checkJoin takes who is admitted: it must have the role, and the router must
// have answered a probe of its own.
func (b *books) checkJoin(e event, a admission.Action) {
	r := b.registerOf(a)
	b.checkRole(r)
	must(e.pending == a.Pending, rightful, "REGISTER %d of session %d is admitted by %s of another", a.Request, a.Session, eventNames[e.kind])
	switch e.kind {
	case probeRefused:
		exists := e.why == admission.Exists || e.why == admission.OtherPolicy && r.of.block.Shared
		must(r.probing && exists, rightful, "session %d is admitted, and the router has not said that its procedure exists", a.Session)
	case probeUndone:
		must(r.undoing, rightful, "session %d is admitted, and its probe had no answer", a.Session)
		must(b.isHeld(a.Pool) || b.hostile, rightful, "session %d is admitted, and pool %s has no registration", a.Session, a.Pool)
	default:
		must(false, rightful, "session %d is admitted by %s", a.Session, eventNames[e.kind])
	}
	r.probing, r.undoing = false, false
	p, s := b.pools[a.Pool], r.session
	must(p != nil && p.open, membership, "session %d joins pool %s, which is closed", s.id, a.Pool)
	must(!b.drains(a.Pool), answeredOnce, "session %d joins, and pool %s is draining", s.id, a.Pool)
	if a.Force {
		for id, registration := range p.members {
			delete(b.sessions[id].members, registration)
			b.sessions[id].had[registration] = true
			delete(p.members, id)
		}
	}
	_, twice := s.members[a.Registration]
	must(!twice && a.Registration >= 1 && a.Registration <= 1<<53, membership, "session %d gets registration %d", s.id, a.Registration)
	must(p.members[s.id] == 0, membership, "session %d joins pool %s twice", s.id, a.Pool)
	p.members[s.id], s.members[a.Registration] = a.Registration, a.Pool
	b.answer(r, "join")
}

// isHeld tells whether some link has a registration of the pool.
func (b *books) isHeld(key string) bool {
	for _, l := range b.links {
		for _, holds := range l.holds {
			if holds == key {
				return true
			}
		}
	}
	return false
}

func (b *books) checkDeny(e event, a admission.Action) {
	r := b.registerOf(a)
	patient := b.now < r.of.at+b.config.RegisterPatience
	switch reason := a.Denial.Reason; reason {
	case admission.PoolRefused:
		must(e.kind == refused && e.why != admission.Exists || e.kind == refused && r.tries == 0, answeredOnce, "the pool was not refused, and REGISTER %d is", a.Request)
	case admission.ProbeRefused:
		must(e.kind == probeRefused && e.pending == a.Pending && r.probing, answeredOnce, "the probe was not refused, and REGISTER %d is", a.Request)
		must(e.why != admission.Exists || b.mayBeExcluded(r), answeredOnce, "the router has said that the procedure exists, and REGISTER %d is refused", a.Request)
	case admission.Draining:
		must(b.drains(keyFor(&r.of.asks)), answeredOnce, "REGISTER %d is refused for draining", a.Request)
	case admission.Unsteady:
		must(r.tries == 3, answeredOnce, "REGISTER %d is given up after %d probes", a.Request, r.tries)
	case admission.Invalid, admission.Full:
	case admission.Taken, admission.Conflict:
		p := b.pools[a.Pool]
		must(p != nil && len(p.members) > 0, answeredOnce, "REGISTER %d is refused for those who are in pool %s: nobody", a.Request, a.Pool)
	default:
		must(!patient, answeredOnce, "REGISTER %d is refused (%s) after %s", a.Request, reason, b.now-r.of.at)
	}
	if e.pending == a.Pending && (e.kind == probeRefused || e.kind == probeUndone) {
		r.probing, r.undoing = false, false
	}
	b.answer(r, "deny")
	if p := b.pools[a.Pool]; p != nil && a.Pool != "" {
		must(p.open || len(p.members) == 0, membership, "pool %s is closed, and has members", a.Pool)
	}
}

func (b *books) checkLeave(a admission.Action) {
	s := b.session(a)
	key, has := s.members[a.Registration]
	if a.Kind == admission.Unknown {
		must(!has && s.had[a.Registration], membership, "registration %d of session %d is said to be unknown", a.Registration, s.id)
		return
	}
	must(has && key == a.Pool, membership, "session %d leaves pool %s by registration %d, which is of %q", s.id, a.Pool, a.Registration, key)
	delete(s.members, a.Registration)
	s.had[a.Registration] = true
	delete(b.pools[key].members, s.id)
}

// checkExpel takes who is not to be in a pool any more.
func (b *books) checkExpel(e event, a admission.Action) {
	s := b.session(a)
	key, has := s.members[a.Registration]
	must((e.kind == reconfigure || e.kind == linkUp && b.pools[key].block != nil) && has && key == a.Pool, membership, "session %d is expelled from pool %s by %s", s.id, a.Pool, eventNames[e.kind])
	block := b.pools[key].block
	admitted := block.AnyRole || len(block.Admit) == 0 && s.Role != "" && b.hasRole(s.Role)
	must(!admitted && (len(block.Admit) == 0 || isExcluded(block, s)), rightful, "session %d is expelled from pool %s, and its role %q admitted", s.id, key, s.Role)
	delete(s.members, a.Registration)
	s.had[a.Registration] = true
	delete(b.pools[key].members, s.id)
}

// isExcluded tells whether a block says that a role may not join.
func isExcluded(block *admission.Block, s *sessionBook) bool {
	return !block.AnyRole && (s.Role == "" || len(block.Admit) > 0 && !slices.Contains(block.Admit, s.Role))
}

// mayBeExcluded tells whether its role may not join, by some pool session's role, or
// as none is up to tell.
func (b *books) mayBeExcluded(r *registerBook) bool {
	if isExcluded(r.of.block, r.session) || !r.of.block.AnyRole && len(r.of.block.Admit) == 0 && !b.isAnyUp() {
		return true
	}
	for role := range r.roles {
		if !r.of.block.AnyRole && len(r.of.block.Admit) == 0 && role != r.session.Role {
			return true
		}
	}
	return false
}

func (b *books) isAnyUp() bool {
	for _, l := range b.links {
		if l.up {
			return true
		}
	}
	return false
}

// hasRole tells whether all pool sessions that are up have a role.
func (b *books) hasRole(role string) bool {
	for _, l := range b.links {
		if l.up && l.Role != role {
			return false
		}
	}
	return true
}

func (b *books) checkPool(a admission.Action) {
	p := b.pools[a.Pool]
	if p == nil {
		p = &poolBook{members: make(map[admission.SessionID]uint64)}
		b.pools[a.Pool] = p
	}
	switch a.Kind {
	case admission.OpenPool:
		p.open = true
	case admission.ClosePool:
		must(p.open && len(p.members) == 0, membership, "pool %s is closed, and has %d members", a.Pool, len(p.members))
		p.open = false
	case admission.RevokePool:
		for id, registration := range p.members {
			delete(b.sessions[id].members, registration)
			b.sessions[id].had[registration] = true
		}
		clear(p.members)
		p.open = false
	case admission.ForgetPool:
		must(!p.open, membership, "pool %s is forgotten, and open", a.Pool)
		must(!b.isHeld(a.Pool), givenBack, "pool %s is forgotten, and has a registration", a.Pool)
		delete(b.pools, a.Pool)
	}
}

func (b *books) checkAsk(e event, a admission.Action) {
	l := b.links[a.Link]
	must(l != nil && l.up && !l.ending, givenBack, "%s on link %d, which is not up", simActionNames[a.Kind], a.Link)
	must(a.Request == l.last+1, numbers, "request %d on link %d follows %d", a.Request, a.Link, l.last)
	l.last = a.Request
	paced := a.Kind == admission.Ask || a.Pool != "" || e.kind != registered
	l.requests[a.Request] = askBook{a.Kind == admission.Ask, a.Pool, l.pace.ask(b.now, b.config.AskPause, paced, simActionNames[a.Kind])}
	if a.Kind == admission.Ask {
		p := b.pools[a.Pool]
		must(p != nil && p.open && !b.drains(a.Pool), givenBack, "pool %s is asked for, and is closed, or drains", a.Pool)
		return
	}
	_, owed := l.owed[a.Registration]
	owed = owed || e.kind == registered && e.registration == a.Registration // given back twice: the second one is in vain
	must(owed || b.hostile, givenBack, "registration %d is given back, and link %d has it not", a.Registration, a.Link)
	delete(l.owed, a.Registration)
	l.returned[a.Registration] = a.Request
}

func (b *books) checkHeld(a admission.Action) {
	l := b.links[a.Link]
	must(l != nil && l.up, givenBack, "link %d holds something, and is not up", a.Link)
	if a.Kind == admission.Ended {
		must(l.holds[a.Registration] == a.Pool, givenBack, "registration %d of pool %s ends, and was not held", a.Registration, a.Pool)
		delete(l.holds, a.Registration)
		return
	}
	must(l.owed[a.Registration] != "" || b.hostile, givenBack, "registration %d is held, and the router has not granted it", a.Registration)
	l.holds[a.Registration] = a.Pool
}

// conclude looks at what must be true after every event.
func (b *books) conclude(e event) {
	switch e.kind { // what was answered, and needed no action more
	case probeRefused, probeUndone, probeGranted:
		if r := b.asked[e.pending]; r != nil {
			b.concludeProbe(e, r)
		}
	case revoked:
		if l := b.links[e.link]; l != nil && l.up {
			must(l.holds[e.registration] == "", givenBack, "registration %d is held, and was revoked", e.registration)
		}
	case closeSession:
		for id, r := range b.asked {
			if r.session.id == e.session {
				delete(b.asked, id)
			}
		}
		delete(b.sessions, e.session)
	}
	switch e.kind {
	case reconfigure:
		b.concludeRules()
	case drain, drainPool:
		b.concludeDrain()
	}
	if e.kind == register {
		s := b.sessions[e.session]
		must(!s.isFull || len(s.waiting) == 0, bounds, "session %d has %d bytes of %d, and one more REGISTER is under way", s.id, s.lasts, b.config.HeldBytes)
	}
	for _, l := range b.links {
		for registration, key := range l.owed {
			p := b.pools[key]
			held := l.holds[registration] != ""
			must(l.ending || held && p != nil, givenBack, "registration %d on link %d is pool %s's, and neither held nor given back", registration, l.id, key)
		}
	}
	for _, s := range b.sessions {
		if s.departed {
			continue
		}
		must(len(s.waiting) > 0 || len(s.unsent) == 0, ordered, "session %d holds %d messages behind nothing", s.id, len(s.unsent))
		must((s.waits > 0) == (len(s.waiting) > 0), ordered, "session %d has %d REGISTERs without an answer, and %d bytes wait", s.id, len(s.waiting), s.waits)
		must(s.lasts > 0 || len(s.members) == 0, bounds, "session %d is in %d pools, and nothing is kept", s.id, len(s.members))
		must(s.lasts <= b.config.HeldBytes+mostBeyond, bounds, "session %d keeps %d bytes", s.id, s.lasts)
	}
}

// concludeRules finds nobody in a pool that a new admit excludes.
func (b *books) concludeRules() {
	for key, p := range b.pools {
		for id := range p.members {
			s := b.sessions[id]
			must(len(p.block.Admit) == 0 || !isExcluded(p.block, s), rightful, "session %d is in pool %s, which admits %v since now", id, key, p.block.Admit)
		}
	}
}

// concludeDrain finds nobody waiting for a pool that drains.
func (b *books) concludeDrain() {
	for _, s := range b.sessions {
		if len(s.waiting) > 0 { // the first is not held
			r := s.waiting[0]
			must(r.probing || r.undoing || !b.drains(keyFor(&r.of.asks)), answeredOnce, "REGISTER %d of session %d waits for a pool that drains", r.of.asks.Request, s.id)
		}
	}
}

// mostBeyond is what REGISTERs that are under way together may take beyond the
// bound, in these worlds. They are counted by then: who is told of them ends such
// a session.
const mostBeyond = 200_000

// concludeProbe takes an answer to a probe after which nothing was decided.
func (b *books) concludeProbe(e event, r *registerBook) {
	s := r.session
	answered := e.kind == probeUndone && r.undoing || e.kind != probeUndone && r.probing
	if e.kind == probeGranted && r.probing {
		must(s.departed, givenBack, "registration %d of session %d is not given back", e.registration, s.id)
	}
	if answered {
		r.probing, r.undoing = false, false
	}
	if r.answered && !r.probing && !r.undoing {
		delete(b.asked, e.pending)
	}
}

// mostTicks is how often in a row a driver may have to come back at once.
const mostTicks = 20

// checkTime finds Deadline early enough for what time will end, and not before
// now for ever.
func (b *books) checkTime(r *admission.Registrar, e event) {
	at, any := r.Deadline()
	for _, s := range b.sessions {
		for _, waits := range s.waiting {
			end := waits.of.at + b.config.RegisterPatience
			must(any && at <= max(end, b.now), onTime, "the next tick is at %s (%t), and REGISTER %d of session %d waits until %s", at, any, waits.of.request, s.id, end)
			must(e.kind != tick || end > b.now, onTime, "REGISTER %d of session %d waits beyond %s", waits.of.request, s.id, end)
		}
	}
	must(!any || at > b.now || b.ticks < mostTicks, onTime, "%d ticks at %s, and the next one is at %s", b.ticks, b.now, at)
	for key, p := range b.pools {
		if !p.open || len(p.members) == 0 || b.drains(key) || b.hostile || b.isHeld(key) { // a router may grant one registration to two
			continue
		}
		up := true
		for _, l := range b.links {
			up = up && l.up && !l.ending
		}
		must(any || !up, onTime, "pool %s has callees and no registration, and nothing will change that", key)
	}
}
