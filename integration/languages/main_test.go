// Package languages has clients that not everybody's machine can run, in Java,
// Rust and a browser, and a worker in Python that answers nothing while it works.
package languages

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
