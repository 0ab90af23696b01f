package login

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

func TestCRA(t *testing.T) {
	const challenge = `{"nonce": "LHRTC9zeOIrt_9U3"}`
	for _, c := range []struct {
		name, secret, challenge, want string
		fields                        []codec.Field
	}{
		// The second test case of RFC 4231, section 4.3.
		{"plain", "Jefe", "what do ya want for nothing?", encoded(t, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"), nil},
		// Computed by Autobahn|Python 26.10.2.
		{"Autobahn", "secret1", challenge, "fqONr3ZfqzbMGvUsmTNCUykvX3XP6skr/jjVyQnNhQI=", nil},
		{"salted by Autobahn", "secret1", challenge, "+Z+UAjQEcvycrJ4gHiAE2DPkl3Fi0dFjjrtklRSVmq8=", []codec.Field{
			{Key: "salt", Value: text("salt123")},
			{Key: "iterations", Value: codec.FieldUint(1000)},
			{Key: "keylen", Value: codec.FieldUint(32)},
		}},
	} {
		for _, s := range serializers {
			fields := append([]codec.Field{{Key: "challenge", Value: text(c.challenge)}}, c.fields...)
			answer, err := challenged(begin(t, CRA, "joe", c.secret), s, "wampcra", fields...)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if answer.Signature != c.want || !answer.Extra.Empty() {
				t.Errorf("%s: signature %s, want %s", c.name, answer.Signature, c.want)
			}
		}
	}
}

func encoded(t *testing.T, digits string) string {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// TestSaltedKey has the vector of RFC 7914, section 11, for the key that a
// salted secret turns into.
func TestSaltedKey(t *testing.T) {
	c := extra{"CHALLENGE", codec.JSON, codec.NewDict(codec.JSON,
		codec.Field{Key: "salt", Value: text("NaCl")},
		codec.Field{Key: "iterations", Value: codec.FieldUint(80000)},
		codec.Field{Key: "keylen", Value: codec.FieldUint(64)})}
	key, err := cra{"Password"}.derive(c)
	if err != nil {
		t.Fatal(err)
	}
	want := encoded(t, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"+
		"a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d")
	if string(key) != want {
		t.Errorf("key %s, want %s", key, want)
	}
}

func TestBadCRAChallenges(t *testing.T) {
	challenge := codec.Field{Key: "challenge", Value: text("{}")}
	salt := codec.Field{Key: "salt", Value: text("salt123")}
	iterations := codec.Field{Key: "iterations", Value: codec.FieldUint(1000)}
	keylen := codec.Field{Key: "keylen", Value: codec.FieldUint(32)}
	number := func(key string, n uint64) codec.Field { return codec.Field{Key: key, Value: codec.FieldUint(n)} }
	for _, c := range []struct {
		want   string
		fields []codec.Field
	}{
		{"CHALLENGE lacks challenge", nil},
		{"CHALLENGE: challenge is not a string", []codec.Field{number("challenge", 1)}},
		{"CHALLENGE: salt is not a string", []codec.Field{challenge, number("salt", 1), iterations, keylen}},
		{"CHALLENGE: salt is longer than 1024 bytes", []codec.Field{
			challenge, {Key: "salt", Value: text(strings.Repeat("x", 1025))}, iterations, keylen,
		}},
		{"CHALLENGE lacks iterations", []codec.Field{challenge, salt, keylen}},
		{"CHALLENGE lacks keylen", []codec.Field{challenge, salt, iterations}},
		{"CHALLENGE: iterations is 0, and must be from 1 to 10000000", []codec.Field{challenge, salt, number("iterations", 0), keylen}},
		{"CHALLENGE: iterations is 10000001, and must be from 1 to 10000000", []codec.Field{challenge, salt, number("iterations", 10_000_001), keylen}},
		{"CHALLENGE: iterations is not a positive integer", []codec.Field{challenge, salt, {Key: "iterations", Value: text("1000")}, keylen}},
		{"CHALLENGE: iterations is not a positive integer", []codec.Field{challenge, salt, {Key: "iterations", Value: codec.FieldInt(-1)}, keylen}},
		{"CHALLENGE: keylen is 9007199254740992, and must be from 16 to 64", []codec.Field{challenge, salt, iterations, number("keylen", 1<<53)}},
		{"CHALLENGE: keylen is 15, and must be from 16 to 64", []codec.Field{challenge, salt, iterations, number("keylen", 15)}},
	} {
		for _, s := range serializers {
			_, err := challenged(begin(t, CRA, "joe", password), s, "wampcra", c.fields...)
			expectError(t, err, `login by "wampcra": `+c.want)
		}
	}
}
