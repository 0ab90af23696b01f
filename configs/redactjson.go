package configs

import (
	"bytes"
	"regexp"
)

// jsonName is a name and what stands before its value, right or wrong: quoted in
// another way, or not at all.
var jsonName = regexp.MustCompile(`["']?([\w\-\\]+)["']?\s*[:=]\s*`)

// plainCall is a string that is one env or file, with what names its source spelled
// out.
var plainCall = regexp.MustCompile(`^"\$\{\s*(env|file)\(\\"[^"\\$%]*\\"\)\s*\}"$`)

// secretsInJSON finds the values of names that sound like a secret's. It goes by
// how a file in JSON looks, so that it holds for a file that cannot be parsed too.
func secretsInJSON(src []byte) (spans []span) {
	for _, at := range jsonName.FindAllSubmatchIndex(src, -1) {
		if !soundsSecret(string(src[at[2]:at[3]])) {
			continue
		}
		end := endOfJSON(src, at[1])
		if !plainCall.Match(src[at[1]:end]) {
			spans = append(spans, span{at[1], end})
		}
	}
	return spans
}

// endOfJSON returns where the value ends that begins at i: a string at its quote, a
// list or object at its bracket, what is neither, or is not closed, at the end of
// its line.
func endOfJSON(src []byte, i int) int {
	if i < len(src) && !bytes.ContainsRune([]byte(`"[{`), rune(src[i])) {
		if newline := bytes.IndexByte(src[i:], '\n'); newline >= 0 {
			return i + newline
		}
		return len(src)
	}
	depth, inString := 0, false
	for at := i; at < len(src); at++ {
		switch c := src[at]; {
		case inString && c == '\\':
			at++
		case c == '"':
			if inString = !inString; !inString && depth == 0 {
				return at + 1
			}
		case c == '\n' && (inString || depth == 0):
			return at
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth <= 0 {
				return at + 1
			}
		}
	}
	return len(src)
}
