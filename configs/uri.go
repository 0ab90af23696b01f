package configs

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reservedComponent is the first component of the URIs that WAMP keeps to
// itself ("URIs", #name-uris).
const reservedComponent = "wamp"

// validURI tells whether s is a URI by WAMP's loose rule ("URIs", #name-uris):
// components joined by dots, none empty, without whitespace and #. Control
// characters are refused as well.
func validURI(s string) bool {
	return validCharacters(s) && !slices.Contains(strings.Split(s, "."), "")
}

func validCharacters(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '#' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// validPattern does so for the URI of a pool block: a prefix may end anywhere,
// and a wildcard's empty components stand for any ("Prefix Matching",
// #name-prefix-matching; "Wildcard Matching", #name-wildcard-matching).
func validPattern(s, match string) bool {
	switch match {
	case "prefix":
		return s == "" || validCharacters(s) && !slices.Contains(strings.Split(strings.TrimSuffix(s, "."), "."), "")
	case "wildcard":
		return validCharacters(s)
	}
	return validURI(s)
}

func checkRealmName(name string) *fault {
	if validURI(name) {
		return nil
	}
	return &fault{
		summary: "this is not a valid realm name",
		hint:    `a realm is a URI: parts joined by dots, none empty, without spaces and #, as in "realm1"`,
	}
}

func checkErrorURI(uri string) *fault {
	if validURI(uri) {
		return nil
	}
	return &fault{
		summary: "overload_error is not a valid URI",
		hint:    `parts joined by dots, none empty, without spaces and #, as in "` + DefaultOverloadError + `"`,
	}
}

// maxKwarg bounds the name of a keyword, in bytes.
const maxKwarg = 128

// checkTraceContext takes "" and "kwargs.NAME". A dictionary within another is not
// looked into.
func checkTraceContext(v string) *fault {
	name, is := strings.CutPrefix(v, kwargsPrefix)
	if v == "" || is && name != "" && len(name) <= maxKwarg && validCharacters(name) && !strings.Contains(name, ".") {
		return nil
	}
	return &fault{
		summary: `context must be "" or name a keyword of calls`,
		hint:    `example: context = "kwargs.traceparent"; a dictionary within another is not looked into`,
	}
}

func checkPoolURI(uri, match string) *fault {
	if first, _, _ := strings.Cut(uri, "."); first == reservedComponent {
		return &fault{
			summary: "procedures under wamp. are reserved for the router",
			hint:    `name a procedure of your own, as in "com.example.compute"`,
		}
	}
	if validPattern(uri, match) {
		return nil
	}
	f := &fault{
		summary: "this is not a valid procedure URI",
		hint:    `parts joined by dots, none empty, without spaces and #, as in "com.example.compute"`,
	}
	if match == "exact" && validCharacters(uri) && uri != "" {
		f.hint = `for all procedures that begin so: match = "prefix"; for any part in a gap: match = "wildcard"`
	}
	return f
}
