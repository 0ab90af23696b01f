// Package passing has what goes through wampool as if it were not there: payloads
// of all libraries in all serializers, events, procedures that are not pooled,
// and whole transcripts, message by message.
package passing

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
