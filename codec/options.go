package codec

import (
	"maps"
	"slices"
	"strings"
)

// What the values of options and details must be, by key. A router may close
// the session that sends one of another type (Crossbar.io does), so what goes
// to a session that others depend on is checked first. Keys that are not here
// may hold anything, and pass: who does not know one ignores it ("Extensibility",
// #name-extensibility).

// rule is what an option's value must be.
type rule uint8

const (
	isAnything rule = iota
	isBool
	isString
	isStrings
	isID
	isIDs
	isTimeout
	isMatch
	isMode
	isForwardFor
	isHop
	isEncAlgo
	isEncKey
	isEncSerializer
)

var yieldOptions = join(payloadOptions, disclosedCallee, map[string]rule{"progress": isBool})

var errorDetails = join(payloadOptions, disclosedCallee)

var callOptions = join(payloadOptions, map[string]rule{
	"timeout": isTimeout, "receive_progress": isBool, "progress": isBool, "disclose_me": isBool,
	"transaction_hash": isString, "caller": isID, "caller_authid": isString, "caller_authrole": isString,
})

var cancelOptions = map[string]rule{"mode": isMode, "forward_for": isForwardFor}

var registerOptions = map[string]rule{
	"disclose_caller": isBool, "force_reregister": isBool, "forward_for": isForwardFor,
}

var publishOptions = join(payloadOptions, map[string]rule{
	"acknowledge": isBool, "exclude_me": isBool, "retain": isBool, "disclose_me": isBool,
	"exclude": isIDs, "exclude_authid": isStrings, "exclude_authrole": isStrings,
	"eligible": isIDs, "eligible_authid": isStrings, "eligible_authrole": isStrings,
	"transaction_hash": isString,
})

var eventDetails = join(payloadOptions, map[string]rule{
	"publisher": isID, "publisher_authid": isString, "publisher_authrole": isString, "topic": isString,
	"retained": isBool, "transaction_hash": isString, "x_acknowledged_delivery": isBool,
})

var subscribeOptions = map[string]rule{
	"match": isMatch, "get_retained": isBool, "forward_for": isForwardFor,
}

// payloadOptions are of every message with a payload ("Payload Passthru Mode",
// #name-payload-passthru-mode), and payload transparency of Crossbar.io and
// Autobahn.
var payloadOptions = map[string]rule{
	"ppt_scheme": isString, "ppt_serializer": isString, "ppt_cipher": isString, "ppt_keyid": isString,
	"enc_algo": isEncAlgo, "enc_key": isEncKey, "enc_serializer": isEncSerializer,
	"forward_for": isForwardFor,
}

var disclosedCallee = map[string]rule{
	"callee": isID, "callee_authid": isString, "callee_authrole": isString,
}

func join(tables ...map[string]rule) map[string]rule {
	all := make(map[string]rule)
	for _, table := range tables {
		maps.Copy(all, table)
	}
	return all
}

// validate checks all options of a dictionary that is well formed, and what is in
// them to its end.
func (d Dict) validate(s Serializer, t MessageType, element string, table map[string]rule) error {
	if d.Empty() {
		return nil
	}
	e := d.read(s)
	e.c.rules = portable
	for e.next() {
		if why := e.c.breaks(table[string(e.key)]); why != "" {
			return &MalformedError{t, element + "." + string(e.key), why}
		}
	}
	if !e.ok { // well formed, and by these rules not
		return &ContentError{t.String() + "." + element + e.c.path, e.c.why}
	}
	return nil
}

// breaks tells why the value at the cursor does not follow the rule; empty: it
// does.
func (c *cursor) breaks(r rule) string {
	switch r {
	case isBool:
		return c.mustBe(kindBool, "not a boolean")
	case isString:
		if c.kind() != kindString || c.jsonBinaryNext() {
			return notAString
		}
	case isID:
		if id, ok := c.wholeNumber(); !ok || id == 0 {
			return "not an ID (1 to 2^53)"
		}
	case isTimeout: // in milliseconds, 0 for none
		if _, ok := c.wholeNumber(); !ok {
			return "not an integer from 0 to 2^53"
		}
	case isStrings:
		return c.breaksListOf(isString)
	case isIDs:
		return c.breaksListOf(isID)
	case isForwardFor: // the path of a message over several routers
		return c.breaksListOf(isHop)
	case isHop:
		return c.breaksHop()
	case isMatch:
		return c.mustBeOneOf("exact", "prefix", "wildcard")
	case isMode:
		return c.mustBeOneOf("skip", "kill", "killnowait")
	case isEncKey:
		if c.kind() != kindNull {
			return c.breaks(isString)
		}
	case isEncAlgo:
		return c.breaksEncryption("cryptobox", "mqtt", "xbr")
	case isEncSerializer:
		return c.breaksEncryption("json", "msgpack", "cbor", "ubjson", "flatbuffers")
	}
	return ""
}

func (c *cursor) mustBe(k kind, why string) string {
	if c.kind() != k {
		return why
	}
	return ""
}

// wholeNumber reads an integer from 0 to 2^53 that is written as one.
func (c *cursor) wholeNumber() (uint64, bool) {
	if c.kind() != kindInt {
		return 0, false
	}
	return c.uint()
}

func (c *cursor) breaksListOf(r rule) string {
	if c.kind() != kindList {
		return notAList
	}
	k, ok := c.list()
	for ok {
		if more, _ := c.next(&k); !more {
			break
		}
		element := c.pos
		if why := c.breaks(r); why != "" {
			return "list with an element that is " + why
		}
		c.pos = element
		ok = c.skip(2) // if not, it is not this rule that it is against
	}
	return ""
}

// breaksHop checks one element of forward_for.
func (c *cursor) breaksHop() string {
	if c.kind() != kindDict {
		return notADict
	}
	var session, authid, authrole bool
	for e := entriesAt(c); e.next(); {
		switch string(e.key) {
		case "session":
			session = e.c.breaks(isID) == ""
		case "authid":
			authid = e.c.kind() == kindNull || e.c.breaks(isString) == ""
		case "authrole":
			authrole = e.c.breaks(isString) == ""
		}
	}
	if !session || !authid || !authrole {
		return "not a dictionary of session, authid and authrole"
	}
	return ""
}

// breaksEncryption allows these names, private ones (x_...), and what Autobahn
// takes for none: null and the empty string.
func (c *cursor) breaksEncryption(names ...string) string {
	if c.kind() == kindNull {
		return ""
	}
	text, ok := c.stringValue()
	switch {
	case !ok:
		return notAString
	case len(text) == 0 || isPrivate(text):
		return ""
	}
	return isKnown(string(text), names...)
}

// isPrivate tells whether a name follows x_[a-z][0-9a-z_]+, the form of
// attributes outside the specification.
func isPrivate(name []byte) bool {
	if len(name) < 4 || string(name[:2]) != "x_" || name[2] < 'a' || name[2] > 'z' {
		return false
	}
	for _, b := range name[3:] {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '_' {
			return false
		}
	}
	return true
}

func (c *cursor) mustBeOneOf(names ...string) string {
	text, ok := c.stringValue()
	if !ok {
		return notAString
	}
	return isKnown(string(text), names...)
}

func isKnown(text string, names ...string) string {
	if slices.Contains(names, text) {
		return ""
	}
	return "not one of " + strings.Join(names, ", ")
}
