package codec

// PeekType decodes a message's type and nothing behind it.
func PeekType(s Serializer, msg []byte) (MessageType, error) {
	c := cursor{s: s, buf: msg}
	t, _, ok := c.messageType()
	if !ok {
		return 0, &MalformedError{Element: "Type", Reason: c.why}
	}
	return t, nil
}

func (c *cursor) messageType() (MessageType, container, bool) {
	k, ok := c.list()
	if !ok {
		return 0, k, false
	}
	more, ok := c.next(&k)
	if !more {
		return 0, k, ok && c.fail("empty message")
	}
	t, ok := c.uint()
	if !ok || t == 0 || t > 1<<16-1 {
		c.why = "not a message type"
		return 0, k, false
	}
	return MessageType(t), k, true
}

// decoder reads a message's header, element after element. The first thing
// that is wrong is its error, and everything after it is zero.
type decoder struct {
	c     cursor
	k     container
	t     MessageType
	err   *MalformedError
	ended bool // no element is left
}

// begin begins to read a message that must be of type t. d must be zero.
func (d *decoder) begin(s Serializer, msg []byte, t MessageType) {
	d.c.s, d.c.buf, d.t = s, msg, t
	got, k, ok := d.c.messageType()
	d.k = k
	switch {
	case !ok:
		d.bad("Type", d.c.why)
	case got != t:
		d.bad("Type", "is of another message")
	}
}

func (d *decoder) bad(element, why string) {
	if d.err == nil {
		d.err = &MalformedError{d.t, element, why}
	}
}

// element goes to the next element, which must exist.
func (d *decoder) element(name string) bool {
	if d.err != nil {
		return false
	}
	more, ok := d.c.next(&d.k)
	switch {
	case !ok:
		d.bad(name, d.c.why)
	case !more:
		d.bad(name, "is missing")
	}
	return d.err == nil
}

// id reads an ID: 1 to 2^53.
func (d *decoder) id(name string) uint64 {
	if !d.element(name) {
		return 0
	}
	id, ok := d.c.uint()
	if !ok || id == 0 {
		d.bad(name, "not an ID (1 to 2^53)")
		return 0
	}
	return id
}

// text reads a string.
func (d *decoder) text(name string) []byte {
	d.element(name)
	return d.textHere(name)
}

// textHere reads a string that is the element gone to.
func (d *decoder) textHere(name string) []byte {
	if d.err != nil {
		return nil
	}
	if d.c.kind() != kindString {
		d.bad(name, notAString)
		return nil
	}
	text, ok := d.c.str()
	if !ok {
		d.bad(name, d.c.why)
	}
	return text
}

// dict reads a dictionary.
func (d *decoder) dict(name string) Dict {
	e := d.entries(name)
	for e.next() {
	}
	return d.close(name, &e)
}

// optionalDict reads a dictionary that need not be there.
func (d *decoder) optionalDict(name string) Dict {
	e := d.optionalEntries(name)
	for e.next() {
	}
	return d.close(name, &e)
}

// entries begins to read a dictionary entry by entry; close ends it.
func (d *decoder) entries(name string) (e entries) {
	if !d.element(name) {
		return e
	}
	if n := d.c.emptyDictNext(); n > 0 { // mostly
		e.ok, e.first, e.c.pos = true, d.c.pos, d.c.pos+n
		return e
	}
	return entriesAt(&d.c)
}

// optionalEntries is entries for a dictionary that need not be there.
func (d *decoder) optionalEntries(name string) entries {
	if d.err != nil {
		return entries{}
	}
	more, ok := d.c.next(&d.k)
	if !ok {
		d.bad(name, d.c.why)
		return entries{}
	}
	if d.ended = !more; d.ended {
		return entries{}
	}
	return entriesAt(&d.c)
}

func (d *decoder) close(name string, e *entries) Dict {
	if d.err != nil || d.ended {
		return Dict{}
	}
	if !e.ok {
		d.bad(name, e.c.why)
		return Dict{}
	}
	d.c.pos = e.c.pos
	return Dict{d.c.buf[e.first:e.c.pos]}
}

// payload takes what is left as it is.
func (d *decoder) payload() Payload {
	if d.err != nil {
		return Payload{}
	}
	c := &d.c
	if d.k.left != open {
		rest := Payload{c.buf[c.pos:], d.k.left}
		d.checkCount(rest)
		if d.k.left == 0 {
			rest.raw = nil
		}
		return rest
	}
	begin := c.pos
	more, ok := c.next(&d.k)
	switch {
	case !ok:
		d.bad("", c.why)
		return Payload{}
	case !more:
		if !c.atEnd() {
			d.bad("", "is followed by more bytes")
		}
		return Payload{}
	}
	if c.s == CBOR { // of indefinite length, which is rare: count
		return d.indefinitePayload(begin)
	}
	end := len(c.buf) - 1
	for end > c.pos && isSpace(c.buf[end]) {
		end--
	}
	if end <= c.pos || c.buf[end] != ']' {
		d.bad("", endsEarly)
		return Payload{}
	}
	return Payload{c.buf[c.pos:end], some}
}

func (d *decoder) checkCount(rest Payload) {
	switch {
	case rest.count > 2:
		d.bad("", "has too many elements")
	case rest.count == 0 && len(rest.raw) > 0:
		d.bad("", "is followed by more bytes")
	case rest.count > 0 && len(rest.raw) < rest.count:
		d.bad("Arguments", endsEarly)
	}
}

func (d *decoder) indefinitePayload(begin int) Payload {
	c := &d.c
	c.rules = native
	count := 0
	for {
		if !c.skip(1) {
			d.bad("Arguments", c.why)
			return Payload{}
		}
		count++
		end := c.pos
		more, ok := c.next(&d.k)
		if !ok {
			d.bad("", c.why)
			return Payload{}
		}
		if !more {
			rest := Payload{c.buf[begin:end], count}
			d.checkCount(rest)
			if !c.atEnd() {
				d.bad("", "is followed by more bytes")
			}
			return rest
		}
	}
}

// end checks that nothing is left.
func (d *decoder) end() {
	if d.err != nil {
		return
	}
	more, ok := false, true
	if !d.ended {
		more, ok = d.c.next(&d.k)
	}
	switch {
	case !ok:
		d.bad("", d.c.why)
	case more:
		d.bad("", "has too many elements")
	case !d.c.atEnd():
		d.bad("", "is followed by more bytes")
	}
}

// done returns what was wrong, if anything.
func (d *decoder) done() error {
	if d.err != nil {
		return d.err
	}
	return nil
}
