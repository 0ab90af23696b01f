package codec

// MaxDepth is how deep lists and dictionaries may lie within one another.
const MaxDepth = 128

// Validate checks a whole message of any type: that it is one list that begins
// with a message type, well formed to its end, of bounded depth, with valid
// UTF-8 in each string.
func Validate(s Serializer, msg []byte) error {
	c := cursor{s: s, buf: msg}
	t, _, ok := c.messageType()
	if !ok {
		return &MalformedError{Element: "Type", Reason: c.why}
	}
	c.pos = 0
	if !c.skip(0) {
		return &MalformedError{Type: t, Reason: c.why}
	}
	if !c.atEnd() {
		return &MalformedError{Type: t, Reason: "is followed by more bytes"}
	}
	return nil
}

// The Validate methods check what Decode leaves unchecked, for messages that go
// to a session that others depend on: URIs, the types of options, the payload
// to its end. They return a *[MalformedError] for what no router would accept,
// and a *[TranscodeError] where the message is well formed but holds a value
// that can't be expressed in each serializer: CBOR tags, extension types,
// integers beyond 64 bit, JSON strings that say they are binary and are not. A
// router that has to pass it on in another serializer may fail on it, so that
// one call is to fail before.

// Validate checks the options and the payload. What passes goes to a router
// without harm.
func (m *Yield) Validate(s Serializer) error {
	if err := m.Options.validate(s, TypeYield, "Options", yieldOptions); err != nil {
		return err
	}
	return m.Payload.validate(s, TypeYield, m.Options, onlyBinary)
}

// Validate checks the error URI, the details and the payload.
func (m *Error) Validate(s Serializer) error {
	if !ValidURI(m.URI) {
		return &MalformedError{TypeError, "Error", notAURI}
	}
	if err := m.Details.validate(s, TypeError, "Details", errorDetails); err != nil {
		return err
	}
	return m.Payload.validate(s, TypeError, m.Details, onlyBinary)
}

// Validate checks the procedure, the options and the payload.
func (m *Call) Validate(s Serializer) error {
	if !ValidURI(m.Procedure) {
		return &MalformedError{TypeCall, "Procedure", notAURI}
	}
	if err := m.Options.validate(s, TypeCall, "Options", callOptions); err != nil {
		return err
	}
	return m.Payload.validate(s, TypeCall, m.Options, onlyBinary)
}

// Validate checks the options.
func (m *Cancel) Validate(s Serializer) error {
	return m.Options.validate(s, TypeCancel, "Options", cancelOptions)
}

// Validate checks the procedure, by the way it matches, and the options.
// OptionError is its error where it is set.
func (m *Register) Validate(s Serializer) error {
	if m.OptionError != nil {
		return m.OptionError
	}
	if !ValidPattern(m.Procedure, m.Match) {
		return &MalformedError{TypeRegister, "Procedure", notAURI}
	}
	return m.Options.validate(s, TypeRegister, "Options", registerOptions)
}

// Validate checks the topic, the options and the payload.
func (m *Publish) Validate(s Serializer) error {
	if !ValidURI(m.Topic) {
		return &MalformedError{TypePublish, "Topic", notAURI}
	}
	if err := m.Options.validate(s, TypePublish, "Options", publishOptions); err != nil {
		return err
	}
	return m.Payload.validate(s, TypePublish, m.Options, binaryOrText)
}

// Validate checks the details and the payload.
func (m *Event) Validate(s Serializer) error {
	if err := m.Details.validate(s, TypeEvent, "Details", eventDetails); err != nil {
		return err
	}
	return m.Payload.validate(s, TypeEvent, m.Details, binaryOrText)
}

// Validate checks the options, and the topic by the way it matches.
func (m *Subscribe) Validate(s Serializer) error {
	if err := m.Options.validate(s, TypeSubscribe, "Options", subscribeOptions); err != nil {
		return err
	}
	if !ValidPattern(m.Topic, m.Match) {
		return &MalformedError{TypeSubscribe, "Topic", notAURI}
	}
	return nil
}

const notAURI = "not a URI"

// opaque is what may stand in the place of Arguments where Options.enc_algo
// announces an opaque payload. Autobahn takes text for it in PUBLISH only.
type opaque bool

const (
	onlyBinary   opaque = false
	binaryOrText opaque = true
)

// validate checks a payload to its end, and against what the options say of it.
func (p Payload) validate(s Serializer, t MessageType, options Dict, may opaque) error {
	c := cursor{s: s, buf: p.raw, portable: true}
	arguments, argumentsKw, element := p.elements(&c)
	if element != "" {
		return c.cause(t, element)
	}
	if arguments == nil {
		return nil
	}
	c = cursor{s: s, buf: arguments}
	switch k := c.kind(); {
	case k == kindList || k == kindNull:
		return nil
	case argumentsKw != nil:
	case k == kindString && may == onlyBinary && !c.jsonBinaryNext():
	default:
		if algo, ok := options.Lookup(s, "enc_algo"); ok && !algo.Null() {
			return nil
		}
	}
	return &MalformedError{t, "Arguments", notAList}
}
