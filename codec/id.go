package codec

// MaxID is the highest ID: 2^53. All IDs are integers from 1 to that, so that a
// double holds each exactly ("IDs", #name-ids).
const MaxID = 1 << 53

// ID returns the ID that stands at an element of a message: 1, or 2 in ERROR.
func ID(s Serializer, msg []byte, element int) (uint64, error) {
	_, _, id, err := idAt(s, msg, element)
	return id, err
}

// AppendWithID appends a message with another ID at that element, everything
// else byte for byte.
func AppendWithID(dst []byte, s Serializer, msg []byte, element int, id uint64) ([]byte, error) {
	begin, end, _, err := idAt(s, msg, element)
	if err != nil {
		return dst, err
	}
	dst = append(dst, msg[:begin]...)
	dst = appendUint(dst, s, id)
	return append(dst, msg[end:]...), nil
}

func idAt(s Serializer, msg []byte, element int) (begin, end int, id uint64, err error) {
	c := cursor{s: s, buf: msg}
	t, k, ok := c.messageType()
	for i := 1; ok && i <= element; i++ {
		var more bool
		if more, ok = c.next(&k); !more {
			ok = false
			c.fail("is missing")
			break
		}
		if i < element {
			ok = c.skip(1)
		}
	}
	if ok {
		if s == JSON {
			c.space()
		}
		begin = c.pos
		id, ok = c.uint()
		ok = ok && id > 0
	}
	if !ok {
		return 0, 0, 0, &MalformedError{t, "Request", "not an ID (1 to 2^53)"}
	}
	return begin, c.pos, id, nil
}

// idOrZero reads an ID, or the 0 of a revocation: the router has no request ID to
// reply to ("Registration Revocation", #name-registration-revocation;
// "Subscription Revocation", #name-subscription-revocation).
func (d *decoder) idOrZero(name string) uint64 {
	if !d.element(name) {
		return 0
	}
	id, ok := d.c.uint()
	if !ok {
		d.bad(name, "not an ID (1 to 2^53), nor 0")
	}
	return id
}

// decodeTwoIDs reads a message of two IDs, as most confirmations are.
func decodeTwoIDs(h *Head, t MessageType, second string, request, other *uint64) error {
	var d decoder
	*request = d.behind(h, t)
	*other = d.id(second)
	d.end()
	return d.done()
}

func appendTwoIDs(dst []byte, s Serializer, t MessageType, request, other uint64) []byte {
	b := begin(dst, s, t, 3, Payload{})
	b.id(request)
	b.id(other)
	return b.end(Payload{})
}
