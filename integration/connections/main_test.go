// Package connections has what connections are made of and suffer: each transport
// between each two, with TLS and without, and clients that abuse them.
package connections

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
