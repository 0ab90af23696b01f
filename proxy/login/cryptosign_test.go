package login

import (
	"crypto/ed25519"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// publicKey is that of seed.
var publicKey = func() string {
	b, _ := hex.DecodeString(seed)
	return hex.EncodeToString(ed25519.NewKeyFromSeed(b).Public().(ed25519.PublicKey))
}()

// TestCryptosignVectors has the specification's own vectors without channel
// binding ("Test Vectors", #name-test-vectors).
func TestCryptosignVectors(t *testing.T) {
	for _, v := range []struct{ key, challenge, signature string }{
		{
			seed, strings.Repeat("ff", 32),
			"b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03",
		},
		{
			"d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
			"b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
			"d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660f",
		},
		{
			"6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
			"b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
			"7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30b",
		},
	} {
		for _, s := range serializers {
			answer, err := challenged(begin(t, Cryptosign, "joe", v.key), s, "cryptosign",
				codec.Field{Key: "challenge", Value: text(v.challenge)},
				codec.Field{Key: "channel_binding", Value: codec.FieldValue{}}) // null
			if err != nil {
				t.Fatal(err)
			}
			if answer.Signature != v.signature+v.challenge {
				t.Errorf("%s: signature %s, want %s", s, answer.Signature, v.signature+v.challenge)
			}
		}
	}
}

func TestBadCryptosignChallenges(t *testing.T) {
	challenge := strings.Repeat("ff", 32)
	for _, c := range []struct {
		want   string
		fields []codec.Field
	}{
		{"CHALLENGE lacks challenge", nil},
		{"CHALLENGE: challenge is not a string", []codec.Field{{Key: "challenge", Value: codec.FieldUint(1)}}},
		{"CHALLENGE: challenge is not 64 hex digits", []codec.Field{{Key: "challenge", Value: text(challenge[2:])}}},
		{"CHALLENGE: challenge is not 64 hex digits", []codec.Field{{Key: "challenge", Value: text("x" + challenge[1:])}}},
		{"CHALLENGE asks for channel binding, which wampool does not do", []codec.Field{
			{Key: "challenge", Value: text(challenge)}, {Key: "channel_binding", Value: text("tls-unique")},
		}},
	} {
		for _, s := range serializers {
			_, err := challenged(begin(t, Cryptosign, "joe", seed), s, "cryptosign", c.fields...)
			expectError(t, err, `login by "cryptosign": `+c.want)
		}
	}
}

func expectError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
