package proxy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wampool/wampool/configs"
)

// admitsAny tells whether some pool of the realm has room for callees without
// a role.
func (r *realm) admitsAny() bool {
	return slices.ContainsFunc(r.config().Pools, func(p configs.Pool) bool { return len(p.Admit) > 0 && p.Admit[0] == configs.AnyRole })
}

// roleless tells whether the router has welcomed a pool session without naming
// its role. r.mu is held.
func (r *realm) roleless() bool {
	return slices.ContainsFunc(r.links, func(l *link) bool { return l.conn != nil && l.authRole == "" })
}

// roleTroubles tells what the realm's blocks ask for that can't be where the
// router names no authrole, in a sentence each. r.mu is held.
func (r *realm) roleTroubles() (sentences []string) {
	if !r.roleless() {
		return nil
	}
	var byRole, direct []string
	for i := range r.config().Pools {
		p := &r.config().Pools[i]
		if len(p.Admit) == 0 || p.Admit[0] != configs.AnyRole {
			byRole = append(byRole, p.URI)
		}
		if len(p.Direct) > 0 {
			direct = append(direct, p.URI)
		}
	}
	if len(byRole) > 0 {
		sentences = append(sentences, fmt.Sprintf(
			`the router names no authrole, so nobody is admitted by role to %s: set admit = ["*"] there if its own check of a REGISTER is to decide alone`,
			someOf(byRole)))
	}
	if len(direct) > 0 {
		sentences = append(sentences, fmt.Sprintf(
			"the router names no authrole, so direct answers nobody's calls of %s: they go by the router; remove it, or have the router name roles",
			someOf(direct)))
	}
	return sentences
}

// someOf names the first few of many.
func someOf(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// tellRoleless says once what a router that names no authrole leaves of the
// pools. r.mu is held.
func (r *realm) tellRoleless() {
	if r.warned || !r.roleless() {
		return
	}
	r.warned = true
	troubles := r.roleTroubles()
	if !r.admitsAny() && len(troubles) == 0 {
		troubles = []string{`there is no pool block with admit = ["*"], so nothing is pooled: every REGISTER passes to the router`}
	}
	log := r.log.Warn()
	if len(troubles) == 0 {
		log = r.log.Info()
	}
	log.Strs("troubles", troubles).
		Msg(`router names no authrole: only pools with admit = ["*"] take callees, and whom the router lets register joins them`)
}
