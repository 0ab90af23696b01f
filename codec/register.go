package codec

// Register is REGISTER: [64, Request, Options, Procedure] ("REGISTER",
// #name-register).
type Register struct {
	Request         uint64
	Options         Dict
	Match           string // Options.match; empty: exact ("Pattern-based Registrations", #name-pattern-based-registrations)
	Invoke          string // Options.invoke; empty: single ("Shared Registration", #name-shared-registration)
	Concurrency     int64  // Options.concurrency, if HasConcurrency
	HasInvoke       bool
	HasConcurrency  bool
	ForceReregister bool
	DiscloseCaller  bool // Options.disclose_caller ("Caller Identification", #name-caller-identification)
	// OptionError says which of match, invoke and concurrency has a value that it
	// can't have.
	// The message is well formed all the same.
	OptionError error
	Procedure   string
}

// Decode reads the message; its raw parts alias msg.
func (m *Register) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Register) DecodeBehind(h *Head) error {
	*m = Register{}
	var d decoder
	m.Request = d.behind(h, TypeRegister)
	e := d.entries("Options")
	for e.next() {
		m.option(e.key, &e.c)
	}
	m.Options = d.close("Options", &e)
	m.Procedure = string(d.text("Procedure"))
	d.end()
	return d.done()
}

func (m *Register) option(key []byte, c *cursor) {
	switch string(key) {
	case "match":
		m.Match = m.textOption("match", c)
		if m.Match != "" && m.OptionError == nil {
			if why := isKnown(m.Match, "exact", "prefix", "wildcard"); why != "" {
				m.wrong("match", why)
			}
		}
	case "invoke":
		m.HasInvoke = c.kind() != kindNull
		m.Invoke = m.textOption("invoke", c)
	case "concurrency":
		if c.kind() == kindNull {
			return
		}
		m.HasConcurrency = true
		if c.kind() != kindInt {
			m.wrong("concurrency", "not an integer")
			return
		}
		n, ok := c.num()
		if !ok || n.integer > MaxID {
			m.wrong("concurrency", "out of range")
			return
		}
		if m.Concurrency = int64(n.integer); n.negative {
			m.Concurrency = -m.Concurrency
		}
	case "force_reregister":
		m.ForceReregister = c.boolValue()
	case "disclose_caller":
		m.DiscloseCaller = c.boolValue()
	}
}

func (m *Register) textOption(name string, c *cursor) string {
	if c.kind() == kindNull {
		return ""
	}
	value, ok := c.stringValue()
	if !ok {
		m.wrong(name, notAString)
	}
	return string(value)
}

func (m *Register) wrong(option, why string) {
	if m.OptionError == nil {
		m.OptionError = &MalformedError{TypeRegister, "Options." + option, why}
	}
}

// Append appends the message; Options hold all options.
func (m *Register) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeRegister, 4, Payload{})
	b.id(m.Request)
	b.dict(m.Options)
	text(&b, m.Procedure)
	return b.end(Payload{})
}

// Registered is REGISTERED: [65, REGISTER.Request, Registration] ("REGISTERED",
// #name-registered).
type Registered struct{ Request, Registration uint64 }

// Decode reads the message.
func (m *Registered) Decode(s Serializer, msg []byte) error {
	h, _ := ReadHead(s, msg)
	return m.DecodeBehind(&h)
}

// DecodeBehind is Decode for a message whose head was read.
func (m *Registered) DecodeBehind(h *Head) error {
	return decodeTwoIDs(h, TypeRegistered, "Registration", &m.Request, &m.Registration)
}

// Append appends the message.
func (m *Registered) Append(dst []byte, s Serializer) []byte {
	return appendTwoIDs(dst, s, TypeRegistered, m.Request, m.Registration)
}
