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

// ContentError says that what a message carries can't be passed on, though its
// header is sound: its payload is not well formed, can't be expressed in another
// serializer, or would end the session that it goes to; or its options hold
// such a value. It names where the value is and of which kind, never the value.
type ContentError struct {
	Element string // "Arguments[0].x" for one
	Reason  string
}

func (e *ContentError) Error() string { return "codec: " + e.Element + ": " + e.Reason }
