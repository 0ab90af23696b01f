package codec

// Kwarg returns the string that ArgumentsKw has under a name; under the last of them,
// should it be there twice. It aliases the payload unless the string holds escapes or
// chunks. It is false where there is none, where something else has that name, and where
// the payload is not well formed; of an opaque payload, which has no ArgumentsKw ("Payload
// Passthru Mode", #name-payload-passthru-mode), as well. The payload must be in
// serializer s.
func (p Payload) Kwarg(s Serializer, name string) (text []byte, is bool) {
	if p.count == 0 || p.count == 1 {
		return nil, false
	}
	c := cursor{s: s, buf: p.raw, rules: native}
	if k := c.kind(); k != kindList && k != kindNull || !c.skip(1) || c.atEnd() {
		return nil, false
	}
	if s == JSON {
		if c.buf[c.pos] != ',' {
			return nil, false
		}
		c.pos++
	}
	if c.kind() != kindDict {
		return nil, false
	}
	k, ok := c.dict()
	for ok {
		var more bool
		if more, ok = c.next(&k); !more {
			break
		}
		key := c.pos
		if ok = c.skipKey(1); !ok {
			break
		}
		if !c.isKey(key, name) {
			ok = c.skip(2)
			continue
		}
		if is = c.kind() == kindString; is {
			text, ok = c.str()
		} else {
			ok = c.skip(2)
		}
	}
	if !ok || !is || !c.atEnd() {
		return nil, false
	}
	return text, true
}

// isKey tells whether the dictionary's key at a place is that name.
func (c *cursor) isKey(at int, name string) bool {
	k := cursor{s: c.s, buf: c.buf, pos: at, rules: c.rules}
	if k.kind() != kindString {
		return false
	}
	text, ok := k.str()
	return ok && string(text) == name
}
