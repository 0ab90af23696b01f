package codec

// CancelMode is how a call is canceled ("Call Canceling").
type CancelMode string

// The modes. Empty: none was given.
const (
	CancelSkip       CancelMode = "skip"
	CancelKill       CancelMode = "kill"
	CancelKillNoWait CancelMode = "killnowait"
)

func cancelMode(c *cursor) CancelMode {
	mode, _ := c.stringValue()
	switch string(mode) {
	case string(CancelSkip):
		return CancelSkip
	case string(CancelKill):
		return CancelKill
	case string(CancelKillNoWait):
		return CancelKillNoWait
	}
	return ""
}

// stringValue reads a string, if the value is one.
func (c *cursor) stringValue() ([]byte, bool) {
	if c.kind() != kindString {
		return nil, false
	}
	return c.str()
}

// uintValue reads an integer from 0 to 2^53, 0 if the value is none.
func (c *cursor) uintValue() uint64 {
	if k := c.kind(); k != kindInt && k != kindFloat {
		return 0
	}
	n, ok := c.uint()
	if !ok {
		return 0
	}
	return n
}

// boolValue reads a boolean, false if the value is none.
func (c *cursor) boolValue() bool {
	b, _ := c.boolean()
	return b
}

// Call is CALL: [48, Request, Options, Procedure] and the payload.
type Call struct {
	Request         uint64
	Options         Dict
	Timeout         uint64 // Options.timeout, 0: none
	ReceiveProgress bool
	Progress        bool // more parts of this call follow
	DiscloseMe      bool
	Passthru        bool // the payload is opaque
	Procedure       []byte
	Payload         Payload
}

// Decode reads the message; its parts alias msg.
func (m *Call) Decode(s Serializer, msg []byte) error {
	*m = Call{}
	d := decoding(s, msg, TypeCall)
	m.Request = d.id("Request")
	e := d.entries("Options")
	for e.next() {
		m.option(e.key, &e.c)
	}
	m.Options = d.close("Options", &e)
	m.Procedure = d.text("Procedure")
	m.Payload = d.payload()
	return d.done()
}

func (m *Call) option(key []byte, c *cursor) {
	switch string(key) {
	case "timeout":
		m.Timeout = c.uintValue()
	case "receive_progress":
		m.ReceiveProgress = c.boolValue()
	case "progress":
		m.Progress = c.boolValue()
	case "disclose_me":
		m.DiscloseMe = c.boolValue()
	case "ppt_scheme", "enc_algo":
		m.Passthru = true
	}
}

// Append appends the message.
func (m *Call) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeCall, 4, m.Payload)
	b.id(m.Request)
	b.dict(m.Options)
	text(&b, m.Procedure)
	return b.end(m.Payload)
}

// Cancel is CANCEL: [49, CALL.Request, Options].
type Cancel struct {
	Request uint64
	Options Dict
	Mode    CancelMode
}

// Decode reads the message; its parts alias msg.
func (m *Cancel) Decode(s Serializer, msg []byte) error {
	*m = Cancel{}
	d := decoding(s, msg, TypeCancel)
	m.Request = d.id("Request")
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
func (m *Cancel) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeCancel, 3, Payload{})
	b.id(m.Request)
	b.dict(m.Options)
	return b.end(Payload{})
}

// Result is RESULT: [50, CALL.Request, Details] and the payload.
type Result struct {
	Request  uint64
	Details  Dict
	Progress bool
	Payload  Payload
}

// Decode reads the message; its parts alias msg.
func (m *Result) Decode(s Serializer, msg []byte) error {
	*m = Result{}
	d := decoding(s, msg, TypeResult)
	m.Request = d.id("Request")
	e := d.entries("Details")
	for e.next() {
		if string(e.key) == "progress" {
			m.Progress = e.c.boolValue()
		}
	}
	m.Details = d.close("Details", &e)
	m.Payload = d.payload()
	return d.done()
}

// Append appends the message.
func (m *Result) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeResult, 3, m.Payload)
	b.id(m.Request)
	b.dict(m.Details)
	return b.end(m.Payload)
}

// Invocation is INVOCATION: [68, Request, REGISTERED.Registration, Details]
// and the payload.
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
	*m = Invocation{}
	d := decoding(s, msg, TypeInvocation)
	m.Request = d.id("Request")
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
		m.Passthru = true
	}
}

// Append appends the message.
func (m *Invocation) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeInvocation, 4, m.Payload)
	b.id(m.Request)
	b.id(m.Registration)
	b.dict(m.Details)
	return b.end(m.Payload)
}

// Interrupt is INTERRUPT: [69, INVOCATION.Request, Options].
type Interrupt struct {
	Request uint64
	Options Dict
	Mode    CancelMode
}

// Decode reads the message; its parts alias msg.
func (m *Interrupt) Decode(s Serializer, msg []byte) error {
	*m = Interrupt{}
	d := decoding(s, msg, TypeInterrupt)
	m.Request = d.id("Request")
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

// Yield is YIELD: [70, INVOCATION.Request, Options] and the payload.
type Yield struct {
	Request  uint64
	Options  Dict
	Progress bool // more answers follow
	Passthru bool // the payload is opaque
	Payload  Payload
}

// Decode reads the message; its parts alias msg.
func (m *Yield) Decode(s Serializer, msg []byte) error {
	*m = Yield{}
	d := decoding(s, msg, TypeYield)
	m.Request = d.id("Request")
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
		m.Passthru = true
	}
}

// Append appends the message.
func (m *Yield) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeYield, 3, m.Payload)
	b.id(m.Request)
	b.dict(m.Options)
	return b.end(m.Payload)
}

// Error is ERROR: [8, REQUEST.Type, REQUEST.Request, Details, Error] and the
// payload.
type Error struct {
	RequestType MessageType
	Request     uint64
	Details     Dict
	URI         []byte
	Payload     Payload
}

// Decode reads the message; its parts alias msg.
func (m *Error) Decode(s Serializer, msg []byte) error {
	*m = Error{}
	d := decoding(s, msg, TypeError)
	m.RequestType = d.requestType()
	m.Request = d.id("Request")
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
	b := begin(dst, s, TypeError, 5, m.Payload)
	b.id(uint64(m.RequestType))
	b.id(m.Request)
	b.dict(m.Details)
	text(&b, m.URI)
	return b.end(m.Payload)
}
