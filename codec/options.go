package codec

import (
	"slices"
	"strings"
)

// What the values of options and details must be, by key. A router may close
// the session that sends one of another type (Crossbar.io does), so what goes
// to a session that others depend on is checked first. Keys that are not here
// may hold anything.

// check tells why the value at the cursor can't be that option's; empty: it can.
type check func(c *cursor) string

var yieldOptions = join(payloadOptions, disclosedCallee, map[string]check{"progress": isBool})

var errorDetails = join(payloadOptions, disclosedCallee)

var callOptions = join(payloadOptions, map[string]check{
	"timeout": isTimeout, "receive_progress": isBool, "progress": isBool, "disclose_me": isBool,
	"transaction_hash": isString, "caller": isID, "caller_authid": isString, "caller_authrole": isString,
})

var cancelOptions = map[string]check{"mode": isMode, "forward_for": isForwardFor}

var registerOptions = map[string]check{
	"disclose_caller": isBool, "force_reregister": isBool, "forward_for": isForwardFor,
}

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

// validate checks all options of a dictionary, and what is in them to its end.
func (d Dict) validate(s Serializer, t MessageType, element string, table map[string]check) error {
	e := d.read(s)
	e.c.portable = true
	for e.next() {
		if check := table[string(e.key)]; check != nil {
			if why := check(&e.c); why != "" {
				return &MalformedError{t, element + "." + string(e.key), why}
			}
		}
	}
	if len(d.raw) > 0 && !e.ok {
		return e.c.cause(t, element)
	}
	return nil
}

// cause returns why the cursor could not go on.
func (c *cursor) cause(t MessageType, element string) error {
	if c.inexpressible {
		return &TranscodeError{t.String() + "." + element, c.why}
	}
	return &MalformedError{t, element, c.why}
}

func isBool(c *cursor) string {
	if c.kind() != kindBool {
		return "not a boolean"
	}
	return ""
}

// isString refuses the strings of JSON that stand for binary.
func isString(c *cursor) string {
	if c.kind() != kindString || c.jsonBinaryNext() {
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

func isMode(c *cursor) string { return isOneOf(c, "skip", "kill", "killnowait") }

// isTimeout allows whole milliseconds, 0 for none.
func isTimeout(c *cursor) string {
	if n, ok := uint64(0), c.kind() == kindInt; ok {
		if n, ok = c.uint(); ok && n <= MaxID {
			return ""
		}
	}
	return "not an integer from 0 to 2^53"
}

// isEncAlgo allows the schemes that Crossbar.io knows, and private ones.
func isEncAlgo(c *cursor) string {
	return isEncryption(c, "cryptobox", "mqtt", "xbr")
}

func isEncSerializer(c *cursor) string {
	return isEncryption(c, "json", "msgpack", "cbor", "ubjson", "flatbuffers")
}

// isEncryption allows these names, private ones (x_...), and what Autobahn
// takes for none: null and the empty string.
func isEncryption(c *cursor, names ...string) string {
	if c.kind() == kindNull {
		return ""
	}
	text, ok := c.stringValue()
	if !ok {
		return notAString
	}
	if len(text) == 0 || isPrivate(text) {
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

// isEncKey allows a string, and null for none.
func isEncKey(c *cursor) string {
	if c.kind() == kindNull {
		return ""
	}
	return isString(c)
}

func isOneOf(c *cursor, names ...string) string {
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
