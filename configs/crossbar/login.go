package crossbar

import "regexp"

// login is an identity that wampool's own session could have at a door.
type login struct {
	method, authid, role string
	secret               *node // that stands in the source; nil: it does not
	at                   *node // where it is said; nil: nowhere, as by default
}

// methods are those of Crossbar.io that the pool session knows, with the member
// that holds their principals, in the order in which they are preferred.
var methods = []struct{ name, principals, secret string }{
	{"anonymous", "", ""},
	{"ticket", "principals", "ticket"},
	{"wampcra", "users", "secret"},
	{"scram", "principals", ""},
	{"cryptosign", "principals", ""},
}

// logins returns those that the source spells out for a realm, and where others are
// decided elsewhere.
func (d *door) logins(realm string) (found []login, elsewhere []*node) {
	auth := d.node.get("auth")
	if len(auth.within) == 0 {
		return []login{{method: "anonymous", role: "anonymous"}}, nil
	}
	for _, method := range methods {
		how := auth.get(method.name)
		switch {
		case how.path == "":
		case how.get("type").string("static") != "static":
			elsewhere = append(elsewhere, how)
		case method.name == "anonymous":
			if how.get("realm").string(realm) == realm {
				found = append(found, login{method: "anonymous", role: how.get("role").string("anonymous"), at: how})
			}
			how.get("authid").leave()
		default:
			how.get(method.principals).each(func(authid string, principal *node) {
				principal.leave()
				if authid == "" || principal.get("realm").string(realm) != realm {
					return
				}
				l := login{method: method.name, authid: authid, role: principal.get("role").string(""), at: principal}
				if secret := principal.get(method.secret); secret.kind == text && !principal.has("salt") {
					l.secret = secret
				}
				found = append(found, l)
			})
		}
	}
	return found, elsewhere
}

var fromVariable = regexp.MustCompile(`^\$\{([a-zA-Z_][a-zA-Z0-9_]*)\}$`)

// variable is the environment variable from which Crossbar.io has the secret; "" if
// there is none.
func (l login) variable() string {
	if l.secret == nil {
		return ""
	}
	if name := fromVariable.FindStringSubmatch(l.secret.text); name != nil {
		return name[1]
	}
	return ""
}
