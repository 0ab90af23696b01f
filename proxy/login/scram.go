package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/xdg-go/stringprep"

	"github.com/wampool/wampool/codec"
)

// dialect is what differs between WAMP-SCRAM as it is specified and as
// Crossbar.io has it, which is older. The name of the method tells them apart.
type dialect struct {
	binding  string // "c" of a client that binds to no channel
	verifier string // where WELCOME has the router's signature
	prepared bool   // the password is normalized
	escaped  bool   // "," and "=" in the authid are escaped
	textual  bool   // the key that Argon2 derives is used as Base64 text
}

const (
	specified  = "wamp-scram"
	crossbario = "scram"
)

var dialects = map[string]dialect{
	specified:  {binding: "biws", verifier: "verifier", prepared: true, escaped: true}, // "n,,"
	crossbario: {verifier: "scram_server_signature", textual: true},
}

// scram proves that it knows the password without sending it, and has the
// router prove the same ("Salted Challenge Response Authentication",
// #name-salted-challenge-response-a; RFC 5802).
type scram struct {
	authID, password string
	nonce            string
	dialect          dialect
	signature        []byte // that the router has to send; nil before the challenge
}

// A nonce of 18 bytes has a Base64 text without padding. So the text of what a
// router makes of it begins with it, whether the router appends its own nonce
// to the text (specified) or to the bytes (Crossbar.io).
const nonceBytes = 18

func newSCRAM(authID, password string) (*scram, error) {
	authID, err := stringprep.SASLprep.Prepare(authID)
	if err != nil {
		return nil, errors.New("the authid has a character that SASLprep (RFC 4013) prohibits")
	}
	random := make([]byte, nonceBytes)
	_, _ = rand.Read(random) // never fails
	return &scram{authID: authID, password: password, nonce: base64.StdEncoding.EncodeToString(random)}, nil
}

// names has Crossbar.io's first: it refuses a name that it does not know, once
// it comes to it.
func (m *scram) names() []string { return []string{crossbario, specified} }

func (m *scram) hello() []codec.Field {
	return []codec.Field{{Key: "nonce", Value: codec.FieldString(m.nonce)}}
}

func (m *scram) answer(name string, c extra) (string, []codec.Field, error) {
	m.dialect = dialects[name]
	if err := c.unbound(); err != nil {
		return "", nil, err
	}
	nonce, err := m.joined(c)
	if err != nil {
		return "", nil, err
	}
	salted, iterations, err := m.salted(c)
	if err != nil {
		return "", nil, err
	}
	salt, err := c.text("salt")
	if err != nil {
		return "", nil, err
	}
	return m.prove(salted, nonce, salt, iterations),
		[]codec.Field{{Key: "nonce", Value: codec.FieldString(nonce)}}, nil
}

// prove returns the client's proof, and notes what the router's has to be
// (RFC 5802, 3).
func (m *scram) prove(salted []byte, nonce, salt string, iterations int) string {
	message := "n=" + m.user() + ",r=" + m.nonce +
		",r=" + nonce + ",s=" + salt + ",i=" + strconv.Itoa(iterations) +
		",c=" + m.dialect.binding + ",r=" + nonce
	key := hmacSHA256(salted, "Client Key")
	stored := sha256.Sum256(key)
	proof := make([]byte, len(key))
	subtle.XORBytes(proof, key, hmacSHA256(stored[:], message))
	m.signature = hmacSHA256(hmacSHA256(salted, "Server Key"), message)
	return base64.StdEncoding.EncodeToString(proof)
}

// user is the authid as RFC 5802 has it in a message, whose syntax holds for what is
// signed alone ("Salted Challenge Response Authentication",
// #name-salted-challenge-response-a).
func (m *scram) user() string {
	if m.dialect.escaped {
		return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(m.authID)
	}
	return m.authID
}

// joined returns the router's nonce, which has to begin with the client's.
func (m *scram) joined(c extra) (string, error) {
	nonce, err := c.text("nonce")
	if err != nil {
		return "", err
	}
	switch {
	case !strings.HasPrefix(nonce, m.nonce):
		return "", errors.New("CHALLENGE: nonce does not begin with the one in HELLO")
	case len(nonce) == len(m.nonce):
		return "", errors.New("CHALLENGE: nonce has nothing of the router's own")
	case len(nonce) > mostSaltBytes || strings.Trim(nonce, base64Alphabet) != "":
		return "", errors.New("CHALLENGE: nonce is not Base64 of at most 1024 characters")
	}
	return nonce, nil
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

// accept compares the router's signature with what it has to be.
func (m *scram) accept(w extra) error {
	if m.signature == nil {
		return errors.New("router welcomed without a challenge, so it has not proved that it knows the client")
	}
	text, err := w.text(m.dialect.verifier)
	if err != nil {
		return err
	}
	// The specification's text has it bare, and its example as RFC 5802 does.
	signature, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "v="))
	if err != nil || !hmac.Equal(signature, m.signature) {
		return errors.New("the router's own signature is wrong: it is not the router that knows this password")
	}
	return nil
}
