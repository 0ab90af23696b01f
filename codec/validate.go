package codec

// MaxDepth is how deep lists, dictionaries and tags may lie within one another,
// the message's own list among them. Python's CBOR takes 400, and Crossbar.io ends
// the session that sends more; its MessagePack takes 1024.
const MaxDepth = 384

// Validate checks a whole message of any type, as what can't be decoded is the
// fault of who sent it ("Protocol Errors", #name-protocol-errors): that it is one list that begins
// with a message type, well formed to its end, of bounded depth, with valid
// UTF-8 in each string. What is in it may be whatever its serializer can say.
func Validate(s Serializer, msg []byte) error {
	c := cursor{s: s, buf: msg, rules: native}
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
// to its end. They return a *[MalformedError] for what breaks the protocol
// ("Protocol Errors", #name-protocol-errors), and
// a *[ContentError] where the header is sound, so that it costs one call and
// no session: the payload is not well formed, or the options hold a value that
// can't be expressed in each serializer.
//
// A payload may hold whatever its serializer can say, but for what makes a peer
// end the session that sends it. By what Crossbar.io does, that is: nesting
// beyond [MaxDepth]; in JSON, strings that say they are binary and are not
// Base64, integers of more than 4300 digits; in MessagePack, keys that are
// neither strings nor binary, reserved extension types, timestamps that are none;
// in CBOR, tags before what they do not stand for, references from one part of
// the message to another, regular expressions.

// Validate checks the options and the payload. What passes goes to a router
// without harm.
func (m *Yield) Validate(s Serializer) error {
	if err := m.Options.validate(s, TypeYield, "Options", yieldOptions); err != nil {
		return err
	}
	var err error
	m.Foreign, err = m.Payload.validate(s, TypeYield, m.Options, onlyBinary)
	return err
}

// Validate checks the error URI, the details and the payload.
func (m *Error) Validate(s Serializer) error {
	if !ValidURI(m.URI) {
		return &MalformedError{TypeError, "Error", notAURI}
	}
	if err := m.Details.validate(s, TypeError, "Details", errorDetails); err != nil {
		return err
	}
	var err error
	m.Foreign, err = m.Payload.validate(s, TypeError, m.Details, onlyBinary)
	return err
}

// Validate checks the procedure, the options and the payload.
func (m *Call) Validate(s Serializer) error {
	if !ValidURI(m.Procedure) {
		return &MalformedError{TypeCall, "Procedure", notAURI}
	}
	if err := m.Options.validate(s, TypeCall, "Options", callOptions); err != nil {
		return err
	}
	_, err := m.Payload.validate(s, TypeCall, m.Options, onlyBinary)
	return err
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
	_, err := m.Payload.validate(s, TypePublish, m.Options, binaryOrText)
	return err
}

// Validate checks the details and the payload.
func (m *Event) Validate(s Serializer) error {
	if err := m.Details.validate(s, TypeEvent, "Details", eventDetails); err != nil {
		return err
	}
	_, err := m.Payload.validate(s, TypeEvent, m.Details, binaryOrText)
	return err
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
// foreign tells whether it holds what not every serializer has.
func (p Payload) validate(s Serializer, t MessageType, options Dict, may opaque) (foreign bool, err error) {
	c := cursor{s: s, buf: p.raw, rules: careful}
	arguments, argumentsKw, element := p.elements(&c)
	if element != "" {
		return false, c.contentError(t, element)
	}
	if arguments == nil {
		return false, nil
	}
	foreign = c.foreign
	c = cursor{s: s, buf: arguments}
	switch k := c.kind(); {
	case k == kindList || k == kindNull:
		return foreign, nil
	case argumentsKw != nil:
	case k == kindString && may == onlyBinary && !c.jsonBinaryNext():
	default:
		if algo, ok := options.Lookup(s, "enc_algo"); ok && !algo.Null() {
			return foreign, nil
		}
	}
	return false, &ContentError{t.String() + ".Arguments", notAList}
}

// contentError returns why the cursor could not go on in a payload. More
// elements than a message has are not its payload's fault, but the message's.
func (c *cursor) contentError(t MessageType, element string) error {
	if c.why == moreElements {
		return &MalformedError{t, element, c.why}
	}
	return &ContentError{t.String() + "." + element + c.path, c.why}
}
