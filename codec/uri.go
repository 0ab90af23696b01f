package codec

import (
	"unicode"
	"unicode/utf8"
)

// MaxURI is the longest URI that is taken for one, in bytes. The specification
// names no limit; no name of a procedure comes near it.
const MaxURI = 1024

// ValidURI tells whether a URI follows the loose rules of the specification
// ("URIs", #name-uris): components parted by dots, none of them empty, no
// white space and no '#'. Control characters are refused as well.
func ValidURI[T string | []byte](uri T) bool {
	empty, last, ok := emptyComponents(uri)
	return ok && empty == 0 && !last
}

// ValidPattern tells whether a URI follows the loose rules for its match
// option: a prefix may end with an empty component, since it need not end where
// one does ("Prefix Matching", #name-prefix-matching); a wildcard pattern may have
// empty ones anywhere, which are its wildcards ("Wildcard Matching",
// #name-wildcard-matching); exact, also by an empty match option, see [ValidURI].
func ValidPattern[T string | []byte](uri T, match string) bool {
	empty, last, ok := emptyComponents(uri)
	switch match {
	case "prefix":
		return ok && empty == 0
	case "wildcard":
		return ok
	}
	return ok && empty == 0 && !last
}

// emptyComponents counts the empty components before the last, tells whether
// the last is empty, and is not ok for what can't be in a URI at all.
func emptyComponents[T string | []byte](uri T) (empty int, last, ok bool) {
	if len(uri) > MaxURI {
		return 0, false, false
	}
	last = true
	ascii := true
	for i := 0; i < len(uri); i++ {
		switch b := uri[i]; {
		case b == '.':
			if last {
				empty++
			}
			last = true
		case b <= ' ' || b == 0x7f || b == '#':
			return 0, false, false
		default:
			ascii = ascii && b < 0x80
			last = false
		}
	}
	return empty, last, ascii || textWithoutSpace(string(uri))
}

func textWithoutSpace(uri string) bool {
	for _, r := range uri {
		if unicode.IsSpace(r) {
			return false
		}
	}
	return utf8.ValidString(uri)
}
