package login

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/wampool/wampool/codec"
)

// extra is a dictionary that the router sent about the login: CHALLENGE.Extra,
// or WELCOME.Details.authextra.
type extra struct {
	message    string // that it came in
	serializer codec.Serializer
	dict       codec.Dict
}

// has tells whether a key is there, and not null.
func (e extra) has(key string) bool {
	v, ok := e.dict.Lookup(e.serializer, key)
	return ok && !v.Null()
}

// text returns a string that must be there.
func (e extra) text(key string) (string, error) {
	v, ok := e.dict.Lookup(e.serializer, key)
	if !ok || v.Null() {
		return "", fmt.Errorf("%s lacks %s", e.message, key)
	}
	text, ok := v.Str()
	if !ok {
		return "", fmt.Errorf("%s: %s is not a string", e.message, key)
	}
	return string(text), nil
}

// bytes returns the bytes that a Base64 string stands for, which must be there.
func (e extra) bytes(key string) ([]byte, error) {
	text, err := e.text(key)
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // which the decoder overlooks

		return nil, fmt.Errorf("%s: %s is not Base64", e.message, key)
	}
	return b, nil
}

// number returns an integer that must be there, between two bounds.
func (e extra) number(key string, least, most uint64) (int, error) {
	v, ok := e.dict.Lookup(e.serializer, key)
	if !ok || v.Null() {
		return 0, fmt.Errorf("%s lacks %s", e.message, key)
	}
	n, ok := v.Uint()
	if !ok {
		return 0, fmt.Errorf("%s: %s is not a positive integer", e.message, key)
	}
	if n < least || n > most {
		return 0, fmt.Errorf("%s: %s is %d, and must be from %d to %d", e.message, key, n, least, most)
	}
	return int(n), nil //nolint:gosec // within the limits above
}

// unbound refuses a challenge that is to be bound to the TLS channel.
func (e extra) unbound() error {
	if e.has("channel_binding") {
		return fmt.Errorf("%s asks for channel binding, which wampool does not do", e.message)
	}
	return nil
}
