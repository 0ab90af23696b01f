// Package logins has the logins of wampool's own session and of its clients, by
// secret, key, cookie and certificate, and what roles may do.
package logins

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
