package codec

// ListPayload returns a payload of these values in Arguments. It is built in dst's
// capacity.
func ListPayload(s Serializer, dst []byte, values []FieldValue) Payload {
	dst = appendListHead(dst[:0], s, len(values))
	for i := range values {
		if s == JSON && i > 0 {
			dst = append(dst, ',')
		}
		dst = values[i].append(dst, s)
	}
	if s == JSON {
		dst = append(dst, ']')
	}
	return Payload{dst, 1}
}

// List returns the values in Arguments, where that is all there is and they are no
// more than so many. They alias the payload, which need not be well formed: then it
// is false.
func (p Payload) List(s Serializer, most int) (values []Value, ok bool) {
	arguments, argumentsKw, err := p.Arguments(s)
	if err != nil || argumentsKw != nil {
		return nil, false
	}
	c := cursor{s: s, buf: arguments}
	if c.kind() != kindList {
		return nil, false
	}
	k, ok := c.list()
	for ok {
		var more bool
		if more, ok = c.next(&k); !more {
			break
		}
		if len(values) == most {
			return nil, false
		}
		if s == JSON {
			c.space()
		}
		begin := c.pos
		if ok = c.skip(1); ok {
			values = append(values, Value{s, c.buf[begin:c.pos]})
		}
	}
	return values, ok
}
