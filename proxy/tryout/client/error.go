package client

// Error is an ERROR of the router or a callee, or one that a handler returns
// for its caller: then URI and Message count.
type Error struct {
	URI     string
	Message string // the first argument, if it is a string
	Received
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.URI
	}
	return e.URI + ": " + e.Message
}

// sentence returns the first argument if it is a string.
func (e *Error) sentence() string {
	arguments, err := e.Arguments()
	if err != nil || len(arguments.List) == 0 {
		return ""
	}
	text, _ := arguments.List[0].(string)
	return text
}
