package codec

// CancelMode is how a call is canceled ("Call Canceling", #name-call-canceling).
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

// Call is CALL: [48, Request, Options, Procedure] and the payload ("CALL",
// #name-call).
type Call struct {
	Request         uint64
	Options         Dict
	Timeout         uint64 // Options.timeout, 0: none ("Call Timeouts", #name-call-timeouts)
	ReceiveProgress bool
	Progress        bool // more parts of this call follow
	DiscloseMe      bool
	Passthru        bool // the payload is opaque
	Procedure       []byte
	Payload         Payload
}

// Decode reads the message; its parts alias msg.
func (m *Call) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Call) DecodeBehind(h *Head) error {
	*m = Call{}
	var d decoder
	m.Request = d.behind(h, TypeCall)
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
		m.Passthru = m.Passthru || c.kind() != kindNull
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

// Cancel is CANCEL: [49, CALL.Request, Options] ("CANCEL", #name-cancel).
type Cancel struct {
	Request uint64
	Options Dict
	Mode    CancelMode
}

// Decode reads the message; its parts alias msg.
func (m *Cancel) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Cancel) DecodeBehind(h *Head) error {
	*m = Cancel{}
	var d decoder
	m.Request = d.behind(h, TypeCancel)
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

// Result is RESULT: [50, CALL.Request, Details] and the payload ("RESULT",
// #name-result).
type Result struct {
	Request  uint64
	Details  Dict
	Progress bool
	Payload  Payload
}

// Decode reads the message; its parts alias msg.
func (m *Result) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Result) DecodeBehind(h *Head) error {
	*m = Result{}
	var d decoder
	m.Request = d.behind(h, TypeResult)
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
	return append(append(m.AppendHead(dst, s), m.Payload.raw...), Tail(s)...)
}

// AppendHead appends what of the message stands before the payload: see
// [Invocation.AppendHead].
func (m *Result) AppendHead(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeResult, 3, m.Payload)
	b.id(m.Request)
	b.dict(m.Details)
	return b.head(m.Payload)
}
