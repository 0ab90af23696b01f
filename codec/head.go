package codec

// Head is the beginning of a message: its type, and the request that it is, or
// is about. It is read once; what goes on behind it begins there.
type Head struct {
	Type        MessageType
	RequestType MessageType // of an ERROR: what its request was
	Request     uint64      // 0: the message has no ID of a request, or none that is an ID

	s          Serializer
	msg        []byte
	k          container // behind the request
	begin, end int       // where Request stands in msg
}

// ReadHead reads the head of a message, which it keeps. The error is that of
// [PeekType]: the message has no type.
func ReadHead(s Serializer, msg []byte) (h Head, err error) {
	err = h.Read(s, msg)
	return h, err
}

// Read is ReadHead into a head that is there already.
func (h *Head) Read(s Serializer, msg []byte) error {
	c := cursor{s: s, buf: msg}
	t, k, ok := c.messageType()
	*h = Head{Type: t, s: s, msg: msg}
	if !ok {
		return &MalformedError{Element: "Type", Reason: c.why}
	}
	h.k = k
	switch t {
	case TypePublish, TypePublished, TypeSubscribe, TypeSubscribed, TypeUnsubscribe, TypeUnsubscribed,
		TypeCall, TypeCancel, TypeResult, TypeRegister, TypeRegistered, TypeUnregister, TypeUnregistered,
		TypeInvocation, TypeInterrupt, TypeYield:
		h.request(&c)
	case TypeError:
		if more, _ := c.next(&h.k); !more {
			break
		}
		if of, ok := c.uint(); ok && of > 0 && of < 1<<16 {
			h.RequestType = MessageType(of)
			h.request(&c)
		}
	}
	return nil
}

// request reads the ID of the request, if that is next.
func (h *Head) request(c *cursor) {
	if more, _ := c.next(&h.k); !more {
		return
	}
	if c.s == JSON {
		c.space()
	}
	begin := c.pos
	if id, ok := c.uint(); ok && id > 0 {
		h.Request, h.begin, h.end = id, begin, c.pos
	}
}

// On returns the head of a copy of the message.
func (h Head) On(copied []byte) Head {
	h.msg = copied
	return h
}

// AppendWithID appends the message with another ID of its request, everything
// else byte for byte. The head must have one.
func (h *Head) AppendWithID(dst []byte, id uint64) []byte {
	if h.Request == 0 {
		panic("codec: a head whose ID is replaced must have one")
	}
	dst = append(dst, h.msg[:h.begin]...)
	dst = appendUint(dst, h.s, id)
	return append(dst, h.msg[h.end:]...)
}

// IsPart tells whether a CALL, RESULT, YIELD or INVOCATION is one of several, and
// more follow: its dictionary has progress true ("Progressive Call Results",
// #name-progressive-call-results; "Progressive Call Invocations",
// #name-progressive-call-invocation). Of the message, no more than that is read; one
// that is malformed there is not.
func (h *Head) IsPart() bool {
	if h.Request == 0 {
		return false
	}
	c, k := cursor{s: h.s, buf: h.msg, pos: h.end}, h.k
	if h.Type == TypeInvocation {
		if more, _ := c.next(&k); !more || !c.skip(1) {
			return false
		}
	}
	if more, _ := c.next(&k); !more {
		return false
	}
	if c.emptyDictNext() > 0 { // mostly
		return false
	}
	e := entriesAt(&c)
	progress := false
	for e.next() {
		if string(e.key) == "progress" {
			progress = e.c.boolValue()
		}
	}
	return progress
}

// behind goes on behind the head of a message that must be of type t and have the
// ID of a request, which it returns.
func (d *decoder) behind(h *Head, t MessageType) (request uint64) {
	if h.Type == t && h.Request != 0 {
		d.c.s, d.c.buf, d.c.pos, d.t, d.k = h.s, h.msg, h.end, t, h.k
		return h.Request
	}
	d.begin(h.s, h.msg, t) // for the error
	if t == TypeError {
		d.requestType()
	}
	return d.id("Request")
}
