package codec

import "strings"

// What the values of options and details must be, by key. A router may close
// the session that sends one of another type, so what goes to a session that
// others depend on is checked first. Keys that are not here may hold anything.

// check tells why the value at the cursor can't be that option's; empty: it can.
type check func(c *cursor) string

var yieldOptions = join(payloadOptions, disclosedCallee, map[string]check{"progress": isBool})

var errorDetails = join(payloadOptions, disclosedCallee)

var publishOptions = join(payloadOptions, map[string]check{
	"acknowledge": isBool, "exclude_me": isBool, "retain": isBool, "disclose_me": isBool,
	"exclude": isIDs, "exclude_authid": isStrings, "exclude_authrole": isStrings,
	"eligible": isIDs, "eligible_authid": isStrings, "eligible_authrole": isStrings,
	"transaction_hash": isString,
})

var eventDetails = join(payloadOptions, map[string]check{
	"publisher": isID, "publisher_authid": isString, "publisher_authrole": isString, "topic": isString,
	"retained": isBool, "transaction_hash": isString, "x_acknowledged_delivery": isBool,
})

var subscribeOptions = map[string]check{
	"match": isMatch, "get_retained": isBool, "forward_for": isForwardFor,
}

// payloadOptions are of every message with a payload: payload passthru mode of
// the specification, and payload transparency of Crossbar.io and Autobahn.
var payloadOptions = map[string]check{
	"ppt_scheme": isString, "ppt_serializer": isString, "ppt_cipher": isString, "ppt_keyid": isString,
	"enc_algo": isEncAlgo, "enc_key": isEncKey, "enc_serializer": isEncSerializer,
	"forward_for": isForwardFor,
}

var disclosedCallee = map[string]check{
	"callee": isID, "callee_authid": isString, "callee_authrole": isString,
}

func join(tables ...map[string]check) map[string]check {
	all := make(map[string]check)
	for _, table := range tables {
		for key, check := range table {
			all[key] = check
		}
	}
	return all
}

// validate checks all options of a dictionary.
func (d Dict) validate(s Serializer, t MessageType, element string, table map[string]check) error {
	e := d.read(s)
	for e.next() {
		check := table[string(e.key)]
		if check == nil || e.c.kind() == kindNull {
			continue
		}
		if why := check(&e.c); why != "" {
			return &MalformedError{t, element + "." + string(e.key), why}
		}
	}
	if len(d.raw) > 0 && !e.ok {
		return &MalformedError{t, element, e.c.why}
	}
	return nil
}

func isBool(c *cursor) string {
	if c.kind() != kindBool {
		return "not a boolean"
	}
	return ""
}

func isString(c *cursor) string {
	if c.kind() != kindString {
		return notAString
	}
	return ""
}

func isID(c *cursor) string {
	if c.kind() != kindInt {
		return "not an ID (1 to 2^53)"
	}
	if id, ok := c.uint(); !ok || id == 0 {
		return "not an ID (1 to 2^53)"
	}
	return ""
}

func isIDs(c *cursor) string     { return isListOf(c, isID) }
func isStrings(c *cursor) string { return isListOf(c, isString) }

func isListOf(c *cursor, check check) string {
	if c.kind() != kindList {
		return notAList
	}
	k, ok := c.list()
	for ok {
		var more bool
		if more, ok = c.next(&k); !more || !ok {
			break
		}
		value := c.pos
		if why := check(c); why != "" {
			return "list with an element that is " + why
		}
		c.pos = value
		ok = c.skip(2)
	}
	if !ok {
		return c.why
	}
	return ""
}

// isForwardFor checks the path of a message over several routers: a list of
// {session, authid, authrole}.
func isForwardFor(c *cursor) string {
	return isListOf(c, func(c *cursor) string {
		if c.kind() != kindDict {
			return notADict
		}
		var session, authid, authrole bool
		for e := entriesAt(*c); e.next(); {
			switch string(e.key) {
			case "session":
				session = isID(&e.c) == ""
			case "authid":
				authid = e.c.kind() == kindString || e.c.kind() == kindNull
			case "authrole":
				authrole = isString(&e.c) == ""
			}
		}
		if !session || !authid || !authrole {
			return "not a dictionary of session, authid and authrole"
		}
		return ""
	})
}

func isMatch(c *cursor) string { return isOneOf(c, "exact", "prefix", "wildcard") }

// isEncAlgo allows the schemes that Crossbar.io knows, and private ones.
func isEncAlgo(c *cursor) string {
	if text, ok := c.stringValue(); ok && strings.HasPrefix(string(text), "x_") {
		return ""
	} else if ok {
		return isKnown(string(text), "cryptobox", "mqtt", "xbr")
	}
	return notAString
}

func isEncSerializer(c *cursor) string {
	if text, ok := c.stringValue(); ok && strings.HasPrefix(string(text), "x_") {
		return ""
	} else if ok {
		return isKnown(string(text), "null", "json", "msgpack", "cbor", "ubjson", "opaque", "flatbuffers")
	}
	return notAString
}

// isEncKey allows a string, and binary data.
func isEncKey(c *cursor) string {
	if k := c.kind(); k != kindString && k != kindBinary {
		return notAString
	}
	return ""
}

func isOneOf(c *cursor, names ...string) string {
	text, ok := c.stringValue()
	if !ok {
		return notAString
	}
	return isKnown(string(text), names...)
}

func isKnown(text string, names ...string) string {
	for _, name := range names {
		if text == name {
			return ""
		}
	}
	return "not one of " + strings.Join(names, ", ")
}

// Validate checks what Decode leaves unchecked: the types of options, and the
// payload to its end. What passes goes to a router without harm.
func (m *Yield) Validate(s Serializer) error {
	if err := m.Options.validate(s, TypeYield, "Options", yieldOptions); err != nil {
		return err
	}
	return m.Payload.validateFor(s, TypeYield, m.Options)
}

// Validate checks what Decode leaves unchecked: the error URI, the types of
// details, and the payload to its end.
func (m *Error) Validate(s Serializer) error {
	if !ValidURI(m.URI) {
		return &MalformedError{TypeError, "Error", "not a URI"}
	}
	if err := m.Details.validate(s, TypeError, "Details", errorDetails); err != nil {
		return err
	}
	return m.Payload.validateFor(s, TypeError, m.Details)
}

// Validate checks what Decode leaves unchecked: the topic, the types of
// options, and the payload to its end.
func (m *Publish) Validate(s Serializer) error {
	if !ValidURI(m.Topic) {
		return &MalformedError{TypePublish, "Topic", "not a URI"}
	}
	if err := m.Options.validate(s, TypePublish, "Options", publishOptions); err != nil {
		return err
	}
	return m.Payload.validateFor(s, TypePublish, m.Options)
}

// Validate checks what Decode leaves unchecked: the types of details, and the
// payload to its end.
func (m *Event) Validate(s Serializer) error {
	if err := m.Details.validate(s, TypeEvent, "Details", eventDetails); err != nil {
		return err
	}
	return m.Payload.validateFor(s, TypeEvent, m.Details)
}

// Validate checks what Decode leaves unchecked: the types of options, and the
// topic by the way it matches.
func (m *Subscribe) Validate(s Serializer) error {
	if err := m.Options.validate(s, TypeSubscribe, "Options", subscribeOptions); err != nil {
		return err
	}
	if m.Match != "wildcard" && m.Match != "prefix" && !ValidURI(m.Topic) {
		return &MalformedError{TypeSubscribe, "Topic", "not a URI"}
	}
	return nil
}

// validateFor checks a payload against what the options say of it: a binary or
// string in the place of Arguments means that it is opaque.
func (p Payload) validateFor(s Serializer, t MessageType, options Dict) error {
	arguments, _, err := p.elements(s, t)
	if err != nil || arguments == nil {
		return err
	}
	_, enc := options.Lookup(s, "enc_algo")
	c := cursor{s: s, buf: arguments}
	if opaque := c.kind() != kindList; opaque && !enc {
		return &MalformedError{t, "Arguments", notAList}
	} else if !opaque && enc {
		return &MalformedError{t, "Arguments", "not opaque, and Options.enc_algo says so"}
	}
	return nil
}
