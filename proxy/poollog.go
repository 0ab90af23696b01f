package proxy

import (
	"fmt"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
)

// What an operator asks the log: who is in a pool and who is not, and why.

// logJoined says that a callee is in a pool, and how many calls it gets at once;
// of one without a limit, nothing.
func (s *session) logJoined(p *pool, a *admission.Action) {
	event := s.log.Info().Str("procedure", p.procedure).Stringer("policy", a.Policy)
	limit, block := a.Limit, p.config.Concurrency
	if limit == 0 || block > 0 && block < limit {
		limit = block
	}
	if limit > 0 {
		event = event.Int("concurrency", limit)
	}
	event.Msg("pool member joined")
}

// logNoMember says that a callee is in a pool no more.
func (s *session) logNoMember(key, how string) {
	s.log.Info().Str("procedure", procedureOf(key)).Msg("pool member " + how)
}

// logLeft says that a callee has left a pool, and what becomes of the pool if it
// was the last one.
func (r *realm) logLeft(s *session, key string) {
	s.logNoMember(key, "left")
	p := r.pools[key]
	if !r.isOpen(p) || r.dealer.Members(p.id) > 0 {
		return
	}
	event := r.log.Info().Str("procedure", p.procedure)
	if p.config.Linger > 0 {
		event = event.Dur("linger", p.config.Linger)
	}
	event.Msg("pool has no callee left; its registration is kept a while")
}

// logPassed says why a callee that asks to share, or whom a block governs, is
// not in a pool: its role.
func (r *realm) logPassed(s *session, m *codec.Register) {
	remedy := s.roleRemedy()
	r.registers.of(m).Passed++
	s.noteUnpooled(unpooled{procedure: m.Procedure, why: whyRole, text: "its role is not the pool session's and not admitted: " + remedy})
	more, say := r.proxy.notPooled.now()
	if !say {
		return
	}
	s.log.Warn().Str("procedure", loggedURI(m.Procedure)).Str("authrole", s.authRole).Str("remedy", remedy).Int("more_since_last_line", more).
		Msg("callee not pooled: its role is not the pool session's and not admitted; its REGISTER passes to the router")
}

// logPlain says that a callee has registered a procedure for itself alone, in a
// realm whose callees may share.
func (r *realm) logPlain(s *session, m *codec.Register) {
	if isReserved(m.Procedure) {
		return
	}
	cause, remedy := r.whyPlain(m)
	r.registers.of(m).Passed++
	s.noteUnpooled(unpooled{procedure: m.Procedure, why: whyPlain, text: cause + ": " + remedy})
	if more, say := r.proxy.notPooled.now(); say {
		s.log.Warn().Str("procedure", loggedURI(m.Procedure)).Str("remedy", remedy).
			Int("more_since_last_line", more).Msg("callee not pooled: " + cause)
	}
}

// whyPlain says in words why a REGISTER is for nobody but its callee, and what to do.
func (r *realm) whyPlain(m *codec.Register) (cause, remedy string) {
	switch {
	case !codec.ValidPattern(m.Procedure, m.Match) || !isMatch(m.Match):
		return "its URI or match option can be no pool's", fmt.Sprintf("name the procedure by a URI of %d bytes at most, without white space and control characters", codec.MaxURI)
	case !r.config().Auto && asksToShare(m):
		return "the realm has auto = false, and no block governs it", "add a pool block for it"
	}
	return "it registered plainly", "add a pool block for it, or register it with invoke or concurrency"
}

// loggedURI is what the log gets of a URI that a client has made up.
func loggedURI(uri string) string { return excerpt(uri, maxUnpooledURI) }

// logDenied says that a callee's REGISTER was answered by an error.
func (s *session) logDenied(a *admission.Action, uri []byte) {
	remedy, text := "", s.realm.whyDenied(a)
	if a.Denial.Reason == admission.PoolRefused && string(uri) == uriAlreadyExists {
		remedy = "somebody else has it at the router; where several sidecars serve it, set upstream in the pool block of each"
		text += ": " + remedy
	}
	s.realm.registers.of(a.Register).Denied++
	s.noteUnpooled(unpooled{procedure: a.Register.Procedure, why: whyDenied, error: string(uri), text: text})
	more, say := s.proxy.notAdmitted.now()
	if !say {
		return
	}
	event := s.log.Warn().Str("procedure", a.Register.Procedure).Bytes("error", uri)
	if remedy != "" {
		event = event.Str("remedy", remedy)
	}
	event.Int("more_since_last_line", more).Msg("callee not admitted to the pool")
}

// whyDenied says in a sentence why a REGISTER was answered by an error.
func (r *realm) whyDenied(a *admission.Action) string {
	switch a.Denial.Reason {
	case admission.PoolRefused:
		return "the router refused the pool session's own REGISTER"
	case admission.ProbeRefused:
		return "the router refused the callee's own REGISTER"
	}
	_, text := r.denialOf(a)
	return text
}
