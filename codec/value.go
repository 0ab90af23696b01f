package codec

// Value is one value of a [Dict].
type Value struct {
	s   Serializer
	raw []byte
}

// Uint returns the value if it is an integer from 0 to 2^53.
func (v Value) Uint() (uint64, bool) {
	c := cursor{s: v.s, buf: v.raw}
	if k := c.kind(); k != kindInt && k != kindFloat {
		return 0, false
	}
	return c.uint()
}

// Null tells whether the value is null.
func (v Value) Null() bool {
	c := cursor{s: v.s, buf: v.raw}
	return c.kind() == kindNull
}

// Int returns the value if it is an integer from -2^53 to 2^53.
func (v Value) Int() (int64, bool) {
	c := cursor{s: v.s, buf: v.raw}
	if c.kind() != kindInt {
		return 0, false
	}
	n, ok := c.num()
	if !ok || n.integer > MaxID {
		return 0, false
	}
	if n.negative {
		return -int64(n.integer), true
	}
	return int64(n.integer), true
}

// Bool returns the value if it is a boolean.
func (v Value) Bool() (value, ok bool) {
	c := cursor{s: v.s, buf: v.raw}
	return c.boolean()
}

// Str returns the value if it is a string.
func (v Value) Str() ([]byte, bool) {
	c := cursor{s: v.s, buf: v.raw}
	if c.kind() != kindString {
		return nil, false
	}
	return c.str()
}

// Dict returns the value if it is a dictionary.
func (v Value) Dict() (Dict, bool) {
	c := cursor{s: v.s, buf: v.raw}
	if c.kind() != kindDict {
		return Dict{}, false
	}
	return Dict{v.raw}, true
}

// Strings returns the value if it is a list of strings.
func (v Value) Strings() ([]string, bool) {
	c := cursor{s: v.s, buf: v.raw}
	if c.kind() != kindList {
		return nil, false
	}
	list := []string{}
	k, ok := c.list()
	for ok {
		var more bool
		if more, ok = c.next(&k); !more {
			break
		}
		var text []byte
		if c.kind() != kindString {
			return nil, false
		}
		if text, ok = c.str(); ok {
			list = append(list, string(text))
		}
	}
	return list, ok
}

// undefined tells whether JavaScript's undefined comes next, which JSON has not: a
// simple value of CBOR, and what msgpack5 writes for it. A procedure without a result returns it.
func (c *cursor) undefined() bool {
	rest := c.buf[c.pos:]
	if c.s == MessagePack {
		return len(rest) >= 3 && rest[0] == 0xd4 && rest[1] == 0 && rest[2] == 0
	}
	return len(rest) >= 1 && rest[0] == 0xf7
}

// boolean reads a boolean.
func (c *cursor) boolean() (value, ok bool) {
	if c.kind() != kindBool {
		return false, false
	}
	switch b := c.buf[c.pos]; c.s {
	case JSON:
		value = b == 't'
	case MessagePack:
		value = b == 0xc3
	default:
		value = b == 0xf5
	}
	return value, c.skip(0)
}

// stringValue reads a string, if the value is one.
func (c *cursor) stringValue() ([]byte, bool) {
	if c.kind() != kindString {
		return nil, false
	}
	return c.str()
}

// uintValue reads an integer from 0 to 2^53, 0 if the value is none.
func (c *cursor) uintValue() uint64 {
	if k := c.kind(); k != kindInt && k != kindFloat {
		return 0
	}
	n, ok := c.uint()
	if !ok {
		return 0
	}
	return n
}

// boolValue reads a boolean, false if the value is none.
func (c *cursor) boolValue() bool {
	b, _ := c.boolean()
	return b
}
