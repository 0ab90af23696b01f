package cluster

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// keys are derived from the cluster's secret (HKDF, RFC 5869), so that what one of them
// is used for tells nothing of another one.
type keys struct {
	gossip []byte // nil: it is not encrypted
	link   string // of WAMP-CRA, a text
}

// keyBytes make AES-256.
const keyBytes = 32

// deriveKeys makes the keys of a cluster. Without a secret, which is for this machine
// alone, whoever knows the name may join.
func deriveKeys(name, secret string) (keys, error) {
	derive := func(use string) ([]byte, error) {
		return hkdf.Key(sha256.New, []byte(secret), []byte("wampool cluster "+name), use, keyBytes)
	}
	link, err := derive("wampool links 1")
	if err != nil {
		return keys{}, fmt.Errorf("cluster: key of links: %w", err)
	}
	k := keys{link: hex.EncodeToString(link)}
	if secret == "" {
		return k, nil
	}
	if k.gossip, err = derive("wampool gossip 1"); err != nil {
		return keys{}, fmt.Errorf("cluster: key of the gossip: %w", err)
	}
	return k, nil
}

// sign returns what WAMP-CRA answers to a challenge ("Challenge Response
// Authentication", #name-challenge-response-authenti).
func (k *keys) sign(text string) string {
	mac := hmac.New(sha256.New, []byte(k.link))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// isSigned tells whether a text was signed by somebody who has the key.
func (k *keys) isSigned(text, signature string) bool {
	return hmac.Equal([]byte(signature), []byte(k.sign(text)))
}

// newNonce returns a text that was never used before.
func newNonce() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}
