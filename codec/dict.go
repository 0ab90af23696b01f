package codec

// Dict is one dictionary of a message, Options or Details, as raw bytes in the
// message's serializer. The zero Dict is the empty dictionary.
type Dict struct{ raw []byte }

// Raw returns the bytes, nil for the zero Dict.
func (d Dict) Raw() []byte { return d.raw }

// Empty tells whether the dictionary has no entry.
func (d Dict) Empty() bool {
	switch len(d.raw) {
	case 0:
		return true
	case 1:
		return d.raw[0] == 0x80 || d.raw[0] == 0xa0
	case 2:
		return d.raw[0] == '{' && d.raw[1] == '}'
	}
	return false
}

func (d Dict) append(dst []byte, s Serializer) []byte {
	if len(d.raw) > 0 {
		return append(dst, d.raw...)
	}
	dst = appendDictHead(dst, s, 0)
	if s == JSON {
		dst = append(dst, '}')
	}
	return dst
}

// entries reads a dictionary, entry by entry. After next the cursor stands at
// the value of key, which may be read or left.
type entries struct {
	c      cursor
	k      container
	key    []byte
	first  int // where the dictionary begins
	begin  int // where the entry begins
	value  int // where its value begins
	inside bool
	ok     bool // false: not well formed
}

func entriesAt(c cursor) entries {
	if c.s == JSON {
		c.space()
	}
	e := entries{c: c, first: c.pos}
	e.k, e.ok = e.c.dict()
	return e
}

// read reads the entries of a dictionary in serializer s.
func (d Dict) read(s Serializer) entries {
	if len(d.raw) == 0 {
		return entries{}
	}
	return entriesAt(cursor{s: s, buf: d.raw})
}

// next goes to the next entry; it is false behind the last one, and at the
// first that is not well formed.
func (e *entries) next() bool {
	if !e.ok {
		return false
	}
	if e.inside {
		e.c.pos, e.c.why = e.value, ""
		if e.ok = e.c.skip(2); !e.ok {
			return false
		}
	}
	more, ok := e.c.next(&e.k)
	if e.ok = ok; !more || !ok {
		e.inside = false
		return false
	}
	if e.c.s == JSON {
		e.c.space()
	}
	e.begin = e.c.pos
	if e.key, e.ok = e.c.key(); !e.ok {
		return false
	}
	e.value, e.inside = e.c.pos, true
	return true
}

// raw returns the entry's value; the cursor is behind it then.
func (e *entries) raw() []byte {
	e.c.pos = e.value
	if e.c.s == JSON {
		e.c.space()
	}
	begin := e.c.pos
	if !e.c.skip(2) {
		return nil
	}
	return e.c.buf[begin:e.c.pos]
}

// Value is one value of a [Dict].
type Value struct {
	s   Serializer
	raw []byte
}

// Lookup returns the value of a key; the last one, should it be there twice.
// The dictionary must be in serializer s and well formed.
func (d Dict) Lookup(s Serializer, key string) (Value, bool) {
	var v Value
	found := false
	for e := d.read(s); e.next(); {
		if string(e.key) == key {
			v, found = Value{s, e.raw()}, true
		}
	}
	return v, found
}

// Uint returns the value if it is an integer from 0 to 2^53.
func (v Value) Uint() (uint64, bool) {
	c := cursor{s: v.s, buf: v.raw}
	if k := c.kind(); k != kindInt && k != kindFloat {
		return 0, false
	}
	return c.uint()
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

// Field is an entry of a dictionary that wampool itself writes.
type Field struct {
	Key   string
	Value FieldValue
}

// FieldValue is the value of a [Field].
type FieldValue struct {
	kind   kind
	text   string
	number uint64
	truth  bool
	fields []Field
	list   []string
}

// FieldString is a string.
func FieldString(text string) FieldValue { return FieldValue{kind: kindString, text: text} }

// FieldUint is an integer.
func FieldUint(n uint64) FieldValue { return FieldValue{kind: kindInt, number: n} }

// FieldBool is a boolean.
func FieldBool(b bool) FieldValue { return FieldValue{kind: kindBool, truth: b} }

// FieldDict is a dictionary.
func FieldDict(fields []Field) FieldValue { return FieldValue{kind: kindDict, fields: fields} }

// FieldStrings is a list of strings.
func FieldStrings(list []string) FieldValue { return FieldValue{kind: kindList, list: list} }

func (v FieldValue) append(dst []byte, s Serializer) []byte {
	switch v.kind {
	case kindString:
		return appendString(dst, s, v.text)
	case kindInt:
		return appendUint(dst, s, v.number)
	case kindBool:
		return appendBool(dst, s, v.truth)
	case kindDict:
		return appendFields(dst, s, v.fields)
	case kindList:
		dst = appendListHead(dst, s, len(v.list))
		for i, text := range v.list {
			if s == JSON && i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, s, text)
		}
		if s == JSON {
			dst = append(dst, ']')
		}
		return dst
	}
	return appendNull(dst, s)
}

func appendFields(dst []byte, s Serializer, fields []Field) []byte {
	dst = appendDictHead(dst, s, len(fields))
	for i := range fields {
		dst = appendField(dst, s, &fields[i], i == 0)
	}
	if s == JSON {
		dst = append(dst, '}')
	}
	return dst
}

func appendField(dst []byte, s Serializer, f *Field, first bool) []byte {
	if s == JSON && !first {
		dst = append(dst, ',')
	}
	dst = appendString(dst, s, f.Key)
	if s == JSON {
		dst = append(dst, ':')
	}
	return f.Value.append(dst, s)
}

// NewDict returns a dictionary of these fields.
func NewDict(s Serializer, fields ...Field) Dict {
	if len(fields) == 0 {
		return Dict{}
	}
	return Dict{appendFields(nil, s, fields)}
}

// Edit returns the dictionary without the keys in drop, and with the fields in
// set behind the rest, which is copied as it is. It is built in dst's capacity,
// and dst is returned with it for the next use; a dictionary that needs no
// change is returned itself. A key in set that the dictionary may have already
// must be in drop too. The dictionary must be well formed.
func (d Dict) Edit(s Serializer, dst []byte, drop []string, set []Field) (Dict, []byte) {
	if len(d.raw) == 0 && len(set) == 0 || len(set) == 0 && !d.hasAny(s, drop) {
		return d, dst
	}
	kept := 0
	for e := d.read(s); e.next(); {
		if !isAny(e.key, drop) {
			kept++
		}
	}
	dst = appendDictHead(dst[:0], s, kept+len(set))
	first := true
	for e := d.read(s); e.next(); {
		if isAny(e.key, drop) {
			continue
		}
		if s == JSON && !first {
			dst = append(dst, ',')
		}
		first = false
		e.raw()
		dst = append(dst, d.raw[e.begin:e.c.pos]...)
	}
	for i := range set {
		dst = appendField(dst, s, &set[i], first)
		first = false
	}
	if s == JSON {
		dst = append(dst, '}')
	}
	return Dict{dst}, dst
}

func isAny(key []byte, names []string) bool {
	for _, name := range names {
		if string(key) == name {
			return true
		}
	}
	return false
}

func (d Dict) hasAny(s Serializer, names []string) bool {
	for e := d.read(s); e.next(); {
		if isAny(e.key, names) {
			return true
		}
	}
	return false
}
