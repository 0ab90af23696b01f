package login

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/wampool/wampool/codec"
)

// anonymous knows nobody.
type anonymous struct{}

func (anonymous) names() []string      { return []string{Anonymous} }
func (anonymous) hello() []codec.Field { return nil }
func (anonymous) accept(extra) error   { return nil }
func (anonymous) answer(string, extra) (string, []codec.Field, error) {
	return "", nil, errors.New("there is nothing to answer with")
}

// ticket sends the secret as it is ("Ticket-based Authentication",
// #name-ticket-based-authentication).
type ticket struct{ secret string }

func (ticket) names() []string      { return []string{Ticket} }
func (ticket) hello() []codec.Field { return nil }
func (ticket) accept(extra) error   { return nil }
func (t ticket) answer(string, extra) (string, []codec.Field, error) {
	return t.secret, nil, nil
}

// cra signs what the router sends with the secret, or with a key derived from
// it ("Challenge Response Authentication", #name-challenge-response-authenti).
type cra struct{ secret string }

func (cra) names() []string      { return []string{CRA} }
func (cra) hello() []codec.Field { return nil }
func (cra) accept(extra) error   { return nil }

// What a CHALLENGE may ask of PBKDF2. Ten million rounds take about three
// seconds; with few, the key is guessed as easily as an unsalted secret, which
// the method allows as well.
const (
	mostIterations = 10_000_000
	leastKeyBytes  = 16
	mostKeyBytes   = 64
	mostSaltBytes  = 1024
)

func (a cra) answer(_ string, c extra) (string, []codec.Field, error) {
	challenge, err := c.text("challenge")
	if err != nil {
		return "", nil, err
	}
	key := []byte(a.secret)
	if c.has("salt") {
		if key, err = a.derive(c); err != nil {
			return "", nil, err
		}
	}
	return base64.StdEncoding.EncodeToString(hmacSHA256(key, challenge)), nil, nil
}

// derive makes the key of a salted secret. The key is its Base64 text, and the
// salt a text as well: so it is wherever the method is implemented.
func (a cra) derive(c extra) ([]byte, error) {
	salt, err := c.text("salt")
	if err != nil {
		return nil, err
	}
	if err := checkSalt(c, len(salt)); err != nil {
		return nil, err
	}
	iterations, err := c.number("iterations", 1, mostIterations)
	if err != nil {
		return nil, err
	}
	length, err := c.number("keylen", leastKeyBytes, mostKeyBytes)
	if err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(sha256.New, a.secret, []byte(salt), iterations, length)
	if err != nil {
		return nil, err
	}
	return []byte(base64.StdEncoding.EncodeToString(key)), nil
}

func checkSalt(c extra, length int) error {
	if length > mostSaltBytes {
		return errors.New(c.message + ": salt is longer than 1024 bytes")
	}
	return nil
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
