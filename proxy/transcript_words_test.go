package proxy_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wampool/wampool/codec"
)

// codes are the types of messages by their names.
var codes = func() map[string]codec.MessageType {
	codes := make(map[string]codec.MessageType)
	for t := codec.TypeHello; t <= codec.TypeYield; t++ {
		if name := t.String(); !strings.Contains(name, " ") {
			codes[name] = t
		}
	}
	return codes
}()

// elementsOf splits a text at the spaces between JSON values.
func elementsOf(text string) (elements []string) {
	begin, depth, quoted := -1, 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[', c == '{':
			depth++
		case c == ']', c == '}':
			depth--
		case c == ' ' && depth == 0:
			if begin >= 0 {
				elements = append(elements, text[begin:i])
			}
			begin = -1
			continue
		}
		if begin < 0 {
			begin = i
		}
	}
	if begin >= 0 {
		elements = append(elements, text[begin:])
	}
	return elements
}

var (
	repeated = regexp.MustCompile(`"([^"\\])"\*([0-9]+)`)
	variable = regexp.MustCompile(`\$[a-z0-9.]+`)
	integer  = regexp.MustCompile(`[0-9]{6,16}`)
)

// mostAlike is the longest string of one character that is written out.
const mostAlike = 60

// messageOf is a message that a transcript writes, in JSON.
func (s *stage) messageOf(text string) []byte {
	elements := elementsOf(text)
	if elements[0] == "raw" {
		raw, err := strconv.Unquote(elements[1])
		if err != nil {
			s.fail("%s: %v", elements[1], err)
		}
		return []byte(raw)
	}
	for i := range min(2, len(elements)) {
		if code, known := codes[elements[i]]; known {
			elements[i] = fmt.Sprint(uint16(code))
		} else if i == 0 {
			s.fail("there is no message %s", elements[0])
		}
	}
	message := "[" + strings.Join(elements, ",") + "]"
	message = repeated.ReplaceAllStringFunc(message, func(m string) string {
		parts := repeated.FindStringSubmatch(m)
		n, _ := strconv.Atoi(parts[2])
		return `"` + strings.Repeat(parts[1], n) + `"`
	})
	return []byte(variable.ReplaceAllStringFunc(message, func(name string) string {
		id, known := s.drawn[name]
		if !known {
			return name
		}
		return fmt.Sprint(id)
	}))
}

// textOf is a message as a transcript writes it, byte for byte, but for spaces in
// place of the commas between its elements.
func (s *stage) textOf(message []byte) string {
	words, known := split(string(message))
	if known {
		words[0], known = nameOf(words[0])
	}
	if !known {
		return "raw " + strconv.Quote(string(message))
	}
	if len(words) > 1 && words[0] == "ERROR" {
		if name, known := nameOf(words[1]); known {
			words[1] = name
		}
	}
	for i, word := range words {
		words[i] = s.named(shortened(word))
	}
	return strings.Join(words, " ")
}

// nameOf returns the name of a message of this type.
func nameOf(code string) (name string, known bool) {
	n, err := strconv.ParseUint(code, 10, 16)
	name = codec.MessageType(n).String()
	return name, err == nil && codes[name] != 0
}

// split returns the elements of a list, as they are written. It is false where
// that is no list, or has spaces between its elements.
func split(message string) (elements []string, known bool) {
	inner, opens := strings.CutPrefix(message, "[")
	inner, closes := strings.CutSuffix(inner, "]")
	begin, depth, quoted := 0, 0, false
	for i := 0; i <= len(inner); i++ {
		switch {
		case i == len(inner), inner[i] == ',' && depth == 0 && !quoted:
			element := inner[begin:i]
			if element == "" || strings.TrimSpace(element) != element {
				return nil, false
			}
			elements, begin = append(elements, element), i+1
		case quoted && inner[i] == '\\':
			i++
		case inner[i] == '"':
			quoted = !quoted
		case quoted:
		case inner[i] == '[', inner[i] == '{':
			depth++
		case inner[i] == ']', inner[i] == '}':
			depth--
		}
	}
	return elements, opens && closes && depth == 0 && !quoted
}

// shortened writes strings of one character by how many there are.
func shortened(text string) string {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		n := 1
		for i+n < len(text) && text[i+n] == text[i+1] {
			n++
		}
		if n-1 > mostAlike && i+n < len(text) && text[i+n] == '"' {
			text = fmt.Sprintf(`%s"%c"*%d%s`, text[:i], text[i+1], n-1, text[i+n+1:])
		}
	}
	return text
}

// named writes the numbers that wampool has drawn by their names.
func (s *stage) named(text string) string {
	return integer.ReplaceAllStringFunc(text, func(number string) string {
		for _, name := range slices.Sorted(maps.Keys(s.drawn)) {
			if fmt.Sprint(s.drawn[name]) == number {
				return name
			}
		}
		return number
	})
}
