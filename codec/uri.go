package codec

import "unicode/utf8"

// ValidURI tells whether a URI follows the loose rules of the specification
// (basic profile, "URIs"): components parted by dots, none of them empty, no
// white space and no '#'. Control characters are refused as well.
func ValidURI[T string | []byte](uri T) bool {
	if len(uri) == 0 || !utf8.ValidString(string(uri)) {
		return false
	}
	component := 0
	for i := 0; i < len(uri); i++ {
		switch b := uri[i]; {
		case b == '.':
			if component == 0 {
				return false
			}
			component = 0
		case b <= ' ' || b == 0x7f || b == '#':
			return false
		default:
			component++
		}
	}
	for _, r := range string(uri) {
		if r == 0x85 || r == 0xa0 || r == 0x1680 || r >= 0x2000 && r <= 0x200a || r == 0x2028 || r == 0x2029 || r == 0x202f || r == 0x205f || r == 0x3000 {
			return false // white space beyond ASCII
		}
	}
	return component > 0
}
