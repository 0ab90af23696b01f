package codec

// MalformedError says what is wrong with a message. It never holds anything of
// the message's content.
type MalformedError struct {
	Type    MessageType // 0: not known
	Element string      // as the specification calls it, "Request" for one; may be empty
	Reason  string
}

func (e *MalformedError) Error() string {
	where := "message"
	if e.Type != 0 {
		where = e.Type.String()
	}
	if e.Element != "" {
		where += "." + e.Element
	}
	return "codec: " + where + ": " + e.Reason
}

// TranscodeError says that a value can't be expressed in another serializer,
// or is not well formed. It names where the value is, never the value.
type TranscodeError struct {
	Element string // "Arguments[0].x" for one
	Reason  string
}

func (e *TranscodeError) Error() string { return "codec: " + e.Element + ": " + e.Reason }
