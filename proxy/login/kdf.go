package login

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/xdg-go/stringprep"
	"golang.org/x/crypto/argon2"
)

// What a SCRAM challenge may ask for. A router that asks for less than the least
// would get a proof from which the password is easily guessed ("Salted Challenge
// Response Authentication", #name-salted-challenge-response-a, recommends at least
// 4096 iterations and 64 bits of salt). Argon2's work is iterations times memory; a
// gibibyte of it takes about a second, and so do 4096 iterations over 512 KiB,
// twice as much, which is what Autobahn|Python makes by default.
const (
	leastIterations = 4096 // of PBKDF2 (RFC 7677, 4)
	leastWorkKiB    = 4 << 10
	mostWorkKiB     = 4 << 20
	leastMemoryKiB  = 8
	maxMemoryKiB    = 256 << 10
	leastSaltBytes  = 8
	saltedBytes     = 32
)

// salted derives the SaltedPassword, and returns the iterations as well.
func (m *scram) salted(c extra) (key []byte, iterations int, err error) {
	salt, err := c.bytes("salt")
	if err != nil {
		return nil, 0, err
	}
	if len(salt) < leastSaltBytes {
		return nil, 0, fmt.Errorf("CHALLENGE: salt has %d bytes, and must have %d", len(salt), leastSaltBytes)
	}
	if err := checkSalt(c, len(salt)); err != nil {
		return nil, 0, err
	}
	password := m.password
	if m.dialect.prepared {
		// Its error would quote a character.
		if password, err = stringprep.SASLprep.Prepare(password); err != nil {
			return nil, 0, errors.New("the secret has a character that SASLprep (RFC 4013) prohibits")
		}
	}
	kdf, err := c.text("kdf")
	if err != nil {
		return nil, 0, err
	}
	switch kdf {
	case "pbkdf2":
		if iterations, err = c.number("iterations", leastIterations, mostIterations); err != nil {
			return nil, 0, err
		}
		key, err = pbkdf2.Key(sha256.New, password, salt, iterations, saltedBytes)
		return key, iterations, err
	case "argon2id13", "argon2id-13": // specified, and at Crossbar.io
		return m.argon2(c, password, salt)
	}
	return nil, 0, errors.New(`CHALLENGE: kdf is neither "pbkdf2" nor "argon2id13"`)
}

func (m *scram) argon2(c extra, password string, salt []byte) (key []byte, iterations int, err error) {
	if iterations, err = c.number("iterations", 1, mostWorkKiB/leastMemoryKiB); err != nil {
		return nil, 0, err
	}
	memory, err := c.number("memory", leastMemoryKiB, maxMemoryKiB)
	if err != nil {
		return nil, 0, err
	}
	if work := int64(iterations) * int64(memory); work < leastWorkKiB || work > mostWorkKiB {
		return nil, 0, fmt.Errorf("CHALLENGE: iterations times memory is %d KiB, and must be from %d to %d",
			work, leastWorkKiB, mostWorkKiB)
	}
	key = argon2.IDKey([]byte(password), salt, uint32(iterations), uint32(memory), 1, saltedBytes) //nolint:gosec // both within mostWorkKiB
	if m.dialect.textual {
		key = base64.RawStdEncoding.AppendEncode(nil, key)
	}
	return key, iterations, nil
}
