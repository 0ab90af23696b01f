package codec

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
)

// TranscodePayload puts a payload into another serializer: integers up to 64
// bit stay exact, integers integers and floats floats, binary is in JSON a
// string that begins with NUL, in Base64 ("Binary support in JSON",
// #name-binary-support-in-json). What can't be expressed is a
// *[ContentError]: in JSON, NaN and infinities, text that begins with NUL and keys
// that are no strings; in MessagePack, keys that are no strings, which most
// libraries don't take; anywhere, extension types, tags, integers beyond 64 bit,
// halves of surrogate pairs. NaN and infinities as Python writes them in JSON
// become floats, JavaScript's undefined null, and its tagged Uint8Array binary data.
// The result is built in dst's capacity, and dst is returned with it for the
// next use.
func TranscodePayload(dst []byte, p Payload, from, to Serializer) (Payload, []byte, error) {
	dst = dst[:0]
	if p.count == 0 {
		return Payload{}, dst, nil
	}
	c := cursor{s: from, buf: p.raw, rules: native}
	arguments, argumentsKw, element := p.elements(&c)
	if element != "" {
		return Payload{}, dst, &ContentError{element + c.path, c.why}
	}
	t := transcoder{cursor: cursor{s: from, buf: arguments, rules: native}, to: to, dst: dst}
	if err := t.whole("Arguments"); err != nil {
		return Payload{}, t.dst, err
	}
	if argumentsKw == nil {
		return Payload{t.dst, 1}, t.dst, nil
	}
	if to == JSON {
		t.dst = append(t.dst, ',')
	}
	t.cursor = cursor{s: from, buf: argumentsKw, rules: native}
	if err := t.whole("ArgumentsKw"); err != nil {
		return Payload{}, t.dst, err
	}
	return Payload{t.dst, 2}, t.dst, nil
}

// TranscodeDict puts a dictionary into another serializer, by the rules of
// [TranscodePayload].
func TranscodeDict(dst []byte, d Dict, from, to Serializer) (Dict, []byte, error) {
	dst = dst[:0]
	if len(d.raw) == 0 || from == to {
		return d, dst, nil
	}
	t := transcoder{cursor: cursor{s: from, buf: d.raw}, to: to, dst: dst}
	if err := t.whole("Options"); err != nil {
		return Dict{}, t.dst, err
	}
	return Dict{t.dst}, t.dst, nil
}

// transcoder reads values in one serializer and appends them in another. They are
// well formed, and no deeper than [MaxDepth]: somebody has passed over them.
type transcoder struct {
	cursor
	to  Serializer
	dst []byte
}

func (t *transcoder) whole(name string) error {
	if t.value() {
		return nil
	}
	return &ContentError{name + t.path, t.why}
}

func (t *transcoder) value() bool {
	switch t.kind() {
	case kindInt:
		return t.integer()
	case kindFloat:
		return t.float()
	case kindString:
		return t.string()
	case kindBinary:
		return t.binary()
	case kindList:
		return t.listOf()
	case kindDict:
		return t.dictOf()
	case kindBool:
		b, ok := t.boolean()
		t.dst = appendBool(t.dst, t.to, b)
		return ok
	case kindNull:
		t.dst = appendNull(t.dst, t.to)
		return t.skip(0)
	}
	if t.undefined() {
		t.dst = appendNull(t.dst, t.to)
		return t.skip(0)
	}
	if t.byteArray() {
		return t.binary()
	}
	return t.fail("extension types and tags can't be expressed in " + t.to.String())
}

// byteArray passes over the tag that JavaScript's encoders put before a
// Uint8Array (RFC 8746, section 2.1): it is binary data with or without it.
func (t *transcoder) byteArray() bool {
	const tag = "\xd8\x40"
	rest := t.buf[t.pos:]
	if t.s != CBOR || len(rest) <= len(tag) || string(rest[:len(tag)]) != tag || rest[len(tag)]>>5 != cborBytes {
		return false
	}
	t.pos += len(tag)
	return true
}

func (t *transcoder) integer() bool {
	n, ok := t.num()
	switch {
	case !ok:
	case n.negative:
		t.dst = appendNegative(t.dst, t.to, n.integer)
	default:
		t.dst = appendUint(t.dst, t.to, n.integer)
	}
	return ok
}

func (t *transcoder) float() bool {
	n, ok := t.num()
	if ok && t.to == JSON && (math.IsNaN(n.float) || math.IsInf(n.float, 0)) {
		return t.fail("NaN and infinities can't be expressed in json")
	}
	if ok {
		t.dst = appendFloat(t.dst, t.to, n.float)
	}
	return ok
}

func (t *transcoder) string() bool {
	text, ok := t.str()
	if !ok {
		return false
	}
	if len(text) == 0 || text[0] != 0 {
		t.dst = appendString(t.dst, t.to, text)
		return true
	}
	if t.s != JSON {
		if t.to == JSON {
			return t.fail("text that begins with NUL can't be told from binary data in json")
		}
		t.dst = appendString(t.dst, t.to, text)
		return true
	}
	data, err := base64.StdEncoding.Strict().AppendDecode(nil, text[1:])
	if err != nil {
		return t.fail(notBase64)
	}
	t.dst = appendBinary(t.dst, t.to, data)
	return true
}

func (t *transcoder) binary() bool {
	var data []byte
	var ok bool
	if t.s == MessagePack {
		data, ok = t.msgpackBinary()
	} else {
		data, ok = t.cborString()
	}
	if ok {
		t.dst = appendBinary(t.dst, t.to, data)
	}
	return ok
}

func (t *transcoder) listOf() bool {
	k, ok := t.list()
	begin := t.openContainer(k, appendListHead)
	count := 0
	for ok {
		var more bool
		if more, ok = t.next(&k); !more {
			break
		}
		if t.to == JSON && count > 0 {
			t.dst = append(t.dst, ',')
		}
		if ok = t.value(); !ok {
			return t.insideList(count)
		}
		count++
	}
	t.closeContainer(k, begin, count, appendListHead, ']')
	return ok
}

func (t *transcoder) dictOf() bool {
	k, ok := t.cursor.dict()
	begin := t.openContainer(k, appendDictHead)
	count := 0
	for ok {
		var more bool
		if more, ok = t.next(&k); !more {
			break
		}
		if t.to == JSON && count > 0 {
			t.dst = append(t.dst, ',')
		}
		begin := t.pos
		if !t.keyOf() {
			return false
		}
		if !t.value() {
			return t.insideDict(begin)
		}
		count++
	}
	t.closeContainer(k, begin, count, appendDictHead, '}')
	return ok
}

// keyOf puts a dictionary's key into the other serializer. From MessagePack to
// CBOR it may be anything.
func (t *transcoder) keyOf() bool {
	if t.s == MessagePack && t.to == CBOR && t.kind() != kindString {
		return t.value()
	}
	key, ok := t.key()
	if !ok {
		return false
	}
	t.dst = appendString(t.dst, t.to, key)
	if t.to == JSON {
		t.dst = append(t.dst, ':')
	}
	return true
}

type headAppender func(dst []byte, s Serializer, n int) []byte

// openContainer appends the head of a list or dictionary. Where the source
// does not say how many elements there are, one byte keeps its place.
func (t *transcoder) openContainer(k container, head headAppender) int {
	begin := len(t.dst)
	t.dst = head(t.dst, t.to, max(k.left, 0))
	return begin
}

// closeContainer ends a list or dictionary, and puts in the number of elements
// where it was not known.
func (t *transcoder) closeContainer(k container, begin, count int, head headAppender, end byte) {
	switch {
	case t.to == JSON:
		t.dst = append(t.dst, end)
	case k.left == open && count > 0:
		var room [5]byte
		real := head(room[:0], t.to, count)
		content := len(t.dst)
		t.dst = append(t.dst, real[1:]...) // grows it by what the head needs more
		copy(t.dst[begin+len(real):], t.dst[begin+1:content])
		copy(t.dst[begin:], real)
	}
}

// printable makes a key of a dictionary fit for an error: keys are names, but
// nobody knows how long.
func printable(key []byte) string {
	const most = 32
	if len(key) > most {
		key = bytes.ToValidUTF8(key[:most], nil) // without the half of a character
	}
	quoted := strconv.QuoteToGraphic(string(key))
	return quoted[1 : len(quoted)-1]
}
