package codec

import "bytes"

// Dict is one dictionary of a message, Options or Details, as raw bytes in the
// message's serializer. The zero Dict is the empty dictionary.
type Dict struct{ raw []byte }

// Raw returns the bytes, nil for the zero Dict.
func (d Dict) Raw() []byte { return d.raw }

// Empty tells whether the dictionary has no entry.
func (d Dict) Empty() bool {
	if len(d.raw) == 0 {
		return true
	}
	switch d.raw[0] { // no head of a dictionary means one thing here and another there
	case 0x80, 0xa0:
		return true
	case '{':
		return len(bytes.TrimRight(d.raw[1:len(d.raw)-1], " \t\r\n")) == 0
	case 0xbf: // of CBOR, indefinite
		return d.raw[1] == cborBreak
	case 0xde, 0xdf, 0xb8, 0xb9, 0xba, 0xbb: // a length of 1 to 8 bytes
		return len(bytes.TrimLeft(d.raw[1:], "\x00")) == 0
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

// entriesAt begins to read the dictionary at a cursor, which stays where it is.
func entriesAt(c *cursor) (e entries) {
	e.c = *c
	if c.s == JSON {
		e.c.space()
	}
	e.first = e.c.pos
	e.k, e.ok = e.c.dict()
	return e
}

// read reads the entries of a dictionary in serializer s.
func (d Dict) read(s Serializer) entries {
	if len(d.raw) == 0 {
		return entries{}
	}
	return entriesAt(&cursor{s: s, buf: d.raw})
}

// next goes to the next entry; it is false behind the last one, and at the
// first that is not well formed.
func (e *entries) next() bool {
	if !e.ok {
		return false
	}
	if e.inside {
		e.c.pos, e.c.why, e.c.path = e.value, "", ""
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

// raw returns the entry's value, which must be well formed; the cursor is behind
// it then.
func (e *entries) raw() []byte {
	e.c.pos = e.value
	if e.c.s == JSON {
		e.c.space()
	}
	begin := e.c.pos
	e.c.skip(2)
	return e.c.buf[begin:e.c.pos]
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

// Edit returns the dictionary without the keys in drop, and with the fields in
// set behind the rest, which is copied as it is. It is built in dst's capacity,
// and dst is returned with it for the next use; a dictionary that needs no
// change is returned itself. A key in set that the dictionary may have already
// must be in drop too. The dictionary must be well formed.
func (d Dict) Edit(s Serializer, dst []byte, drop []string, set []Field) (Dict, []byte) {
	if len(d.raw) == 0 && len(set) == 0 || len(set) == 0 && !d.hasAny(s, drop) {
		return d, dst
	}
	return d.rebuild(s, dst, drop, false, set)
}

// Pick returns the dictionary with no other keys than those in keep, and with
// the fields in set behind them: the reverse of [Dict.Edit], by its rules.
func (d Dict) Pick(s Serializer, dst []byte, keep []string, set []Field) (Dict, []byte) {
	if d.Empty() && len(set) == 0 {
		return Dict{}, dst
	}
	return d.rebuild(s, dst, keep, true, set)
}

// rebuild copies the entries whose keys are among these or not, and adds fields.
func (d Dict) rebuild(s Serializer, dst []byte, keys []string, among bool, set []Field) (Dict, []byte) {
	kept := 0
	for e := d.read(s); e.next(); {
		if isAny(e.key, keys) == among {
			kept++
		}
	}
	dst = appendDictHead(dst[:0], s, kept+len(set))
	first := true
	for e := d.read(s); e.next(); {
		if isAny(e.key, keys) != among {
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
