package codec

import "bytes"

// Payload is what a message carries for the application: Arguments and
// ArgumentsKw, or the one binary or string of a payload passthru mode ("Payload
// Passthru Mode", #name-payload-passthru-mode). It is the raw last elements of the
// message, in the message's serializer: it stands last so that a router need not
// parse it ("Structure", #name-structure). The zero Payload is absent, which is not
// the same as empty lists.
type Payload struct {
	raw   []byte
	count int // elements; some: there are, but they have not been counted (JSON)
}

const some = -1

// Raw returns the bytes, nil where absent.
func (p Payload) Raw() []byte { return p.raw }

// Len returns the bytes held.
func (p Payload) Len() int { return len(p.raw) }

// Absent tells whether the message has no payload at all.
func (p Payload) Absent() bool { return p.count == 0 }

// Validate walks the payload: that it is well formed to its end, one or two
// elements, a list (or a binary or string) and a dictionary, of bounded depth,
// with valid UTF-8 in each string. What is in it may be whatever its serializer
// can say. It must be in serializer s.
func (p Payload) Validate(s Serializer) error {
	c := cursor{s: s, buf: p.raw, rules: native}
	if _, _, element := p.elements(&c); element != "" {
		return &MalformedError{Element: element, Reason: c.why}
	}
	return nil
}

// elements returns the one or two elements of a payload, nil where absent.
// Where one is not what it must be, element is its name, and the cursor, which
// begins at the payload's first byte, says why.
func (p Payload) elements(c *cursor) (arguments, argumentsKw []byte, element string) {
	if p.count == 0 {
		return nil, nil, ""
	}
	switch c.kind() {
	case kindList, kindString, kindBinary, kindNull: // null is what some clients send for no arguments
	default:
		c.fail(notAList)
		return nil, nil, "Arguments"
	}
	begin := c.pos
	if !c.skip(1) {
		return nil, nil, "Arguments"
	}
	arguments = p.raw[begin:c.pos]
	if c.atEnd() {
		if p.count > 1 {
			c.fail(endsEarly)
			return nil, nil, "ArgumentsKw"
		}
		return arguments, nil, ""
	}
	if c.s == JSON {
		if c.buf[c.pos] != ',' {
			c.fail(notWellForm)
			return nil, nil, "Arguments"
		}
		c.pos++
	}
	if k := c.kind(); k != kindDict && k != kindNull {
		c.fail(notADict)
		return nil, nil, "ArgumentsKw"
	}
	begin = c.pos
	if !c.skip(1) {
		return nil, nil, "ArgumentsKw"
	}
	argumentsKw = p.raw[begin:c.pos]
	if !c.atEnd() || p.count == 1 {
		c.fail(moreElements)
		return nil, nil, "ArgumentsKw"
	}
	return arguments, argumentsKw, ""
}

const moreElements = "is followed by more elements"

// Arguments returns the raw bytes of the payload's two elements, nil where one
// is absent. They are well formed; else the error is a *[MalformedError].
func (p Payload) Arguments(s Serializer) (arguments, argumentsKw []byte, err error) {
	c := cursor{s: s, buf: p.raw, rules: native}
	arguments, argumentsKw, element := p.elements(&c)
	if element != "" {
		return nil, nil, &MalformedError{Element: element, Reason: c.why}
	}
	return arguments, argumentsKw, nil
}

// InForm returns a payload whose elements are well formed as the specification
// has them: a list and a dictionary, or nothing. Some clients write null for what
// they leave out, which some routers take for a reason to end the session ("CALL",
// #name-call-2; "YIELD", #name-yield-2). An opaque payload is returned as it is, and so is one that is in form.
func (p Payload) InForm(s Serializer) Payload {
	c := cursor{s: s, buf: p.raw, rules: native}
	if p.count == 0 || c.kind() != kindNull && !p.mayEndInNull(s) {
		return p
	}
	noArguments := c.kind() == kindNull
	arguments, argumentsKw, element := p.elements(&c)
	if element != "" {
		return p
	}
	if argumentsKw != nil {
		if kw := (&cursor{s: s, buf: argumentsKw}); kw.kind() == kindNull {
			argumentsKw = nil
		} else if !noArguments {
			return p
		}
	}
	if noArguments {
		arguments = nil
	}
	return NewPayload(s, arguments, argumentsKw)
}

// mayEndInNull tells whether the last element may be null, at a glance.
func (p Payload) mayEndInNull(s Serializer) bool {
	switch s {
	case JSON:
		return bytes.HasSuffix(bytes.TrimRight(p.raw, " \t\r\n"), []byte("null"))
	case MessagePack:
		return p.raw[len(p.raw)-1] == 0xc0 // nil
	}
	return p.raw[len(p.raw)-1] == 0xf6 // null
}

// NewPayload returns a payload of two values that are already in serializer s:
// Arguments and ArgumentsKw, nil where absent. It takes what the library of
// that serializer has made.
func NewPayload(s Serializer, arguments, argumentsKw []byte) Payload {
	if arguments == nil {
		if argumentsKw == nil {
			return Payload{}
		}
		arguments = appendListHead(nil, s, 0)
		if s == JSON {
			arguments = append(arguments, ']')
		}
	}
	if argumentsKw == nil {
		return Payload{arguments, 1}
	}
	raw := make([]byte, 0, len(arguments)+1+len(argumentsKw))
	raw = append(raw, arguments...)
	if s == JSON {
		raw = append(raw, ',')
	}
	return Payload{append(raw, argumentsKw...), 2}
}

// TextPayload returns a payload of one sentence in Arguments and the fields of
// kw in ArgumentsKw, which is absent if there are none. It is built in dst's
// capacity.
func TextPayload(s Serializer, dst []byte, sentence string, kw []Field) Payload {
	dst = appendString(appendListHead(dst[:0], s, 1), s, sentence)
	if s == JSON {
		dst = append(dst, ']')
	}
	if len(kw) == 0 {
		return Payload{dst, 1}
	}
	if s == JSON {
		dst = append(dst, ',')
	}
	return Payload{appendFields(dst, s, kw), 2}
}

// Is tells whether two payloads are the same bytes, at the same place.
func (p Payload) Is(other Payload) bool {
	return len(p.raw) == len(other.raw) && (len(p.raw) == 0 || &p.raw[0] == &other.raw[0])
}

// Body is what of a call travels behind its IDs: the details and the payload
// of an INVOCATION, in one serializer.
type Body struct {
	Serializer Serializer
	Details    Dict
	Payload    Payload
	Memory     *Memory // what Payload lies in, if that can be held; nil: who keeps it copies it
}

// Len returns the bytes that it takes to hold the body.
func (b Body) Len() int {
	if b.Memory != nil {
		return len(b.Details.raw) + b.Memory.Size()
	}
	return len(b.Details.raw) + len(b.Payload.raw)
}

// HeldBody is a [Body] that outlives its message: the copy of it in one piece of
// memory, as small as it can be, or of its details alone where the payload can be
// held as it lies. The zero HeldBody holds nothing.
type HeldBody struct {
	buffer     []byte
	payload    []byte  // in memory
	memory     *Memory // nil: the payload is in buffer, behind the details
	details    uint32  // bytes of the details, which come first
	serializer Serializer
	count      int8 // as in Payload
}

// Hold holds the body, with what it copies in buf, which grows if need be.
func (b Body) Hold(buf []byte) HeldBody {
	h := HeldBody{
		buffer:     append(buf[:0], b.Details.raw...),
		details:    uint32(len(b.Details.raw)), //nolint:gosec // part of a message, which is shorter
		serializer: b.Serializer,
		count:      int8(b.Payload.count), //nolint:gosec // -1 to 2
	}
	if b.Memory == nil {
		h.buffer = append(h.buffer, b.Payload.raw...)
		return h
	}
	b.Memory.Hold()
	h.payload, h.memory = b.Payload.raw, b.Memory
	return h
}

// Body returns the body, which aliases what is held.
func (h *HeldBody) Body() Body {
	b := Body{Serializer: h.serializer, Memory: h.memory}
	if b.Payload = (Payload{h.payload, int(h.count)}); h.memory == nil {
		b.Payload.raw = h.buffer[h.details:]
	}
	if h.details > 0 {
		b.Details.raw = h.buffer[:h.details:h.details]
	}
	return b
}

// Len returns the bytes held.
func (h *HeldBody) Len() int {
	if h.memory != nil {
		return len(h.buffer) + h.memory.Size()
	}
	return len(h.buffer)
}

// Memory returns the memory that is held beside the copy, nil if there is none.
func (h *HeldBody) Memory() *Memory { return h.memory }

// Release forgets the body and returns the memory of the copy, nil if there is
// none, for another one. What else was held, see Memory, is the caller's to release,
// once nobody looks at the body any more.
func (h *HeldBody) Release() []byte {
	buffer := h.buffer
	*h = HeldBody{}
	return buffer
}
