package login

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"

	"github.com/wampool/wampool/codec"
)

// cryptosign signs 32 random bytes with a private key ("Cryptosign-based
// Authentication", #name-cryptosign-based-authentica). The router is not asked to
// prove itself, which it may be ("Client Authentication",
// #name-client-authentication-2).
type cryptosign struct{ key ed25519.PrivateKey }

func newCryptosign(secret string) (method, error) {
	// The error of package hex would quote a digit.
	seed, err := hex.DecodeString(secret)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("the secret must be a private key of 64 hex digits")
	}
	return cryptosign{ed25519.NewKeyFromSeed(seed)}, nil
}

func (cryptosign) names() []string    { return []string{Cryptosign} }
func (cryptosign) accept(extra) error { return nil }

func (c cryptosign) hello() []codec.Field {
	public := c.key.Public().(ed25519.PublicKey)
	return []codec.Field{{Key: "pubkey", Value: codec.FieldString(hex.EncodeToString(public))}}
}

func (c cryptosign) answer(_ string, e extra) (string, []codec.Field, error) {
	if err := e.unbound(); err != nil {
		return "", nil, err
	}
	text, err := e.text("challenge")
	if err != nil {
		return "", nil, err
	}
	challenge, err := hex.DecodeString(text)
	if err != nil || len(challenge) != 32 {
		return "", nil, errors.New("CHALLENGE: challenge is not 64 hex digits")
	}
	// "The concatenation of the signature and the message signed" ("Computing the
	// Signature", #name-computing-the-signature).
	return hex.EncodeToString(append(ed25519.Sign(c.key, challenge), challenge...)), nil, nil
}
