package login

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/wampool/wampool/codec"
)

// TestSCRAMVector has the exchange of RFC 7677, section 3.
func TestSCRAMVector(t *testing.T) {
	m := &scram{authID: "user", nonce: "rOprNGfwEbeRWgbNEkqO", dialect: dialects[specified]}
	salt, _ := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	salted, err := pbkdf2.Key(sha256.New, "pencil", salt, 4096, 32)
	if err != nil {
		t.Fatal(err)
	}
	proof := m.prove(salted, "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==", 4096)
	if want := "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="; proof != want {
		t.Errorf("proof %s, want %s", proof, want)
	}
	if got, want := base64.StdEncoding.EncodeToString(m.signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="; got != want {
		t.Errorf("router's signature %s, want %s", got, want)
	}
}

// TestArgon2 has keys that argon2-cffi 25.1 derived.
func TestArgon2(t *testing.T) {
	for _, c := range []struct {
		iterations, memory uint64
		want               string
	}{
		{3, 4096, "2454aea8c27aec4a9f9a6b341aa4467555e8a19f2b212e4e21e4378a41229c9f"},
		{4096, 512, "acaf437d8110822d7dcbf147db3cd92607addf669f1e116c738a14c10e469823"},
	} {
		e := extra{"CHALLENGE", codec.JSON, codec.NewDict(codec.JSON,
			codec.Field{Key: "iterations", Value: codec.FieldUint(c.iterations)},
			codec.Field{Key: "memory", Value: codec.FieldUint(c.memory)})}
		key, _, err := (&scram{}).argon2(e, "pencil", []byte("0123456789abcdef"))
		if got := hex.EncodeToString(key); err != nil || got != c.want {
			t.Errorf("key %s, %v, want %s", got, err, c.want)
		}
	}
}

// keeper is a router that keeps a client's keys, not its password.
type keeper struct {
	method, kdf        string
	iterations, memory uint64
	salt               []byte
	stored, server     []byte
	hello, joined      string // nonces
	binding, verifier  string
}

func newKeeper(method, kdf string, iterations, memory uint64, password string) *keeper {
	k := &keeper{method: method, kdf: kdf, iterations: iterations, memory: memory, salt: []byte("0123456789abcdef")}
	var salted []byte
	if kdf == "pbkdf2" {
		salted, _ = pbkdf2.Key(sha256.New, password, k.salt, int(iterations), 32)
	} else {
		salted = argon2.IDKey([]byte(password), k.salt, uint32(iterations), uint32(memory), 1, 32)
	}
	k.binding, k.verifier = base64.StdEncoding.EncodeToString([]byte("n,,")), "verifier"
	if method == "scram" {
		k.binding, k.verifier = "", "scram_server_signature"
		if kdf != "pbkdf2" {
			salted = []byte(strings.TrimRight(base64.StdEncoding.EncodeToString(salted), "="))
		}
	}
	client := mac(salted, "Client Key")
	sum := sha256.Sum256(client)
	k.stored, k.server = sum[:], mac(salted, "Server Key")
	return k
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// challenge takes HELLO and gives the fields of CHALLENGE.Extra.
func (k *keeper) challenge(t *testing.T, l *Login) []codec.Field {
	t.Helper()
	var d struct{ AuthExtra struct{ Nonce string } }
	if err := json.Unmarshal([]byte(details(l)), &d); err != nil {
		t.Fatal(err)
	}
	k.hello = d.AuthExtra.Nonce
	if k.method == "scram" { // appends bytes to bytes
		b, err := base64.StdEncoding.DecodeString(k.hello)
		if err != nil {
			t.Fatal(err)
		}
		k.joined = base64.StdEncoding.EncodeToString(append(b, "the router's own"...))
	} else {
		k.joined = k.hello + base64.StdEncoding.EncodeToString([]byte("the router's own"))
	}
	fields := []codec.Field{
		{Key: "nonce", Value: text(k.joined)},
		{Key: "salt", Value: text(base64.StdEncoding.EncodeToString(k.salt))},
		{Key: "kdf", Value: text(k.kdf)},
		{Key: "iterations", Value: codec.FieldUint(k.iterations)},
	}
	if k.memory > 0 {
		return append(fields, codec.Field{Key: "memory", Value: codec.FieldUint(k.memory)})
	}
	return append(fields, codec.Field{Key: "memory", Value: codec.FieldValue{}}) // null
}

// verify checks an AUTHENTICATE and gives WELCOME.Details.authextra.
func (k *keeper) verify(s codec.Serializer, user string, a *codec.Authenticate) ([]codec.Field, bool) {
	message := fmt.Sprintf("n=%s,r=%s,r=%s,s=%s,i=%d,c=%s,r=%s", user, k.hello,
		k.joined, base64.StdEncoding.EncodeToString(k.salt), k.iterations, k.binding, k.joined)
	proof, err := base64.StdEncoding.DecodeString(a.Signature)
	if err != nil || len(proof) != 32 {
		return nil, false
	}
	for i, b := range mac(k.stored, message) {
		proof[i] ^= b
	}
	nonce, _ := a.Extra.Lookup(s, "nonce")
	sent, _ := nonce.Str()
	key := sha256.Sum256(proof)
	signature := base64.StdEncoding.EncodeToString(mac(k.server, message))
	return []codec.Field{{Key: k.verifier, Value: text(signature)}},
		hmac.Equal(key[:], k.stored) && string(sent) == k.joined
}

func welcome(s codec.Serializer, fields ...codec.Field) *codec.Welcome {
	return &codec.Welcome{Details: codec.NewDict(s, codec.Field{Key: "authextra", Value: codec.FieldDict(fields)})}
}

func TestSCRAM(t *testing.T) {
	for _, c := range []struct {
		k        *keeper
		authID   string
		user     string // in the proof
		password string
	}{
		{newKeeper("wamp-scram", "pbkdf2", 4096, 0, "pencil"), "user", "user", "pencil"},
		{newKeeper("wamp-scram", "argon2id13", 1, 4096, "pencil"), "a=b,c", "a=3Db=2Cc", "pencil"},
		{newKeeper("wamp-scram", "pbkdf2", 5000, 0, "IX"), "ⅸ", "ix", "Ⅸ"}, // SASLprep
		{newKeeper("scram", "argon2id-13", 16, 512, "pencil"), "user", "user", "pencil"},
		{newKeeper("scram", "pbkdf2", 4096, 0, "Ⅸ"), "a=b", "a=b", "Ⅸ"}, // as it is
	} {
		for _, s := range serializers {
			l := begin(t, SCRAM, c.authID, c.password)
			answer, err := challenged(l, s, c.k.method, c.k.challenge(t, l)...)
			if err != nil {
				t.Fatal(err)
			}
			fields, ok := c.k.verify(s, c.user, answer)
			if !ok {
				t.Errorf("%s %s %s: the router refuses the proof", s, c.k.method, c.k.kdf)
			}
			if err := l.Accept(s, welcome(s, fields...)); err != nil {
				t.Errorf("%s %s %s: %v", s, c.k.method, c.k.kdf, err)
			}
		}
	}
}

func TestSCRAMWithTheWrongPassword(t *testing.T) {
	k := newKeeper("wamp-scram", "pbkdf2", 4096, 0, "pencil")
	l := begin(t, SCRAM, "user", "pen")
	answer, err := challenged(l, codec.CBOR, k.method, k.challenge(t, l)...)
	if err != nil {
		t.Fatal(err)
	}
	fields, ok := k.verify(codec.CBOR, "user", answer)
	if ok {
		t.Error("the router takes the wrong password")
	}
	expectError(t, l.Accept(codec.CBOR, welcome(codec.CBOR, fields...)),
		`login by "scram": the router's own signature is wrong: it is not the router that knows this password`)
}
