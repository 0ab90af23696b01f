package login

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

var serializers = []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR}

// secrets are those of all tests here: no error may hold one.
const (
	password = "pencil"
	seed     = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510"
)

func begin(t *testing.T, method, authID, secret string) *Login {
	t.Helper()
	l, err := New(method, authID, secret)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func text(s string) codec.FieldValue { return codec.FieldString(s) }

// challenged answers a CHALLENGE with these fields.
func challenged(l *Login, s codec.Serializer, name string, fields ...codec.Field) (*codec.Authenticate, error) {
	return l.Answer(s, &codec.Challenge{AuthMethod: name, Extra: codec.NewDict(s, fields...)})
}

// details are the fields of HELLO.Details, as JSON has them.
func details(l *Login) string { return string(codec.NewDict(codec.JSON, l.Fields()...).Raw()) }

func TestFields(t *testing.T) {
	for want, l := range map[string]*Login{
		`{"authmethods":["anonymous"]}`:                                             begin(t, Anonymous, "joe", "x"),
		`{"authmethods":["ticket"],"authid":"joe"}`:                                 begin(t, Ticket, "joe", "x"),
		`{"authmethods":["wampcra"],"authid":"joe"}`:                                begin(t, CRA, "joe", "x"),
		`{"authmethods":["cryptosign"],"authextra":{"pubkey":"` + publicKey + `"}}`: begin(t, Cryptosign, "", seed),
	} {
		if got := details(l); got != want {
			t.Errorf("HELLO has %s, want %s", got, want)
		}
	}
	var d struct {
		AuthMethods []string
		AuthID      string
		AuthExtra   struct{ Nonce string }
	}
	l := begin(t, SCRAM, "J\u00ADoe", password) // the soft hyphen maps to nothing
	if err := json.Unmarshal([]byte(details(l)), &d); err != nil {
		t.Fatal(err)
	}
	if d.AuthID != "Joe" || strings.Join(d.AuthMethods, " ") != "scram wamp-scram" || len(d.AuthExtra.Nonce) != 24 {
		t.Errorf("HELLO has %+v", d)
	}
	if other := details(begin(t, SCRAM, "Joe", password)); strings.Contains(other, d.AuthExtra.Nonce) {
		t.Error("two logins have the same nonce")
	}
}

func TestTicket(t *testing.T) {
	for _, s := range serializers {
		l := begin(t, Ticket, "joe", "hunter2")
		answer, err := challenged(l, s, "ticket")
		if err != nil || answer.Signature != "hunter2" || !answer.Extra.Empty() {
			t.Errorf("%s: %+v, %v", s, answer, err)
		}
		if err := l.Accept(s, &codec.Welcome{}); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestChallengesThatFitNoLogin(t *testing.T) {
	for _, method := range []string{Anonymous, Ticket, CRA, SCRAM, Cryptosign} {
		for _, name := range []string{"anonymous", "wampcra2", "", strings.Repeat("x", 1<<20)} {
			l := begin(t, method, "joe", seed)
			_, err := challenged(l, codec.CBOR, name, codec.Field{Key: "challenge", Value: text(seed)})
			if err == nil || !strings.Contains(err.Error(), `configured for "`+method+`"`) || len(err.Error()) > 200 {
				t.Errorf("%s was asked for %.40q: %.200v", method, name, err)
			}
		}
	}
}

func TestSecondChallengeIsAnError(t *testing.T) {
	l := begin(t, Ticket, "joe", "hunter2")
	if _, err := challenged(l, codec.JSON, "ticket"); err != nil {
		t.Fatal(err)
	}
	_, err := challenged(l, codec.JSON, "ticket")
	if want := `login by "ticket": router sent a second CHALLENGE`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct{ method, authID, secret, want string }{
		{Cryptosign, "joe", "hunter2", `login by "cryptosign": the secret must be a private key of 64 hex digits`},
		{Cryptosign, "joe", strings.Replace(seed, "4d", "4g", 1), `login by "cryptosign": the secret must be a private key of 64 hex digits`},
		{Cryptosign, "joe", seed + "00", `login by "cryptosign": the secret must be a private key of 64 hex digits`},
		{SCRAM, "a\u0007", password, `login by "scram": the authid has a character that SASLprep (RFC 4013) prohibits`},
		{"kerberos", "joe", "hunter2", `login by "kerberos": no such method`},
	} {
		if _, err := New(c.method, c.authID, c.secret); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.method, err, c.want)
		}
	}
}

func TestRefuse(t *testing.T) {
	for _, c := range []struct{ reason, message, want string }{
		{"wamp.error.not_authorized", "no such principal", `login by "ticket": router refused it: wamp.error.not_authorized: no such principal`},
		{"wamp.error.no_such_realm", "", `login by "ticket": router refused it: wamp.error.no_such_realm`},
		{"wamp.error.authentication_failed", "ticket 'hunter2' is wrong", `login by "ticket": router refused it: for a reason that repeats the secret`},
	} {
		err := begin(t, Ticket, "joe", "hunter2").Refuse(&codec.Abort{Reason: c.reason, Message: c.message})
		if err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	long := begin(t, Ticket, "joe", "hunter2").Refuse(&codec.Abort{Reason: "u", Message: strings.Repeat("é", 1<<16)}).Error()
	if len(long) > 400 || !strings.HasSuffix(long, "é…") {
		t.Errorf("%d bytes: %.400s", len(long), long)
	}
}

func TestAuthextraThatIsNone(t *testing.T) {
	for _, s := range serializers {
		w := codec.Welcome{Details: codec.NewDict(s, codec.Field{Key: "authextra", Value: text("x")})}
		if err := begin(t, Ticket, "joe", "x").Accept(s, &w); err == nil {
			t.Errorf("%s: a WELCOME whose authextra is a string is accepted", s)
		}
	}
}
