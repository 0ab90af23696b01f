package codec

// Register is REGISTER: [64, Request, Options, Procedure].
type Register struct {
	Request         uint64
	Options         Dict
	Match           string // Options.match; empty: exact
	Invoke          string // Options.invoke; empty: single
	Concurrency     int64  // Options.concurrency, if HasConcurrency
	HasInvoke       bool
	HasConcurrency  bool
	ForceReregister bool
	// OptionError says which of these options has a value that it can't have.
	// The message is well formed all the same.
	OptionError error
	Procedure   string
}

// Decode reads the message; its raw parts alias msg.
func (m *Register) Decode(s Serializer, msg []byte) error {
	*m = Register{}
	d := decoding(s, msg, TypeRegister)
	m.Request = d.id("Request")
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

// Registered is REGISTERED: [65, REGISTER.Request, Registration].
type Registered struct{ Request, Registration uint64 }

// Decode reads the message.
func (m *Registered) Decode(s Serializer, msg []byte) error {
	return decodeTwoIDs(s, msg, TypeRegistered, "Registration", &m.Request, &m.Registration)
}

// Append appends the message.
func (m *Registered) Append(dst []byte, s Serializer) []byte {
	return appendTwoIDs(dst, s, TypeRegistered, m.Request, m.Registration)
}

// Unregister is UNREGISTER: [66, Request, REGISTERED.Registration]. Crossbar.io
// allows options behind it.
type Unregister struct {
	Request, Registration uint64
	Options               Dict // the zero Dict: absent
}

// Decode reads the message; Options alias msg.
func (m *Unregister) Decode(s Serializer, msg []byte) error {
	return decodeEnd(s, msg, TypeUnregister, "Registration", &m.Request, &m.Registration, &m.Options)
}

// Append appends the message.
func (m *Unregister) Append(dst []byte, s Serializer) []byte {
	return appendEnd(dst, s, TypeUnregister, m.Request, m.Registration, m.Options)
}

// Unregistered is UNREGISTERED: [67, UNREGISTER.Request], or the router's
// revocation [67, 0, {registration, reason}] ("Registration Revocation").
type Unregistered struct {
	Request      uint64 // 0: revocation
	Details      Dict
	Registration uint64 // Details.registration
	Reason       string // Details.reason
}

// Decode reads the message; Details alias msg.
func (m *Unregistered) Decode(s Serializer, msg []byte) error {
	*m = Unregistered{}
	d := decoding(s, msg, TypeUnregistered)
	m.Request = d.idOrZero("Request")
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
func decodeEnd(s Serializer, msg []byte, t MessageType, second string, request, other *uint64, options *Dict) error {
	d := decoding(s, msg, t)
	*request = d.id("Request")
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

func decodeTwoIDs(s Serializer, msg []byte, t MessageType, second string, request, other *uint64) error {
	d := decoding(s, msg, t)
	*request = d.id("Request")
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
