package codec

// Error is ERROR: [8, REQUEST.Type, REQUEST.Request, Details, Error] and the
// payload ("ERROR", #name-error).
type Error struct {
	RequestType MessageType
	Request     uint64
	Details     Dict
	URI         []byte
	Foreign     bool // as Validate finds: the payload holds what not every serializer has
	Payload     Payload
}

// Decode reads the message; its parts alias msg.
func (m *Error) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Error) DecodeBehind(h *Head) error {
	*m = Error{RequestType: h.RequestType}
	var d decoder
	m.Request = d.behind(h, TypeError)
	m.Details = d.dict("Details")
	m.URI = d.text("Error")
	m.Payload = d.payload()
	return d.done()
}

func (d *decoder) requestType() MessageType {
	if !d.element("RequestType") {
		return 0
	}
	t, ok := d.c.uint()
	if !ok || t == 0 || t > 1<<16-1 {
		d.bad("RequestType", "not a message type")
		return 0
	}
	return MessageType(t)
}

// Append appends the message.
func (m *Error) Append(dst []byte, s Serializer) []byte {
	return append(append(m.AppendHead(dst, s), m.Payload.raw...), Tail(s)...)
}

// AppendHead appends what of the message stands before the payload: see
// [Invocation.AppendHead].
func (m *Error) AppendHead(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeError, 5, m.Payload)
	b.id(uint64(m.RequestType))
	b.id(m.Request)
	b.dict(m.Details)
	text(&b, m.URI)
	return b.head(m.Payload)
}
