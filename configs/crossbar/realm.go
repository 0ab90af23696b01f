package crossbar

import (
	"fmt"
	"slices"
	"strings"
)

// rights are what a login may do for the pools of its realm.
type rights int

const (
	full    rights = iota // it may register them
	unknown               // something else decides over that
	little                // it may join, and register nothing or not all
	nothing               // it can't join
)

// rightsOf returns what a login may do for pools of these URIs, or for some where
// none is named.
func rightsOf(l login, roles []role, uris []string) rights {
	at := slices.IndexFunc(roles, func(r role) bool { return r.name == l.role })
	if at < 0 {
		return nothing
	}
	r := roles[at]
	switch {
	case r.dynamic:
		return unknown
	case !r.registersAnything():
		return little
	}
	for _, uri := range uris {
		if !r.governing(uri).register {
			return little
		}
	}
	return full
}

// rolesOf returns the roles of a realm.
func (c *converter) rolesOf(realm *node) []role {
	found, ok := c.roles[realm]
	if !ok {
		found = roles(realm)
		c.roles[realm] = found
	}
	return found
}

// mostRealms and mostPools are how many are taken over: what is written from them is
// to be read as well.
const (
	mostRealms = 100
	mostPools  = 1000
)

func (c *converter) writeRealms(worker *node) {
	seen := make(map[string]bool)
	worker.get("realms").each(func(_ string, realm *node) {
		name := realm.get("name").string("")
		mistakes := mistakesOf(routerHead + listenHead + "realm " + quote(name) + " {}\n")
		if c.leaveOut(realm, mistakes, seen[name], len(seen) == mostRealms) {
			return
		}
		seen[name] = true
		c.writeRealm(realm, name)
	})
}

// leaveOut tells why a part of the source is not taken over. It is false where it is.
func (c *converter) leaveOut(n *node, mistakes []string, second, tooMany bool) bool {
	switch {
	case len(mistakes) > 0:
	case second:
		mistakes = []string{"the second of its name, left out"}
	case tooMany:
		mistakes = []string{"one too many, left out"}
	default:
		return false
	}
	n.leave()
	c.notes = append(c.notes, n.where()+": "+strings.Join(mistakes, "; "))
	return true
}

func (c *converter) writeRealm(realm *node, name string) {
	p := &c.paper
	all, pools := c.rolesOf(realm), c.queues(realm)
	var uris []string
	for _, q := range pools {
		uris = append(uris, q.uri)
	}
	p.line("")
	p.line("realm %s {", quote(name))
	p.comment("%s", realm.where())
	own := c.writeAuth(realm, name, all, uris)
	p.line("")
	p.comment("Callees that ask to share, by invoke or concurrency in their REGISTER, are pooled.")
	p.line("auto = true")
	for _, r := range all {
		c.tellOf(r, own)
	}
	if len(pools) > 0 {
		p.line("")
		p.comment("By whose policy, and how many at once at each, is what callees ask for in REGISTER, as at")
		p.comment("Crossbar.io. Said in a pool block, it holds for callees that do not ask, too, as in")
		p.comment("  policy      = \"roundrobin\"")
		p.comment("  concurrency = 4")
	}
	for _, q := range pools {
		c.writePool(q, all, own)
	}
	p.line("}")
}

// tellOf says what becomes of a role's callees.
func (c *converter) tellOf(r role, own login) {
	what := "may register nothing: it has nothing to do with pools"
	switch {
	case r.dynamic:
		what = "is decided over by an authorizer, at Crossbar.io as before"
	case r.name == own.role:
		what = "is that of wampool's own session: its callees are pooled"
	case r.registersAnything():
		what = "may register: its callees are pooled where a pool block has it in admit"
	}
	c.paper.comment("Role %s (line %d) %s.", quote(r.name), r.node.line, what)
}

// writeAuth writes as whom the pool session logs in, and returns that.
func (c *converter) writeAuth(realm *node, name string, roles []role, uris []string) login {
	p := &c.paper
	logins, elsewhere := c.door.logins(name)
	slices.SortStableFunc(logins, func(a, b login) int {
		return int(rightsOf(a, roles, uris)) - int(rightsOf(b, roles, uris))
	})
	for _, n := range elsewhere {
		p.comment("%s is decided over elsewhere: what login wampool has there has to be said by hand.", n.where())
	}
	if len(logins) == 0 {
		p.comment("The source has no login for wampool's own session. Anonymously it will be refused.")
		return login{}
	}
	l := logins[0]
	switch rightsOf(l, roles, uris) {
	case nothing:
		p.comment("The role %s of this login is none of this realm's: it will be refused.", quote(l.role))
	case little:
		p.comment("The role %s of this login may not register all that is pooled: give it that right.", quote(l.role))
	}
	if l.at != nil {
		p.comment("%s, with the role %s.", l.at.where(), quote(l.role))
		p.comment("wampool had better have a login of its own, with the right to register just what it pools.")
	}
	p.line("auth {")
	p.line("method = %s", quote(l.method))
	if l.method != "anonymous" {
		p.line("authid = %s", quote(l.authid))
		p.line("secret = env(%s)", quote(c.variable(l)))
	}
	p.line("}")
	return l
}

// variable is the environment variable with a login's secret: that of Crossbar.io
// where it has one.
func (c *converter) variable(l login) string {
	name := l.variable()
	holds := map[string]string{
		"ticket": "the ticket", "wampcra": "the secret", "scram": "the password", "cryptosign": "the private key, 64 hex digits,",
	}[l.method] + " of " + quote(l.authid) + ", " + l.at.where()
	if name == "" {
		name = "WAMPOOL_SECRET"
		for n := 2; c.holdsOther(name, holds); n++ {
			name = fmt.Sprintf("WAMPOOL_SECRET_%d", n)
		}
	}
	if !slices.ContainsFunc(c.variables, func(v Variable) bool { return v.Name == name }) {
		c.variables = append(c.variables, Variable{name, holds})
	}
	return name
}

func (c *converter) holdsOther(name, holds string) bool {
	return slices.ContainsFunc(c.variables, func(v Variable) bool { return v.Name == name && v.Holds != holds })
}
