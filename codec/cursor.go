package codec

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// cursor reads one value after the other from a message's bytes. Its methods
// are false where the bytes are not what they expect; why is then why they
// say. What they return aliases the bytes wherever it can.
type cursor struct {
	s   Serializer
	buf []byte
	pos int
	why string
	// path is where in the value skip has stopped, ".key[2]" for one.
	path  string
	rules rules
	// foreign says that skip has passed over what only this serializer has, and
	// the rules are careful.
	foreign bool
}

// rules are what skip lets pass. The zero rules are for a header: JSON as RFC
// 8259 has it, keys are strings.
type rules uint8

const (
	// portable is that, less what can't be expressed in each serializer.
	portable rules = iota + 1
	// native is for a payload: whatever its serializer can say, and in JSON NaN,
	// infinities and halves of surrogate pairs, as Python and JavaScript write
	// them.
	native
	// careful is native, less what makes a peer end the session that sends it.
	careful
)

// container is a list or dictionary that is being read.
type container struct {
	left  int // elements, or entries, still to come; open: it ends by a mark
	begun bool
	list  bool
}

const open = -1

func (c *cursor) fail(why string) bool {
	if c.why == "" {
		c.why = why
	}
	return false
}

const maxPath = 200 // bytes of a path in an error

// inside notes that what is wrong is at this step into a list or dictionary. It
// is false. Steps come from the inside out; the inner ones of many are cut off.
func (c *cursor) inside(step string) bool {
	if c.path = step + c.path; len(c.path) > maxPath {
		c.path = strings.ToValidUTF8(c.path[:maxPath], "") + "…"
	}
	return false
}

func (c *cursor) insideList(index int) bool { return c.inside("[" + strconv.Itoa(index) + "]") }

// insideDict takes where the key is.
func (c *cursor) insideDict(key int) bool {
	k := cursor{s: c.s, buf: c.buf, pos: key}
	if k.kind() != kindString {
		return c.inside("[?]")
	}
	text, ok := k.str()
	if !ok {
		return c.inside("[?]")
	}
	return c.inside("." + printable(text))
}

// noValue is for bytes that begin no value.
func (c *cursor) noValue() bool {
	if c.pos < len(c.buf) {
		return c.fail(notWellForm)
	}
	return c.fail(endsEarly)
}

const (
	endsEarly    = "ends early"
	notAList     = "not a list"
	notADict     = "not a dictionary"
	notAString   = "not a string"
	notUTF8      = "not valid UTF-8"
	notWellForm  = "not well formed"
	tooDeep      = "nested too deeply"
	keyNotString = "dictionary key is not a string"
)

// kind is what sort of value comes next.
type kind uint8

const (
	kindNone kind = iota // the bytes end here, or begin no value
	kindInt
	kindFloat
	kindString
	kindBinary
	kindList
	kindDict
	kindBool
	kindNull
	kindOther // extension types, tags, simple values
)

func (c *cursor) kind() kind {
	switch c.s {
	case JSON:
		return c.jsonKind()
	case MessagePack:
		return c.msgpackKind()
	default:
		return c.cborKind()
	}
}

// list enters a list.
func (c *cursor) list() (container, bool) {
	switch c.s {
	case JSON:
		c.space()
		if c.pos < len(c.buf) && c.buf[c.pos] == '[' {
			c.pos++
			return container{left: open, list: true}, true
		}
		return container{}, c.fail(notAList)
	case MessagePack:
		n, ok := c.msgpackContainer(0x90, 0xdc, notAList)
		return container{left: n, list: true}, ok
	default:
		n, ok := c.cborContainer(cborList, notAList)
		return container{left: n, list: true}, ok
	}
}

// dict enters a dictionary.
func (c *cursor) dict() (container, bool) {
	switch c.s {
	case JSON:
		c.space()
		if c.pos < len(c.buf) && c.buf[c.pos] == '{' {
			c.pos++
			return container{left: open}, true
		}
		return container{}, c.fail(notADict)
	case MessagePack:
		n, ok := c.msgpackContainer(0x80, 0xde, notADict)
		return container{left: n}, ok
	default:
		n, ok := c.cborContainer(cborDict, notADict)
		return container{left: n}, ok
	}
}

// emptyDictNext returns the bytes of the dictionary at the cursor, if it is empty
// and in its shortest form; else 0.
func (c *cursor) emptyDictNext() int {
	rest := c.buf[c.pos:]
	switch {
	case c.s == JSON && len(rest) > 1 && rest[0] == '{' && rest[1] == '}':
		return 2
	case c.s == CBOR && len(rest) > 0 && rest[0] == cborDict<<5,
		c.s == MessagePack && len(rest) > 0 && rest[0] == 0x80:
		return 1
	}
	return 0
}

// next goes to the next element of a list, or the next key of a dictionary.
// more is false behind the last one.
func (c *cursor) next(k *container) (more, ok bool) {
	if k.left != open {
		if k.left == 0 {
			return false, true
		}
		k.left--
		return true, true
	}
	if c.s == JSON {
		return c.jsonNext(k)
	}
	if c.pos >= len(c.buf) {
		return false, c.fail(endsEarly)
	}
	if c.buf[c.pos] == cborBreak {
		c.pos++
		return false, true
	}
	return true, true
}

// key reads a dictionary's key and what parts it from its value.
func (c *cursor) key() ([]byte, bool) {
	switch c.kind() {
	case kindString:
	case kindNone:
		return nil, c.noValue()
	default:
		return nil, c.fail(keyNotString)
	}
	key, ok := c.str()
	if !ok || c.s != JSON {
		return key, ok
	}
	return key, c.colon()
}

// str reads the string that comes next. It aliases the bytes unless they hold
// escapes or chunks.
func (c *cursor) str() ([]byte, bool) {
	var text []byte
	var ok bool
	switch c.s {
	case JSON:
		return c.jsonString()
	case MessagePack:
		text, ok = c.msgpackString()
	default:
		text, ok = c.cborString()
	}
	if ok && !utf8.Valid(text) {
		return nil, c.fail(notUTF8)
	}
	return text, ok
}

// number is an integer or a float.
type number struct {
	float    float64
	integer  uint64 // absolute value
	isFloat  bool
	negative bool
}

// num reads a number. Integers beyond 64 bit are refused.
func (c *cursor) num() (number, bool) {
	switch c.s {
	case JSON:
		return c.jsonNumber()
	case MessagePack:
		return c.msgpackNumber()
	default:
		return c.cborNumber()
	}
}

// uint reads an integer from 0 to 2^53. JavaScript's encoders write large
// integers as floats: those that are whole are taken.
func (c *cursor) uint() (uint64, bool) {
	switch c.s { // the common cases, without a detour
	case JSON:
		c.space()
		if n, ok := c.jsonDigits(); ok {
			return n, true
		}
	case MessagePack:
		if n, ok := c.smallUint(0x7f, 0xcc); ok {
			return n, true
		}
	default:
		if n, ok := c.smallUint(23, 0x18); ok {
			return n, true
		}
	}
	n, ok := c.num()
	if !ok {
		return 0, false
	}
	if n.isFloat {
		if n.float < 0 || n.float > MaxID || n.float != math.Trunc(n.float) {
			return 0, c.fail("not an integer from 0 to 2^53")
		}
		return uint64(n.float), true
	}
	if n.negative || n.integer > MaxID {
		return 0, c.fail("not an integer from 0 to 2^53")
	}
	return n.integer, true
}

// smallUint reads an integer that is its own head up to a limit, or else stands
// behind one of three heads, for 8, 16 and 32 bits. It is false for any other
// value, and nothing has been read then.
func (c *cursor) smallUint(most, head8 byte) (uint64, bool) {
	if c.pos >= len(c.buf) {
		return 0, false
	}
	rest := c.buf[c.pos+1:]
	switch b := c.buf[c.pos]; {
	case b <= most:
		c.pos++
		return uint64(b), true
	case b == head8 && len(rest) >= 1:
		c.pos += 2
		return uint64(rest[0]), true
	case b == head8+1 && len(rest) >= 2:
		c.pos += 3
		return uint64(binary.BigEndian.Uint16(rest)), true
	case b == head8+2 && len(rest) >= 4:
		c.pos += 5
		return uint64(binary.BigEndian.Uint32(rest)), true
	}
	return 0, false
}

// skip passes over one value and checks all of it: that it is well formed, its
// depth, the UTF-8 of its strings, and the rest by the cursor's rules.
func (c *cursor) skip(depth int) bool {
	switch c.kind() {
	case kindList:
		return c.skipList(depth)
	case kindDict:
		return c.skipDict(depth)
	case kindString:
		if c.s == JSON {
			return c.jsonSkipString()
		}
		_, ok := c.str()
		return ok
	case kindNone:
		return c.noValue()
	default:
		switch c.s {
		case JSON:
			return c.jsonSkipScalar()
		case MessagePack:
			return c.msgpackSkipScalar()
		default:
			return c.cborSkipScalar(depth)
		}
	}
}

func (c *cursor) skipList(depth int) bool {
	if depth >= MaxDepth {
		return c.fail(tooDeep)
	}
	k, ok := c.list()
	for i := 0; ok; i++ {
		var more bool
		if more, ok = c.next(&k); !more {
			break
		}
		if !c.skip(depth + 1) {
			return c.insideList(i)
		}
	}
	return ok
}

func (c *cursor) skipDict(depth int) bool {
	if depth >= MaxDepth {
		return c.fail(tooDeep)
	}
	k, ok := c.dict()
	for ok {
		var more bool
		if more, ok = c.next(&k); !more {
			break
		}
		key := c.pos
		if !c.skipKey(depth) {
			return false
		}
		if !c.skip(depth + 1) {
			return c.insideDict(key)
		}
	}
	return ok
}

// skipKey passes over a dictionary's key and what parts it from its value.
func (c *cursor) skipKey(depth int) bool {
	if c.rules < native {
		_, ok := c.key()
		return ok
	}
	switch k := c.kind(); {
	case c.s == JSON:
		if k != kindString {
			if k == kindNone {
				return c.noValue()
			}
			return c.fail(notWellForm)
		}
		return c.jsonSkipText() && c.colon()
	case k == kindString:
		_, ok := c.str()
		return ok
	case c.rules == careful:
		// Python's MessagePack takes no others, and Crossbar.io ends the session
		// that sends one.
		if c.s == MessagePack && k != kindBinary {
			return c.fail(keyNotString)
		}
		c.foreign = true
	}
	return c.skip(depth + 1)
}

// colon reads what parts a key from its value in JSON.
func (c *cursor) colon() bool {
	c.space()
	if c.pos >= len(c.buf) || c.buf[c.pos] != ':' {
		return c.fail(notWellForm)
	}
	c.pos++
	return true
}

// atEnd tells whether nothing is left but, in JSON, white space.
func (c *cursor) atEnd() bool {
	if c.s == JSON {
		c.space()
	}
	return c.pos == len(c.buf)
}

// parseFloat reads a JSON number as a float.
func parseFloat(text []byte) (float64, bool) {
	f, err := strconv.ParseFloat(string(text), 64)
	return f, err == nil
}
