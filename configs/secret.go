package configs

import (
	"errors"
	"fmt"
	"io"
)

// Secret is a value that is read when it is needed, and never shown: it
// formats, prints and marshals as "(redacted)". The zero Secret is unset.
type Secret struct {
	read func() (string, error)
	from string // env("…") or file("…") as HCL has it, if it is just that
}

// NewSecret returns a Secret that is always value.
func NewSecret(value string) Secret {
	return Secret{read: func() (string, error) { return value, nil }}
}

// IsSet tells whether the configuration has this secret.
func (s Secret) IsSet() bool { return s.read != nil }

// Read returns the value as it is now: env and file are evaluated at each
// call, so that a ticket that was renewed serves the next reconnect. The
// error names the variable or file, and holds nothing of the value.
func (s Secret) Read() (string, error) {
	if s.read == nil {
		return "", errors.New("no secret is configured")
	}
	return s.read()
}

// String returns "(redacted)".
func (s Secret) String() string { return redacted }

// GoString returns "(redacted)".
func (s Secret) GoString() string { return redacted }

// Format writes "(redacted)", whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "(redacted)", for JSON and for loggers.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
