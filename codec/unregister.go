package codec

// Unregister is UNREGISTER: [66, Request, REGISTERED.Registration] ("UNREGISTER",
// #name-unregister). Crossbar.io allows options behind it.
type Unregister struct {
	Request, Registration uint64
	Options               Dict // the zero Dict: absent
}

// Decode reads the message; Options alias msg.
func (m *Unregister) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Unregister) DecodeBehind(h *Head) error {
	return decodeEnd(h, TypeUnregister, "Registration", &m.Request, &m.Registration, &m.Options)
}

// Append appends the message.
func (m *Unregister) Append(dst []byte, s Serializer) []byte {
	return appendEnd(dst, s, TypeUnregister, m.Request, m.Registration, m.Options)
}

// Unregistered is UNREGISTERED: [67, UNREGISTER.Request] ("UNREGISTERED",
// #name-unregistered), or the router's revocation [67, 0, {registration, reason}]
// ("Registration Revocation", #name-registration-revocation).
type Unregistered struct {
	Request      uint64 // 0: revocation
	Details      Dict
	Registration uint64 // Details.registration
	Reason       string // Details.reason
}

// Decode reads the message; Details alias msg.
func (m *Unregistered) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Unregistered) DecodeBehind(h *Head) error {
	*m = Unregistered{Request: h.Request}
	var d decoder
	if h.Request != 0 {
		d.behind(h, TypeUnregistered)
	} else {
		d.begin(h.s, h.msg, TypeUnregistered)
		m.Request = d.idOrZero("Request")
	}
	e := d.confirmation(m.Request)
	for e.next() {
		switch string(e.key) {
		case "registration":
			m.Registration = e.c.uintValue()
		case "reason":
			m.Reason = e.c.textValue()
		}
	}
	m.Details = d.close("Details", &e)
	d.end()
	return d.done()
}

// Append appends the message; Details hold registration and reason.
func (m *Unregistered) Append(dst []byte, s Serializer) []byte {
	return appendConfirmation(dst, s, TypeUnregistered, m.Request, m.Details)
}

// decodeEnd reads what ends a registration or subscription: two IDs, and
// options that need not be there.
func decodeEnd(h *Head, t MessageType, second string, request, other *uint64, options *Dict) error {
	var d decoder
	*request = d.behind(h, t)
	*other = d.id(second)
	*options = d.optionalDict("Options")
	d.end()
	return d.done()
}

func appendEnd(dst []byte, s Serializer, t MessageType, request, other uint64, options Dict) []byte {
	elements := 3
	if len(options.raw) > 0 {
		elements = 4
	}
	b := begin(dst, s, t, elements, Payload{})
	b.id(request)
	b.id(other)
	if elements == 4 {
		b.dict(options)
	}
	return b.end(Payload{})
}

// confirmation reads the details of UNREGISTERED and UNSUBSCRIBED, which only a
// revocation must have.
func (d *decoder) confirmation(request uint64) entries {
	if d.err == nil && request == 0 {
		return d.entries("Details")
	}
	return d.optionalEntries("Details")
}

func appendConfirmation(dst []byte, s Serializer, t MessageType, request uint64, details Dict) []byte {
	elements := 2
	if request == 0 || len(details.raw) > 0 {
		elements = 3
	}
	b := begin(dst, s, t, elements, Payload{})
	b.id(request)
	if elements == 3 {
		b.dict(details)
	}
	return b.end(Payload{})
}
