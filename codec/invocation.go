package codec

// Invocation is INVOCATION: [68, Request, REGISTERED.Registration, Details]
// and the payload ("INVOCATION", #name-invocation).
type Invocation struct {
	Request, Registration uint64
	Details               Dict
	Timeout               uint64 // Details.timeout, 0: none
	Progress              bool   // more parts of this call follow
	ReceiveProgress       bool
	Passthru              bool   // the payload is opaque
	Procedure             []byte // Details.procedure, of pattern-based registrations
	Payload               Payload
}

// Decode reads the message; its parts alias msg.
func (m *Invocation) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Invocation) DecodeBehind(h *Head) error {
	*m = Invocation{}
	var d decoder
	m.Request = d.behind(h, TypeInvocation)
	m.Registration = d.id("Registration")
	e := d.entries("Details")
	for e.next() {
		m.detail(e.key, &e.c)
	}
	m.Details = d.close("Details", &e)
	m.Payload = d.payload()
	return d.done()
}

func (m *Invocation) detail(key []byte, c *cursor) {
	switch string(key) {
	case "timeout":
		m.Timeout = c.uintValue()
	case "progress":
		m.Progress = c.boolValue()
	case "receive_progress":
		m.ReceiveProgress = c.boolValue()
	case "procedure":
		m.Procedure, _ = c.stringValue()
	case "ppt_scheme", "enc_algo":
		m.Passthru = m.Passthru || c.kind() != kindNull
	}
}

// Append appends the message.
func (m *Invocation) Append(dst []byte, s Serializer) []byte {
	return append(append(m.AppendHead(dst, s), m.Payload.raw...), Tail(s)...)
}

// AppendHead appends what of the message stands before the payload's bytes, for who
// has those elsewhere: behind them comes [Tail], and that is all.
func (m *Invocation) AppendHead(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeInvocation, 4, m.Payload)
	b.id(m.Request)
	b.id(m.Registration)
	b.dict(m.Details)
	return b.head(m.Payload)
}

// Interrupt is INTERRUPT: [69, INVOCATION.Request, Options] ("INTERRUPT",
// #name-interrupt).
type Interrupt struct {
	Request uint64
	Options Dict
	Mode    CancelMode
}

// Decode reads the message; its parts alias msg.
func (m *Interrupt) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Interrupt) DecodeBehind(h *Head) error {
	*m = Interrupt{}
	var d decoder
	m.Request = d.behind(h, TypeInterrupt)
	e := d.entries("Options")
	for e.next() {
		if string(e.key) == "mode" {
			m.Mode = cancelMode(&e.c)
		}
	}
	m.Options = d.close("Options", &e)
	d.end()
	return d.done()
}

// Append appends the message; Options hold the mode.
func (m *Interrupt) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeInterrupt, 3, Payload{})
	b.id(m.Request)
	b.dict(m.Options)
	return b.end(Payload{})
}

// Yield is YIELD: [70, INVOCATION.Request, Options] and the payload ("YIELD",
// #name-yield).
type Yield struct {
	Request  uint64
	Options  Dict
	Progress bool // more answers follow
	Passthru bool // the payload is opaque
	Foreign  bool // as Validate finds: the payload holds what not every serializer has
	Payload  Payload
}

// Decode reads the message; its parts alias msg.
func (m *Yield) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Yield) DecodeBehind(h *Head) error {
	*m = Yield{}
	var d decoder
	m.Request = d.behind(h, TypeYield)
	e := d.entries("Options")
	for e.next() {
		m.option(e.key, &e.c)
	}
	m.Options = d.close("Options", &e)
	m.Payload = d.payload()
	return d.done()
}

func (m *Yield) option(key []byte, c *cursor) {
	switch string(key) {
	case "progress":
		m.Progress = c.boolValue()
	case "ppt_scheme", "enc_algo":
		m.Passthru = m.Passthru || c.kind() != kindNull
	}
}

// Append appends the message.
func (m *Yield) Append(dst []byte, s Serializer) []byte {
	return append(append(m.AppendHead(dst, s), m.Payload.raw...), Tail(s)...)
}

// AppendHead appends what of the message stands before the payload: see
// [Invocation.AppendHead].
func (m *Yield) AppendHead(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeYield, 3, m.Payload)
	b.id(m.Request)
	b.dict(m.Options)
	return b.head(m.Payload)
}
