package codec

// CalleeFeatures are the features of the advanced profile that a client's
// HELLO announces for its role of callee, as far as they change what it is sent
// ("Feature Announcement", #name-feature-announcement).
type CalleeFeatures struct {
	CallCanceling              bool // call_canceling, or call_cancelling as "Progressive Call Invocations", #name-progressive-call-invocation, misspells it
	ProgressiveCallResults     bool
	ProgressiveCallInvocations bool
	CallTimeout                bool
	RegistrationRevocation     bool
	PayloadPassthruMode        bool
	PayloadTransparency        bool
	CallReroute                bool
}

func (f *CalleeFeatures) set(name []byte, announced bool) {
	switch string(name) {
	case "call_canceling", "call_cancelling":
		f.CallCanceling = f.CallCanceling || announced
	case "progressive_call_results":
		f.ProgressiveCallResults = announced
	case "progressive_call_invocations":
		f.ProgressiveCallInvocations = announced
	case "call_timeout":
		f.CallTimeout = announced
	case "registration_revocation":
		f.RegistrationRevocation = announced
	case "payload_passthru_mode":
		f.PayloadPassthruMode = announced
	case "payload_transparency":
		f.PayloadTransparency = announced
	case "call_reroute":
		f.CallReroute = announced
	}
}

// Roles are the roles that a client takes, any of the four ("HELLO", #name-hello-2).
type Roles struct{ Publisher, Subscriber, Caller, Callee bool }

// Hello is HELLO: [1, Realm, Details] ("HELLO", #name-hello).
type Hello struct {
	Realm       string
	Details     Dict
	Roles       Roles
	Callee      CalleeFeatures
	AuthID      string
	AuthMethods []string
}

// Decode reads the message; Details alias msg.
func (m *Hello) Decode(s Serializer, msg []byte) error {
	*m = Hello{}
	var d decoder
	d.begin(s, msg, TypeHello)
	m.Realm = d.realm()
	m.Details = d.dict("Details")
	d.end()
	if err := d.done(); err != nil {
		return err
	}
	for e := m.Details.read(s); e.next(); {
		switch string(e.key) {
		case "roles":
			m.roles(entriesAt(&e.c))
		case "authid":
			m.AuthID = e.c.textValue()
		case "authmethods":
			m.AuthMethods, _ = Value{s, e.raw()}.Strings()
		}
	}
	return nil
}

// realm reads a realm's name. Null leaves the choice to the router (Crossbar.io).
func (d *decoder) realm() string {
	if d.element("Realm") && d.c.kind() == kindNull {
		d.c.skip(1)
		return ""
	}
	return string(d.textHere("Realm"))
}

func (m *Hello) roles(e entries) {
	for e.next() {
		switch string(e.key) {
		case "publisher":
			m.Roles.Publisher = true
		case "subscriber":
			m.Roles.Subscriber = true
		case "caller":
			m.Roles.Caller = true
		case "callee":
			m.Roles.Callee = true
			for of := entriesAt(&e.c); of.next(); {
				if string(of.key) != "features" {
					continue
				}
				for feature := entriesAt(&of.c); feature.next(); {
					m.Callee.set(feature.key, feature.c.boolValue())
				}
			}
		}
	}
}

// Append appends the message; Details hold everything.
func (m *Hello) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeHello, 3, Payload{})
	text(&b, m.Realm)
	b.dict(m.Details)
	return b.end(Payload{})
}

// Welcome is WELCOME: [2, Session, Details] ("WELCOME", #name-welcome).
type Welcome struct {
	Session                             uint64
	Details                             Dict
	Realm, AuthID, AuthRole, AuthMethod string // of Details, empty where absent
}

// Decode reads the message; Details alias msg.
func (m *Welcome) Decode(s Serializer, msg []byte) error {
	*m = Welcome{}
	var d decoder
	d.begin(s, msg, TypeWelcome)
	m.Session = d.id("Session")
	e := d.entries("Details")
	for e.next() {
		switch string(e.key) {
		case "realm":
			m.Realm = e.c.textValue()
		case "authid":
			m.AuthID = e.c.textValue()
		case "authrole":
			m.AuthRole = e.c.textValue()
		case "authmethod":
			m.AuthMethod = e.c.textValue()
		}
	}
	m.Details = d.close("Details", &e)
	d.end()
	return d.done()
}

// textValue reads a string, empty if the value is none.
func (c *cursor) textValue() string {
	text, _ := c.stringValue()
	return string(text)
}

// Append appends the message; Details hold everything.
func (m *Welcome) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeWelcome, 3, Payload{})
	b.id(m.Session)
	b.dict(m.Details)
	return b.end(Payload{})
}

// Abort is ABORT: [3, Details, Reason] and, from some routers, a payload ("ABORT",
// #name-abort).
type Abort struct {
	Details Dict
	Reason  string
	Message string // Details.message
	Payload Payload
}

// Decode reads the message; its raw parts alias msg.
func (m *Abort) Decode(s Serializer, msg []byte) error {
	*m = Abort{}
	var d decoder
	d.begin(s, msg, TypeAbort)
	e := d.entries("Details")
	for e.next() {
		if string(e.key) == "message" {
			m.Message = e.c.textValue()
		}
	}
	m.Details = d.close("Details", &e)
	m.Reason = string(d.text("Reason"))
	m.Payload = d.payload()
	return d.done()
}

// Append appends the message; Details hold the sentence for people.
func (m *Abort) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeAbort, 3, m.Payload)
	b.dict(m.Details)
	text(&b, m.Reason)
	return b.end(m.Payload)
}

// Challenge is CHALLENGE: [4, AuthMethod, Extra] ("CHALLENGE", #name-challenge).
type Challenge struct {
	AuthMethod string
	Extra      Dict
}

// Decode reads the message; Extra aliases msg.
func (m *Challenge) Decode(s Serializer, msg []byte) error {
	return decodeTextDict(s, msg, TypeChallenge, "AuthMethod", "Extra", &m.AuthMethod, &m.Extra)
}

// Append appends the message.
func (m *Challenge) Append(dst []byte, s Serializer) []byte {
	return appendTextDict(dst, s, TypeChallenge, m.AuthMethod, m.Extra)
}

// Authenticate is AUTHENTICATE: [5, Signature, Extra] ("AUTHENTICATE",
// #name-authenticate). It must never be logged.
type Authenticate struct {
	Signature string
	Extra     Dict
}

// Decode reads the message; Extra aliases msg.
func (m *Authenticate) Decode(s Serializer, msg []byte) error {
	return decodeTextDict(s, msg, TypeAuthenticate, "Signature", "Extra", &m.Signature, &m.Extra)
}

// Append appends the message.
func (m *Authenticate) Append(dst []byte, s Serializer) []byte {
	return appendTextDict(dst, s, TypeAuthenticate, m.Signature, m.Extra)
}

func decodeTextDict(s Serializer, msg []byte, t MessageType, first, second string, str *string, dict *Dict) error {
	var d decoder
	d.begin(s, msg, t)
	*str = string(d.text(first))
	*dict = d.dict(second)
	d.end()
	return d.done()
}

func appendTextDict(dst []byte, s Serializer, t MessageType, str string, dict Dict) []byte {
	b := begin(dst, s, t, 3, Payload{})
	text(&b, str)
	b.dict(dict)
	return b.end(Payload{})
}

// Goodbye is GOODBYE: [6, Details, Reason] ("GOODBYE", #name-goodbye).
type Goodbye struct {
	Details Dict
	Reason  string
}

// Decode reads the message; Details alias msg.
func (m *Goodbye) Decode(s Serializer, msg []byte) error {
	*m = Goodbye{}
	var d decoder
	d.begin(s, msg, TypeGoodbye)
	m.Details = d.dict("Details")
	m.Reason = string(d.text("Reason"))
	d.end()
	return d.done()
}

// Append appends the message.
func (m *Goodbye) Append(dst []byte, s Serializer) []byte {
	b := begin(dst, s, TypeGoodbye, 3, Payload{})
	b.dict(m.Details)
	text(&b, m.Reason)
	return b.end(Payload{})
}
