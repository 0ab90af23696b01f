package codec

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

func (c *cursor) space() {
	for c.pos < len(c.buf) && isSpace(c.buf[c.pos]) {
		c.pos++
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

func (c *cursor) jsonKind() kind {
	c.space()
	if c.pos >= len(c.buf) {
		return kindNone
	}
	switch b := c.buf[c.pos]; {
	case b == '"':
		return kindString
	case b == '[':
		return kindList
	case b == '{':
		return kindDict
	case b == 't' || b == 'f':
		return kindBool
	case b == 'n':
		return kindNull
	case b == '-' || b >= '0' && b <= '9':
		if _, float, ok := c.jsonNumberEnd(); ok && float || !ok && c.jsonSpecial() > 0 {
			return kindFloat
		}
		return kindInt
	case b == 'N' || b == 'I':
		if c.jsonSpecial() > 0 {
			return kindFloat
		}
	}
	return kindNone
}

// jsonSpecials are floats that RFC 8259 has no words for. Python writes them so.
var jsonSpecials = [...]jsonWord{{"NaN", math.NaN()}, {"Infinity", math.Inf(1)}, {"-Infinity", math.Inf(-1)}}

type jsonWord struct {
	word  string
	value float64
}

// jsonSpecial returns the length of such a word at the cursor, 0 if there is
// none or the rules don't have it.
func (c *cursor) jsonSpecial() int {
	if c.rules < native {
		return 0
	}
	for i := range jsonSpecials {
		if word := jsonSpecials[i].word; bytes.HasPrefix(c.buf[c.pos:], []byte(word)) {
			return len(word)
		}
	}
	return 0
}

func (c *cursor) jsonNext(k *container) (more, ok bool) {
	end := byte('}')
	if k.list {
		end = ']'
	}
	c.space()
	if c.pos >= len(c.buf) {
		return false, c.fail(endsEarly)
	}
	b := c.buf[c.pos]
	switch {
	case b == end:
		c.pos++
		return false, true
	case !k.begun:
		k.begun = true
		return true, true
	case b == ',':
		c.pos++
		c.space()
		return true, true
	}
	return false, c.fail(notWellForm)
}

// jsonDigits reads an integer without sign, exponent or leading zeros, of at
// most 16 digits; else it is false, and nothing has been read.
func (c *cursor) jsonDigits() (uint64, bool) {
	n, i := uint64(0), c.pos
	for ; i < len(c.buf) && i-c.pos < 17; i++ {
		d := c.buf[i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + uint64(d)
	}
	if i == c.pos || i-c.pos > 16 || n > MaxID || c.buf[c.pos] == '0' && i-c.pos > 1 {
		return 0, false
	}
	if i < len(c.buf) && (c.buf[i] == '.' || c.buf[i]|0x20 == 'e') {
		return 0, false
	}
	c.pos = i
	return n, true
}

// jsonNumberEnd finds the end of the number at pos (RFC 8259, section 6), and
// whether it is written as a float.
func (c *cursor) jsonNumberEnd() (end int, float, ok bool) {
	i := c.pos
	digits := func() bool {
		begin := i
		for i < len(c.buf) && c.buf[i] >= '0' && c.buf[i] <= '9' {
			i++
		}
		return i > begin
	}
	if i < len(c.buf) && c.buf[i] == '-' {
		i++
	}
	zero := i < len(c.buf) && c.buf[i] == '0'
	begin := i
	if !digits() || zero && i > begin+1 {
		return i, false, false
	}
	if i < len(c.buf) && c.buf[i] == '.' {
		i++
		float = true
		if !digits() {
			return i, true, false
		}
	}
	if i < len(c.buf) && c.buf[i]|0x20 == 'e' {
		i++
		float = true
		if i < len(c.buf) && (c.buf[i] == '+' || c.buf[i] == '-') {
			i++
		}
		if !digits() {
			return i, true, false
		}
	}
	return i, float, true
}

func (c *cursor) jsonNumber() (number, bool) {
	c.space()
	end, float, ok := c.jsonNumberEnd()
	if !ok {
		if n := c.jsonSpecial(); n > 0 {
			special := jsonSpecials[slices.IndexFunc(jsonSpecials[:], func(w jsonWord) bool { return len(w.word) == n })]
			c.pos += n
			return number{isFloat: true, float: special.value}, true
		}
		return number{}, c.fail("not a number")
	}
	text := c.buf[c.pos:end]
	c.pos = end
	if float {
		f, ok := parseFloat(text)
		if !ok {
			return number{}, c.fail("number out of range")
		}
		return number{isFloat: true, float: f}, true
	}
	n := number{negative: text[0] == '-'}
	if n.negative {
		text = text[1:]
	}
	for _, b := range text {
		d := uint64(b - '0')
		if n.integer > (1<<64-1-d)/10 {
			return n, c.fail(beyond64Bit)
		}
		n.integer = n.integer*10 + d
	}
	if n.negative && n.integer > 1<<63 {
		return n, c.fail(beyond64Bit)
	}
	n.negative = n.negative && n.integer > 0
	return n, true
}

const beyond64Bit = "integer beyond 64 bit"

// jsonStringEnd finds the closing quote of the string whose first one is at pos,
// and checks what is between; halves tells whether half of a surrogate pair may be,
// which is no character.
func (c *cursor) jsonStringEnd(halves bool) (end int, escaped, ok bool) {
	ascii := true
	for i := c.pos + 1; i < len(c.buf); i++ {
		i += jsonPlain(c.buf[i:])
		if i == len(c.buf) {
			break
		}
		switch b := c.buf[i]; {
		case b == '"':
			if !ascii && !utf8.Valid(c.buf[c.pos+1:i]) {
				return 0, false, c.fail(notUTF8)
			}
			return i, escaped, true
		case b == '\\':
			escaped = true
			n, half, ok := jsonEscape(c.buf[i:])
			switch {
			case !ok:
				return 0, false, c.fail("invalid escape in a string")
			case half && !halves:
				return 0, false, c.fail("half of a surrogate pair in a string")
			case half:
				c.foreign = true
			}
			i += n - 1
		case b < 0x20:
			return 0, false, c.fail("control character in a string")
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	return 0, false, c.fail(endsEarly)
}

// jsonPlain counts the bytes at the beginning that stand for themselves: no
// quote, no backslash, no control character, and nothing beyond ASCII. It looks
// at eight at a time, and so may stop up to seven too early.
func jsonPlain(text []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(text)-n >= 8; n += 8 {
		word := binary.LittleEndian.Uint64(text[n:])
		quote, backslash := word^ones*'"', word^ones*'\\'
		// A byte's top bit is set if it is below 0x20, is 0 after the xor, or
		// was set before.
		if ((word-ones*0x20)|(quote-ones)|(backslash-ones)|word)&tops != 0 {
			break
		}
	}
	return n
}

// jsonEscape returns the length of the escape that text begins with: a whole
// surrogate pair where it is one. half tells that it is only half of one.
func jsonEscape(text []byte) (length int, half, ok bool) {
	if len(text) < 2 {
		return 0, false, false
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, false, true
	case 'u':
		r, ok := jsonHex(text)
		if !ok || !utf16.IsSurrogate(r) {
			return 6, false, ok
		}
		if len(text) >= 12 && text[6] == '\\' && text[7] == 'u' {
			if low, ok := jsonHex(text[6:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				return 12, false, true
			}
		}
		return 6, true, true
	}
	return 0, false, false
}

// jsonHex reads \uXXXX.
func jsonHex(text []byte) (rune, bool) {
	if len(text) < 6 {
		return 0, false
	}
	var r rune
	for _, b := range text[2:6] {
		switch {
		case b >= '0' && b <= '9':
			b -= '0'
		case b|0x20 >= 'a' && b|0x20 <= 'f':
			b = b | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(b)
	}
	return r, true
}

func (c *cursor) jsonString() ([]byte, bool) {
	end, escaped, ok := c.jsonStringEnd(false)
	if !ok {
		return nil, false
	}
	text := c.buf[c.pos+1 : end]
	c.pos = end + 1
	if escaped {
		text = jsonUnescape(make([]byte, 0, len(text)), text)
	}
	return text, true
}

func (c *cursor) jsonSkipString() bool {
	begin := c.pos + 1
	if !c.jsonSkipText() {
		return false
	}
	if c.rules != portable && c.rules != careful || !bytes.HasPrefix(c.buf[begin:], jsonBinaryMark) {
		return true
	}
	if !isBase64(c.buf[begin+len(jsonBinaryMark) : c.pos-1]) {
		return c.fail(notBase64)
	}
	return true
}

// jsonSkipText passes over a string, whatever it stands for. No space must be
// before it.
func (c *cursor) jsonSkipText() bool {
	end, _, ok := c.jsonStringEnd(c.rules >= native)
	if ok {
		c.pos = end + 1
	}
	return ok
}

// jsonBinaryMark begins a string that stands for binary data. NUL can't be
// written in a JSON string in any other way.
var jsonBinaryMark = []byte(`\u0000`)

// jsonBinaryNext tells whether a JSON string comes next that stands for binary.
func (c *cursor) jsonBinaryNext() bool {
	return c.s == JSON && c.pos < len(c.buf) && bytes.HasPrefix(c.buf[c.pos+1:], jsonBinaryMark)
}

const notBase64 = "string that begins with NUL is not Base64 behind it"

// isBase64 tells whether valid string content is Base64 with its padding
// (RFC 4648, section 4; "Binary support in JSON", #name-binary-support-in-json).
func isBase64(text []byte) bool {
	if bytes.IndexByte(text, '\\') >= 0 { // some encoders escape "/", "+" and "="
		text = jsonUnescape(make([]byte, 0, len(text)), text)
	}
	digits := bytes.TrimRight(text, "=")
	for _, b := range digits {
		if (b|0x20 < 'a' || b|0x20 > 'z') && (b < '0' || b > '9') && b != '+' && b != '/' {
			return false
		}
	}
	return len(text)%4 == 0 && len(text)-len(digits) <= 2
}

// jsonUnescape appends the text that valid string content stands for.
func jsonUnescape(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			dst = append(dst, text[i])
			continue
		}
		i++
		switch text[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := jsonHex(text[i-1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low, _ := jsonHex(text[i+1:])
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, text[i])
		}
	}
	return dst
}

func (c *cursor) jsonSkipScalar() bool {
	for _, word := range [...]string{"true", "false", "null"} {
		if rest := c.buf[c.pos:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			c.pos += len(word)
			return true
		}
	}
	begin := c.pos
	end, float, ok := c.jsonNumberEnd()
	if !ok {
		n := c.jsonSpecial()
		c.pos += n
		return n > 0 || c.fail(notWellForm)
	}
	switch {
	case c.rules == portable:
		if _, ok := c.jsonNumber(); !ok { // too large for any number
			return false
		}
	case c.rules == careful && !float:
		if end-begin > maxDigits {
			return c.fail("integer of more than 4300 digits")
		}
		c.foreign = c.foreign || end-begin > 18
	}
	c.pos = end
	return true
}

// maxDigits is the longest integer that Python takes: Crossbar.io ends the
// session that sends a longer one.
const maxDigits = 4300
