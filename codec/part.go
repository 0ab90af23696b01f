package codec

// IsPart tells whether a message is one of several, and more follow: its
// dictionary, which is at that element, has progress true ("Progressive Call
// Results", #name-progressive-call-results; "Progressive Call Invocations",
// #name-progressive-call-invocation): 2 in CALL, RESULT and YIELD, 3 in INVOCATION. Only the message's head is read; one that is malformed there is
// not.
func IsPart(s Serializer, msg []byte, element int) bool {
	c := cursor{s: s, buf: msg}
	_, k, ok := c.messageType()
	for i := 1; ok && i <= element; i++ {
		if ok, _ = c.next(&k); ok && i < element {
			ok = c.skip(1)
		}
	}
	if !ok {
		return false
	}
	e := entriesAt(&c)
	progress := false
	for e.next() {
		if string(e.key) == "progress" {
			progress = e.c.boolValue()
		}
	}
	return progress
}
