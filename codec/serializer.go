package codec

// Serializer is one of the three formats that a message can have on the wire
// ("Serializers", #name-serializers).
type Serializer uint8

// The serializers that wampool speaks.
const (
	JSON Serializer = iota + 1
	MessagePack
	CBOR
)

var serializerNames = [...]string{JSON: "json", MessagePack: "msgpack", CBOR: "cbor"}

func (s Serializer) String() string {
	if s < JSON || s > CBOR {
		return "no serializer"
	}
	return serializerNames[s]
}

// Subprotocol returns the WebSocket subprotocol of the serializer, "wamp.2.json"
// for one ("WebSocket Transport", #name-websocket-transport).
func (s Serializer) Subprotocol() string { return "wamp.2." + s.String() }

// Binary tells whether messages travel in binary WebSocket messages, not in text:
// those of JSON all in text, the others all in binary ("WebSocket Transport",
// #name-websocket-transport).
func (s Serializer) Binary() bool { return s != JSON }

// ParseSubprotocol returns the serializer of a WebSocket subprotocol. It is
// false for those that wampool does not speak, the batched ones among them
// ("Message Batching", #name-message-batching).
func ParseSubprotocol(name string) (Serializer, bool) {
	for s := JSON; s <= CBOR; s++ {
		if name == s.Subprotocol() {
			return s, true
		}
	}
	return 0, false
}
