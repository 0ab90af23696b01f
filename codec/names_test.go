package codec_test

import (
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestParseSubprotocol(t *testing.T) {
	for _, s := range serializers {
		if got, ok := codec.ParseSubprotocol(s.Subprotocol()); !ok || got != s {
			t.Errorf("%s: %v, %v", s.Subprotocol(), got, ok)
		}
		if s.Binary() != (s != codec.JSON) {
			t.Errorf("%s: binary %v", s, s.Binary())
		}
	}
	for _, name := range []string{"", "wamp.2.json.batched", "wamp.2.ubjson", "WAMP.2.JSON", "wamp.2.no serializer"} {
		if got, ok := codec.ParseSubprotocol(name); ok {
			t.Errorf("%q is %v", name, got)
		}
	}
	if got := codec.Serializer(0).String(); got != "no serializer" {
		t.Errorf("%q", got)
	}
}

func TestMessageTypeString(t *testing.T) {
	for mt, want := range map[codec.MessageType]string{
		codec.TypeHello: "HELLO", codec.TypeYield: "YIELD", 7: "message type 7", 337: "message type 337", 0: "message type 0",
	} {
		if got := mt.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestValidURI(t *testing.T) {
	tests := []struct {
		uri                     string
		exact, prefix, wildcard bool
	}{
		{"com.example.add", true, true, true},
		{"add", true, true, true},
		{"com.\u00e4dd.\U0001F600", true, true, true},
		{"com.example-2/a:b@c", true, true, true},
		{"com.example.", false, true, true},
		{"", false, true, true},
		{"com..add", false, false, true},
		{".com", false, false, true},
		{".", false, false, true},
		{"com.ex ample", false, false, false},
		{"com.#", false, false, false},
		{"com\t", false, false, false},
		{"com\n", false, false, false},
		{"com\x1fa", false, false, false},
		{"com\x7f", false, false, false},
		{"com\u00a0a", false, false, false},
		{"com\u3000a", false, false, false},
		{"com.\xff", false, false, false},
	}
	for _, test := range tests {
		if got := codec.ValidURI(test.uri); got != test.exact {
			t.Errorf("%q: %v", test.uri, got)
		}
		if got := codec.ValidURI([]byte(test.uri)); got != test.exact {
			t.Errorf("%q as bytes: %v", test.uri, got)
		}
		for match, want := range map[string]bool{"": test.exact, "exact": test.exact, "prefix": test.prefix, "wildcard": test.wildcard} {
			if got := codec.ValidPattern(test.uri, match); got != want {
				t.Errorf("%q as %q pattern: %v", test.uri, match, got)
			}
		}
	}
}
