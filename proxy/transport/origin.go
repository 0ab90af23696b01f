package transport

import (
	"net/http"
	"net/url"
	"strings"
)

// originAllowed tells whether a request may come from where it says. A browser
// says which page makes it; what is no browser says nothing, or its own host.
// Pages of this host may connect, and those of the hosts in allowed, in which *
// stands for any characters and a port is left out for any.
func originAllowed(r *http.Request, allowed []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" { // "null", of a page that is a file for one
		return false
	}
	if strings.EqualFold(u.Host, r.Host) {
		return true
	}
	for _, pattern := range allowed {
		host := u.Host
		if !hasPort(pattern) {
			host = strings.TrimSuffix(host, ":"+u.Port())
		}
		if matches(strings.ToLower(pattern), strings.ToLower(host)) {
			return true
		}
	}
	return false
}

// hasPort tells whether a host pattern ends with a port, "*" for one.
func hasPort(pattern string) bool {
	return strings.LastIndexByte(pattern, ':') > strings.LastIndexByte(pattern, ']')
}

// matches tells whether a pattern, in which * stands for any characters, fits
// all of a text.
func matches(pattern, text string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, first)
	if !ok || !wild {
		return ok && text == ""
	}
	for ; ; rest = rest[strings.IndexByte(rest, '*')+1:] {
		part, _, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, part)
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
}
