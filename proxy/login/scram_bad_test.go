package login

import (
	"slices"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// TestRouterHasToProveItself is about what WELCOME may hold.
func TestRouterHasToProveItself(t *testing.T) {
	const wrong = "the router's own signature is wrong: it is not the router that knows this password"
	for _, c := range []struct {
		want    string
		change  func([]codec.Field) []codec.Field
		unasked bool
	}{
		{want: "", change: func(f []codec.Field) []codec.Field { return f }},
		{want: "WELCOME lacks verifier", change: func([]codec.Field) []codec.Field { return nil }},
		{want: wrong, change: func([]codec.Field) []codec.Field { return []codec.Field{{Key: "verifier", Value: text("")}} }},
		{want: wrong, change: func([]codec.Field) []codec.Field { return []codec.Field{{Key: "verifier", Value: text("v=!")}} }},
		{want: "WELCOME: verifier is not a string", change: func([]codec.Field) []codec.Field {
			return []codec.Field{{Key: "verifier", Value: codec.FieldBool(true)}}
		}},
		{
			want:    "router welcomed without a challenge, so it has not proved that it knows the client",
			change:  func([]codec.Field) []codec.Field { return nil },
			unasked: true,
		},
	} {
		for _, s := range serializers {
			k := newKeeper("wamp-scram", "pbkdf2", 4096, 0, password)
			l := begin(t, SCRAM, "user", password)
			var fields []codec.Field
			if !c.unasked {
				answer, err := challenged(l, s, k.method, k.challenge(t, l)...)
				if err != nil {
					t.Fatal(err)
				}
				fields, _ = k.verify(s, "user", answer)
			}
			err := l.Accept(s, welcome(s, c.change(fields)...))
			if c.want == "" && err == nil {
				continue
			}
			expectError(t, err, `login by "scram": `+c.want)
		}
	}
}

func without(fields []codec.Field, key string) []codec.Field {
	return slices.DeleteFunc(fields, func(f codec.Field) bool { return f.Key == key })
}

func TestBadSCRAMChallenges(t *testing.T) {
	const own = "the nonce in HELLO"
	type value func(nonce string) codec.FieldValue
	str := func(s string) value {
		return func(nonce string) codec.FieldValue { return text(strings.Replace(s, own, nonce, 1)) }
	}
	num := func(n uint64) value { return func(string) codec.FieldValue { return codec.FieldUint(n) } }
	for _, c := range []struct {
		kdf, key string
		value    value
		want     string
	}{
		{"pbkdf2", "nonce", nil, "CHALLENGE lacks nonce"},
		{"pbkdf2", "nonce", num(1), "CHALLENGE: nonce is not a string"},
		{"pbkdf2", "nonce", str("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "CHALLENGE: nonce does not begin with the one in HELLO"},
		{"pbkdf2", "nonce", str(""), "CHALLENGE: nonce does not begin with the one in HELLO"},
		{"pbkdf2", "nonce", str(own), "CHALLENGE: nonce has nothing of the router's own"},
		{"pbkdf2", "nonce", str(own + "a,c=biws"), "CHALLENGE: nonce is not Base64 of at most 1024 characters"},
		{"pbkdf2", "nonce", str(own + strings.Repeat("A", 1024)), "CHALLENGE: nonce is not Base64 of at most 1024 characters"},
		{"pbkdf2", "salt", nil, "CHALLENGE lacks salt"},
		{"pbkdf2", "salt", str("a b"), "CHALLENGE: salt is not Base64"},
		{"pbkdf2", "salt", str("MDEyMzQ1\nNjc4OWFi"), "CHALLENGE: salt is not Base64"},
		{"pbkdf2", "salt", str("c2FsdA=="), "CHALLENGE: salt has 4 bytes, and must have 8"},
		{"pbkdf2", "salt", str(strings.Repeat("AAAA", 400)), "CHALLENGE: salt is longer than 1024 bytes"},
		{"pbkdf2", "kdf", nil, "CHALLENGE lacks kdf"},
		{"pbkdf2", "kdf", str("md5"), `CHALLENGE: kdf is neither "pbkdf2" nor "argon2id13"`},
		{"pbkdf2", "iterations", nil, "CHALLENGE lacks iterations"},
		{"pbkdf2", "iterations", str("4096"), "CHALLENGE: iterations is not a positive integer"},
		{"pbkdf2", "iterations", num(4095), "CHALLENGE: iterations is 4095, and must be from 4096 to 10000000"},
		{"pbkdf2", "iterations", num(1 << 40), "CHALLENGE: iterations is 1099511627776, and must be from 4096 to 10000000"},
		{"pbkdf2", "channel_binding", str("tls-unique"), "CHALLENGE asks for channel binding, which wampool does not do"},
		{"argon2id13", "memory", nil, "CHALLENGE lacks memory"},
		{"argon2id13", "memory", num(7), "CHALLENGE: memory is 7, and must be from 8 to 262144"},
		{"argon2id13", "memory", num(1 << 32), "CHALLENGE: memory is 4294967296, and must be from 8 to 262144"},
		{"argon2id13", "iterations", num(0), "CHALLENGE: iterations is 0, and must be from 1 to 524288"},
		{"argon2id13", "iterations", num(2000), "CHALLENGE: iterations times memory is 8192000 KiB, and must be from 4096 to 4194304"},
		{"argon2id13", "iterations", num(1 << 19), "CHALLENGE: iterations times memory is 2147483648 KiB, and must be from 4096 to 4194304"},
		{"argon2id13", "memory", num(100), "CHALLENGE: iterations times memory is 100 KiB, and must be from 4096 to 4194304"},
	} {
		for _, s := range serializers {
			k := newKeeper("wamp-scram", c.kdf, 4096, 0, password)
			if c.kdf != "pbkdf2" {
				k = newKeeper("wamp-scram", c.kdf, 1, 4096, password)
			}
			l := begin(t, SCRAM, "user", password)
			changed := without(k.challenge(t, l), c.key)
			if c.value != nil {
				changed = append(changed, codec.Field{Key: c.key, Value: c.value(k.hello)})
			}
			_, err := challenged(l, s, k.method, changed...)
			expectError(t, err, `login by "scram": `+c.want)
		}
	}
}

func TestPasswordThatSASLprepProhibits(t *testing.T) {
	k := newKeeper("wamp-scram", "pbkdf2", 4096, 0, password)
	l := begin(t, SCRAM, "user", "pencil\u0007")
	_, err := challenged(l, codec.JSON, k.method, k.challenge(t, l)...)
	expectError(t, err, `login by "scram": the secret has a character that SASLprep (RFC 4013) prohibits`)
}
