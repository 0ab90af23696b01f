package login

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wampool/wampool/codec"
)

// The methods, by the names that a configuration has for them. Each but scram
// is also the name in HELLO.Details.authmethods.
const (
	Anonymous  = "anonymous"
	Ticket     = "ticket"
	CRA        = "wampcra"
	SCRAM      = "scram"
	Cryptosign = "cryptosign"
)

// Login is one attempt to log in. Its methods are called in the order of the
// package's picture, by one goroutine.
type Login struct {
	name       string
	authID     string
	secret     string
	method     method
	challenged bool
}

// method is what the methods differ in.
type method interface {
	// names are those in authmethods, in order of preference.
	names() []string
	// hello gives HELLO.Details.authextra.
	hello() []codec.Field
	// answer gives the signature for a CHALLENGE, and AUTHENTICATE.Extra.
	answer(name string, c extra) (signature string, fields []codec.Field, err error)
	// accept checks WELCOME.Details.authextra.
	accept(w extra) error
}

// New begins a login. secret is the ticket, the password, or cryptosign's seed
// as 64 hex digits; anonymous uses neither it nor authID, and cryptosign's
// authID may be empty. It fails where the secret can't be one of this method.
func New(name, authID, secret string) (*Login, error) {
	l := &Login{name: name, authID: authID, secret: secret}
	var err error
	switch name {
	case Anonymous:
		l.authID, l.secret = "", ""
		l.method = anonymous{}
	case Ticket:
		l.method = ticket{secret}
	case CRA:
		l.method = cra{secret}
	case SCRAM:
		var m *scram
		if m, err = newSCRAM(authID, secret); err == nil {
			l.authID, l.method = m.authID, m
		}
	case Cryptosign:
		l.method, err = newCryptosign(secret)
	default:
		err = errors.New("no such method")
	}
	if err != nil {
		return nil, l.wrap(err)
	}
	return l, nil
}

// Fields are what HELLO.Details need: authmethods, authid and authextra.
func (l *Login) Fields() []codec.Field {
	fields := []codec.Field{{Key: "authmethods", Value: codec.FieldStrings(l.method.names())}}
	if l.authID != "" {
		fields = append(fields, codec.Field{Key: "authid", Value: codec.FieldString(l.authID)})
	}
	if hello := l.method.hello(); len(hello) > 0 {
		fields = append(fields, codec.Field{Key: "authextra", Value: codec.FieldDict(hello)})
	}
	return fields
}

// Answer answers a CHALLENGE, whose serializer is s. It may take some seconds
// of CPU time, by what the router asks for. A second challenge is an error:
// there is one secret, and it has been used.
func (l *Login) Answer(s codec.Serializer, challenge *codec.Challenge) (*codec.Authenticate, error) {
	asked := false
	for _, name := range l.method.names() {
		asked = asked || name == challenge.AuthMethod && name != Anonymous
	}
	switch {
	case !asked:
		return nil, fmt.Errorf("login: router asks for authentication by %.40q, and the realm is configured for %q", challenge.AuthMethod, l.name)
	case l.challenged:
		return nil, l.wrap(errors.New("router sent a second CHALLENGE"))
	}
	l.challenged = true
	signature, fields, err := l.method.answer(challenge.AuthMethod, extra{"CHALLENGE", s, challenge.Extra})
	if err != nil {
		return nil, l.wrap(err)
	}
	return &codec.Authenticate{Signature: signature, Extra: codec.NewDict(s, fields...)}, nil
}

// Accept judges a WELCOME: with SCRAM the router proves that it knows the
// client, too.
func (l *Login) Accept(s codec.Serializer, welcome *codec.Welcome) error {
	w := extra{"WELCOME", s, codec.Dict{}}
	if v, ok := welcome.Details.Lookup(s, "authextra"); ok && !v.Null() {
		if w.dict, ok = v.Dict(); !ok {
			return l.wrap(errors.New("WELCOME: authextra is not a dictionary"))
		}
	}
	return l.wrap(l.method.accept(w))
}

// mostText is how much of a router's words an error repeats.
const mostText = 300

// Refuse is the error of a login that ended with ABORT. The router has read a
// ticket: should its words repeat it, they are not repeated here.
func (l *Login) Refuse(abort *codec.Abort) error {
	text := abort.Reason
	if abort.Message != "" {
		text += ": " + abort.Message
	}
	if l.secret != "" && strings.Contains(text, l.secret) {
		text = "for a reason that repeats the secret"
	}
	return l.wrap(fmt.Errorf("router refused it: %s", shortened(text)))
}

// shortened cuts a text of the router's at a length that a log line has.
func shortened(text string) string {
	if len(text) <= mostText {
		return text
	}
	return strings.ToValidUTF8(text[:mostText], "") + "…"
}

func (l *Login) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("login by %.40q: %w", l.name, err)
}
