package crossbar

import "strings"

// role is a role of a realm.
type role struct {
	name        string
	node        *node
	dynamic     bool // its rights are decided by an authorizer
	permissions []permission
}

// permission is what a role may do with the procedures that it matches.
type permission struct {
	uri, match     string
	register, call bool
}

func roles(realm *node) (found []role) {
	realm.get("roles").each(func(_ string, n *node) {
		r := role{name: n.get("name").string(""), node: n, dynamic: n.has("authorizer")}
		n.get("permissions").each(func(_ string, p *node) {
			p.leave()
			allow := p.get("allow")
			perm := permission{
				uri: p.get("uri").string(""), match: p.get("match").string(""),
				register: allow.get("register").truth, call: allow.get("call").truth,
			}
			if perm.match == "" {
				perm.uri, perm.match = starred(perm.uri)
			}
			r.permissions = append(r.permissions, perm)
		})
		n.leave()
		if r.name != "" {
			found = append(found, r)
		}
	})
	return found
}

// starred is how a URI is meant that does not say how it matches.
func starred(uri string) (string, string) {
	switch stars := strings.Count(uri, "*"); {
	case stars == 0:
		return uri, "exact"
	case stars == 1 && strings.HasSuffix(uri, "*"):
		return strings.TrimSuffix(uri, "*"), "prefix"
	}
	return strings.ReplaceAll(uri, "*", ""), "wildcard"
}

// governing returns the permission that decides over a procedure, as Crossbar.io
// chooses it: the longest that it begins with, which must be for prefixes or the
// procedure itself, or one with a gap that fits.
func (r role) governing(uri string) permission {
	var best permission
	found := false
	for _, p := range r.permissions {
		if p.match != "wildcard" && strings.HasPrefix(uri, p.uri) && (!found || len(p.uri) >= len(best.uri)) {
			best, found = p, true
		}
	}
	if found && best.match != "prefix" && best.uri != uri {
		best = permission{}
	}
	if best.match == "exact" {
		return best
	}
	for _, p := range r.permissions {
		if p.match == "wildcard" && fits(p.uri, uri) {
			return p
		}
	}
	return best
}

func fits(pattern, uri string) bool {
	a, b := strings.Split(pattern, "."), strings.Split(uri, ".")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != "" && a[i] != b[i] {
			return false
		}
	}
	return true
}

// registersAnything tells whether the role may register something at all.
func (r role) registersAnything() bool {
	for _, p := range r.permissions {
		if p.register {
			return true
		}
	}
	return r.dynamic
}
